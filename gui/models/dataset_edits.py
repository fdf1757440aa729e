"""Edits of a data set as pure functions: each takes a data set and gives a new one sharing what did not change.

A path names a place: element index, item index, element index... An odd length names an element, an even length an
item, ``()`` the data set itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import cast

from engine.model.dataset import DataElement, DataSet

Path = tuple[int, ...]
Node = DataElement | DataSet


def node_at(data_set: DataSet, path: Path) -> Node:
    """The element or item at a path. IndexError when there is none."""
    node: Node = data_set
    for index in path:
        node = node.elements[index] if isinstance(node, DataSet) else node.items[index]
    return node


def existing(data_set: DataSet, path: Path) -> Path:
    """As much of a path as there is; what is beyond has just been removed."""
    for length in range(len(path), 0, -1):
        try:
            node_at(data_set, path[:length])
        except IndexError:
            continue
        return path[:length]
    return ()


def children(node: Node) -> tuple[Node, ...]:
    return node.elements if isinstance(node, DataSet) else node.items


def _with_children(node: Node, nodes: tuple[Node, ...]) -> Node:
    if isinstance(node, DataSet):
        return DataSet(cast(tuple[DataElement, ...], nodes))
    return replace(node, value=cast(tuple[DataSet, ...], nodes))


def replaced(data_set: DataSet, path: Path, *nodes: Node) -> DataSet:
    """The data set with the node at `path` replaced by `nodes` (none: removed). `path` () gives ``nodes[0]``."""
    if not path:
        return cast(DataSet, nodes[0])
    chain: list[Node] = [data_set]
    for index in path[:-1]:
        chain.append(children(chain[-1])[index])
    new: tuple[Node, ...] = nodes
    for index, parent in zip(reversed(path), reversed(chain), strict=True):
        old = children(parent)
        new = (_with_children(parent, (*old[:index], *new, *old[index + 1 :])),)
    return cast(DataSet, new[0])


def inserted(data_set: DataSet, path: Path, *nodes: Node) -> DataSet:
    """The data set with `nodes` before the place `path` (which may be one past the last)."""
    parent = node_at(data_set, path[:-1])
    old = children(parent)
    return replaced(data_set, path[:-1], _with_children(parent, (*old[: path[-1]], *nodes, *old[path[-1] :])))


def removed(data_set: DataSet, paths: Iterable[Path]) -> DataSet:
    """Without the nodes at these paths; a path inside a removed node is removed with it."""
    wanted = set(paths)
    tops = [p for p in wanted if not any(p[:n] in wanted for n in range(len(p)))]
    for path in sorted(tops, reverse=True):
        data_set = replaced(data_set, path)
    return data_set


def moved(data_set: DataSet, path: Path, by: int) -> tuple[DataSet, Path]:
    """The node moved among its siblings (kept inside them); the new data set and the node's new path."""
    parent = node_at(data_set, path[:-1])
    nodes = list(children(parent))
    target = max(0, min(len(nodes) - 1, path[-1] + by))
    nodes.insert(target, nodes.pop(path[-1]))
    return replaced(data_set, path[:-1], _with_children(parent, tuple(nodes))), (*path[:-1], target)


def sorted_position(data_set: DataSet, tag: int) -> int:
    """Where an element with this tag belongs: after all with a tag not greater."""
    return next((i for i, e in enumerate(data_set.elements) if e.tag > tag), len(data_set.elements))


def put(data_set: DataSet, item: Path, elements: Iterable[DataElement]) -> tuple[DataSet, list[Path]]:
    """Elements set in an item (or the root): one with the same tag is replaced, another inserted in tag order.

    Gives the new data set and the paths of the elements put.
    """
    target = cast(DataSet, node_at(data_set, item))
    tags: list[int] = []
    for element in elements:
        index = next((i for i, e in enumerate(target.elements) if e.tag == element.tag), None)
        if index is None:
            target = inserted(target, (sorted_position(target, element.tag),), element)
        else:
            target = replaced(target, (index,), element)
        tags.append(element.tag)
    places = {e.tag: i for i, e in reversed(list(enumerate(target.elements)))}
    return replaced(data_set, item, target), [(*item, places[tag]) for tag in tags]


def in_tag_order(data_set: DataSet) -> DataSet:
    """Ascending tags throughout, items included (PS3.5 7.1); elements already in order are the same objects."""
    elements = []
    for element in data_set.elements:
        items = tuple(in_tag_order(item) for item in element.items)
        same = all(a is b for a, b in zip(items, element.items, strict=True))
        elements.append(element if same else replace(element, value=items))
    ordered = sorted(elements, key=lambda e: e.tag)
    if all(a is b for a, b in zip(ordered, data_set.elements, strict=True)):
        return data_set
    return DataSet(tuple(ordered))


def count(data_set: DataSet) -> int:
    """Number of elements, those in items included."""
    return sum(1 + sum(count(item) for item in e.items) for e in data_set.elements)
