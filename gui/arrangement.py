"""Where the panels stand: sizes, which are hidden, remembered in the workspace folder."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QByteArray, QObject, QSettings, QSize, Qt
from PySide6.QtWidgets import QMainWindow, QSplitter, QVBoxLayout, QWidget

from .theme import SPACING

PANELS = ("ae", "builder", "trace", "log")
"""The middle one, "builder", holds the message builder and the services."""
USUAL_WIDTHS = {
    912: (226, 394, 292),
    976: (240, 394, 342),
    1232: (304, 560, 368),
    1460: (304, 574, 582),
    1860: (330, 790, 740),
}
"""Width of the three upper panels together: of AE configuration, builder and trace. At the least width each has what it
needs; then the trace gets what its table of contexts needs, then all grow."""
USUAL_HEIGHTS = {390: (296, 94), 680: (519, 161), 840: (620, 220), 960: (700, 260)}
"""Height of everything below the toolbar: of the upper panels and of the log, which gets four rows at least."""
ABOVE = 110
"""Pixels of menus, toolbar and status line."""
LEAST_WIDTHS = {"ae": 226, "builder": 384, "trace": 290}
"""Together they fit a window 960 wide: a screen of 1920 at 200 %."""


def settings_file(folder: str) -> QSettings:
    """The window's own settings, a text file beside the workspace's."""
    return QSettings(f"{folder}/window.ini", QSettings.Format.IniFormat)


class Arrangement(QObject):
    """The two splitters and what is in them."""

    def __init__(
        self, panels: dict[str, QWidget], inner: dict[str, QSplitter], window: QMainWindow, store: QSettings
    ) -> None:
        """`inner`: splitters inside panels that are to be remembered with the rest."""
        super().__init__(window)
        self._window, self._store = window, store
        self.frames = {name: _framed(panels[name]) for name in PANELS}
        self.upper = QSplitter(Qt.Orientation.Horizontal)
        self.upper.setChildrenCollapsible(False)
        self.upper.setHandleWidth(SPACING.normal + 4)
        for index, name in enumerate(PANELS[:3]):
            self.frames[name].setMinimumWidth(LEAST_WIDTHS[name])
            self.upper.addWidget(self.frames[name])
            self.upper.setStretchFactor(index, (0, 3, 2)[index])
        self.outer = QSplitter(Qt.Orientation.Vertical)
        self.outer.setChildrenCollapsible(False)
        self.outer.setHandleWidth(SPACING.normal + 4)
        self.outer.addWidget(self.upper)
        self.outer.addWidget(self.frames["log"])
        self.outer.setStretchFactor(0, 3)
        self.outer.setStretchFactor(1, 1)
        self._kept = {"upper": self.upper, "outer": self.outer, **inner}

    def is_shown(self, name: str) -> bool:
        return not self.frames[name].isHidden()

    def show_panel(self, name: str, shown: bool) -> None:
        """Show or hide a panel; its place and size wait for it."""
        self.frames[name].setVisible(shown)
        self.upper.setVisible(any(self.is_shown(n) for n in PANELS[:3]))

    def usual(self) -> None:
        """All panels in their usual sizes."""
        for name in PANELS:
            self.show_panel(name, True)
        width = self._window.width() - 2 * SPACING.large - 2 * self.upper.handleWidth()
        self.upper.setSizes(between(USUAL_WIDTHS, width))
        self.outer.setSizes(between(USUAL_HEIGHTS, self._window.height() - ABOVE))

    def restore(self) -> None:
        """As it was left; what does not read gives the usual arrangement."""
        if not self._window.restoreGeometry(self._bytes("geometry")):
            self._window.resize(self._usual_size())
        self.usual()
        for name, splitter in self._kept.items():
            splitter.restoreState(self._bytes(name))
        hidden = str(self._store.value("window/hidden", "")).split()
        for name in PANELS:
            self.show_panel(name, name not in hidden)

    def save(self) -> None:
        self._store.setValue("window/geometry", self._window.saveGeometry())
        for name, splitter in self._kept.items():
            self._store.setValue(f"window/{name}", splitter.saveState())
        self._store.setValue("window/hidden", " ".join(n for n in PANELS if not self.is_shown(n)))
        self._store.sync()

    def _bytes(self, name: str) -> QByteArray:
        value = self._store.value(f"window/{name}")
        return value if isinstance(value, QByteArray) else QByteArray()

    def _usual_size(self) -> QSize:
        screen = self._window.screen().availableGeometry()
        return QSize(min(1520, screen.width()), min(950, screen.height()))


def between(usual: Mapping[int, tuple[int, ...]], total: int) -> list[int]:
    """Pixels for each panel of a splitter: between two rows of a table like `USUAL_WIDTHS` in proportion."""
    rows = sorted(usual.items())
    least, most = rows[0], rows[-1]
    if total <= least[0] or total >= most[0]:
        known, widths = least if total <= least[0] else most
        return [width * total // known for width in widths]
    upper = next(i for i, (known, _widths) in enumerate(rows) if known >= total)
    (low, small), (high, large) = rows[upper - 1], rows[upper]
    return [a + (b - a) * (total - low) // (high - low) for a, b in zip(small, large, strict=True)]


def _framed(panel: QWidget) -> QWidget:
    """A panel in a plain widget of its own: the splitter sizes and hides the frame."""
    frame = QWidget()
    layout = QVBoxLayout(frame)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(panel)
    inner = panel.layout()
    if inner is not None:
        # The window has the margins, so that the titles of all panels stand on one line.
        inner.setContentsMargins(0, 0, 0, 0)
    return frame
