"""The redaction of one export: a notice comes in, one comes out that may leave the program.

Everything that is written is made of what comes out, by the same writers as without it. A notice is made anew of the
fields named here (`_KEPT`) and of what the functions below make of others; a field nobody has thought of stays out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from engine.conformance.rules import RULES
from engine.model.association import NegotiatedContext, Peer
from engine.model.command_set import CommandSet
from engine.model.dataset import Data, DataSet, Unkept
from engine.model.notices import (
    AnyNotice,
    AssociationNotice,
    EngineNotice,
    ErrorNotice,
    Evidence,
    FindingNotice,
    ListenerNotice,
    MessageNotice,
    ObjectsNotice,
    PduNotice,
    ProgressNotice,
    ReferencesNotice,
    ScriptNotice,
    StatusNotice,
    StepNotice,
    StoredNotice,
    StorePlanNotice,
)
from engine.model.objects import HeldObject
from engine.model.references import Found, Reference
from engine.model.storing import FileResult, PlannedAssociation, PlannedFile, StorePlan
from engine.trace.diagnosis.model import Diagnosis, Mend, Proof
from engine.trace.explain import PreviewError, data_set_of
from engine.wire.commands import decode_command

from . import associations, pdus, values
from .sentences import Sentences
from .stand_ins import LEFT_OUT, StandIns

_TITLES, _NAMED, _TIMES = ("peer", "sender"), ("patient", "description", "label"), ("claimed", "time")
"""Keys of JSON objects that are no notices: AE titles, what users have named, times of ours."""
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]{8,15}Z")
_TAG = re.compile(r"\([0-9A-Fa-f]{4},[0-9A-Fa-f]{4}\)")

_KEPT: dict[type, tuple[str, ...]] = {
    AssociationNotice: (
        "association", "time", "clock", "phase", "requestor", "rejection", "abort", "outcome", "duration", "listener",
        "cause",
    ),
    PduNotice: (
        "association", "time", "clock", "direction", "type", "size", "state_before", "event", "action", "state_after",
    ),
    MessageNotice: (
        "association", "operation", "time", "clock", "direction", "context_id", "data_length", "duration",
        "unsolicited", "within",
    ),
    StatusNotice: (
        "operation", "association", "time", "clock", "outcome", "service", "message_id", "status",
        "offending_elements", "error_id", "duration", "remaining", "completed", "failed", "warning", "responses",
        "received",
    ),
    ProgressNotice: ("operation", "association", "time", "done", "total", "failed", "warning", "bytes"),
    StepNotice: ("operation", "association", "time", "step", "state", "service", "message_id", "status", "duration"),
    StorePlanNotice: ("operation", "time", "only"),
    ReferencesNotice: ("operation", "time"),
    StoredNotice: ("operation", "association", "time"),
    FindingNotice: ("association", "time", "direction", "rule", "severity", "clause", "operation"),
    ListenerNotice: ("listener", "time", "listening", "port"),
    ObjectsNotice: ("listener", "time", "whole", "on"),
    ScriptNotice: ("association", "time", "rule", "phase", "faults", "service"),
    EngineNotice: ("time", "answers", "seconds"),
    ErrorNotice: ("time", "association", "operation"),
}  # fmt: skip
"""The fields of each notice that are told as they are: numbers, times, words of ours."""


N = TypeVar("N", bound=AnyNotice)


def finding_sentence(rule: str, said: str = "") -> str:
    """What a finding says without what it was found in: the rule, and the elements the sentence names by their tag."""
    row = RULES.get(rule)
    named = dict.fromkeys(_TAG.findall(said))
    unknown = values.hidden([_tag(text) for text in named])
    tags = ", ".join(text for text in named if _tag(text) not in unknown)
    title = f"Not as it should be: {row.title}" if row is not None else "Not as it should be"
    return f"{title}, at {tags}." if tags else f"{title}."


def _tag(text: str) -> int:
    """Of "(gggg,eeee)"."""
    return int(text[1:5] + text[6:10], 16)


def finding_clause(rule: str) -> str:
    """The clause of a rule; "" of one that is not known."""
    row = RULES.get(rule)
    return row.clause if row is not None else ""


class Redaction:
    """Of one export: the same AE title, host, UID or file has the same stand-in all over it."""

    def __init__(self) -> None:
        self.stand_ins = StandIns()
        self._sentences = Sentences(self.stand_ins)

    # -- what is no notice

    def data_set(self, data: DataSet) -> DataSet:
        """Every element, and the values that may be told."""
        for person, text in values.values_of(data):
            self._sentences.learn((text,), apart=person)
        return values.data_set(data, self.stand_ins)

    def command_set(self, command: CommandSet) -> CommandSet:
        """Every element, and the values that may be told."""
        self._sentences.learn(v for e in command for v in _texts(e.value))
        return values.command_set(command, self.stand_ins)

    def command_bytes(self, data: bytes) -> bytes:
        """An encoded command set; b"" of what cannot be read."""
        return pdus.encoded(self.command_set(decode_command(data)))

    def pdu(self, data: bytes, size: int) -> bytes:
        """The bytes of a PDU of `size` bytes; b"" of what is not there as a whole or cannot be read."""
        return pdus.pdu(data, size, self.stand_ins)

    def context(self, context: NegotiatedContext) -> NegotiatedContext:
        """A presentation context as it was answered."""
        return associations.context(context, self.stand_ins, self.sentence)

    def peer(self, peer: Peer) -> Peer:
        """A peer by its stand-ins."""
        return associations.peer(peer, self.stand_ins)

    def sentence(self, text: str, names: dict[str, str] | None = None, *, numbers: bool = True) -> str:
        """A text of words of ours; names: what of it has a stand-in; numbers: whether small ones may be told."""
        return self._sentences.told(text, names, numbers=numbers)

    def lines(self, text: str) -> str:
        """Several lines, each as a sentence."""
        return "\n".join(self.sentence(line) if line.strip() else line for line in text.split("\n"))

    def record(self, value: Any, key: str = "") -> Any:
        """Values of a JSON object that is no notice: numbers and times as they are, AE titles with their stand-in, what
        users have named not at all, other texts as sentences. key: under which the value stands."""
        if isinstance(value, dict):
            return {name: self.record(v, name) for name, v in value.items()}
        if isinstance(value, list | tuple):
            return [self.record(v, key) for v in value]
        if not isinstance(value, str) or not value:
            return value
        if key in _TITLES:
            return self.stand_ins.title(value)
        if key in _NAMED:
            return LEFT_OUT
        return value if key in _TIMES and _TIME.fullmatch(value) else self.sentence(value)

    def diagnosis(self, diagnosis: Diagnosis) -> Diagnosis:
        """The rule and its clause, and what may be told of the rest."""
        say = self.sentence
        return Diagnosis(
            rule=diagnosis.rule,
            title=say(diagnosis.title),
            happened=say(diagnosis.happened),
            cause=say(diagnosis.cause),
            change=say(diagnosis.change),
            clause=diagnosis.clause,
            proofs=tuple(
                Proof(text=say(p.text), association=p.association, time=p.time, sent=p.sent, start=p.start, end=p.end)
                for p in diagnosis.proofs
            ),
            mends=tuple(Mend(m.setting, None, say(m.words)) for m in diagnosis.mends),
            association=diagnosis.association,
            operation=diagnosis.operation,
            peer=say(diagnosis.peer),
        )

    # -- notices

    def learn_as(self, other: Redaction) -> None:
        """The names and IDs another export has learned; stand-ins are each one's own."""
        self._sentences.learn_as(other._sentences)

    def learn(self, message: MessageNotice) -> None:
        """The names and IDs of a message that is not told, so that later sentences do not tell them."""
        self._sentences.learn(v for e in message.command for v in _texts(e.value))
        if message.data is None:
            return
        try:
            found = data_set_of(message.data, message.transfer_syntax, message.limits)
        except PreviewError:
            return
        for person, text in values.values_of(found):
            self._sentences.learn((text,), apart=person)

    def notice(self, notice: N) -> N:
        """The notice that is told instead."""
        kind: type[Any] = type(notice)
        kept = {name: getattr(notice, name) for name in _KEPT[kind]}
        made: N = kind(**kept, **self._makers[kind](self, notice))
        return made

    def _association(self, n: AssociationNotice) -> dict[str, Any]:
        peer = associations.peer(n.peer, self.stand_ins)
        names = {n.peer.host: peer.host, n.peer.ae_title: peer.ae_title, n.peer.name: peer.name}
        names = {name.strip(): stand_in for name, stand_in in names.items() if name.strip()}
        say = self.sentence
        return {
            "peer": peer,
            "proposal": associations.proposal(n.proposal, self.stand_ins) if n.proposal else None,
            "negotiated": associations.negotiated(n.negotiated, self.stand_ins, say) if n.negotiated else None,
            "tls": associations.tls(n.tls, self.stand_ins, say) if n.tls else None,
            "sentence": say(n.sentence, names),
        }

    def _pdu(self, n: PduNotice) -> dict[str, Any]:
        return {"data": pdus.pdu(n.data, n.size, self.stand_ins)}

    def _message(self, n: MessageNotice) -> dict[str, Any]:
        command = decode_command(n.command_bytes) if n.command_bytes else n.command
        told = self.command_set(command)
        return {
            "abstract_syntax": self.stand_ins.uid(n.abstract_syntax),
            "transfer_syntax": self.stand_ins.uid(n.transfer_syntax),
            "command": told,
            "command_bytes": pdus.encoded(told),
            "data": self._data(n),
        }

    def _data(self, n: MessageNotice) -> Data | None:
        if n.data is None:
            return None
        try:
            return self.data_set(data_set_of(n.data, n.transfer_syntax, n.limits))
        except PreviewError:
            return Unkept(b"", n.transfer_syntax, "it could not be read, so that nothing of it is told")

    def _status(self, n: StatusNotice) -> dict[str, Any]:
        names = {n.error_comment.strip(): LEFT_OUT} if n.error_comment.strip() else {}
        self._sentences.learn((n.error_comment,))
        return {
            "sop_class_uid": self.stand_ins.uid(n.sop_class_uid),
            "sentence": self.sentence(n.sentence, names),
            "verdict": self.sentence(n.verdict, names),
            "error_comment": LEFT_OUT if n.error_comment else "",
            "unfinished": tuple(self.stand_ins.path(p) for p in n.unfinished),
            "failed_instances": tuple(self.stand_ins.uid(u) for u in n.failed_instances),
        }

    def _sentence(self, n: ProgressNotice | ErrorNotice | EngineNotice) -> dict[str, Any]:
        return {"sentence": self.sentence(n.sentence)}

    def _step(self, n: StepNotice) -> dict[str, Any]:
        return {
            "name": self.sentence(n.name),
            "sentence": self.sentence(n.sentence),
            "sop_class_uid": self.stand_ins.uid(n.sop_class_uid),
            "sop_instance_uid": self.stand_ins.uid(n.sop_instance_uid),
        }

    def _plan(self, n: StorePlanNotice) -> dict[str, Any]:
        contexts = associations.contexts
        planned = tuple(PlannedAssociation(contexts(a.contexts, self.stand_ins), a.files) for a in n.plan.associations)
        return {"plan": StorePlan(tuple(map(self.planned_file, n.plan.files)), planned, n.plan.options)}

    def planned_file(self, f: PlannedFile) -> PlannedFile:
        """What a plan says of a file."""
        path = self.stand_ins.path(f.path)
        names = {str(f.path): str(path), f.path.name: str(path)} if f.path.name else {}
        return PlannedFile(
            number=f.number,
            path=path,
            state=f.state,
            why=self.sentence(f.why, names),
            note=self.sentence(f.note, names),
            cut=f.cut,
            sop_class_uid=self.stand_ins.uid(f.sop_class_uid),
            sop_instance_uid=self.stand_ins.uid(f.sop_instance_uid),
            transfer_syntax=self.stand_ins.uid(f.transfer_syntax),
            offset=f.offset,
            length=f.length,
            association=f.association,
            contexts=f.contexts,
        )

    def _references(self, n: ReferencesNotice) -> dict[str, Any]:
        uid = self.stand_ins.uid
        told = tuple(
            Reference(
                sop_class_uid=uid(r.sop_class_uid),
                sop_instance_uid=uid(r.sop_instance_uid),
                study_instance_uid=uid(r.study_instance_uid),
                series_instance_uid=uid(r.series_instance_uid),
                source=str(self.stand_ins.path(r.source)) if r.source else "",
            )
            for r in n.found.references
        )
        return {"found": Found(told, tuple(map(self.sentence, n.found.problems)))}

    def _stored(self, n: StoredNotice) -> dict[str, Any]:
        return {"results": tuple(map(self.file_result, n.results))}

    def file_result(self, r: FileResult) -> FileResult:
        """What became of a file."""
        path = self.stand_ins.path(r.path)
        names = {str(r.path): str(path), r.path.name: str(path)} if r.path.name else {}
        return FileResult(
            number=r.number,
            path=path,
            state=r.state,
            sentence=self.sentence(r.sentence, names),
            status=r.status,
            association=r.association,
            context_id=r.context_id,
            transfer_syntax=self.stand_ins.uid(r.transfer_syntax),
        )

    def _finding(self, n: FindingNotice) -> dict[str, Any]:
        return {
            "sentence": finding_sentence(n.rule, f"{n.sentence} {n.evidence.text}"),
            "evidence": Evidence(start=n.evidence.start, end=n.evidence.end),
            "waived": LEFT_OUT if n.waived else "",
        }

    def _listener(self, n: ListenerNotice) -> dict[str, Any]:
        host, title = self.stand_ins.host(n.host), self.stand_ins.title(n.ae_title)
        names = {k.strip(): v for k, v in ((n.host, host), (n.ae_title, title)) if k.strip()}
        return {"host": host, "ae_title": title, "sentence": self.sentence(n.sentence, names)}

    def _objects(self, n: ObjectsNotice) -> dict[str, Any]:
        key = self.stand_ins.key
        held = tuple(map(self.held_object, n.held))
        return {"held": held, "gone": tuple((self.sentence(shelf), key(k)) for shelf, k in n.gone)}

    def held_object(self, h: HeldObject) -> HeldObject:
        """An object of the built-in peer."""
        return HeldObject(
            shelf=self.sentence(h.shelf),
            key=self.stand_ins.key(h.key),
            sop_class_uid=self.stand_ins.uid(h.sop_class_uid),
            sop_instance_uid=self.stand_ins.uid(h.sop_instance_uid),
            attributes=self.data_set(h.attributes),
        )

    def _script(self, n: ScriptNotice) -> dict[str, Any]:
        return {"title": self.sentence(n.title), "script": self.sentence(n.script)}

    _makers: ClassVar[dict[type, Callable[[Redaction, Any], dict[str, Any]]]] = {
        AssociationNotice: _association,
        PduNotice: _pdu,
        MessageNotice: _message,
        StatusNotice: _status,
        ProgressNotice: _sentence,
        StepNotice: _step,
        StorePlanNotice: _plan,
        ReferencesNotice: _references,
        StoredNotice: _stored,
        FindingNotice: _finding,
        ListenerNotice: _listener,
        ObjectsNotice: _objects,
        ScriptNotice: _script,
        EngineNotice: _sentence,
        ErrorNotice: _sentence,
    }
    """What is made of the other fields of each notice."""


def _texts(value: object) -> tuple[str, ...]:
    several = value if isinstance(value, tuple) else (value,)
    return tuple(v for v in several if isinstance(v, str))
