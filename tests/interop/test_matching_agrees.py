"""Matching of the built-in peer against a table of cases, and against what dcmqrscp and Orthanc answer to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from engine.model.commands import StoreFiles
from engine.model.notices import Outcome
from engine.runtime.sources import SAMPLES
from tests.runtime.console import Console, find_rq, keys, proposal

pytestmark = pytest.mark.interop
STUDY_FIND = "1.2.840.10008.5.1.4.1.2.2.1"

KANJI, LATIN = "\u5c71\u7530", "M\u00fcller"


@dataclass(frozen=True)
class Case:
    """keys of a query for studies, the studies (by Study ID) that match. apart: by peer, why it answers otherwise."""

    what: str
    keys: dict[str, str]
    matched: frozenset[str]
    apart: dict[str, str] = field(default_factory=dict)
    charset: str = "ISO_IR 192"


def case(
    what: str, matched: str, *, charset: str = "ISO_IR 192", apart: dict[str, str] | None = None, **of: str
) -> Case:
    return Case(what, of, frozenset(matched), apart or {}, charset)


_BY_THE_LETTER = dict.fromkeys(("dcmqrscp", "orthanc"), "compares texts: 09 as an upper end is 09:00:00 there")
_OPTIONAL = {"dcmqrscp": "an optional key that it does not support"}
CASES = (
    case("universal", "1234"),
    case("single value", "1", StudyDate="20260105"),
    case("single value that nothing has", "", StudyDate="20260106"),
    case("single value of an identifier", "12", PatientID="SAMPLE-1"),
    case("single value, case counts outside names", "", PatientID="sample-1"),
    case("a name as it is", "12", PatientName="Sample^Alpha"),
    case("a name beyond ASCII", "3", PatientName=f"{LATIN}^\u00c9lise"),
    case("a name in another character set", "3", PatientName=f"{LATIN}*", charset="ISO_IR 100"),
    case("wild card *", "12", PatientName="Sample*"),
    case("wild card * inside", "12", PatientName="S*Alpha"),
    case("wild card ?", "12", PatientID="SAMPLE-?", StudyDescription="Phantom, ?????"),
    case("wild card ? is one character", "", PatientID="SAMPLE?"),
    case("wild card * alone", "1234", PatientName="*"),
    case("wild card in a description", "124", StudyDescription="Phantom*"),
    case("ideographic representation", "4", PatientName=f"*{KANJI}*"),
    case("list of UID", "13", StudyInstanceUID="{1}\\{3}"),
    case("list of UID with one nobody has", "2", StudyInstanceUID="1.2.3\\{2}"),
    case("one UID", "4", StudyInstanceUID="{4}"),
    case("range of dates", "12", StudyDate="20260101-20260228"),
    case("range of dates, both ends belong to it", "12", StudyDate="20260105-20260212"),
    case("range from a date on", "34", StudyDate="20260213-"),
    case("range to a date", "1", StudyDate="-20260131"),
    case("range of times", "12", StudyTime="090000-103000"),
    case("range of times by the hour", "1", StudyTime="09-09", apart=_BY_THE_LETTER),
    case("range from a time on", "34", StudyTime="110000-"),
    case("two keys", "2", PatientID="SAMPLE-1", StudyDate="20260201-"),
    case("modalities in study", "14", ModalitiesInStudy="CT", apart=_OPTIONAL),
    case("accession number", "3", AccessionNumber="SA0003"),
)


def store_samples(console: Console, where: Any) -> None:
    store = StoreFiles(
        operation=console.new_id(),
        association=console.new_id(),
        proposal=proposal(where),
        paths=(SAMPLES / "studies",),
    )
    status = console.run(store)
    assert status.outcome is Outcome.SUCCESS, status.sentence


def answers(console: Console, where: Any) -> dict[str, frozenset[str]]:
    """Study IDs found by case."""
    number = console.open(proposal(where, STUDY_FIND, called=where.ae_title))
    found: dict[str, frozenset[str]] = {}
    uids = {s.text(0x00200010): s.text(0x0020000D) for s in _find(console, number, {})}
    for each in CASES:
        asked = {keyword: _with_uids(value, uids) for keyword, value in each.keys.items()}
        found[each.what] = frozenset(
            s.text(0x00200010) for s in _find(console, number, {"SpecificCharacterSet": each.charset, **asked})
        )
    console.release(number)
    return found


def _with_uids(value: str, uids: dict[str, str]) -> str:
    for study, uid in uids.items():
        value = value.replace(f"{{{study}}}", uid)
    return value


def _find(console: Console, number: int, asked: dict[str, str]) -> Any:
    wanted = {"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": "", "StudyID": "", "PatientName": "", **asked}
    status = console.send(number, find_rq(STUDY_FIND, keys(**wanted)))
    return console.found(status.operation)


def test_the_built_in_peer_by_the_table(console: Console) -> None:
    where = console.listen()
    store_samples(console, where)
    assert answers(console, where) == {c.what: c.matched for c in CASES}


@pytest.mark.parametrize("name", ["dcmqrscp", "orthanc"])
def test_others_answer_the_same(name: str, console: Console, request: pytest.FixtureRequest) -> None:
    start: Callable[..., Any] = request.getfixturevalue(name)
    where = start()
    store_samples(console, where)
    found = answers(console, where)
    same = {c.what for c in CASES if found[c.what] == c.matched}
    assert {c.what for c in CASES} - same == {c.what for c in CASES if name in c.apart}, {
        c.what: (sorted(found[c.what]), sorted(c.matched)) for c in CASES if c.what not in same
    }
