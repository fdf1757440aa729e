"""What may be asked of a printer: attributes of film session, film box and image box (PS3.4 H.4, PS3.3 C.13).

One row serves the command line's options, the window's form and the data sets that are sent.
"""

from __future__ import annotations

from .defined_terms import ORIENTATIONS
from .lean import dataclass

SESSION, FILM, IMAGE = "session", "film", "image"


@dataclass(frozen=True, slots=True)
class PrintAttribute:
    """level: the object it belongs to. option: of the command line. terms: Defined Terms, the first few of which
    printers know; default: sent when nothing else is said, "" leaves it to the printer. common: among the first a user
    thinks of."""

    level: str
    keyword: str
    tag: int
    vr: str
    option: str
    label: str
    about: str
    terms: tuple[str, ...] = ()
    default: str = ""
    common: bool = False


PRINT_ATTRIBUTES = (
    PrintAttribute(SESSION, "NumberOfCopies", 0x20000010, "IS", "copies", "Copies", "of each film", default="1",
                   common=True),
    PrintAttribute(SESSION, "PrintPriority", 0x20000020, "CS", "priority", "Priority", "of the print job",
                   ("HIGH", "MED", "LOW"), "MED", common=True),
    PrintAttribute(SESSION, "MediumType", 0x20000030, "CS", "medium", "Medium", "what is printed on",
                   ("PAPER", "CLEAR FILM", "BLUE FILM", "MAMMO CLEAR FILM", "MAMMO BLUE FILM"), common=True),
    PrintAttribute(SESSION, "FilmDestination", 0x20000040, "CS", "destination", "Destination", "where films go",
                   ("MAGAZINE", "PROCESSOR", "BIN_1", "BIN_2"), common=True),
    PrintAttribute(SESSION, "FilmSessionLabel", 0x20000050, "LO", "label", "Label", "a name for the film session",
                   default="DIMSE Console"),
    PrintAttribute(SESSION, "MemoryAllocation", 0x20000060, "IS", "memory", "Memory", "to reserve, in KB"),
    PrintAttribute(SESSION, "OwnerID", 0x21000160, "SH", "owner", "Owner", "of the film session"),
    PrintAttribute(FILM, "ImageDisplayFormat", 0x20100010, "ST", "format", "Format",
                   "how a film is divided: STANDARD\\columns,rows, ROW\\, COL\\, SLIDE, SUPERSLIDE, CUSTOM\\",
                   ("STANDARD\\1,1", "STANDARD\\1,2", "STANDARD\\2,2", "STANDARD\\2,3", "STANDARD\\3,4",
                    "STANDARD\\4,5", "ROW\\1,2", "COL\\1,2", "SLIDE", "SUPERSLIDE", "CUSTOM\\1"),
                   "STANDARD\\1,1", common=True),
    PrintAttribute(FILM, "FilmOrientation", 0x20100040, "CS", "orientation", "Orientation", "of the film",
                   ORIENTATIONS, ORIENTATIONS[0], common=True),
    PrintAttribute(FILM, "FilmSizeID", 0x20100050, "CS", "film-size", "Film size", "of the film",
                   ("8INX10IN", "8_5INX11IN", "10INX12IN", "10INX14IN", "11INX14IN", "11INX17IN", "14INX14IN",
                    "14INX17IN", "24CMX24CM", "24CMX30CM", "A4", "A3"), common=True),
    PrintAttribute(FILM, "MagnificationType", 0x20100060, "CS", "magnification", "Magnification",
                   "how images are enlarged", ("REPLICATE", "BILINEAR", "CUBIC", "NONE")),
    PrintAttribute(FILM, "SmoothingType", 0x20100080, "CS", "smoothing", "Smoothing",
                   "of CUBIC magnification, as the printer names it"),
    PrintAttribute(FILM, "BorderDensity", 0x20100100, "CS", "border-density", "Border density",
                   "around the images: BLACK, WHITE or hundredths of optical density", ("BLACK", "WHITE")),
    PrintAttribute(FILM, "EmptyImageDensity", 0x20100110, "CS", "empty-density", "Empty image density",
                   "of places without image", ("BLACK", "WHITE")),
    PrintAttribute(FILM, "MinDensity", 0x20100120, "US", "min-density", "Minimum density",
                   "in hundredths of optical density"),
    PrintAttribute(FILM, "MaxDensity", 0x20100130, "US", "max-density", "Maximum density",
                   "in hundredths of optical density"),
    PrintAttribute(FILM, "Trim", 0x20100140, "CS", "trim", "Trim", "a line around each image", ("YES", "NO")),
    PrintAttribute(FILM, "ConfigurationInformation", 0x20100150, "ST", "configuration", "Configuration",
                   "in the printer's own words, such as LUT=2"),
    PrintAttribute(FILM, "RequestedResolutionID", 0x20200050, "CS", "resolution", "Resolution", "of the printer",
                   ("STANDARD", "HIGH")),
    PrintAttribute(FILM, "Illumination", 0x2010015E, "US", "illumination", "Illumination",
                   "of the light box in cd/m², for the presentation LUT"),
    PrintAttribute(FILM, "ReflectedAmbientLight", 0x20100160, "US", "ambient-light", "Reflected ambient light",
                   "in cd/m², for the presentation LUT"),
    PrintAttribute(FILM, "AnnotationDisplayFormatID", 0x20100030, "CS", "annotation-format", "Annotation format",
                   "which annotation boxes there are, as the printer names it"),
    PrintAttribute(IMAGE, "Polarity", 0x20200020, "CS", "polarity", "Polarity", "of the images",
                   ("NORMAL", "REVERSE"), "NORMAL"),
    PrintAttribute(IMAGE, "RequestedImageSize", 0x20200030, "DS", "image-size", "Image size",
                   "width of each image on the film, in mm"),
    PrintAttribute(IMAGE, "RequestedDecimateCropBehavior", 0x20200040, "CS", "too-large", "Images too large",
                   "what becomes of them", ("DECIMATE", "CROP", "FAIL")),
)  # fmt: skip
BY_KEYWORD = {row.keyword: row for row in PRINT_ATTRIBUTES}
LUT_SHAPES = ("IDENTITY", "LIN OD")
"""Presentation LUT Shape (2050,0020) (PS3.3 C.11.4)."""
LUT_ILLUMINATION, LUT_AMBIENT_LIGHT = "2000", "10"
"""Required with a presentation LUT (PS3.4 H.4.2.2.1.1): a light box in a dim room, the PS3.14 figures."""


def of_level(level: str) -> tuple[PrintAttribute, ...]:
    return tuple(row for row in PRINT_ATTRIBUTES if row.level == level)
