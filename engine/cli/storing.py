"""The store command: the plan, then the files, then what did not go."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from engine.model.commands import PlanStore, StoreFiles
from engine.model.notices import AnyNotice, ErrorNotice, StatusNotice, StoredNotice, StorePlanNotice
from engine.model.reading import LIST, hindrance, read_whole
from engine.model.storing import FileResult, FileState, Order, PlannedFile, ProposalStyle, StoreOptions, StorePlan
from engine.model.whole_numbers import whole_number
from engine.trace.plain_text import table
from engine.trace.store_text import PLAN_HEADERS, RESULT_HEADERS, plan_rows, plan_summary, result_rows
from engine.workspace.errors import ValueProblem

from .driver import driving
from .exits import Exit
from .options import proposal
from .output import Output
from .telling import named

NAMES = "surrogateescape"
"""How lists hold names of files that are no UTF-8: as the bytes they are."""
NUL = "\0"
"""Ends each entry of a list that has one anywhere, as `find -print0` writes it: a name may have a line feed in it."""
SHOWN = 200
"""Rows of the last table: more belong into a file (--rest) or JSON lines."""
MORE = """
The files are looked at first and the associations planned: at most 128 presentation contexts go on one. A pattern such
as "study/**/*.dcm" is expanded here, a DICOMDIR named by itself stands for the files it refers to, and @LIST for the
paths in a file, one a line or each ended by a NUL (@-: standard input). --plan shows what would go where and what
cannot go, and sends nothing."""


def add_store(sub: argparse.ArgumentParser) -> None:
    """Arguments of the store command."""
    sub.add_argument("paths", metavar="PATH", nargs="+", help="files, folders (walked), patterns, DICOMDIRs, @LIST")
    group = sub.add_argument_group("plan")
    group.add_argument("--plan", action="store_true", help="show the plan and send nothing")
    group.add_argument(
        "--negotiate", action="store_true", help="with --plan: ask the peer too, and tell what it does not accept"
    )
    group.add_argument(
        "--style",
        choices=[s.value for s in ProposalStyle],
        default=ProposalStyle.SEPARATE.value,
        help="presentation contexts: one for each transfer syntax and one for what it can be converted to (default); "
        "exact: no conversion; together: all transfer syntaxes of a SOP class in one",
    )
    group.add_argument(
        "--order", choices=[o.value for o in Order], default=Order.FOUND.value, help="in which order files are sent"
    )
    group.add_argument("--parallel", metavar="N", type=positive, default=1, help="associations at once (1)")
    group.add_argument("--per-association", metavar="N", type=positive, default=0, help="at most N files on one")
    group.add_argument("--duplicates", action="store_true", help="send files with a SOP Instance UID already there too")
    group = sub.add_argument_group("sending")
    group.add_argument("--repeat", metavar="N", type=positive, default=1, help="send all of it N times")
    group.add_argument(
        "--on-failure", choices=("continue", "stop"), default="continue", help="after a failure status (continue)"
    )
    group.add_argument(
        "--on-abort",
        choices=("stop", "continue"),
        default="stop",
        help="after the peer ended an association too early; continue: with the rest, on another (stop)",
    )
    group.add_argument(
        "--rest",
        metavar="FILE",
        type=Path,
        help="write the paths not stored there, for @FILE",
    )


def positive(text: str) -> int:
    """An argparse type: a number from 1."""
    number = whole_number(text, 1_000_000)
    if not number:
        raise argparse.ArgumentTypeError(f"“{text}” is not a number from 1 to 1000000")
    return number


def store(args: argparse.Namespace) -> Exit:
    """C-STORE of files and folders, or the plan of it."""
    paths = tuple(path for text in args.paths for path in _paths(text))
    if not paths:
        raise ValueProblem("nothing to store: the list is empty")
    if args.negotiate and not args.plan:
        raise ValueProblem("--negotiate is for --plan; without it the peer is asked anyway")
    output = StoreOutput(args)
    named(paths)
    asked = proposal(args)
    if args.context:
        output.error("--context is not used by store: it proposes what the files need.")
    options = StoreOptions(
        style=ProposalStyle(args.style),
        order=Order(args.order),
        parallel=args.parallel,
        files_per_association=args.per_association,
        stop_at_failure=args.on_failure == "stop",
        resume=args.on_abort == "continue",
        repeat=args.repeat,
        duplicates=args.duplicates,
    )
    if args.rest is not None:
        _look_at_rest(args.rest)
    with driving(output) as driver:
        operation, association = driver.new_id(), driver.new_id()
        command: PlanStore | StoreFiles = StoreFiles(
            operation=operation, association=association, proposal=asked, paths=paths, options=options
        )
        if args.plan:
            command = PlanStore(
                operation=operation,
                association=association,
                proposal=asked if args.negotiate else None,
                paths=paths,
                options=options,
            )
        status, code = driver.operate(command, operation)
    if args.plan and code is Exit.SUCCESS and status.failed:
        code = Exit.FAILURE  # not everything can go
    output.finish(status)
    if args.rest is not None:
        _write_rest(args.rest, status)
    return code


class StoreOutput(Output):
    """Prints the plan before, and what did not go after."""

    def __init__(self, args: argparse.Namespace) -> None:
        super().__init__(json=args.json, redact=args.redact, judging=args.judging, verbosity=args.verbose)
        self._only_plan: bool = args.plan
        self._plan = StorePlan()
        self._not_stored: dict[int, FileResult] = {}

    def notice(self, notice: AnyNotice) -> None:
        """Print a notice of a store; the plan before anything is sent."""
        told = self.told(notice) if isinstance(notice, StorePlanNotice | StoredNotice) else notice
        match told:
            case StorePlanNotice():
                self._plan = told.plan
                if not self._only_plan:
                    self._show_summary()
            case StoredNotice():
                self._take(told)
            case ErrorNotice() if told.operation is not None and not self.json:
                return  # about files: the last table has them
        super().notice(notice)

    def _take(self, notice: StoredNotice) -> None:
        for result in notice.results:
            if result.state is FileState.STORED:
                self._not_stored.pop(result.number, None)
            elif result.state not in (FileState.SENDING, FileState.PLANNED):
                self._not_stored[result.number] = result

    def _show_summary(self) -> None:
        self.told_line(plan_summary(self._plan))
        noted = [f for f in self._plan.files if f.note]
        for file in noted[:SHOWN]:
            self.told_error(f"{file.path}: {file.note}")
        if len(noted) > SHOWN:
            self.error(f"... and {len(noted) - SHOWN} files more that are odd; --plan lists them.")

    def finish(self, status: StatusNotice, *, aside: bool = False) -> None:
        """The plan as a table, or the files that did not go; then how it ended."""
        if self._only_plan:
            files = (self._with_answer(f) for f in self._plan.files)
            self.told_line(table(PLAN_HEADERS, plan_rows(replace(self._plan, files=tuple(files)))).rstrip("\n"))
            self.told_line(plan_summary(self._plan))
        elif self._not_stored:
            rows = sorted(self._not_stored.values(), key=lambda r: r.number)
            self.told_line(table(RESULT_HEADERS, result_rows(rows[:SHOWN])).rstrip("\n"))
            if len(rows) > SHOWN:
                self.told_line(f"... and {len(rows) - SHOWN} more; --rest FILE writes them all.")
        super().finish(status)

    def _with_answer(self, file: PlannedFile) -> PlannedFile:
        """A planned file with what the peer's answer made of it."""
        answer = self._not_stored.get(file.number)
        if answer is None or file.state is not FileState.PLANNED:
            return file
        return replace(file, state=answer.state, why=answer.sentence)


def _paths(text: str) -> list[Path]:
    """What one argument names; of a list (@FILE), each line that is not empty."""
    if not text.startswith("@"):
        return [Path(text)]
    name = text[1:]
    if not name:
        raise ValueProblem("@ is followed by the name of a list, or - for standard input; a file of that name is ./@")
    try:
        content = read_whole(None if name == "-" else Path(name), LIST, pipes=True).decode(errors=NAMES)
    except (OSError, ValueError) as error:
        raise ValueProblem(
            f"the list {name} cannot be read: {hindrance(error)}; a file of that name is ./{text}"
        ) from None
    if NUL in content:
        return [Path(entry) for entry in content.split(NUL) if entry]
    return [Path(line) for line in content.replace("\r\n", "\n").split("\n") if line.strip()]


def _look_at_rest(path: Path) -> None:
    """ValueProblem where the rest could not be written: found out before anything is sent. What is there stays."""
    try:
        new = not path.exists()
        if new or path.is_file() or path.is_dir():
            path.open("ab").close()
        if new:
            path.unlink()
    except (OSError, ValueError) as error:
        raise ValueProblem(f"{path} cannot be written: {hindrance(error)}") from None


def _write_rest(path: Path, status: StatusNotice) -> None:
    """One a line; where a name would be taken for two, or for another, each ended by a NUL."""
    names = [str(p) for p in status.unfinished]
    end = NUL if any("\n" in name or name.endswith("\r") or not name.strip() for name in names) else "\n"
    try:
        with path.open("w", encoding="utf-8", errors=NAMES, newline="") as file:
            file.write("".join(name + end for name in names))
    except (OSError, ValueError) as error:
        raise ValueProblem(f"{path} cannot be written: {hindrance(error)}") from None
