"""How much is taken of a provider that we call: it may be as hostile as a user who calls us."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine.model.association import Policy, ProposedContext, Role
from engine.model.commands import OneShot, Retrieve
from engine.model.dataset import DataElement, DataSet
from engine.model.limits import Limits
from engine.model.notices import AssociationNotice, MessageNotice, Outcome
from engine.protocol.negotiation import answer
from engine.services.responses import request_of, response_to
from engine.standard.pdus import AssociateRQ, PresentationContextAC, UnknownItem
from engine.wire import datasets
from engine.wire.pdus import decode_pdu, encode_pdu

from .console import CT, EXPLICIT, STUDY_FIND, STUDY_GET, Console, contexts, find_rq, keys, proposal
from .scripted import Conversation, scripted
from .test_limits import DEFLATED, deep, image_bytes, said

STORAGE = 3
"""ID of the presentation context for what is retrieved."""
STUDY = keys(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2.9")


def find(console: Console, script: Callable[[Conversation], None], **limits: int) -> AssociationNotice:
    """A C-FIND to a scripted provider; how its association ended."""
    with scripted(script) as peer:
        number, operation = console.new_id(), console.new_id()
        asked = proposal(peer, (STUDY_FIND, EXPLICIT), limits=Limits(**limits))
        shot = OneShot(association=number, operation=operation, proposal=asked, messages=(find_rq(STUDY_FIND, STUDY),))
        status = console.run(shot)
        ended = console.ended(number)
    assert status.outcome is not Outcome.SUCCESS and status.sentence.endswith(".")
    return ended


@pytest.mark.parametrize(("limits", "words"), [({"contexts": 3}, "answers 4 presentation"), ({"items": 12}, "items")])
def test_an_acceptance_with_too_much_in_it(limits: dict[str, int], words: str, console: Console) -> None:
    def script(talk: Conversation) -> None:
        rq = decode_pdu(talk.read_pdu())
        assert isinstance(rq, AssociateRQ)
        ac = answer(rq, Policy()).pdu
        context = next(i for i in ac.items if isinstance(i, PresentationContextAC))
        more = [replace(context, id=n) for n in (3, 5, 7)] if "contexts" in limits else [UnknownItem(0x77, b"x")] * 12
        talk.send(encode_pdu(replace(ac, items=(*ac.items, *more))))
        assert talk.read_pdu()[0] == 7
        talk.wait_closed()

    ended = find(console, script, **limits)
    assert ended.outcome is Outcome.ABORTED
    assert words in ended.sentence and "is the limit" in ended.sentence


def test_a_pdu_and_a_command_set_and_a_data_set_too_long(console: Console) -> None:
    def pdu(talk: Conversation) -> None:
        talk.accept()
        talk.read_command()
        talk.send(struct.pack(">BBI", 4, 0, 5000))
        assert talk.read_pdu()[0] == 7

    def command(talk: Conversation) -> None:
        talk.accept()
        context, request = talk.read_command()
        talk.send(talk.message(context, response_to(request, 0xC000, comment="x").with_values(ErrorComment="x" * 2000)))
        assert talk.read_pdu()[0] == 7

    def data(talk: Conversation) -> None:
        talk.accept()
        context, request = talk.read_command()
        pending = response_to(request, 0xFF00).with_values(CommandDataSetType=1)
        talk.send(talk.message(context, pending, datasets.encode_dataset(keys(PatientID="x" * 6000), EXPLICIT)))
        assert talk.read_pdu()[0] == 7

    for script, limits, words in (
        (pdu, {"pdu_length": 4096}, "PDU-length is 5000 bytes; the limit is 4096"),
        (command, {"command_set": 1024}, "1024"),
        (data, {"data_set": 4096}, "4096"),
    ):
        ended = find(console, script, **limits)
        assert ended.outcome is Outcome.ABORTED
        assert words in ended.sentence


class Images:
    """A provider whose C-GET sends these data sets, whatever is asked; keeps what was answered."""

    def __init__(self, *data: bytes, syntax: str = EXPLICIT) -> None:
        self.data, self.syntax = data, syntax
        self.answered: list[int | None] = []

    def __call__(self, talk: Conversation) -> None:
        talk.accept()
        context, request = talk.read_command()
        for number, data in enumerate(self.data, 1):
            store = request_of("C-STORE-RQ", AffectedSOPClassUID=CT, AffectedSOPInstanceUID=f"1.2.{number}")
            talk.send(
                talk.message(STORAGE, store.with_values(MessageID=number, Priority=0, CommandDataSetType=1), data)
            )
            self.answered.append(talk.read_command()[1].status)
        talk.send(talk.message(context, response_to(request, 0x0000)))
        talk.read_pdu()
        talk.send(bytes.fromhex("06000000000400000000"))
        talk.wait_closed()


def get(console: Console, images: Images, folder: Path | None, **limits: int) -> list[int | None]:
    """What was answered to each C-STORE of a C-GET."""
    with scripted(images) as peer:
        asked = replace(
            proposal(peer, limits=Limits(**limits)),
            contexts=contexts((STUDY_GET, EXPLICIT), ProposedContext(STORAGE, CT, (images.syntax,), Role.BOTH)),
        )
        command = Retrieve(
            operation=console.new_id(),
            association=console.new_id(),
            proposal=asked,
            service="C-GET",
            sop_class_uid=STUDY_GET,
            identifier=STUDY,
            folder=folder,
        )
        console.submit(command)
        console.status(command.operation)
        console.ended(command.association)
    return images.answered


@pytest.mark.parametrize(
    ("limits", "kept", "words"),
    [
        ({"files": 2}, 2, "limit reached: 2 instances taken"),
        ({"received": 50_000}, 2, "limit reached"),
        ({"disk_left": 1 << 60}, 0, "disk full"),
        ({"memory": 1000, "disk_left": 1 << 60}, 0, "disk full"),
    ],
)
def test_instances_beyond_what_is_to_be_taken_are_refused(
    limits: dict[str, int], kept: int, words: str, console: Console, tmp_path: Path
) -> None:
    images = Images(*(image_bytes(20_000, n) for n in (1, 2, 3)))
    assert get(console, images, tmp_path / "to", **limits) == [0] * kept + [0xA700] * (3 - kept)
    assert len(list((tmp_path / "to").rglob("*.dcm"))) == kept
    assert not list(tmp_path.rglob("*.part"))
    said(console, words)


def test_a_data_set_too_deep_or_that_inflates_too_far_is_refused(console: Console, tmp_path: Path) -> None:
    nested = [datasets.encode_dataset(DataSet((*_ids(n), *deep(levels))), EXPLICIT) for n, levels in ((1, 3), (2, 6))]
    assert get(console, Images(*nested), tmp_path / "deep", depth=5) == [0, 0xA700]
    packed = [image_bytes(size, n, DEFLATED) for n, size in ((1, 1000), (2, 5_000_000))]
    assert get(console, Images(*packed, syntax=DEFLATED), tmp_path / "far", inflated=100_000) == [0, 0xA700]


def _ids(number: int) -> tuple[DataElement, ...]:
    return DataElement(0x00080016, "UI", (CT,)), DataElement(0x00080018, "UI", (f"1.2.{number}",))


def test_what_is_sent_to_leave_the_folder_stays_in_it(console: Console, tmp_path: Path) -> None:
    """SOP Instance UIDs that are paths, of a C-GET."""
    names = ("../../out", "/etc/passwd", "a/b", "..", "1.2.3\0.sh", "C:\\x", "~/x", "1.2.3 ")

    class Named(Images):
        def __call__(self, talk: Conversation) -> None:
            talk.accept()
            context, request = talk.read_command()
            for number, name in enumerate(names, 1):
                store = request_of("C-STORE-RQ", AffectedSOPClassUID=CT, AffectedSOPInstanceUID=name)
                command = store.with_values(MessageID=number, Priority=0, CommandDataSetType=1)
                talk.send(talk.message(STORAGE, command, image_bytes(100, number)))
                self.answered.append(talk.read_command()[1].status)
            talk.send(talk.message(context, response_to(request, 0)))
            talk.read_pdu()
            talk.send(bytes.fromhex("06000000000400000000"))
            talk.wait_closed()

    folder = tmp_path / "a" / "b" / "to"
    answered = get(console, Named(), folder)
    assert len(answered) == len(names)
    files = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert len(files) == sum(status in (0, 0xB000, 0xB007, 0xB006) for status in answered)
    assert all(p.parent == folder for p in files)
    assert console.of(MessageNotice, lambda n: n.command.sop_instance_uid == "../../out")
