"""What was negotiated besides the presentation contexts, as lines for people."""

from __future__ import annotations

from collections.abc import Iterator

from engine.model.association import (
    APPLICATION_CONTEXT,
    AsyncWindow,
    CommonExtendedNegotiation,
    Negotiated,
    Proposal,
)
from engine.standard.codes import explain_code
from engine.standard.dictionary import uid_text
from engine.standard.extended_negotiation import layout_of


def negotiation_lines(negotiated: Negotiated, proposal: Proposal | None = None) -> list[str]:
    """One line for each thing asked for or answered; nothing for what is as without asking. No secrets."""
    asked = proposal or Proposal()
    return [
        *_application_context(asked),
        *_window(asked.async_window, negotiated.window),
        *_extended(asked, negotiated),
        *(_common(c) for c in asked.common_extended),
        *_identity(asked, negotiated),
    ]


def _application_context(asked: Proposal) -> Iterator[str]:
    if asked.application_context != APPLICATION_CONTEXT:
        yield f"Application context: {uid_text(asked.application_context)}"


def _window(asked: AsyncWindow | None, agreed: AsyncWindow) -> Iterator[str]:
    if asked is not None or agreed != AsyncWindow():
        line = f"Asynchronous operations window: {_limit(agreed.invoked)} invoked, {_limit(agreed.performed)} performed"
        if asked is not None and asked != agreed:
            line += f" (asked for {_limit(asked.invoked)} and {_limit(asked.performed)})"
        yield line


def _limit(count: int) -> str:
    return str(count) if count else "unlimited"


def _extended(asked: Proposal, negotiated: Negotiated) -> Iterator[str]:
    answers = {e.sop_class_uid: e.information for e in negotiated.extended}
    questions = {e.sop_class_uid: e.information for e in asked.extended}
    for uid in {**questions, **answers}:
        line = f"Extended negotiation of {uid_text(uid)}:"
        if uid in questions:
            line += f" asked {_bytes(questions[uid])};"
        if uid not in answers:
            yield f"{line} not answered"
            continue
        words = extended_words(uid, answers[uid])
        yield f"{line} answered {_bytes(answers[uid])}{': ' if words else ''}{', '.join(words)}"


def _bytes(data: bytes) -> str:
    return f"{data.hex(' ').upper()}H" if data else "nothing"


def extended_words(uid: str, information: bytes) -> list[str]:
    """The bytes of an extended negotiation in words (PS3.4); empty for a SOP class whose bytes have no layout."""
    layout = layout_of(uid)
    if layout is None:
        return []
    words = [
        f"{field.name} {field.values.get(value, f'{value} (undefined)')}"
        for value, field in zip(information, layout.fields, strict=False)
        if field.values
    ]
    beyond = len(information) - len(layout.fields)
    return words + ([f"{beyond} more bytes"] if beyond > 0 else [])


def extended_summary(uid: str, information: bytes) -> str:
    """In a line: the options supported and the values said, then the bytes; the bytes alone without a layout."""
    shown = information.hex(" ").upper()
    layout = layout_of(uid)
    if layout is None or not information:
        return shown or "no bytes"
    words = []
    for value, field in zip(information, layout.fields, strict=False):
        if field.is_option and value < 2:
            words += [field.name] * value
        elif field.values:
            words.append(f"{field.name} {field.values.get(value, f'{value} (undefined)')}")
    return f"{', '.join(words) or 'no option'} · {shown}"


def _common(common: CommonExtendedNegotiation) -> str:
    related = ", ".join(map(uid_text, common.related_general)) or "none"
    return (
        f"Common extended negotiation of {uid_text(common.sop_class_uid)}: {uid_text(common.service_class_uid)}, "
        f"related general SOP classes: {related} (has no answer)"
    )


def _identity(asked: Proposal, negotiated: Negotiated) -> Iterator[str]:
    answered = negotiated.user_identity_response
    if asked.user_identity is None:
        if answered is not None:
            yield "User identity: confirmed"
        return
    kind = explain_code("user_identity_type", asked.user_identity.type)
    if answered is not None:
        yield f"User identity ({kind}): confirmed, {len(answered)} bytes of response"
    elif asked.user_identity.positive_response_requested:
        yield f"User identity ({kind}): not confirmed, though asked for; the peer may not have looked at it"
    else:
        yield f"User identity ({kind}): sent"
