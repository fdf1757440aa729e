"""Whole conversations of two sides joined by bytes: all eleven services, cancels, many operations at once."""

from __future__ import annotations

import pytest

from engine.model.association import AsyncWindow, ProposedContext, Role
from engine.protocol import exchange as dx
from engine.protocol import primitives as p
from engine.standard.messages import MESSAGES, SERVICES
from engine.standard.state_table import Sta
from tests.protocol.conversing import EXPLICIT, IMPLICIT, Party, associated, content, message

VERIFICATION = "1.2.840.10008.1.1"
CT = "1.2.840.10008.5.1.4.1.1.2"
FIND, MOVE, GET = (f"1.2.840.10008.5.1.4.1.2.2.{n}" for n in (1, 2, 3))
MPPS = "1.2.840.10008.3.1.2.3.3"
COMMITMENT = "1.2.840.10008.1.20.1"
FILM_SESSION, PRINT_META = "1.2.840.10008.5.1.1.1", "1.2.840.10008.5.1.1.9"
UPS_PUSH, UPS_PULL, UPS_EVENT = (f"1.2.840.10008.5.1.4.34.6.{n}" for n in (1, 3, 4))
INSTANCE = "1.2.3.4.5"
SUCCESS, PENDING, CANCELLED = 0x0000, 0xFF00, 0xFE00
IDENTIFIER, IMAGE = b"identifier", bytes(range(256)) * 400

# service: SOP class, the request's own elements, whether its data set follows, the response's data set
SERVICE_CASES = {
    "C-ECHO": (VERIFICATION, {}, None, None),
    "C-STORE": (CT, {"AffectedSOPInstanceUID": INSTANCE, "Priority": 0}, IMAGE, None),
    "C-FIND": (FIND, {"Priority": 0}, IDENTIFIER, None),
    "C-GET": (GET, {"Priority": 0}, IDENTIFIER, None),
    "C-MOVE": (MOVE, {"Priority": 0, "MoveDestination": "THERE"}, IDENTIFIER, None),
    "N-CREATE": (MPPS, {"AffectedSOPInstanceUID": INSTANCE}, IDENTIFIER, IDENTIFIER),
    "N-SET": (MPPS, {"RequestedSOPInstanceUID": INSTANCE}, IDENTIFIER, IDENTIFIER),
    "N-GET": (MPPS, {"RequestedSOPInstanceUID": INSTANCE, "AttributeIdentifierList": (0x00400252,)}, None, IDENTIFIER),
    "N-ACTION": (COMMITMENT, {"RequestedSOPInstanceUID": INSTANCE, "ActionTypeID": 1}, IDENTIFIER, None),
    "N-DELETE": (FILM_SESSION, {"RequestedSOPInstanceUID": INSTANCE}, None, None),
    "N-EVENT-REPORT": (COMMITMENT, {"AffectedSOPInstanceUID": INSTANCE, "EventTypeID": 1}, IDENTIFIER, IDENTIFIER),
}


def _class_element(service: str) -> str:
    tags = [f.element.keyword for f in MESSAGES[f"{service}-RQ"].fields]
    return next(k for k in ("AffectedSOPClassUID", "RequestedSOPClassUID") if k in tags)


def _both(uid: str, role: Role = Role.DEFAULT) -> tuple[Party, Party]:
    return associated((ProposedContext(1, uid, (EXPLICIT, IMPLICIT), role),))


def test_there_is_a_case_for_every_service() -> None:
    assert set(SERVICE_CASES) == set(SERVICES)


@pytest.mark.parametrize("portion", [0, 1000])
@pytest.mark.parametrize("service", SERVICES)
def test_every_service_is_asked_and_answered(service: str, portion: int) -> None:
    uid, values, asked, answered = SERVICE_CASES[service]
    us, them = _both(uid, Role.BOTH)
    if service == "N-EVENT-REPORT":
        us, them = them, us  # notifications come from the SCP
    sent = us.invokes(message(f"{service}-RQ", **{_class_element(service): uid}, **values), 7, asked)
    assert sent.command.message_id == 1
    assert sent.command.has_data_set == (asked is not None)

    request = them.hears_request(us, portion)
    assert request.message.command_bytes == sent.command_bytes
    assert (content(request.message), request.message.data_length) == (asked, len(asked or b""))
    assert (request.message.abstract_syntax, request.message.transfer_syntax) == (uid, EXPLICIT)
    assert (us.exchange.outstanding, them.exchange.serving) == ((7,), 1)

    us.now = 1.5
    reply = them.answers(request.key, message(f"{service}-RSP", AffectedSOPClassUID=uid, Status=SUCCESS), answered)
    assert reply.command.responded_to == 1
    response = us.hears_response(them, portion)
    assert (response.operation, response.final, response.duration) == (7, True, 1.5)
    assert content(response.message) == answered
    assert response.message.issues == ()
    assert (us.exchange.outstanding, them.exchange.serving) == ((), 0)
    assert us.errors == them.errors == []


@pytest.mark.parametrize("service", [s for s, row in SERVICES.items() if row.multiple_responses])
def test_pending_responses_then_a_cancel_then_the_end(service: str) -> None:
    uid, values, asked, _ = SERVICE_CASES[service]
    us, them = _both(uid)
    us.invokes(message(f"{service}-RQ", AffectedSOPClassUID=uid, **values), 7, asked)
    key = them.hears_request(us).key
    for _ in range(3):
        them.answers(key, message(f"{service}-RSP", AffectedSOPClassUID=uid, Status=PENDING), IDENTIFIER)
    events = us.hears(them)
    assert [isinstance(e, dx.ResponseReceived) and e.final for e in events] == [False] * 3
    us.cancels(7)
    (cancel,) = them.hears(us)
    assert isinstance(cancel, dx.CancelReceived) and cancel.key == key
    assert cancel.message.command.responded_to == 1
    assert them.exchange.serving == 1
    them.answers(key, message(f"{service}-RSP", AffectedSOPClassUID=uid, Status=CANCELLED))
    assert us.hears_response(them).final
    assert us.exchange.cancel(7) is None


def test_a_cancel_that_comes_too_late_belongs_to_nothing() -> None:
    us, them = _both(FIND)
    us.invokes(message("C-FIND-RQ", AffectedSOPClassUID=FIND, Priority=0), 7, IDENTIFIER)
    key = them.hears_request(us).key
    them.answers(key, message("C-FIND-RSP", Status=SUCCESS))
    us.cancels(7)
    (cancel,) = them.hears(us)
    assert isinstance(cancel, dx.CancelReceived) and cancel.key is None
    assert us.hears_response(them).final


def test_get_with_its_stores_on_the_same_association() -> None:
    contexts = (ProposedContext(1, GET, (IMPLICIT,)), ProposedContext(3, CT, (EXPLICIT,), Role.SCP))
    us, them = associated(contexts)
    us.invokes(message("C-GET-RQ", AffectedSOPClassUID=GET, Priority=0), 7, IDENTIFIER)
    get = them.hears_request(us)
    for number in range(1, 4):
        store = message("C-STORE-RQ", AffectedSOPClassUID=CT, AffectedSOPInstanceUID=f"1.2.{number}", Priority=0)
        assert them.invokes(store, 100 + number, IMAGE).context.id == 3
        sub = us.hears_request(them)
        assert (sub.message.context_id, content(sub.message)) == (3, IMAGE)
        us.answers(sub.key, message("C-STORE-RSP", AffectedSOPClassUID=CT, Status=SUCCESS))
        assert them.hears_response(us).operation == 100 + number
        them.answers(get.key, message("C-GET-RSP", Status=PENDING, NumberOfRemainingSuboperations=3 - number))
        assert not us.hears_response(them).final
    them.answers(get.key, message("C-GET-RSP", Status=SUCCESS))
    assert us.hears_response(them).final


def test_a_notification_comes_back_on_the_same_association() -> None:
    us, them = _both(COMMITMENT)
    us.invokes(
        message("N-ACTION-RQ", RequestedSOPClassUID=COMMITMENT, RequestedSOPInstanceUID=INSTANCE, ActionTypeID=1),
        7,
        b"ab",
    )
    action = them.hears_request(us)
    report = message(
        "N-EVENT-REPORT-RQ", AffectedSOPClassUID=COMMITMENT, AffectedSOPInstanceUID=INSTANCE, EventTypeID=1
    )
    them.invokes(report, 8, b"cd")  # before the N-ACTION-RSP: each side may have one outstanding
    event = us.hears_request(them)
    them.answers(action.key, message("N-ACTION-RSP", Status=SUCCESS))
    assert us.hears_response(them).operation == 7
    us.answers(event.key, message("N-EVENT-REPORT-RSP", Status=SUCCESS))
    assert them.hears_response(us).operation == 8


def test_many_operations_answered_out_of_order() -> None:
    us, them = associated((ProposedContext(1, FIND, (IMPLICIT,)),), window=AsyncWindow(3, 1))
    requests = {}
    for operation in (11, 12, 13):
        us.invokes(message("C-FIND-RQ", AffectedSOPClassUID=FIND, Priority=0), operation, IDENTIFIER)
        requests[operation] = them.hears_request(us)
    assert not us.exchange.can_invoke()
    with pytest.raises(dx.WindowFull, match="3 outstanding"):
        us.invokes(message("C-FIND-RQ", AffectedSOPClassUID=FIND), 14, IDENTIFIER)
    for operation, status in ((13, PENDING), (11, PENDING), (13, SUCCESS), (12, SUCCESS), (11, SUCCESS)):
        data = IDENTIFIER if status == PENDING else None
        them.answers(requests[operation].key, message("C-FIND-RSP", Status=status), data)
        response = us.hears_response(them)
        assert (response.operation, response.final) == (operation, status == SUCCESS)
    assert us.exchange.outstanding == ()
    assert us.exchange.can_invoke()


def test_a_meta_class_carries_its_members() -> None:
    us, them = _both(PRINT_META)
    us.invokes(message("N-CREATE-RQ", AffectedSOPClassUID=FILM_SESSION), 7, b"ab")
    assert them.hears_request(us).message.abstract_syntax == PRINT_META


def test_ups_messages_carry_the_push_class_and_go_where_their_service_is() -> None:
    contexts = tuple(
        ProposedContext(2 * i + 1, uid, (IMPLICIT,), Role.BOTH) for i, uid in enumerate((UPS_PUSH, UPS_PULL, UPS_EVENT))
    )
    us, _ = associated(contexts)
    choose = us.exchange.choose_context
    assert choose(message("N-CREATE-RQ", AffectedSOPClassUID=UPS_PUSH)).abstract_syntax == UPS_PUSH
    assert choose(message("N-SET-RQ", RequestedSOPClassUID=UPS_PUSH)).abstract_syntax == UPS_PULL
    assert choose(message("N-EVENT-REPORT-RQ", AffectedSOPClassUID=UPS_PUSH)).abstract_syntax == UPS_EVENT
    assert choose(message("C-FIND-RQ", AffectedSOPClassUID=UPS_PULL)).abstract_syntax == UPS_PULL
    for action, abstract_syntax in ((1, UPS_PULL), (2, UPS_PUSH), (9, UPS_PUSH)):
        asked = message("N-ACTION-RQ", RequestedSOPClassUID=UPS_PUSH, ActionTypeID=action)
        assert choose(asked).abstract_syntax == abstract_syntax, f"action {action}"


def test_an_abort_leaves_what_was_outstanding() -> None:
    us, them = associated((ProposedContext(1, CT, (IMPLICIT,)),), window=AsyncWindow(0, 0))
    for operation in (1, 2):
        us.invokes(message("C-STORE-RQ", AffectedSOPClassUID=CT), operation, IMAGE)
    them.machine.request(p.AAbortRequest(), 0.0)
    us.machine.receive_data(b"".join(bytes(b) for b in them.machine.data_to_send()), 0.0)
    assert us.machine.state is Sta.Sta1
    assert us.exchange.abandon() == (1, 2)
    assert (us.exchange.outstanding, us.exchange.next_timeout(), us.exchange.abandon()) == ((), None, ())


def test_every_message_is_cut_to_the_receivers_maximum() -> None:
    us, them = associated((ProposedContext(1, CT, (IMPLICIT,)),), maximum=128)
    us.invokes(message("C-STORE-RQ", AffectedSOPClassUID=CT, AffectedSOPInstanceUID=INSTANCE), 1, IMAGE)
    lengths = []
    while (event := us.machine.next_event()) is not None:
        if isinstance(event, p.PduSent):
            lengths.append(sum(map(len, event.data)) - 6)
    assert max(lengths) == 128
    assert content(them.hears_request(us).message) == IMAGE


def test_packed_into_one_pdu() -> None:
    us, them = _both(CT)
    us.exchange.pack = True
    us.invokes(message("C-STORE-RQ", AffectedSOPClassUID=CT), 1, b"few bytes.")
    assert len([e for e in iter(us.machine.next_event, None) if isinstance(e, p.PduSent)]) == 1
    assert content(them.hears_request(us).message) == b"few bytes."
