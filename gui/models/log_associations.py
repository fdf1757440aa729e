"""The rows of an association's own events: opened, released, aborted, failed."""

from __future__ import annotations

from dataclasses import replace

from engine.model.association import Peer
from engine.model.notices import FINAL_PHASES, AssociationNotice, AssociationPhase
from engine.standard.codes import explain_code, reject_reason

from .log_store import Class, Kind, LogStore, Shape

_P = AssociationPhase

_CLASSES = {
    _P.CONNECTING: Class.WAITING,
    _P.NEGOTIATING: Class.WAITING,
    _P.ESTABLISHED: Class.SUCCESS,
    _P.REJECTED: Class.FAILURE,
    _P.RELEASING: Class.WAITING,
    _P.RELEASED: Class.SUCCESS,
    _P.ABORTED: Class.FAILURE,
    _P.FAILED: Class.FAILURE,
}
_OPENING = (_P.CONNECTING, _P.NEGOTIATING, _P.ESTABLISHED, _P.REJECTED)
_ENDINGS = {_P.RELEASING: "A-RELEASE", _P.RELEASED: "A-RELEASE", _P.ABORTED: "A-ABORT", _P.FAILED: "Connection"}


_PROVIDER = 2


class AssociationRows:
    """One row from CONNECTING to the answer, one for the end."""

    def __init__(self, store: LogStore) -> None:
        self._store = store
        self._opening: dict[int, int] = {}
        self._ending: dict[int, int] = {}
        self._said: dict[int, str] = {}
        """Last sentence of associations that have not been forgotten."""

    def tells(self, association: int, sentence: str) -> bool:
        """Whether a row of this association already says this sentence."""
        return bool(sentence) and self._said.get(association) == sentence

    def take(self, notice: AssociationNotice) -> set[int]:
        """Returns the numbers of the rows added or changed."""
        number = self._row(notice)
        shape = self._store.shape(number)
        changed = replace(shape, klass=_class(notice), word=notice.phase.value, meaning=_meaning(notice))
        self._store.set_shape(number, changed)
        if notice.duration is not None and notice.phase in _OPENING:
            self._store.set_duration(number, notice.duration)
        detail = _detail(notice)
        if detail:
            self._store.set_detail(number, detail)
        if notice.sentence:
            self._said[notice.association] = notice.sentence
        if notice.phase in FINAL_PHASES:
            self._opening.pop(notice.association, None)
            self._ending.pop(notice.association, None)
        if len(self._said) > 1000:  # sentences are only compared with the status that follows at once
            del self._said[next(iter(self._said))]
        return {number}

    def _row(self, notice: AssociationNotice) -> int:
        association = notice.association
        opening = self._opening.get(association, -1)
        never_open = opening in self._store and self._store.shape(opening).klass is Class.WAITING
        if notice.phase in _OPENING or (never_open and notice.phase in (_P.FAILED, _P.ABORTED)):
            number = opening if opening in self._store else self._add(notice, "A-ASSOCIATE")
            self._opening[association] = number
            return number
        number = self._ending.get(association, -1)
        if number not in self._store:
            number = self._add(notice, _ENDINGS[notice.phase])
        elif notice.phase not in (_P.RELEASING, _P.RELEASED):
            self._store.set_shape(number, replace(self._store.shape(number), service=_ENDINGS[notice.phase]))
        self._ending[association] = number
        return number

    def _add(self, notice: AssociationNotice, service: str) -> int:
        # Who opened it is known; who ended it is not in the phase, so an end has no arrow.
        sent = notice.requestor if service == "A-ASSOCIATE" else None
        shape = Shape(Kind.ASSOCIATION, Class.WAITING, service, sent)
        return self._store.add(shape, notice.time, notice.association)


def _class(notice: AssociationNotice) -> Class:
    negotiated = notice.negotiated
    if notice.phase is _P.ESTABLISHED and negotiated is not None and not any(c.accepted for c in negotiated.contexts):
        return Class.WARNING
    return _CLASSES[notice.phase]


def _detail(notice: AssociationNotice) -> str:
    """The sentence; of an association that can be used, who is on the other side."""
    negotiated = notice.negotiated
    if notice.phase is not _P.ESTABLISHED or negotiated is None or _class(notice) is Class.WARNING:
        return notice.sentence
    name = negotiated.peer_implementation_version_name or negotiated.peer_implementation_class_uid
    length = negotiated.send_maximum
    limit = f"takes P-DATA-TF up to {length:,} bytes" if length else "takes P-DATA-TF of any length"
    return " · ".join(p for p in (peer_text(notice.peer), name, limit) if p)


def peer_text(peer: Peer) -> str:
    """ "Orthanc (ORTHANC @ 127.0.0.1:4242)"; the name is left out where it is the title."""
    host = f"[{peer.host}]" if ":" in peer.host else peer.host
    address = f"{peer.ae_title} @ {host}:{peer.port}"
    return f"{peer.name} ({address})" if peer.name and peer.name != peer.ae_title else address


def _meaning(notice: AssociationNotice) -> str:
    if notice.rejection is not None:
        result, source, reason = notice.rejection
        return f"{explain_code('reject_result', result)}, {reject_reason(source, reason)}"
    if notice.abort is not None:
        source, reason = notice.abort
        by = f"by {explain_code('abort_source', source)}"
        # The reason only counts when the provider is the source (PS3.8 9.3.8).
        return f"{explain_code('abort_reason', reason)}, {by}" if source == _PROVIDER else by
    if notice.phase is _P.ESTABLISHED and notice.negotiated is not None:
        contexts = notice.negotiated.contexts
        taken = sum(c.accepted for c in contexts)
        return f"{taken} of {len(contexts)} presentation context{'s' if len(contexts) != 1 else ''}"
    if notice.phase is _P.FAILED and notice.outcome is not None:
        return notice.outcome.value
    return _OUTLOOK.get(notice.phase, "")


_OUTLOOK = {
    _P.CONNECTING: "Opening the connection",
    _P.NEGOTIATING: "Waiting for the answer",
    _P.RELEASING: "Waiting for the answer",
}
