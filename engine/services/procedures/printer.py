"""The printer's status and configuration (PS3.4 H.4.6, H.4.11)."""

from __future__ import annotations

from collections.abc import Callable

from engine.model.dataset import DataSet
from engine.model.notices import Outcome
from engine.model.procedures.printing import ReadPrinter
from engine.services import print_rules as p

from . import print_messages as m
from .effects import Answered, Invoke, Judged, Plan, Playing, Verdict, accepted, invoke

STATUS_STEP, CONFIGURATION_STEP = "Printer status", "Printer configuration"
_OUTCOMES = {"NORMAL": Outcome.SUCCESS, "WARNING": Outcome.WARNING, "FAILURE": Outcome.FAILURE}
_THROUGH = (p.GRAYSCALE_META, p.COLOR_META, p.PRINTER)
"""The printer is a member of both meta SOP classes; few accept it by itself."""


def printer_says(answered: Answered) -> Judged | None:
    """Printer Status with its reason and the printer's name; None when there is no status in the answer."""
    data = answered.data or DataSet()
    status = data.text(p.PRINTER_STATUS).strip()
    if not status:
        return Outcome.WARNING, f"no Printer Status in the answer ({answered.sentence})"
    info, name = data.text(p.PRINTER_STATUS_INFO).strip(), data.text(m.PRINTER_NAME).strip()
    reason = f": {info}" if info and info != status else ""
    return _OUTCOMES.get(status, Outcome.WARNING), f"{status}{reason}" + (f" ({name})" if name else "")


def classes(asked: ReadPrinter) -> tuple[str, ...]:
    return (*_THROUGH, *((p.PRINTER_CONFIGURATION,) if asked.configuration else ()))


def play(asked: ReadPrinter, _new_uid: Callable[[], str]) -> Playing:
    """The verdict is the printer's own: WARNING a warning, FAILURE a failure."""
    uids = yield from accepted()
    through = next((uid for uid in _THROUGH if uid in uids), "")
    if not through:
        return Verdict(Outcome.NOT_SENT, "Nothing was sent: the peer accepted no Print Management context.")
    yield Plan((STATUS_STEP, *((CONFIGURATION_STEP,) if asked.configuration else ())))
    message = m.get_printer(everything=True)
    status = yield from invoke(Invoke(step=STATUS_STEP, message=message, context=through, read=printer_says))
    said = [f"The printer says {status.sentence}." if status.data is not None else status.sentence]
    outcome = status.outcome
    if asked.configuration:
        answered = yield from invoke(
            Invoke(step=CONFIGURATION_STEP, message=m.get_configuration(), context=p.PRINTER_CONFIGURATION)
        )
        if not answered.ok:
            said.append(f"Its configuration could not be read: {answered.sentence}")
            outcome = outcome if outcome is Outcome.FAILURE else Outcome.WARNING
    return Verdict(outcome, " ".join(said))
