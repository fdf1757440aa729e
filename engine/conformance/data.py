"""Data sets against the command they follow (PS3.7 9.1, PS3.4)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.model.command_set import CommandSet
from engine.model.dataset import DataSet
from engine.standard.elements import tag_text
from engine.standard.messages import message_for
from engine.standard.sop_classes import sop_class

from .findings import Finding, found

SOP_CLASS = 0x00080016
SOP_INSTANCE = 0x00080018
_QUERY_LEVEL = 0x00080052
GROUPS_OUTSIDE = frozenset({0x0000, 0x0001, 0x0002, 0x0003, 0x0005, 0x0007, 0xFFFF})
"""Groups no Data Set has: command sets, file meta information, and those PS3.5 7.1 rules out."""
_INVENTORY_RETRIEVALS = ("1.2.840.10008.5.1.4.1.1.201.3", "1.2.840.10008.5.1.4.1.1.201.4")
_LEVEL_SERVICES = ("C-FIND", "C-GET", "C-MOVE")


def check_data(command: CommandSet, data: DataSet) -> list[Finding]:
    """What of a data set departs from the Standard or from its command; never raises."""
    row = message_for(command.command_field or 0)
    findings = [*_groups(data)]
    if row is not None and row.name == "C-STORE-RQ":
        findings += _instance(command, data)
    if row is not None and row.kind == "request" and row.service in _LEVEL_SERVICES:
        findings += _level(command, data)
    return findings


def _groups(data: DataSet) -> Iterator[Finding]:
    for element in data:
        if element.tag >> 16 in GROUPS_OUTSIDE:
            yield found("data.group", f"Element {tag_text(element.tag)} cannot be in a Data Set.", tag=element.tag)


def _instance(command: CommandSet, data: DataSet) -> Iterator[Finding]:
    pairs = (
        ("data.sop-class", SOP_CLASS, "SOP Class UID", "AffectedSOPClassUID"),
        ("data.sop-instance", SOP_INSTANCE, "SOP Instance UID", "AffectedSOPInstanceUID"),
    )
    for rule, tag, name, keyword in pairs:
        told, inside = command.text(keyword), data.text(tag)
        if told and inside and told != inside:
            sentence = f"{name} {tag_text(tag)} of the instance is {inside}; the command says {told}."
            yield found(rule, sentence, tag=tag)


def _level(command: CommandSet, data: DataSet) -> Iterator[Finding]:
    sop = sop_class(command.sop_class_uid)
    if sop is not None and sop.uid in _INVENTORY_RETRIEVALS and data.find(_QUERY_LEVEL) is not None:
        sentence = f"Query/Retrieve Level (0008,0052) is there; {sop.name} has none."
        yield found("data.inventory-level", sentence, tag=_QUERY_LEVEL)
    if sop is None or not sop.query_levels:
        return
    level = data.text(_QUERY_LEVEL).strip()
    if level not in sop.query_levels:
        has = ", ".join(sop.query_levels)
        sentence = f"Query/Retrieve Level (0008,0052) is {level or 'missing'}; {sop.name} has {has}."
        yield found("data.query-level", sentence, clause=sop.clause, tag=_QUERY_LEVEL)
