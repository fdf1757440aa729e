"""Carries a script out on one association: asks it at each seam, and does what it says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.model.association import Policy, Proposal, Rejection
from engine.model.command_set import CommandSet
from engine.model.commands import Outgoing
from engine.model.dataset import DataSet, EncodedData, FileData
from engine.model.faults import Phase
from engine.model.notices import AssociationPhase, Cause, Outcome, ScriptNotice
from engine.model.scripting import Deviation
from engine.protocol import exchange as dx
from engine.protocol import primitives as p
from engine.protocol.deviating.layer import DeviantLayer
from engine.protocol.deviating.plan import HONEST, Finish, Pause, Speak, Step, plan
from engine.protocol.deviating.run import Occasion, ScriptRun
from engine.protocol.upper_layer import UpperLayer
from engine.standard.messages import CANCEL, RESPONSE_BIT
from engine.standard.pdus import AssociateAC, AssociateRJ, AssociateRQ, PDataTF, ReleaseRP, ReleaseRQ
from engine.wire import datasets
from engine.wire.pdus import strip

from .invocation import service_name

if TYPE_CHECKING:
    from .association import Association

_RELEASE = {p.AReleaseRequest: ReleaseRQ.TYPE, p.AReleaseResponse: ReleaseRP.TYPE}
_INSTEAD = frozenset({"silence", "close", "reset", "abort-instead"})
"""What an acceptor can do with an A-ASSOCIATE-RQ instead of answering it."""


class Deviating:
    """One association's side of a script.

    run: shared by all associations of a listener, so that its rules count over all of them. phases: those it may
    change here; None: all.
    """

    def __init__(
        self, association: Association, run: ScriptRun, layer: DeviantLayer, phases: frozenset[Phase] | None = None
    ) -> None:
        self.run = run
        self._association = association
        self._layer = layer
        self._phases = phases
        self._calling = self._called = ""
        self._answering: tuple[Deviation, ...] = ()
        self._requests: dict[int, dx.RequestReceived] = {}

    # -- connection, association, release

    def connected(self) -> None:
        """A connection was accepted."""
        self._layer.begin(self._fire(Occasion(phase=Phase.CONNECT)))

    def before(self, primitive: p.Primitive) -> None:
        """The machine is about to get this primitive."""
        if isinstance(primitive, p.AAssociateRequest):
            self._name(primitive.pdu)
            self._layer.arm(AssociateRQ.TYPE, self._fire(self._occasion(Phase.ASSOCIATION)))
        elif isinstance(primitive, p.AReleaseRequest | p.AReleaseResponse):
            self._layer.arm(_RELEASE[type(primitive)], self._fire(self._occasion(Phase.RELEASE)))

    def asked(self, rq: AssociateRQ, policy: Policy) -> Policy:
        """An A-ASSOCIATE-RQ is to be answered: by this policy."""
        self._name(rq)
        self._answering = self._fire(self._occasion(Phase.ASSOCIATION))
        reject = next((d for d in self._answering if d.fault == "reject"), None)
        if reject is None:
            return policy
        values = (reject.number("result"), reject.number("source"), reject.number("reason"))
        return replace(policy, reject=Rejection(*values))

    def answers(self) -> bool:
        """Whether the answer goes out; otherwise what happens instead has happened."""
        instead = next((d for d in self._answering if d.fault in _INSTEAD), None)
        if instead is None:
            for kind in (AssociateAC.TYPE, AssociateRJ.TYPE):
                self._layer.arm(kind, self._answering)
            return True
        if instead.fault == "abort-instead":
            self._association.abort(
                instead.number("source"), instead.number("reason"), self._why("aborted it"), cause=Cause.SCRIPT
            )
        elif instead.fault != "silence":
            self.end(reset=instead.fault == "reset")
        return False

    def end(self, *, reset: bool) -> None:
        """End the connection as the script wants it."""
        association = self._association
        association.link.flush()
        (association.link.reset if reset else association.link.close)()
        how = "reset the connection" if reset else "closed the connection"
        association.finish(AssociationPhase.FAILED, *self._why(how), cause=Cause.SCRIPT)

    def _why(self, what: str) -> tuple[Outcome, str]:
        return Outcome.ABORTED, f"The script {what}, as a rule of it wants."

    def _name(self, rq: AssociateRQ) -> None:
        self._calling, self._called = strip(rq.calling_ae_title), strip(rq.called_ae_title)

    # -- messages

    def remember(self, event: dx.RequestReceived) -> None:
        """A request has arrived: rules about its response may ask for its values."""
        self._requests[event.key] = event

    def steps(self, message: Outgoing, key: int | None) -> tuple[Step, ...]:
        """How to send this message."""
        command = message.command
        if command.command_field == CANCEL:
            return (HONEST,)
        request = self._requests.get(key or 0) if command.is_response else None
        if request is not None and not _is_pending(command):
            self._requests.pop(key or 0, None)
        commands = (command,) if request is None else (command, request.message.command)
        data = [_reading(message.data, "")]
        if request is not None:
            data.append(_reading(request.message.data, request.message.transfer_syntax))
        occasion = Occasion(
            phase=Phase.RESPONSE if command.is_response else Phase.REQUEST,
            service=service_name(_as_request(command)),
            sop_class_uid=next((c.sop_class_uid for c in reversed(commands) if c.sop_class_uid), ""),
            calling=self._calling,
            called=self._called,
            commands=commands,
            data=tuple(data),
        )
        deviations = self._fire(occasion)
        return plan(deviations) if deviations else (HONEST,)

    async def carry_out(self, step: Pause | Finish) -> None:
        """A step that is no message."""
        association = self._association
        match step:
            case Pause():
                with suppress(TimeoutError):
                    await asyncio.wait_for(association.ended.wait(), step.seconds)
            case Finish("abort"):
                association.abort(step.source, step.reason, self._why("aborted the association"), cause=Cause.SCRIPT)
            case Finish("release"):
                association.context.spawn(association.release(), "Releasing early")
            case Finish():
                if association.end is None:
                    self.end(reset=step.how == "reset")

    def arm(self, step: Speak) -> None:
        """What follows is this message; HONEST disarms."""
        self._layer.arm(PDataTF.TYPE, step.pdus)

    # -- serving

    async def skips(self, sop_class_uid: str) -> int | None:
        """The status a sub-operation is counted with instead of being performed; None: perform it."""
        occasion = replace(self._occasion(Phase.SUB_OPERATION), service="C-STORE", sop_class_uid=sop_class_uid)
        status: int | None = None
        for deviation in self._fire(occasion):
            if deviation.fault == "delay":
                await self.carry_out(Pause(deviation.seconds()))
            elif deviation.fault == "skip":
                status = deviation.number("status")
        return status

    def ignores_cancel(self, key: int) -> bool:
        """Whether a C-CANCEL-RQ of the request with this key is to have no effect."""
        request = self._requests.get(key)
        command = request.message.command if request else CommandSet()
        occasion = replace(
            self._occasion(Phase.CANCEL),
            service=service_name(command),
            sop_class_uid=command.sop_class_uid,
            commands=(command,),
        )
        return any(d.fault == "ignore-cancel" for d in self._fire(occasion))

    # -- inner

    def _occasion(self, phase: Phase) -> Occasion:
        return Occasion(phase=phase, calling=self._calling, called=self._called)

    def _fire(self, occasion: Occasion) -> tuple[Deviation, ...]:
        if self._phases is not None and occasion.phase not in self._phases:
            return ()
        fired = self.run.fire(occasion)
        if fired is None:
            return ()
        index, rule = fired
        context = self._association.context
        context.notify(
            ScriptNotice(
                association=self._association.number,
                time=context.wall(),
                rule=index,
                title=rule.name,
                phase=occasion.phase,
                service=occasion.service,
                faults=tuple(d.fault for d in rule.then),
                script=self.run.script.title,
            )
        )
        return rule.then


def scripted(
    association: Association, run: ScriptRun | None, proposal: Proposal | None
) -> tuple[Deviating | None, UpperLayer]:
    """The machine of an association, and the script that stands between it and the wire, if any.

    run: a listener's. On associations the listener opens itself (C-MOVE sub-operations) it changes requests only.
    """
    requestor, artim, limits = association.requestor, association.timeouts.artim, association.limits
    unfinished = association.context.unfinished
    phases = frozenset({Phase.REQUEST}) if run is not None and requestor else None
    if run is None and proposal is not None and proposal.script is not None and proposal.script.active:
        run = ScriptRun(proposal.script)
    if run is None:
        return None, UpperLayer(requestor, artim, limits=limits, unfinished=unfinished)
    layer = DeviantLayer(requestor, artim, limits, unfinished)
    return Deviating(association, run, layer, phases), layer


def _is_pending(command: CommandSet) -> bool:
    return (command.status or 0) & 0xFF00 == 0xFF00


def _as_request(command: CommandSet) -> CommandSet:
    return command.with_values(CommandField=(command.command_field or 0) & ~RESPONSE_BIT)


def _reading(data: object, transfer_syntax: str) -> Callable[[], DataSet | None]:
    """Decodes when asked; None where there is nothing to read."""

    def read() -> DataSet | None:
        if isinstance(data, DataSet):
            return data
        if not isinstance(data, EncodedData | FileData):
            return None
        try:
            return datasets.read_attributes(replace(data, transfer_syntax=data.transfer_syntax or transfer_syntax))
        except (datasets.DataSetError, OSError):
            return None

    return read
