"""What a C-MOVE to the built-in peer brings is kept in the folder that was asked for too, and holds nobody up."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from engine.model.commands import MoveDestination
from engine.model.dataset import DataElement, DataSet, EncodedData
from engine.model.limits import Limits
from engine.model.notices import Outcome
from engine.runtime.files import FolderStore
from engine.services.effects import Instance
from engine.wire import datasets

from .console import CT, EXPLICIT, HOST, STUDY_MOVE, Console, keys, policy
from .retrieving import ask, end

DEFLATED = "1.2.840.10008.1.2.1.99"


@pytest.mark.parametrize(
    ("size", "syntax", "in_the_loop"),
    [(100, EXPLICIT, True), (3_000_000, EXPLICIT, False), (100, DEFLATED, False)],
    ids=["small", "large", "deflated"],
)
def test_a_copy_that_takes_long_is_made_in_another_thread(
    size: int, syntax: str, in_the_loop: bool, console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attributes = keys(SOPClassUID=CT, SOPInstanceUID="1.2.3", PatientID="P1", StudyInstanceUID="1.2.9")
    pixels = DataSet((DataElement(0x7FE00010, "OB", bytes(size)),))
    plain = datasets.encode_dataset(attributes.merged(pixels), EXPLICIT)
    (tmp_path / "stock").mkdir()
    given = datasets.transcode(EncodedData(plain, EXPLICIT), syntax)
    datasets.write_file(tmp_path / "stock" / "one.dcm", given.data, syntax, CT, "1.2.3")
    ours = console.listen(tmp_path / "own", policy=policy(ae_titles=("CONSOLE",), limits=Limits(memory=10_000_000)))
    destination = MoveDestination(ae_title="CONSOLE", host=HOST, port=ours.port)
    archive = console.listen(tmp_path / "stock", destinations=(destination,))
    threads, add = list[bool](), FolderStore.add

    def noted(self: FolderStore, instance: Instance) -> str:
        threads.append(threading.get_ident() == console.engine._context.loop._thread_id)  # type: ignore[attr-defined]
        return add(self, instance)

    monkeypatch.setattr(FolderStore, "add", noted)
    monkeypatch.setattr("engine.runtime.retrievals.known_quick", lambda _: True)
    asked = tmp_path / "asked"
    status = end(console, ask(console, archive, "C-MOVE", STUDY_MOVE, move_destination="CONSOLE", folder=asked))
    assert (status.outcome, status.received) == (Outcome.SUCCESS, 1)
    (copy,) = asked.glob("*.dcm")
    assert datasets.load_file(datasets.open_file(copy).data).data == given.data
    assert threads == [in_the_loop]
