"""Messages against their SOP class: its services, action and event types, well-known instance, presentation context."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from engine.model.command_set import COMMAND_FIELD
from engine.standard.dictionary import uid_name, uid_words
from engine.standard.elements import BY_KEYWORD, ELEMENTS
from engine.standard.sop_classes import SopClass, services_of, sop_class, sop_classes

from .findings import Finding
from .subject import Subject

_TYPE_IDS = (  # service, element, what the SOP class calls its list, rule
    ("N-ACTION", BY_KEYWORD["ActionTypeID"].tag, "action_types", "command.action-type"),
    ("N-EVENT-REPORT", BY_KEYWORD["EventTypeID"].tag, "event_types", "command.event-type"),
)
_CLASS_TAGS = tuple(BY_KEYWORD[k].tag for k in ("AffectedSOPClassUID", "RequestedSOPClassUID"))
_INSTANCE_TAGS = tuple(BY_KEYWORD[k].tag for k in ("AffectedSOPInstanceUID", "RequestedSOPInstanceUID"))


@lru_cache(maxsize=256)
def _speakers(uid: str) -> tuple[SopClass, ...]:
    """The SOP class of a message's UID and those whose messages carry that UID (UPS, PS3.4 CC.3.1.1)."""
    others = (s for s in sop_classes().values() if s.message_sop_class == uid)
    own = sop_class(uid)
    return (*((own,) if own else ()), *others)


def _service(s: Subject) -> Iterator[Finding]:
    if s.row is None or s.row.kind != "request" or s.sop_class is None or not s.sop_class.kind:
        return
    services = {name for speaker in _speakers(s.sop_class.uid) for name in services_of(speaker.uid)}
    if s.service not in services:
        has = ", ".join(sorted(services)) or "none over DIMSE"
        sentence = f"{s.sop_class.name} has no {s.service} (it has: {has})."
        yield s.about("command.service-of-sop-class", COMMAND_FIELD, sentence, clause=s.sop_class.clause)


def _types(s: Subject) -> Iterator[Finding]:
    if s.sop_class is None:
        return
    for service, tag, attribute, rule in _TYPE_IDS:
        value = s.plain.number(tag)
        if s.service != service or value is None:
            continue
        types: dict[int, str] = {}
        for speaker in _speakers(s.sop_class.uid):
            types |= getattr(speaker, attribute)
        if types and value not in types:
            has = ", ".join(f"{n} {name}" for n, name in sorted(types.items()))
            sentence = f"{ELEMENTS[tag].name} {value} is not one of {s.sop_class.name} (it has: {has})."
            yield s.about(rule, tag, sentence, clause=s.sop_class.clause)


def _well_known(s: Subject) -> Iterator[Finding]:
    sop = s.sop_class
    # UPS has a well-known instance for global subscriptions, and any other for the rest.
    if sop is None or not sop.well_known_instance or any(x.message_sop_class for x in _speakers(sop.uid)):
        return
    for tag in _INSTANCE_TAGS:
        uid = s.plain.text(tag)
        if uid and uid != sop.well_known_instance:
            name = uid_name(sop.well_known_instance)
            sentence = f"{sop.name} has one instance, {name} ({sop.well_known_instance}); the message names {uid}."
            yield s.about("command.well-known-instance", tag, sentence, clause=sop.clause)


def _context(s: Subject) -> Iterator[Finding]:
    uid, syntax = s.plain.sop_class_uid, s.abstract_syntax
    if not uid or not syntax:
        return
    context, normalized = sop_class(syntax), s.service.startswith("N-")
    carried = context.message_sop_class if context is not None and normalized else ""
    if uid == (carried or syntax):
        return
    # A private abstract syntax may be a meta SOP class.
    if normalized and (context is None or uid in context.members):
        return
    tag = next((t for t in _CLASS_TAGS if s.plain.text(t)), _CLASS_TAGS[0])
    sentence = f"{uid_words(uid)} does not fit a presentation context of {uid_words(syntax)}."
    if normalized and context is not None and context.message_sop_class:
        sentence = f"Messages of {context.name} carry {uid_words(context.message_sop_class)}, not {uid_words(uid)}."
    yield s.about("command.sop-class-of-context", tag, sentence)


SERVICE_CHECKS = (_service, _types, _well_known, _context)
