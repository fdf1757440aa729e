"""Rejected, accepted without a common presentation context, aborted after the negotiation."""

from __future__ import annotations

from engine.model.association import NegotiatedContext
from engine.model.notices import Outcome
from engine.standard.codes import abort_text, rejection_text
from engine.standard.dictionary import uid_text
from engine.standard.transfer_syntaxes import EXPLICIT_VR_LE, IMPLICIT_VR_LE

from .model import Mend, Proof, Setting
from .rule import Case, Found, rule
from .story import AssociationStory

REJECT_CLAUSE = "PS3.8 9.3.4"
_SOURCE = (8, 9)
"""Bytes of source and reason in an A-ASSOCIATE-RJ (PS3.8 Table 9-21)."""
REGISTERED = "1.2.840.10008.3.1.1.1"
SOON = 0.5
"""Seconds after the A-ASSOCIATE-AC within which an abort is about what was negotiated."""


def _rejected(story: AssociationStory, source: int, reason: int) -> bool:
    return story.requestor and story.rejection is not None and story.rejection[1:] == (source, reason)


def _rj(story: AssociationStory) -> tuple[Proof, ...]:
    return (story.proof("Source and reason of the A-ASSOCIATE-RJ.", 3, sent=False, span=_SOURCE),)


@rule("reject.called-title", "The peer has another AE title", REJECT_CLAUSE)
def called_title(case: Case) -> Found | None:
    story = case.association
    if not _rejected(story, 1, 7):
        return None
    title = story.peer.ae_title
    other = title.upper() if title != title.upper() else title.lower()
    return Found(
        happened=f"{story.where} rejected the association: it does not answer to the Called AE title “{title}”.",
        cause="The AE title set for this peer is not the peer's own. Upper and lower case count.",
        change="Look up the AE title in the peer's settings and enter exactly that.",
        proofs=_rj(story),
        mends=(Mend(Setting.CALLED_AE_TITLE, other, f"Try “{other}”"),),
    )


@rule("reject.calling-title", "The peer does not know our AE title", REJECT_CLAUSE)
def calling_title(case: Case) -> Found | None:
    story = case.association
    if not _rejected(story, 1, 3):
        return None
    ours = story.proposal.local.ae_title if story.proposal else ""
    return Found(
        happened=f"{story.where} rejected the association: it does not know the Calling AE title “{ours}”.",
        cause="Our AE title is not in the peer's list of known systems, often kept together with IP address and port.",
        change=f"Have “{ours}” added there with this computer's address, or use an AE title it knows already.",
        proofs=_rj(story),
        mends=(Mend(Setting.CALLING_AE_TITLE, "", "Change our AE title"),),
    )


@rule("reject.application-context", "The application context is not DICOM's", REJECT_CLAUSE)
def application_context(case: Case) -> Found | None:
    story = case.association
    if not _rejected(story, 1, 2):
        return None
    name = story.proposal.application_context if story.proposal else ""
    private = name != REGISTERED
    return Found(
        happened=f"{story.where} rejected the application context name {name}.",
        cause="A private application context was proposed, which only peers that share it take (PS3.7 A.2.1)."
        if private
        else "The peer rejects DICOM's own application context: it is no DICOM Application Entity, or defective.",
        change=f"Propose {REGISTERED}." if private else "Check the port; report it to the peer's vendor.",
        proofs=_rj(story),
        mends=(Mend(Setting.APPLICATION_CONTEXT, REGISTERED, "Propose DICOM's application context"),)
        if private
        else (),
    )


@rule("reject.protocol-version", "The protocol version is not taken", REJECT_CLAUSE)
def protocol_version(case: Case) -> Found | None:
    story = case.association
    if not _rejected(story, 2, 2):
        return None
    return Found(
        happened=f"{story.where} rejected the protocol version of the A-ASSOCIATE-RQ.",
        cause="Bit 0 of Protocol-version was not set (the only version is 1), or the peer tests the whole field.",
        change="Propose protocol version 1.",
        proofs=(*_rj(story), story.proof("Protocol-version as proposed.", 1, sent=True, span=(6, 8))),
    )


@rule("reject.busy", "The peer has no room for another association", REJECT_CLAUSE)
def busy(case: Case) -> Found | None:
    story = case.association
    if not (_rejected(story, 3, 1) or _rejected(story, 3, 2)):
        return None
    limit = _rejected(story, 3, 2)
    why = "a limit of its own is exceeded" if limit else "it is congested"
    others = "Others hold associations open (this console's own too), or the peer allows very few."
    return Found(
        happened=f"{story.where} rejected the association because {why}.",
        cause=f"{others} Else it takes fewer presentation contexts or items than were proposed." if limit else others,
        change="Release associations that are still open, then try again; have the peer's limit raised.",
        proofs=_rj(story),
    )


@rule("reject.no-reason", "Rejected without a reason", REJECT_CLAUSE)
def no_reason(case: Case) -> Found | None:
    story = case.association
    if not (_rejected(story, 1, 1) or _rejected(story, 2, 1)):
        return None
    suspects, mends = _suspects(story)
    return Found(
        happened=f"{story.where} rejected the association and gave no reason.",
        cause=f"Often AE title, IP address or licence are not known there. {suspects}".strip(),
        change="Look into the peer's log. Then leave out what this proposal had besides contexts, one thing at a time.",
        proofs=_rj(story),
        mends=mends,
    )


def _suspects(story: AssociationStory) -> tuple[str, tuple[Mend, ...]]:
    """What of the proposal old peers reject, and how to leave it out."""
    proposal = story.proposal
    if proposal is None:
        return "", ()
    rows = (
        (proposal.async_window, "an asynchronous operations window", Setting.ASYNC_WINDOW),
        (proposal.user_identity, "a user identity", Setting.USER_IDENTITY),
        (proposal.extended or proposal.common_extended, "extended negotiation", Setting.EXTENDED_NEGOTIATION),
    )
    there = [(words, setting) for value, words, setting in rows if value]
    if not there:
        return "", ()
    said = ", ".join(words for words, _ in there)
    return f"This proposal had {said}, which some peers reject.", tuple(
        Mend(setting, None, f"Propose no {words.removeprefix('an ').removeprefix('a ')}") for words, setting in there
    )


@rule("reject.identity", "The peer may want to know who asks", "PS3.7 D.3.3.7")
def identity(case: Case) -> Found | None:
    story = case.association
    if not _rejected(story, 1, 1) or story.proposal is None:
        return None
    given = story.proposal.user_identity
    if given is None:
        return None
    return Found(
        happened=f"{story.where} rejected an association that carried a user identity of type {given.type}.",
        cause="The name, passcode or token is not one it accepts; PS3.7 leaves it no better reason than this.",
        change="Check user and passcode (or get a fresh ticket or token); then look into the peer's log.",
        proofs=(*_rj(story), story.proof("The A-ASSOCIATE-RQ with the user identity.", 1, sent=True)),
        mends=(Mend(Setting.USER_IDENTITY, None, "Propose no user identity"),),
    )


@rule("reject.undefined", "Rejected with a reason the Standard does not have", REJECT_CLAUSE)
def undefined(case: Case) -> Found | None:
    story = case.association
    if story.rejection is None or not story.requestor:
        return None
    known = {(1, 1), (1, 2), (1, 3), (1, 7), (2, 1), (2, 2), (3, 1), (3, 2)}
    if story.rejection[1:] in known:
        return None
    return Found(
        happened=f"{story.where} sent A-ASSOCIATE-RJ with values the Standard does not define: "
        f"{rejection_text(*story.rejection)}.",
        cause="Some products use a private code, for AE title, address or licence as a rule.",
        change="Ask the peer's vendor what this code means; check AE titles and address first.",
        proofs=_rj(story),
    )


# --- contexts


def _refused(story: AssociationStory, result: int) -> list[NegotiatedContext]:
    """Refused contexts whose abstract syntax no other context has been accepted for."""
    if story.negotiated is None:
        return []
    contexts = story.negotiated.contexts
    served = {c.abstract_syntax for c in contexts if c.accepted}
    return [c for c in contexts if c.result == result and c.abstract_syntax not in served]


def _names(contexts: list[NegotiatedContext]) -> str:
    names = list(dict.fromkeys(uid_text(c.abstract_syntax) for c in contexts))
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def _about_contexts(case: Case) -> bool:
    """Whether contexts explain this case: nothing was accepted, or an operation found no context."""
    story, status = case.association, case.status
    return story.requestor and story.negotiated is not None and status is not None and status.message_id is None


@rule("contexts.abstract-syntax", "The peer does not offer this service", "PS3.8 9.3.3.2", "operation")
def abstract_syntax(case: Case) -> Found | None:
    story = case.association
    refused = _refused(story, 3)
    if not _about_contexts(case) or not refused or not _failed(case):
        return None
    return Found(
        happened=f"{story.where} refused the SOP class: {_names(refused)} (abstract-syntax-not-supported).",
        cause="The peer has no such service, has it at another port or AE title, or has not licensed or enabled it.",
        change="Compare with the peer's conformance statement; ask for the AE title that offers it.",
        proofs=(story.proof("The A-ASSOCIATE-AC with the results.", 2, sent=False),),
    )


@rule("contexts.transfer-syntax", "No transfer syntax in common", "PS3.8 9.3.3.2", "operation")
def transfer_syntax(case: Case) -> Found | None:
    story = case.association
    refused = _refused(story, 4)
    if not _about_contexts(case) or not refused or not _failed(case):
        return None
    usual = (EXPLICIT_VR_LE, IMPLICIT_VR_LE)
    proposed: dict[str, set[str]] = {}
    for context in refused:  # one class may have a context for each of its transfer syntaxes
        proposed.setdefault(context.abstract_syntax, set()).update(context.proposed)
    lacking = [c for c in refused if IMPLICIT_VR_LE not in proposed[c.abstract_syntax]]
    if not lacking:
        cause = "The peer refuses Implicit VR Little Endian, which every Application Entity has to take (PS3.5 10.1)."
        change = "Propose the compressed syntaxes that the peer takes, or have the uncompressed ones enabled there."
    elif any(EXPLICIT_VR_LE in proposed[c.abstract_syntax] for c in lacking):
        cause = "Implicit VR Little Endian, which every Application Entity has to take, was not proposed (PS3.5 10.1)."
        change = "Propose Implicit VR Little Endian too, or have the syntax enabled there."
    else:
        cause = "Only compressed syntaxes were proposed, which the peer cannot store."
        change = (
            "Propose Implicit VR Little Endian too and send the data uncompressed, or have the syntax enabled there."
        )
    mends = tuple(
        Mend(Setting.SYNTAXES, (uid, usual), f"Propose the uncompressed syntaxes for {uid_text(uid)} too")
        for uid in dict.fromkeys(c.abstract_syntax for c in lacking)
    )
    return Found(
        happened=f"{story.where} knows {_names(refused)}, but none of the transfer syntaxes proposed for it.",
        cause=cause,
        change=change,
        proofs=(story.proof("The A-ASSOCIATE-AC with the results.", 2, sent=False),),
        mends=mends[:3],
    )


@rule("contexts.not-proposed", "The SOP class was not proposed", "PS3.7 D.3.2", "operation")
def not_proposed(case: Case) -> Found | None:
    story, status = case.association, case.status
    if not _about_contexts(case) or status is None or "It was not proposed" not in status.sentence:
        return None
    return Found(
        happened=status.sentence,
        cause="The association was opened without a presentation context for this SOP class.",
        change="Add a presentation context for it, open a new association and send again, or send it as one shot.",
        proofs=(story.proof("The A-ASSOCIATE-RQ without it.", 1, sent=True),),
    )


@rule("contexts.no-syntax-named", "A context is accepted without a transfer syntax", "PS3.8 9.3.3.2", "operation")
def no_syntax_named(case: Case) -> Found | None:
    story = case.association
    if not _about_contexts(case) or not _failed(case) or story.negotiated is None:
        return None
    unnamed = [c for c in story.negotiated.contexts if c.accepted and not c.usable]
    if not unnamed:
        return None
    names = {c.abstract_syntax: uid_text(c.abstract_syntax) for c in unnamed}
    mends = tuple(
        Mend(Setting.SYNTAXES, (uid, (IMPLICIT_VR_LE,)), f"Propose only Implicit VR Little Endian for {name}")
        for uid, name in names.items()
    )
    return Found(
        happened=f"{story.where} accepted {_names(unnamed)}, but its answer names no transfer syntax.",
        cause="A defect of the peer: of the transfer syntaxes proposed it has to name the one it takes.",
        change="Propose a single transfer syntax, so that only that one can be meant; report it to the peer's vendor.",
        proofs=(story.proof("The A-ASSOCIATE-AC with the results.", 2, sent=False),),
        mends=mends[:3],
    )


@rule("contexts.rejected-by-user", "The peer refuses contexts without a technical reason", "PS3.8 9.3.3.2", "operation")
def rejected_by_user(case: Case) -> Found | None:
    story = case.association
    refused = [*_refused(story, 1), *_refused(story, 2)]
    if not _about_contexts(case) or not refused or not _failed(case):
        return None
    return Found(
        happened=f"{story.where} refused {_names(refused)} with user-rejection or no-reason.",
        cause="The peer knows the SOP class but not for this caller: rights are given by AE title, or a role "
        "is refused.",
        change="Have the right for this AE title given there; compare the roles proposed with those it takes.",
        proofs=(story.proof("The A-ASSOCIATE-AC with the results.", 2, sent=False),),
    )


def _failed(case: Case) -> bool:
    return case.status is not None and case.status.outcome not in (Outcome.SUCCESS, Outcome.WARNING, Outcome.CANCELLED)


@rule("associate.nothing-accepted", "Accepted, but not one presentation context", "PS3.8 9.3.3.2")
def nothing_accepted(case: Case) -> Found | None:
    story = case.association
    if not story.requestor or story.negotiated is None or not story.negotiated.contexts:
        return None
    if any(c.accepted for c in story.negotiated.contexts):
        return None
    return Found(
        happened=f"{story.where} accepted the association and none of its {len(story.negotiated.contexts)} contexts.",
        cause="It offers none of these services to this caller; some peers do this instead of rejecting.",
        change="See the reasons context by context; propose what the peer's conformance statement lists.",
        proofs=(story.proof("The A-ASSOCIATE-AC.", 2, sent=False),),
    )


@rule("associate.aborted-instead", "Aborted instead of an answer", "PS3.8 7.3")
def aborted_instead(case: Case) -> Found | None:
    story = case.association
    if not story.requestor or story.abort is None or story.established is not None or not story.aborted_by_peer:
        return None
    suspects, mends = _suspects(story)
    source, reason = story.abort
    cause = "The peer's upper layer does not take something in the A-ASSOCIATE-RQ."
    if source != 2:
        cause = "It turns callers it does not know away so, is busy, or trips over something in the A-ASSOCIATE-RQ."
    return Found(
        happened=f"{story.where} answered the A-ASSOCIATE-RQ with an A-ABORT ({abort_text(source, reason)}).",
        cause=f"{cause} {suspects}".strip(),
        change="Have our AE title entered there; leave out what the proposal had besides contexts; see the peer's log.",
        proofs=(
            story.proof("The A-ABORT.", 7, sent=False),
            story.proof("The A-ASSOCIATE-RQ it answers.", 1, sent=True),
        ),
        mends=mends,
    )


@rule("associate.aborted-after-accept", "Aborted right after the acceptance", "PS3.8 7.3")
def aborted_after_accept(case: Case) -> Found | None:
    story = case.association
    if not story.requestor or story.abort is None or story.established is None or story.ended is None:
        return None
    if not story.aborted_by_peer or story.ended - story.established > SOON or story.received("C-ECHO-RSP"):
        return None
    if any(m.command.is_response for m in story.messages):
        return None
    suspects, mends = _suspects(story)
    cause = "It trips over the negotiation's answer or the first message."
    change = "Leave out what the proposal had besides contexts; propose only the context needed; see the peer's log."
    asked = any(m.sent for m in story.messages)
    if asked and story.abort[0] == 0 and story.proposal is not None:  # by the user of the service
        title = story.proposal.local.ae_title
        cause += f" Or “{title}” may not do this there: some, Orthanc among them, abort where others reject."
        change = f"Have “{title}” entered there with the right for this service. {change}"
        mends = (*mends, Mend(Setting.CALLING_AE_TITLE, "", "Change our AE title"))
    return Found(
        happened=f"{story.where} accepted the association and sent A-ABORT "
        f"({abort_text(*story.abort)}) before it answered anything.",
        cause=f"{cause} {suspects}".strip(),
        change=change,
        proofs=(
            story.proof("The A-ABORT.", 7, sent=False),
            story.proof("The last PDU sent before it.", sent=True),
        ),
        mends=mends,
    )
