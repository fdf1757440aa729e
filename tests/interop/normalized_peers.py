"""What pynetdicom peers of the N- service tests have in common: they note every command set exactly as it arrived."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydicom.dataset import Dataset
from pynetdicom import AE, _config, evt

from tests.interop import peers
from tests.services.whole_steps import whole_unified_step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

# Its own log handlers fail on an Attribute Identifier List of one tag, and ours behind them would not be called.
_config.LOG_HANDLER_LEVEL = "none"

MPPS, MPPS_RETRIEVE = "1.2.840.10008.3.1.2.3.3", "1.2.840.10008.3.1.2.3.4"
MPPS_NOTIFICATION = "1.2.840.10008.3.1.2.3.5"
COMMITMENT, COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1"
GRAYSCALE_META, COLOR_META = "1.2.840.10008.5.1.1.9", "1.2.840.10008.5.1.1.18"
FILM_SESSION, FILM_BOX = "1.2.840.10008.5.1.1.1", "1.2.840.10008.5.1.1.2"
IMAGE_BOX, COLOR_IMAGE_BOX = "1.2.840.10008.5.1.1.4", "1.2.840.10008.5.1.1.4.1"
ANNOTATION_BOX = "1.2.840.10008.5.1.1.15"
PRINT_JOB = "1.2.840.10008.5.1.1.14"
PRINTER, PRINTER_INSTANCE = "1.2.840.10008.5.1.1.16", "1.2.840.10008.5.1.1.17"
PRINTER_CONFIGURATION = "1.2.840.10008.5.1.1.16.376"
PRESENTATION_LUT = "1.2.840.10008.5.1.1.23"
MEDIA_CREATION = "1.2.840.10008.5.1.1.33"
AVAILABILITY = "1.2.840.10008.5.1.4.33"
RT_VERIFICATION = "1.2.840.10008.5.1.4.34.8"
EVENT_LOGGING, EVENT_LOGGING_INSTANCE = "1.2.840.10008.1.40", "1.2.840.10008.1.40.1"
UPS_PUSH, UPS_WATCH, UPS_PULL, UPS_EVENT = (f"1.2.840.10008.5.1.4.34.6.{n}" for n in (1, 2, 3, 4))
UPS_GLOBAL = "1.2.840.10008.5.1.4.34.5"
CT = "1.2.840.10008.5.1.4.1.1.2"


def made(**values: Any) -> Dataset:
    """A data set by keywords."""
    data = Dataset()
    for keyword, value in values.items():
        setattr(data, keyword, value)
    return data


def unified_step(**values: Any) -> Dataset:
    """A unified procedure step with everything that an N-CREATE needs."""
    data = Dataset()
    for element in whole_unified_step():
        data.add_new(element.tag, element.vr, list(element.texts) if element.vr != "SQ" else [])
    data.update(made(**values))
    return data


def reference(class_uid: str, instance_uid: str) -> Dataset:
    return made(ReferencedSOPClassUID=class_uid, ReferencedSOPInstanceUID=instance_uid)


@dataclass
class Seen:
    """What a pynetdicom peer received, as it decoded it: command sets by keyword, in order."""

    commands: list[dict[str, Any]] = field(default_factory=list)

    @property
    def handler(self) -> tuple[Any, ...]:
        return (evt.EVT_DIMSE_RECV, self._note)

    def _note(self, event: evt.Event) -> None:
        command = event.message.command_set
        plain = {e.keyword: e.value for e in command}
        plain.pop("CommandGroupLength")
        self.commands.append({k: list(v) if type(v).__name__ == "MultiValue" else v for k, v in plain.items()})

    def last(self, command_field: int) -> dict[str, Any]:
        """The newest command set with this Command Field, without Message ID."""
        found = next(s for s in reversed(self.commands) if s["CommandField"] == command_field)
        return {k: v for k, v in found.items() if k != "MessageID"}


@dataclass
class Later:
    """Runs what a handler wants to do once its own response is out: an event report on the same association."""

    _threads: list[threading.Thread] = field(default_factory=list)
    results: list[Any] = field(default_factory=list)

    def do(self, work: Callable[[], Any]) -> None:
        thread = threading.Thread(target=lambda: self.results.append(work()), name="event-report")
        self._threads.append(thread)
        thread.start()

    def wait(self) -> list[Any]:
        for thread in self._threads:
            thread.join(20.0)
        return self.results


@dataclass
class User:
    """A pynetdicom user of our built-in peer: one association; what comes in is noted."""

    assoc: Any
    seen: Seen
    events: list[tuple[int, str, str, Dataset]]
    """(Event Type ID, SOP Instance UID, abstract syntax of the context, Event Information)."""

    def wait_events(self, count: int = 1) -> list[tuple[int, str, str, Dataset]]:
        assert peers.wait_until(lambda: len(self.events) >= count, 20.0), f"{len(self.events)} of {count} events came"
        return self.events

    def answer(self, command_field: int) -> dict[str, Any]:
        """The newest response with this Command Field, as pynetdicom decoded it, without the Message ID it answers."""
        found = self.seen.last(command_field)
        found.pop("MessageIDBeingRespondedTo")
        return found


@contextlib.contextmanager
def user(
    peer: peers.Peer, *contexts: str, ae_title: str = "USER", roles: Iterable[Any] = (), report_status: int = 0x0000
) -> Iterator[User]:
    """Associate with `peer`; released at the end unless that has happened already."""
    ae = AE(ae_title=ae_title)
    for timeout in ("acse_timeout", "dimse_timeout", "network_timeout"):
        setattr(ae, timeout, 20.0)
    for context in contexts:
        ae.add_requested_context(context)
    seen, events = Seen(), []

    def report(event: evt.Event) -> tuple[int, None]:
        request = event.request
        told = event.event_information if request.EventInformation else Dataset()
        events.append((event.event_type, str(request.AffectedSOPInstanceUID), event.context.abstract_syntax, told))
        return report_status, None

    handlers = [seen.handler, (evt.EVT_N_EVENT_REPORT, report)]
    assoc = ae.associate(peer.host, peer.port, ae_title=peer.ae_title, evt_handlers=handlers, ext_neg=list(roles))
    assert assoc.is_established
    try:
        yield User(assoc, seen, events)
    finally:
        if assoc.is_established:
            assoc.release()
