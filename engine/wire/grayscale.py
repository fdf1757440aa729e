"""From stored values to what is shown: Modality and VOI LUT transformations (PS3.3 C.11.1, C.11.2) as one table."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Sequence

from engine.model.dataset import DataElement, DataSet
from engine.model.whole_numbers import whole_number
from engine.standard.lean import dataclass

from .errors import DataSetError

_MODALITY_LUT, _VOI_LUT, _DESCRIPTOR, _DATA = 0x00283000, 0x00283010, 0x00283002, 0x00283006
_INTERCEPT, _SLOPE = 0x00281052, 0x00281053
_CENTER, _WIDTH, _FUNCTION = 0x00281050, 0x00281051, 0x00281056
_SHARED, _PER_FRAME = 0x52009229, 0x52009230
_TRANSFORMATION, _FRAME_VOI = 0x00289145, 0x00289132
LUT_SHAPE = 0x20500020

Window = tuple[float, float]
"""Center and width."""


@dataclass(frozen=True, slots=True)
class Depth:
    """How a sample lies in its cell of `allocated` bits."""

    allocated: int
    stored: int
    high_bit: int
    signed: bool

    def values(self) -> Sequence[int]:
        """The stored value of every content a cell may have, overlay bits and the like masked away."""
        shift, mask = max(0, self.high_bit - self.stored + 1), (1 << self.stored) - 1
        sign = 1 << (self.stored - 1) if self.signed else 0
        cells = range(1 << self.allocated)
        if not sign and not shift and self.stored == self.allocated:
            return cells
        return [(((cell >> shift) & mask) ^ sign) - sign for cell in cells]


def with_functional_groups(data: DataSet, frame: int) -> DataSet:
    """The attributes of one frame: those of a multi-frame functional group at the level of a plain image."""
    groups = [*data.items(_SHARED)[:1], *data.items(_PER_FRAME)[frame - 1 : frame]]
    for group in groups:
        for macro in (_TRANSFORMATION, _FRAME_VOI):
            for item in group.items(macro)[:1]:
                data = data.merged(item)
    return data


def table(
    data: DataSet, depth: Depth, cells: Callable[[], tuple[int, int]], bits: int, window: Window | None = None
) -> array[int]:
    """What every content of a cell becomes, 0 to 2^bits-1.

    cells: the least and greatest content there is, asked only where neither window nor LUT says what is to be seen.
    window: center and width in place of the image's own. DataSetError when a LUT is broken.
    """
    top = (1 << bits) - 1
    values = depth.values()
    modality = _modality(data)
    shown = _voi(data, window, top)
    if shown is None:
        lowest, highest = _range(depth, values, cells, modality)
        shown = _linear(lowest, highest, top)
    if modality is None:
        out = array("H", map(shown, values))
    else:
        out = array("H", (shown(modality(v)) for v in values))
    if data.text(LUT_SHAPE).strip() == "INVERSE":
        out = array("H", (top - v for v in out))
    return out


def _range(
    depth: Depth,
    values: Sequence[int],
    cells: Callable[[], tuple[int, int]],
    modality: Callable[[float], float] | None,
) -> tuple[float, float]:
    """What is black and what is white where nothing says it: the whole range of 8 bits, else what there is."""
    if depth.stored == 8 and modality is None:
        return (-128, 127) if depth.signed else (0, 255)
    ends = [float(values[c]) for c in cells()]
    if modality is not None:
        ends = [modality(v) for v in ends]
    return min(ends), max(ends)


def _linear(lowest: float, highest: float, top: int) -> Callable[[float], int]:
    span = highest - lowest if highest > lowest else math.inf

    def shown(value: float) -> int:
        return int(min(max((value - lowest) * top / span, 0.0), top) + 0.5)

    return shown


def _modality(data: DataSet) -> Callable[[float], float] | None:
    for item in data.items(_MODALITY_LUT)[:1]:
        entries, first, _ = lut(item, "Modality LUT")
        last = len(entries) - 1
        return lambda value: entries[min(max(int(value) - first, 0), last)]
    slope, intercept = decimal(data, _SLOPE, 1.0), decimal(data, _INTERCEPT, 0.0)
    if (slope, intercept) == (1.0, 0.0):
        return None
    return lambda value: value * slope + intercept


def _voi(data: DataSet, window: Window | None, top: int) -> Callable[[float], int] | None:
    function = data.text(_FUNCTION).strip() or "LINEAR"
    if window is None and data.text(_CENTER) and data.text(_WIDTH):
        window = decimal(data, _CENTER, 0.0), decimal(data, _WIDTH, 0.0)
        if window[1] <= 0:
            window = None
    if window is not None:
        return _windowed(*window, function, top)
    for item in data.items(_VOI_LUT)[:1]:
        entries, first, bits = lut(item, "VOI LUT")
        last, scale = len(entries) - 1, top / ((1 << bits) - 1)
        return lambda value: min(top, int(entries[min(max(int(value) - first, 0), last)] * scale + 0.5))
    return None


def _windowed(center: float, width: float, function: str, top: int) -> Callable[[float], int]:
    """PS3.3 C.11.2.1.2 and C.11.2.1.3."""
    if function == "SIGMOID":
        return lambda value: int(top / (1.0 + math.exp(min(700.0, -4.0 * (value - center) / width))) + 0.5)
    if function == "LINEAR_EXACT":
        return _linear(center - width / 2, center + width / 2, top)
    if width <= 1:
        return lambda value: top if value > center - 0.5 else 0
    return _linear(center - 0.5 - (width - 1) / 2, center - 0.5 + (width - 1) / 2, top)


def decimal(data: DataSet, tag: int, default: float) -> float:
    """The first value as a number; the default where it is none."""
    try:
        number = float(data.text(tag))
    except ValueError:
        return default
    return number if math.isfinite(number) else default


def lut(item: DataSet, name: str, descriptor: int = _DESCRIPTOR, data: int = _DATA) -> tuple[Sequence[int], int, int]:
    """Entries, first value mapped and bits of an entry (PS3.3 C.11.1.1.1). DataSetError."""
    try:
        count, first, bits = (int(t) for t in item.texts(descriptor))
    except ValueError:
        raise DataSetError(f"The descriptor of its {name} is not three numbers.") from None
    count = count or 1 << 16
    entries = _entries(item.find(data), count)
    if len(entries) < count or bits not in range(1, 17):
        raise DataSetError(f"Its {name} has {len(entries)} entries of {bits} bits, not the {count} it tells.")
    return entries[:count], first, bits


def _entries(element: DataElement | None, count: int) -> Sequence[int]:
    if element is None:
        return ()
    if not isinstance(element.value, bytes):
        numbers = ((t, whole_number(t.removeprefix("-"))) for t in element.texts)
        return [(-n if t.startswith("-") else n) & 0xFFFF for t, n in numbers if n is not None]
    raw = element.value
    if len(raw) < 2 * count <= 2 * len(raw):
        return raw  # a byte an entry
    return [int.from_bytes(raw[n : n + 2], "little") for n in range(0, len(raw) - 1, 2)]
