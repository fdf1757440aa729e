"""What a peer stored or created with broken text is told to others all the same: nobody waits in vain for an answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.model.commands import Outgoing
from engine.model.dataset import DataSet, EncodedData
from engine.model.notices import ErrorNotice, MessageNotice, Outcome
from engine.runtime import preparing
from engine.services.responses import request_of
from engine.wire.errors import DataSetError
from tests.runtime.console import (
    CT,
    EXPLICIT,
    STUDY_FIND,
    VERIFICATION,
    Console,
    decoded,
    find_rq,
    keys,
    n_message,
    proposal,
    store_rq,
)
from tests.wire.test_replaced_text import element

PRIVATE = "1.2.826.0.1.3680043.9.1"
PRINTER, PRINTER_INSTANCE = "1.2.840.10008.5.1.1.16", "1.2.840.10008.5.1.1.17"
KANJI, LATIN_2 = b"ISO 2022 IR 87", b"ISO_IR 101"


def named(charset: bytes, name: bytes) -> bytes:
    return element(0x0008, 0x0005, "CS", charset) + element(0x0010, 0x0010, "PN", name)


def instance(number: int, charset: bytes, name: bytes) -> Outgoing:
    uid = f"1.2.{number}"
    data = b"".join(
        (
            element(0x0008, 0x0005, "CS", charset),
            element(0x0008, 0x0016, "UI", CT.encode()),
            element(0x0008, 0x0018, "UI", uid.encode()),
            element(0x0010, 0x0010, "PN", name),
            element(0x0020, 0x000D, "UI", uid.encode()),
        )
    )
    return store_rq(CT, uid, EncodedData(data, EXPLICIT))


@pytest.mark.parametrize("folder", [False, True])
def test_a_query_finds_instances_whose_text_cannot_be_read(*, folder: bool, console: Console, tmp_path: Path) -> None:
    listener = console.listen(tmp_path if folder else None)
    given = [instance(1, KANJI, b"\xff\xfe^A"), instance(2, LATIN_2, b"Doe^Jane"), instance(3, KANJI, b"B^\xff\xff")]
    console.one_shot(proposal(listener, (CT, EXPLICIT)), *given)
    query = keys(QueryRetrieveLevel="STUDY", StudyInstanceUID="", PatientName="")
    status = console.one_shot(proposal(listener, STUDY_FIND), find_rq(STUDY_FIND, query))
    assert status.outcome is Outcome.SUCCESS
    assert [one.text(0x00100010) for one in console.found(status.operation)] == ["??^A", "Doe^Jane", "B^??"]


def test_an_object_whose_text_cannot_be_read_is_created_and_read(console: Console) -> None:
    listener = console.listen()
    data = EncodedData(named(KANJI, b"\xff\xfe^A"), EXPLICIT)
    create = request_of("N-CREATE-RQ", AffectedSOPClassUID=PRIVATE, AffectedSOPInstanceUID="1.2.1")
    read = n_message("N-GET-RQ", RequestedSOPClassUID=PRIVATE, RequestedSOPInstanceUID="1.2.1")
    shot = console.one_shot(proposal(listener, (PRIVATE, EXPLICIT)), Outgoing(command=create, data=data), read)
    answers = console.responses(shot.operation)
    assert [answer.command.status for answer in answers] == [0, 0]
    assert [decoded(answer).text(0x00100010) for answer in answers] == ["??^A", "??^A"]


def test_what_cannot_be_answered_as_it_should_is_answered_with_a_failure(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was told nobody, and who asked waited until the time-out."""
    real = preparing.encode

    def encode(data: object, *others: object) -> object:
        if isinstance(data, DataSet) and data.find(0x21100010) is not None:
            raise DataSetError("It cannot be.")
        return real(data, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(preparing, "encode", encode)
    read = n_message("N-GET-RQ", RequestedSOPClassUID=PRINTER, RequestedSOPInstanceUID=PRINTER_INSTANCE)
    shot = console.one_shot(proposal(console.listen(), PRINTER), read, read)
    assert [answer.command.status for answer in console.responses(shot.operation)] == [0x0110, 0x0110]
    assert console.of(MessageNotice)[-1].command.text("ErrorComment") == "the response could not be encoded"
    told = console.of(ErrorNotice)[0].sentence
    assert told == "N-GET-RQ could not be answered as it should: The data set could not be encoded: It cannot be."


@pytest.mark.parametrize(
    ("sop_class", "name", "status"),
    [(VERIFICATION, "C-ECHO-RQ", 0x0000), (PRINTER, "N-GET-RQ", 0x0000), (PRIVATE, "N-DELETE-RQ", 0x0119)],
)
def test_a_data_set_that_nobody_asked_for_is_not_read(sop_class: str, name: str, status: int, console: Console) -> None:
    """Its answer is that of a request without one; C-ECHO has no status for what cannot be read (PS3.7 9.1.5.1.4)."""
    normalized = name.startswith("N-")
    values = {"RequestedSOPClassUID" if normalized else "AffectedSOPClassUID": sop_class}
    values |= {"RequestedSOPInstanceUID": PRINTER_INSTANCE} if normalized else {}
    given = Outgoing(command=request_of(name, **values), data=EncodedData(b"no data set", EXPLICIT))
    shot = console.one_shot(proposal(console.listen(), (sop_class, EXPLICIT)), given)
    assert [answer.command.status for answer in console.responses(shot.operation)] == [status]
