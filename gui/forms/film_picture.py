"""A printed film as a picture: its image boxes where the display format puts them, what was printed in each."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.model.dataset import DataSet
from engine.model.picture import Picture
from engine.model.whole_numbers import whole_number
from engine.standard.display_formats import Place, display_format
from engine.trace.pictures import PreviewError, printed_picture_of
from gui.sound import sound
from gui.theme import SPACING, theme

from .film_preview import film_shape

LONGEST = 700
"""Pixels of an image's longer side as it is drawn: more than a place has on a usual screen."""
_WHOLE = (Place(0, 0, 1, 1),)
_IMAGES = (0x20200110, 0x20200111)
_BOXES, _POSITION, _POLARITY = 0x20100510, 0x20200010, 0x20200020
_LUT = 0x20500500
"""Referenced Presentation LUT Sequence; a printed film has the LUT itself there."""


def as_image(picture: Picture) -> QImage:
    """A picture of 8 bits for Qt, which keeps its own copy."""
    kind = QImage.Format.Format_RGB888 if picture.samples == 3 else QImage.Format.Format_Grayscale8
    stride = picture.columns * picture.samples
    return QImage(picture.pixels, picture.columns, picture.rows, stride, kind).copy()


def places_of(film: DataSet) -> tuple[Place, ...]:
    """Where the image boxes lie; one under the other where only the printer knows."""
    boxes = len(film.items(_BOXES))
    try:
        places = display_format("\\".join(film.texts(0x20100010))).places
    except ValueError:
        places = ()
    if len(places) >= boxes and places:
        return places
    return tuple(Place(0, n / boxes, 1, 1 / boxes) for n in range(boxes)) if boxes else _WHOLE


class FilmPicture(QWidget):
    """Shows one film, or one picture alone."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(200, 180)
        self.setAccessibleName("Picture")
        self.drawn: list[tuple[Place, QImage | None, str]] = []
        self._shape = 0.8
        self._ground = QColor("black")

    def show_film(self, film: DataSet) -> None:
        """film: a film box with its image boxes whole."""
        self._shape = film_shape(film.text(0x20100050), film.text(0x20100040))
        self._ground = QColor("white" if film.text(0x20100110) == "WHITE" else "black")
        places = places_of(film)
        self.drawn = []
        for number, box in enumerate(film.items(_BOXES), start=1):
            told = whole_number(box.text(_POSITION).strip())
            place = number if told is None else told
            if 0 < place <= len(places):
                self.drawn.append((places[place - 1], *_image_of(box, film)))
        self.setAccessibleDescription(f"A film with {sum(i is not None for _, i, _ in self.drawn)} images")
        self.update()

    def show_picture(self, picture: Picture | None, problem: str = "") -> None:
        """One picture alone."""
        self._shape = picture.columns / picture.rows if picture else 1.0
        self._ground = QColor("black")
        self.drawn = [(_WHOLE[0], as_image(picture) if picture else None, problem)]
        self.update()

    @sound
    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            size = QSize(int(1000 * self._shape), 1000)
            size.scale(self.size() - QSize(2, 2), Qt.AspectRatioMode.KeepAspectRatio)
            paper = QRect(QPoint(1, 1), size)
            paper.moveCenter(self.rect().center())
            painter.fillRect(paper, self._ground)
            painter.setPen(QPen(theme().color("control_border"), 1))
            painter.drawRect(paper.adjusted(0, 0, -1, -1))
            inside = paper.adjusted(SPACING.small, SPACING.small, -SPACING.small, -SPACING.small)
            for place, image, problem in self.drawn:
                box = QRectF(
                    inside.left() + place.x * inside.width(),
                    inside.top() + place.y * inside.height(),
                    place.width * inside.width(),
                    place.height * inside.height(),
                ).toRect()
                self._draw(painter, box.adjusted(1, 1, -1, -1), image, problem)

    def _draw(self, painter: QPainter, box: QRect, image: QImage | None, problem: str) -> None:
        if image is None:
            painter.setPen(QColor("gray"))
            painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), problem or "empty")
            return
        size = image.size()
        size.scale(box.size(), Qt.AspectRatioMode.KeepAspectRatio)
        target = QRect(QPoint(0, 0), size)
        target.moveCenter(box.center())
        painter.drawImage(target, image)


def _image_of(box: DataSet, film: DataSet) -> tuple[QImage | None, str]:
    item = next((item for tag in _IMAGES for item in box.items(tag)), None)
    if item is None:
        return None, ""
    # The image box's own LUT comes before the film box's (PS3.4 H.4.3.1.2.1).
    presentation = next((lut for where in (box, film) for lut in where.items(_LUT)), None)
    try:
        picture = printed_picture_of(
            item, LONGEST, reverse=box.text(_POLARITY) == "REVERSE", presentation=presentation, film=film
        )
    except PreviewError as error:
        return None, str(error)
    return as_image(picture), ""
