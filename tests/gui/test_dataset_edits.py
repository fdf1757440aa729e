"""Edits of a data set: pure functions compared with what they say."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.dataset import DataElement, DataSet
from gui.models import dataset_edits as edits

UID, SEQ, NAME, PID = 0x00081155, 0x00081199, 0x00100010, 0x00100020


def text(tag: int, *values: str, vr: str = "LO") -> DataElement:
    return DataElement(tag, vr, values)


NESTED = DataSet(
    (
        DataElement(SEQ, "SQ", (DataSet((text(UID, "1.2"),)), DataSet((text(UID, "1.3"), text(PID, "x"))))),
        text(NAME, "DOE^JANE", vr="PN"),
    )
)


def test_a_replaced_element_shares_what_did_not_change() -> None:
    new = edits.replaced(NESTED, (0, 1, 0), text(UID, "9.9"))
    assert edits.node_at(new, (0, 1, 0)) == text(UID, "9.9")
    assert edits.node_at(new, (0, 0)) is edits.node_at(NESTED, (0, 0))
    assert edits.node_at(new, (1,)) is NESTED.elements[1]
    assert NESTED.elements[0].items[1].text(UID) == "1.3"


def test_removing_an_item_and_an_element_inside_it_removes_both_once() -> None:
    new = edits.removed(NESTED, [(0, 1), (0, 1, 0), (1,)])
    assert new == DataSet((DataElement(SEQ, "SQ", (DataSet((text(UID, "1.2"),)),)),))


def test_put_replaces_the_same_tag_and_inserts_others_in_order() -> None:
    new, paths = edits.put(NESTED, (0, 0), [text(PID, "7"), text(UID, "5")])
    item = edits.node_at(new, (0, 0))
    assert item == DataSet((text(UID, "5"), text(PID, "7")))
    assert paths == [(0, 0, 1), (0, 0, 0)]


def test_moving_stays_among_the_siblings() -> None:
    new, path = edits.moved(NESTED, (0, 0), 1)
    assert path == (0, 1) and new.elements[0].items[1].text(UID) == "1.2"
    assert edits.moved(NESTED, (0, 0), -5)[1] == (0, 0)


def elements() -> st.SearchStrategy[DataSet]:
    leaf = st.builds(text, st.integers(0x00080000, 0x00180010), st.text("ab", max_size=2))
    return st.recursive(
        st.lists(leaf, max_size=4).map(lambda e: DataSet(tuple(e))),
        lambda inner: st.lists(
            st.one_of(leaf, st.lists(inner, max_size=3).map(lambda items: DataElement(SEQ, "SQ", tuple(items)))),
            max_size=4,
        ).map(lambda e: DataSet(tuple(e))),
        max_leaves=12,
    )


@settings(deadline=None)
@given(elements())
def test_tag_order_keeps_every_element_and_is_stable(data_set: DataSet) -> None:
    ordered = edits.in_tag_order(data_set)
    assert edits.count(ordered) == edits.count(data_set)
    assert [e.tag for e in ordered] == sorted(e.tag for e in data_set)
    assert edits.in_tag_order(ordered) is ordered
