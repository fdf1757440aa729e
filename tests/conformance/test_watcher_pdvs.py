"""P-DATA-TFs of many PDVs: one is judged in one turn of the loop, so that not all in it is looked at."""

from __future__ import annotations

import random
import struct
import zlib

import pytest

from engine.conformance.watcher import Watcher
from engine.model.association import Negotiated, NegotiatedContext
from engine.model.limits import Limits
from engine.model.notices import Direction
from engine.standard.transfer_syntaxes import DEFLATED_LE
from engine.wire import element_walk
from engine.wire.commands import encode_command
from tests.conformance.test_watcher_quick import CT_IMAGE, EXPLICIT, store

CUT = struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OW", 0, 100_000) + random.Random(1).randbytes(50_000)
DEFLATER = zlib.compressobj(wbits=-zlib.MAX_WBITS)
DEFLATED_CUT = DEFLATER.compress(CUT) + DEFLATER.flush()


def pdv(control: int, data: bytes) -> bytes:
    return struct.pack(">IBB", len(data) + 2, 1, control) + data


def pdu(*pdvs: bytes) -> bytes:
    return struct.pack(">BBI", 4, 0, sum(map(len, pdvs))) + b"".join(pdvs)


def request(number: int) -> bytes:
    return pdv(3, encode_command(store(number).with_values(AffectedSOPClassUID=CT_IMAGE)))


def watching(syntax: str, limits: Limits | None = None) -> Watcher:
    watcher = Watcher(requestor=False, limits=limits or Limits())
    context = NegotiatedContext(
        id=1, abstract_syntax=CT_IMAGE, proposed=(syntax,), result=0, transfer_syntax=syntax, requestor_scu=True
    )
    watcher.established(Negotiated(contexts=(context,)))
    return watcher


def cuts(watcher: Watcher, *pdus: bytes) -> int:
    """How many data sets were found cut in these."""
    told = [v for one in pdus for v in watcher.data(Direction.RECEIVED, (one,))]
    return [v.finding.rule for v in told].count("data.unreadable")


@pytest.mark.parametrize(("syntax", "data"), [(EXPLICIT, CUT), (DEFLATED_LE, DEFLATED_CUT)])
def test_the_data_set_of_one_message_in_a_pdu_is_looked_at(syntax: str, data: bytes) -> None:
    """So is one that goes on in it; what stands behind its end is passed over, to the end of that message."""
    one, two, three = (request(n) for n in (1, 2, 3))
    whole, begun, rest = pdv(2, data), pdv(0, data[:20]), pdv(2, data[20:])
    assert cuts(watching(syntax), pdu(one, whole), pdu(two, whole), pdu(three, whole)) == 3
    assert cuts(watching(syntax), pdu(one, whole, two, whole, three, whole)) == 1
    assert cuts(watching(syntax), pdu(one, whole, two, begun), pdu(rest), pdu(three, whole)) == 2


def test_the_pieces_of_one_pdu_share_what_they_may_become(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(element_walk, "INFLATED_A_PIECE", 30_000)
    middle = len(DEFLATED_CUT) // 2
    first, second = pdv(0, DEFLATED_CUT[:middle]), pdv(2, DEFLATED_CUT[middle:])
    assert cuts(watching(DEFLATED_LE), pdu(request(1)), pdu(first), pdu(second)) == 1
    assert cuts(watching(DEFLATED_LE), pdu(request(1), first, second)) == 0


def test_no_more_pdvs_are_looked_at_than_are_taken() -> None:
    """A finding for each of a million would hold up everybody too."""
    watcher = watching(EXPLICIT, Limits(pdvs=10))
    assert len(watcher.data(Direction.RECEIVED, (pdu(*[pdv(0, b"")] * 100_000),))) == 1
