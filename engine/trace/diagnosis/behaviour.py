"""What peers do that costs time or data without failing: stalls, limits ignored, windows not used, text that lies."""

from __future__ import annotations

from engine.model.dataset import DataSet, EncodedData
from engine.model.notices import Direction, FindingNotice, MessageNotice, Outcome
from engine.standard.elements import tag_text
from engine.standard.messages import CANCEL
from engine.trace.explain import PreviewError, data_set_of

from .model import Mend, Proof, Setting
from .negotiation import SOON
from .rule import Case, Found, rule
from .story import AssociationStory

STALLS = ((0.037, 0.060, "40 ms"), (0.190, 0.230, "200 ms"))
"""Delayed acknowledgement waits at least 40 ms on Linux and 200 ms on most others (RFC 1122 4.2.3.2 allows 500)."""
LEAST_RESPONSES = 5
SHARE = 0.8
"""Of the responses, how many must fall into the span before it is told."""


def _ended(story: AssociationStory) -> bool:
    return story.outcome is not None


def _finding(story: AssociationStory, *rules: str, received: bool = True) -> FindingNotice | None:
    direction = Direction.RECEIVED if received else Direction.SENT
    return next((f for f in story.findings if f.rule in rules and f.direction is direction), None)


def _proof_of(finding: FindingNotice) -> Proof:
    return Proof(
        text=finding.sentence,
        association=finding.association,
        time=finding.time,
        sent=finding.direction is Direction.SENT,
        start=finding.evidence.start,
        end=finding.evidence.end,
    )


@rule("peer.nagle", "Every answer takes as long as a delayed acknowledgement", "PS3.8 9.1.1")
def nagle(case: Case) -> Found | None:
    story = case.association
    durations = [m.duration for m in story.messages if not m.sent and m.duration is not None]
    pipelined = story.negotiated is not None and story.negotiated.window.invoked != 1
    if not _ended(story) or pipelined or len(durations) < LEAST_RESPONSES:
        return None  # of requests that wait for each other the duration says nothing
    for low, high, words in STALLS:
        within = [d for d in durations if low <= d <= high]
        if len(within) >= SHARE * len(durations):
            from statistics import median  # takes longer to load than all rules

            return Found(
                happened=f"{len(within)} of {len(durations)} responses of {story.where} took {words} "
                f"({median(within) * 1000:.0f} ms in the middle), whatever was asked.",
                cause="The peer writes a message in two pieces with Nagle's algorithm on, and the second waits "
                "until the "
                "first is acknowledged. A peer that works exactly so long on everything would look the same.",
                change="Have TCP_NODELAY switched on at the peer (DCMTK: TCP_NODELAY=1 in its environment).",
                proofs=(story.proof("A response that was late.", 4, sent=False),),
            )
    return None


@rule("peer.maximum-length", "The peer ignores our maximum length", "PS3.8 D.1")
def maximum_length(case: Case) -> Found | None:
    story = case.association
    finding = _finding(story, "pdata.maximum-length")
    if not _ended(story) or finding is None:
        return None
    return Found(
        happened=finding.sentence,
        cause="The peer sends P-DATA-TF PDUs of the length it likes or was told by somebody else.",
        change="Nothing is lost here: longer PDUs are taken. Other receivers abort; report it to the peer's vendor.",
        proofs=(_proof_of(finding),),
        mends=(Mend(Setting.MAXIMUM_LENGTH, 0, "Announce no limit"),),
    )


@rule("peer.window-refused", "The asynchronous window was not taken", "PS3.7 D.3.3.3")
def window_refused(case: Case) -> Found | None:
    story = case.association
    if not story.requestor or not _ended(story) or story.proposal is None or story.negotiated is None:
        return None
    asked, got = story.proposal.async_window, story.negotiated.window
    if asked is None or asked.invoked == 1 or got.invoked != 1:
        return None
    wanted = "any number" if asked.invoked == 0 else str(asked.invoked)
    return Found(
        happened=f"{wanted} operations at once were proposed; {story.where} allows one.",
        cause="The peer works synchronously: it left the window out of its answer, or answered 1.",
        change="Nothing to change: each request waits for the response to the one before. Several associations "
        "are faster.",
        proofs=(story.proof("The A-ASSOCIATE-AC.", 2, sent=False),),
    )


@rule("peer.aborts-midway", "The peer aborts in the middle", "PS3.8 7.3")
def aborts_midway(case: Case) -> Found | None:
    story = case.association
    if story.abort is None or story.established is None or not story.aborted_by_peer:
        return None
    worked = any(m.command.is_response for m in story.messages)
    if not worked and story.requestor and (story.ended or 0.0) - story.established <= SOON:
        return None  # that is about the negotiation
    source, reason = story.abort
    provider = source == 2
    return Found(
        happened=story.sentence,
        cause="The peer's upper layer found one of our PDUs wrong or unexpected."
        if provider
        else "The peer's application gave up: a message it could not take, a full disk, its user's Cancel, a time-out.",
        change="Look at the last PDU sent before the A-ABORT, and into the peer's log at that moment.",
        proofs=(
            story.proof(f"The A-ABORT, source {source}, reason {reason}.", 7, sent=False, span=(8, 10)),
            story.proof("The last PDU sent before it.", sent=True),
        ),
    )


@rule("peer.no-release", "The peer releases out of turn", "PS3.8 7.2")
def never_releases(case: Case) -> Found | None:
    story = case.association
    finding = _finding(story, "pdu.release-outstanding", "pdu.release-by-acceptor")
    if not _ended(story) or finding is None:
        return None
    return Found(
        happened=finding.sentence,
        cause="The peer releases while requests are unanswered, or although it did not open the association.",
        change="What was not answered has to be asked again; report it to the peer's vendor.",
        proofs=(_proof_of(finding),),
    )


@rule("peer.cancel-ignored", "The peer did not heed the cancel", "PS3.7 9.3.2.3", "operation")
def cancel_ignored(case: Case) -> Found | None:
    status, operation = case.status, case.operation
    if status is None or operation is None or status.service not in ("C-FIND", "C-GET", "C-MOVE"):
        return None
    cancel = next((m for m in operation.messages if m.command.command_field == CANCEL), None)
    if cancel is None or status.outcome is Outcome.CANCELLED:
        return None
    after = [m for m in operation.messages if m.time >= cancel.time and m.command.is_response]
    return Found(
        happened=f"After C-CANCEL-RQ {len(after)} responses came, and the {status.service} ended with "
        f"{'no status' if status.status is None else f'{status.status:04X}H'} instead of FE00H.",
        cause="The peer had finished already, does not read while it sends, or does not support C-CANCEL.",
        change="Ask for less in the first place; a peer that works long after a cancel is best left by A-ABORT.",
        proofs=operation.proof("The C-CANCEL-RQ.", cancel),
    )


@rule("data.character-set", "The character set said is not the one used", "PS3.5 6.1.2", "operation")
def character_set(case: Case) -> Found | None:
    operation = case.operation
    if operation is None:
        return None
    for message in operation.messages:
        wrong = _undecodable(message) if message.direction is Direction.RECEIVED else ""
        if wrong:
            return Found(
                happened=f"A data set of the peer holds bytes that its Specific Character Set does not have: {wrong}.",
                cause="The peer copies text from its database without saying (or translating) its character set.",
                change="Have the character set configured at the peer; ask for Specific Character Set "
                "(0008,0005) in the "
                "query, some return it only then.",
                proofs=operation.proof("The message with the text.", message),
            )
    return None


CHARACTER_SET = 0x00080005
_TEXT_VRS = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
_REPLACED = "\N{REPLACEMENT CHARACTER}"


def _undecodable(message: MessageNotice) -> str:
    """The first text of the data set that its Specific Character Set does not have, as tag and value; "" when all are
    in it. Without (0008,0005) that is the default repertoire, ASCII."""
    if not isinstance(message.data, DataSet | EncodedData):
        return ""
    try:
        data = data_set_of(message.data, message.transfer_syntax, message.limits)
    except PreviewError:
        return ""
    declared = any(data.texts(CHARACTER_SET))  # the first may be empty: code extensions (PS3.5 6.1.2.5)
    for element in data:
        for text in element.texts if element.vr in _TEXT_VRS else ():
            if _REPLACED in text or not (declared or text.isascii()):
                return tag_text(element.tag)
    return ""
