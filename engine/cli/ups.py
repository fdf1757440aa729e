"""The ups commands that push and pull: create, find, claim, report progress, complete, cancel."""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path

from engine.conformance.ups import check_create
from engine.model.association import Peer
from engine.model.dataset import DataSet
from engine.model.notices import Outcome
from engine.model.procedures.ups import ClaimStep, CreateStep, FinishStep, RequestCancel, SetStep
from engine.standard.ups import CANCELED, COMPLETED
from engine.trace.json_basics import iso_time
from engine.workspace.errors import ValueProblem
from engine.workspace.keys import with_keys
from engine.workspace.names import resolve_uid
from engine.workspace.placeholders import new_uid
from engine.workspace.ups_claims import Claim, Claims
from engine.workspace.ups_steps import NewStep, Performed, cancel_request, canceled, instances, now_text
from engine.workspace.ups_steps import progress as progress_of

from . import queries
from .exits import Exit, NothingToSend
from .options import open_workspace, proposal
from .output import Output
from .procedures import play, run_procedure
from .references import NO_INSTANCE, of_files
from .telling import redacted

WORKITEM = "110005^DCM^Interpretation"
REASON = "110513^DCM^Discontinued for unspecified reason"
MODELS = {name: f"UnifiedProcedureStep{name.title()}" for name in ("pull", "watch", "query")}
"""The classes that can be queried, by what --through says."""
_CLAIM_COLUMNS = {
    "step": "sop_instance_uid",
    "transaction UID": "transaction_uid",
    "provider": "peer",
    "claimed": None,
    "doubt": "doubt",
}
"""Of the list of claims: headings, and the keys of what stands below them; when it was claimed is told."""


_OPTIONS = {
    "ProcedureStepLabel": "--label TEXT",
    "WorklistLabel": "--worklist TEXT",
    "ScheduledProcedureStepStartDateTime": "--start DATETIME",
    "ScheduledStationNameCodeSequence": "--station CODE",
    "ScheduledWorkitemCodeSequence": "--workitem CODE",
    "ScheduledHumanPerformersSequence": "--performer CODE",
    "InputInformationSequence": "--input PATH",
}
"""What gives an attribute of a new step; -k gives any other."""


def push(args: argparse.Namespace) -> Exit:
    """N-CREATE; what the table asks for is told before anything is sent."""
    step = NewStep(
        label=args.label,
        worklist=args.worklist,
        priority=args.priority,
        start=args.start or now_text(),
        station=args.station,
        workitem=args.workitem,
        performer=args.performer,
        performer_name=args.performer_name,
        performer_organization=args.performer_organization,
        readiness=args.readiness,
        comments=args.comments,
        patient_name=args.patient_name,
        patient_id=args.patient_id,
        inputs=_instances(args, args.input),
    )
    attributes = with_keys(step.data_set(), args.key)
    problems = check_create(attributes)
    if problems:
        output = Output(json=args.json, redact=args.redact)
        for problem in problems:
            outermost = problem.path.partition("[")[0]
            option = _OPTIONS.get(outermost, "-k KEY")
            output.told_error(f"{redacted(f'{problem.path}: {problem.sentence}')} ({option})")
        if not args.anyway:
            output.error("Nothing was sent; --anyway sends it all the same.")
            return Exit.NOT_SENT
    uid = "" if args.uid_by_peer else resolve_uid(args.uid) if args.uid else new_uid()
    return run_procedure(args, CreateStep(attributes=attributes, sop_instance_uid=uid))


def find(args: argparse.Namespace) -> Exit:
    """C-FIND with the keys of a worklist of steps."""
    keys = {
        "ProcedureStepState": "" if args.state == "any" else args.state,
        "ScheduledProcedureStepStartDateTime": args.date,
        "ScheduledProcedureStepPriority": args.priority or "",
        "ScheduledStationNameCodeSequence[0].CodeValue": args.station,
        "WorklistLabel": args.worklist,
    }
    args.key = [*(f"{path}={value}" for path, value in keys.items() if value), *args.key]
    args.model, args.file, args.template, args.level, args.only = MODELS[args.through], None, None, None, False
    return queries.find(args)


def claim(args: argparse.Namespace) -> Exit:
    """N-ACTION to IN PROGRESS. The key is kept before it is sent: a lost answer must not lose it."""
    claims, peer = Claims(open_workspace(quiet=True).folder), _peer(args)
    uid, key = resolve_uid(args.step), resolve_uid(args.transaction) if args.transaction else new_uid()
    now = datetime.now().astimezone().timestamp()
    asked = Claim(sop_instance_uid=uid, transaction_uid=key, peer=peer, claimed=now)
    before = claims.begin(asked)
    output = _output(args)
    status, code = play(args, output, ClaimStep(sop_instance_uid=uid, transaction_uid=key))
    claims.conclude(asked, status.outcome, before)
    if status.outcome is Outcome.SUCCESS:
        output.line(f"Transaction UID {key}")
    output.finish(status)
    return code


def progress(args: argparse.Namespace) -> Exit:
    """N-SET of the progress and of any other attribute."""
    told = any((args.percent, args.description, args.contact_name, args.contact_uri))
    if not told and not args.key:
        raise ValueProblem("say what to set: --percent, --description, --contact-uri or -k")
    data = progress_of(args.percent, args.description, args.contact_name, args.contact_uri) if told else DataSet()
    key = "" if args.unclaimed else _key(args)
    changes = with_keys(data, args.key)
    return run_procedure(args, SetStep(sop_instance_uid=resolve_uid(args.step), changes=changes, transaction_uid=key))


def complete(args: argparse.Namespace) -> Exit:
    """N-SET of what was done, N-ACTION to COMPLETED."""
    ours = _claim(args)
    title = proposal(args).local.ae_title
    done = Performed(
        station=args.station or f"{title}^99DIMSECONSOLE^{title}",
        workitem=args.workitem,
        start=args.start or (_text_of(ours.claimed) if ours and ours.claimed else now_text()),
        end=args.end or now_text(),
        description=args.description,
        outputs=_instances(args, args.output),
    )
    return _finish(args, COMPLETED, done.data_set())


def cancel(args: argparse.Namespace) -> Exit:
    """N-SET of the reason, N-ACTION to CANCELED."""
    return _finish(args, CANCELED, canceled(args.code, args.reason, now_text()))


def request_cancel(args: argparse.Namespace) -> Exit:
    """N-ACTION that asks for a cancellation."""
    information = cancel_request(args.reason, args.code, args.contact_name, args.contact_uri)
    return run_procedure(args, RequestCancel(sop_instance_uid=resolve_uid(args.step), information=information))


def claims(args: argparse.Namespace) -> Exit:
    """What has been claimed here and is not finished."""
    output = _output(args)
    known = Claims(open_workspace(quiet=True).folder).all()
    for c in known:
        told = {"sop_instance_uid": c.sop_instance_uid, "transaction_uid": c.transaction_uid, "label": c.label}
        output.record("claim", {**told, "peer": c.peer.ae_title, "claimed": iso_time(c.claimed), "doubt": c.doubt})
    rows = ([c.sop_instance_uid, c.transaction_uid, c.peer.ae_title, _text_of(c.claimed), c.doubt] for c in known)
    output.table(_CLAIM_COLUMNS, rows)
    if not known:
        output.line("No step is claimed.")
    return Exit.SUCCESS


def _finish(args: argparse.Namespace, state: str, attributes: DataSet) -> Exit:
    uid, key = resolve_uid(args.step), _key(args)
    procedure = FinishStep(
        sop_instance_uid=uid,
        transaction_uid=key,
        state=state,
        attributes=with_keys(DataSet() if args.bare else attributes, args.key),
        check=not args.anyway,
    )
    output = _output(args)
    status, code = play(args, output, procedure)
    if status.outcome in (Outcome.SUCCESS, Outcome.WARNING):
        Claims(open_workspace(quiet=True).folder).forget(uid, _peer(args))
    elif status.outcome is Outcome.NOT_SENT:
        output.error("--anyway leaves it to the provider to say so.")
    output.finish(status)
    return code


def _instances(args: argparse.Namespace, paths: list[Path]) -> tuple[DataSet, ...]:
    """The instances in these files, and from whom they can be had: the peer unless it is said otherwise."""
    if not paths:
        return ()
    found = of_files(tuple(paths), Output(json=args.json, redact=args.redact))
    if not found:
        raise NothingToSend(NO_INSTANCE)
    return instances(found, args.retrieve_ae or args.called)


def _key(args: argparse.Namespace) -> str:
    """The Transaction UID: given, or of our claim."""
    if args.transaction:
        return resolve_uid(args.transaction)
    ours = _claim(args)
    if ours is None:
        raise ValueProblem(f"no claim of step {args.step} is remembered: give its --transaction UID")
    return ours.transaction_uid


def _claim(args: argparse.Namespace) -> Claim | None:
    return Claims(open_workspace(quiet=True).folder).find(resolve_uid(args.step), _peer(args))


def _peer(args: argparse.Namespace) -> Peer:
    return Peer(name="", ae_title=args.called, host=args.host, port=args.port)


def _output(args: argparse.Namespace) -> Output:
    return Output(json=args.json, redact=args.redact, judging=args.judging, verbosity=args.verbose)


def _text_of(seconds: float) -> str:
    return now_text(datetime.fromtimestamp(seconds).astimezone())
