"""What the command line prints: JSON lines on standard output, or calm sentences for people."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO

from engine.model.association import Negotiated
from engine.model.dataset import DataSet
from engine.model.defects import report_of
from engine.model.notices import (
    AnyNotice,
    AssociationNotice,
    AssociationPhase,
    EngineNotice,
    ErrorNotice,
    FindingNotice,
    ListenerNotice,
    MessageNotice,
    Outcome,
    PduNotice,
    ProgressNotice,
    ScriptNotice,
    StatusNotice,
    StepNotice,
    StepState,
)
from engine.standard.dictionary import uid_text
from engine.standard.pdus import PDataTF
from engine.trace.diagnosis.diagnoser import Diagnoser
from engine.trace.diagnosis.model import Diagnosis
from engine.trace.diagnosis.text import diagnosis_json, diagnosis_lines
from engine.trace.explain import Node, PreviewError, data_set_json, data_set_of, explain_command, explain_pdu
from engine.trace.json_lines import json_line
from engine.trace.negotiation_text import negotiation_lines
from engine.trace.pdu_text import hex_dump, pdu_text
from engine.trace.plain_text import (
    contexts_summary,
    contexts_table,
    notice_text,
    seconds_text,
    status_line,
    table,
    time_text,
    visible,
)
from engine.trace.tls_text import tls_lines
from engine.workspace.dataset_text import dataset_text

from .judging import Judging
from .telling import OutputFailed, lines, redaction

if TYPE_CHECKING:
    from engine.trace.redaction.redaction import N

MOST_DIAGNOSES = 3
"""Told at the end; more would bury the likeliest, and the trace has them all."""


MANY_CONTEXTS = 20
"""Beyond this, refused ones are told by result instead of a table that fills several screens."""
LONGEST_LINE = 1000
"""Characters of one element of a data set: pixels are nothing to read."""


def _readable(line: str) -> str:
    more = len(line) - LONGEST_LINE
    return f"{line[:LONGEST_LINE]} … {more:,} more characters" if more > 0 else line


class Output:
    """Prints notices as they come.

    json: as JSON lines. verbosity: 1 PDUs, messages and findings, 2 trees too, 3 bytes too. narrate: associations and
    messages without being asked, for commands that look on. contexts: show the negotiated contexts even when all were
    accepted. explain: the main fields of each PDU, the command set and data set of each message. judging: waives
    findings and counts them; those that make the run fail are printed without being asked. redact: without patients'
    data, AE titles and addresses; then what is printed is made of redacted notices, all other text goes as a sentence.
    """

    def __init__(
        self,
        *,
        json: bool = False,
        verbosity: int = 0,
        narrate: bool = False,
        contexts: bool = False,
        explain: bool = False,
        judging: Judging | None = None,
        redact: bool = False,
        out: TextIO | None = None,
    ) -> None:
        self.json = json
        self.verbosity = verbosity
        self._narrate = narrate
        self._show_contexts = contexts
        self._explain = explain
        self._out = out if out is not None else sys.stdout
        self._judging = judging or Judging()
        self.redaction = redaction() if redact else None
        self._listening: set[int] = set()
        self._diagnoser = Diagnoser()
        self._diagnoses: dict[str, Diagnosis] = {}
        self._progress_open = False
        self._failed = False
        self._reports: set[str] = set()
        """Of what could not be told, each told once: there are no more than places in the program."""
        reconfigure = getattr(self._out, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8" if json else None, errors="backslashreplace")

    # -- lines

    @property
    def room(self) -> int | None:
        """Characters of a line of the terminal; None where standard output is none."""
        return shutil.get_terminal_size().columns if self._out.isatty() else None

    def line(self, text: str = "") -> None:
        """A line for people; not with --json."""
        self.told_line(text if self.redaction is None else lines(text, self.redaction))

    def told_line(self, text: str = "") -> None:
        """A line made of what may be told."""
        if not self.json:
            self._end_progress()
            self._print(visible(text, keep="\n"))

    def table(self, columns: Mapping[str, str | None], rows: Iterable[Sequence[str]]) -> None:
        """Rows under their headings, nothing without rows. columns: by heading the key that a column would have in a
        JSON object, which says what of it may be told; None: all of it."""
        if self.redaction is not None:
            rows = [tuple(map(self._cell, columns.values(), row)) for row in rows]
        if text := table(tuple(columns), rows):
            self.told_line(text.rstrip("\n"))

    def _cell(self, key: str | None, text: str) -> str:
        return text if key is None or self.redaction is None else str(self.redaction.record(text, key))

    def record(self, kind: str, values: dict[str, Any]) -> None:
        """With --json, a line that is not a notice: what the program keeps."""
        if self.json:
            told = values if self.redaction is None else self.redaction.record(values)
            self._print(json.dumps({"kind": kind, **told}, ensure_ascii=False))

    def json_text(self, value: object) -> str:
        """JSON for people's output, in ASCII where standard output is not UTF-8, as JSON is to be (RFC 8259 8.1)."""
        unicode = str(getattr(self._out, "encoding", None) or "utf-8").lower().replace("_", "-") in ("utf-8", "utf8")
        return json.dumps(value, indent=1, ensure_ascii=not unicode)

    def _print(self, text: str) -> None:
        """A line on standard output. Raises `OutputFailed` once; what is still to be printed then is lost."""
        if self._failed:
            return
        try:
            self._out.write(f"{text}\n")  # in one: print() may be interrupted before the end of the line
            self._out.flush()
        except OSError as error:
            self._failed = True
            raise OutputFailed(error) from None

    def error(self, text: str) -> None:
        """A line on standard error."""
        self.told_error(text if self.redaction is None else lines(text, self.redaction))

    def unreadable(self, text: str) -> None:
        """What keeps recorded traffic from being read; no notice tells it."""
        self.error(text)
        self.record("error", {"time": None, "association": None, "operation": None, "sentence": text})

    def told_error(self, text: str) -> None:
        """A line on standard error made of what may be told."""
        self._end_progress()
        with suppress(OSError):
            print(visible(text), file=sys.stderr, flush=True)

    def _progress(self, text: str) -> None:
        """A line of what may be told that overwrites itself on a terminal; nothing elsewhere."""
        if self.json or not sys.stderr.isatty():
            return
        print(f"\r\x1b[K{visible(text)}", end="", file=sys.stderr, flush=True)
        self._progress_open = True

    def _end_progress(self) -> None:
        if self._progress_open:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            self._progress_open = False

    def data_set(self, dataset: DataSet) -> None:
        """A data set as indented lines."""
        self._data_set(self.safe(dataset))

    def preview(self, dataset: DataSet) -> None:
        """The data set of a message that is not sent, in the chosen form."""
        if self.json:
            told = data_set_json(self.safe(dataset))
            self._print(json.dumps({"kind": "preview", "dataset": told}, ensure_ascii=False))
        else:
            self.data_set(dataset)

    def safe(self, dataset: DataSet) -> DataSet:
        """The data set, or what is told in its place."""
        return dataset if self.redaction is None else self.redaction.data_set(dataset)

    def _data_set(self, dataset: DataSet) -> None:
        lines = dataset_text(dataset, 1).splitlines()
        self.told_line("\n".join(map(_readable, lines)) or "  (no elements)")

    # -- notices

    def told(self, notice: N) -> N:
        """The notice, or what is told in its place."""
        return notice if self.redaction is None else self.redaction.notice(notice)

    def tell(self, notice: AnyNotice) -> None:
        """One notice; where that fails for a defect of ours, that is told, and what comes next is told as ever: one
        odd message must not end a store in its middle, nor a peer that others call."""
        try:
            self.notice(notice)
        except (OutputFailed, OSError):
            raise
        except Exception as error:  # noqa: BLE001 - told with a report, which holds no value
            self._untold(error)

    def _untold(self, error: Exception) -> None:
        self._judging.untold = True
        report = report_of(error)
        if report in self._reports:
            return
        self._reports.add(report)
        sentence = f"Something could not be told, for a defect of the program itself ({type(error).__name__})."
        for line in (sentence, *report.splitlines()):
            self.told_error(line)
        self.record("error", {"time": None, "association": None, "operation": None, "sentence": sentence})

    def notice(self, notice: AnyNotice) -> None:
        """One notice, in the chosen form; nothing once standard output has failed."""
        notice = self._judging.see(notice)
        if self._failed:
            return
        diagnoses = self._diagnoser.take((notice,))
        if self.redaction is not None:
            diagnoses = tuple(map(self.redaction.diagnosis, diagnoses))
        notice = self.told(notice)
        if self.json:
            self._print(json_line(notice))
            for diagnosis in diagnoses:
                self._print(diagnosis_json(diagnosis))
            return
        self._tell(notice)
        if self._narrate:
            self._explain_why(diagnoses)
        else:
            self._diagnoses.update({d.title: d for d in reversed(diagnoses)})

    def _tell(self, notice: AnyNotice) -> None:
        match notice:
            case AssociationNotice():
                self._association(notice)
            case PduNotice() | MessageNotice() | FindingNotice():
                self._detail(notice)
            case ProgressNotice():
                self._progress(notice_text(notice))
            case StepNotice():
                if notice.state not in (StepState.PLANNED, StepState.RUNNING):
                    self.told_line(notice_text(notice))
            case ListenerNotice():
                self._listener(notice)
            case ScriptNotice():
                self._stamped(notice.time, notice_text(notice))
            case ErrorNotice() if self._explain and notice.association is not None:
                self.told_error(f"Association {notice.association}: {notice.sentence}")  # one of many recorded
            case EngineNotice() | ErrorNotice():
                self.told_error(notice.sentence)
                for line in notice.report.splitlines():
                    self.told_error(line)

    def _listener(self, n: ListenerNotice) -> None:
        """Started, stopped, or could not start, which is an error."""
        started = n.listening or n.listener in self._listening
        (self.told_line if started else self.told_error)(n.sentence)
        if n.listening:
            self._listening.add(n.listener)

    def _association(self, n: AssociationNotice) -> None:
        if self.verbosity or (self._narrate and n.sentence):
            self._stamped(n.time, notice_text(n))
        elif n.tls is not None and n.phase is AssociationPhase.CONNECTING:
            self.told_line(n.sentence)
        if self.verbosity and n.tls is not None and n.phase in (AssociationPhase.CONNECTING, AssociationPhase.FAILED):
            for line in tls_lines(n.tls):
                self.told_line(f"    {line}")
        if n.phase is AssociationPhase.ESTABLISHED and n.negotiated is not None:
            refused = any(not c.usable for c in n.negotiated.contexts)
            besides = negotiation_lines(n.negotiated, n.proposal)
            if self.verbosity or refused or (n.requestor and (self._show_contexts or besides)):
                self._contexts(n.negotiated, besides)

    def _contexts(self, negotiated: Negotiated, besides: list[str]) -> None:
        """The table of negotiated contexts, with the reason of each that is of no use; what was negotiated besides."""
        if len(negotiated.contexts) > MANY_CONTEXTS and not self.verbosity:
            for line in contexts_summary(negotiated):
                self.told_line(line)
        else:
            self.told_line(contexts_table(negotiated).rstrip("\n"))
            for context in negotiated.contexts:
                if not context.usable:
                    self.told_line(f"    {context.id}: {context.reason}")
        for line in besides:
            self.told_line(line)
        self.told_line()

    def _detail(self, n: PduNotice | MessageNotice | FindingNotice) -> None:
        fails = isinstance(n, FindingNotice) and self._judging.fails(n)
        if not (self.verbosity or fails or (self._narrate and isinstance(n, MessageNotice))):
            return
        whole = isinstance(n, PduNotice) and n.whole
        fields = pdu_text(n.data) if self._explain and isinstance(n, PduNotice) and whole else ""
        self._stamped(n.time, f"{notice_text(n)}: {fields}" if fields else notice_text(n))
        told = self.redaction is None or not isinstance(n, PduNotice) or n.type != PDataTF.TYPE
        if self.verbosity > 1 and isinstance(n, PduNotice) and whole and told:  # fragments are zeros, messages follow
            self._pdu_detail(n.data)
        if isinstance(n, MessageNotice):
            self._message_detail(n)

    def _pdu_detail(self, data: bytes) -> None:
        tree = explain_pdu(data)
        self._tree(tree)
        if self.verbosity > 2:
            for line in hex_dump(data, tree):
                self.told_line(f"  {line}")

    def _message_detail(self, n: MessageNotice) -> None:
        if self._explain:
            for element in explain_command(n.command_bytes).children:
                issue = f"   ! {element.issue}" if element.issue else ""
                self.told_line(f"  {element.label} = {visible(element.value)}{issue}")
            self.told_line(
                f"  Data set, {n.data_length} bytes in {uid_text(n.transfer_syntax)}:" if n.data else "  No data set."
            )
        if (self._explain or self.verbosity > 1) and n.data is not None:
            self._message_data(n)

    def _tree(self, node: Node, depth: int = 1) -> None:
        """A decoded tree, one field a line with its first byte."""
        issue = f"   ! {node.issue}" if node.issue else ""
        self.told_line(f"{node.start:>8}  {'  ' * depth}{node.label}: {visible(node.value)}{issue}")
        for child in node.children:
            self._tree(child, depth + 1)

    def message_data(self, n: MessageNotice) -> None:
        """The data set of a message, or why it cannot be shown."""
        self._message_data(self.told(n))

    def _message_data(self, n: MessageNotice) -> None:
        if n.data is None:
            return
        try:
            self._data_set(data_set_of(n.data, n.transfer_syntax, n.limits))
        except PreviewError as error:
            self.told_line(f"  {error}")

    def _stamped(self, time: float, text: str) -> None:
        stamp = time_text(time)
        self.told_line(visible(f"{stamp}  {text}" if stamp else text))

    # -- the end

    def diagnosed(self, rule: str) -> bool:
        """Whether this diagnosis has been made. Without --json: there whoever reads looks for it."""
        return any(diagnosis.rule == rule for diagnosis in self._diagnoses.values())

    def finish(self, status: StatusNotice, *, aside: bool = False) -> None:
        """The last sentence: how it ended. aside: on standard error whatever it was."""
        if self.json:
            return
        status = self.told(status)
        took = f" ({seconds_text(status.duration)})" if status.duration else ""
        text = visible(f"{status_line(status).rstrip()}{took}")
        if not aside and status.outcome in (Outcome.SUCCESS, Outcome.WARNING, Outcome.CANCELLED):
            self.told_line(text)
        else:
            self.told_error(text)
        self._explain_why(list(self._diagnoses.values())[:MOST_DIAGNOSES])
        self.findings_hint()

    def _explain_why(self, diagnoses: Iterable[Diagnosis]) -> None:
        """What the failure likely comes from, on standard error as it is no result."""
        for diagnosis in diagnoses:
            for line in diagnosis_lines(diagnosis):
                self.told_error(line)

    def findings_hint(self) -> None:
        """That there were findings, when they were not shown."""
        hint = self._judging.hint()
        if hint and not self.verbosity and not self.json:
            self.told_line(hint)
