"""What a modality does at a RIS: ask the worklist, report the step it performs (PS3.4 Annexes K and F)."""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from engine.model.association import ProposedContext
from engine.model.commands import Retrieve
from engine.model.dataset import DataSet
from engine.model.notices import AnyNotice, Direction, MessageNotice, Outcome, StatusNotice
from engine.model.procedures.instance import ReadInstance
from engine.model.procedures.modality import ChangePerformedStep, CreatePerformedStep
from engine.standard.dictionary import Code, context_group
from engine.standard.messages import message_name
from engine.standard.performed_steps import (
    COMPLETED,
    DISCONTINUATION_REASONS,
    DISCONTINUED,
    FINAL_STATES,
    IN_PROGRESS,
    MPPS_RETRIEVE,
)
from engine.standard.transfer_syntaxes import EXPLICIT_VR_LE, IMPLICIT_VR_LE
from engine.trace.explain import PreviewError, data_set_of
from engine.trace.plain_text import table
from engine.workspace.dataset_toml import read_dataset, write_dataset
from engine.workspace.errors import ValueProblem, WorkspaceError
from engine.workspace.keys import with_keys
from engine.workspace.matching_values import problems, resolved, this_day
from engine.workspace.modality_records import Records, StepRecord, step_records
from engine.workspace.performed_steps import Performing, begun, ended, item_problems, lacking
from engine.workspace.placeholders import new_uid
from engine.workspace.toml_text import dumps, parse, placed, read_text, write_atomically
from engine.workspace.worklist import COLUMNS, WORKLIST, WorklistItem, worklist_keys
from engine.workspace.workspace import default_folder

from .driver import driving
from .exits import Exit
from .options import proposal
from .output import Output
from .procedures import play, shows_data
from .references import gathered

LAST = "last"
_STATE = 0x00400252
_STEP_COLUMNS = {
    "State": "state",
    "Patient": "patient",
    "Step": "description",
    "Peer": "peer",
    "SOP Instance UID": "sop_instance_uid",
}
"""Of the list of performed steps: headings, and the keys of what stands below them."""


def now() -> float:
    """Seconds since the epoch."""
    return datetime.now().astimezone().timestamp()


# --- worklist ---------------------------------------------------------------------------------------------------------


def worklist(args: argparse.Namespace) -> Exit:
    """C-FIND of the Modality Worklist, its items as a table."""
    if args.to is not None and args.pick is None:
        raise ValueProblem("--to FILE needs --pick N: which item is written there")
    output = Output(json=args.json, redact=args.redact, judging=args.judging, verbosity=args.verbose)
    keys = worklist_keys(date=_date(args), station=args.station, modality=args.modality, patient=args.patient)
    context = ProposedContext(1, WORKLIST, (EXPLICIT_VR_LE, IMPLICIT_VR_LE))
    items: list[DataSet] = []

    def watch(notice: AnyNotice) -> None:
        item = _data_of(notice, "C-FIND-RSP")
        if item is not None:
            items.append(item)

    asked = resolved(with_keys(keys, args.key), this_day())
    for wrong in problems(asked):
        output.error(f"{wrong} It is asked for as it is.")
    with driving(output) as driver:
        operation = driver.new_id()
        command = Retrieve(
            operation=operation,
            association=driver.new_id(),
            proposal=proposal(args, (context,)),
            service="C-FIND",
            sop_class_uid=WORKLIST,
            identifier=asked,
        )
        status, code = driver.operate(command, operation, watch)
    if args.pick is None and items:
        rows = ((str(n), *WorklistItem(output.safe(item)).columns) for n, item in enumerate(items, 1))
        output.told_line(table(("#", *COLUMNS), rows).rstrip("\n"))
    elif args.pick is None and status.outcome is Outcome.SUCCESS:
        output.line("The worklist has no such item.")
    output.finish(status)
    if status.outcome is Outcome.SUCCESS and args.pick is not None:
        _pick(args, items, output)
    return code


def _date(args: argparse.Namespace) -> str:
    if args.days is not None:
        today = this_day()
        return f"{today:%Y%m%d}-{today + timedelta(days=args.days):%Y%m%d}"
    return "today" if args.today else str(args.date)


def _data_of(notice: AnyNotice, message: str) -> DataSet | None:
    """The data set of a message of this name that arrived; None for anything else."""
    if not isinstance(notice, MessageNotice) or notice.direction is not Direction.RECEIVED or notice.data is None:
        return None
    if message_name(notice.command.command_field) != message:
        return None
    try:
        return data_set_of(notice.data, notice.transfer_syntax, notice.limits)
    except PreviewError:
        return None


def _pick(args: argparse.Namespace, items: list[DataSet], output: Output) -> None:
    if not 1 <= args.pick <= len(items):
        raise ValueProblem(f"--pick {args.pick}: the worklist has {len(items)} such items")
    item = items[args.pick - 1]
    if args.to is None:
        output.data_set(item)
        return
    write_atomically(args.to, dumps({"dataset": write_dataset(item)}))
    output.line(f"Item {args.pick} ({WorklistItem(item).patient}) is in {args.to}; mpps create --item takes it.")


def read_item(path: Path) -> DataSet:
    """The worklist item a file holds. Raises `WorkspaceError`."""
    content = read_text(path)
    content_table = parse(content, path)
    if not isinstance(content_table.get("dataset"), dict):
        raise WorkspaceError(path, "it has no [dataset]: worklist --pick N --to FILE writes such files")
    try:
        return read_dataset(content_table["dataset"], path.parent)
    except ValueProblem as problem:
        raise placed(problem.under("dataset"), content, path) from None


# --- performed steps --------------------------------------------------------------------------------------------------


def create(args: argparse.Namespace) -> Exit:
    """N-CREATE of a performed step."""
    output = Output(json=args.json, redact=args.redact, judging=args.judging, verbosity=args.verbose)
    asked = proposal(args)
    item = read_item(args.item) if args.item is not None else None
    own = Performing(
        station_ae_title=asked.local.ae_title,
        modality=args.modality,
        step_id=args.step_id,
        description=args.description,
        station_name=args.station_name,
        location=args.location,
        patient_name=args.patient_name,
        patient_id=args.patient_id,
        study_instance_uid=args.study,
    )
    for problem in item_problems(item) if item is not None else ():
        output.error(problem)
    attributes = with_keys(begun(item, own, datetime.now().astimezone()), args.key)
    _tell_lacking(output, lacking(attributes, "create"))
    if args.preview:
        output.preview(attributes)
        return Exit.SUCCESS
    uid = args.uid or new_uid()
    output.line(f"The step is {uid}.")
    status, code = play(args, output, CreatePerformedStep(sop_instance_uid=uid, attributes=attributes))
    record = StepRecord(uid=uid, peer=asked.peer, attributes=attributes, changed=now())
    kept = _keep(output, step_records(default_folder()), record, status, IN_PROGRESS)
    output.finish(status)
    return code if kept or code is not Exit.SUCCESS else Exit.FAILURE


def complete(args: argparse.Namespace) -> Exit:
    """N-SET to COMPLETED."""
    return _end(args, COMPLETED, None)


def discontinue(args: argparse.Namespace) -> Exit:
    """N-SET to DISCONTINUED with its reason."""
    return _end(args, DISCONTINUED, reason(args.reason))


def show(args: argparse.Namespace) -> Exit:
    """N-GET of a performed step; what the workspace knows of it becomes what the peer says."""
    output = Output(json=args.json, redact=args.redact, judging=args.judging, verbosity=args.verbose)
    records = step_records(default_folder())
    record = _record(records, args.step, going=False)
    uid = record.uid if record is not None else args.step
    came: list[DataSet] = []

    def watch(notice: AnyNotice) -> None:
        if not args.json:
            shows_data("N-GET-RSP")(output, notice)
        came.extend(filter(None, (_data_of(notice, "N-GET-RSP"),)))

    asked = ReadInstance(sop_class_uid=MPPS_RETRIEVE, sop_instance_uid=uid)
    status, code = play(args, output, asked, watch)
    if came and status.outcome in (Outcome.SUCCESS, Outcome.WARNING):
        state = came[-1].text(_STATE)
        if record is not None and state in (IN_PROGRESS, *FINAL_STATES):
            merged = record.attributes.merged(came[-1])
            records.save(replace(record, attributes=merged, state=state, doubt="", changed=now()))
        output.line(f"The step is {state or 'without a status, which PS3.4 Table F.7.2-1 wants'}.")
    output.finish(status)
    return code


def reason(text: str) -> Code:
    """The code of CID 9300 with this value, or whose meaning has these words. `ValueProblem` for none and many."""
    group = context_group(DISCONTINUATION_REASONS)
    found = [c for c in group if text in (c.value, f"{c.scheme}:{c.value}")]
    found = found or [c for c in group if text.lower() == c.meaning.lower()]
    found = found or [c for c in group if text.lower() in c.meaning.lower()]
    if len(found) == 1:
        return found[0]
    choice = "; ".join(f"{c.value} {c.meaning}" for c in (found or [c for c in group if c.scheme == "DCM"]))
    raise ValueProblem(f"“{text}” is {'several reasons' if found else 'no reason'} of CID 9300: {choice}")


def _end(args: argparse.Namespace, state: str, why: Code | None) -> Exit:
    output = Output(json=args.json, redact=args.redact, judging=args.judging, verbosity=args.verbose)
    records = step_records(default_folder())
    record = _record(records, args.step)
    uid = record.uid if record is not None else args.step
    found = gathered(args, output) if args.paths or args.references else ()
    changes = ended(state, datetime.now().astimezone(), found, why, args.retrieve_ae or "", args.protocol)
    changes = with_keys(changes, args.key)
    _tell_lacking(output, lacking(changes, "final"))
    if args.preview:
        output.preview(changes)
        return Exit.SUCCESS
    status, code = play(args, output, ChangePerformedStep(sop_instance_uid=uid, changes=changes))
    kept = True
    if record is not None:
        merged = replace(record, attributes=record.attributes.merged(changes), changed=now())
        kept = _keep(output, records, merged, status, state)
    output.finish(status)
    return code if kept or code is not Exit.SUCCESS else Exit.FAILURE


def _record(records: Records[StepRecord], named: str, *, going: bool = True) -> StepRecord | None:
    """The record named; the last one is the last in progress (going) or of all."""
    if named != LAST:
        if not named.replace(".", "").isdigit():
            raise ValueProblem(f"“{named}” is neither the UID of a step nor “{LAST}”")
        return records.find(named)
    known = [r for r in records.all() if not (going and r.ended)]
    if not known:
        raise ValueProblem(f"no step is {'in progress' if going else 'known'}; mpps list shows what is known")
    return known[0]


def _keep(output: Output, records: Records[StepRecord], record: StepRecord, status: StatusNotice, state: str) -> bool:
    """The record as far as the outcome tells; what was refused or never sent changes nothing. Tells why it cannot be
    kept, and gives False then: the peer has the step all the same."""
    doubt = f"No answer came: {status.sentence}" if status.outcome in (Outcome.ABORTED, Outcome.TIMED_OUT) else ""
    if not doubt and status.outcome not in (Outcome.SUCCESS, Outcome.WARNING):
        return True
    try:
        records.save(replace(record, state=state, doubt=doubt))
    except WorkspaceError as error:
        output.error(f"What the peer was told of the step is not kept here: {error}")
        return False
    return True


def _tell_lacking(output: Output, keywords: tuple[str, ...]) -> None:
    for keyword in keywords:
        output.error(f"{keyword} has no value, though PS3.4 Table F.7.2-1 wants one; it is sent so.")


def show_steps(args: argparse.Namespace) -> Exit:
    """The performed steps of the workspace."""
    output = Output(json=args.json, redact=args.redact, judging=args.judging, verbosity=args.verbose)
    records = step_records(default_folder())
    steps = records.all()
    for step in steps:
        told = {"sop_instance_uid": step.uid, "state": step.state, "doubt": step.doubt, "peer": step.peer.ae_title}
        output.record("performed_step", {**told, "patient": step.patient, "description": step.description})
    rows = [(s.state + (" ?" if s.doubt else ""), s.patient, s.description, s.peer.ae_title, s.uid) for s in steps]
    output.table(_STEP_COLUMNS, rows)
    if not rows:
        output.line("No performed step is known here.")
    for problem in records.problems:
        output.error(str(problem))
    return Exit.SUCCESS
