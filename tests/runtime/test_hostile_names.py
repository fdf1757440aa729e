"""Files are named after what peers send, and never leave their folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.model.dataset import DataElement, DataSet, EncodedData
from engine.wire import datasets
from tests.runtime.console import CT, EXPLICIT, IMPLICIT, Console, proposal, store_rq
from tests.runtime.test_limits import image

NAMES = ["../../out", "/etc/out", "..", "CON", "a\\..\\out", "C:out", "1.2/../../out", "9" * 300, "1.2\0.part", "~"]


@pytest.mark.parametrize("uid", NAMES)
def test_an_instance_stays_in_its_folder_whatever_its_uid(uid: str, console: Console, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "in"
    listener = console.listen(folder)
    before = {p for p in tmp_path.rglob("*") if folder not in p.parents}
    elements = (DataElement(0x00080016, "UI", (CT,)), DataElement(0x00080018, "UI", (uid,)))
    data = EncodedData(datasets.encode_dataset(DataSet(elements), EXPLICIT), EXPLICIT)
    status = console.one_shot(proposal(listener, (CT, EXPLICIT)), store_rq(CT, uid, data))
    (answer,) = console.responses(status.operation)
    kept = list(folder.glob("*.dcm"))
    assert len(kept) == (answer.command.status == 0)
    assert all(p.name.startswith("instance-") for p in kept)
    assert {p for p in tmp_path.rglob("*") if folder not in p.parents} == before


def test_a_uid_no_file_can_hold_is_refused_in_words(console: Console, tmp_path: Path) -> None:
    listener = console.listen(tmp_path)
    uid = "1" * 70_000
    elements = (DataElement(0x00080016, "UI", (CT,)), DataElement(0x00080018, "UI", (uid,)))
    data = EncodedData(datasets.encode_dataset(DataSet(elements), IMPLICIT), IMPLICIT)
    status = console.one_shot(proposal(listener, (CT, IMPLICIT)), store_rq(CT, uid, data))
    (answer,) = console.responses(status.operation)
    assert answer.command.status == 0xA700
    assert answer.command.text("ErrorComment").startswith("cannot store: the SOP Instance UID has 70000 bytes")
    assert not list(tmp_path.glob("*.dcm"))


@pytest.mark.parametrize(
    ("command", "data", "status", "words"),
    [
        ("", (), 0xC000, "no Affected SOP Instance UID"),
        ("", ("1.2.3",), 0xC000, "no Affected SOP Instance UID"),
        ("1.2.3", (), 0xA900, "differ"),
        ("1.2.3", ("1.2.3", "1.2.4"), 0xA900, "differ"),
        ("1.2.3\\1.2.4", ("1.2.3",), 0xC000, "has 2 values"),
        ("1.2.3\\1.2.4", ("1.2.3", "1.2.4"), 0xC000, "has 2 values"),
    ],
)
def test_an_instance_that_has_not_one_uid_takes_no_other_s_place(
    command: str, data: tuple[str, ...], status: int, words: str, console: Console, tmp_path: Path
) -> None:
    """All without a UID were one file, each acknowledged and the one before lost."""

    def instance(patient: str, *uids: str) -> EncodedData:
        named = DataSet((DataElement(0x00080016, "UI", (CT,)), DataElement(0x00080018, "UI", uids)))
        return EncodedData(datasets.encode_dataset(named.put(0x00100020, "LO", patient), EXPLICIT), EXPLICIT)

    listener = console.listen(tmp_path)
    asked = (
        store_rq(CT, "1.2.3", instance("FIRST", "1.2.3")),
        store_rq(CT, command, instance("SECOND", *data)),
        store_rq(CT, "1.2.5", instance("THIRD", "1.2.5")),
    )
    shot = console.one_shot(proposal(listener, (CT, EXPLICIT)), *asked)
    answers = [answer.command for answer in console.responses(shot.operation)]
    assert [answer.status for answer in answers] == [0, status, 0]
    assert words in answers[1].text("ErrorComment")
    kept = {path.name: datasets.load_file(datasets.open_file(path).data).data for path in tmp_path.glob("*.dcm")}
    assert kept == {"1.2.3.dcm": asked[0].data.data, "1.2.5.dcm": asked[2].data.data}


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_among_what_is_being_received_are_not_followed(console: Console, tmp_path: Path) -> None:
    folder, other = tmp_path / "in", tmp_path / "other"
    other.write_bytes(b"precious")
    listener = console.listen(folder)
    for number in range(50):
        (folder / ".dimse-console" / "incoming" / f"{number}.part").symlink_to(other)
    names = [f"1.2.{number}" for number in range(5)]
    console.one_shot(proposal(listener, (CT, EXPLICIT)), *(store_rq(CT, uid, image(uid)) for uid in names))
    assert other.read_bytes() == b"precious"
    assert sorted(path.name for path in folder.glob("*.dcm") if not path.is_symlink()) == [f"{n}.dcm" for n in names]
