"""Printing on film or paper (PS3.4 Annex H)."""

from __future__ import annotations

from dataclasses import field
from pathlib import Path

from engine.model.dataset import DataSet
from engine.standard.lean import dataclass

from .base import Procedure


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintImage:
    """One image of a film. path None: the test pattern. frame: counted from 1."""

    path: Path | None = None
    frame: int = 1

    @property
    def name(self) -> str:
        """What it is called in steps and sentences."""
        if self.path is None:
            return "test pattern"
        return self.path.name + (f", frame {self.frame}" if self.frame > 1 else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintFilms(Procedure):
    """Film session, film boxes, images, print, print job, and everything deleted again."""

    images: tuple[PrintImage, ...] = ()
    """In the order of the film's places; as many films as they need. None prints one empty film."""
    color: bool = False
    """Basic Color Print Management; where the peer does not accept what was wanted, the other is used and told."""
    single_classes: bool = False
    """Propose film session, film box, image boxes and printer each by itself instead of the meta SOP class."""
    session: DataSet = field(default_factory=DataSet)
    film: DataSet = field(default_factory=DataSet)
    """With Image Display Format; of every film box."""
    image: DataSet = field(default_factory=DataSet)
    """Of every image box, besides position and pixels."""
    bits: int = 8
    """Of grayscale images: 8 or 12."""
    window: tuple[float, float] | None = None
    """Center and width in place of those of the images."""
    lut_shape: str = ""
    """A presentation LUT of this shape; "" for none."""
    annotations: tuple[str, ...] = ()
    """Texts of the annotation boxes, in the order of their positions, on every film."""
    whole_session: bool = False
    """Print the session at the end instead of each film box."""
    despite_printer: bool = False
    """Go on when the printer says FAILURE."""
    peer_uids: bool = False
    """Leave the SOP Instance UIDs of what is created to the peer (PS3.7 10.1.5.1.4)."""
    keep: bool = False
    """Leave film boxes and session to end with the association, as some modalities do."""
    job_seconds: float = 60.0
    """How long the print job is followed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPrinter(Procedure):
    """What the printer says of itself (PS3.4 H.4.6)."""

    configuration: bool = False
    """Printer Configuration Retrieval too (PS3.4 H.4.11)."""
