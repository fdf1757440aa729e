"""The built-in peer as provider of every service, plain and over TLS, for DCMTK's and pynetdicom's users."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme
from pydicom.dataset import Dataset
from pynetdicom import AE, build_role, evt

from engine.model.commands import MoveDestination
from engine.model.emulation import CommitmentOptions, Emulation, ReportOn
from engine.model.notices import ListenerNotice
from engine.model.tls import ClientCertificates, TlsSettings
from engine.runtime.sources import SAMPLES
from engine.wire.datasets import to_pydicom
from tests.interop import peers
from tests.interop.normalized_peers import unified_step
from tests.runtime.console import CT, HOST, Console
from tests.runtime.tls_files import Files, make_files
from tests.services.whole_steps import ending, whole_step

pytestmark = [pytest.mark.interop, pytest.mark.usefixtures("faultless")]
Start = Callable[..., Any]
TITLE = "CONSOLE"
MPPS, MPPS_GET, WORKLIST = "1.2.840.10008.3.1.2.3.3", "1.2.840.10008.3.1.2.3.4", "1.2.840.10008.5.1.4.31"
COMMITMENT, COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1"
PRINT, FILM_SESSION, PRINTER = "1.2.840.10008.5.1.1.9", "1.2.840.10008.5.1.1.1", "1.2.840.10008.5.1.1.16"
UPS, UPS_WATCH, UPS_EVENT = (f"1.2.840.10008.5.1.4.34.6.{n}" for n in (1, 2, 4))
PATIENT = "1.2.840.10008.5.1.4.37.1"
PATIENT_MOVE, PATIENT_GET = "1.2.840.10008.5.1.4.1.2.1.2", "1.2.840.10008.5.1.4.1.2.1.3"


@dataclass(frozen=True)
class Line:
    """How both sides talk: plain, or over TLS with certificates of both."""

    files: Files | None
    server: tuple[Path, Path] | None
    user: tuple[Path, Path] | None

    @property
    def tls(self) -> TlsSettings | None:
        if self.files is None or self.server is None:
            return None
        return TlsSettings(
            ca_file=self.files.ca,
            certificate=self.server[0],
            key=self.server[1],
            client_certificates=ClientCertificates.REQUIRE,
        )

    @property
    def dcmtk(self) -> list[str]:
        if self.files is None or self.user is None:
            return []
        return ["+tls", str(self.user[1]), str(self.user[0]), "+cf", str(self.files.ca)]

    def pynetdicom(self) -> dict[str, Any]:
        if self.files is None or self.user is None:
            return {}
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=self.files.ca)
        context.load_cert_chain(*self.user)
        return {"tls_args": (context, "localhost")}


@pytest.fixture(scope="module", params=["plain", "tls"])
def line(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Line:
    if request.param == "plain":
        return Line(None, None, None)
    files = make_files(tmp_path_factory.mktemp("tls"))
    pairs = (files.apart(name, key_type=trustme.KeyType.RSA) for name in ("console", "user"))
    return Line(files, *pairs)


@pytest.fixture
def where(console: Console, line: Line) -> ListenerNotice:
    return console.listen(tls=line.tls, emulation=Emulation(samples=True))


@pytest.fixture
def dcmtk(client: Start, line: Line) -> Start:
    """Runs a user of DCMTK against a listener: name, options before, listener, options behind."""

    def run(name: str, before: tuple[object, ...], at: ListenerNotice, *behind: object) -> str:
        done = client(name, *line.dcmtk, *before, "-aec", TITLE, HOST, at.port, *behind)
        return str(done.succeeded().output)

    return run


# --- DCMTK --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "keys", "count"),
    [
        ("-P", ("QueryRetrieveLevel=PATIENT", "PatientID"), 3),
        ("-S", ("QueryRetrieveLevel=STUDY", "StudyInstanceUID", "PatientName=Sample*"), 2),
        ("-O", ("QueryRetrieveLevel=STUDY", "PatientID=SAMPLE-1", "StudyInstanceUID"), 2),
        ("-W", ("PatientName=Sample*", "ScheduledProcedureStepSequence[0].Modality=MG"), 1),
    ],
)
def test_findscu_in_every_model(
    model: str, keys: tuple[str, ...], count: int, dcmtk: Start, where: ListenerNotice
) -> None:
    asked = [part for key in keys for part in ("-k", key)]
    assert dcmtk("findscu", ("-v", model), where, *asked).count("(Pending)") == count


def test_storescu(dcmtk: Start, console: Console, line: Line, tmp_path: Path) -> None:
    at = console.listen(tmp_path / "kept", tls=line.tls)
    sent = sorted((SAMPLES / "studies").glob("*.dcm"))
    dcmtk("storescu", (), at, *sent)
    assert len(list((tmp_path / "kept").glob("*.dcm"))) == len(sent)


# --- pynetdicom ---------------------------------------------------------------------------------------------------


@pytest.fixture
def associate(line: Line) -> Start:
    @contextmanager
    def opened(at: ListenerNotice, *contexts: str, scp: str = "") -> Iterator[tuple[Any, list[tuple[int, Dataset]]]]:
        """An association, and the event reports that come on it."""
        ae = AE(ae_title="USER")
        for uid in contexts:
            ae.add_requested_context(uid)
        events: list[tuple[int, Dataset]] = []

        def report(event: evt.Event) -> tuple[int, None]:
            told = event.event_information if event.request.EventInformation else Dataset()
            events.append((event.event_type, told))
            return 0, None

        options: dict[str, Any] = {"evt_handlers": [(evt.EVT_N_EVENT_REPORT, report)]}
        if scp:
            options["ext_neg"] = [build_role(scp, scp_role=True)]
        association = ae.associate(HOST, at.port, ae_title=TITLE, **options, **line.pynetdicom())
        assert association.is_established
        try:
            yield association, events
        finally:
            association.release()

    return opened


def _of_patient(patient: str) -> Dataset:
    keys = Dataset()
    keys.QueryRetrieveLevel, keys.PatientID = "PATIENT", patient
    return keys


def test_get(line: Line, where: ListenerNotice) -> None:
    """DCMTK's getscu and movescu speak no TLS: pynetdicom's users do."""
    got: list[str] = []

    def keep(event: evt.Event) -> int:
        got.append(str(event.request.AffectedSOPInstanceUID))
        return 0

    ae = AE(ae_title="USER")
    ae.add_requested_context(PATIENT_GET)
    ae.add_requested_context(CT)
    association = ae.associate(
        HOST,
        where.port,
        ae_title=TITLE,
        ext_neg=[build_role(CT, scp_role=True)],
        evt_handlers=[(evt.EVT_C_STORE, keep)],
        **line.pynetdicom(),
    )
    assert association.is_established
    told = [status.Status for status, _ in association.send_c_get(_of_patient("SAMPLE-3"), PATIENT_GET)]
    association.release()
    assert told[-1] == 0 and len(set(got)) == 2


def test_move_to_a_storescp(associate: Start, console: Console, storescp: Start, line: Line) -> None:
    destination = storescp(ae_title="MOVEDEST")
    to = MoveDestination(ae_title="MOVEDEST", host=HOST, port=destination.port)
    at = console.listen(tls=line.tls, emulation=Emulation(samples=True), destinations=(to,))
    with associate(at, PATIENT_MOVE) as (association, _):
        answers = association.send_c_move(_of_patient("SAMPLE-3"), "MOVEDEST", PATIENT_MOVE)
        assert [status.Status for status, _ in answers][-1] == 0
    assert len(list(destination.folder.iterdir())) == 2


def test_mpps_and_n_get(associate: Start, where: ListenerNotice) -> None:
    with associate(where, MPPS, MPPS_GET) as (association, _):
        assert association.send_n_create(to_pydicom(whole_step()), MPPS, "1.2.5")[0].Status == 0
        assert association.send_n_set(to_pydicom(ending("COMPLETED")), MPPS, "1.2.5")[0].Status == 0
        status, data = association.send_n_get([0x00400252], MPPS_GET, "1.2.5")
        assert (status.Status, data.PerformedProcedureStepStatus) == (0, "COMPLETED")


def _committed(association: Any, uids: list[str]) -> None:
    data = Dataset()
    data.TransactionUID = "1.2.3.99"
    data.ReferencedSOPSequence = []
    for uid in uids:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = CT, uid
        data.ReferencedSOPSequence.append(item)
    assert association.send_n_action(data, 1, COMMITMENT, COMMITMENT_INSTANCE)[0].Status == 0


def test_commitment_on_the_same_association(associate: Start, where: ListenerNotice) -> None:
    with associate(where, COMMITMENT) as (association, events):
        _committed(association, ["2.25.3141592653589793238470101", "1.2.3"])
        assert peers.wait_until(lambda: events, 20)
    ((kind, told),) = events
    assert kind == 2
    assert [i.FailureReason for i in told.FailedSOPSequence] == [0x0112]


def test_commitment_on_a_new_association(associate: Start, console: Console, line: Line) -> None:
    events: list[tuple[int, str]] = []

    def report(event: evt.Event) -> tuple[int, None]:
        events.append((event.event_type, str(event.event_information.TransactionUID)))
        return 0, None

    ae = AE(ae_title="USER")
    ae.add_supported_context(COMMITMENT, scu_role=True, scp_role=True)
    home = ae.start_server((HOST, 0), block=False, evt_handlers=[(evt.EVT_N_EVENT_REPORT, report)])
    try:
        to = MoveDestination(ae_title="USER", host=HOST, port=home.server_address[1])
        options = CommitmentOptions(report=ReportOn.NEW, delay=0.1)
        at = console.listen(tls=line.tls, destinations=(to,), emulation=Emulation(samples=True, commitment=options))
        with associate(at, COMMITMENT) as (association, same):
            _committed(association, ["2.25.3141592653589793238470101"])
            assert peers.wait_until(lambda: events, 20)
        assert events == [(1, "1.2.3.99")] and same == []
    finally:
        home.shutdown()


def test_print(associate: Start, where: ListenerNotice) -> None:
    with associate(where, PRINT) as (association, _):
        status, data = association.send_n_get([], PRINTER, f"{PRINTER[:-2]}17", meta_uid=PRINT)
        assert (status.Status, data.PrinterStatus) == (0, "NORMAL")
        session = Dataset()
        session.NumberOfCopies = 1
        assert association.send_n_create(session, FILM_SESSION, "1.2.6", meta_uid=PRINT)[0].Status == 0
        assert association.send_n_delete(FILM_SESSION, "1.2.6", meta_uid=PRINT).Status == 0


def test_ups_with_its_events(associate: Start, where: ListenerNotice) -> None:
    with associate(where, UPS, UPS_WATCH, UPS_EVENT, scp="") as (association, events):
        assert association.send_n_create(unified_step(), UPS, "1.2.7")[0].Status == 0
        lock = Dataset()
        lock.ReceivingAE, lock.DeletionLock = "USER", "FALSE"
        assert association.send_n_action(lock, 3, UPS, "1.2.7", meta_uid=UPS_WATCH)[0].Status == 0
        assert association.send_n_action(None, 2, UPS, "1.2.7", meta_uid=UPS_WATCH)[0].Status == 0
        assert peers.wait_until(lambda: len(events) >= 2, 20)
    assert [(kind, told.ProcedureStepState) for kind, told in events] == [(1, "SCHEDULED"), (1, "CANCELED")]


def test_relevant_patient_information(associate: Start, where: ListenerNotice) -> None:
    with associate(where, PATIENT) as (association, _):
        keys = Dataset()
        keys.PatientID, keys.PatientName, keys.PatientSex = "SAMPLE-3", "", ""
        answers = [(s.Status, d) for s, d in association.send_c_find(keys, PATIENT)]
        assert [s for s, _ in answers] == [0xFF00, 0x0000]
        assert answers[0][1].PatientSex == "M"
