"""References to the instances in files, for what speaks of instances without sending them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from engine.model.commands import ReadReferences
from engine.model.dataset import DataSet
from engine.model.notices import Outcome, ReferencesNotice
from engine.model.reading import is_file
from engine.model.references import Found, Reference, unique
from engine.model.storing import FileState, PlannedFile
from engine.wire import datasets
from engine.wire.dicomdir import references

from .context import Context
from .finding_files import LOOK, Finder
from .operations import Operation

_STOP = 0x0020000F
"""Behind Series Instance UID, the last attribute a reference takes."""


class Referencing:
    """One ReadReferences command."""

    def __init__(self, context: Context, command: ReadReferences, operation: Operation) -> None:
        self._context = context
        self._command = command
        self._operation = operation
        self._finder = Finder(command.paths, stop=lambda: operation.cancelled)
        self._read = 0

    async def run(self) -> None:
        """To the ReferencesNotice and the StatusNotice."""
        operation = self._operation
        work = asyncio.get_running_loop().run_in_executor(None, self._work)
        while not (await asyncio.wait({work}, timeout=LOOK))[0]:
            operation.progress(self._read, sentence=f"{len(self._finder.files)} files looked at.")
        found = await work
        self._context.notify(ReferencesNotice(operation=operation.number, time=self._context.wall(), found=found))
        count = len(found.references)
        words = f"{count} {'instance' if count == 1 else 'instances'} found"
        if found.problems:
            words += f", {len(found.problems)} {'file' if len(found.problems) == 1 else 'files'} left out"
        outcome = Outcome.CANCELLED if operation.cancelled else Outcome.SUCCESS if count else Outcome.NOT_SENT
        operation.end(outcome, f"{words}.")

    def _work(self) -> Found:
        """Beside the loop."""
        self._finder.run()
        told: list[Reference] = []
        problems: list[str] = []
        for file in self._finder.files:
            if self._operation.cancelled:
                break
            if file.state is FileState.PLANNED:
                told.append(_reference(file))
                self._read = len(told)
            elif file.state is FileState.CANNOT_GO:
                problems.append(f"{file.path}: {file.why}")
        return Found(unique([*told, *self._listed()]), tuple(problems))

    def _listed(self) -> list[Reference]:
        """What DICOMDIRs named by themselves list: their files need not be there."""
        found: list[Reference] = []
        for path in self._command.paths:
            if is_file(path) and not self._operation.cancelled:
                found += _of_directory(path)
        return found


def _of_directory(path: Path) -> list[Reference]:
    try:
        header = datasets.open_file(path)
        records = references(header) if header.is_directory else []
    except datasets.DataSetError:
        return []  # the finder has told it
    return [
        Reference(sop_class_uid=r.sop_class_uid, sop_instance_uid=r.sop_instance_uid, source=str(path))
        for r in records
        if r.sop_class_uid and r.sop_instance_uid
    ]


def _reference(file: PlannedFile) -> Reference:
    """An instance with what its file says of its series; a file that can be read no further names the instance."""
    try:
        data = datasets.read_attributes(file.data, _STOP)
    except datasets.DataSetError:
        data = DataSet()
    return Reference(
        sop_class_uid=file.sop_class_uid,
        sop_instance_uid=file.sop_instance_uid,
        study_instance_uid=data.text(0x0020000D),
        series_instance_uid=data.text(0x0020000E),
        modality=data.text(0x00080060),
        protocol_name=data.text(0x00181030),
        series_description=data.text(0x0008103E),
        performing_physician=data.text(0x00081050),
        operators=data.text(0x00081070),
        patient_name=data.text(0x00100010),
        source=str(file.path),
    )
