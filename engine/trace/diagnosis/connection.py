"""No connection, the wrong service at the port, a phase that took too long, a connection that broke."""

from __future__ import annotations

from engine.model.association import Timeouts
from engine.model.limits import to_raise
from engine.model.notices import Cause
from engine.standard.messages import message_name
from engine.standard.ports import OLD, REGISTERED, TLS

from .model import Mend, Proof, Setting
from .rule import Case, Found, rule
from .story import AssociationStory, MessageSeen

DICOM_PORTS = f"{OLD}, {REGISTERED}, and {TLS} or {REGISTERED} with TLS"
"""PS3.8 9.1.1, PS3.15 B.12: what a peer most likely listens on."""
LONGEST = 600.0
"""Seconds; a longer time-out would only hide what is wrong."""


def _timeouts(story: AssociationStory) -> Timeouts:
    return story.proposal.timeouts if story.proposal else Timeouts()


def longer(setting: Setting, seconds: float) -> tuple[Mend, ...]:
    """A mend that waits three times as long; none where that would be too long, or no end was set."""
    more = min(seconds * 3, LONGEST)
    return (Mend(setting, more, f"Wait {more:g} s instead of {seconds:g} s"),) if 0 < seconds < more else ()


@rule("connect.unknown-host", "The host name has no address", "PS3.8 9.1.4")
def unknown_host(case: Case) -> Found | None:
    story = case.association
    if story.cause is not Cause.ADDRESS_UNKNOWN:
        return None
    return Found(
        happened=f"The name “{story.peer.host}” could not be turned into an IP address; nothing was sent.",
        cause="The name is misspelt, or known only in another network or to another DNS server.",
        change="Correct the host of the peer, or give its IP address.",
        proofs=(story.proof(story.sentence),),
    )


@rule("connect.refused", "Nothing listens at the port", "PS3.8 9.1.4")
def refused(case: Case) -> Found | None:
    story = case.association
    if story.cause is not Cause.REFUSED:
        return None
    return Found(
        happened=f"{story.where} answered the TCP connection at once with a reset: nobody listens there.",
        cause="The port is wrong, the peer's DICOM service does not run, or it listens on another address of "
        "that host.",
        change=f"Ask for the port of the peer's DICOM service (usual are {DICOM_PORTS}) and whether it runs.",
        proofs=(story.proof(story.sentence),),
        mends=_start_ours(story),
    )


def _start_ours(story: AssociationStory) -> tuple[Mend, ...]:
    """On this computer we can listen there ourselves."""
    here = story.peer.host in ("localhost", "::1") or story.peer.host.startswith("127.")
    words = f"Start the built-in peer on port {story.peer.port}"
    return (Mend(Setting.LISTEN, story.peer.port, words),) if here else ()


@rule("connect.timed-out", "The connection attempt is not answered", "PS3.8 9.1.4")
def connect_timed_out(case: Case) -> Found | None:
    story = case.association
    if story.cause is not Cause.CONNECT_TIMED_OUT:
        return None
    seconds = _timeouts(story).connect
    return Found(
        happened=f"{story.where} neither took nor refused the TCP connection within {seconds:g} s.",
        cause="A firewall drops the attempt silently, the host is off, or the address belongs to another network.",
        change="Have the port opened for this computer on every firewall between; compare address and network mask.",
        proofs=(story.proof(story.sentence),),
        mends=longer(Setting.CONNECT_TIMEOUT, seconds),
    )


@rule("connect.unreachable", "There is no way to the host", "PS3.8 9.1.4")
def unreachable(case: Case) -> Found | None:
    story = case.association
    if story.cause is not Cause.UNREACHABLE:
        return None
    return Found(
        happened=f"The network said that {story.where} cannot be reached.",
        cause="This computer has no route to that network (VPN, gateway, mask), or the host is not in it.",
        change="Check this computer's network and the peer's address with whoever runs the network.",
        proofs=(story.proof(story.sentence),),
    )


@rule("connect.not-dicom", "Another service answers at the port", "PS3.8 9.3.1")
def not_dicom(case: Case) -> Found | None:
    story = case.association
    if story.cause is not Cause.FOREIGN:
        return None
    return Found(
        happened=story.sentence,
        cause="The port belongs to another service: a web interface, a remote shell, an HL7 listener."
        if story.requestor
        else "A program that does not speak DICOM called this port: a browser, a monitor, a port scan.",
        change=f"Use the peer's DICOM port (usual are {DICOM_PORTS})."
        if story.requestor
        else "Point that program elsewhere; nothing has to be changed here.",
        proofs=(story.proof("The first bytes received are not a PDU's.", sent=False),),
    )


@rule("connect.silent-caller", "Somebody connects and asks for nothing", "PS3.8 9.1.5")
def silent_caller(case: Case) -> Found | None:
    story = case.association
    if story.requestor or not (story.cause is Cause.NO_REQUEST or (story.cause is Cause.CLOSED and not story.pdus)):
        return None
    if _within(story):
        return None
    return Found(
        happened="A connection came without an A-ASSOCIATE-RQ on it.",
        cause="A port check of a load balancer, a monitor or a scan; or a peer that waits for TLS to begin.",
        change="If a modality is behind it, compare its TLS setting with this port's; else leave it.",
        proofs=(story.proof(story.sentence),),
    )


def _within(story: AssociationStory) -> bool:
    """Whether it ended in the middle of a PDU or message of the peer: what never was whole only the sentence tells."""
    return any(words in story.sentence for words in ("in the middle of", "never whole", "began to answer"))


def _first(story: AssociationStory) -> str:
    """How it ended, without what to try."""
    return story.sentence.partition(". ")[0].rstrip(".") + "."


@rule("associate.half-request", "An A-ASSOCIATE-RQ breaks off", "PS3.8 9.3.1")
def half_request(case: Case) -> Found | None:
    story = case.association
    if story.requestor or story.pdus or not _within(story):
        return None
    if story.cause not in (Cause.NO_REQUEST, Cause.CLOSED):
        return None
    return Found(
        happened=_first(story),
        cause="The caller hangs or gave up while it asked, announces a PDU-length longer than what it sends, or "
        "something between (a firewall, a tunnel, a wrong MTU) lets only the first packets through.",
        change="Compare the PDU-length of the request with the bytes that came, in a capture made at the caller: if "
        "all left it, look at the network between; if not, its log may say why.",
        proofs=(story.proof(story.sentence),),
    )


@rule("associate.no-answer", "The A-ASSOCIATE-RQ is not answered", "PS3.8 9.1.5")
def no_answer(case: Case) -> Found | None:
    story = case.association
    if story.cause is not Cause.NO_ANSWER or _within(story):
        return None
    seconds = _timeouts(story).acse
    tls = story.proposal is not None and story.proposal.tls is not None
    mends = longer(Setting.ACSE_TIMEOUT, seconds)
    if not tls:
        mends += (Mend(Setting.TLS, True, "Try with TLS"),)
    waits, attempt = ("", "") if tls else ("waits for a TLS handshake, ", "try TLS; ")
    return Found(
        happened=f"{story.where} took the connection and stayed silent for {seconds:g} s after our A-ASSOCIATE-RQ.",
        cause=f"It speaks one association at a time and is busy, {waits}or is not a DICOM service.",
        change=f"See whether it answers when others are gone; {attempt}raise the ACSE time-out if it is slow to "
        "look up AE titles.",
        proofs=(story.proof("The A-ASSOCIATE-RQ that was not answered.", 1, sent=True),),
        mends=mends,
    )


@rule("associate.half-answer", "The answer to the A-ASSOCIATE-RQ breaks off", "PS3.8 9.3.1")
def half_answer(case: Case) -> Found | None:
    story = case.association
    gave_up = story.cause is Cause.CLOSED and _hung_up(story)
    if not (story.cause is Cause.NO_ANSWER or gave_up) or not _within(story):
        return None
    return Found(
        happened=story.sentence,
        cause=f"The peer {'fails' if gave_up else 'hangs'} while it writes its answer, announces a PDU-length longer "
        "than what it sends, or something between (a firewall, a tunnel, a wrong MTU) lets only the first packets "
        "through.",
        change="Compare the PDU-length of the answer with the bytes that came, in a capture made at the peer: if all "
        "left it, look at the network between; if not, give its vendor the capture. A longer time-out hardly helps.",
        proofs=(story.proof("The A-ASSOCIATE-RQ whose answer broke off.", 1, sent=True),),
    )


@rule("associate.closed", "The peer hangs up instead of answering", "PS3.8 7.1.1")
def closed_instead(case: Case) -> Found | None:
    story = case.association
    if story.cause is not Cause.CLOSED or not _hung_up(story) or _within(story):
        return None
    tls = story.proposal is not None and story.proposal.tls is not None
    wants, attempt = ("", "") if tls else ("wants TLS, ", "try TLS; ")
    return Found(
        happened=f"{story.where} closed the connection after our A-ASSOCIATE-RQ, without A-ASSOCIATE-RJ or A-ABORT.",
        cause=f"It turns unknown IP addresses or AE titles away without a word, {wants}or crashed on the request.",
        change=f"Have this computer's address and AE title entered there; {attempt}its log may show the crash.",
        proofs=(story.proof("The A-ASSOCIATE-RQ after which it hung up.", 1, sent=True),),
        mends=() if tls else (Mend(Setting.TLS, True, "Try with TLS"),),
    )


def _hung_up(story: AssociationStory) -> bool:
    """Whether our A-ASSOCIATE-RQ had no answer."""
    asked = any(p.type == 1 and p.sent for p in story.pdus)
    return story.requestor and asked and not any(p.type in (2, 3) and not p.sent for p in story.pdus)


def _stray(story: AssociationStory) -> tuple[MessageSeen, MessageSeen] | None:
    """The last request sent, and a response that came after it and answers none of ours."""
    asked = next((m for m in reversed(story.messages) if m.sent), None)
    came = next((m for m in reversed(story.messages) if m.unsolicited and m.command.is_response), None)
    return (asked, came) if asked is not None and came is not None and came.time >= asked.time else None


@rule("dimse.other-message-id", "The response has another Message ID", "PS3.7 7.5.1")
def other_message_id(case: Case) -> Found | None:
    story = case.association
    stray = _stray(story) if story.cause is Cause.NO_RESPONSE else None
    if stray is None:
        return None
    asked, came = stray
    name = message_name(came.command.command_field)
    return Found(
        happened=f"{story.where} sent a {name} that answers {_message(came.command.responded_to)}; asked was message "
        f"{asked.command.message_id}, which stayed without a response.",
        cause="A defect of the peer: Message ID Being Responded To has to be the Message ID of the request.",
        change="Give the peer's vendor this trace; no time-out helps.",
        proofs=(
            Proof(text="The response.", association=story.number, time=came.time, sent=False),
            Proof(text="The request.", association=story.number, time=asked.time, sent=True),
        ),
    )


def _message(number: int | None) -> str:
    return "no message" if number is None else f"message {number}"


@rule("dimse.no-response", "A request is not answered in time", "PS3.7 7.5.1")
def no_response(case: Case) -> Found | None:
    story = case.association
    if story.cause is not Cause.NO_RESPONSE or _stray(story) is not None or _within(story):
        return None
    proofs = (story.proof("The last P-DATA-TF sent, not answered.", 4, sent=True),)
    if "What came instead" in story.sentence:
        return Found(
            happened=story.sentence,
            cause="A defect of the peer: it answers, but with what ends nothing.",
            change="Give the peer's vendor this trace; no time-out helps.",
            proofs=proofs,
        )
    return Found(
        happened=_first(story),
        cause="The peer works that long (a large retrieval, a slow archive), hangs, or does not know the request.",
        change="Look into the peer's log for this moment; if it was still at work, raise the DIMSE time-out.",
        proofs=proofs,
        mends=longer(Setting.DIMSE_TIMEOUT, _timeouts(story).dimse) if story.requestor else (),
    )


@rule("transport.breaks-off", "What the peer sends breaks off", "PS3.8 9.3.1")
def breaks_off(case: Case) -> Found | None:
    story = case.association
    if story.cause not in (Cause.NO_RESPONSE, Cause.IDLE) or _stray(story) is not None or not _within(story):
        return None
    return Found(
        happened=_first(story),
        cause="The peer hangs in the middle of what it sends, a length it sent is wrong, or something between (a "
        "firewall, a tunnel, a wrong MTU) lets only a part of it through.",
        change="Compare what the peer announced with what came, in a capture made at the peer: if all left it, look "
        "at the network between; if not, its log may say why. A longer time-out hardly helps.",
        proofs=(story.proof("The last PDU that came whole.", sent=False),),
    )


@rule("release.no-answer", "The release is not answered", "PS3.8 7.2")
def no_release(case: Case) -> Found | None:
    story = case.association
    if story.cause is not Cause.NO_RELEASE:
        return None
    return Found(
        happened=_first(story),
        cause="The peer is still busy with what it was sent, or never answers a release (some modalities just close).",
        change="What was answered before stands. Report it to the peer's vendor with this trace.",
        proofs=(story.proof("The A-RELEASE-RQ that was not answered.", 5, sent=True),),
    )


@rule("transport.peer-stopped-reading", "The peer does not read", "PS3.8 9.1.1")
def stalled(case: Case) -> Found | None:
    story = case.association
    if story.cause is not Cause.STALLED:
        return None
    return Found(
        happened=story.sentence,
        cause="The peer hangs in the middle of a message: its disk is full or slow, or it waits for something else.",
        change="Look at the peer: its log, its disk, its load. Then send again what was not answered.",
        proofs=(story.proof("The last P-DATA-TF sent.", 4, sent=True),),
    )


@rule("transport.closed", "The peer closes without release", "PS3.8 7.2")
def closed(case: Case) -> Found | None:
    story = case.association
    if story.cause is not Cause.CLOSED or story.established is None:
        return None
    within = "in the middle of" in story.sentence
    return Found(
        happened=story.sentence,
        cause="The peer's process ended, crashed on what it was sent, or a firewall cut the idle connection."
        if within or story.requestor
        else "Some modalities close the connection instead of releasing; a crash looks the same.",
        change="What was answered before stands, the rest has to be repeated. The peer's log says whether it crashed.",
        proofs=(story.proof("The last PDU before the connection was closed."),),
    )


@rule("transport.idle", "Nothing happened for too long", "PS3.8 9.1.5")
def idle(case: Case) -> Found | None:
    story = case.association
    if story.cause is not Cause.IDLE or _within(story):
        return None
    return Found(
        happened=story.sentence,
        cause="The idle time-out of this console; the peer did nothing wrong.",
        change="Raise the idle time-out, or set it to 0 to hold associations as long as the peer does.",
        proofs=(story.proof("The last PDU before the silence."),),
    )


@rule("association.limit", "The peer sends more than the limits allow", "PS3.8 7.3")
def limit(case: Case) -> Found | None:
    story = case.association
    if story.cause is not Cause.PROTOCOL or not (change := to_raise(story.sentence)):
        return None
    return Found(
        happened=story.sentence,
        cause="The limit of this console is low for what this peer sends, or the peer is broken.",
        change=change,
        proofs=(story.proof("The last PDU received.", sent=False),),
    )


@rule("association.protocol", "The peer breaks the upper layer protocol", "PS3.8 9.3")
def protocol(case: Case) -> Found | None:
    story = case.association
    if story.cause is not Cause.PROTOCOL or to_raise(story.sentence):
        return None
    finding = story.findings[-1] if story.findings else None
    span = (finding.evidence.start, finding.evidence.end) if finding else (None, None)
    exact = (span[0], span[1]) if span[0] is not None and span[1] is not None else None
    return Found(
        happened=story.sentence,
        cause="A defect of the peer, or of something between that changes what passes (a proxy, a faulty cable).",
        change="Give the peer's vendor this trace: the PDU named below departs from the Standard in the bytes marked.",
        proofs=(story.proof(finding.sentence if finding else "The last PDU received.", sent=False, span=exact),),
    )
