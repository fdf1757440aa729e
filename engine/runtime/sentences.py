"""What went wrong, said plainly: what happened, where, what to try."""

from __future__ import annotations

import errno
import socket
import ssl

from engine.model.association import Negotiated, Peer, Proposal
from engine.model.command_set import CommandSet
from engine.model.limits import named, to_raise
from engine.model.whole_numbers import counted
from engine.standard.codes import abort_text, rejection_text
from engine.standard.messages import MESSAGES, message_name
from engine.standard.state_table import Sta


def address(peer: Peer) -> str:
    """host:port, an IPv6 address in brackets."""
    host = f"[{peer.host}]" if ":" in peer.host else peer.host
    return f"{host}:{peer.port}"


def connect_failed(error: OSError, peer: Peer) -> str:
    """A TCP connection could not be made."""
    where = address(peer)
    if isinstance(error, socket.gaierror):
        advice = "Check the spelling, or give the IP address instead."
        if "/" in peer.host or ":" in peer.host:
            advice = "Give the host without a scheme or port: the port stands by itself."
        return f"No address found for host '{peer.host}': {_reason(error)}. {advice}"
    if isinstance(error, ssl.SSLError):
        return f"TLS with {where} failed: {_reason(error)}. Check that the port speaks TLS, and the certificates."
    hints = {
        errno.ECONNREFUSED: "refused the connection: nothing listens there. "
        "Check the port, and that the peer's DICOM service is running.",
        errno.EHOSTUNREACH: "cannot be reached: no route to the host. Check the address and the network.",
        errno.ENETUNREACH: "cannot be reached: this computer has no route to that network. Check the network.",
        errno.ECONNRESET: "reset the connection while it was being made. A firewall may stand between.",
        errno.ETIMEDOUT: "did not answer the connection attempt. A firewall may drop it, or the host is off.",
        errno.EADDRNOTAVAIL: "is not an address that can be connected to.",
        errno.EACCES: "may not be connected to: this computer's firewall or permissions forbid it.",
    }
    hint = hints.get(error.errno or 0)
    return f"{where} {hint}" if hint else f"{where} could not be connected to: {_reason(error)}."


def listen_failed(error: OSError, host: str, port: int) -> str:
    """Why no connections can be accepted there, and what to try."""
    where = f"{host or 'all addresses'} port {port}"
    if error.errno == errno.EADDRINUSE:
        return f"Cannot listen on {where}: another program uses the port. Choose another port, or 0 for any free one."
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"Cannot listen on {where}: ports below 1024 need administrator rights here. Choose 11112, for example."
    if isinstance(error, socket.gaierror):
        return f"Cannot listen on {where}: no address is found for this name."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"Cannot listen on {where}: this computer does not have that address."
    return f"Cannot listen on {where}: {_reason(error)}."


def _reason(error: OSError) -> str:
    return (error.strerror or str(error) or type(error).__name__).rstrip(".")


def connect_timed_out(peer: Peer, seconds: float) -> str:
    return (
        f"{address(peer)} did not accept the TCP connection within {seconds:g} s. "
        "Check address and port; a firewall may drop the attempt silently."
    )


def answer_timed_out(peer: Peer, seconds: float, begun: int = 0, *, tls: bool = False) -> str:
    """begun: bytes that had come of an answer that never was whole. tls: the TLS handshake had succeeded."""
    if begun:
        return (
            f"{address(peer)} began to answer the A-ASSOCIATE-RQ, but within {seconds:g} s no more than "
            f"{counted(begun, 'byte')} of a PDU came. It hangs, or its PDU-length is wrong; the peer's log may say "
            "more."
        )
    if tls:
        return (
            f"{address(peer)} did not answer the A-ASSOCIATE-RQ within {seconds:g} s, after a TLS handshake that "
            "succeeded. Check that DICOM is spoken behind it (a TLS proxy answers for a service that is gone), and "
            "that the peer is not overloaded."
        )
    return (
        f"{address(peer)} took the connection but did not answer the A-ASSOCIATE-RQ within {seconds:g} s. "
        "Check that the port speaks DICOM (not TLS or another protocol) and that the peer is not overloaded."
    )


def release_timed_out(peer: Peer, seconds: float, begun: int = 0) -> str:
    """begun: as `answer_timed_out`."""
    how = _never_whole(begun)
    return f"{address(peer)} did not answer the A-RELEASE-RQ within {seconds:g} s, so the association was aborted{how}."


def request_timed_out(peer: Peer, seconds: float, begun: int = 0) -> str:
    """begun: as `answer_timed_out`, of an A-ASSOCIATE-RQ."""
    return f"{address(peer)} connected but sent no A-ASSOCIATE-RQ within {seconds:g} s{_never_whole(begun)}."


def _never_whole(begun: int) -> str:
    return f"; {counted(begun, 'byte')} of a PDU that was never whole had come" if begun else ""


def response_timed_out(
    peer: Peer, service: str, seconds: float, begun: str = "", instead: str = "", *, slowly: bool = False
) -> str:
    """begun: what had come of a response, in words; slowly: more of it comes. instead: what came that was no response
    to it."""
    hint = "Check the peer's log; if it works that long, raise the DIMSE timeout."
    if begun and slowly:
        hint = f"It is still {begun} and sends hardly anything: its network may be broken, or it does so on purpose."
    elif begun:
        hint = f"It stopped {begun}: it hangs, or a length it sent is wrong."
    elif instead:
        hint = f"What came instead: {instead}"
    said = f"{address(peer)} sent no response to the {service} for {seconds:g} s, so the association was aborted."
    return f"{said} {hint}"


def wrong_response(peer: Peer, request: CommandSet, response: CommandSet) -> str:
    """A response that names the Message ID of another service's request."""
    came, asked = message_name(response.command_field), message_name(request.command_field)
    said = "without a status" if response.status is None else f"with the status {response.status:04X}H"
    with_a = f"with {'an' if came[0] == 'N' else 'a'} {came} {said}"
    what = f"{address(peer)} answered the {asked} with Message ID {response.responded_to} {with_a}"
    return f"{what}, which is no response to it (PS3.7 Annex E): whether it did what was asked is not known."


def pending_unknown(service: str, status: int) -> str:
    return f"a {service}-RSP with the status {status:04X}H, Pending, which {service} does not have (PS3.7 Table 7.5-1)."


def idle_timed_out(peer: Peer, seconds: float, begun: str = "") -> str:
    """begun: what had come of a message, in words."""
    if begun:
        return (
            f"{address(peer)} stopped {begun} and sent nothing more for {seconds:g} s, so the association was aborted."
        )
    return (
        f"Nothing was sent or received for {seconds:g} s on the association with {address(peer)}, so it was "
        "aborted: it may be idle no longer (see its time-outs)."
    )


def too_slow(peer: Peer, seconds: float, begun: str) -> str:
    """Bytes come, but hardly any. begun: what had come of a message, in words."""
    return (
        f"{address(peer)} has sent hardly anything for {seconds:g} s, {begun}, so the association was aborted. "
        "Its network may be broken, or it holds the association up on purpose."
    )


_REJECTION_HINTS = {
    (1, 2): "The peer does not take this application context name; the DICOM one is 1.2.840.10008.3.1.1.1.",
    (
        1,
        3,
    ): "The peer does not know our Calling AE title '{calling}': have it added there (case counts), or change ours.",
    (1, 7): "The peer does not answer to the Called AE title '{called}': check the peer's own AE title (case counts).",
    (2, 2): "The peer does not take this protocol version; only version 1 exists.",
    (3, 1): "The peer is busy: try again in a moment.",
    (3, 2): "Mostly that is too many associations: release others, or try again later. The peer's log may say which.",
}


def rejected(peer: Peer, proposal: Proposal, result: int, source: int, reason: int) -> str:
    """An A-ASSOCIATE-RJ in words (PS3.8 9.3.4)."""
    hint = _REJECTION_HINTS.get((source, reason), "The peer's log may say more.")
    hint = hint.format(calling=proposal.local.ae_title, called=proposal.peer.ae_title)
    return f"{address(peer)} rejected the association: {rejection_text(result, source, reason)}. {hint}"


def aborted(peer: Peer, source: int, reason: int, by_us: bool = False) -> str:
    """An A-ABORT in words (PS3.8 9.3.8)."""
    if by_us:
        return f"The association with {address(peer)} was aborted by us ({abort_text(source, reason)})."
    hint = "The peer's log may say why"
    if (source, reason > 0) == (2, True):  # a service-user, and a provider without reason, may have any other
        hint += "; the PDU before the A-ABORT is what it did not take"
    return f"{address(peer)} aborted the association: {abort_text(source, reason)}. {hint}."


def aborted_at_once(peer: Peer, source: int, reason: int) -> str:
    """An A-ABORT in place of the A-ASSOCIATE-RQ (PS3.8 9.2, AA-2)."""
    return (
        f"{address(peer)} sent an A-ABORT instead of asking for an association: {abort_text(source, reason)}. "
        "It may have given up while it connected."
    )


_UNRELEASED = ("instead of answering the A-RELEASE-RQ", "What was answered before stands.")
_CLOSED = {
    Sta.Sta2: (
        "without asking for an association",
        "A port scan or a monitoring tool does that.",
    ),
    Sta.Sta5: (
        "instead of answering the A-ASSOCIATE-RQ",
        "It may not speak DICOM on that port, want TLS, or turn away unknown callers without a word.",
    ),
    **dict.fromkeys((Sta.Sta7, Sta.Sta10, Sta.Sta11), _UNRELEASED),
}


def closed(peer: Peer, state: Sta, cut_off: str = "", error: str = "", *, tls: bool = False) -> str:
    """The transport closed without release, reject or abort.

    cut_off: what it cut off ("in the middle of ..."). error: what the system said, if anything. tls: over TLS.
    """
    when, hint = _CLOSED.get(state, ("without releasing the association", "The peer's log may say why."))
    if cut_off and state is Sta.Sta5:
        hint = "It had begun to answer the A-ASSOCIATE-RQ; its log may say why."
    elif cut_off and state is Sta.Sta2:
        hint = "It may have given up while it asked for an association; its log may say why."
    elif tls and state is Sta.Sta5:
        hint = (
            "It may turn away unknown callers without a word, or be a TLS proxy for a service that is gone or speaks "
            "no DICOM."
        )
    how = f"broke the connection ({error})" if error else "closed the connection"
    return f"{address(peer)} {how} {cut_off or when} ({state.name}). {hint}"


def defect(peer: Peer) -> str:
    """A defect of ours met in a connection's callback: asyncio has ended the connection."""
    return (
        f"An unexpected error of the console itself ended the association with {address(peer)}. "
        "Its report says where; the peer is not to blame."
    )


def lost(peer: Peer) -> str:
    """The engine's loop broke under an association."""
    return (
        f"The association with {address(peer)} was lost: the engine of the console itself broke. "
        "Its report says where; the peer is not to blame."
    )


LOST_OPERATION = "Lost: the engine of the console itself broke. Whether the peer has done what was asked is not known."
LOST_LISTENER = "Stopped listening: the engine of the console itself broke."
NOT_BEGUN = "Nothing was done: the console itself failed unexpectedly when it was to begin. The report tells where."
NO_ENGINE = (
    "Nothing was done: the engine of the console itself broke again and again, or cannot be started. Each command is "
    "another try; starting the program anew may help."
)


def broke(what: str, *, replaced: bool) -> str:
    """The engine's loop broke for good."""
    how = "is replaced by a new one" if replaced else "has ended"
    return f"The engine of the console itself broke ({what}) and {how}. What was open is lost; what is recorded stays."


def silent(seconds: float, patience: float) -> str:
    """The engine's loop does not answer. patience: seconds after which it is replaced, 0: when somebody wants it."""
    then = f" If it still does not after {patience:g} s it is replaced by a new one." if patience else ""
    return (
        f"The engine has not answered for {_whole(seconds)} s: something in the console itself holds it up. Its report "
        f"says where.{then}"
    )


def answers_again(seconds: float) -> str:
    return f"The engine answers again, after {_whole(seconds)} s."


def given_up(seconds: float, *, replaced: bool) -> str:
    """The engine's loop was not waited for any longer."""
    how = "is replaced by a new one" if replaced else "is not waited for"
    return (
        f"The engine of the console itself has not answered for {_whole(seconds)} s and {how}. What was open is lost; "
        "what is recorded stays."
    )


def _whole(seconds: float) -> int:
    return max(1, round(seconds))


def stalled(peer: Peer, unsent: int, seconds: float, unanswered: int = 0) -> str:
    """unanswered: requests of the peer whose answers wait behind what it does not take."""
    more = f" {unanswered} requests it sent were not answered for that." if unanswered > 1 else ""
    return (
        f"{address(peer)} has taken none of the {unsent} bytes waiting for it for {seconds:g} s, so the association "
        f"was aborted.{more} The peer may hang; its log may say why."
    )


def held_back(peer: Peer, unanswered: int) -> str:
    several = unanswered != 1
    what = f"{unanswered} requests that are not answered yet" if several else "a request that is not answered yet"
    until = "half of them are" if several else "it is"
    sentence = (
        f"{address(peer)} has sent {what}, the limit of requests waiting{named('waiting')}: nothing more is read from "
        f"it until {until}."
    )
    return f"{sentence} {to_raise(sentence)}"


def not_fetched(count: int) -> str:
    return (
        f"{count} records wait to be shown or written: nothing more is received from anybody until some are. Where our "
        "output is paused, or goes to a program that does not read it, have that go on."
    )


def cancel_passed_over(peer: Peer, service: str, count: int, seconds: float) -> str:
    """count: messages that came in so many seconds after the C-CANCEL-RQ."""
    clause = MESSAGES[f"C-CANCEL-{service.removeprefix('C-')}-RQ"].clause
    came = "1 message has" if count == 1 else f"{count} messages have"
    return (
        f"{address(peer)} goes on with the {service}: {came} come in the {seconds:g} s since the C-CANCEL-RQ was sent. "
        f"It may not look for one ({clause}); aborting the association ends it."
    )


def crowded_out(peer: Peer, most: int) -> str:
    who = f"{most} other{'' if most == 1 else 's'}"
    others = f"while {who} connected too{named('unasked', most)}, and was closed for them."
    return " ".join(filter(None, (f"{address(peer)} connected but sent no A-ASSOCIATE-RQ {others}", to_raise(others))))


def cannot_accept(error: OSError) -> str:
    return (
        f"No connection can be accepted for now: {_reason(error)}. Those that come wait until others have ended; fewer "
        "associations at once, or a higher limit of open files, would avoid it."
    )


def accepts_no_more(error: OSError) -> str:
    return f"A listener accepts no more connections: {_reason(error)}. Stop it, then listen again."


def broke_protocol(peer: Peer, what: str, *, requestor: bool, met: bool) -> str:
    """The peer's bytes are not what the upper layer allows; we aborted. met: it has spoken DICOM before."""
    if how := to_raise(what):
        return f"{address(peer)} went beyond a limit of ours and the association was aborted: {what.rstrip('.')}. {how}"
    hint = "The PDU received last shows its bytes."
    if not met and "speaks TLS" in what:
        hint = "Check the port, or switch TLS on for this peer." if requestor else "Switch TLS off there, or on here."
    elif not met:
        hint = "Check the port: another service may answer there." if requestor else "It may not be a DICOM program."
    return f"{address(peer)} broke the protocol and the association was aborted: {what.rstrip('.')}. {hint}"


def nothing_accepted(peer: Peer, negotiated: Negotiated, *, by_us: bool = False) -> str:
    """An association without one accepted context."""
    reasons = "; ".join(f"{c.id}: {c.reason.rstrip('.')}" for c in negotiated.contexts[:4])
    more = len(negotiated.contexts) - 4
    rest = f"; and {more} more" if more > 0 else ""
    who, whose = ("We", f"the {len(negotiated.contexts)} presentation contexts of {address(peer)}")
    if not by_us:
        who, whose = address(peer), f"its {len(negotiated.contexts)} presentation contexts"
    return f"{who} accepted the association but none of {whose} ({reasons}{rest})."


def no_context(sop_class_name: str, sop_class_uid: str, negotiated: Negotiated) -> str:
    """No context of use for the message's SOP class: refused, without a transfer syntax, or never proposed."""
    proposed = [c for c in negotiated.contexts if c.abstract_syntax == sop_class_uid]
    refused = [c for c in proposed if not c.accepted]
    if refused:
        why = f" The peer turned down: {refused[0].reason.removeprefix('Refused: ')}"
    else:
        why = f" {proposed[0].reason}" if proposed else " It was not proposed."
    return f"No accepted presentation context for {sop_class_name}, so the message was not sent.{why}"


def listening(host: str, port: int) -> str:
    """Where we listen, and plainly when that is more than this computer."""
    if host in ("127.0.0.1", "::1", "localhost"):
        return f"Listening on {host} port {port}: only programs on this computer can connect."
    where = host if host not in ("", "0.0.0.0", "::") else "all addresses"
    return f"Listening on {where} port {port}: ANY COMPUTER that reaches this one can connect and send data."
