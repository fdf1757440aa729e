"""The films as they will be: paper or film, its places in order, and in each the image that goes there."""

from __future__ import annotations

import re
from collections.abc import Callable

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from engine.model.procedures.printing import PrintImage
from engine.standard.display_formats import DisplayFormat, Place
from gui.menus import new_menu
from gui.models.film_images import Thumbnail
from gui.sound import sound
from gui.theme import SPACING, theme
from gui.tips import plain_tip

_SIZE = re.compile(r"(\d+(?:_\d+)?)(?:IN|CM)X(\d+(?:_\d+)?)(?:IN|CM)")
_PAPER = {"A4": (210.0, 297.0), "A3": (297.0, 420.0)}
_GUESSED = 4
"""Places drawn a row where only the printer knows how many there are."""


def film_shape(size: str, orientation: str) -> float:
    """Width of a film by its height."""
    match = _SIZE.fullmatch(size.strip().upper())
    width, height = _PAPER.get(size.strip().upper(), (8.0, 10.0))
    if match:
        width, height = (float(t.replace("_", ".")) for t in match.groups())
    upright = min(width, height) / max(width, height) if width and height else 0.8
    return 1 / upright if orientation == "LANDSCAPE" else upright


class FilmPreview(QWidget):
    """One film at a time. `film_changed` when another is shown; `remove_wanted`, `move_wanted` (by how many places)
    and `frames_wanted` for the image selected; `add_wanted` on a press of Insert."""

    film_changed = Signal()
    selected_changed = Signal()
    remove_wanted = Signal()
    move_wanted = Signal(object)
    frames_wanted = Signal()
    add_wanted = Signal()

    def __init__(self, thumbnail: Callable[[PrintImage], Thumbnail], parent: QWidget | None = None) -> None:
        """thumbnail: what there is to draw of an image."""
        super().__init__(parent)
        self._thumbnail = thumbnail
        self.images: tuple[PrintImage, ...] = ()
        self.places: tuple[Place, ...] = (Place(0, 0, 1, 1),)
        self.film = 0
        self.selected: int | None = None
        """Of the images, from 0."""
        self._shape = 0.8
        self._inks = (QColor("black"), QColor("black"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(110, 110)
        self.setAccessibleName("Films")
        theme().changed.connect(self.update)
        self._describe()

    # -- what is shown

    def show_film(
        self, images: tuple[PrintImage, ...], form: DisplayFormat | None, shape: float, border: str, empty: str
    ) -> None:
        """form: None while it is being typed. border, empty: "BLACK" or "WHITE"."""
        self.images, self._shape = images, shape
        self._inks = (QColor(border.lower()), QColor(empty.lower()))
        if form is not None:
            self.places = form.places or _guessed(len(images))
        self.film = min(self.film, self.films - 1)
        if self.selected is not None and self.selected >= len(images):
            self.selected = len(images) - 1 if images else None
        self._describe()
        self.film_changed.emit()
        self.update()

    @property
    def films(self) -> int:
        """How many there will be."""
        return max(1, -(-len(self.images) // len(self.places)))

    def show_number(self, film: int) -> None:
        """Show a film, from 0."""
        film = max(0, min(film, self.films - 1))
        if film != self.film:
            self.film = film
            self._describe()
            self.film_changed.emit()
            self.update()

    def select(self, number: int | None) -> None:
        """Select an image, showing its film."""
        if number is not None and self.images:
            number = max(0, min(number, len(self.images) - 1))
            self.selected = number
            self.show_number(number // len(self.places))
        else:
            self.selected = None
        self._describe()
        self.selected_changed.emit()
        self.update()

    def _describe(self) -> None:
        words = f"Film {self.film + 1} of {self.films}, {len(self.images)} images"
        if self.selected is not None:
            words += f", selected: image {self.selected + 1}, {self.images[self.selected].name}"
        self.setAccessibleDescription(words)

    # -- geometry

    def paper(self) -> QRect:
        """Where the film is drawn."""
        room = self.rect().adjusted(1, 1, -1, -1)
        width, height = room.width(), int(room.width() / self._shape)
        if height > room.height():
            width, height = int(room.height() * self._shape), room.height()
        return QRect(room.left() + (room.width() - width) // 2, room.top(), width, height)

    def place_rect(self, place: Place) -> QRect:
        """Where an image box is drawn: a little apart from its neighbours."""
        paper = self.paper().adjusted(SPACING.small, SPACING.small, -SPACING.small, -SPACING.small)
        left, top = paper.left() + place.x * paper.width(), paper.top() + place.y * paper.height()
        box = QRectF(left, top, place.width * paper.width(), place.height * paper.height())
        return box.toRect().adjusted(1, 1, -1, -1)

    def _at(self, point: QPoint) -> int | None:
        """The place at a point, from 0."""
        return next((n for n, place in enumerate(self.places) if self.place_rect(place).contains(point)), None)

    def _image_at(self, point: QPoint) -> int | None:
        place = self._at(point)
        number = None if place is None else self.film * len(self.places) + place
        return number if number is not None and number < len(self.images) else None

    # -- painting

    @sound
    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            border, empty = self._inks
            paper = self.paper()
            painter.fillRect(paper, border)
            painter.setPen(QPen(theme().color("accent" if self.hasFocus() else "control_border"), 1))
            painter.drawRect(paper.adjusted(0, 0, -1, -1))
            first = self.film * len(self.places)
            for n, place in enumerate(self.places):
                box, number = self.place_rect(place), first + n
                painter.fillRect(box, empty)
                if number < len(self.images):
                    self._draw_image(painter, box, self.images[number])
                else:
                    self._draw_text(painter, box, str(n + 1), _contrasting(empty))
                if number == self.selected:
                    painter.setPen(QPen(theme().color("accent"), 3))
                    painter.drawRect(box.adjusted(1, 1, -2, -2))

    def _draw_image(self, painter: QPainter, box: QRect, image: PrintImage) -> None:
        shown = self._thumbnail(image)
        ink = _contrasting(self._inks[1])
        if shown.image is None:
            self._draw_text(painter, box, f"✕ {image.name}\n{shown.problem}" if shown.problem else "…", ink)
            return
        size = QSize(shown.image.width(), max(1, round(shown.image.height() * shown.aspect)))
        size.scale(box.size(), Qt.AspectRatioMode.KeepAspectRatio)
        target = QRect(QPoint(0, 0), size)
        target.moveCenter(box.center())
        painter.drawImage(target, shown.image)

    @staticmethod
    def _draw_text(painter: QPainter, box: QRect, text: str, ink: QColor) -> None:
        painter.setPen(ink)
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(box.adjusted(4, 4, -4, -4), int(flags), text)

    # -- hands

    @sound
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.select(self._image_at(event.position().toPoint()))

    @sound
    def keyPressEvent(self, event: QKeyEvent) -> None:
        moved = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -self._columns(),
            Qt.Key.Key_Down: self._columns(),
        }
        step = steps.get(Qt.Key(event.key()))
        if step is not None and moved:
            self.move_wanted.emit(step)
        elif step is not None:
            self.select(0 if self.selected is None else self.selected + step)
        elif event.key() == Qt.Key.Key_PageDown:
            self.show_number(self.film + 1)
        elif event.key() == Qt.Key.Key_PageUp:
            self.show_number(self.film - 1)
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.remove_wanted.emit()
        elif event.key() == Qt.Key.Key_Insert:
            self.add_wanted.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.frames_wanted.emit()
        else:
            super().keyPressEvent(event)

    @sound
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._image_at(event.position().toPoint()) is not None:
            self.frames_wanted.emit()

    @sound
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    @sound
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    @sound
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            number = self._image_at(event.pos())
            QToolTip.showText(event.globalPos(), self._tip(number) if number is not None else "", self)
            return True
        return super().event(event)

    @sound
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = new_menu(self)
        chosen = self.selected is not None
        for text, signal, on in (
            ("&Add files…\tIns", self.add_wanted, True),
            ("&Frames…\tReturn", self.frames_wanted, chosen),
            ("&Remove\tDel", self.remove_wanted, chosen),
        ):
            action = menu.addAction(text)
            action.setEnabled(on)
            action.triggered.connect(signal)
        menu.popup(event.globalPos())

    def _tip(self, number: int) -> str:
        image = self.images[number]
        problem = self._thumbnail(image).problem
        where = str(image.path) if image.path else "Made by DIMSE Console, of nobody"
        return plain_tip("\n".join(t for t in (f"Image {number + 1}: {image.name}", where, problem) if t))

    def _columns(self) -> int:
        """Places of the first line."""
        return max(1, sum(place.y == 0 for place in self.places))


def _guessed(images: int) -> tuple[Place, ...]:
    """A film of the printer's own layout."""
    count = max(1, images)
    columns = min(_GUESSED, count)
    rows = -(-count // columns)
    return tuple(Place(n % columns / columns, n // columns / rows, 1 / columns, 1 / rows) for n in range(count))


def _contrasting(ground: QColor) -> QColor:
    return QColor("#b8b8b8") if ground.lightness() < 128 else QColor("#5a5a5a")
