"""Storage commitment and instance availability on the command line (PS3.4 Annexes J and R)."""

from __future__ import annotations

import argparse
from dataclasses import replace

from engine.model.association import LocalAE, Policy, Proposal
from engine.model.commands import Listen, PeerSettings
from engine.model.commitment import STORAGE_COMMITMENT, Fate, transaction_of
from engine.model.notices import AnyNotice, AssociationNotice, Direction, MessageNotice, Outcome
from engine.model.procedures.modality import AwaitCommitment, NotifyAvailability, RequestCommitment
from engine.model.whole_numbers import counted
from engine.standard.dictionary import uid_name, uid_text
from engine.standard.messages import message_name
from engine.trace.explain import PreviewError, data_set_of
from engine.workspace.availability import notifications, without_series
from engine.workspace.errors import ValueProblem
from engine.workspace.listening import LOOPBACK
from engine.workspace.modality_records import Records, Transaction, asked_for, take_report, transactions
from engine.workspace.placeholders import new_uid
from engine.workspace.workspace import default_folder

from .exits import Exit
from .modality import now
from .options import proposal
from .output import Output
from .procedures import play
from .references import gathered

LAST = "last"
_INSTANCE_COLUMNS = {"SOP Instance UID": "sop_instance_uid", "SOP class": "sop_class", "Result": "sentence"}
SHOWN = 200
"""Instances that are not committed, listed; the workspace's file has them all."""


def commit(args: argparse.Namespace) -> Exit:
    """Ask for a commitment and await its report; or await the report of an earlier one."""
    output = Output(json=args.json, redact=args.redact, judging=args.judging, verbosity=args.verbose)
    records = transactions(default_folder())
    asked = proposal(args)
    if args.listen is None and (args.listen_host is not None or args.listen_tls):
        raise ValueProblem("--listen-host and --listen-tls need --listen PORT")
    if args.later is not None:
        if args.paths or args.references:
            raise ValueProblem("--await waits for what was asked for before: it takes no files")
        former = _known(records, args.later, asked.peer.ae_title)
        instances = counted(len(former.instances), "instance")
        output.line(f"Transaction {former.uid}, {instances}, asked of {former.peer.ae_title}.")
        return _run(args, output, records, former, later=True, asked=asked)
    found = gathered(args, output)
    made = Transaction(
        uid=args.transaction or new_uid(),
        peer=asked.peer,
        instances=asked_for((r.sop_class_uid, r.sop_instance_uid) for r in found),
        changed=now(),
    )
    known = records.find(made.uid)
    if known is not None:
        output.error(f"Transaction UID {made.uid} was used before: what was known of it is replaced.")
    records.save(made)  # before it is sent: its report must find it
    output.line(f"Transaction {made.uid}, {counted(len(found), 'instance')}.")
    return _run(args, output, records, made, later=False, asked=asked)


def _run(
    args: argparse.Namespace,
    output: Output,
    records: Records[Transaction],
    transaction: Transaction,
    *,
    later: bool,
    asked: Proposal,
) -> Exit:
    reports = Reports(records, output)
    listen = None if args.listen is None else _listening(args, asked)
    listening = listen is not None
    procedure: RequestCommitment | AwaitCommitment
    if later:
        procedure = AwaitCommitment(
            transaction_uid=transaction.uid, asked=transaction.asked, seconds=args.wait, listening=listening
        )
    else:
        procedure = RequestCommitment(
            transaction_uid=transaction.uid, asked=transaction.asked, seconds=args.wait, listening=listening
        )
    status, code = play(args, output, procedure, reports.watch, listen)
    told = records.find(transaction.uid) or transaction
    open_ones = (Outcome.SUCCESS, Outcome.WARNING, Outcome.TIMED_OUT, Outcome.CANCELLED)
    if not told.reported and not later and status.outcome not in open_ones:
        records.save(replace(told, doubt=status.sentence))
    _record(output, told)
    _show(output, told)
    output.finish(status)
    if told.reported and not args.wait:  # it came all the same, before the association ended
        output.line(told.sentence)
    return code


def _listening(args: argparse.Namespace, asked: Proposal) -> Listen:
    tls = asked.tls if args.listen_tls else None
    if args.listen_tls and (tls is None or tls.certificate is None):
        raise ValueProblem("--listen-tls needs --tls-cert FILE for the certificate to show there")
    local = LocalAE(ae_title=asked.local.ae_title, maximum_length=asked.local.maximum_length)
    settings = PeerSettings(policy=Policy(local=local), tls=tls)
    return Listen(listener=0, host=args.listen_host or LOOPBACK, port=args.listen, settings=settings)


def _known(records: Records[Transaction], named: str, title: str = "") -> Transaction:
    """The one named. `LAST`: the newest that waits for its report, rather one asked of the AE title that is called,
    which tells of no other, and one taken without doubt."""
    if named == LAST:
        waiting = [t for t in records.all() if not t.reported]
        waiting.sort(key=lambda t: (t.peer.ae_title != title, bool(t.doubt)))
        if not waiting:
            raise ValueProblem("no transaction waits for its report; commitments shows what is known")
        return waiting[0]
    found = records.find(named)
    if found is None:
        raise ValueProblem(f"no transaction {named} is known here; commitments shows those that are")
    return found


class Reports:
    """Takes every commitment report that arrives, also of other transactions."""

    def __init__(self, records: Records[Transaction], output: Output) -> None:
        self._records, self._output = records, output
        self._titles: dict[int, str] = {}

    def watch(self, notice: AnyNotice) -> None:
        """Take a report of commitment down, in whichever association it came."""
        if isinstance(notice, AssociationNotice):
            self._titles[notice.association] = notice.peer.ae_title
        if not isinstance(notice, MessageNotice) or notice.direction is not Direction.RECEIVED:
            return
        about = notice.command.sop_class_uid == STORAGE_COMMITMENT
        if not about or message_name(notice.command.command_field) != "N-EVENT-REPORT-RQ" or notice.data is None:
            return
        try:
            data = data_set_of(notice.data, notice.transfer_syntax, notice.limits)
        except PreviewError as error:
            self._output.error(f"A commitment report cannot be read: {error}")
            return
        event = notice.command.number("EventTypeID") or 0
        sender = self._titles.get(notice.association, "")
        if take_report(self._records, event, data, notice.time, sender) is None:
            uid = transaction_of(data) or "(none)"
            self._output.error(f"A commitment report came for a transaction nobody asked for here: {uid}.")


def _record(output: Output, transaction: Transaction) -> None:
    """As a JSON line."""
    instances = [
        {
            "sop_class": {"uid": i.sop_class_uid, "name": uid_name(i.sop_class_uid)},
            "sop_instance_uid": i.sop_instance_uid,
            "fate": i.fate.value,
            "reason": i.reason,
            "sentence": i.sentence,
        }
        for i in transaction.instances
    ]
    output.record(
        "commitment",
        {
            "transaction_uid": transaction.uid,
            "peer": transaction.peer.ae_title,
            "sender": transaction.sender,
            "event_type": transaction.event_type,
            "reported": transaction.reported,
            "committed": transaction.committed,
            "sentence": transaction.sentence,
            "instances": instances,
        },
    )


def _show(output: Output, transaction: Transaction) -> None:
    """What is not simply committed, instance by instance."""
    odd = [i for i in transaction.instances if i.fate not in (Fate.COMMITTED, Fate.WAITING) or i.note]
    rows = [(i.sop_instance_uid, uid_text(i.sop_class_uid), i.sentence) for i in odd[:SHOWN]]
    output.table(_INSTANCE_COLUMNS, rows)
    if len(odd) > SHOWN:
        output.line(f"... and {len(odd) - SHOWN} more.")


def show_transactions(args: argparse.Namespace) -> Exit:
    """The transactions of the workspace, or one in full."""
    output = Output(json=args.json, redact=args.redact, judging=args.judging, verbosity=args.verbose)
    records = transactions(default_folder())
    if args.transaction is not None:
        newest = next(iter(records.all()), None) if args.transaction == LAST else None
        one = newest or _known(records, args.transaction)
        _record(output, one)
        rows = [(i.sop_instance_uid, uid_name(i.sop_class_uid), i.sentence) for i in one.instances]
        output.table(_INSTANCE_COLUMNS, rows)
        output.line(one.sentence)
        return Exit.SUCCESS if one.committed else Exit.FAILURE
    known = records.all()
    for transaction in known:
        _record(output, transaction)
    rows = [(t.sentence, t.peer.ae_title, t.uid) for t in known]
    output.table({"Result": "sentence", "Peer": "peer", "Transaction UID": "transaction_uid"}, rows)
    if not rows:
        output.line("No storage commitment was asked for from here.")
    for problem in records.problems:
        output.error(str(problem))
    return Exit.SUCCESS


def ian(args: argparse.Namespace) -> Exit:
    """Instance Availability Notifications of the studies the files belong to."""
    output = Output(json=args.json, redact=args.redact, judging=args.judging, verbosity=args.verbose)
    found = gathered(args, output)
    homeless = without_series(found)
    if homeless:
        uid = homeless[0].sop_instance_uid
        raise ValueProblem(f"the study and series of {len(homeless)} instances are not known ({uid}): give their files")
    asked = proposal(args)
    retrieve = args.retrieve_ae or asked.local.ae_title
    made = notifications(found, args.availability.upper(), retrieve, args.step)
    status, code = play(args, output, NotifyAvailability(notifications=tuple((new_uid(), data) for data in made)))
    output.finish(status)
    return code
