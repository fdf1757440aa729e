"""A Presentation LUT as what a picture of the film shows of each gray of 8 bits (PS3.4 H.4.9, PS3.3 C.11.4).

P-Values look evenly spaced, as the grays of a screen do, so that they are shown as they are.
"""

from __future__ import annotations

import math

from engine.model.dataset import DataSet

from .grayscale import LUT_SHAPE, decimal, lut

_SEQUENCE = 0x20500010
_MIN_DENSITY, _MAX_DENSITY, _ILLUMINATION, _AMBIENT = 0x20100120, 0x20100130, 0x2010015E, 0x20100160
_DENSITIES, _LIGHT_BOX = (20.0, 320.0), (2000.0, 10.0)
"""Where the film box says nothing: a usual film in hundredths of OD, the light box and room of PS3.14 in cd/m²."""
_JND = (
    71.498068, 94.593053, 41.912053, 9.8247004, 0.28175407, -1.1878455, -0.18014349, 0.14710899, -0.017046845,
)  # fmt: skip
"""The polynomial of PS3.14 7.1 that gives the index of a luminance's just noticeable difference."""


def shown_grays(presentation: DataSet, film: DataSet) -> bytes:
    """256 grays by the gray of the image, 0 black. presentation: the LUT's attributes. film: the film box's.

    DataSetError when the table is broken.
    """
    for item in presentation.items(_SEQUENCE)[:1]:
        entries, _, bits = lut(item, "Presentation LUT")
        last, top = len(entries) - 1, (1 << bits) - 1
        return bytes(min(255, round(entries[gray * last // 255] * 255 / top)) for gray in range(256))
    return _linear_density(film) if presentation.text(LUT_SHAPE).strip() == "LIN OD" else bytes(range(256))


def _linear_density(film: DataSet) -> bytes:
    """LIN OD: the grays are evenly spaced in optical density, from the film's least (white) to its greatest."""
    least, most = (decimal(film, t, d) / 100 for t, d in zip((_MIN_DENSITY, _MAX_DENSITY), _DENSITIES, strict=True))
    light, ambient = (decimal(film, t, d) for t, d in zip((_ILLUMINATION, _AMBIENT), _LIGHT_BOX, strict=True))
    if most <= least or light <= 0 or ambient < 0:
        return bytes(range(256))
    densities = (most + (least - most) * gray / 255 for gray in range(256))
    seen = [_jnd_index(ambient + light * 10**-density) for density in densities]
    return bytes(min(255, max(0, round((j - seen[0]) * 255 / (seen[-1] - seen[0])))) for j in seen)


def _jnd_index(luminance: float) -> float:
    level = math.log10(min(max(luminance, 0.05), 4000.0))  # PS3.14 covers no more
    return float(sum(factor * level**power for power, factor in enumerate(_JND)))
