"""The table every list is made of: batches, filter, bound, widths, copying."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication

from engine.model.notices import ErrorNotice
from gui.models.lists import Entry, EntryModel
from gui.models.tables import Column, PlainTable, RowTableModel
from gui.redacted import MOST_ROWS

COLUMNS = (
    Column("Number", str, sample="00000", align_right=True),
    Column("Name", lambda r: f"row {r}", weight=1, sample="row 0", tooltip=lambda r: f"tip {r}"),
    Column("UID", lambda r: "Verification", copy=lambda r: f"1.2.{r}", middle=True, sample="1.2.840…", priority=1),
)


@pytest.fixture
def model(qtbot):
    made = RowTableModel(COLUMNS)
    QAbstractItemModelTester(made, QAbstractItemModelTester.FailureReportingMode.Fatal)
    return made


@pytest.fixture
def table(qtbot, model):
    made = PlainTable(model, name="Rows")
    qtbot.addWidget(made)
    made.resize(500, 300)
    made.show()
    return made


def shown(model):
    return [model.record(row) for row in range(model.rowCount())]


def test_a_batch_is_one_insertion(model):
    inserted = []
    model.rowsInserted.connect(lambda _parent, first, last: inserted.append((first, last)))
    model.append(range(1000))
    model.append(range(1000, 1500))
    model.append(())
    assert inserted == [(0, 999), (1000, 1499)]


def test_a_filter_keeps_what_fits_of_old_and_new(model):
    model.append(range(10))
    model.set_filter(lambda r: r % 2 == 0)
    model.append(range(10, 14))
    assert shown(model) == [0, 2, 4, 6, 8, 10, 12]
    assert model.row_of(4) == 2
    assert model.row_of(5) == -1
    model.set_filter(None)
    assert shown(model) == list(range(14))


def test_the_oldest_go_when_there_are_more_than_the_bound(qtbot):
    model = RowTableModel(COLUMNS, maximum=5)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.set_filter(lambda r: r % 2 == 1)
    model.append(range(4))
    model.append(range(4, 8))
    assert list(model.records) == [3, 4, 5, 6, 7]
    assert shown(model) == [3, 5, 7]
    model.append(range(100))
    assert list(model.records) == [95, 96, 97, 98, 99]


def test_a_changed_record_is_told(model, qtbot):
    model.append([1, 2, 3])
    with qtbot.waitSignal(model.dataChanged) as told:
        model.update_record(1, 20)
    assert told.args[0].row() == 1
    assert shown(model) == [1, 20, 3]


def test_copy_puts_whole_uids_on_the_clipboard_by_keyboard(table, model, qtbot):
    model.append([7, 8, 9])
    table.selectRow(1)
    qtbot.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "8\trow 8\t1.2.8"


def test_columns_share_the_width_and_the_least_important_hides_where_it_is_short(table, qtbot):
    assert sum(table.columnWidth(i) for i in range(3)) == table.viewport().width()
    assert not table.isColumnHidden(2)
    table.resize(180, 300)
    qtbot.waitUntil(lambda: table.isColumnHidden(2))
    assert not table.isColumnHidden(0)
    assert table.columnWidth(0) + table.columnWidth(1) <= table.viewport().width()


def test_a_width_set_by_hand_stays_and_a_double_click_gives_it_back(table, qtbot):
    table.horizontalHeader().resizeSection(0, 150)
    table.resize(600, 300)
    qtbot.waitUntil(lambda: table.viewport().width() > 550)
    assert table.columnWidth(0) == 150
    table.horizontalHeader().sectionDoubleClicked.emit(0)
    assert table.columnWidth(0) < 150


def test_titles_are_never_cut_off(table):
    metrics = table.horizontalHeader().fontMetrics()
    for index, column in enumerate(COLUMNS):
        assert table.columnWidth(index) >= metrics.horizontalAdvance(column.title) + 12


def test_an_empty_table_says_what_to_do(table, model):
    table.set_empty("Press <b>Echo</b>.")
    assert table.empty.isVisible()
    model.append([1])
    assert not table.empty.isVisible()
    model.clear()
    assert table.empty.isVisible()


def test_return_activates_the_current_record(table, model, qtbot):
    model.append([5, 6])
    table.selectRow(1)
    with qtbot.waitSignal(table.activated_record) as told:
        qtbot.keyClick(table, Qt.Key.Key_Return)
    assert told.args == [6]


def test_entries_move_and_say_so(qtbot):
    model = EntryModel(lambda r: Entry(title=str(r)))
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.set_records("abcd")
    with qtbot.waitSignal(model.reordered):
        assert model.move(0, 2)
    assert list(model.records) == list("bcad")
    assert model.move(3, 0)
    assert list(model.records) == list("dbca")
    assert not model.move(0, 9)
    assert not model.move(1, 1)


class Counted(RowTableModel):
    """Counts what is asked of single cells."""

    asked = 0

    def flags(self, index):
        self.asked += 1
        return super().flags(index)


def test_thousands_of_selected_rows_cost_no_more_than_those_that_are_seen(qtbot):
    model = Counted(COLUMNS)
    table = PlainTable(model, name="Rows")
    model.setParent(table)
    qtbot.addWidget(table)
    table.show()
    model.append(range(20_000))
    table.setFocus()
    qtbot.keyClick(table, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    table.grab()
    assert len(table.selected_rows()) == 20_000
    assert model.asked < 5_000


def test_rows_selected_in_pieces_come_in_order(table, model, qtbot):
    model.append(range(9))
    for row in (7, 1, 2):
        table.selectionModel().select(
            model.index(row, 0),
            QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows,
        )
    assert table.selected_rows() == [1, 2, 7]


@pytest.mark.parametrize("keys", ["Ctrl+C", "Ctrl+Shift+C"])
def test_too_many_rows_to_copy_are_told(live_window, qtbot, keys):
    table = live_window.log.table
    live_window.log.model.take([ErrorNotice(time=float(n), sentence="Row.") for n in range(MOST_ROWS + 1)])
    QGuiApplication.clipboard().setText("before")
    table.setFocus()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is table)
    qtbot.keyClick(table, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    sent = QKeySequence(keys)[0]
    qtbot.keyClick(table, sent.key(), sent.keyboardModifiers())
    qtbot.waitUntil(lambda: "too many to copy at once" in live_window.status.sentence.whole())
    assert QGuiApplication.clipboard().text() == "before"
