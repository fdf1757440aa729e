"""What pynetdicom peers of the N- service tests have in common: they note every command set exactly as it arrived."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydicom.dataset import Dataset
from pynetdicom import _config, evt

if TYPE_CHECKING:
    from collections.abc import Callable

# Its own log handlers fail on an Attribute Identifier List of one tag, and ours behind them would not be called.
_config.LOG_HANDLER_LEVEL = "none"

MPPS, MPPS_RETRIEVE = "1.2.840.10008.3.1.2.3.3", "1.2.840.10008.3.1.2.3.4"
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
