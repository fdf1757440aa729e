"""What is found in one PDU by itself, whatever else passes: all but P-DATA-TF."""

from __future__ import annotations

from contextlib import suppress
from hashlib import blake2b

from engine.standard.pdus import AbortPdu, AssociateAC, AssociateRJ, AssociateRQ, Pdu, ReleaseRP, ReleaseRQ
from engine.wire.pdus import PduError, decode_pdu
from engine.wire.secrets import without_strays

from .association import check_abort, check_accept, check_reject, check_request, check_short
from .findings import Finding, condensed
from .spans import located

RELEASES = frozenset({ReleaseRQ.TYPE, ReleaseRP.TYPE})
RELEASE_SIZE = 10
"""Bytes of a release PDU (PS3.8 9.3.6, 9.3.7)."""
REMEMBERED = 256
"""PDUs whose findings are remembered: one association after the other with the same peer looks the same."""
_judged: dict[bytes, tuple[Finding, ...]] = {}


class PduJudge:
    """Of one association: its A-ASSOCIATE-AC is held against its A-ASSOCIATE-RQ."""

    def __init__(self) -> None:
        self._asked = b""
        """Stands for the first A-ASSOCIATE-RQ."""
        self._request_data = b""
        self._request: AssociateRQ | None = None

    def key(self, data: bytes) -> bytes | None:
        """What stands for an A-ASSOCIATE-RQ, the A-ASSOCIATE-AC to one, or a release as long as it should be: what is
        found in these depends on nothing else. None for any other PDU.

        Those that may hold a passcode are not kept beyond the association: their digests stand for them.
        """
        kind = data[0] if data else 0
        if kind in RELEASES:
            return data if len(data) == RELEASE_SIZE else None
        if kind == AssociateRQ.TYPE:
            digest = blake2b(data).digest()
            if not self._asked:
                self._asked, self._request_data = digest, data
            return digest
        return blake2b(data, key=self._asked).digest() if kind == AssociateAC.TYPE and self._asked else None

    @staticmethod
    def known(key: bytes | None) -> tuple[Finding, ...] | None:
        """What was found in a PDU with this key; None where there was none."""
        return _judged.get(key) if key is not None else None

    def judge(self, pdu: Pdu, data: bytes, key: bytes | None) -> list[Finding]:
        """What is found in it. data: its bytes, header included; key: of `key`."""
        findings = located(condensed(self._judge(pdu)), pdu, data)
        if key is not None:
            if len(_judged) >= REMEMBERED:
                _judged.clear()
            _judged[key] = tuple(findings)
        return findings

    def _judge(self, pdu: Pdu) -> list[Finding]:
        match pdu:
            case AssociateRQ():
                return check_request(pdu)
            case AssociateAC() if (request := self._requested()) is not None:
                return check_accept(request, pdu)
            case AssociateRJ():
                return check_reject(pdu)
            case AbortPdu():
                return check_abort(pdu)
        return check_short(pdu)

    def _requested(self) -> AssociateRQ | None:
        """The association's first A-ASSOCIATE-RQ."""
        if self._request is None and self._request_data:
            with suppress(PduError):
                pdu = decode_pdu(without_strays(self._request_data))
                self._request = pdu if isinstance(pdu, AssociateRQ) else None
        return self._request
