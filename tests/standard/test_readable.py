"""What an N-GET may read, by SOP class."""

from __future__ import annotations

from engine.standard.dictionary import attribute
from engine.standard.readable import contexts_for, readable_attributes, readable_classes, spoken_class

PRINTER, PUSH, PULL = "1.2.840.10008.5.1.1.16", "1.2.840.10008.5.1.4.34.6.1", "1.2.840.10008.5.1.4.34.6.3"
CT = "1.2.840.10008.5.1.4.1.1.2"


def test_every_class_that_is_read_has_attributes_of_its_own() -> None:
    for row in readable_classes():
        tags = readable_attributes(row.uid)
        assert tags, row.name
        assert len(tags) == len(set(tags)), row.name
        assert all(attribute(tag) is not None for tag in tags), row.name
    assert readable_classes()[0].service_class == "Print Management"


def test_what_is_not_read_has_none() -> None:
    assert readable_attributes(CT) == ()
    assert readable_attributes("1.2.3") == ()


def test_a_printer_is_reached_through_its_meta_classes() -> None:
    assert contexts_for(PRINTER) == (PRINTER, "1.2.840.10008.5.1.1.9", "1.2.840.10008.5.1.1.18")
    assert contexts_for("1.2.3") == ("1.2.3",)


def test_all_of_the_unified_procedure_step_speaks_of_push() -> None:
    assert spoken_class(PULL) == PUSH
    assert spoken_class(PRINTER) == PRINTER
    assert contexts_for(PULL)[:2] == (PULL, PUSH)
    assert readable_attributes(PULL) == readable_attributes(PUSH)
    assert 0x00081195 not in readable_attributes(PUSH), "the Transaction UID is never told (PS3.4 CC.2.7)"
