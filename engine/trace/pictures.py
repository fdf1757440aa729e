"""Pictures of DICOM files and of the test pattern, for the window and for who lists images to print.

Every failure is a `PreviewError` whose text is a sentence for the user.
"""

from __future__ import annotations

from pathlib import Path

from engine.model.dataset import DataSet, FileData
from engine.model.picture import ImageFacts, Picture

from .explain import PreviewError

__all__ = ["PreviewError", "facts_of", "printed_picture_of", "thumbnail_of"]


def facts_of(path: Path) -> ImageFacts:
    """Size, frames, and whether the image can be shown and printed."""
    from engine.wire.datasets import DataSetError
    from engine.wire.frames import image_facts

    try:
        return image_facts(FileData(path))
    except DataSetError as error:
        raise PreviewError(str(error)) from None


def thumbnail_of(
    path: Path | None, frame: int, longest: int, *, color: bool = False, window: tuple[float, float] | None = None
) -> Picture:
    """A frame (of the test pattern without a path) as RGB, at most `longest` pixels a side. color: keep colours."""
    from engine.wire.datasets import DataSetError
    from engine.wire.pattern import printed_pattern
    from engine.wire.pictures import read_picture, thumbnail, to_gray

    try:
        picture = read_picture(FileData(path), frame, window=window) if path else printed_pattern(color=color)
    except DataSetError as error:
        raise PreviewError(str(error)) from None
    return thumbnail(picture if color else to_gray(picture), longest)


def printed_picture_of(
    image: DataSet,
    longest: int,
    *,
    reverse: bool = False,
    presentation: DataSet | None = None,
    film: DataSet | None = None,
) -> Picture:
    """An image of a printed film's image box, at most `longest` pixels a side.

    presentation: attributes of the Presentation LUT of the image box or the film box. film: the film box, for its
    densities and light.
    """
    from engine.wire.errors import DataSetError
    from engine.wire.presentation_lut import shown_grays
    from engine.wire.printed import printed_picture

    try:
        grays = shown_grays(presentation, film or DataSet()) if presentation is not None else b""
        return printed_picture(image, longest, reverse=reverse, grays=grays)
    except DataSetError as error:
        raise PreviewError(str(error)) from None
