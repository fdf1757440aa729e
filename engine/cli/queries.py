"""The commands that ask for instances: find, get, move."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryFile

from engine.model.association import ProposedContext, Role
from engine.model.commands import Retrieve
from engine.model.dataset import DataSet
from engine.model.notices import AnyNotice, Direction, MessageNotice, Outcome, StatusNotice
from engine.standard.messages import message_name
from engine.standard.transfer_syntaxes import EXPLICIT_VR_LE, IMPLICIT_VR_LE
from engine.trace.explain import PreviewError, data_set_json, data_set_of
from engine.workspace.dataset_toml import attribute_key
from engine.workspace.errors import ValueProblem
from engine.workspace.keys import with_keys
from engine.workspace.matching_values import problems, resolved, this_day
from engine.workspace.message_files import load_message
from engine.workspace.names import resolve_uid
from engine.workspace.placeholders import Filler
from engine.workspace.queries import QUERY_RETRIEVE_LEVEL, UNIQUE_KEYS, at_level, identifier, levels_of
from engine.workspace.query_models import model_class, query_models
from engine.workspace.saved_queries import find_query as find_saved
from engine.workspace.settings import number_contexts
from engine.workspace.workspace import default_folder

from .driver import driving
from .exits import Exit
from .matches import CHARACTER_SET, matches_csv, matches_table
from .options import proposal
from .output import Output

_SYNTAXES = (EXPLICIT_VR_LE, IMPLICIT_VR_LE)
Watch = Callable[[AnyNotice], None]


def find(args: argparse.Namespace) -> Exit:
    """C-FIND, its matches in the form asked for."""
    output = Output(json=args.json, redact=args.redact, judging=args.judging, verbosity=args.verbose)
    form = "full" if args.full else args.format
    if args.json and form != "table":
        raise ValueProblem("--json prints everything as JSON lines; leave out --format and --full")
    uid, keys = find_query(args)
    for wrong in problems(keys):
        output.error(f"{wrong} It is asked for as it is.")
    matches: list[DataSet] = []
    whole: list[object] = []

    def watch(notice: AnyNotice) -> None:
        match = None if args.json else _match_of(notice)
        if match is None:
            return
        matches.append(output.safe(match))
        if form == "full":
            output.line(f"Match {len(matches)}")
            output.data_set(match)
        elif form == "json" and isinstance(notice, MessageNotice) and notice.data is not None:
            whole.append(_whole(notice, output))

    status, code = _run(_command(args, "C-FIND", uid, keys), output, watch)
    unread = 0 if args.json else status.responses - len(matches)
    if unread > 0:
        told = "One pending response tells" if unread == 1 else f"{unread} pending responses tell"
        output.error(f"{told} no match that can be read; -v says why.")
    if form in ("json", "csv"):
        text = output.json_text(whole) if form == "json" else matches_csv(keys, matches)
        output.told_line(text.rstrip("\n"))
        output.finish(status, aside=True)
        return code
    shortened = ""
    if matches and form == "table":
        whole_table, text = matches_table(keys, matches), matches_table(keys, matches, output.room)
        output.told_line(text)
        shortened = "" if text == whole_table else " What is cut (…) is told by --format full."
    output.finish(status)
    if status.outcome in (Outcome.SUCCESS, Outcome.WARNING, Outcome.CANCELLED) and not args.json:
        output.line(f"{len(matches)} {'match' if len(matches) == 1 else 'matches'}.{shortened}")
    return code


def get(args: argparse.Namespace) -> Exit:
    """C-GET into a folder."""
    output = Output(json=args.json, redact=args.redact, judging=args.judging, verbosity=args.verbose)
    uid, keys = retrieve_query(args, "C-GET")
    if args.to is None:
        output.error("Without --to FOLDER what arrives is counted and thrown away.")
    classes = tuple(resolve_uid(text) for text in args.storage)
    return _retrieve(
        replace(_command(args, "C-GET", uid, keys), folder=_writable(args.to), sop_classes=classes), output
    )


def move(args: argparse.Namespace) -> Exit:
    """C-MOVE to another AE, or to ourselves with --listen."""
    output = Output(json=args.json, redact=args.redact, judging=args.judging, verbosity=args.verbose)
    if args.destination is None and args.listen is None:
        raise ValueProblem("say where to: --destination AE, or --listen PORT to receive here")
    if args.to is not None and args.listen is None:
        raise ValueProblem("--to FOLDER needs --listen PORT: else the instances go to the destination, not here")
    uid, keys = retrieve_query(args, "C-MOVE")
    command = _command(args, "C-MOVE", uid, keys)
    title = args.destination or command.proposal.local.ae_title
    tls = command.proposal.tls if args.listen_tls else None
    if args.listen_tls and (args.listen is None or tls is None or tls.certificate is None):
        raise ValueProblem("--listen-tls needs --listen PORT, and --tls-cert FILE for the certificate to show there")
    command = replace(
        command, move_destination=title, listen_port=args.listen, listen_tls=tls, folder=_writable(args.to)
    )
    return _retrieve(command, output)


def _writable(folder: Path | None) -> Path | None:
    """The folder for what arrives, made where it is not there. ValueProblem where nothing can be written: found out
    before the peer sends what would only be refused."""
    if folder is None:
        return None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ValueProblem(f"--to {folder}: nothing can be written there: {error.strerror or error}") from None
    return folder


def _command(args: argparse.Namespace, service: str, uid: str, keys: DataSet) -> Retrieve:
    """With --context the contexts are the user's; else the engine's, which for C-GET include the storage classes."""
    contexts = () if service == "C-GET" else (ProposedContext(1, uid, _SYNTAXES),)
    asked = proposal(args, contexts)
    if service == "C-GET" and asked.contexts:
        asked = replace(asked, contexts=_get_contexts(asked.contexts, uid))
    return Retrieve(
        operation=0,
        association=0,
        proposal=asked,
        service=service,
        sop_class_uid=uid,
        identifier=keys,
        cancel_after=args.cancel_after,
    )


def _get_contexts(asked: tuple[ProposedContext, ...], uid: str) -> tuple[ProposedContext, ...]:
    """The user's contexts for a C-GET: the query's own where it is missing, and our SCP role for what is stored here
    (PS3.4 C.4.3.1.1) where no role was named."""
    own = () if any(c.abstract_syntax == uid for c in asked) else (ProposedContext(1, uid, _SYNTAXES),)
    storage = (replace(c, role=Role.SCP) if c.abstract_syntax != uid and c.role is Role.DEFAULT else c for c in asked)
    return number_contexts((*own, *storage))


def _retrieve(command: Retrieve, output: Output) -> Exit:
    """A C-GET or C-MOVE to its end; failed sub-operations are a failure."""
    status, code = _run(command, output)
    if status.failed and code is Exit.SUCCESS:
        code = Exit.FAILURE
    output.finish(status, aside=code is not Exit.SUCCESS)
    if output.diagnosed("get.context-missing"):
        output.error("Name what is missing, such as --context CTImageStorage:JPEG2000Lossless or --storage CLASS.")
    return code


def _run(command: Retrieve, output: Output, watch: Watch | None = None) -> tuple[StatusNotice, Exit]:
    with driving(output) as driver:
        operation = driver.new_id()
        status, code = driver.operate(
            replace(command, operation=operation, association=driver.new_id()), operation, watch
        )
    if command.cancel_after is not None and status.outcome is Outcome.CANCELLED:
        code = Exit.SUCCESS
    return status, code


# --- what to ask ------------------------------------------------------------------------------------------------------


def find_query(args: argparse.Namespace) -> tuple[str, DataSet]:
    """(SOP class, identifier) of a find: the model's usual keys, or those of --template or --file, or only those
    given."""
    uid, base = _start(args, "C-FIND")
    levels = levels_of(uid)
    level = _level(args, levels) or (base.text(QUERY_RETRIEVE_LEVEL) if base is not None else "")
    level = level or ("STUDY" if "STUDY" in levels else levels[0] if levels else "")
    if base is None:
        base = DataSet() if args.only else identifier(uid, level)
    return uid, _ready(at_level(base, level), args.key)


def retrieve_query(args: argparse.Namespace, service: str) -> tuple[str, DataSet]:
    """(SOP class, identifier) of a get or move; the level follows from the deepest unique key given."""
    uid, base = _start(args, service)
    keys = _ready(base or DataSet(), args.key)
    if not any(e.tag not in (QUERY_RETRIEVE_LEVEL, CHARACTER_SET) for e in keys):
        raise ValueProblem("say what to retrieve: -k StudyInstanceUID=…, or --file with an identifier")
    levels = levels_of(uid)
    level = _level(args, levels) or keys.text(QUERY_RETRIEVE_LEVEL) or _deepest(keys, levels)
    return uid, at_level(keys, level)


def _start(args: argparse.Namespace, service: str) -> tuple[str, DataSet | None]:
    """SOP class, and the identifier to start from where a file or a template gives one."""
    if args.file is not None:
        return _from_file(args)
    if getattr(args, "template", None) is not None:
        query = find_saved(default_folder(), args.template)
        return query.sop_class_uid, query.identifier()
    return model_class(args.model, service), None


def _ready(keys: DataSet, more: list[str]) -> DataSet:
    """With the keys given added and dates in words resolved."""
    return resolved(with_keys(keys, more), this_day())


def _from_file(args: argparse.Namespace) -> tuple[str, DataSet]:
    """SOP class and identifier of a message file."""
    message = Filler().ready(load_message(args.file))
    if not isinstance(message.data, DataSet):
        raise ValueProblem(f"{args.file} has no [dataset] with the keys to ask for")
    uid = message.command.sop_class_uid or message.abstract_syntax
    if not uid:
        raise ValueProblem(f"{args.file} names no SOP class")
    return uid, message.data


def _level(args: argparse.Namespace, levels: tuple[str, ...]) -> str:
    level = str(args.level or "").upper()
    if level and levels and level not in levels:
        raise ValueProblem(f"this model has no level {level}; it has {', '.join(levels)}")
    return level


def _deepest(keys: DataSet, levels: tuple[str, ...]) -> str:
    given = {attribute_key(e.tag) for e in keys}
    return next((level for level in reversed(levels) if UNIQUE_KEYS.get(level) in given), levels[0] if levels else "")


def _match_of(notice: AnyNotice) -> DataSet | None:
    """The identifier of a C-FIND-RSP; None for anything else."""
    if not isinstance(notice, MessageNotice) or notice.direction is not Direction.RECEIVED or notice.data is None:
        return None
    if message_name(notice.command.command_field) != "C-FIND-RSP":
        return None
    try:
        return data_set_of(notice.data, notice.transfer_syntax, notice.limits)
    except PreviewError:
        return None


def _whole(notice: MessageNotice, output: Output) -> object:
    """The DICOM JSON of a match."""
    data = output.told(notice).data
    return {} if data is None else data_set_json(data, notice.transfer_syntax, notice.limits)


def models_help(service: str) -> str:
    """The models of a service, for --help."""
    rows = [m for m in query_models() if m.uid(service)]
    width = max(len(m.word) for m in rows)
    lines = []
    for m in rows:
        levels = f" ({', '.join(m.levels)})" if m.levels else ""
        lines.append(f"  {m.word:<{width}}  {m.title}{levels}{', retired' if m.retired else ''}")
    return "\n".join(["models (--model):", *lines])
