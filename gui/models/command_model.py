"""The command set of a draft as a form: one row an element, and a last row to add one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QFont, QUndoCommand, QUndoStack

from engine.conformance.findings import Finding
from engine.model.command_set import GROUP_LENGTH, MESSAGE_ID, CommandSet, Element
from engine.standard.elements import BY_KEYWORD, ELEMENTS, CommandElement, tag_text
from engine.workspace.errors import ValueProblem
from engine.workspace.names import command_tag
from gui.sound import sound
from gui.theme import theme
from gui.tips import plain_tip

from .command_draft import Draft, Line, Origin, Surroundings
from .command_values import About, edit_text, parse, shown
from .dataset_values import tag_digits
from .rows import COPY_ROLE, Index

if TYPE_CHECKING:
    from engine.trace.redaction.redaction import Redaction

NO_PARENT = QModelIndex()
COLUMNS = ("Tag", "Element", "VR", "Usage", "Value", "Origin")
TAG, ELEMENT, VR, USAGE, VALUE, ORIGIN = range(6)
ROOMY, SHORT_TAGS, NO_TAGS = range(3)
"""How much the columns say: everything; tags without their group, which is always 0000; no tags, usage with origin."""
ADD_TEXT = "+ add element…"
_USAGES = {
    "M": "M: mandatory",
    "U": "U: user option",
    "C": "C: conditional",
    "(=)": "(=): equal to the value in the request",
}
_SIGNS = {"error": ("failure", "failure"), "warning": ("warning", "warning"), "info": ("info", "muted")}
"""Severity to icon and colour role."""


class _Change(QUndoCommand):
    def __init__(self, model: CommandModel, old: Draft, new: Draft, words: str) -> None:
        super().__init__(words)
        self._model, self._old, self._new = model, old, new

    def redo(self) -> None:
        self._model.show(replace(self._new, around=self._model.draft.around))

    def undo(self) -> None:
        self._model.show(replace(self._old, around=self._model.draft.around))


class CommandModel(QAbstractTableModel):
    """`changed` follows every change of the draft; `problem` carries a sentence about what was just typed."""

    changed = Signal()
    problem = Signal(str)

    def __init__(self, undo_stack: QUndoStack, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.undo_stack = undo_stack
        self._draft = Draft()
        self._findings: Mapping[int, Sequence[Finding]] = {}
        self._group_length = 0
        self._about: About | None = None
        self._room = ROOMY

    @property
    def draft(self) -> Draft:
        return self._draft

    @property
    def about(self) -> About:
        """What the meanings of the values depend on."""
        if self._about is None:
            draft = self._draft
            self._about = About(draft.message.service, draft.sop_class, draft.sop_class_uid)
        return self._about

    # changes

    def edit(self, draft: Draft, words: str) -> None:
        """Change the draft as an undoable step."""
        if draft != self._draft:
            self.undo_stack.push(_Change(self, self._draft, draft, words))

    def surround(self, around: Surroundings) -> None:
        """What automatic values are made from has changed; not a step of the user's."""
        if around != self._draft.around:
            self.show(replace(self._draft, around=around))

    def load(self, draft: Draft) -> None:
        """Start over; the caller clears the undo stack."""
        self.beginResetModel()
        self._draft, self._about, self._findings = draft, None, {}
        self.endResetModel()
        self.changed.emit()

    def show(self, draft: Draft) -> None:
        old, new = self._draft.lines, draft.lines
        least = min(len(old), len(new))
        first = next((i for i in range(least) if old[i].tag != new[i].tag), least)
        rest = least - first
        last = next((i for i in range(rest) if old[-1 - i].tag != new[-1 - i].tag), rest)
        gone, come = len(old) - first - last, len(new) - first - last
        self._findings = {}
        if gone:
            self.beginRemoveRows(QModelIndex(), first, first + gone - 1)
            self._draft = replace(self._draft, lines=old[:first] + old[first + gone :])
            self.endRemoveRows()
        if come:
            self.beginInsertRows(QModelIndex(), first, first + come - 1)
        self._draft, self._about = draft, None
        if come:
            self.endInsertRows()
        self._repaint()
        self.changed.emit()

    def set_preview(self, group_length: int, findings: Mapping[int, Sequence[Finding]]) -> None:
        """What the encoder and the conformance check say of the draft; findings by row."""
        self._group_length, self._findings = group_length, findings
        self._repaint()

    def set_room(self, room: int) -> None:
        """How much the columns may say: `ROOMY`, `SHORT_TAGS` or `NO_TAGS`."""
        if room != self._room:
            self._room = room
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(COLUMNS) - 1)
            self._repaint()

    @property
    def check_column(self) -> int:
        """Where the boxes are that include an element."""
        return ELEMENT if self._room == NO_TAGS else TAG

    def line(self, row: int) -> Line | None:
        """The line of a row, None for the row that adds."""
        return self._draft.lines[row] if 0 <= row < len(self._draft.lines) else None

    def set_line(self, row: int, line: Line, words: str) -> None:
        self.edit(self._draft.with_line(row, line), words)

    def set_value(self, row: int, text: str) -> None:
        """Take a typed value; what does not fit the VR is taken as bytes, and said."""
        line = self._draft.lines[row]
        element, sentence = parse(line.tag, text)
        old = line.element
        if old is not None and old.length is not None:
            element = replace(element, length=old.length)
        self.set_line(row, replace(line, element=element, included=None), f"Set {element.keyword}")
        self.problem.emit(sentence)

    def reset(self, rows: Sequence[int]) -> None:
        """Back to the automatic value; elements added by hand go."""
        draft = self._draft
        for row in sorted(set(rows), reverse=True):
            line = self.line(row)
            if line is not None:
                draft = draft.with_line(row, Line(line.tag, line.field) if line.field is not None else None)
        self.edit(draft, "Reset to automatic")

    def leave_out(self, rows: Sequence[int]) -> None:
        """Leave elements out; those added by hand go."""
        draft = self._draft
        for row in sorted(set(rows), reverse=True):
            line = self.line(row)
            if line is not None:
                draft = draft.with_line(row, replace(line, included=False) if line.field is not None else None)
        self.edit(draft, "Leave out")

    def include(self, row: int, yes: bool) -> None:
        line = self.line(row)
        if line is None or self._draft.includes(line) == yes:
            return
        plain = replace(line, included=None)
        by_rule = self._draft.includes(plain) == yes
        self.set_line(row, plain if by_rule else replace(line, included=yes), "Include" if yes else "Leave out")

    def repeat(self, row: int) -> None:
        line = self.line(row)
        if line is not None:
            copy = Line(line.tag, None, None, self._draft.element(line))
            self.edit(self._draft.with_new(row + 1, copy), "Repeat element")

    def move(self, row: int, by: int) -> int:
        """Move a row in the wire order; gives its new row."""
        draft, target = self._draft.with_moved(row, by)
        self.edit(draft, "Move element")
        return target

    def add(self, text: str) -> int | None:
        """Add an element by keyword, name or tag; gives its row, None (and a sentence) when it does not read."""
        key = text.split("  ", maxsplit=1)[0].strip()
        named = next((e for e in ELEMENTS.values() if e.name.lower() == key.lower()), None)
        try:
            tag = named.tag if named else command_tag(key)
        except ValueProblem as problem:
            self.problem.emit(f"{problem.reason[:1].upper()}{problem.reason[1:]}.")
            return None
        lines = enumerate(self._draft.lines)
        unused = next((i for i, e in lines if e.tag == tag and not self._draft.includes(e)), None)
        if unused is not None:
            self.include(unused, True)
            return unused
        row = self._draft.place_for(tag)
        self.edit(self._draft.with_new(row, Line(tag, None, None, Element(tag))), "Add element")
        return row

    def addable(self) -> list[CommandElement]:
        """Elements offered for adding: those the message may have first, those of E.1 next, the retired of E.2 last."""
        used = {line.tag for line in self._draft.lines if self._draft.includes(line)}
        own = {line.tag for line in self._draft.lines}
        unused = (e for e in BY_KEYWORD.values() if e.tag not in used)
        return sorted(unused, key=lambda e: (e.tag not in own, e.retired))

    # QAbstractTableModel

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._draft.lines) + 1

    def columnCount(self, parent: Index = NO_PARENT) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    @sound
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.ToolTipRole and section == USAGE:
            return "\n".join(_USAGES.values())
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return COLUMNS[USAGE if section == ORIGIN and self._room == NO_TAGS else section]

    @sound
    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
        line = self.line(index.row())
        if line is not None and index.column() == self.check_column:
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        if index.column() == (ELEMENT if line is None else VALUE):
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    @sound
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        line, column = self.line(index.row()), index.column()
        if line is None:
            return self._add_row(column, role)
        show = self._SHOW.get(role)
        return show(self, index.row(), line, column) if show else None

    @sound
    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        line = self.line(index.row())
        if line is None:
            return bool(str(value).strip()) and self.add(str(value)) is not None
        if role == Qt.ItemDataRole.CheckStateRole and index.column() == self.check_column:
            self.include(index.row(), Qt.CheckState(value) is Qt.CheckState.Checked)
            return True
        if role != Qt.ItemDataRole.EditRole or index.column() != VALUE:
            return False
        if str(value) == edit_text(self._draft.element(line)):
            return False
        self.set_value(index.row(), str(value))
        return True

    # cells

    def findings(self, row: int) -> Sequence[Finding]:
        return self._findings.get(row, ())

    def _add_row(self, column: int, role: int) -> Any:
        if column != ELEMENT:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return ADD_TEXT
        if role == Qt.ItemDataRole.ToolTipRole:
            return "Any element of group 0000: type its keyword, name or tag"
        if role == Qt.ItemDataRole.EditRole:
            return ""
        return theme().color("muted") if role == Qt.ItemDataRole.ForegroundRole else None

    def _display(self, _row: int, line: Line, column: int) -> str:
        row = ELEMENTS.get(line.tag)
        if column == VALUE:
            return self._value(line)
        if column == ORIGIN:
            origin = self._draft.origin(line).value
            return f"{line.field.usage} {origin}" if self._room == NO_TAGS and line.field else origin
        usage = line.field.usage if line.field else "—"
        tag = tag_digits(line.tag)
        if self._room == SHORT_TAGS and not line.tag >> 16:
            tag = tag[5:]
        return (tag, row.name if row else "Unknown element", row.vr if row else "UN", usage)[column]

    def _value(self, line: Line) -> str:
        if not self._draft.includes(line):
            return ""
        if line.tag == GROUP_LENGTH and (line.element is None or line.element == Element(GROUP_LENGTH)):
            return str(self._group_length)
        if line.tag == MESSAGE_ID and line.element is None:
            return f"{self._draft.around.next_message_id}  next"
        return shown(self._draft.element(line), self.about)

    def _edit(self, _row: int, line: Line, column: int) -> str | None:
        return edit_text(self._draft.element(line)) if column == VALUE else None

    def _tooltip(self, row: int, line: Line, column: int) -> str:
        element = ELEMENTS.get(line.tag)
        lines: list[str] = []
        if column in (TAG, ELEMENT, VR) and element is None:
            lines.append("Not in PS3.7 Annex E")
        elif column in (TAG, ELEMENT, VR) and element is not None:
            lines.append(f"{element.keyword} {tag_text(line.tag)}, VR {element.vr}, VM {element.vm}")
            lines += [element.meaning, "retired" if element.retired else "", element.clause]
        elif column == USAGE or (column == ORIGIN and self._room == NO_TAGS):
            lines += self._usage_words(line)
        elif column == VALUE:
            lines.append(self._value(line))
        lines += [f"{f.severity}: {f.sentence} ({f.clause})" for f in self.findings(row)]
        return plain_tip("\n".join(filter(None, lines)))

    def _usage_words(self, line: Line) -> list[str]:
        if line.field is None:
            return ["Not a field of this message, or a repeated one"]
        usage = line.field.usage
        words = [_USAGES.get(usage.removesuffix("(=)"), usage)]
        words += [_USAGES["(=)"]] if usage.endswith("(=)") else []
        return [*words, line.field.condition, line.field.condition_clause or self._draft.message.clause]

    def _color(self, row: int, line: Line, column: int) -> Any:
        origin = self._draft.origin(line)
        if origin in (Origin.OPTION, Origin.LEFT_OUT):
            return theme().color("changed" if column == ORIGIN and origin is Origin.LEFT_OUT else "muted")
        if column == ORIGIN:
            return theme().color("changed" if origin is Origin.SET else "muted")
        sign = self._sign(row)
        return theme().color(sign[1]) if sign and column == VALUE else None

    def _sign(self, row: int) -> tuple[str, str] | None:
        severities = {f.severity for f in self.findings(row)}
        return next((sign for severity, sign in _SIGNS.items() if severity in severities), None)

    def _decoration(self, row: int, _line: Line, column: int) -> Any:
        sign = self._sign(row) if column == VALUE else None
        return theme().icon(*sign) if sign else None

    def _check(self, _row: int, line: Line, column: int) -> Any:
        if column != self.check_column:
            return None
        return Qt.CheckState.Checked if self._draft.includes(line) else Qt.CheckState.Unchecked

    def _font(self, _row: int, line: Line, column: int) -> Any:
        if column == TAG:
            return theme().mono_font()
        if self._draft.origin(line) is not Origin.LEFT_OUT or column != ELEMENT:
            return None
        font = QFont()
        font.setStrikeOut(True)
        return font

    def _copy(self, row: int, line: Line, column: int) -> Any:
        return edit_text(self._draft.element(line)) if column == VALUE else self._display(row, line, column)

    def redacted_text(self, rows: Sequence[int], redaction: Redaction) -> str:
        """Rows as Copy has them, a line each, with the values that may leave the program; tags that together may spell
        a text are left out."""
        lines = [(row, line) for row in rows if (line := self.line(row)) is not None]
        elements = [self._draft.element(line) for _, line in lines]
        known = {e.tag for e in redaction.command_set(CommandSet(tuple(elements)))}
        texts = []
        for (row, line), element in zip(lines, elements, strict=True):
            if line.tag in known:
                about = (str(self._display(row, line, c) or "") for c in (TAG, ELEMENT, VR, USAGE))
                texts.append("\t".join((*about, *map(edit_text, redaction.command_set(CommandSet((element,)))))))
        return "\n".join(texts)

    def _repaint(self) -> None:
        self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, len(COLUMNS) - 1))

    _SHOW: ClassVar[dict[int, Callable[[CommandModel, int, Line, int], Any]]] = {
        int(Qt.ItemDataRole.DisplayRole): _display,
        int(Qt.ItemDataRole.EditRole): _edit,
        int(Qt.ItemDataRole.ToolTipRole): _tooltip,
        int(Qt.ItemDataRole.ForegroundRole): _color,
        int(Qt.ItemDataRole.DecorationRole): _decoration,
        int(Qt.ItemDataRole.CheckStateRole): _check,
        int(Qt.ItemDataRole.FontRole): _font,
        COPY_ROLE: _copy,
    }
