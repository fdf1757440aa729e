"""The images of a print as the window knows them: what each is, why it cannot be printed, a small picture of it."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QImage

from engine.model.picture import Picture
from engine.model.procedures.printing import PrintImage
from engine.model.reading import is_file, is_folder
from engine.standard.lean import dataclass
from engine.trace.pictures import PreviewError, facts_of, thumbnail_of
from gui.background import Background

LONGEST, READ = 320, 1024
"""Pixels of a thumbnail's longer side, more than a place of a film in the window has; and of what it is scaled from."""
KEPT = 400
"""Thumbnails kept: 400 of 300 KB are 120 MB at most; the oldest are made again."""
Window = tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Look:
    """How images are shown: in colour or not, and windowed otherwise than they say."""

    color: bool = False
    window: Window = None


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """image None: it is being read, or there is a problem. aspect: height of a pixel by its width."""

    image: QImage | None = None
    aspect: float = 1.0
    problem: str = ""


class Thumbnails(QObject):
    """Makes thumbnails one after the other in a thread; `ready` when another one can be had."""

    ready = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._made: OrderedDict[tuple[PrintImage, Look], Thumbnail] = OrderedDict()
        self._wanted: deque[tuple[PrintImage, Look]] = deque()
        self._busy = False

    def of(self, image: PrintImage, look: Look) -> Thumbnail:
        """What there is of it; what there is not yet is being made."""
        key = (image, look)
        if key in self._made:
            return self._made[key]
        if key not in self._wanted:
            self._wanted.append(key)
            self._next()
        return Thumbnail()

    def _next(self) -> None:
        if self._busy or not self._wanted:
            return
        self._busy = True
        work = Background(partial(_make, *self._wanted[0]))
        work.done.connect(self._done)
        work.failed.connect(self._failed)
        work.begin()

    def _failed(self, _error: Exception) -> None:
        self._done(Thumbnail(problem="It cannot be shown."))

    def _done(self, made: Thumbnail) -> None:
        self._busy = False
        self._made[self._wanted.popleft()] = made
        while len(self._made) > KEPT:
            self._made.popitem(last=False)
        self.ready.emit()
        self._next()


def _make(image: PrintImage, look: Look) -> Thumbnail:
    try:
        picture = thumbnail_of(image.path, image.frame, READ, color=look.color, window=look.window)
    except PreviewError as error:
        return Thumbnail(problem=_short(image, str(error)))
    return Thumbnail(image=_image(picture), aspect=picture.aspect[0] / picture.aspect[1])


def _image(picture: Picture) -> QImage:
    size = QSize(picture.columns, picture.rows)
    shown = QImage(picture.pixels, size.width(), size.height(), 3 * size.width(), QImage.Format.Format_RGB888)
    kept, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    small = max(size.width(), size.height()) <= LONGEST
    return shown.copy() if small else shown.scaled(LONGEST, LONGEST, kept, smooth)  # the bytes are Python's and go


def _short(image: PrintImage, sentence: str) -> str:
    """The reason without the path, which stands beside it."""
    return sentence.removeprefix(f"{image.path}: ")


@dataclass(frozen=True, slots=True)
class Found:
    """What looking at files gave: an image for each, and what is wrong with those that are none."""

    images: tuple[PrintImage, ...] = ()
    frames: tuple[tuple[Path, int], ...] = ()
    """Files that have more than one frame."""
    problems: tuple[str, ...] = ()


def look_at(paths: tuple[Path, ...]) -> Found:
    """The images of files and folders; of folders, what is no image is passed over. For a thread."""
    found = Found()
    for path in paths:
        inside = is_folder(path)
        for file in sorted(f for f in path.rglob("*") if is_file(f)) if inside else [path]:
            try:
                facts = facts_of(file)
            except PreviewError as error:
                if not inside:
                    found = replace(found, problems=(*found.problems, str(error)))
                continue
            if facts.problem:
                found = replace(found, problems=(*found.problems, f"{file.name}: {facts.problem}"))
                continue
            found = replace(found, images=(*found.images, PrintImage(path=file)))
            if facts.frames > 1:
                found = replace(found, frames=(*found.frames, (file, facts.frames)))
    return found
