"""What a TLS handshake came to, in the words of the trace."""

from __future__ import annotations

from engine.model.tls import TlsVerdict


def tls_words(verdict: TlsVerdict) -> str:
    """ "TLSv1.3", and whether we know with whom."""
    if not verdict.version:
        return "TLS failed"
    return verdict.version if verdict.verified is not False else f"{verdict.version}, not verified"


def tls_answer(verdict: TlsVerdict) -> str:
    """Verdict, version and cipher suite in one line."""
    checked = {True: "verified", False: "not verified", None: ""}[verdict.verified]
    parts = (checked, verdict.version or "nothing was agreed", verdict.cipher)
    return " · ".join(part for part in parts if part)
