"""Message files: one DIMSE message as TOML (resources/docs/message-files.md).

The builder saves and opens them, the command line sends them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import Any, TypeVar

from engine.model.association import NegotiatedContext, ProposedContext, Role
from engine.model.command_set import CommandSet
from engine.model.commands import Outgoing
from engine.model.dataset import Data, DataSet, EncodedData, FileData
from engine.standard.lean import dataclass
from engine.standard.messages import MESSAGES, MessageRow
from engine.standard.transfer_syntaxes import EXPLICIT_VR_LE, IMPLICIT_VR_LE

from .binary import beside, hex_bytes, read_file
from .command_toml import read_command, write_command
from .dataset_toml import read_dataset, write_dataset
from .errors import ValueProblem, WorkspaceError, under
from .names import did_you_mean, resolve_uid, uid_keyword
from .toml_text import Table, dumps, parse, placed, read_text, write_atomically

DEFAULT_SYNTAXES = (EXPLICIT_VR_LE, IMPLICIT_VR_LE)
T = TypeVar("T")
_TOP_KEYS = {"message", "title", "note", "context", "command", "dataset"}
_CONTEXT_KEYS = {"abstract_syntax", "transfer_syntax", "transfer_syntaxes", "role", "id"}
_SOURCES = ("file", "json", "hex")


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageContext:
    """Which presentation context a message travels in."""

    abstract_syntax: str = ""
    """UID; "" for the SOP class of the command set."""
    transfer_syntaxes: tuple[str, ...] = ()
    """UIDs to propose when a context is proposed for it, and the ones it is content with; () leaves the choice."""
    role: Role = Role.DEFAULT
    id: int | None = None
    """A presentation-context-ID to use whatever was negotiated; None: the first accepted one that fits."""

    def matches(self, context: NegotiatedContext) -> bool:
        """Whether this negotiated context is one the message asks for."""
        if self.id is not None:
            return context.id == self.id
        return (
            context.accepted
            and context.abstract_syntax == self.abstract_syntax
            and (not self.transfer_syntaxes or context.transfer_syntax in self.transfer_syntaxes)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFile:
    """One message, ready to be edited, saved or sent."""

    message: str
    """Name of its row, "C-FIND-RQ"."""
    command: CommandSet
    context: MessageContext = field(default_factory=MessageContext)
    data: Data | None = None
    title: str = ""
    note: str = ""

    @property
    def abstract_syntax(self) -> str:
        """UID of the abstract syntax it travels in: the context's, else the command's SOP class."""
        return self.context.abstract_syntax or self.command.sop_class_uid

    def proposed(self, context_id: int) -> ProposedContext:
        """A presentation context that suits this message."""
        syntaxes = self.context.transfer_syntaxes or DEFAULT_SYNTAXES
        return ProposedContext(context_id, self.abstract_syntax, syntaxes, self.context.role)

    def outgoing(self, contexts: tuple[NegotiatedContext, ...] = ()) -> Outgoing:
        """The message for the engine. Of these contexts the one it asks for is named; where it asks for nothing but its
        own SOP class, the choice is left to the engine."""
        chosen = self.context.id
        wish = replace(self.context, abstract_syntax=self.abstract_syntax)
        if chosen is None and (wish.transfer_syntaxes or wish.abstract_syntax != self.command.sop_class_uid):
            fitting = [c for c in contexts if wish.matches(c)]
            fitting.sort(key=lambda c: c.proposed_role is not wish.role)
            chosen = fitting[0].id if fitting else None
        return Outgoing(command=self.command, data=self.data, context_id=chosen)


def load_message(path: Path) -> MessageFile:
    """Read a message file. Raises `WorkspaceError` with file, line, key and reason."""
    return parse_message(read_text(path), path)


def parse_message(text: str, path: Path) -> MessageFile:
    """A message from TOML text; `path` places errors and relative file names."""
    table = parse(text, path)
    try:
        return _read_message(table, path.parent)
    except ValueProblem as problem:
        raise placed(problem, text, path) from None


def _read_message(table: Table, folder: Path) -> MessageFile:
    for key in table:
        if key not in _TOP_KEYS:
            raise ValueProblem(f"unknown key{did_you_mean(key, _TOP_KEYS)}", (key,))
    row = _row(table.get("message"))
    context = _at("context", _read_context, table.get("context", {}))
    command = _at("command", lambda value: read_command(value, row, context.abstract_syntax), table.get("command", {}))
    data = _at("dataset", lambda value: _read_data(value, folder), table["dataset"]) if "dataset" in table else None
    return MessageFile(
        message=row.name,
        command=command,
        context=context,
        data=data,
        title=_text(table, "title"),
        note=_text(table, "note"),
    )


def _at(key: str, read: Callable[[Any], T], value: Any) -> T:
    """read(value), with the key in front of the path of any problem."""
    with under(key):
        return read(value)


def _row(name: Any) -> MessageRow:
    if not isinstance(name, str):
        raise ValueProblem('message = "C-FIND-RQ" (the name of a DIMSE message) is missing', ("message",))
    row = MESSAGES.get(name.strip().upper())
    if row is None:
        raise ValueProblem(f"“{name}” is not a DIMSE message{did_you_mean(name, MESSAGES)}", ("message",))
    return row


def _text(table: Mapping[str, Any], key: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise ValueProblem("must be a text", (key,))
    return value


def _read_context(value: Any) -> MessageContext:
    if isinstance(value, str):
        return MessageContext(abstract_syntax=resolve_uid(value))
    if isinstance(value, int) and not isinstance(value, bool):
        value = {"id": value}
    if not isinstance(value, Mapping):
        raise ValueProblem("must be an abstract syntax, a context ID or a table [context]")
    for key in value:
        if key not in _CONTEXT_KEYS:
            raise ValueProblem(f"unknown key{did_you_mean(key, _CONTEXT_KEYS)}", (key,))
    syntaxes = value.get("transfer_syntaxes", value.get("transfer_syntax", []))
    key = "transfer_syntaxes" if "transfer_syntaxes" in value else "transfer_syntax"
    return MessageContext(
        abstract_syntax=_at("abstract_syntax", _uid, value["abstract_syntax"]) if "abstract_syntax" in value else "",
        transfer_syntaxes=_at(key, _uids, syntaxes),
        role=_at("role", read_role, value.get("role", Role.DEFAULT.value)),
        id=_at("id", _context_id, value["id"]) if "id" in value else None,
    )


def _uid(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueProblem("must be a keyword or a UID in quotes")
    return resolve_uid(value)


def _uids(value: Any) -> tuple[str, ...]:
    return tuple(_uid(v) for v in (value if isinstance(value, list) else [value]))


def read_role(value: Any) -> Role:
    """Role from "scu", "scp", "both" or "default"."""
    try:
        return Role(value.lower() if isinstance(value, str) else value)
    except ValueError:
        raise ValueProblem("a role is scu, scp, both or default") from None


def _context_id(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 255:
        raise ValueProblem("a presentation-context-ID is an odd number from 1 to 255")
    return value


def _read_data(value: Any, folder: Path) -> Data:
    if not isinstance(value, Mapping):
        raise ValueProblem("must be a table [dataset]")
    source = next((s for s in _SOURCES if s in value), None)
    if source is None:
        return read_dataset(value, folder)
    allowed = {source, "transfer_syntax"} if source == "hex" else {source}
    for key in value:
        if key not in allowed:
            raise ValueProblem(f"does not go together with {source} =", (key,))
    if source == "hex":
        syntax = _at("transfer_syntax", _uid, value.get("transfer_syntax", IMPLICIT_VR_LE))
        return EncodedData(_at("hex", lambda v: hex_bytes(v, "hex"), value["hex"]), syntax)
    if source == "json":
        return _at("json", lambda v: _read_json(v, folder), value["json"])
    return _at("file", lambda v: _read_dicom_file(v, folder), value["file"])


def _read_dicom_file(name: Any, folder: Path) -> FileData:
    path = beside(name, folder)
    if not path.is_file():
        raise ValueProblem(f"there is no file {path}")
    return FileData(path)


def _read_json(name: Any, folder: Path) -> DataSet:
    path = beside(name, folder)
    text = read_file(name, folder)
    from engine.wire.datasets import DataSetError, dataset_from_json

    try:
        found = json.loads(text)
        if isinstance(found, list) and len(found) == 1:
            found = found[0]
        return dataset_from_json(found)
    except json.JSONDecodeError as error:
        raise ValueProblem(f"{path}, line {error.lineno}: not valid JSON: {error.msg}") from None
    except (ValueError, RecursionError):  # no text, a number of thousands of digits, nested without end
        raise ValueProblem(f"{path}: not valid JSON") from None
    except DataSetError as error:
        raise ValueProblem(f"{path}: {error}") from None


def save_message(path: Path, message: MessageFile, *, private: bool = False) -> None:
    """Write a message file that loads as this message; private: for the user only. Raises `WorkspaceError`."""
    try:
        text = message_text(message, path.parent)
    except ValueProblem as problem:
        raise WorkspaceError(path, problem.reason, None, ".".join(map(str, problem.path))) from None
    write_atomically(path, text, private=private)


def message_text(message: MessageFile, folder: Path | None = None) -> str:
    """The TOML text of a message; files inside `folder` are named relative to it."""
    row = _row(message.message)
    table: Table = {"message": row.name}
    table |= {k: v for k, v in (("title", message.title), ("note", message.note)) if v}
    context = _write_context(message.context)
    if context:
        table["context"] = context
    table["command"] = write_command(message.command, row, message.context.abstract_syntax)
    if message.data is not None:
        table["dataset"] = _write_data(message.data, folder)
    return dumps(table)


def _write_context(context: MessageContext) -> Any:
    table: Table = {}
    if context.abstract_syntax:
        table["abstract_syntax"] = uid_keyword(context.abstract_syntax)
    if context.transfer_syntaxes:
        table["transfer_syntaxes"] = [uid_keyword(u) for u in context.transfer_syntaxes]
    if context.role is not Role.DEFAULT:
        table["role"] = context.role.value
    if context.id is not None:
        table["id"] = context.id
    return table["abstract_syntax"] if set(table) == {"abstract_syntax"} else table


def _write_data(data: Data, folder: Path | None) -> Table:
    if isinstance(data, EncodedData):
        return {"hex": data.data.hex(), "transfer_syntax": uid_keyword(data.transfer_syntax)}
    if isinstance(data, FileData):
        return {"file": _relative(data.path, folder)}
    return write_dataset(data)


def _relative(path: Path, folder: Path | None) -> str:
    absolute = path.absolute()
    if folder is not None and absolute.is_relative_to(folder.absolute()):
        return absolute.relative_to(folder.absolute()).as_posix()
    return absolute.as_posix()


def load_json(path: Path) -> DataSet:
    """The data set of a DICOM JSON file (PS3.18 F). Raises `WorkspaceError`."""
    try:
        return _read_json(path.name, path.parent)
    except ValueProblem as problem:
        raise WorkspaceError(path, problem.reason.removeprefix(f"{path}: ")) from None
