"""Defects of the window itself, wherever they are met: told once, in one dialog, and the window goes on."""

from __future__ import annotations

import ast
import contextlib
import importlib
import inspect
import sys
import textwrap
from pathlib import Path

import pytest
from PySide6.QtWidgets import QSplitter, QWidget

import gui
from engine.model.notices import AssociationNotice
from gui import closing
from gui.answering import Answering
from gui.dialogs import WENT_WRONG, Questions, ReportDialog, SilenceDialog
from gui.forms.eliding_combo import ElidingCombo
from gui.forms.entry_list import EntryList
from gui.forms.hex_view import HexView
from gui.models.diagnosis_book import DiagnosisBook
from gui.models.lists import Entry, EntryModel
from gui.models.log_associations import AssociationRows
from gui.models.log_texts import TextColumn
from gui.models.rows import Column, RowTableModel
from gui.models.tables import PlainTable
from gui.models.trace_store import TraceStore
from gui.panels.log_panel import LogPanel
from gui.panels.trace_panel import TracePanel
from gui.report import KEPT, Reporter, report_text
from gui.session import Session
from tests.gui.shell.shell import Answers
from tests.gui.staging import staged


@pytest.fixture
def told():
    """Every notice of the session."""
    return []


@pytest.fixture
def window(qtbot, tmp_path, told):
    with staged(qtbot, tmp_path / "workspace", told=told) as made:
        yield made


@pytest.fixture
def hooked(monkeypatch):
    """What came to Python's hook for exceptions nobody caught."""
    met = []
    monkeypatch.setattr(sys, "excepthook", lambda _kind, error, _trace: met.append(error))
    return met


def fail(*_, **__):
    raise KeyError("Vogelbeer^Adelheid")


def defect(number=0):
    """One of many different errors."""
    try:
        raise type(f"Error{number}", (KeyError,), {})("Vogelbeer^Adelheid")
    except KeyError as error:
        return error


@pytest.mark.parametrize(("kind", "method"), [(ElidingCombo, "shown_text"), (HexView, "_paint_row")])
def test_a_widget_that_fails_while_it_paints(kind, method, qtbot, monkeypatch, hooked):
    """Python keeps the frame of the last exception: a painter left in it is fatal to Qt."""
    widget = kind()
    qtbot.addWidget(widget)
    if kind is HexView:
        widget.set_data(bytes(64))
    else:
        widget.addItem("one")
    widget.resize(300, 60)
    with monkeypatch.context() as broken:
        broken.setattr(kind, method, fail)
        for _ in range(3):
            widget.grab()
    assert hooked and {type(error) for error in hooked} == {KeyError}
    assert not widget.grab().isNull()


@pytest.mark.parametrize(
    ("model", "name"), [(RowTableModel, "headerData"), (RowTableModel, "look"), (EntryModel, "data")]
)
def test_a_model_that_fails_while_python_has_its_view_painted(model, name, qtbot, monkeypatch, hooked):
    """PySide would leave the exception pending, and end the process in the next override with an enum."""
    rows, entries = RowTableModel([Column("What", str), Column("Who", str)]), EntryModel(lambda text: Entry(title=text))
    window = QSplitter()
    qtbot.addWidget(window)
    for view, shown in ((PlainTable(rows), rows), (EntryList(entries, name="Entries"), entries)):
        shown.setParent(view)
        shown.set_records(["one", "two"])
        window.addWidget(view)
    window.resize(600, 200)
    window.show()
    kind = inspect.unwrap(vars(model)[name])
    with monkeypatch.context() as broken:
        broken.setattr(kind, "__code__", (lambda self, *_, **__: fail()).__code__)
        broken.setitem(kind.__globals__, "fail", fail)
        for width in (400, 700):
            window.resize(width, 220)
            window.setStyleSheet(f"QTableView {{ padding: {width // 100}px }}")
            window.grab()
    assert hooked and {type(error) for error in hooked} == {KeyError}
    hooked.clear()
    window.grab()
    assert rows.index(1, 0).data() == "two" and not hooked


CANNOT_FAIL = {"rowCount", "columnCount", "supportedDropActions"}
"""They count what is there."""
CALLED_BY_US = {
    "accept",
    "reject",
    "run",
    "setText",
    "text",
    "selectedText",
    "setTabText",
    "id",
    "undo",
    "redo",
    "mergeWith",
}
"""By slots of ours, which tell themselves, or nothing of Qt goes on after them."""
WITH_CARE = {"closeEvent", "setVisible"}
"""What Qt would do instead, close, is worse; the other calls Qt's in any case."""


def test_every_override_that_may_fail_is_guarded():
    """Else its exception is left pending while Qt goes on: see `gui.sound`."""
    for file in sorted(Path(gui.__file__).parent.rglob("*.py")):
        module = importlib.import_module(
            ".".join(file.relative_to(Path(gui.__file__).parents[1]).with_suffix("").parts)
        )
        for kind in [k for k in vars(module).values() if isinstance(k, type) and k.__module__ == module.__name__]:
            bases = [b for b in kind.__mro__ if b.__module__.startswith("PySide6")]
            for name, made in vars(kind).items():
                if name.startswith("_") or not inspect.isfunction(made) or not any(name in vars(b) for b in bases):
                    continue
                if name in CANNOT_FAIL | CALLED_BY_US | WITH_CARE or hasattr(made, "__wrapped__"):
                    continue
                calls = [
                    n for n in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(made)))) if isinstance(n, ast.Call)
                ]
                assert not calls, f"{kind.__qualname__}.{name} needs @sound"


def test_every_painter_is_ended_whatever_happens():
    """That is, held by `with`: see above."""
    for file in Path(gui.__file__).parent.rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        nodes = list(ast.walk(tree))
        held = [item.context_expr for node in nodes if isinstance(node, ast.With) for item in node.items]
        held = [e for e in held if getattr(e, "id", "") == "painter" or "Painter(" in ast.unparse(e)]
        made = [n for n in nodes if isinstance(n, ast.Call) and getattr(n.func, "id", "").endswith("Painter")]
        assert len(made) == len(held), file


def test_a_thousand_defects_open_one_dialog(qtbot, capsys):
    """Of so many different ones the first are told; each is on the terminal once."""
    window, questions, reporter = QWidget(), Questions(), Reporter()
    qtbot.addWidget(window)
    window.show()
    reporter.reported.connect(lambda text, words: questions.report(window, text, words))
    for n in range(1_000):
        reporter.take_error(defect(n % 50))
    dialogs = [d for d in window.findChildren(ReportDialog) if d.isVisible()]
    assert len(dialogs) == 1
    assert len(dialogs[0].reports) == KEPT
    assert dialogs[0].view.toPlainText() == dialogs[0].text
    assert dialogs[0].note.text().startswith(f"{KEPT} unexpected errors")
    err = capsys.readouterr().err
    assert err.count("Unexpected Error") == KEPT
    assert "Vogelbeer" not in err + dialogs[0].text
    dialogs[0].reject()
    questions.report(window, "another", "What became of it.")
    assert [d.words.text() for d in window.findChildren(ReportDialog) if d.isVisible()] == ["What became of it."]


def test_an_engine_that_does_not_answer_has_a_dialog_of_its_own(qtbot):
    window, questions = QWidget(), Questions()
    qtbot.addWidget(window)
    window.show()
    silent = SilenceDialog("where it is", questions, window)
    silent.open()
    questions.report(window, "a report")
    assert silent.text == "where it is"
    assert [d.words.text() for d in window.findChildren(ReportDialog) if type(d) is ReportDialog] == [WENT_WRONG]


@pytest.mark.parametrize("closed", [False, True], ids=["no terminal", "terminal gone"])
def test_a_report_without_a_terminal(closed, qtbot, monkeypatch):
    """The window started by an icon has none on Windows; one whose terminal is closed cannot write there."""

    class Gone:
        def write(self, _text):
            raise BrokenPipeError

    reporter, told = Reporter(), []
    reporter.reported.connect(lambda text, _words: told.append(text))
    monkeypatch.setattr(sys, "stderr", Gone() if closed else None)
    error = defect()
    reporter.take_error(error)
    assert told == [report_text(error)]


def test_an_endless_recursion_is_one_report_however_deep_it_was():
    def dive(depth):
        return dive(depth - 1) if depth else fail()

    texts = set()
    for depth in (10, 20, 300):
        with pytest.raises(KeyError) as raised:
            dive(depth)
        texts.add(report_text(raised.value.with_traceback(raised.value.__traceback__.tb_next)))
    assert len(texts) == 1
    assert "again and again" in texts.pop()


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        (TextColumn, "_added"),
        (AssociationRows, "take"),
        (TraceStore, "_pdu"),
        (DiagnosisBook, "take"),
        (LogPanel, "add_notices"),
        (TracePanel, "add_notices"),
        (Session, "_take_pdu"),
        (Session, "_take_association"),
        (Answering, "take"),
    ],
    ids=lambda what: getattr(what, "__name__", what),
)
def test_a_defect_met_with_some_notices_keeps_no_others_back(kind, method, qtbot, window, told, monkeypatch):
    """Neither from the window's other parts nor from what comes later."""
    with qtbot.captureExceptions() as raised:
        with monkeypatch.context() as broken:
            broken.setattr(kind, method, fail)
            echo(qtbot, window, told)
        assert raised
        assert {error for error, _, _ in raised} == {KeyError}
        raised.clear()
        rows, log = window.log.model.total, window.log.model
        ended = echo(qtbot, window, told)
        qtbot.waitUntil(lambda: log.total > rows and ended.association in window.trace.store.associations)
        assert not raised
        assert [log.store.row(n).time for n in range(log.store.first, log.store.end)]


def echo(qtbot, window, told):
    before = len(told)
    window.echo()

    def ends():
        return [n for n in told[before:] if isinstance(n, AssociationNotice) and n.requestor and n.outcome]

    qtbot.waitUntil(lambda: bool(ends()))
    return ends()[0]


@pytest.mark.parametrize("step", ["begin", "_release", "_stop"])
def test_a_defect_while_the_window_closes_keeps_it_from_closing_for_a_while_only(
    step, qtbot, tmp_path, told, monkeypatch
):
    monkeypatch.setattr(closing, "LAST", 300)
    with staged(qtbot, tmp_path / "workspace", told=told) as window, qtbot.captureExceptions() as raised:
        echo(qtbot, window, told)
        with monkeypatch.context() as broken:
            broken.setattr(closing.Closing, step, fail)
            window.drafts.save = list
            with qtbot.waitSignal(window.ended), contextlib.suppress(KeyError):
                window.close()
        assert {error for error, _, _ in raised} <= {KeyError}
        monkeypatch.setattr(window, "close", window.ended.emit)  # as `staged` closes it once more
    assert not window.isVisible()


@pytest.mark.parametrize("step", ["ae.flush", "ae.show_peers", "arrangement.save", "drafts.save"])
def test_a_defect_before_the_window_closes_is_told_and_it_closes(step, qtbot, tmp_path, monkeypatch, hooked):
    """Each time: one that is met whenever the window is to close would keep it open for ever."""
    questions = Answers()
    with staged(qtbot, tmp_path / "workspace", questions=questions) as window:
        window.drafts.save = list
        owner, _, name = step.partition(".")
        monkeypatch.setattr(getattr(window, owner), name, fail)
        with qtbot.waitSignal(window.ended):
            window.close()
        assert {type(error) for error in hooked} == {KeyError}
        assert [("cannot be kept" in text) for text in questions.told] == [True] * (
            name == "save" and owner == "drafts"
        )
        monkeypatch.setattr(window, "close", window.ended.emit)  # as `staged` closes it once more
    assert not window.isVisible()
