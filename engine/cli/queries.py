"""The commands that ask for instances: find, get, move."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace

from engine.model.association import ProposedContext, Role
from engine.model.commands import Retrieve
from engine.model.dataset import DataElement, DataSet
from engine.model.notices import AnyNotice, Direction, MessageNotice, Outcome, StatusNotice
from engine.standard.messages import message_name
from engine.standard.transfer_syntaxes import EXPLICIT_VR_LE, IMPLICIT_VR_LE
from engine.trace.explain import PreviewError, data_set_of
from engine.trace.plain_text import table
from engine.workspace.dataset_toml import attribute_key
from engine.workspace.errors import ValueProblem
from engine.workspace.keys import with_keys
from engine.workspace.message_files import load_message
from engine.workspace.messages import template
from engine.workspace.names import resolve_uid
from engine.workspace.placeholders import Filler
from engine.workspace.queries import QUERY_RETRIEVE_LEVEL, UNIQUE_KEYS, identifier, levels_of
from engine.workspace.settings import number_contexts

from .driver import driving
from .exits import Exit
from .failures import Failures
from .options import proposal
from .output import Output

MODELS = {
    "patient": "PatientRootQueryRetrieveInformationModel",
    "study": "StudyRootQueryRetrieveInformationModel",
    "patient-study": "PatientStudyOnlyQueryRetrieveInformationModel",
    "worklist": "ModalityWorklistInformationModel",
}
"""Short names for --model by what their keywords begin with; anything else is a keyword, name or UID."""
CHARACTER_SET = 0x00080005
_SYNTAXES = (EXPLICIT_VR_LE, IMPLICIT_VR_LE)
Watch = Callable[[AnyNotice], None]


def find(args: argparse.Namespace) -> Exit:
    """C-FIND, its matches as a table or in full."""
    output = Output(json=args.json, judging=args.judging, verbosity=args.verbose)
    uid, keys = find_query(args)
    matches: list[DataSet] = []

    def watch(notice: AnyNotice) -> None:
        match = None if args.json else _match_of(notice)
        if match is None:
            return
        matches.append(match)
        if args.full:
            output.line(f"Match {len(matches)}")
            output.data_set(match)

    status, code = _run(_command(args, "C-FIND", uid, keys), output, watch)
    if matches and not args.full:
        output.line(matches_table(keys, matches))
    output.finish(status)
    if status.outcome in (Outcome.SUCCESS, Outcome.CANCELLED) and not args.json:
        output.line(f"{len(matches)} {'match' if len(matches) == 1 else 'matches'}.")
    return code


def get(args: argparse.Namespace) -> Exit:
    """C-GET into a folder."""
    output = Output(json=args.json, judging=args.judging, verbosity=args.verbose)
    uid, keys = retrieve_query(args, "Get")
    if args.to is None:
        output.error("Without --to FOLDER what arrives is counted and thrown away.")
    return _retrieve(replace(_command(args, "C-GET", uid, keys), folder=args.to), output)


def move(args: argparse.Namespace) -> Exit:
    """C-MOVE to another AE, or to ourselves with --listen."""
    output = Output(json=args.json, judging=args.judging, verbosity=args.verbose)
    if args.destination is None and args.listen is None:
        raise ValueProblem("say where to: --destination AE, or --listen PORT to receive here")
    if args.to is not None and args.listen is None:
        raise ValueProblem("--to FOLDER needs --listen PORT: else the instances go to the destination, not here")
    uid, keys = retrieve_query(args, "Move")
    command = _command(args, "C-MOVE", uid, keys)
    title = args.destination or command.proposal.local.ae_title
    tls = command.proposal.tls if args.listen_tls else None
    if args.listen_tls and (args.listen is None or tls is None or tls.certificate is None):
        raise ValueProblem("--listen-tls needs --listen PORT, and --tls-cert FILE for the certificate to show there")
    command = replace(command, move_destination=title, listen_port=args.listen, listen_tls=tls, folder=args.to)
    return _retrieve(command, output)


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
    """A C-GET or C-MOVE to its end; failed sub-operations are told in words and are a failure."""
    failures = Failures()
    status, code = _run(command, output, failures.see)
    if status.failed:
        for sentence in failures.sentences(status, command.service):
            output.error(sentence)
        code = Exit.FAILURE if code is Exit.SUCCESS else code
    output.finish(status)
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
    """(SOP class, identifier) of a find: the model's usual keys, or those of --file, or only those given."""
    uid, base = _from_file(args) if args.file is not None else (_model(args.model, "Find"), None)
    levels = levels_of(uid)
    level = _level(args, levels) or (base.text(QUERY_RETRIEVE_LEVEL) if base is not None else "")
    level = level or ("STUDY" if "STUDY" in levels else levels[0] if levels else "")
    if base is None:
        base = DataSet() if args.only else identifier(uid, level) if levels else _emptied(uid)
    return uid, with_keys(_at_level(base, level), args.key)


def retrieve_query(args: argparse.Namespace, kind: str) -> tuple[str, DataSet]:
    """(SOP class, identifier) of a get or move; the level follows from the deepest unique key given."""
    uid, base = _from_file(args) if args.file is not None else (_model(args.model, kind), DataSet())
    keys = with_keys(base, args.key)
    if not any(e.tag not in (QUERY_RETRIEVE_LEVEL, CHARACTER_SET) for e in keys):
        raise ValueProblem("say what to retrieve: -k StudyInstanceUID=…, or --file with an identifier")
    levels = levels_of(uid)
    level = _level(args, levels) or keys.text(QUERY_RETRIEVE_LEVEL) or _deepest(keys, levels)
    return uid, _at_level(keys, level)


def _from_file(args: argparse.Namespace) -> tuple[str, DataSet]:
    """SOP class and identifier of a message file."""
    message = Filler().ready(load_message(args.file))
    if not isinstance(message.data, DataSet):
        raise ValueProblem(f"{args.file} has no [dataset] with the keys to ask for")
    uid = message.command.sop_class_uid or message.abstract_syntax
    if not uid:
        raise ValueProblem(f"{args.file} names no SOP class")
    return uid, message.data


def _model(text: str, kind: str) -> str:
    stem = MODELS.get(text.lower())
    if text.lower() == "worklist" and kind != "Find":
        raise ValueProblem("a worklist can be asked with find only")
    return resolve_uid(stem + kind if stem else "UnifiedProcedureStepPull" if text.lower() == "ups" else text)


def _level(args: argparse.Namespace, levels: tuple[str, ...]) -> str:
    level = str(args.level or "").upper()
    if level and levels and level not in levels:
        raise ValueProblem(f"this model has no level {level}; it has {', '.join(levels)}")
    return level


def _deepest(keys: DataSet, levels: tuple[str, ...]) -> str:
    given = {attribute_key(e.tag) for e in keys}
    return next((level for level in reversed(levels) if UNIQUE_KEYS.get(level) in given), levels[0] if levels else "")


def _at_level(keys: DataSet, level: str) -> DataSet:
    return with_keys(keys, [f"QueryRetrieveLevel={level}"]) if level else keys


def _emptied(uid: str) -> DataSet:
    """The keys of the message to start from, every value asked for and none matched."""
    data = template("C-FIND-RQ", uid).data
    return _empty(data) if isinstance(data, DataSet) else DataSet()


def _empty(data: DataSet) -> DataSet:
    return DataSet(tuple(_empty_element(e) for e in data))


def _empty_element(element: DataElement) -> DataElement:
    if element.vr == "SQ":
        return replace(element, value=tuple(_empty(item) for item in element.items))
    return element if element.tag == CHARACTER_SET else replace(element, value=())


# --- what came back ---------------------------------------------------------------------------------------------------


def _match_of(notice: AnyNotice) -> DataSet | None:
    """The identifier of a C-FIND-RSP; None for anything else."""
    if not isinstance(notice, MessageNotice) or notice.direction is not Direction.RECEIVED or notice.data is None:
        return None
    if message_name(notice.command.command_field) != "C-FIND-RSP":
        return None
    try:
        return data_set_of(notice.data, notice.transfer_syntax)
    except PreviewError:
        return None


def matches_table(keys: DataSet, matches: list[DataSet]) -> str:
    """Matches as rows; columns are the keys some match has a value for, those inside sequences included."""
    paths = [p for p in _paths(keys) if any(_value(m, p) for m in matches)]
    return table([attribute_key(p[-1]) for p in paths], ([_value(m, p) for p in paths] for m in matches))


def _paths(keys: DataSet, outer: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
    paths: list[tuple[int, ...]] = []
    for element in keys:
        if element.vr == "SQ":
            paths += [p for item in element.items[:1] for p in _paths(item, (*outer, element.tag))]
        elif element.tag not in (QUERY_RETRIEVE_LEVEL, CHARACTER_SET):
            paths.append((*outer, element.tag))
    return paths


def _value(match: DataSet, path: tuple[int, ...]) -> str:
    element = match.find(path[0])
    if element is None:
        return ""
    if len(path) > 1:
        return _value(element.items[0], path[1:]) if element.items else ""
    return "\\".join(element.texts)
