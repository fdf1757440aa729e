"""The message builder on a bench: what it asks for is taken down, and answered as a test wants."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QWidget

from engine.model.association import Negotiated, NegotiatedContext
from engine.model.command_set import CommandSet
from engine.model.commands import Outgoing
from engine.model.dataset import DataSet
from engine.model.notices import Direction, MessageNotice, Outcome, StatusNotice
from engine.standard.elements import BY_KEYWORD
from gui.dialogs import Questions
from gui.models.command_model import VALUE
from gui.panels.builder_panel import BuilderPanel

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

VERIFICATION = "1.2.840.10008.1.1"
COMMITMENT = "1.2.840.10008.1.20.1"
CT = "1.2.840.10008.5.1.4.1.1.2"
FIND = "1.2.840.10008.5.1.4.1.2.2.1"
MPPS = "1.2.840.10008.3.1.2.3.3"
EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
KEY = Qt.Key


class Answers(Questions):
    """Files chosen and questions answered at once."""

    def __init__(self) -> None:
        super().__init__()
        self.files: tuple[Path, ...] = ()
        self.asked: list[str] = []
        self.agree = True

    def ask(self, parent: QWidget, title: str, text: str, yes: str, on_yes: Callable[[], None]) -> None:
        self.asked.append(text)
        if self.agree:
            on_yes()

    def open_files(self, parent: QWidget, title: str, pattern: str, on_files: object) -> None:
        assert callable(on_files)
        on_files(self.files)

    def save_file(self, parent: QWidget, title: str, pattern: str, name: str, on_files: object) -> None:
        assert callable(on_files)
        on_files(self.files)


@dataclass
class Bench:
    """The panel and what it asked for."""

    panel: BuilderPanel
    questions: Answers
    sent: list[tuple[Outgoing, bool]] = field(default_factory=list)
    cancelled: list[int] = field(default_factory=list)

    def take(self, outgoing: Outgoing, one_shot: bool) -> None:
        self.sent.append((outgoing, one_shot))
        self.panel.operation_started(len(self.sent))

    @property
    def command(self) -> CommandSet:
        return self.panel.page.draft.preview()

    def row(self, keyword: str) -> int:
        tag = BY_KEYWORD[keyword].tag
        return next(i for i, line in enumerate(self.panel.page.draft.lines) if line.tag == tag)

    def cell(self, keyword: str, column: int = VALUE) -> str:
        return str(self.panel.page.command.index(self.row(keyword), column).data())

    def respond(self, status: int, field_: int, data: DataSet | None = None, **more: object) -> None:
        command = CommandSet.of(
            AffectedSOPClassUID=FIND,
            CommandField=field_,
            MessageIDBeingRespondedTo=1,
            CommandDataSetType=0x0101 if data is None else 1,
            Status=status,
            **more,  # type: ignore[arg-type]
        )
        self.panel.add_response(message(command, len(self.sent), data))

    def end(self, outcome: Outcome, status: int | None, sentence: str = "", operation: int = 0) -> None:
        self.panel.operation_ended(
            StatusNotice(
                operation=operation or len(self.sent),
                association=12,
                time=0,
                clock=0,
                outcome=outcome,
                service="C-FIND",
                sop_class_uid=FIND,
                status=status,
                sentence=sentence,
                duration=0.038,
            )
        )


def message(
    command: CommandSet, operation: int | None, data: object = None, direction: Direction = Direction.RECEIVED
) -> MessageNotice:
    return MessageNotice(
        association=12,
        operation=operation,
        time=0,
        clock=0,
        direction=direction,
        context_id=7,
        abstract_syntax=FIND,
        transfer_syntax=EXPLICIT,
        command=command,
        data=data,
        data_length=64,
        duration=0.004,  # type: ignore[arg-type]
    )


def context(number: int, uid: str, result: int = 0) -> NegotiatedContext:
    syntax = EXPLICIT if result == 0 else ""
    return NegotiatedContext(
        id=number, abstract_syntax=uid, proposed=(EXPLICIT, IMPLICIT), result=result, transfer_syntax=syntax
    )


NEGOTIATED = Negotiated(
    contexts=(context(1, VERIFICATION), context(3, COMMITMENT), context(5, CT, 3), context(7, FIND), context(9, MPPS)),
    calling_ae_title="CONSOLE",
    called_ae_title="ARCHIVE",
)


def choose(qtbot: QtBot, bench: Bench, name: str) -> None:
    """Pick a message by typing its name in the list, as a keyboard user does."""
    box = bench.panel.page.top.pickers.message_box
    box.setFocus()
    box.set_value(name)
    box.activated.emit(box.currentIndex())


def edit(qtbot: QtBot, bench: Bench, keyword: str, text: str) -> None:
    """F2 on a row, type, Return."""
    view = bench.panel.page.pane.view
    view.setFocus()
    view.select(bench.row(keyword))
    qtbot.keyClick(view, KEY.Key_F2)
    editor = view.findChildren(QLineEdit)[-1]
    editor.selectAll()
    qtbot.keyClicks(editor, text)
    commit(qtbot, editor)
    # Off screen, a closed completion list takes the window's activation with it.
    bench.panel.activateWindow()
    qtbot.waitUntil(view.hasFocus)


def commit(qtbot: QtBot, editor: QWidget) -> None:
    """Return in a cell's editor; the view takes the value when the event loop is free."""
    with qtbot.waitSignal(editor.destroyed):
        qtbot.keyClick(editor, KEY.Key_Return)
