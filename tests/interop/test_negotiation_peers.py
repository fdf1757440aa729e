"""Roles, extended negotiation, private application contexts and the policy, with pynetdicom and DCMTK."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from pynetdicom import AE, build_role, evt
from pynetdicom.association import Association
from pynetdicom.pdu_primitives import (
    AsynchronousOperationsWindowNegotiation,
    SOPClassCommonExtendedNegotiation,
    SOPClassExtendedNegotiation,
)

from engine.cli.exits import Exit
from engine.cli.main import build_parser, main
from engine.cli.policy_options import policy
from engine.model.association import LocalAE, Role
from engine.model.notices import AssociationNotice, AssociationPhase
from tests.interop import peers
from tests.interop.operating import TIMEOUTS, Operator

Start = Callable[..., Any]
HOST = "127.0.0.1"
VERIFICATION = "1.2.840.10008.1.1"
CT = "1.2.840.10008.5.1.4.1.1.2"
MR = "1.2.840.10008.5.1.4.1.1.4"
FIND = "1.2.840.10008.5.1.4.1.2.2.1"
WORKLIST = "1.2.840.10008.5.1.4.31"
STORAGE = "1.2.840.10008.4.2"
EXPLICIT, IMPLICIT, BIG = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.2"
PRIVATE = "1.2.826.0.1.3680043.9.3811.77"
ROLES = {(True, False): "scu", (False, True): "scp", (True, True): "both"}


@pytest.fixture(autouse=True)
def _own_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIMSE_CONSOLE_WORKSPACE", str(tmp_path / "workspace"))


def listening(operator: Operator, *arguments: str) -> peers.Peer:
    """Our acceptor with the policy of these arguments of `listen`."""
    args = build_parser().parse_args(["listen", *arguments])
    return operator.listen(policy=policy(args, LocalAE(ae_title="CONSOLE"), TIMEOUTS))


def associate(
    listener: peers.Peer, contexts: Iterable[tuple[str, str | list[str]]], items: Iterable[Any] = (), **options: Any
) -> Association:
    """pynetdicom calls us; the association is left open."""
    ae = AE(ae_title=options.pop("calling", "CLIENT"))
    for uid, syntaxes in contexts:
        ae.add_requested_context(uid, syntaxes)
    return ae.associate(HOST, listener.port, ext_neg=list(items), **options)


# --- roles --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("granted", list(ROLES))
@pytest.mark.parametrize("asked", [None, *ROLES])
def test_pynetdicom_asks_us_for_roles(
    asked: tuple[bool, bool] | None, granted: tuple[bool, bool], operator: Operator
) -> None:
    listener = listening(operator, "--accept", f"CTImageStorage::{ROLES[granted]}")
    items = [build_role(CT, scu_role=asked[0], scp_role=asked[1])] if asked else []
    association = associate(listener, [(CT, EXPLICIT)], items)
    scu, scp = asked or (True, False)
    agreed = (scu and granted[0], scp and granted[1])
    contexts = association.accepted_contexts
    assert [(c.as_scu, c.as_scp) for c in contexts] == ([agreed] if any(agreed) else [])
    association.release() if association.is_established else association.abort()
    told = operator.wait(AssociationNotice, lambda n: n.negotiated is not None)
    assert told.negotiated is not None
    (ours,) = told.negotiated.contexts
    assert (ours.requestor_scu, ours.requestor_scp) == agreed
    assert ours.result == (0 if any(agreed) else 1)


@pytest.mark.parametrize("granted", [None, (True, False), (False, True), (True, True), (False, False)])
@pytest.mark.parametrize("asked", [Role.DEFAULT, Role.SCU, Role.SCP, Role.BOTH])
def test_we_ask_pynetdicom_for_roles(
    asked: Role, granted: tuple[bool, bool] | None, pynetdicom_scp: Start, operator: Operator
) -> None:
    def configure(ae: AE) -> None:
        scu, scp = granted or (None, None)
        ae.add_supported_context(CT, EXPLICIT, scu_role=scu, scp_role=scp)

    held = operator.open(pynetdicom_scp([], configure=configure), (CT, asked))
    (context,) = held.negotiated.contexts
    default = (True, False)
    if asked is Role.DEFAULT or granted is None:
        expected = default  # nothing was asked, or the peer does not answer role selection
    else:
        expected = (asked.scu and granted[0], asked.scp and granted[1])
    if context.accepted:
        assert (context.requestor_scu, context.requestor_scp) == expected
        # pynetdicom answers what it grants of what was asked, and stays silent when it has no opinion.
        answers = {None, (bool(expected[0]), bool(expected[1]))}
        assert context.answered_role in answers
    else:
        assert not any(expected)
    held.release()


# --- extended negotiation -----------------------------------------------------------------------------------------


def test_we_ask_for_options_and_show_the_answers(pynetdicom_scp: Start, capsys: pytest.CaptureFixture[str]) -> None:
    seen: dict[str, bytes] = {}
    common: dict[str, tuple[str, list[str]]] = {}

    def answer(event: evt.Event) -> dict[str, bytes]:
        seen.update(event.app_info)
        return {FIND: b"\x01\x00\x01", CT: b"\x02\x00\x03\x00\x01\x00"}

    def answer_common(event: evt.Event) -> dict[str, Any]:
        for uid, item in event.items.items():
            common[uid] = (item.service_class_uid, list(item.related_general_sop_class_identification))
        return {}

    handlers = [(evt.EVT_SOP_EXTENDED, answer), (evt.EVT_SOP_COMMON, answer_common)]
    peer = pynetdicom_scp([VERIFICATION, FIND, CT, WORKLIST], handlers)
    arguments = ["--context", "StudyRootQueryRetrieveInformationModelFind", "--context", "CTImageStorage"]
    arguments += ["--context", WORKLIST, "--context", "Verification"]
    arguments += ["--extended", "StudyRootQueryRetrieveInformationModelFind=01 01 01"]
    arguments += ["--extended", f"{CT}=030000000200", "--extended", f"{WORKLIST}=01010101"]
    arguments += ["--common-extended", f"{CT}={STORAGE}:{MR},{PRIVATE}"]
    assert main(["echo", HOST, str(peer.port), *arguments]) == Exit.SUCCESS
    assert seen == {FIND: b"\1\1\1", CT: b"\3\0\0\0\2\0", WORKLIST: b"\1\1\1\1"}
    assert common == {CT: (STORAGE, [MR, PRIVATE])}
    told = capsys.readouterr().out
    assert "asked 01 01 01H; answered 01 00 01H: Relational-queries supported, Date-time matching not" in told
    assert "Level of support Level 2 (full), Level of Digital Signature support Signature Level 3" in told
    assert "Element Coercion may coerce" in told
    assert "asked 01 01 01 01H; not answered" in told
    assert f"related general SOP classes: MR Image Storage, {PRIVATE} (has no answer)" in told


@pytest.mark.parametrize(
    ("uid", "asked", "answered"),
    [
        (FIND, b"\1\1\1\1\1", b"\1\1\1\1\0"),
        (FIND, b"\0\0\1", b"\0\0\1"),
        (WORKLIST, b"\1\1\1\1", b"\1\1\1\1"),
        (CT, b"\3\0\0\0\2\0", b"\2\0\0\0\0\0"),
        (VERIFICATION, b"\1", None),
    ],
)
def test_pynetdicom_asks_us_for_options(uid: str, asked: bytes, answered: bytes | None, operator: Operator) -> None:
    item = SOPClassExtendedNegotiation()
    item.sop_class_uid = uid
    item.service_class_application_information = asked
    association = associate(listening(operator), [(uid, IMPLICIT)], [item])
    assert association.is_established
    assert association.acceptor.sop_class_extended == ({} if answered is None else {uid: answered})
    association.release()


def test_a_special_class_is_taken_by_its_related_general_one(operator: Operator) -> None:
    item = SOPClassCommonExtendedNegotiation()
    item.sop_class_uid = PRIVATE
    item.service_class_uid = STORAGE
    item.related_general_sop_class_identification = [CT]
    listener = listening(operator, "--accept", "CTImageStorage")
    for items, accepted in (([item], 1), ([], 0)):
        association = associate(listener, [(PRIVATE, IMPLICIT)], items)
        assert len(association.accepted_contexts) == accepted
        association.release() if association.is_established else association.abort()


def test_pynetdicom_is_granted_a_window(operator: Operator) -> None:
    item = AsynchronousOperationsWindowNegotiation()
    item.maximum_number_operations_invoked = 7
    item.maximum_number_operations_performed = 0
    association = associate(listening(operator, "--async", "5,2"), [(VERIFICATION, IMPLICIT)], [item])
    assert association.is_established
    assert association.acceptor.asynchronous_operations == (5, 2)
    association.release()


def test_a_window_asked_of_pynetdicom(pynetdicom_scp: Start, capsys: pytest.CaptureFixture[str]) -> None:
    peer = pynetdicom_scp([VERIFICATION], [(evt.EVT_ASYNC_OPS, lambda _: (3, 1))])
    assert main(["echo", HOST, str(peer.port), "--async", "8,4"]) == Exit.SUCCESS
    # It answers the default whatever its handler says: it works one operation at a time.
    assert "Asynchronous operations window: 1 invoked, 1 performed (asked for 8 and 4)" in capsys.readouterr().out


# --- application contexts -----------------------------------------------------------------------------------------


def test_a_private_application_context(
    pynetdicom_scp: Start, operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    ours = listening(operator, "--application-context", PRIVATE)
    for peer in (pynetdicom_scp([VERIFICATION]), ours):
        proposed = ["echo", HOST, str(peer.port), "--application-context", PRIVATE]
        assert main(proposed) == Exit.SUCCESS
        assert f"Application context: {PRIVATE}" in capsys.readouterr().out
    assert main(["echo", HOST, str(ours.port)]) == Exit.SUCCESS
    strict = listening(operator)
    assert main(["echo", HOST, str(strict.port), "--application-context", PRIVATE]) == Exit.REJECTED
    assert "application-context-name-not-supported" in capsys.readouterr().err.replace(" ", "-").lower()


# --- policy -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "proposed", "chosen"),
    [
        ("Verification:ExplicitVRBigEndian,ImplicitVRLittleEndian", [IMPLICIT, EXPLICIT, BIG], BIG),
        ("Verification:ImplicitVRLittleEndian,ExplicitVRLittleEndian", [EXPLICIT, IMPLICIT], IMPLICIT),
        ("*:ExplicitVRLittleEndian", [IMPLICIT, EXPLICIT], EXPLICIT),
        ("Verification:ExplicitVRLittleEndian", [IMPLICIT], None),
        ("CTImageStorage", [IMPLICIT], None),
    ],
)
def test_the_order_of_accept_decides(accept: str, proposed: list[str], chosen: str | None, operator: Operator) -> None:
    association = associate(listening(operator, "--accept", accept), [(VERIFICATION, proposed)])
    assert [c.transfer_syntax[0] for c in association.accepted_contexts] == ([chosen] if chosen else [])
    association.release() if association.is_established else association.abort()


def test_storescu_may_store_what_is_accepted_only(
    operator: Operator, client: Start, archive: list[Any], tmp_path: Path
) -> None:
    listener = listening(operator, "--accept", "Verification")
    told = client("storescu", "-v", "-aec", "CONSOLE", HOST, listener.port, archive[0].path)
    assert told.code != 0
    assert "No Acceptable Presentation Contexts" in told.output
    client("echoscu", "-aec", "CONSOLE", HOST, listener.port).succeeded()
    both = listening(
        operator, "--accept", "Verification", "--accept", "*:ExplicitVRLittleEndian,ImplicitVRLittleEndian"
    )
    client("storescu", "-aec", "CONSOLE", HOST, both.port, archive[0].path).succeeded()


@pytest.mark.parametrize(
    ("arguments", "said", "codes"),
    [
        (["--calling-allowed", "OTHER"], "Calling AE Title Not Recognized", (1, 1, 3)),
        (["--strict"], "Called AE Title Not Recognized", (1, 1, 7)),
        (["--reject", "2/3/1"], "Temporary Congestion", (2, 3, 1)),
        (["--reject", "1/2/2"], "Protocol Version Not Supported", (1, 2, 2)),
        (["--reject", "1/1/1"], "No Reason", (1, 1, 1)),
        (["--max-associations", "0"], "Local Limit Exceeded", (2, 3, 2)),
    ],
)
def test_echoscu_is_told_why_it_is_rejected(
    arguments: list[str], said: str, codes: tuple[int, int, int], operator: Operator, client: Start
) -> None:
    listener = listening(operator, *arguments)
    told = client("echoscu", "-v", "-aet", "CLIENT", "-aec", "SOMEBODY", HOST, listener.port)
    assert told.code != 0
    assert said in told.output
    end = operator.wait(AssociationNotice, lambda n: n.phase is AssociationPhase.REJECTED)
    assert end.rejection == codes


def test_echoscu_is_let_in_by_its_title(operator: Operator, client: Start) -> None:
    listener = listening(operator, "--calling-allowed", "ONE", "--calling-allowed", "TWO", "--strict")
    for title, code in (("ONE", 0), ("TWO", 0), ("two", 1)):
        told = client("echoscu", "-aet", title, "-aec", "CONSOLE", HOST, listener.port)
        assert bool(told.code) == bool(code)


def test_only_so_many_associations_at_once(operator: Operator, client: Start) -> None:
    listener = listening(operator, "--max-associations", "2")
    held = [associate(listener, [(VERIFICATION, IMPLICIT)]) for _ in range(2)]
    assert all(a.is_established for a in held)
    assert client("echoscu", "-aec", "CONSOLE", HOST, listener.port).code != 0
    held[0].release()
    operator.wait(AssociationNotice, lambda n: n.phase is AssociationPhase.RELEASED)
    client("echoscu", "-aec", "CONSOLE", HOST, listener.port).succeeded()
    held[1].release()


@pytest.mark.parametrize("name", ["storescp", "dcmqrscp"])
def test_a_window_asked_of_a_peer_that_knows_none(
    name: str, request: pytest.FixtureRequest, archive: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """DCMTK ignores the item: everything is stored, one at a time."""
    peer = request.getfixturevalue(name)()
    paths = [str(s.path) for s in archive]
    to = [HOST, str(peer.port), "--called", peer.ae_title, "--calling", "CONSOLE", "--async", "8,8"]
    assert main(["store", *to, *paths]) == Exit.SUCCESS
    told = capsys.readouterr().out
    assert f"{len(archive)} of {len(archive)} files stored." in told
    assert "1 invoked, 1 performed (asked for 8 and 8)" in told


def test_files_are_stored_at_once_between_two_of_our_own(
    operator: Operator, archive: list[Any], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    received = tmp_path / "received"
    args = build_parser().parse_args(["listen", "--async", "4"])
    listener = operator.listen(policy=policy(args, LocalAE(ae_title="CONSOLE"), TIMEOUTS), folder=received)
    paths = [str(s.path) for s in archive]
    assert main(["store", HOST, str(listener.port), *paths, "--async", "8"]) == Exit.SUCCESS
    assert "4 invoked, 1 performed (asked for 8 and 1)" in capsys.readouterr().out
    assert len(list(received.glob("*.dcm"))) == len(archive)
