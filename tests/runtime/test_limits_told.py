"""Where a limit is reached our side is told which one, and how more is taken; the peer hears nothing of settings."""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from pathlib import Path

import pytest

from engine.model.association import ProposedContext
from engine.model.commands import Outgoing, StopListening
from engine.model.dataset import DataElement, DataSet, EncodedData
from engine.model.limits import LIMITS, Limits, named, to_raise, unnamed
from engine.model.notices import (
    AssociationNotice,
    AssociationPhase,
    ErrorNotice,
    ListenerNotice,
    MessageNotice,
    Outcome,
)
from engine.standard.pdus import AssociateAC, MaximumLength
from engine.wire import datasets
from engine.wire.pdus import all_of, decode_pdu, user_items
from tests.runtime.console import (
    CT,
    EXPLICIT,
    HOST,
    IMPLICIT,
    SECONDS,
    STUDY_FIND,
    VERIFICATION,
    Console,
    echo_rq,
    find_rq,
    n_message,
    policy,
    proposal,
    store_rq,
)
from tests.runtime.scripted import association_rq, calling
from tests.runtime.test_defects_within import MPPS
from tests.runtime.test_limits import DEFLATED, deep, image, limited, stored
from tests.services.whole_steps import whole_step

PRIVATE = "1.2.826.0.1.3680043.9.1"


def told(console: Console, name: str) -> str:
    """The sentence that names the limit: it says how to have more taken."""
    how = f"--limit {name}="
    found = console.wait(object, lambda n: how in getattr(n, "sentence", ""))
    assert isinstance(found, ErrorNotice | AssociationNotice) and f"(limit {name})" in found.sentence
    for notice in console.of(MessageNotice):
        assert "limit " + name not in notice.command.text("ErrorComment")
    return found.sentence


def too_deep(syntax: str = EXPLICIT) -> bytes:
    """An instance with six sequences in each other."""
    whole = datasets.decode_dataset(image("1.2.1", 10).data, EXPLICIT)
    return datasets.encode_dataset(type(whole)((*deep(6).elements, *whole.elements)), syntax)


@pytest.mark.parametrize(
    ("limits", "data", "words"),
    [
        ({"files": 1}, (image("1.2.1"), image("1.2.2")), "1 instance taken"),
        ({"received": 1500}, (image("1.2.1"), image("1.2.2")), "taken of 1.5 KiB, 1.1 KiB more came"),
        ({"without_folder": 1500}, (image("1.2.1"), image("1.2.2")), "taken of 1.5 KiB"),
        ({"inflated": 2048}, (image("1.2.1", 10, DEFLATED), image("1.2.2", 9000, DEFLATED)), "more than 2048 bytes"),
    ],
    ids=str,
)
def test_a_refused_instance_is_told_with_its_limit(
    limits: dict[str, int], data: tuple[EncodedData, ...], words: str, console: Console
) -> None:
    assert stored(console, limited(console, None, **limits), *data) == [0, 0xA700]
    assert words in told(console, *limits)


def test_a_refused_normalized_instance_is_told_with_its_limit(console: Console) -> None:
    listener = limited(console, objects=20)  # a printer and its like are among them
    message = n_message("N-CREATE-RQ", whole_step(), AffectedSOPClassUID=MPPS)
    shot = console.one_shot(proposal(listener, MPPS), *[message] * 21)
    answers = console.responses(shot.operation)
    assert {answer.command.status for answer in answers} == {0, 0x0213}
    said = told(console, "objects")
    assert said.startswith("N-CREATE-RQ refused: limit reached: 20 normalized instances held (limit objects). To take")


def test_normalized_instances_of_too_many_bytes_are_told_with_their_limit(console: Console) -> None:
    shot = console.one_shot(
        proposal(limited(console, objects_size=100_000), MPPS),
        n_message("N-CREATE-RQ", whole_step(PatientName="x" * 100_000), AffectedSOPClassUID=MPPS),
        n_message("N-CREATE-RQ", whole_step(), AffectedSOPClassUID=MPPS),
    )
    assert [answer.command.status for answer in console.responses(shot.operation)] == [0x0213, 0]
    assert "normalized instances would hold" in told(console, "objects_size")


def test_a_full_disk_takes_no_normalized_instance_either(console: Console, tmp_path: Path) -> None:
    """But it lets some go."""
    listener = limited(console, tmp_path, disk_left=0)
    create = n_message("N-CREATE-RQ", blob(), AffectedSOPClassUID=PRIVATE, AffectedSOPInstanceUID="1.2.1")
    delete = n_message("N-DELETE-RQ", RequestedSOPClassUID=PRIVATE, RequestedSOPInstanceUID="1.2.1")
    assert statuses(console, listener, create) == [0]
    console.submit(StopListening(listener=listener.listener))
    console.wait(ListenerNotice, lambda n: n.listener == listener.listener and not n.listening)
    again = limited(console, tmp_path, disk_left=1 << 60)
    more = n_message("N-CREATE-RQ", blob(), AffectedSOPClassUID=PRIVATE, AffectedSOPInstanceUID="1.2.2")
    assert statuses(console, again, more, delete, more, delete) == [0x0213, 0, 0x0213, 0x0112]
    assert told(console, "disk_left").startswith("What was asked for could not be kept: disk full")


def blob() -> DataSet:
    return DataSet((DataElement(0x00091001, "OB", bytes(5000)),))


def statuses(console: Console, listener: ListenerNotice, *messages: Outgoing) -> list[int | None]:
    shot = console.one_shot(proposal(listener, PRIVATE), *messages)
    return [answer.command.status for answer in console.responses(shot.operation)]


def test_a_data_set_too_large_to_be_decoded_is_told_with_its_limit(console: Console) -> None:
    console.one_shot(proposal(limited(console, decoded=1024), (STUDY_FIND, EXPLICIT)), find_rq(STUDY_FIND, deep(60)))
    assert told(console, "decoded").startswith("C-FIND-RQ refused: ")


def test_a_silent_connection_that_is_closed_for_others_is_told_with_its_limit(console: Console) -> None:
    listener = limited(console, unasked=2)
    with contextlib.ExitStack() as stack:
        for _ in range(1000):  # those that come in one turn of the loop count from the next one on
            stack.enter_context(socket.create_connection((HOST, listener.port), timeout=30))
            console.taken()
            if console.of(AssociationNotice, lambda n: n.outcome is not None):
                break
        assert "sent no A-ASSOCIATE-RQ while 2 others" in told(console, "unasked")


def test_an_instance_too_deep_is_told_with_its_limit(console: Console) -> None:
    listener = limited(console, depth=5)
    assert stored(console, listener, EncodedData(too_deep(), EXPLICIT)) == [0xA700]
    assert told(console, "depth").startswith("C-STORE-RQ refused: ")


def test_an_identifier_too_deep_is_told_with_its_limit(console: Console) -> None:
    console.one_shot(proposal(limited(console, depth=5), (STUDY_FIND, EXPLICIT)), find_rq(STUDY_FIND, deep(6)))
    assert told(console, "depth").startswith("C-FIND-RQ refused: ")


@pytest.mark.parametrize("memory", [1 << 20, 1000])
def test_a_full_disk_is_told_with_its_limit(memory: int, console: Console, tmp_path: Path) -> None:
    listener = limited(console, tmp_path, disk_left=1 << 60, memory=memory)
    assert stored(console, listener, image("1.2.1", 5000)) == [0xA700]
    assert "make room, or lower" in told(console, "disk_left")


@pytest.mark.parametrize(
    ("limits", "size", "words"),
    [
        ({"pdu_length": 4096}, 4097, "PDU-length is 4097 bytes; the limit is 4096"),
        ({"command_set": 1024}, 1100, "longer than 1024 bytes"),
    ],
    ids=str,
)
def test_an_abort_is_told_with_its_limit(limits: dict[str, int], size: int, words: str, console: Console) -> None:
    listener = limited(console, None, **limits)
    with calling(listener.port, VERIFICATION) as peer:
        peer.send(struct.pack(">BBIIBB", 4, 0, size, size - 4, 1, 1) + bytes(size - 6))
        assert peer.read_pdu()[0] == 7
    assert words in told(console, *limits)
    assert console.echo(listener).outcome is Outcome.SUCCESS


def test_long_pdus_under_way_on_many_connections_have_one_limit(console: Console) -> None:
    """However many associations there may be; what has ended counts no more."""
    listener, unfinished = limited(console, unfinished=8 << 20), console.engine._context.unfinished
    part = struct.pack(">BBI", 4, 0, 100 << 20) + bytes(3 << 20)

    def taken_in(count: int) -> None:
        deadline = time.monotonic() + SECONDS
        while unfinished.size != count * len(part):
            assert time.monotonic() < deadline, unfinished.size
            console.taken()

    with contextlib.ExitStack() as stack:
        for count in (1, 2):
            stack.enter_context(calling(listener.port, VERIFICATION)).send(part)
            taken_in(count)
        with calling(listener.port, VERIFICATION) as third:
            third.send(part)
            assert third.read_pdu()[6:] == bytes((0, 0, 2, 0))
            assert "is more than 8388608 bytes" in told(console, "unfinished")
            taken_in(2)
    taken_in(0)
    assert console.echo(listener).outcome is Outcome.SUCCESS


@pytest.mark.parametrize("size", [2, 80])
def test_a_pdu_of_too_many_messages_is_told_with_its_limit(size: int, console: Console) -> None:
    """Millions fit into one PDU, which is taken in one turn of the loop."""
    listener = limited(console, pdvs=10)
    one = struct.pack(">IBB", size + 2, 1, 1) + bytes(size)
    with calling(listener.port, VERIFICATION) as peer:
        peer.send(struct.pack(">BBI", 4, 0, 10 * len(one)) + one * 10)
        peer.send(struct.pack(">BBI", 4, 0, 11 * len(one)) + one * 11)
        assert peer.read_pdu()[6:] == bytes((0, 0, 2, 6))
    assert "more than 10 Presentation Data Value items" in told(console, "pdvs")
    assert console.echo(listener).outcome is Outcome.SUCCESS


def test_a_data_set_too_long_is_told_with_its_limit(console: Console) -> None:
    console.one_shot(
        proposal(limited(console, data_set=5000), (CT, EXPLICIT)), store_rq(CT, "1.2.1", image("1.2.1", 9000))
    )
    told(console, "data_set")


@pytest.mark.parametrize(("limits", "count"), [({"contexts": 2}, 3), ({"items": 9}, 3)], ids=str)
def test_a_rejection_is_told_with_its_limit(limits: dict[str, int], count: int, console: Console) -> None:
    asked = [ProposedContext(2 * n + 1, VERIFICATION, (EXPLICIT, IMPLICIT)) for n in range(count)]
    assert console.ended(console.open(proposal(limited(console, None, **limits), *asked))).rejection == (1, 3, 2)
    told(console, *limits)


@pytest.mark.parametrize(
    ("name", "changes"),
    [("max-associations", {"max_associations": 1}), ("max-per-caller", {"max_associations_per_peer": 1})],
)
def test_an_association_too_many_is_told_with_its_limit(name: str, changes: dict[str, int], console: Console) -> None:
    listener = console.listen(policy=policy(**changes))
    with calling(listener.port, VERIFICATION), calling(listener.port) as second:
        second.send(association_rq(VERIFICATION))
        assert second.read_pdu()[7:10] == bytes((2, 3, 2))
    rejected = console.wait(AssociationNotice, lambda n: n.phase is AssociationPhase.REJECTED)
    assert f"--{name}" in rejected.sentence


def test_requests_that_wait_are_told_with_their_limit(console: Console) -> None:
    listener = console.listen(policy=policy(limits=Limits(waiting=64 << 10)), delays=(30.0,))
    with calling(listener.port, VERIFICATION) as peer:
        command = echo_rq().command.with_values(MessageID=1, CommandDataSetType=0x0101)
        peer.send(peer.message(1, command) * 20)
        told(console, "waiting")


def test_the_limit_of_a_pdu_is_of_p_data_tf(console: Console) -> None:
    """Who asks for many contexts is let in all the same, and hears how long a P-DATA-TF may be."""
    listener = limited(console, pdu_length=1024)
    syntaxes = [(VERIFICATION, EXPLICIT)] * 20
    request = association_rq(*syntaxes)
    assert len(request) > 1024
    with calling(listener.port) as peer:
        peer.send(request)
        answer = decode_pdu(peer.read_pdu())
        assert isinstance(answer, AssociateAC)
        (announced,) = all_of(user_items(answer), MaximumLength)
        assert announced.maximum_length_received == 1024
    whole = store_rq(CT, "1.2.1", image("1.2.1", 5000))
    assert console.one_shot(proposal(listener, (CT, EXPLICIT)), whole).outcome is Outcome.SUCCESS


def test_an_a_associate_rq_has_a_limit_of_its_own(console: Console) -> None:
    with calling(limited(console, pdu_length=1024).port) as peer:
        peer.send(struct.pack(">BBI", 1, 0, (1 << 20) + 1))
        assert peer.read_pdu()[0] == 7
    ended = console.wait(AssociationNotice, lambda n: n.outcome is Outcome.ABORTED)
    assert "the limit is 1048576 for A-ASSOCIATE-RQ" in ended.sentence


def test_each_limit_can_be_told() -> None:
    for row in LIMITS:
        said = f"Too much{named(row.name, row.low)}."
        assert unnamed(said) == "Too much."
        assert f"“{row.label}”" in to_raise(said) and f"--limit {row.name}=NUMBER" in to_raise(said)
        assert named(row.name, row.high) == ""
    assert to_raise("Too much.") == ""


def test_an_acceptance_with_too_much_in_it_is_told_with_its_limit(console: Console) -> None:
    """Not that another service may answer there."""
    listener = console.listen()
    number = console.open(proposal(listener, limits=Limits(items=3)))
    sentence = console.ended(number).sentence
    assert told(console, "items") == sentence
    assert "went beyond a limit of ours" in sentence and "Check the port" not in sentence
