"""TLS on one side only, certificates that are not accepted, no common ground (PS3.15 Annex B)."""

from __future__ import annotations

from datetime import UTC, datetime

from engine.model.notices import Cause
from engine.standard import ports

from .model import Mend, Setting
from .rule import Case, Found, rule
from .story import AssociationStory

CLAUSE = "PS3.15 B.12"


@rule("tls.peer-is-plain", "TLS was spoken to a plain DICOM port", CLAUSE)
def peer_is_plain(case: Case) -> Found | None:
    story = case.association
    plain = story.cause is Cause.PLAIN_AT_TLS
    gave_up = story.cause in (Cause.TLS_FAILED, Cause.TLS_TIMED_OUT) and story.tls is not None and not story.tls.alert
    if not story.requestor or not (plain or (gave_up and not _saw_tls(story))):
        return None
    return Found(
        happened=story.sentence,
        cause="The peer speaks plain DICOM at this port: our TLS ClientHello is no PDU to it."
        if plain
        else "The peer likely speaks plain DICOM at this port: it did not answer the TLS ClientHello with TLS.",
        change=f"Switch TLS off for this peer, or use the port at which it speaks TLS (often {ports.TLS}).",
        proofs=(story.proof("The handshake.", sent=False),),
        mends=(
            Mend(Setting.TLS, False, "Switch TLS off for this peer"),
            Mend(Setting.PORT, ports.TLS, f"Try port {ports.TLS}"),
        ),
    )


def _saw_tls(story: AssociationStory) -> bool:
    """Of a handshake that was answered in part only the sentence tells."""
    verdict = story.tls
    known = verdict is not None and bool(verdict.version or verdict.peer_certificate or verdict.alert)
    return known or "to answer" in story.sentence


@rule("tls.peer-wants-tls", "The peer speaks TLS at this port", CLAUSE)
def peer_wants_tls(case: Case) -> Found | None:
    story = case.association
    if not story.requestor or story.cause is not Cause.TLS_AT_PLAIN:
        return None
    return Found(
        happened=story.sentence,
        cause="The port is the peer's TLS port; it answered our A-ASSOCIATE-RQ with a TLS alert.",
        change="Switch TLS on for this peer, or use its plain port.",
        proofs=(story.proof("The A-ASSOCIATE-RQ it did not take.", 1, sent=True),),
        mends=(Mend(Setting.TLS, True, "Switch TLS on for this peer"),),
    )


@rule("tls.caller-is-plain", "A caller without TLS came to this TLS port", CLAUSE)
def caller_is_plain(case: Case) -> Found | None:
    story = case.association
    if story.requestor or story.cause is not Cause.PLAIN_AT_TLS:
        return None
    return Found(
        happened=story.sentence,
        cause="The caller is not set up for TLS at this port.",
        change="Switch TLS on at the caller, or start the built-in peer without TLS.",
        proofs=(story.proof(story.sentence, sent=False),),
    )


@rule("tls.caller-wants-tls", "A caller with TLS came to this plain port", CLAUSE)
def caller_wants_tls(case: Case) -> Found | None:
    story = case.association
    if story.requestor or story.cause is not Cause.TLS_AT_PLAIN:
        return None
    return Found(
        happened=story.sentence,
        cause="The caller is set up for TLS, this port speaks plain DICOM.",
        change="Switch TLS off at the caller, or start the built-in peer with TLS.",
        proofs=(story.proof(story.sentence, sent=False),),
    )


@rule("tls.certificate-expired", "The peer's certificate is out of date", CLAUSE)
def expired(case: Case) -> Found | None:
    story, verdict = case.association, case.association.tls
    if story.cause is not Cause.TLS_REFUSED or verdict is None or "expired" not in verdict.reason:
        return None
    until = ""
    if verdict.peer_certificate is not None:
        until = f" It ended on {datetime.fromtimestamp(verdict.peer_certificate.not_after, UTC):%Y-%m-%d}."
    return Found(
        happened=f"{story.where} showed a certificate that is no longer valid.{until}",
        cause="The certificate was not renewed, or this computer's clock is wrong.",
        change="Have the peer's certificate renewed; compare the clocks.",
        proofs=(story.proof(story.sentence),),
    )


@rule("tls.host-name", "The certificate is for another host", CLAUSE)
def host_name(case: Case) -> Found | None:
    story, verdict = case.association, case.association.tls
    if story.cause is not Cause.TLS_REFUSED or verdict is None or verdict.host_name_matches is not False:
        return None
    if "not for" not in verdict.reason:
        return None
    certificate = verdict.peer_certificate
    names = [n.partition(":")[2] for n in certificate.names if n.startswith("DNS:")] if certificate else []
    mends = tuple(Mend(Setting.HOST, name, f"Connect to {name} instead") for name in names[:2] if "*" not in name)
    return Found(
        happened=f"The certificate of {story.where} does not name “{verdict.host_name}”.",
        cause="The peer is called by an address or alias that its certificate does not list.",
        change="Call it by a name of the certificate, set that as server name, or switch the host-name check off.",
        proofs=(story.proof(story.sentence),),
        mends=(*mends, Mend(Setting.TLS_CHECK_HOST_NAME, False, "Do not check the host name")),
    )


@rule("tls.not-trusted", "The peer's certificate is not trusted here", CLAUSE)
def not_trusted(case: Case) -> Found | None:
    story, verdict = case.association, case.association.tls
    if story.cause is not Cause.TLS_REFUSED or verdict is None:
        return None
    if "expired" in verdict.reason or "not for" in verdict.reason:
        return None
    return Found(
        happened=f"We refused the certificate of {story.where}: {verdict.reason}.",
        cause="The authority that issued it, or the certificate itself when it is self-signed, is not among "
        "the trusted.",
        change="Give the file of that authority's certificate (or the peer's own) as trusted certificates of "
        "this peer.",
        proofs=(story.proof(story.sentence),),
    )


@rule("tls.client-certificate", "The peer wants a client certificate", CLAUSE)
def client_certificate(case: Case) -> Found | None:
    story, verdict = case.association, case.association.tls
    if not story.requestor or story.cause is not Cause.TLS_ALERT or verdict is None:
        return None
    wanted = "certificate_required" in verdict.alert or (
        verdict.client_certificate_requested and verdict.own_certificate is None
    )
    if not wanted:
        return None
    return Found(
        happened=f"{story.where} asked for a client certificate, got none and ended TLS with {verdict.alert}.",
        cause="The peer lets in only those who show a certificate that it knows (mutual TLS).",
        change="Set our certificate and key for this peer, and have its authority trusted there.",
        proofs=(story.proof(story.sentence),),
    )


@rule("tls.our-certificate", "The peer does not accept our certificate", CLAUSE)
def our_certificate(case: Case) -> Found | None:
    story, verdict = case.association, case.association.tls
    if story.cause is not Cause.TLS_ALERT or verdict is None or verdict.own_certificate is None:
        return None
    if not any(f"({code})" in verdict.alert for code in (42, 43, 44, 45, 46, 48, 49)):
        return None
    return Found(
        happened=f"{story.where} was shown our certificate ({verdict.own_certificate.title}) and sent: "
        f"{verdict.alert}.",
        cause="The other side does not trust the authority that issued it, or it has expired or been revoked.",
        change="Have that authority's certificate entered as trusted there, or show another certificate.",
        proofs=(story.proof(story.sentence),),
    )


@rule("tls.no-common-ground", "No TLS version or cipher suite in common", CLAUSE)
def no_common_ground(case: Case) -> Found | None:
    story, verdict = case.association, case.association.tls
    if story.cause not in (Cause.TLS_ALERT, Cause.TLS_FAILED) or verdict is None:
        return None
    ours = ("no TLS version", "no cipher suite", "too weak", "too old")
    if not any(f"({code})" in verdict.alert for code in (40, 70, 71)) and not any(w in story.sentence for w in ours):
        return None
    if verdict.client_certificate_requested and verdict.own_certificate is None:
        return None
    if "negotiate it anew" in story.sentence:
        return None  # there was common ground
    return Found(
        happened=story.sentence,
        cause="One side allows only what the other has switched off, such as an old peer that stops at TLS 1.0.",
        change="Bring the older side up to date; to try an old peer, choose the profile “any” for it.",
        proofs=(story.proof(story.sentence),),
    )
