"""Query keys as people write them: PatientName=Doe*, (0010,0020)=1, Sequence[0].Modality=MR."""

from __future__ import annotations

from engine.model.dataset import DataElement, DataSet
from engine.standard.elements import tag_text

from .dataset_toml import BINARY_VRS, SINGLE_VRS, dictionary_vr
from .errors import ValueProblem
from .names import attribute_path

MAXIMUM_ITEMS = 1000
"""Items one key may ask for; queries have one."""


def with_keys(dataset: DataSet, keys: list[str]) -> DataSet:
    """The data set with these keys set, in tag order. Raises `ValueProblem` naming the key."""
    for key in keys:
        try:
            path, value = _parse(key)
            dataset = _set(dataset, path, value)
        except ValueProblem as problem:
            raise ValueProblem(f"key “{key}”: {problem.reason}") from None
    return dataset


def _parse(key: str) -> tuple[tuple[tuple[int, int], ...], str | None]:
    """Tags with the item each leads into, and the value (None: no “=”)."""
    path, equals, value = key.partition("=")
    return attribute_path(path), value if equals else None


def _set(dataset: DataSet, path: tuple[tuple[int, int], ...], value: str | None) -> DataSet:
    tag, item = path[0]
    found = dataset.find(tag)
    if len(path) == 1:
        element = _element(tag, value, found)
    else:
        if found is not None and found.vr != "SQ":
            raise ValueProblem(f"{tag_text(tag)} is not a sequence")
        if item >= MAXIMUM_ITEMS:
            raise ValueProblem(f"item {item} is beyond {MAXIMUM_ITEMS - 1}")
        items = list(found.items if found else ())
        items += [DataSet()] * (item + 1 - len(items))
        items[item] = _set(items[item], path[1:], value)
        element = DataElement(tag, "SQ", tuple(items))
    others = [e for e in dataset if e.tag != tag]
    return DataSet(tuple(sorted([*others, element], key=lambda e: e.tag)))


def _element(tag: int, value: str | None, found: DataElement | None) -> DataElement:
    vr = found.vr if found else dictionary_vr(tag) or "UN"
    if vr == "SQ":
        if value:
            raise ValueProblem("a sequence has no value: name an attribute in it, Sequence[0].Attribute=value")
        return found or DataElement(tag, "SQ", ())
    if vr in BINARY_VRS:
        return DataElement(tag, vr, (value or "").encode())
    if not value:
        return DataElement(tag, vr, ())
    return DataElement(tag, vr, (value,) if vr in SINGLE_VRS else tuple(value.split("\\")))
