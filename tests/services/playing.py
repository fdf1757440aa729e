"""Plays a provider's effects by hand, as the runtime would."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

from engine.conformance.commands import check_command
from engine.model.association import NegotiatedContext
from engine.model.command_set import CommandSet, Value
from engine.model.dataset import DataElement, DataSet
from engine.services.effects import Answer, Effect, Instance, Keep, Notify, Reply, Request, SubStore
from engine.services.peer import BuiltInPeer
from engine.services.responses import request_of
from engine.wire.commands import decode_command, encode_command


def elements(*rows: tuple[int, str, object]) -> DataSet:
    """A data set from (tag, VR, value or values or items)."""
    made = []
    for tag, vr, value in rows:
        values = value if isinstance(value, tuple | bytes) else (value,)
        made.append(DataElement(tag, vr, values))  # type: ignore[arg-type]
    return DataSet(tuple(sorted(made, key=lambda e: e.tag)))


@dataclass
class Stage:
    """A built-in peer and one association's worth of requests to it; every answer is held against the Standard.

    also: abstract syntaxes of the association's other accepted contexts. options: agreed on by extended negotiation.
    """

    abstract_syntax: str
    calling: str = "USER"
    association: int = 1
    also: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    store_status: int | None = 0
    cancel_after: int | None = None
    peer: BuiltInPeer = field(init=False)
    effects: list[Effect] = field(default_factory=list)

    def __post_init__(self) -> None:
        numbers = itertools.count(1)
        self.peer = BuiltInPeer(
            new_uid=lambda: f"2.25.{next(numbers)}", known_destination=lambda title: title in self.destinations
        )

    def send(self, message: str, data: DataSet | None = None, **values: Value) -> list[Effect]:
        """One request; returns the effects, playing cancel and sub-operation answers as told."""
        command = request_of(message, **{"MessageID": 7, **values})
        command = decode_command(encode_command(command.with_values(CommandDataSetType=0x0101 if data is None else 1)))
        context = NegotiatedContext(
            id=1,
            abstract_syntax=self.abstract_syntax,
            proposed=("1.2.840.10008.1.2",),
            result=0,
            transfer_syntax="1.2.840.10008.1.2",
        )
        request = Request(
            context=context,
            command=command,
            identifier=data,
            calling_ae_title=self.calling,
            called_ae_title="PEER",
            association=self.association,
            accepted=frozenset((self.abstract_syntax, *self.also)),
            options=frozenset(self.options),
        )
        generator = self.peer.serve(request)
        seen: list[Effect] = []
        try:
            effect = next(generator)
            while True:
                seen.append(effect)
                effect = generator.send(self._answer(effect, seen))
        except StopIteration:
            pass
        self.effects = seen
        asked_for = {f.rule for f in check_command(command)}  # an answer repeats the request's UIDs, bad or not
        for reply in self.replies:
            answered = decode_command(encode_command(reply.command))
            found = check_command(answered, command, reply.data is not None)
            departures = [f.sentence for f in found if f.rule not in asked_for]
            assert not departures, departures
        return seen

    def _answer(self, effect: Effect, seen: list[Effect]) -> Answer:
        pending = sum(isinstance(e, Reply) for e in seen)
        if isinstance(effect, SubStore):
            return Answer(status=self.store_status)
        if isinstance(effect, Keep):
            return Answer(problem=self.peer.store.add(effect.instance))
        return Answer(cancelled=self.cancel_after is not None and pending >= self.cancel_after)

    @property
    def replies(self) -> list[Reply]:
        return [e for e in self.effects if isinstance(e, Reply)]

    @property
    def status(self) -> int | None:
        return self.final.status

    @property
    def final(self) -> CommandSet:
        return self.replies[-1].command

    @property
    def events(self) -> list[Notify]:
        return [n for r in self.replies for n in r.events]

    @property
    def stores(self) -> list[SubStore]:
        return [e for e in self.effects if isinstance(e, SubStore)]


MakeInstances = Callable[[BuiltInPeer], None]


def hold(peer: BuiltInPeer, *rows: tuple[str, str, str, str, str]) -> None:
    """Give the peer instances: (patient ID, study, series, instance, modality)."""
    from engine.model.dataset import EncodedData

    for patient, study, series, uid, modality in rows:
        attributes = elements(
            (0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2"),
            (0x00080018, "UI", uid),
            (0x00080060, "CS", modality),
            (0x00100010, "PN", f"NAME^{patient}"),
            (0x00100020, "LO", patient),
            (0x0020000D, "UI", study),
            (0x0020000E, "UI", series),
        )
        peer.store.add(
            Instance(
                sop_class_uid="1.2.840.10008.5.1.4.1.1.2",
                sop_instance_uid=uid,
                transfer_syntax="1.2.840.10008.1.2",
                attributes=attributes,
                data=EncodedData(b"", "1.2.840.10008.1.2"),
            )
        )
