"""Conversations for the rules about the order of PDUs and fragments: one that breaks each, one that keeps it."""

from __future__ import annotations

from engine.model.notices import Direction
from engine.standard.pdus import PDataTF, Pdv, ReleaseRP, ReleaseRQ
from engine.wire.commands import encode_command
from tests.conformance.talk import (
    ABORT,
    CT,
    ECHO,
    ECHOED,
    PROVIDER_ABORT,
    RECEIVED,
    REJECT,
    SENT,
    VERIFICATION,
    Case,
    Script,
    Talk,
    asked,
    command,
    echo,
    new,
    number_of,
    say,
)

STORE = command("C-STORE-RQ", AffectedSOPClassUID=CT, AffectedSOPInstanceUID="1.2.3", Priority=0)
UNKNOWN_PDU = b"\x09\x00\x00\x00\x00\x00"


def requestor(pdu: object) -> Script:
    return lambda t: t.requests(pdu)  # type: ignore[arg-type]


def acceptor(pdu: object) -> Script:
    return lambda t: t.answers(pdu)  # type: ignore[arg-type]


def pdata(*pdvs: tuple[int, bytes], context: str = CT) -> PDataTF:
    """Control header and fragment of each PDV."""
    number = number_of(context)
    return PDataTF(pdvs=tuple(Pdv(context_id=number, control=c, fragment=f) for c, f in pdvs))


def closed(direction: Direction, pending: int = 0) -> Script:
    return lambda t: t.verdicts.extend(t.watcher.closed(direction, pending))


def not_closed(direction: Direction) -> Script:
    return lambda t: t.verdicts.extend(t.watcher.not_closed(direction, 10.0))


RQ: Script = lambda t: t.requests(t.rq)  # noqa: E731
AC: Script = lambda t: t.answers(t.ac)  # noqa: E731
STORE_BYTES = encode_command(STORE.with_values(CommandDataSetType=0))
ECHO_BYTES = encode_command(ECHO.with_values(CommandDataSetType=0x0101))
COMMAND = pdata((3, STORE_BYTES))
INSTANCE = b"\x08\x00\x16\x00\x1a\x00\x00\x00" + CT.encode() + b"\0" + b"\x08\x00\x18\x00\x06\x00\x00\x001.2.3\0"
ECHO_PDU = pdata((3, ECHO_BYTES), context=VERIFICATION)

CASES: dict[str, Case] = {
    "pdu.unreadable": (say(acceptor(UNKNOWN_PDU)), say(echo)),
    "pdu.unexpected": (
        say(lambda t: t.verdicts.extend(t.watcher.broken("pdu.unexpected", "It is not expected."))),
        say(echo),
    ),
    "pdu.first": (say(requestor(ReleaseRQ()), start=new), say(RQ, AC, start=new)),
    "pdu.wrong-side": (say(lambda t: t.requests(t.ac), start=asked), say(AC, start=asked)),
    "pdu.second-request": (say(RQ), say(RQ, AC, start=new)),
    "pdu.answer-unasked": (say(AC), say(AC, start=asked)),
    "pdu.unestablished": (say(requestor(ECHO_PDU), start=asked), say(requestor(ECHO_PDU))),
    "pdu.data-after-release": (
        say(requestor(ReleaseRQ()), requestor(ECHO_PDU)),
        say(lambda t: t.ask(ECHO), requestor(ReleaseRQ()), lambda t: t.answer(ECHOED)),
    ),
    "pdu.second-release": (say(requestor(ReleaseRQ()), requestor(ReleaseRQ())), say(Talk.release)),
    "pdu.release-by-acceptor": (say(acceptor(ReleaseRQ())), say(Talk.release)),
    "pdu.release-outstanding": (say(lambda t: t.ask(ECHO), requestor(ReleaseRQ())), say(echo, Talk.release)),
    "pdu.release-unasked": (say(acceptor(ReleaseRP())), say(Talk.release)),
    "pdu.release-collision": (
        say(requestor(ReleaseRQ()), acceptor(ReleaseRQ()), acceptor(ReleaseRP())),
        say(requestor(ReleaseRQ()), acceptor(ReleaseRQ()), requestor(ReleaseRP()), acceptor(ReleaseRP())),
    ),
    "pdu.after-end": (say(Talk.release, acceptor(ECHO_PDU)), say(Talk.release, acceptor(ABORT))),
    "pdu.abort-source-provider": (
        say(acceptor(UNKNOWN_PDU), requestor(ABORT)),
        say(acceptor(UNKNOWN_PDU), requestor(PROVIDER_ABORT)),
    ),
    "pdu.abort-missing": (
        say(requestor(UNKNOWN_PDU), Talk.release),
        say(requestor(UNKNOWN_PDU), acceptor(PROVIDER_ABORT)),
    ),
    "pdu.request-unanswered": (
        say(closed(RECEIVED), start=asked),
        say(acceptor(REJECT), closed(RECEIVED), start=asked),
    ),
    "pdu.release-unanswered": (
        say(requestor(ReleaseRQ()), closed(RECEIVED)),
        say(Talk.release, closed(RECEIVED)),
    ),
    "pdu.closed": (say(closed(RECEIVED)), say(acceptor(ABORT), closed(RECEIVED))),
    "pdu.closed-within": (say(closed(RECEIVED, 7)), say(Talk.release, closed(SENT))),
    "pdu.not-closed": (say(Talk.release, not_closed(SENT)), say(echo, not_closed(SENT))),
    "pdata.reserved": (
        say(lambda t: t.requests(_reserved())),
        say(echo),
    ),
    "pdata.interleaved": (
        say(requestor(COMMAND), requestor(ECHO_PDU)),
        say(requestor(COMMAND), requestor(pdata((2, INSTANCE)))),
    ),
    "pdata.data-first": (
        say(requestor(pdata((2, INSTANCE)))),
        say(requestor(COMMAND), requestor(pdata((2, INSTANCE)))),
    ),
    "pdata.command-unended": (
        say(requestor(pdata((1, STORE_BYTES))), requestor(pdata((2, INSTANCE)))),
        say(requestor(pdata((1, STORE_BYTES[:20]))), requestor(pdata((3, STORE_BYTES[20:])))),
    ),
    "pdata.unfinished": (
        say(requestor(COMMAND), requestor(ReleaseRQ())),
        say(echo, Talk.release),
    ),
}


def _reserved() -> bytes:
    from engine.wire.pdus import encode_pdu

    data = encode_pdu(ECHO_PDU)
    return data[:1] + b"\x01" + data[2:]
