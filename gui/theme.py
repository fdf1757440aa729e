"""Colours, fonts, spacing and icons of the window, in a light and a dark dress.

Colour only carries meaning (ok, warning, failure, changed by hand) and never stands alone: a word or a sign is always
beside it. Every text role keeps a contrast of at least 4.5:1 on every background it may stand on, selected rows too.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from pathlib import Path
from typing import Protocol, cast

from PySide6.QtCore import QByteArray, QDir, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QColor,
    QFont,
    QFontDatabase,
    QFontInfo,
    QGuiApplication,
    QIcon,
    QPainter,
    QPalette,
    QPixmap,
)
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QApplication, QStyleFactory, QWidget
from shiboken6 import isValid

import engine
from engine.standard.lean import dataclass

from .collecting import nothing_collected
from .palettes import GROUNDS, PALETTES, TEXT_ROLES, contrast
from .style_sheet import STYLE_SHEET

RESOURCES = Path(engine.__file__).parents[1] / "resources"
ICONS = RESOURCES / "icons"

__all__ = [
    "CHOICES",
    "GROUNDS",
    "ICONS",
    "PALETTES",
    "RESOURCES",
    "SPACING",
    "TEXT_ROLES",
    "Theme",
    "contrast",
    "mono_font",
    "restyle",
    "theme",
    "ui_font",
]

CHOICES = ("system", "light", "dark")


@dataclass(frozen=True, slots=True)
class Spacing:
    """Pixels at 100 %; everything in the window is a multiple of 4."""

    hair: int = 2
    small: int = 4
    normal: int = 8
    large: int = 12
    panel: int = 16
    row: int = 10
    """Added to the font's height to give a row of a table or tree."""
    icon: int = 16
    icon_gap: int = 6
    """Between the icon and the text of a button."""


SPACING = Spacing()
LEAST_TABLE, LEAST_LIST = 58, 46
"""Pixels of height of a view in the least window: its header and a row, or two lines. Qt's own least is that of a
scroll bar, with which the window would not fit a screen of 1080 lines at 200 %."""

_WHOLE_SIZES = (16, 20, 32, 40)
_ICON_SIZES = (16, 20, 24, 32, 40, 48, 64)
"""16 and 20 px at 100, 150, 200 and 300 %: each is drawn, none is scaled."""

_GREYED = 0.38
"""Opacity of an icon that is disabled."""

_MONO_FAMILIES = {
    "win32": ["Cascadia Mono", "Consolas", "Courier New"],
    "darwin": ["SF Mono", "Menlo", "Monaco"],
    "linux": ["JetBrains Mono", "Noto Sans Mono", "DejaVu Sans Mono", "Liberation Mono"],
}
_LEAST_POINT_SIZE = {"win32": 9.0, "darwin": 13.0, "linux": 10.0}


class _Iconed(Protocol):
    def setIcon(self, icon: QIcon) -> None: ...


class Theme(QObject):
    """The dress in force. One a process: `theme()` gives it."""

    changed = Signal()
    """The colours are others now; palettes and icons bound with `bind_icon` have already followed."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._choice = "system"
        self._name = "light"
        self._colors: dict[str, QColor] = {}
        self._icons: dict[tuple[str, str, int], QIcon] = {}
        self._following = False
        self._mono: QFont | None = None

    @property
    def choice(self) -> str:
        """What the user chose: system, light or dark."""
        return self._choice

    @property
    def name(self) -> str:
        """What is in force: light or dark."""
        return self._name

    def apply(self, app: QApplication, choice: str, *, sheet: bool = True) -> None:
        """Dress the application; `choice` is "light", "dark" or "system" (follow the desktop from now on).

        sheet: False leaves the style sheet to `dress`, after the first window is built. With it Qt styles all that is
        in a widget anew each time this gets a parent: for the main window three times over.
        """
        if choice not in CHOICES:
            raise ValueError(f"theme {choice!r}: choose one of {', '.join(CHOICES)}")
        self._choice = choice
        hints = app.styleHints()
        if not self._following:
            hints.colorSchemeChanged.connect(self._system_changed)
            app.screenAdded.connect(self._screen_added)
            self._following = True
        # The window frame belongs to the desktop; this asks it to follow.
        scheme = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}.get(choice, Qt.ColorScheme.Unknown)
        hints.setColorScheme(scheme)
        if choice == "system":
            choice = "dark" if hints.colorScheme() is Qt.ColorScheme.Dark else "light"
        self._dress(app, choice, sheet=sheet)

    def dress(self, app: QApplication) -> None:
        """Put on the style sheet: at the end of `apply`, or after it when it was told to wait.

        In the place of the one before in one step: taken off first, Qt has crashed twice. Qt styles all it knows of and
        what is in that, each widget once for each one around it; so it is to know the windows only, which is a tenth.
        """
        with nothing_collected():
            if app.styleSheet():
                style = app.style()
                style.unpolish(app)  # that of a style sheet: it forgets whom it knows, nobody's look changes
                for window in app.topLevelWidgets():
                    if window.parentWidget() is None:
                        style.polish(window)
            app.setStyleSheet(self._sheet())

    def color(self, role: str) -> QColor:
        """The colour of a role (see `PALETTES`). KeyError for a role that does not exist."""
        if role not in self._colors:
            self._colors[role] = QColor(PALETTES[self._name][role])
        return self._colors[role]

    def icon(self, name: str, role: str = "text", gap: int = 0) -> QIcon:
        """An icon of resources/icons in the colour of a role, greyed when disabled.

        `gap`: pixels left free at its right. Style sheets know no distance between the icon and the text of a button.
        """
        key = (name, role, gap)
        if key not in self._icons:
            self._icons[key] = self._draw(name, self.color(role), gap)
        return self._icons[key]

    def bind_text_icon(self, target: QAbstractButton, name: str, role: str = "text") -> None:
        """As `bind_icon`, for a button with a text: the icon stands a little away from it."""
        target.setIconSize(QSize(SPACING.icon + SPACING.icon_gap, SPACING.icon))
        target.setProperty("themeIcon", f"{name}/{role}/{SPACING.icon_gap}")
        target.setIcon(self.icon(name, role, SPACING.icon_gap))

    def bind_icon(self, target: QAction | QAbstractButton, name: str, role: str = "text") -> None:
        """Set an icon that follows the theme for the life of an action or button."""
        target.setProperty("themeIcon", f"{name}/{role}/0")
        target.setIcon(self.icon(name, role))

    def pixmap(self, name: str, role: str = "text", size: int = SPACING.icon) -> QPixmap:
        return self.icon(name, role).pixmap(size, size)

    def mono_font(self) -> QFont:
        """For tags, UIDs in columns, hexadecimal."""
        if self._mono is None:
            self._mono = mono_font()
        return self._mono

    def _system_changed(self) -> None:
        app = QApplication.instance()
        if self._choice == "system" and isinstance(app, QApplication):
            dark = app.styleHints().colorScheme() is Qt.ColorScheme.Dark
            self._dress(app, "dark" if dark else "light")

    def _dress(self, app: QApplication, name: str, *, sheet: bool = True) -> None:
        self._name = name
        self._colors.clear()
        self._icons.clear()
        self._mono = None
        with nothing_collected():
            if app.style().name() not in ("fusion", ""):  # "" is that of a style sheet, which stands on Fusion already
                app.setStyle(QStyleFactory.create("Fusion"))
            app.setFont(ui_font())
            app.setPalette(self._palette())
        if sheet:
            self.dress(app)
        for widget in app.topLevelWidgets():
            self._recolour(widget)
        self.changed.emit()

    def _recolour(self, top: QWidget) -> None:
        bound: list[QAction | QAbstractButton] = [
            top,  # type: ignore[list-item]
            *top.findChildren(QAction),
            *top.findChildren(QAbstractButton),
        ]
        for target in bound:
            value = target.property("themeIcon")
            if isinstance(value, str) and value:
                name, role, gap = value.split("/")
                cast(_Iconed, target).setIcon(self.icon(name, role, int(gap)))

    def _draw(self, name: str, color: QColor, gap: int) -> QIcon:
        renderer = QSvgRenderer(QByteArray(_svg(name).replace("currentColor", color.name()).encode()))
        icon = QIcon()
        for size in self._icon_sizes():
            normal = _blank(size, gap)
            with QPainter(normal) as painter:
                painter.setOpacity(color.alphaF())
                renderer.render(painter, QRectF(0, 0, size, size))
            greyed = _blank(size, gap)
            with QPainter(greyed) as painter:
                painter.setOpacity(_GREYED)
                painter.drawPixmap(0, 0, normal)
            icon.addPixmap(normal, QIcon.Mode.Normal)
            # Otherwise the style tints icons of selected rows and takes their contrast.
            icon.addPixmap(normal, QIcon.Mode.Selected)
            icon.addPixmap(greyed, QIcon.Mode.Disabled)
        return icon

    def _icon_sizes(self) -> tuple[int, ...]:
        """Those the screens at hand need: at 100 and 200 % half of the drawing is spared when the window opens."""
        whole = all(screen.devicePixelRatio() in (1, 2) for screen in QGuiApplication.screens())
        return _WHOLE_SIZES if whole else _ICON_SIZES

    def _screen_added(self) -> None:
        """Icons made before may be too small for it."""
        app = QApplication.instance()
        if isinstance(app, QApplication):
            self._dress(app, self._name)

    def _palette(self) -> QPalette:
        color = self.color
        palette = QPalette()
        roles = {
            QPalette.ColorRole.Window: "window",
            QPalette.ColorRole.WindowText: "text",
            QPalette.ColorRole.Base: "panel",
            QPalette.ColorRole.AlternateBase: "alternate",
            QPalette.ColorRole.Text: "text",
            QPalette.ColorRole.PlaceholderText: "muted",
            QPalette.ColorRole.Button: "panel",
            QPalette.ColorRole.ButtonText: "text",
            QPalette.ColorRole.BrightText: "failure",
            QPalette.ColorRole.Highlight: "selection",
            QPalette.ColorRole.HighlightedText: "text",
            QPalette.ColorRole.Accent: "accent",
            QPalette.ColorRole.Link: "accent",
            QPalette.ColorRole.LinkVisited: "changed",
            QPalette.ColorRole.ToolTipBase: "panel",
            QPalette.ColorRole.ToolTipText: "text",
            QPalette.ColorRole.Mid: "border",
            QPalette.ColorRole.Midlight: "hover",
            QPalette.ColorRole.Light: "panel",
            QPalette.ColorRole.Dark: "control_border",
            QPalette.ColorRole.Shadow: "border",
        }
        for role, name in roles.items():
            palette.setColor(role, color(name))
        faint = QColor(color("muted"))
        faint.setAlphaF(0.7)
        for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText, QPalette.ColorRole.WindowText):
            palette.setColor(QPalette.ColorGroup.Disabled, role, faint)
        return palette

    def _sheet(self) -> str:
        # Their folder by a name of its own: the sheet cannot be read with a space or a letter such as ö in a `url()`.
        QDir.setSearchPaths("glyphs", [str(ICONS / "glyphs")])
        values = {**PALETTES[self._name], "tone": self._name}
        sheet = STYLE_SHEET
        for key, value in values.items():
            sheet = sheet.replace(f"@{key}@", value)
        return sheet


_made: list[Theme] = []
"""The one theme; asked for with every cell that is drawn, so it is not searched for."""


def theme() -> Theme:
    """The application's theme, made at the first call and owned by the application."""
    if not _made or not isValid(_made[-1]):
        _made[:] = [Theme(QApplication.instance())]
    return _made[-1]


def restyle(widget: QWidget, name: str, value: str) -> None:
    """Set a property the style sheet looks at, and have it looked at."""
    if widget.property(name) == value:
        return
    widget.setProperty(name, value)
    if widget.testAttribute(Qt.WidgetAttribute.WA_WState_Polished):  # else it is looked at when the widget is shown
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def _platform() -> str:
    return sys.platform if sys.platform in _MONO_FAMILIES else "linux"


def ui_font() -> QFont:
    """The desktop's own font, never smaller than is comfortable on that desktop."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    least = _LEAST_POINT_SIZE[_platform()]
    if font.pointSizeF() < least:
        font.setPointSizeF(least)
    return font


def mono_font() -> QFont:
    """A fixed-width font a touch smaller than the text, so that both look of a size."""
    font = QFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
    installed = set(_families())
    wanted = [f for f in _MONO_FAMILIES[_platform()] if f in installed]
    if wanted:
        font.setFamilies(wanted)
    elif not QFontInfo(font).fixedPitch():
        font.setFamilies(["monospace"])
    font.setStyleHint(QFont.StyleHint.Monospace)
    font.setPointSizeF(ui_font().pointSizeF() * 0.95)
    return font


@lru_cache(maxsize=1)
def _families() -> tuple[str, ...]:
    return tuple(QFontDatabase.families())


def _blank(size: int, gap: int) -> QPixmap:
    pixmap = QPixmap(size + size * gap // SPACING.icon, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    return pixmap


@lru_cache(maxsize=256)
def _svg(name: str) -> str:
    return (ICONS / f"{name}.svg").read_text(encoding="utf-8")
