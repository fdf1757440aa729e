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


def cuts(watcher: Watcher, *pdus: bytes) -> tuple[int, int]:
    """How many data sets were found cut in these, and of how many it was told that they are not judged."""
    rules = [v.finding.rule for one in pdus for v in watcher.data(Direction.RECEIVED, (one,))]
    return rules.count("data.unreadable"), rules.count("data.unjudged")


@pytest.mark.parametrize(("syntax", "data"), [(EXPLICIT, CUT), (DEFLATED_LE, DEFLATED_CUT)])
def test_the_data_set_of_one_message_in_a_pdu_is_looked_at(syntax: str, data: bytes) -> None:
    """So is one that goes on in it; what stands behind its end is passed over, to the end of that message, and told."""
    one, two, three = (request(n) for n in (1, 2, 3))
    whole, begun, rest = pdv(2, data), pdv(0, data[:20]), pdv(2, data[20:])
    assert cuts(watching(syntax), pdu(one, whole), pdu(two, whole), pdu(three, whole)) == (3, 0)
    assert cuts(watching(syntax), pdu(one, whole, two, whole, three, whole)) == (1, 2)
    assert cuts(watching(syntax), pdu(one, whole, two, begun), pdu(rest), pdu(three, whole)) == (2, 1)


def test_short_data_sets_of_several_messages_in_a_pdu_are_all_looked_at() -> None:
    """To what they cost together there is an end."""
    cut = CUT[:4000]
    messages = [part for number in range(1, 9) for part in (request(number), pdv(2, cut))]
    assert cuts(watching(EXPLICIT), pdu(*messages)) == (5, 3)
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    messages = [request(1), pdv(2, deflater.compress(cut) + deflater.flush())] * 2
    assert cuts(watching(DEFLATED_LE), pdu(*messages)) == (1, 1)


def test_the_pieces_of_one_pdu_share_what_they_may_become(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(element_walk, "INFLATED_A_PIECE", 30_000)
    middle = len(DEFLATED_CUT) // 2
    first, second = pdv(0, DEFLATED_CUT[:middle]), pdv(2, DEFLATED_CUT[middle:])
    assert cuts(watching(DEFLATED_LE), pdu(request(1)), pdu(first), pdu(second)) == (1, 0)
    assert cuts(watching(DEFLATED_LE), pdu(request(1), first, second)) == (0, 1)


def test_an_instance_of_more_elements_than_are_looked_at_is_told() -> None:
    empty, most = b"\x08\0\x60\0SH\0\0", element_walk.MOST_ELEMENTS
    for count, told in ((most - 1, (0, 0)), (most + 1, (0, 1))):
        assert cuts(watching(EXPLICIT), pdu(request(1), pdv(2, empty * count))) == told


@pytest.mark.parametrize(("zeros", "why"), [(1 << 22, "for each that came"), (1 << 19, "a piece of")])
def test_why_a_deflated_instance_is_not_looked_at_to_its_end_is_told(
    zeros: int, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(element_walk, "INFLATED_A_PIECE", 1 << 18)
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    text = struct.pack("<HH2sHI", 0x0008, 0x0119, b"UT", 0, zeros) + bytes(zeros) + CUT
    data = deflater.compress(text) + deflater.flush()
    if why == "for each that came":
        monkeypatch.setattr(element_walk, "INFLATED_A_PIECE", 1 << 30)
    found = watching(DEFLATED_LE).data(Direction.RECEIVED, (pdu(request(1), pdv(2, data)),))
    (told,) = [v.finding for v in found if v.finding.rule == "data.unjudged"]
    assert why in told.sentence and told.severity == "info"


def test_no_more_pdvs_are_looked_at_than_are_taken() -> None:
    """A finding for each of a million would hold up everybody too."""
    watcher = watching(EXPLICIT, Limits(pdvs=10))
    assert len(watcher.data(Direction.RECEIVED, (pdu(*[pdv(0, b"")] * 100_000),))) == 1
