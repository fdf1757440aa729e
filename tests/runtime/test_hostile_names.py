"""Files are named after what peers send, and never leave their folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.model.dataset import DataElement, DataSet, EncodedData
from engine.wire import datasets
from tests.runtime.console import CT, EXPLICIT, IMPLICIT, Console, proposal, store_rq

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
