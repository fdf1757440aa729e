"""A unified procedure step provider written with pynetdicom: the whole state machine, subscriptions, and events on the
association they follow from or on one of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import AE, build_role, evt

from tests.interop import peers
from tests.interop.normalized_peers import UPS_EVENT, UPS_GLOBAL, UPS_PULL, UPS_PUSH, UPS_WATCH, Later, Seen, made

UPS_QUERY = "1.2.840.10008.5.1.4.34.6.5"
UPS_FILTERED_GLOBAL = UPS_GLOBAL + ".1"
CLASSES = [UPS_PUSH, UPS_WATCH, UPS_PULL, UPS_EVENT, UPS_QUERY]
SCHEDULED, IN_PROGRESS, COMPLETED, CANCELED = "SCHEDULED", "IN PROGRESS", "COMPLETED", "CANCELED"


@dataclass
class UpsProvider:
    """refuse: statuses by what is asked ("create", "set", "action 3", ...), used once. known: receiving AE titles.
    call: where events go on an association of our own; None: on the one they follow from."""

    steps: dict[str, Dataset] = field(default_factory=dict)
    refuse: dict[str, int] = field(default_factory=dict)
    known: tuple[str, ...] = ("CONSOLE",)
    call: tuple[str, int] | None = None
    abort_after: str = ""
    seen: Seen = field(default_factory=Seen)
    later: Later = field(default_factory=Later)
    contexts: list[tuple[str, str]] = field(default_factory=list)
    subscribed: dict[str, str] = field(default_factory=dict)
    """Receiving AE by SOP Instance UID."""
    associations: list[Any] = field(default_factory=list)
    """Those a subscription came on."""

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

    def _refused(self, event: evt.Event, what: str) -> Dataset | None:
        self.contexts.append((what, event.context.abstract_syntax))
        assoc = event.assoc
        if self.abort_after == what:
            self.abort_after = ""
            self.later.do(assoc.abort)
        status = self.refuse.pop(what, None)
        return None if status is None else made(Status=status, ErrorComment="As asked for")

    def create(self, event: evt.Event) -> tuple[Any, Dataset | None]:
        refused = self._refused(event, "create")
        if refused is not None and refused.Status >= 0xC000:
            return refused, None
        asked = event.attribute_list
        if asked.ProcedureStepState != SCHEDULED:
            return 0xC309, None
        uid = str(event.request.AffectedSOPInstanceUID or "")
        if not uid:
            uid = "1.2.826.0.1.3680043.9.7433.61"
            asked.AffectedSOPInstanceUID = uid  # pynetdicom moves it into the command set
        self.steps[uid] = asked
        if UPS_GLOBAL in self.subscribed:
            self.report(event.assoc, 1, uid)
        return (refused if refused is not None else 0x0000), asked

    def change(self, event: evt.Event) -> tuple[Any, Dataset | None]:
        refused = self._refused(event, "set")
        if refused is not None and refused.Status >= 0xC000:
            return refused, None
        uid = str(event.request.RequestedSOPInstanceUID)
        step, asked = self.steps.get(uid), event.modification_list
        if step is None:
            return 0xC307, None
        key = asked.get("TransactionUID", "")
        if step.ProcedureStepState in (COMPLETED, CANCELED):
            return 0xC300, None
        if step.ProcedureStepState == SCHEDULED and key:
            return 0xC310, None
        if step.ProcedureStepState == IN_PROGRESS and key != step.TransactionUID:
            return 0xC301, None
        step.update(asked)
        if "ProcedureStepProgressInformationSequence" in asked:
            self.report(event.assoc, 3, uid)
        return (refused if refused is not None else 0x0000), None

    def get(self, event: evt.Event) -> tuple[Any, Dataset | None]:
        refused = self._refused(event, "get")
        if refused is not None:
            return refused, None
        step = self.steps.get(str(event.request.RequestedSOPInstanceUID))
        if step is None:
            return 0xC307, None
        wanted = event.attribute_identifiers or [e.tag for e in step]
        answer = Dataset()
        answer.update({t: step[t] for t in wanted if t in step and t != 0x00081195})
        return 0x0000, answer

    def find(self, event: evt.Event) -> Iterator[tuple[Any, Dataset | None]]:
        self._refused(event, "find")
        wanted = event.identifier.get("ProcedureStepState", "")
        for uid, step in self.steps.items():
            if not wanted or step.ProcedureStepState == wanted:
                yield (
                    0xFF00,
                    made(
                        SOPInstanceUID=uid,
                        SOPClassUID=UPS_PUSH,
                        ProcedureStepState=step.ProcedureStepState,
                        ProcedureStepLabel=step.ProcedureStepLabel,
                    ),
                )

    def action(self, event: evt.Event) -> tuple[Any, Dataset | None]:
        kind, uid, asked = event.action_type, str(event.request.RequestedSOPInstanceUID), event.action_information
        refused = self._refused(event, f"action {kind}")
        if refused is not None and refused.Status >= 0xC000:
            return refused, None
        if kind in (3, 4, 5):
            status = self._subscription(event, kind, uid, asked)
        elif uid not in self.steps:
            status = 0xC307
        else:
            status = self._state(event, uid, asked) if kind == 1 else self._cancel(event, uid, asked)
        return (refused if refused is not None and status == 0 else status), None

    def _state(self, event: evt.Event, uid: str, asked: Dataset) -> int:
        step = self.steps[uid]
        now, to, key = step.ProcedureStepState, asked.ProcedureStepState, asked.get("TransactionUID", "")
        if to == SCHEDULED:
            return 0xC303
        if now == to and to != IN_PROGRESS:
            return 0xB304 if to == CANCELED else 0xB306
        if now in (COMPLETED, CANCELED):
            return 0xC300
        if now == IN_PROGRESS and to == IN_PROGRESS:
            return 0xC302
        if now == SCHEDULED and to != IN_PROGRESS:
            return 0xC310
        if not key or (now == IN_PROGRESS and key != step.TransactionUID):
            return 0xC301
        if to == COMPLETED and not step.get("UnifiedProcedureStepPerformedProcedureSequence"):
            return 0xC304
        if to == CANCELED and not step.get("ProcedureStepProgressInformationSequence"):
            return 0xC304
        step.ProcedureStepState, step.TransactionUID = to, key
        self.report(event.assoc, 1, uid)
        return 0x0000

    def _cancel(self, event: evt.Event, uid: str, asked: Dataset | None) -> int:
        step = self.steps[uid]
        if step.ProcedureStepState == COMPLETED:
            return 0xC311
        if step.ProcedureStepState == CANCELED:
            return 0xB304
        if step.ProcedureStepState == IN_PROGRESS:
            told = Dataset() if asked is None else asked
            told.RequestingAE = "CONSOLE"
            self.report(event.assoc, 2, uid, told)
            return 0x0000
        step.ProcedureStepState = CANCELED
        self.report(event.assoc, 1, uid)
        return 0x0000

    def _subscription(self, event: evt.Event, kind: int, uid: str, asked: Dataset) -> int:
        every = uid in (UPS_GLOBAL, UPS_FILTERED_GLOBAL)
        if asked.ReceivingAE.strip() not in self.known:
            return 0xC308
        if not every and uid not in self.steps:
            return 0xC307
        self.associations.append(event.assoc)
        if kind == 3:
            self.subscribed[uid] = asked.ReceivingAE.strip()
            for one in self.steps if every and asked.DeletionLock == "TRUE" else () if every else (uid,):
                self.report(event.assoc, 1, one)
        elif kind == 5 and not every:
            return 0xC314
        else:
            self.subscribed.pop(uid, None)
        return 0x0000

    def lose(self) -> None:
        """Abort the association of the last subscription, once nothing is under way on it."""
        self.later.wait()
        self.associations[-1].abort()

    def report(self, assoc: Any, kind: int, uid: str, data: Dataset | None = None) -> None:
        """Tell whoever has subscribed to the step, or to all."""
        if not self.subscribed.keys() & {uid, UPS_GLOBAL, UPS_FILTERED_GLOBAL}:
            return
        step = self.steps.get(uid, Dataset())
        if data is None:
            words = (
                ("ProcedureStepProgressInformationSequence",)
                if kind == 3
                else ("ProcedureStepState", "InputReadinessState")
            )
            data = made(**{w: step.get(w) for w in words})
        told = data
        self.later.do(lambda: self._deliver(assoc, lambda a: self.send(a, kind, uid, told)))

    def _deliver(self, assoc: Any, send: Callable[[Any], int]) -> int:
        if self.call is None:
            return send(assoc)
        ae = AE(ae_title="PYNETDICOM")
        ae.add_requested_context(UPS_EVENT)
        own = ae.associate(*self.call, ae_title="CONSOLE", ext_neg=[build_role(UPS_EVENT, scp_role=True)])
        assert own.is_established
        try:
            return send(own)
        finally:
            own.release()

    @staticmethod
    def send(assoc: Any, kind: int, uid: str, data: Dataset) -> int:
        """One event report, through the Event class's context; its status."""
        status, _ = assoc.send_n_event_report(data, kind, UPS_PUSH, uid, meta_uid=UPS_EVENT)
        # pynetdicom loses the answer to a request that is sent before its reactor has gone on after the one before.
        peers.wait_until(lambda: not assoc._is_paused or not assoc.is_established, 20.0)
        return int(status.get("Status", -1))  # none where the association ended before it was answered
