"""Sending many files with C-STORE: find them, plan the associations, send, count."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.model.association import Negotiated
from engine.model.commands import Outgoing, StoreFiles
from engine.model.dataset import FileData
from engine.model.notices import Outcome
from engine.services.plan import Batch, plan
from engine.services.responses import request_of
from engine.standard.dictionary import uid_name
from engine.standard.status import StatusClass, status_class, status_text
from engine.standard.transfer_syntaxes import transfer_syntax
from engine.wire import datasets
from engine.wire.datasets import DataSetError, FileHeader

from . import sentences
from .association import Association
from .context import Context
from .files import looks_like_dicom
from .invocation import Ended
from .listener import own_side
from .operations import Operation, opened

UNLIMITED = 64
"""Stores outstanding at once when the window has no limit: more would gain nothing and delay a Cancel."""


@dataclass(slots=True)
class _Count:
    """What became of the files."""

    sent: int = 0
    failed: int = 0
    warning: int = 0
    size: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def done(self) -> int:
        return self.sent + self.failed + self.warning

    def fail(self, why: str) -> None:
        self.failed += 1
        self.problems.append(why)


class Storing:
    """One StoreFiles command."""

    def __init__(self, context: Context, command: StoreFiles, operation: Operation) -> None:
        self._context = context
        self._command = command
        self._operation = operation
        self._count = _Count()
        self._passed_over: list[Path] = []
        self._next_association: int | None = command.association

    async def run(self) -> None:
        found, broken, self._passed_over = await asyncio.to_thread(
            _headers, self._command.paths, lambda: self._operation.cancelled
        )
        for problem in broken:
            self._fail(problem)
        self._operation.total = len(found) + len(broken)
        if not found:
            self._end("" if broken or self._operation.cancelled else "No file was found to send.")
            return
        stopped = ""
        for batch in plan(found):
            try:
                await self._send_batch(batch)
            except Ended as ended:
                stopped = ended.sentence
                if ended.outcome is not Outcome.NOT_SENT:
                    self._end(stopped, ended.outcome)
                    return
            if self._operation.cancelled:
                break
        self._end(stopped)

    async def _send_batch(self, batch: Batch) -> None:
        number = self._next_association or self._context.new_id()
        self._next_association = None
        proposal = replace(self._command.proposal, contexts=batch.contexts)
        association = Association(
            self._context, number, requestor=True, peer=proposal.peer, timeouts=proposal.timeouts, proposal=proposal
        )
        own_side(self._context, association)
        negotiated = await opened(association, self._operation)
        try:
            await self._send_files(association, negotiated, batch.files)
        finally:
            await association.release()

    async def _send_files(self, association: Association, negotiated: Negotiated, files: Iterable[FileHeader]) -> None:
        """Each in turn, without waiting for the responses to those before as far as the asynchronous operations window
        allows (PS3.7 D.3.3.3). Raises Ended when the association ends; what was outstanding then is not counted."""
        room = asyncio.Semaphore(negotiated.window.invoked or UNLIMITED)
        ends: list[Ended] = []

        async def send(header: FileHeader) -> None:
            try:
                await self._send_file(association, negotiated, header)
            except Ended as ended:
                ends.append(ended)
            finally:
                room.release()

        async with asyncio.TaskGroup() as outstanding:
            for header in files:
                await room.acquire()
                if self._operation.cancelled or ends:
                    break
                outstanding.create_task(send(header))
        if ends:
            raise ends[0]

    async def _send_file(self, association: Association, negotiated: Negotiated, header: FileHeader) -> None:
        """Send one file; only the association's end is raised, a file that cannot go is counted."""
        name = header.path.name
        context_id = _context_for(negotiated, header)
        if context_id is None:
            words = uid_name(header.sop_class_uid) or header.sop_class_uid
            self._fail(f"{name}: {sentences.no_context(words, header.sop_class_uid, negotiated)}")
            return
        command = request_of(
            "C-STORE-RQ",
            AffectedSOPClassUID=header.sop_class_uid,
            AffectedSOPInstanceUID=header.sop_instance_uid,
        )
        data = FileData(header.path, header.data_offset, header.length, header.transfer_syntax)
        if header.cut:
            cut = f"{header.path}: {header.cut} It is sent as it is."
            self._context.error(cut, self._operation.association, self._operation.number)
        try:
            response = await association.messages.perform(Outgoing(command=command, data=data, context_id=context_id))
        except Ended as ended:
            if association.end is not None:
                raise
            self._fail(f"{name}: {ended.sentence}")
            return
        self._take_status(name, header, response.command.status, response.command.text("ErrorComment"))

    def _take_status(self, name: str, header: FileHeader, status: int | None, comment: str) -> None:
        kind = StatusClass.FAILURE if status is None else status_class(status)
        text = "no status" if status is None else status_text(status, "C-STORE", header.sop_class_uid)
        detail = f"{name}: {text}" + (f" — {comment}" if comment else "")
        self._count.size += header.length
        if kind is StatusClass.SUCCESS:
            self._count.sent += 1
        elif kind is StatusClass.WARNING:
            self._count.warning += 1
            self._count.problems.append(detail)
        else:
            self._fail(detail)
            return
        self._progress(detail)

    def _fail(self, why: str) -> None:
        self._count.fail(why)
        self._context.error(why, self._operation.association, self._operation.number)
        self._progress(why)

    def _progress(self, sentence: str) -> None:
        count = self._count
        self._operation.progress(
            count.done, failed=count.failed, warning=count.warning, size=count.size, sentence=sentence
        )

    def _end(self, stopped: str, outcome: Outcome | None = None) -> None:
        count, total = self._count, self._operation.total or 0
        left = total - count.done
        words = f"{count.sent} of {total} files stored"
        words += f", {count.warning} with a warning" if count.warning else ""
        words += f", {count.failed} failed" if count.failed else ""
        words += f", {left} not sent" if left else ""
        sentences_of_it = [
            f"{words}.",
            f"First problem: {count.problems[0]}" if count.problems else "",
            _other_files(self._passed_over),
            stopped,
        ]
        self._operation.end(
            outcome or self._outcome(left),
            " ".join(filter(None, sentences_of_it)),
            service="C-STORE",
            completed=count.sent,
            failed=count.failed,
            warning=count.warning,
            remaining=left,
        )

    def _outcome(self, left: int) -> Outcome:
        count = self._count
        if self._operation.cancelled and left:
            return Outcome.CANCELLED
        if not count.sent and not count.warning:
            return Outcome.FAILURE if count.size else Outcome.NOT_SENT
        if count.failed or left:
            return Outcome.FAILURE
        return Outcome.WARNING if count.warning else Outcome.SUCCESS


NAMED = 3
"""Files named in a sentence that counts more."""


def _other_files(paths: list[Path]) -> str:
    """What was found in the folders and is no instance to store: nothing is left out without a word."""
    if not paths:
        return ""
    names = ", ".join(p.name for p in paths[:NAMED]) + (", ..." if len(paths) > NAMED else "")
    return f"Passed over: {len(paths)} {'file' if len(paths) == 1 else 'files'} without a DICOM instance ({names})."


def _context_for(negotiated: Negotiated, header: FileHeader) -> int | None:
    """The accepted context in the file's own syntax, else one it can be transcoded to."""
    accepted = negotiated.accepted_for(header.sop_class_uid)
    same = [c.id for c in accepted if c.transfer_syntax == header.transfer_syntax]
    if same:
        return same[0]
    if not _uncompressed(header.transfer_syntax):
        return None
    return next((c.id for c in accepted if _uncompressed(c.transfer_syntax)), None)


def _uncompressed(uid: str) -> bool:
    row = transfer_syntax(uid)
    return row is not None and row.uncompressed


def _headers(paths: Iterable[Path], stop: Callable[[], bool]) -> tuple[list[FileHeader], list[str], list[Path]]:
    """Headers of all DICOM files under the paths, a sentence for each that cannot be read, what was passed over. Runs
    beside the loop, until `stop` says so.

    In a folder, files that are plainly something else (no DICOM prefix and no data set, DICOMDIR) are passed over; a
    file named outright is always tried.
    """
    found: list[FileHeader] = []
    broken: list[str] = []
    passed_over: list[Path] = []
    for candidate, named in _candidates(paths):
        if stop():
            break
        try:
            header = datasets.checked(datasets.open_file(candidate))
        except DataSetError as error:
            if named or looks_like_dicom(candidate):
                broken.append(str(error))
            else:
                passed_over.append(candidate)
            continue
        if header.is_directory:
            passed_over.append(candidate)
            continue
        if header.sop_class_uid and header.sop_instance_uid:
            found.append(header)
        elif not named and not looks_like_dicom(candidate):
            passed_over.append(candidate)
        else:
            broken.append(
                f"{candidate}: it has no SOP Class UID or no SOP Instance UID, so it is no instance to store."
            )
    return found, broken, passed_over


def _candidates(paths: Iterable[Path]) -> Iterator[tuple[Path, bool]]:
    """(file, whether it was named outright)."""
    for path in paths:
        if path.is_dir():
            yield from ((p, False) for p in sorted(path.rglob("*")) if p.is_file())
        else:
            yield path, True
