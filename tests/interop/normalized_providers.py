"""Providers of the normalized SOP classes written with pynetdicom, for our side to use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import evt

from tests.interop.normalized_peers import (
    COMMITMENT,
    COMMITMENT_INSTANCE,
    FILM_BOX,
    IMAGE_BOX,
    PRINT_JOB,
    UPS_EVENT,
    UPS_PUSH,
    Later,
    Seen,
    made,
    reference,
)

BOX, JOB = "1.2.826.0.1.3680043.9.7433.5.2", "1.2.826.0.1.3680043.9.7433.5.3"


class Steps:
    """A small MPPS provider."""

    def __init__(self) -> None:
        self.held: dict[str, Dataset] = {}
        self.seen = Seen()

    @property
    def handlers(self) -> list[tuple[Any, ...]]:
        return [
            self.seen.handler,
            (evt.EVT_N_CREATE, self.create),
            (evt.EVT_N_SET, self.change),
            (evt.EVT_N_GET, self.get),
        ]

    def create(self, event: evt.Event) -> tuple[Any, Dataset | None]:
        uid = event.request.AffectedSOPInstanceUID
        if uid in self.held:
            return 0x0111, None
        self.held[uid] = event.attribute_list
        return 0x0000, event.attribute_list

    def change(self, event: evt.Event) -> tuple[Any, Dataset | None]:
        uid = event.request.RequestedSOPInstanceUID
        if uid not in self.held:
            return 0x0112, None
        if self.held[uid].PerformedProcedureStepStatus != "IN PROGRESS":
            return made(Status=0x0110, ErrorComment="May no longer be updated", ErrorID=0xA710), None
        self.held[uid].update(event.modification_list)
        return 0x0000, event.modification_list

    def get(self, event: evt.Event) -> tuple[Any, Dataset | None]:
        uid = event.request.RequestedSOPInstanceUID
        if uid not in self.held:
            return 0x0112, None
        wanted = event.attribute_identifiers
        answer = Dataset()
        answer.update({t: self.held[uid][t] for t in wanted if t in self.held[uid]})
        return (0x0000 if len(answer) == len(wanted) else 0x0001), answer


class Archive:
    """A provider that commits to the instances it holds, on the association it was asked on."""

    def __init__(self, *held: str) -> None:
        self.held = held
        self.seen = Seen()
        self.later = Later()

    @property
    def handlers(self) -> list[tuple[Any, ...]]:
        return [self.seen.handler, (evt.EVT_N_ACTION, self.action)]

    def action(self, event: evt.Event) -> tuple[Any, Dataset | None]:
        asked = event.action_information
        if "ReferencedSOPSequence" not in asked:
            return made(Status=0x0110, ErrorComment="No references", ErrorID=42), None
        assoc = event.assoc
        self.later.do(lambda: self.report(assoc, asked))
        return 0x0000, None

    def report(self, assoc: Any, asked: Dataset) -> int:
        good = [i for i in asked.ReferencedSOPSequence if i.ReferencedSOPInstanceUID in self.held]
        bad = [i for i in asked.ReferencedSOPSequence if i.ReferencedSOPInstanceUID not in self.held]
        told = made(TransactionUID=asked.TransactionUID, ReferencedSOPSequence=good)
        for item in bad:
            item.FailureReason = 0x0112
        if bad:
            told.FailedSOPSequence = bad
        status, _ = assoc.send_n_event_report(told, 2 if bad else 1, COMMITMENT, COMMITMENT_INSTANCE)
        return int(status.get("Status", -1))  # none where the association ended before it was answered


class Printer:
    """A print provider that answers with a print job and reports its states."""

    def __init__(self) -> None:
        self.seen, self.later = Seen(), Later()
        self.image: Dataset | None = None

    @property
    def handlers(self) -> list[tuple[Any, ...]]:
        return [
            self.seen.handler,
            (evt.EVT_N_GET, self.get),
            (evt.EVT_N_CREATE, self.create),
            (evt.EVT_N_SET, self.change),
            (evt.EVT_N_ACTION, self.action),
            (evt.EVT_N_DELETE, lambda event: 0x0000),
        ]

    def get(self, event: evt.Event) -> tuple[Any, Dataset | None]:
        if event.request.RequestedSOPClassUID == PRINT_JOB:
            return 0x0000, made(ExecutionStatus="DONE", PrintPriority="MED")
        return 0x0107, made(PrinterStatus="WARNING", PrinterStatusInfo="SUPPLY LOW")

    def create(self, event: evt.Event) -> tuple[Any, Dataset | None]:
        asked = event.attribute_list
        if event.request.AffectedSOPClassUID == FILM_BOX:
            if "FilmSizeID" not in asked:
                return made(Status=0x0120), None
            asked.ReferencedImageBoxSequence = [reference(IMAGE_BOX, BOX + ".1")]
            if event.request.AffectedSOPInstanceUID is None:
                asked.AffectedSOPInstanceUID = BOX  # pynetdicom moves it into the command set
        return 0x0000, asked

    def change(self, event: evt.Event) -> tuple[Any, Dataset | None]:
        self.image = event.modification_list
        return 0xB604, None

    def action(self, event: evt.Event) -> tuple[Any, Dataset | None]:
        assoc = event.assoc
        self.later.do(lambda: self.report(assoc))
        answer = Dataset()
        answer.add_new(0x21000500, "SQ", [reference(PRINT_JOB, JOB)])
        return 0x0000, answer

    def report(self, assoc: Any) -> list[int]:
        told = [(2, "NORMAL"), (3, "NORMAL")]
        return [
            int(assoc.send_n_event_report(made(ExecutionStatusInfo=info), kind, PRINT_JOB, JOB)[0].get("Status", -1))
            for kind, info in told
        ]


class Worklist:
    """A provider with the state machine's main line, and one subscriber: whoever subscribed."""

    def __init__(self) -> None:
        self.steps: dict[str, Dataset] = {}
        self.seen, self.later = Seen(), Later()
        self.subscribed = False
        self.contexts: list[tuple[int, str]] = []
        self.after_get: Callable[[Any], None] | None = None

    @property
    def handlers(self) -> list[tuple[Any, ...]]:
        return [
            self.seen.handler,
            (evt.EVT_N_CREATE, self.create),
            (evt.EVT_N_SET, self.change),
            (evt.EVT_N_GET, self.get),
            (evt.EVT_N_ACTION, self.action),
            (evt.EVT_C_FIND, self.find),
        ]

    def _note(self, event: evt.Event, message: int) -> None:
        self.contexts.append((message, event.context.abstract_syntax))

    def create(self, event: evt.Event) -> tuple[Any, Dataset | None]:
        self._note(event, 0x0140)
        asked = event.attribute_list
        if asked.ProcedureStepState != "SCHEDULED":
            return made(Status=0xC309, ErrorComment="Not SCHEDULED"), None
        self.steps[event.request.AffectedSOPInstanceUID] = asked
        return 0x0000, asked

    def change(self, event: evt.Event) -> tuple[Any, Dataset | None]:
        self._note(event, 0x0120)
        step = self.steps[event.request.RequestedSOPInstanceUID]
        if event.modification_list.get("TransactionUID") != step.get("TransactionUID"):
            return 0xC301, None
        step.update(event.modification_list)
        return 0x0000, None

    def get(self, event: evt.Event) -> tuple[Any, Dataset | None]:
        self._note(event, 0x0110)
        step = self.steps.get(event.request.RequestedSOPInstanceUID)
        if step is None:
            return made(Status=0xC307, ErrorComment="No such UPS"), None
        assoc, after = event.assoc, self.after_get
        if after:
            self.later.do(lambda: after(assoc))
        answer = Dataset()
        answer.update({t: step[t] for t in event.attribute_identifiers if t in step})
        return 0x0000, answer

    def action(self, event: evt.Event) -> tuple[Any, Dataset | None]:
        self._note(event, 0x0130)
        uid = event.request.RequestedSOPInstanceUID
        step, asked, assoc = self.steps[uid], event.action_information, event.assoc
        if event.action_type == 3:
            self.subscribed = True
        elif event.action_type == 2:
            if step.ProcedureStepState == "COMPLETED":
                return made(Status=0xC311, ErrorComment="Already COMPLETED"), None
            step.ProcedureStepState = "CANCELED"
        elif step.ProcedureStepState == asked.ProcedureStepState == "COMPLETED":
            return 0xB306, None
        else:
            step.ProcedureStepState, step.TransactionUID = asked.ProcedureStepState, asked.TransactionUID
        if self.subscribed:
            told = made(InputReadinessState="READY", ProcedureStepState=step.ProcedureStepState)
            # "meta" is how pynetdicom sends through the context of another class.
            self.later.do(
                lambda: assoc.send_n_event_report(told, 1, UPS_PUSH, uid, meta_uid=UPS_EVENT)[0].get("Status", -1)
            )
        return 0x0000, None

    def find(self, event: evt.Event) -> Iterator[tuple[Any, Dataset | None]]:
        self._note(event, 0x0020)
        if "ProcedureStepState" not in event.identifier:
            yield made(Status=0xA900, OffendingElement=[0x00741000], ErrorComment="State is needed"), None
            return
        for uid, step in self.steps.items():
            if step.ProcedureStepState == event.identifier.ProcedureStepState:
                yield 0xFF00, made(SOPInstanceUID=uid, ProcedureStepState=step.ProcedureStepState)
