"""Both dresses can be read, follow live, and draw their own icons."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QFile, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QIcon
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QTextBrowser,
    QToolButton,
    QWidget,
)

from gui.dialogs import Questions
from gui.models.tables import Column, PlainTable, RowTableModel
from gui.panels.builder_contexts import GroupedBox
from gui.theme import GROUNDS, ICONS, PALETTES, TEXT_ROLES, contrast, mono_font, theme

MENU_BUTTON = QToolButton.ToolButtonPopupMode.MenuButtonPopup
ROOT = Path(__file__).resolve().parents[2]


pytestmark = pytest.mark.usefixtures("undress")


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize("role", TEXT_ROLES)
@pytest.mark.parametrize("ground", [*GROUNDS, "hover"])
def test_every_text_role_reads_on_every_ground(name, role, ground):
    assert contrast(QColor(PALETTES[name][role]), QColor(PALETTES[name][ground])) >= 4.5


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize("role", ["ok", "warning", "failure"])
def test_meanings_read_on_their_tints(name, role):
    assert contrast(QColor(PALETTES[name][role]), QColor(PALETTES[name][f"{role}_tint"])) >= 4.5


@pytest.mark.parametrize("name", ["light", "dark"])
def test_the_text_of_the_main_button_reads_on_it(name):
    assert contrast(QColor(PALETTES[name]["on_accent"]), QColor(PALETTES[name]["accent"])) >= 4.5


def test_a_change_of_theme_leaves_the_style_as_it_is(qapp, monkeypatch):
    """Set once more it would style each widget once more."""
    theme().apply(qapp, "light")
    made = []
    monkeypatch.setattr("gui.theme.QStyleFactory.create", made.append)
    theme().apply(qapp, "dark")
    assert made == []


def test_a_change_of_theme_styles_each_widget_once(qapp, qtbot):
    """Qt itself styles it once for each widget around it, which took most of a second in a window of many."""
    theme().apply(qapp, "light")

    class Nest(QWidget):
        styled = 0

        def changeEvent(self, event):
            self.styled += event.type() is QEvent.Type.StyleChange
            super().changeEvent(event)

    nests = [Nest()]
    qtbot.addWidget(nests[0])
    for _ in range(10):
        nests.append(Nest(nests[-1]))
    innermost = QPushButton("Echo", nests[-1])
    nests[0].show()
    for nest in nests:
        nest.styled = 0
    theme().apply(qapp, "dark")
    assert {nest.styled for nest in nests} == {1}
    assert innermost.palette().buttonText().color() == theme().color("text")
    assert innermost.minimumSizeHint().height() == QPushButton("Echo").sizeHint().height()


def test_what_was_asked_for_its_size_before_it_is_shown_follows_the_theme(qapp, qtbot):
    """That styles it, and showing its window does so no more."""
    theme().apply(qapp, "light")
    window = QWidget()
    qtbot.addWidget(window)
    line = QLabel("MMMM", window)
    line.setProperty("role", "muted")
    line.sizeHint()
    theme().apply(qapp, "dark")
    window.resize(200, 60)
    window.show()
    assert line.palette().windowText().color() == theme().color("muted")


def test_black_on_white_has_the_greatest_contrast():
    assert contrast(QColor("black"), QColor("white")) == pytest.approx(21)


def test_both_palettes_have_the_same_roles():
    assert PALETTES["light"].keys() == PALETTES["dark"].keys()


def test_the_style_sheet_names_only_colours_and_glyphs_that_exist(qapp):
    theme().apply(qapp, "dark")
    sheet = qapp.styleSheet()
    assert "@" not in sheet
    glyphs = re.findall(r"url\(([^)]+)\)", sheet)
    assert glyphs
    assert all(QFile.exists(glyph) for glyph in glyphs)


IN_ANY_FOLDER = """
from PySide6.QtCore import qInstallMessageHandler
from PySide6.QtWidgets import QApplication, QCheckBox
from gui.theme import ICONS, theme

said = []
qInstallMessageHandler(lambda _kind, _context, text: said.append(text))
app = QApplication([])
theme().apply(app, "dark")
box = QCheckBox()
box.setChecked(True)
image = box.grab().toImage()
colours = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}
assert "(" in str(ICONS)
assert {theme().color(role).name() for role in ("accent", "on_accent")} <= colours, colours
assert not [text for text in said if "propagateSizeHints" not in text], said
"""


def test_the_window_is_dressed_wherever_it_is_installed(tmp_path):
    """Style sheets have syntax of their own: a folder with a space, an ö or a bracket left the window without any."""
    folder = tmp_path / "Größe ж (2) @text@; b"
    folder.mkdir()
    for name in ("engine", "gui", "resources"):
        (folder / name).symlink_to(ROOT / name, target_is_directory=True)
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(folder)}
    subprocess.run([sys.executable, "-c", IN_ANY_FOLDER], env=environment, cwd=folder, check=True, timeout=120)


def test_changing_the_theme_recolours_what_is_shown(qapp, qtbot):
    theme().apply(qapp, "light")
    button = QPushButton("Echo")
    qtbot.addWidget(button)
    theme().bind_icon(button, "echo")
    light = button.icon().pixmap(16, 16).toImage()
    with qtbot.waitSignal(theme().changed):
        theme().apply(qapp, "dark")
    assert theme().name == "dark"
    assert qapp.palette().window().color() == QColor(PALETTES["dark"]["window"])
    assert button.icon().pixmap(16, 16).toImage() != light


def test_system_follows_the_desktop(qapp):
    theme().apply(qapp, "system")
    assert theme().choice == "system"
    assert theme().name in ("light", "dark")


def test_an_unknown_theme_is_refused(qapp):
    with pytest.raises(ValueError, match="pink"):
        theme().apply(qapp, "pink")


@pytest.mark.parametrize("file", sorted(ICONS.glob("*.svg")), ids=lambda f: f.stem)
def test_every_icon_draws_something_and_is_drawn_for_200_percent(qapp, file):
    icon = theme().icon(file.stem, "text")
    assert QSize(32, 32) in icon.availableSizes()
    image = icon.pixmap(QSize(16, 16), 2.0).toImage()
    assert image.width() == 32
    assert any(image.pixelColor(x, y).alpha() for x in range(32) for y in range(32))


def test_a_selected_row_keeps_the_colour_of_its_icon(qapp):
    icon = theme().icon("ok", "ok")
    normal = icon.pixmap(16, 16, QIcon.Mode.Normal).toImage()
    assert icon.pixmap(16, 16, QIcon.Mode.Selected).toImage() == normal


def test_the_mono_font_is_of_fixed_width(qapp):
    widths = QFontMetricsF(mono_font())  # not what the font says of itself: Noto Sans Mono does not say it
    assert widths.horizontalAdvance("i") == widths.horizontalAdvance("W") == widths.horizontalAdvance("0")


def test_there_is_one_theme(qapp):
    assert theme() is theme()
    assert theme().parent() is QApplication.instance()


def test_an_icon_holds_nothing_of_those_drawn_before_it(qapp: QApplication) -> None:
    theme().apply(qapp, "light")

    def inked(name: str) -> set[tuple[int, int]]:
        image = theme().icon(name).pixmap(QSize(32, 32)).toImage()
        places = ((x, y) for x in range(image.width()) for y in range(image.height()))
        return {(x, y) for x, y in places if image.pixelColor(x, y).alpha() > 0}

    one, other = inked("add"), inked("copy")
    assert one - other
    assert other - one


BUILT_BEFORE_AND_AFTER = """
from PySide6.QtWidgets import QApplication
from gui.panels.ae_local import LocalForm
from gui.theme import theme

app = QApplication([])
theme().apply(app, "dark", sheet=False)
assert app.styleSheet() == ""
before = LocalForm()
theme().dress(app)
after = LocalForm()
for widget in (before, after):
    widget.resize(360, 700)
assert before.grab().toImage() == after.grab().toImage()
"""


def test_what_is_built_before_the_style_sheet_looks_as_what_is_built_after_it():
    """In a process of its own: the sheet goes on once, which here others have done already."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    subprocess.run([sys.executable, "-c", BUILT_BEFORE_AND_AFTER], env=environment, cwd=ROOT, check=True, timeout=120)


COLLECTED_MEANWHILE = """
import gc
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from gui.theme import theme

class Busy(QWidget):
    def changeEvent(self, event):
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self.made = [[n] for n in range(5000)]
        super().changeEvent(event)

app = QApplication([])
theme().apply(app, "light")
busy = [Busy() for _ in range(20)]
for widget in busy:
    widget.show()
for name in ("dark", "light") * 3:
    gc.disable()
    for _ in range(300):
        lost = QWidget()
        lost.itself, lost.label = lost, QLabel("x", lost)
        lost.show()
    gc.set_threshold(50, 2, 2)
    gc.enable()
    theme().apply(app, name)
    assert gc.isenabled()
"""


def test_dressing_survives_widgets_that_are_freed_meanwhile():
    """In a process of its own, for it may die: Qt restyles what stood on a list, Python's handlers are called between,
    and widgets that refer to themselves are freed by the garbage collector whenever it runs."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "MALLOC_PERTURB_": "165"}
    subprocess.run([sys.executable, "-c", COLLECTED_MEANWHILE], env=environment, cwd=ROOT, check=True, timeout=120)


def drawn(widget, color):
    """Whether the colour stands in the picture of a widget."""
    image = widget.grab().toImage()
    wanted = color.rgb()
    return any(image.pixel(x, y) == wanted for y in range(image.height()) for x in range(image.width()))


def made(kind, parent, **properties):
    widget = kind(parent)
    for name, value in properties.items():
        widget.setProperty(name, value)
    return widget


CONTROLS = {
    "field": lambda parent: QLineEdit("Archive", parent),
    "choice": QComboBox,
    "editable choice": lambda parent: made(QComboBox, parent, editable=True),
    "number": QSpinBox,
    "button": lambda parent: QPushButton("Cancel", parent),
    "menu button": lambda parent: made(QPushButton, parent, text="Queries", menu="true"),
    "tool": lambda parent: made(QToolButton, parent, text="Echo", button="true"),
    "menu tool": lambda parent: made(QToolButton, parent, text="Message", button="true", menu="true"),
    "split tool": lambda parent: made(QToolButton, parent, text="Send", button="true", popupMode=MENU_BUTTON),
    "main button": lambda parent: made(QPushButton, parent, text="Save", primary="true"),
    "main tool": lambda parent: made(QToolButton, parent, text="Echo", button="true", primary="true"),
    "main split tool": lambda parent: made(
        QToolButton, parent, text="Send one shot", button="true", primary="true", popupMode=MENU_BUTTON
    ),
}


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize("kind", CONTROLS)
def test_the_keyboard_is_seen_on_a_control_which_stays_as_large(qapp, qtbot, name, kind):
    """On all of its border, two pixels thick."""
    theme().apply(qapp, name)
    window = QWidget()
    qtbot.addWidget(window)
    row = QHBoxLayout(window)
    control, other = CONTROLS[kind](window), QPushButton("Other", window)
    control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    row.addWidget(control)
    row.addWidget(other)
    window.show()
    window.activateWindow()
    seen = {}
    for focus in (other, control):
        focus.setFocus()
        qtbot.waitUntil(focus.hasFocus)
        seen[focus] = control.sizeHint(), control.grab().toImage()
    assert seen[control][0] == seen[other][0]
    before, after = seen[other][1], seen[control][1]
    wanted = theme().color("text" if "main" in kind else "accent")
    for x in range(10, after.width() - 10):  # away from the corners
        for y in (0, 1, after.height() - 2, after.height() - 1):
            assert after.pixelColor(x, y) == wanted != before.pixelColor(x, y)


@pytest.mark.parametrize("ground", [g for g in GROUNDS if g != "selection"])
@pytest.mark.parametrize("name", ["light", "dark"])
def test_the_border_of_a_control_is_seen_on_every_ground(name, ground):
    """WCAG 2.1, 1.4.11."""
    border, behind = QColor(PALETTES[name]["control_border"]), QColor(PALETTES[name][ground])
    assert contrast(border, behind) >= 3


def test_links_of_empty_lists_follow_the_theme(qapp, qtbot):
    theme().apply(qapp, "light")
    table = PlainTable(RowTableModel([Column("What", str)]))
    table.model().setParent(table)
    qtbot.addWidget(table)
    table.resize(400, 200)
    table.set_empty("Nothing. <a href='x'>MMMMMMMM</a>")
    table.show()
    assert drawn(table, theme().color("accent"))
    theme().apply(qapp, "dark")
    assert drawn(table, theme().color("accent"))


def test_headings_and_emulators_follow_the_theme(qapp, live_window, qtbot):
    theme().apply(qapp, "light")
    box = GroupedBox("Context", live_window)
    box.set_groups([("", [(1, "one", "")]), ("Not allowed", [(2, "two", "")])])
    live_window.opening.show_emulators()
    emulators = live_window.opening.emulators
    qtbot.waitUntil(lambda: bool(emulators.objects.of("worklist")))
    theme().apply(qapp, "dark")
    names = [emulators.list.topLevelItem(row) for row in range(emulators.list.topLevelItemCount() - 1)]
    assert {item.foreground(0).color().name() for item in names} == {theme().color("text").name()}
    assert box.model().item(1).foreground().color() == theme().color("muted")
    assert all(item.checkState(0) is Qt.CheckState.Checked for item in names)


def test_an_open_page_of_text_follows_the_theme(qapp, qtbot):
    theme().apply(qapp, "light")
    window = QWidget()
    qtbot.addWidget(window)
    window.show()

    def page_text():
        return f"<p style='color:{theme().color('muted').name()}'>MMMM <a href='x'>MMMM</a>"

    Questions().show(window, "Rule", page_text)
    page = window.findChild(QTextBrowser)
    assert drawn(page, theme().color("muted")) and drawn(page, theme().color("accent"))
    theme().apply(qapp, "dark")
    assert drawn(page, theme().color("muted")) and drawn(page, theme().color("accent"))
    page.window().close()
