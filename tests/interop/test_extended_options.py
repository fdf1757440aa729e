"""Options agreed on by extended negotiation change what is found: pynetdicom asks us, we ask pynetdicom."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.pdu_primitives import SOPClassExtendedNegotiation

from engine.cli.exits import Exit
from engine.cli.main import build_parser, main
from engine.cli.policy_options import policy
from engine.model.association import LocalAE
from tests.interop import peers, samples
from tests.interop.operating import TIMEOUTS, Operator

Start = Callable[..., Any]
HOST = "127.0.0.1"
FIND, GET = "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.5.1.4.1.2.2.3"
KEYWORD = "StudyRootQueryRetrieveInformationModelFind"


@pytest.fixture(autouse=True)
def _own_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIMSE_CONSOLE_WORKSPACE", str(tmp_path / "workspace"))


def stocked(operator: Operator, archive: list[samples.Sample], *arguments: str) -> peers.Peer:
    args = build_parser().parse_args(["listen", *arguments])
    listener = operator.listen(policy=policy(args, LocalAE(ae_title="CONSOLE"), TIMEOUTS))
    assert main(["store", HOST, str(listener.port), *(str(s.path) for s in archive)]) == Exit.SUCCESS
    return listener


def found(listener: peers.Peer, asked: bytes | None, **keys: str | list[str]) -> tuple[bytes | None, list[int]]:
    """What pynetdicom is answered to its options, and the statuses its query gets."""
    ae = AE(ae_title="CLIENT")
    ae.add_requested_context(FIND)
    items = []
    if asked is not None:
        item = SOPClassExtendedNegotiation()
        item.sop_class_uid, item.service_class_application_information = FIND, asked
        items.append(item)
    association = ae.associate(HOST, listener.port, ext_neg=items)
    identifier = Dataset()
    identifier.SpecificCharacterSet = "ISO_IR 192"
    for keyword, value in keys.items():
        setattr(identifier, keyword, value)
    statuses = [status.Status for status, _ in association.send_c_find(identifier, FIND)]
    association.release()
    return association.acceptor.sop_class_extended.get(FIND), statuses


@pytest.mark.parametrize(
    ("keys", "option", "without"),
    [
        ({"QueryRetrieveLevel": "IMAGE", "SOPInstanceUID": ""}, b"\1", 0xA900),
        ({"QueryRetrieveLevel": "STUDY", "PatientName": "nr1 prufling"}, b"\0\0\1", 0),
        (
            {"QueryRetrieveLevel": "STUDY", "StudyDate": "20231231-20240105", "StudyTime": "12-09"},
            b"\0\1",
            0,
        ),
        ({"QueryRetrieveLevel": "STUDY", "StudyID": '""'}, b"\0\0\0\0\0\1", 0),
    ],
    ids=["relational", "fuzzy", "datetime", "empty"],
)
def test_pynetdicom_finds_more_when_it_asked_for_the_option(
    keys: dict[str, str], option: bytes, without: int, operator: Operator, archive: list[samples.Sample]
) -> None:
    listener = stocked(operator, archive)
    answered, statuses = found(listener, option, **keys)
    assert answered == option
    expected_any = "StudyID" not in keys  # every sample has a Study ID
    assert statuses == [0xFF00] * (len(statuses) - 1) + [0]
    assert (len(statuses) > 1) is expected_any
    for asked, answer in ((None, None), (bytes(len(option)), bytes(len(option)))):
        assert found(listener, asked, **keys) == (answer, [without])


def test_the_policy_withholds_an_option_or_grants_it_unasked(operator: Operator, archive: list[samples.Sample]) -> None:
    keys = {"QueryRetrieveLevel": "IMAGE", "SOPInstanceUID": ""}
    strict = stocked(operator, archive, "--grant", f"{KEYWORD}:fuzzy=0")
    assert found(strict, b"\1\1\1", **keys) == (b"\0", [0xA900])
    silent = stocked(operator, archive, "--grant", f"{KEYWORD}=")
    assert found(silent, b"\1\1\1", **keys) == (None, [0xA900])
    generous = stocked(operator, archive, "--grant", f"{KEYWORD}:relational,timezone,multiframe")
    answered, statuses = found(generous, b"\0", **keys)
    assert (answered, statuses[0]) == (b"\1\0\0\1\1", 0xFF00)


def test_we_ask_pynetdicom_by_name_and_read_its_answer(
    pynetdicom_scp: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: dict[str, bytes] = {}

    def answer(event: evt.Event) -> dict[str, bytes]:
        seen.update(event.app_info)
        return {FIND: b"\x01\x00\x01\x00", GET: b"\x00\x01"}

    peer = pynetdicom_scp([FIND, GET], [(evt.EVT_SOP_EXTENDED, answer)])
    arguments = ["--context", FIND, "--context", GET, "--context", "Verification"]
    arguments += ["--extended", f"{KEYWORD}:relational,datetime,fuzzy,timezone"]
    arguments += ["--extended", "StudyRootQueryRetrieveInformationModelGet:relational,multiframe"]
    main(["echo", HOST, str(peer.port), *arguments])
    assert seen == {FIND: b"\1\1\1\1", GET: b"\1\1"}
    told = capsys.readouterr().out
    assert "Date-time matching not supported, Fuzzy semantic matching of person names supported" in told
    assert "Relational-retrieval not supported, Enhanced Multi-Frame Image Conversion supported" in told


@pytest.mark.parametrize("name", ["dcmqrscp", "orthanc"])
def test_peers_that_know_no_options_answer_none_and_find_all_the_same(
    name: str, request: pytest.FixtureRequest, archive: list[samples.Sample], capsys: pytest.CaptureFixture[str]
) -> None:
    peer = request.getfixturevalue(name)()
    to = [HOST, str(peer.port), "--called", peer.ae_title, "--calling", "CONSOLE"]
    assert main(["store", *to, *(str(s.path) for s in archive)]) == Exit.SUCCESS
    capsys.readouterr()
    asked = ["--extended", f"{KEYWORD}:relational,fuzzy"]
    assert main(["echo", *to, "--context", FIND, "--context", "Verification", *asked]) == Exit.SUCCESS
    assert "asked 01 00 01H; not answered" in capsys.readouterr().out
    study = archive[0].study_uid
    assert main(["find", *to, *asked, "-k", f"StudyInstanceUID={study}", "--full"]) == Exit.SUCCESS
    assert study in capsys.readouterr().out


def test_pynetdicom_asks_for_its_own_zone_and_for_several_values(
    operator: Operator, archive: list[samples.Sample]
) -> None:
    listener = stocked(operator, archive)
    keys = {"QueryRetrieveLevel": "STUDY", "StudyDate": "", "TimezoneOffsetFromUTC": "+0100"}
    answered, statuses = found(listener, b"\0\0\0\1\1\0\1", **keys)
    assert answered == b"\0\0\0\1\0\0\1", "enhanced multi-frame conversion is not offered"
    assert statuses[0] == 0xFF00
    assert found(listener, b"\0\0\0\1", **{**keys, "TimezoneOffsetFromUTC": "noon"})[1] == [0xA900]
    several = {"QueryRetrieveLevel": "STUDY", "ModalitiesInStudy": ["CT", "ZZ"]}
    assert found(listener, b"\0\0\0\0\0\0\1", **several)[1] == [0], "no study has both"
