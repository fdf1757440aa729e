"""Faults in the normalized services against pynetdicom's user: an N-GET of the printer ends, in time."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable, Iterator

import pytest
from pydicom.uid import UID
from pynetdicom import AE
from pynetdicom.sop_class import Printer, PrinterInstance

from engine.model.association import Policy
from engine.model.faults import Phase, Value
from engine.model.notices import ErrorNotice, ScriptNotice
from tests.runtime.console import HOST, Console
from tests.runtime.deviating import LONG, script

pytestmark = pytest.mark.interop
SHORT, PATIENT = 2.0, 15.0
SILENT = {"drop", "silence"}
"""Faults after which it waits for what never comes."""


@pytest.fixture
def ask(console: Console) -> Iterator[Callable[..., tuple[str, int | None, int]]]:
    """An N-GET: how the association was before it, its status, how many attributes came."""

    def asked(fault: str, phase: Phase | None = None, **values: Value) -> tuple[str, int | None, int]:
        listener = console.listen(policy=Policy(timeouts=LONG), script=script(fault, phase=phase, **values))
        ae = AE()
        ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = SHORT if fault in SILENT else PATIENT
        ae.add_requested_context(Printer)
        association = ae.associate(HOST, listener.port)
        if not association.is_established:
            return "turned away", None, 0  # whether rejected or aborted it does not always remember
        status, attributes = association.send_n_get([], Printer, UID(PrinterInstance))
        told = "established" if association.is_established else "over"
        if association.is_established:
            association.release()
        association.join(10)
        assert not association.is_alive(), "pynetdicom hangs"
        return told, status.get("Status"), len(attributes or ())

    yield asked
    with warnings.catch_warnings():  # it forgets sockets of connections that broke
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.mark.parametrize(
    ("fault", "values", "expected"),
    [
        ("status", {"status": 0x0110}, 0x0110),
        ("status", {"status": 0xC616}, 0xC616),
        ("delay", {"seconds": 0.1}, 0x0000),
        ("dribble", {"bytes": 16}, 0x0000),
        ("missing-element", {"element": "AffectedSOPInstanceUID"}, 0x0000),
        ("extra-element", {}, 0x0000),
        ("private-element", {}, None),  # an element no dictionary has is too much for it
        ("padded-command-uids", {}, 0x0000),
        ("small-fragments", {"bytes": 16}, 0x0000),
        ("packed-fragments", {}, 0x0000),
        ("drop", {}, None),
        ("silence", {}, None),
        ("abort-instead", {}, None),
        ("close", {}, None),
        ("reset", {}, None),
        ("half-then-close", {}, None),
        ("unknown-pdu-first", {}, None),
        ("release-rp-first", {}, None),
    ],
)
def test_a_response_that_departs(
    fault: str,
    values: dict[str, Value],
    expected: int | None,
    ask: Callable[..., tuple[str, int | None, int]],
    console: Console,
) -> None:
    told, status, count = ask(fault, **values)
    assert status == expected
    assert told == "established" or expected is None
    assert (count > 0) is (expected == 0x0000)
    assert console.of(ScriptNotice)
    assert not [n.sentence for n in console.of(ErrorNotice)]


@pytest.mark.parametrize(
    ("fault", "how"),
    [
        ("reject", "turned away"),
        ("silence", "turned away"),
        ("close", "turned away"),
        ("refuse-contexts", "turned away"),
        ("user-items-unsorted", "established"),
        ("unknown-items", "turned away"),  # it cannot read them
        ("refused-without-syntax", "established"),
        ("no-version", "established"),
        ("titles-not-echoed", "established"),
    ],
)
def test_an_association_that_departs(fault: str, how: str, ask: Callable[..., tuple[str, int | None, int]]) -> None:
    assert ask(fault, Phase.ASSOCIATION)[0] == how
