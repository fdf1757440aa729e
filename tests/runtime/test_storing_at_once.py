"""A C-STORE answered at once: as by the long way, which takes over wherever something is out of the ordinary."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from engine.model.association import NegotiatedContext, Policy
from engine.model.command_set import CommandSet
from engine.model.commands import Outgoing, WatchObjects
from engine.model.dataset import DataElement, DataSet, EncodedData, FileData
from engine.model.limits import Limits
from engine.model.notices import (
    AnyNotice,
    AssociationNotice,
    ErrorNotice,
    FindingNotice,
    MessageNotice,
    ObjectsNotice,
    PduNotice,
    StatusNotice,
)
from engine.runtime import disk_pace, noting, serving
from engine.runtime.archive import Archive
from engine.runtime.runs import StoreRun
from engine.services.responses import SUCCESS, request_of, response_to
from engine.wire import datasets
from engine.wire.commands import decode_command, encode_command
from engine.wire.datasets import encode_dataset
from engine.wire.store_form import store_form
from tests.runtime.console import CT, EXPLICIT, IMPLICIT, Console, proposal
from tests.runtime.test_archive import held

JPEG = "1.2.840.10008.1.2.4.50"
PORT = re.compile(r"(?<=:)[0-9]+")


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """However loaded the machine is."""
    monkeypatch.setattr(disk_pace, "QUICK", 1e9)


COMPARED = (AssociationNotice, ErrorNotice, FindingNotice, MessageNotice, PduNotice, StatusNotice)
OWN = {"time", "clock", "duration", "peer", "proposal", "negotiated", "operation"}
"""What differs from one run to the next."""


def data_set(
    uid: str, size: int = 100, syntax: str = EXPLICIT, sop_class: str = CT, **more: DataElement
) -> EncodedData:
    elements = (
        DataElement(0x00080016, "UI", (sop_class,)),
        DataElement(0x00080018, "UI", (uid,)),
        *more.values(),
        DataElement(0x00100010, "PN", ("Nobody^At All",)),
        DataElement(0x7FE00010, "OW", bytes(size)),
    )
    return EncodedData(encode_dataset(DataSet(elements), syntax), syntax)


def store(uid: str, data: EncodedData, sop_class: str = CT) -> Outgoing:
    command = request_of("C-STORE-RQ", AffectedSOPClassUID=sop_class, AffectedSOPInstanceUID=uid)
    return Outgoing(command=command, data=data)


def priority(message: Outgoing, value: int) -> Outgoing:
    return dataclasses.replace(message, command=message.command.with_values(Priority=value))


def in_fragments(uid: str, cut: int) -> EncodedData:
    """JPEG images of two frames, without the last bytes of theirs and of what ends them."""
    front = data_set(uid, 0).data[:-12] + bytes.fromhex("e07f1000 4f420000 ffffffff feff00e000000000")
    frame = bytes.fromhex("feff00e0 204e0000") + bytes(20_000)
    whole = front + frame + frame + bytes.fromhex("feffdde000000000")
    return EncodedData(whole[: len(whole) - cut], JPEG)


def trailed(uid: str, cut: int) -> EncodedData:
    padding = bytes.fromhex("fcfffcff 4f420000 64000000") + bytes(100 - cut)
    return EncodedData(data_set(uid, 40_000).data + padding, EXPLICIT)


SEQUENCE = DataElement(0x00081140, "SQ", (DataSet((DataElement(0x00081155, "UI", ("1.2",)),)), DataSet()))
OUTSIDE = DataElement(0x00080005, "CS", ("ISO_IR 100",))
ECHO = Outgoing(command=request_of("C-ECHO-RQ", AffectedSOPClassUID="1.2.840.10008.1.1"))
CUT_PIXELS = EncodedData(data_set("1.13", 5000).data[:-1000], EXPLICIT)
CUT = EncodedData(data_set("1.9").data[:70], EXPLICIT)
MESSAGES = {
    "usual": (
        store("1.1", data_set("1.1")),
        store("1.22", data_set("1.22", 70_000)),
        store("1.1", data_set("1.1", 64)),
    ),
    "many": tuple(store(f"1.{n}", data_set(f"1.{n}", 10 ** (n % 5))) for n in range(1, 12)),
    "a finding in each": tuple(priority(store(f"1.{n}", data_set(f"1.{n}")), 9) for n in range(1, 6)),
    "a finding in some": tuple(priority(store(f"1.{n}", data_set(f"1.{n}")), 9 * (n % 2)) for n in range(1, 9)),
    "something before the UIDs": tuple(store(f"1.{n}", data_set(f"1.{n}", more=OUTSIDE)) for n in range(1, 6)),
    "usual again": tuple(store(f"1.{n}", data_set(f"1.{n + (n % 4 == 3)}")) for n in range(1, 12)),
    "another between": tuple(m for n in range(1, 7) for m in (store(f"1.{n}", data_set(f"1.{n}")), ECHO)),
    "implicit": (store("1.3", data_set("1.3", syntax=IMPLICIT)),),
    "nested": (store("1.4", data_set("1.4", more=SEQUENCE)),),
    "other UID": (store("1.5", data_set("1.6")), store("1.7", data_set("1.7"))),
    "other class": (store("1.8", data_set("1.8", sop_class="1.2.840.10008.5.1.4.1.1.4")),),
    "cut short": (store("1.9", CUT), store("1.10", data_set("1.10"))),
    "pixel data cut": (store("1.12", data_set("1.12")), store("1.13", CUT_PIXELS), store("1.14", data_set("1.14"))),
    "in fragments": tuple(store(f"1.{n}", in_fragments(f"1.{n}", cut)) for n, cut in enumerate((0, 9, 0, 8, 0), 20)),
    "cut behind the pixel data": tuple(store(f"1.{n}", trailed(f"1.{n}", cut)) for n, cut in enumerate((0, 0, 1), 30)),
    "nothing in it": (store("1.11", EncodedData(b"", EXPLICIT)),),
    "a name to be feared": (store("../1.12", data_set("../1.12")),),
}


def played(
    folder: Path, messages: tuple[Outgoing, ...], limits: Limits | None = None
) -> tuple[list[dict[str, Any]], dict[str, bytes], list[str]]:
    """What both sides told, the files, and what the peer holds after a restart."""
    console = Console()
    try:
        here = console.listen(folder, policy=Policy(limits=limits or Limits()))
        syntax = messages[0].data.transfer_syntax if isinstance(messages[0].data, EncodedData) else EXPLICIT
        whole = in_fragments("2.1", 0) if syntax == JPEG else data_set("2.1", syntax=syntax)
        first = store("2.1", whole)  # looks at the disk, which takes the long way
        offered = (CT, syntax), ("1.2.840.10008.1.1", IMPLICIT)
        console.one_shot(proposal(here, *offered), first, *messages)
        incoming = console.wait(AssociationNotice, lambda n: n.listener is not None)
        console.ended(incoming.association)
    finally:
        console.close()
    of_it = (None, incoming.association)
    told = [plain(n) for n in console.notices if isinstance(n, COMPARED) and n.association in of_it]
    files = {path.name: path.read_bytes() for path in folder.glob("*.dcm")}
    return told, files, held(folder)


def plain(notice: AnyNotice) -> dict[str, Any]:
    fields = {f.name: getattr(notice, f.name) for f in dataclasses.fields(notice) if f.name not in OWN}
    if isinstance(fields.get("data"), FileData):
        fields["data"] = fields["data"].length
    if isinstance(notice, AssociationNotice):
        fields["sentence"] = PORT.sub("", notice.sentence)
    return {"kind": type(notice).__name__, **fields}


def never(*_: object) -> bool:
    return False


@pytest.mark.parametrize("messages", MESSAGES.values(), ids=MESSAGES)
def test_both_ways_tell_and_keep_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, messages: tuple[Outgoing, ...]
) -> None:
    at_once = played(tmp_path / "at once", messages)
    monkeypatch.setattr(serving, "stored_at_once", never)
    assert at_once == played(tmp_path / "long", messages)


def test_pixel_data_that_are_cut_are_found(tmp_path: Path) -> None:
    told, files, _ = played(tmp_path, MESSAGES["pixel data cut"])
    (finding,) = [n for n in told if n.get("rule") == "data.unreadable"]
    assert finding["severity"] == "error"
    assert finding["sentence"] == "The Data Set is cut: (7FE0,0010) says it has 5000 bytes, but only 4000 follow."
    assert files["1.13.dcm"].endswith(CUT_PIXELS.data)


@pytest.mark.parametrize(
    ("messages", "element", "count"),
    [("in fragments", "(7FE0,0010)", 2), ("cut behind the pixel data", "(FFFC,FFFC)", 1)],
)
def test_what_is_cut_beyond_the_first_bytes_is_found(tmp_path: Path, messages: str, element: str, count: int) -> None:
    told, _, _ = played(tmp_path, MESSAGES[messages])
    found = [n["sentence"] for n in told if n.get("rule") == "data.unreadable"]
    assert len(found) == count and all("The Data Set is cut: " in s and element in s for s in found), found


def test_a_limit_is_met_by_the_same_file_on_both_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    messages = tuple(store(f"1.{n}", data_set(f"1.{n}")) for n in range(1, 6))
    at_once = played(tmp_path / "at once", messages, Limits(files=4))
    monkeypatch.setattr(serving, "stored_at_once", never)
    assert at_once == played(tmp_path / "long", messages, Limits(files=4))
    assert len(at_once[1]) == 4


def test_beyond_what_is_kept_both_ways_leave_out_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noting, "KEPT_PDU_BYTES", 300_000)
    monkeypatch.setattr(noting, "KEPT_DATA_BYTES", 150_000)
    sizes = (100, 70_000, 200_000, 70_000, 100, 70_000, 50)
    messages = tuple(store(f"1.{n}", data_set(f"1.{n}", size)) for n, size in enumerate(sizes))
    at_once = played(tmp_path / "at once", messages)
    cut = [n for n in at_once[0] if n["kind"] == "PduNotice" and len(n["data"]) < n["size"]]
    assert cut
    monkeypatch.setattr(serving, "stored_at_once", never)
    assert at_once == played(tmp_path / "long", messages)


def test_notices_of_one_record_may_be_fetched_one_by_one() -> None:
    request = store("1.2", data_set("1.2")).command.with_values(MessageID=7, CommandDataSetType=1)
    command, answer = encode_command(request), encode_command(response_to(request, SUCCESS))
    form = store_form(1, command, answer, 0)
    assert form is not None

    def record() -> StoreRun:
        return StoreRun(
            association=1,
            limits=Limits(),
            context=NegotiatedContext(
                id=1, abstract_syntax=CT, proposed=(EXPLICIT,), result=0, transfer_syntax=EXPLICIT
            ),
            pdus=[(b"command", 7), (b"data", 4), (b"answer", 6)],
            form=form,
            number=b"\x07\0",
            uid=b"1.2\0",
            command=form.request(b"\x07\0", b"1.2\0"),
            answer=form.answer(b"\x07\0", b"1.2\0"),
            data=None,
            data_length=0,
            arrived=(1.0, 2.0),
            answered=(3.0, 4.0),
            states=(("Sta6", "Evt10", "DT-2", "Sta6"), ("Sta6", "Evt9", "DT-1", "Sta6")),
            held=17,
        )

    whole, singly = record(), record()
    together, apart = whole.take(100), []
    while singly.left:
        apart += singly.take(1)
    assert not whole.left
    assert apart == together
    told = [n for n in together if isinstance(n, MessageNotice)]
    assert [n.command for n in told] == [decode_command(command), response_to(request, SUCCESS)]
    assert [n.command_bytes for n in told] == [command, answer]
    assert [type(n) for n in together] == [PduNotice, PduNotice, MessageNotice, PduNotice, MessageNotice]


def test_usual_ones_go_the_straight_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    went: list[bool] = []
    straight = serving.stored_at_once

    def noted(*args: Any) -> bool:
        went.append(straight(*args))
        return went[-1]

    monkeypatch.setattr(serving, "stored_at_once", noted)
    played(tmp_path, tuple(store(f"1.{n}", data_set(f"1.{n}")) for n in range(5)))
    assert went == [True] * 5


def test_a_file_that_cannot_be_written_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Archive, "_write", full)
    monkeypatch.setattr(datasets, "put_in_place", full)
    told, files, _ = played(tmp_path, (store("1.1", data_set("1.1")),))
    errors = [n["sentence"] for n in told if n["kind"] == "ErrorNotice"]
    answers: list[CommandSet] = [n["command"] for n in told if n["kind"] == "MessageNotice"]
    assert (files, [c.status for c in answers if c.is_response]) == ({}, [0xA700, 0xA700])
    assert errors == [f"Instance {n} was not stored: cannot store: No space left on device." for n in ("2.1", "1.1")]


def test_a_defect_after_the_answer_is_told_and_not_answered_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_it = Archive._find_it

    def defect(self: Archive, uids: tuple[str, str], *rest: Any) -> None:
        if uids[1] == "1.1":
            raise KeyError("a defect")
        find_it(self, uids, *rest)

    monkeypatch.setattr(Archive, "_find_it", defect)
    told, files, kept = played(tmp_path, (store("1.1", data_set("1.1")), store("1.2", data_set("1.2"))))
    answers: list[CommandSet] = [n["command"] for n in told if n["kind"] == "MessageNotice"]
    assert [c.status for c in answers if c.is_response] == [0, 0, 0]
    assert set(files) == {"2.1.dcm", "1.1.dcm", "1.2.dcm"}
    assert set(kept) == {"2.1", "1.1", "1.2"}
    errors = [n["sentence"] for n in told if n["kind"] == "ErrorNotice"]
    assert errors == ["Answering C-STORE-RQ failed unexpectedly: KeyError."]


def test_what_is_being_watched_is_told_between_request_and_response(tmp_path: Path, console: Console) -> None:
    here = console.listen(tmp_path)
    console.submit(WatchObjects(listener=here.listener, on=True))
    console.one_shot(proposal(here, (CT, EXPLICIT)), *(store(f"1.{n}", data_set(f"1.{n}")) for n in range(3)))
    incoming = console.wait(AssociationNotice, lambda n: n.listener is not None)
    console.ended(incoming.association)
    kinds = (ObjectsNotice, MessageNotice)
    told = [n for n in console.notices if isinstance(n, kinds) and getattr(n, "association", 0) != here.listener]
    of_peer = [n for n in told if isinstance(n, ObjectsNotice) or n.association == incoming.association]
    names = [type(n).__name__ for n in of_peer]
    assert names[-9:] == ["MessageNotice", "ObjectsNotice", "MessageNotice"] * 3
