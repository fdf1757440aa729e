"""What the built-in peer holds outlives it: a restart, a kill at any moment, a disk that does not take it."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread

from engine.model.commands import Listen, PeerSettings, Send, StopListening
from engine.model.dataset import DataElement, DataSet, EncodedData
from engine.model.notices import ErrorNotice, ListenerNotice, Outcome, StatusNotice
from engine.runtime import keeping
from engine.runtime.database import Database, DatabaseError
from engine.runtime.kept_text import from_text, to_text
from engine.services.state import Change, Record, State
from engine.wire import datasets
from tests.interop import peers
from tests.runtime.console import CT, EXPLICIT, HOST, Console, decoded, find_rq, keys, n_message, proposal, store_rq
from tests.services.whole_steps import whole_step, whole_unified_step

MPPS, MPPS_GET = "1.2.840.10008.3.1.2.3.3", "1.2.840.10008.3.1.2.3.4"
UPS, UPS_WATCH = "1.2.840.10008.5.1.4.34.6.1", "1.2.840.10008.5.1.4.34.6.2"
STUDY_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
UPS_GLOBAL = "1.2.840.10008.5.1.4.34.5"
STATE = Path(keeping.INSIDE) / keeping.DATABASE


def listen(console: Console, folder: Path) -> ListenerNotice:
    number = console.new_id()
    console.submit(Listen(listener=number, host=HOST, settings=PeerSettings(folder=folder)))
    return console.wait(ListenerNotice, lambda n: n.listener == number)


def stop(console: Console, listener: ListenerNotice) -> None:
    console.submit(StopListening(listener=listener.listener))
    console.wait(ListenerNotice, lambda n: n.listener == listener.listener and not n.listening)


# --- values as text -----------------------------------------------------------------------------------------------

_TEXTS = st.builds(
    lambda tag, vr, values: DataElement(tag, vr, tuple(values)),
    st.integers(0x00080000, 0xFFFFFFFF),
    st.sampled_from(["LO", "PN", "DS", "UI", "DA"]),
    st.lists(st.text(), max_size=3),
)
_BYTES = st.builds(DataElement, st.integers(0x00080000, 0xFFFFFFFF), st.just("OB"), st.binary())
_FLAT = st.builds(lambda elements: DataSet(tuple(elements)), st.lists(_TEXTS | _BYTES, max_size=4))
_DEEP = st.builds(lambda items: DataSet((DataElement(0x00081115, "SQ", tuple(items)),)), st.lists(_FLAT, max_size=3))


@given(_FLAT | _DEEP)
def test_a_data_set_is_kept_exactly(data: DataSet) -> None:
    assert from_text(to_text(data)) == data


@pytest.mark.parametrize("text", ["", "{}", "[1]", "[[1]]", '[[1,"OB","*"]]', "null"])
def test_a_damaged_entry_is_an_error(text: str) -> None:
    if text == "{}":
        assert from_text(text) == DataSet()
    else:
        with pytest.raises(ValueError, match="no data set"):
            from_text(text)


# --- a restart ----------------------------------------------------------------------------------------------------


def test_everything_is_there_again(console: Console, tmp_path: Path) -> None:
    """A performed step, a unified step with its subscriptions, a stored instance, and the worklist as it was left."""
    first = listen(console, tmp_path)
    number = console.open(proposal(first, CT, MPPS, UPS, UPS_WATCH))
    image = keys(
        SOPClassUID=CT, SOPInstanceUID="1.2.3", PatientID="KEPT", StudyInstanceUID="1.2", SliceThickness="1.50"
    )
    step = whole_step(PatientName="Kept^By=\u6771")
    unified = whole_unified_step(ProcedureStepLabel="kept")
    subscribe = keys(ReceivingAE="CONSOLE", DeletionLock="FALSE")
    mpps = step.put(0x00080005, "CS", "ISO_IR 192")
    for message in (
        store_rq(CT, "1.2.3", image),
        n_message("N-CREATE-RQ", mpps, AffectedSOPClassUID=MPPS, AffectedSOPInstanceUID="1.5"),
        replace(
            n_message(
                "N-ACTION-RQ", subscribe, RequestedSOPClassUID=UPS, RequestedSOPInstanceUID=UPS_GLOBAL, ActionTypeID=3
            ),
            context_id=7,
        ),
        n_message("N-CREATE-RQ", unified, AffectedSOPClassUID=UPS, AffectedSOPInstanceUID="1.6"),
    ):
        assert console.send(number, message).outcome is Outcome.SUCCESS
    console.release(number)
    stop(console, first)

    second = listen(console, tmp_path)
    number = console.open(proposal(second, MPPS_GET, UPS, STUDY_FIND))
    got = console.send(number, n_message("N-GET-RQ", RequestedSOPClassUID=MPPS_GET, RequestedSOPInstanceUID="1.5"))
    assert got.outcome is Outcome.SUCCESS
    (answer,) = console.responses(got.operation)
    assert decoded(answer).text(0x00100010) == "Kept^By=\u6771"
    asked = keys(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2", PatientID="")
    found = console.send(number, find_rq(STUDY_FIND, asked))
    assert [m.text(0x00100020) for m in console.found(found.operation)] == ["KEPT"]
    console.release(number)
    stop(console, second)
    with sqlite3.connect(tmp_path / STATE) as connection:
        kept = set(connection.execute("SELECT shelf, key FROM object"))
    connection.close()
    assert {("normalized", "1.5"), ("normalized", "1.6"), ("subscription", "1.6")} <= kept
    assert ("global subscription", f"{UPS_GLOBAL} CONSOLE") in kept
    assert not [n.sentence for n in console.of(ErrorNotice) if "could not be delivered" not in n.sentence]


def test_files_put_in_and_taken_out_by_hand_are_seen(console: Console, tmp_path: Path) -> None:
    first = listen(console, tmp_path)
    number = console.open(proposal(first, CT))
    for uid in ("1.1", "1.2"):
        data = keys(SOPClassUID=CT, SOPInstanceUID=uid, PatientID="P", StudyInstanceUID=f"9{uid}")
        assert console.send(number, store_rq(CT, uid, data)).outcome is Outcome.SUCCESS
    stop(console, first)
    (tmp_path / "1.1.dcm").unlink()
    (tmp_path / "deep").mkdir()
    added = keys(SOPClassUID=CT, SOPInstanceUID="1.3", PatientID="Q", StudyInstanceUID="91.3")
    encoded = datasets.encode_dataset(added, EXPLICIT)
    datasets.write_instance(tmp_path / "deep" / "by hand.dcm", EncodedData(encoded, EXPLICIT), CT, "1.3")
    left = tmp_path / keeping.INSIDE / "incoming" / "left.part"
    left.write_bytes(b"half")
    second = listen(console, tmp_path)
    assert not left.exists()
    number = console.open(proposal(second, STUDY_FIND))
    ask = keys(QueryRetrieveLevel="STUDY", StudyInstanceUID="", PatientID="")
    found = console.send(number, find_rq(STUDY_FIND, ask))
    assert {m.text(0x0020000D) for m in console.found(found.operation)} == {"91.2", "91.3"}


def test_one_folder_has_one_peer(console: Console, tmp_path: Path) -> None:
    first = listen(console, tmp_path)
    second = listen(console, tmp_path)
    assert first.listening and not second.listening
    assert "in use by another built-in peer" in second.sentence
    stop(console, first)
    assert listen(console, tmp_path).listening


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"no database at all" * 100, "damaged"), (b"SQLite format 3\0" + bytes(84) + b"\xff" * 4000, "damaged")],
)
def test_a_damaged_database_is_said(console: Console, tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / STATE
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    told = listen(console, tmp_path)
    assert not told.listening
    assert why in told.sentence and str(path) in told.sentence


def test_a_newer_database_is_left_alone(console: Console, tmp_path: Path) -> None:
    path = tmp_path / STATE
    path.parent.mkdir(parents=True)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    told = listen(console, tmp_path)
    assert not told.listening and "newer version" in told.sentence


def test_what_cannot_be_kept_is_not_acknowledged(
    console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk: the N-CREATE is refused, nothing of it stays, and the next one works."""
    where = listen(console, tmp_path)
    number = console.open(proposal(where, MPPS, MPPS_GET))
    step = whole_step()
    create = n_message("N-CREATE-RQ", step, AffectedSOPClassUID=MPPS, AffectedSOPInstanceUID="1.5")

    def full(self: Database, entries: object) -> None:
        raise DatabaseError("the disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(Database, "_write", full)
        refused = console.send(number, create)
    assert (refused.outcome, refused.status) == (Outcome.FAILURE, 0x0213)
    assert "disk is full" in console.wait(ErrorNotice).sentence
    assert console.send(number, create).outcome is Outcome.SUCCESS


def _deleted(path: Path) -> None:
    path.unlink()


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


def _replaced(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.write_bytes(path.with_name("elsewhere").read_bytes())


@pytest.mark.skipif(sys.platform == "win32", reason="nobody can there while it is open")
@pytest.mark.parametrize("which", ["", "-wal"], ids=["the database", "its log"])
@pytest.mark.parametrize("how", [_deleted, _emptied, _replaced])
def test_a_database_that_another_program_takes_away_keeps_nothing_more(
    how: Callable[[Path], None], which: str, console: Console, tmp_path: Path
) -> None:
    """What is written into a file without a name is gone at the next start, and was acknowledged."""
    listener = listen(console, tmp_path)

    def created(uid: str) -> int | None:
        message = n_message("N-CREATE-RQ", whole_step(), AffectedSOPClassUID=MPPS, AffectedSOPInstanceUID=uid)
        status = console.one_shot(proposal(listener, MPPS), message)
        return console.responses(status.operation)[0].command.status

    assert created("1.2.1") == 0
    how(tmp_path / f"{STATE}{which}")
    assert created("1.2.2") == 0x0213
    told = console.wait(ErrorNotice, lambda n: "could not be kept" in n.sentence).sentence
    assert f"{tmp_path / STATE} was deleted or changed by another program; stop the built-in peer" in told
    stop(console, listener)


def test_commits_that_wait_are_written_together_and_each_is_told(tmp_path: Path) -> None:
    database = Database(tmp_path / "state.sqlite3")
    database.open()

    async def many() -> None:
        await asyncio.gather(
            *(database.commit((Change("film", str(n), None, Record("1.2", str(n))),)) for n in range(200))
        )

    asyncio.run(many())
    database.close()
    again = Database(database.path)
    again.open()
    assert [key for _, key, _ in again.objects()] == [str(n) for n in range(200)]
    again.close()


# --- a kill -------------------------------------------------------------------------------------------------------


@dataclass
class Caller:
    """Three associations that store and create as fast as they are answered, and what was acknowledged."""

    console: Console
    where: peers.Peer
    numbers: Iterator[int]
    stored: dict[str, bytes] = field(default_factory=dict)
    created: set[str] = field(default_factory=set)

    def run(self, until: int, kill: Callable[[], None]) -> None:
        """Kill the peer when so many were acknowledged, in the middle of the others."""
        under_way = dict(self._next(self.console.open(proposal(self.where, CT, MPPS))) for _ in range(3))
        count = seen = 0
        while under_way:
            self.console.notices += self.console.engine.drain_wait(20)
            news, seen = self.console.notices[seen:], len(self.console.notices)
            for notice in news:
                if not isinstance(notice, StatusNotice) or notice.operation not in under_way:
                    continue
                association, uid, pixels = under_way.pop(notice.operation)
                if notice.outcome is not Outcome.SUCCESS:
                    continue
                if pixels:
                    self.stored[uid] = pixels
                else:
                    self.created.add(uid)
                count += 1
                if count == until:
                    kill()
                if count <= until + 20:  # answers that were on their way
                    operation, what = self._next(association)
                    under_way[operation] = what

    def _next(self, association: int) -> tuple[int, tuple[int, str, bytes]]:
        number, operation = next(self.numbers), self.console.new_id()
        if number % 2:
            uid, pixels = f"1.2.4.{number}", b""
            step = whole_step(PerformedProcedureStepID=str(number))
            message = n_message("N-CREATE-RQ", step, AffectedSOPClassUID=MPPS, AffectedSOPInstanceUID=uid)
        else:
            uid, pixels = f"1.2.3.{number}", number.to_bytes(4, "big") * 2000
            image = keys(SOPClassUID=CT, SOPInstanceUID=uid, PatientID="P")
            message = store_rq(CT, uid, image.merged(DataSet((DataElement(0x7FE00010, "OW", pixels),))))
        self.console.submit(Send(association=association, operation=operation, message=message))
        return operation, (association, uid, pixels)


def test_nothing_acknowledged_is_lost_by_a_kill(tmp_path: Path) -> None:
    """kill -9 in the middle of C-STOREs and N-CREATEs, six times on one folder."""
    numbers = itertools.count(1)
    folder = tmp_path / "kept"
    stored: dict[str, bytes] = {}
    created: set[str] = set()
    for until in (1, 4, 9, 17, 30, 44):
        port = peers.free_port()
        run = "import sys; from engine.cli.main import main; main(sys.argv[1:])"
        arguments = ("listen", "--port", str(port), "--folder", str(folder))
        process = subprocess.Popen(
            [sys.executable, "-c", run, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            assert peers.wait_for_port(port)
            with closing(Console()) as console:
                caller = Caller(console, peers.Peer("kept", "DIMSEPEER", port, folder), numbers)
                caller.run(until, process.kill)
        finally:
            process.kill()
            process.wait()
        stored |= caller.stored
        created |= caller.created
        assert len(caller.stored) + len(caller.created) >= until
        _check(folder, stored, created)
    with closing(Console()) as console:
        where = listen(console, folder)
        assert where.listening, where.sentence
        assert not list((folder / keeping.INSIDE / "incoming").iterdir())
        assert not [n.sentence for n in console.of(ErrorNotice)]
        number = console.open(proposal(where, MPPS_GET))
        for uid in sorted(created):
            got = console.send(
                number, n_message("N-GET-RQ", RequestedSOPClassUID=MPPS_GET, RequestedSOPInstanceUID=uid)
            )
            assert got.outcome is Outcome.SUCCESS, uid


def _check(folder: Path, stored: dict[str, bytes], created: set[str]) -> None:
    """Every file with a name is whole, what was acknowledged among them; the database opens and has the rest."""
    files = {path.stem: dcmread(path).PixelData for path in folder.glob("*.dcm")}
    assert {len(pixels) for pixels in files.values()} <= {8000}
    assert {uid: files[uid] for uid in stored} == stored
    state = State()
    durable = keeping.Durable(folder)
    assert durable.load(state, lambda: False) == []
    assert created <= set(state.normalized)
    assert set(stored) <= {instance.sop_instance_uid for instance in durable.archive.instances()}
    durable.close()
