"""What the normalized services' own rules say, as far as one association shows it (PS3.4 F, H, J, S, CC)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import ClassVar, TypeVar

from engine.model.association import Negotiated
from engine.model.command_set import STATUS
from engine.model.dataset import DataSet
from engine.standard.elements import BY_KEYWORD
from engine.standard.status import StatusClass

from .findings import Finding
from .message import Message

REMEMBERED = 1024
"""Instances and transactions remembered on an association."""
MPPS, COMMITMENT = "1.2.840.10008.3.1.2.3.3", "1.2.840.10008.1.20.1"
UPS = "1.2.840.10008.5.1.4.34.6.1"
FILM_SESSION, FILM_BOX, PRINT_JOB = "1.2.840.10008.5.1.1.1", "1.2.840.10008.5.1.1.2", "1.2.840.10008.5.1.1.14"
MEDIA_CREATION = "1.2.840.10008.5.1.1.33"
_CLASS = (BY_KEYWORD["AffectedSOPClassUID"].tag, BY_KEYWORD["RequestedSOPClassUID"].tag)
_INSTANCE = (BY_KEYWORD["AffectedSOPInstanceUID"].tag, BY_KEYWORD["RequestedSOPInstanceUID"].tag)
_ACTION, _EVENT = BY_KEYWORD["ActionTypeID"].tag, BY_KEYWORD["EventTypeID"].tag
_ATTRIBUTES = BY_KEYWORD["AttributeIdentifierList"].tag
_TRANSACTION, _REFERENCED, _FAILED = 0x00081195, 0x00081199, 0x00081198
_REFERENCED_INSTANCE = 0x00081155
_MPPS_STATUS, _UPS_STATE = 0x00400252, 0x00741000
_PRINT_JOBS = 0x21000500
_SUCCESS = StatusClass.SUCCESS
_DONE = (_SUCCESS, StatusClass.WARNING)
_FINAL = ("COMPLETED", "DISCONTINUED")
T = TypeVar("T")
_Rule = Callable[["Workflow", Message, Message], Iterable[Finding]]


class Workflow:
    """What was created, set and asked for on one association."""

    def __init__(self) -> None:
        self.negotiated: Negotiated | None = None
        self._mpps: dict[str, str] = {}
        self._transactions: dict[str, set[str]] = {}
        self._committed: dict[str, None] = {}
        self._session = ""
        self._film_box = ""

    def judge(self, m: Message) -> list[Finding]:
        """A whole message of a DIMSE-N service."""
        request = m if m.kind == "request" else m.operation.request if m.operation else None
        if request is None:
            return []
        rules = self._RULES.get((_first(request, _CLASS), m.name), ())
        return [finding for rule in rules for finding in rule(self, m, request)]

    # -- modality performed procedure step

    def _mpps_create(self, m: Message, request: Message) -> Iterator[Finding]:
        state = _text(m.data_set, _MPPS_STATUS)
        if m.data_set is not None and state != "IN PROGRESS":
            sentence = f"The step is created with the status {state or '(none)'}, not IN PROGRESS."
            yield m.about("workflow.mpps-created", sentence)

    def _mpps_created(self, m: Message, request: Message) -> Iterator[Finding]:
        if m.status_class is not _SUCCESS:
            return
        state = _text(request.data_set, _MPPS_STATUS)
        _remember(self._mpps, _first(request, _INSTANCE) or _first(m, _INSTANCE), state)
        if request.data_set is not None and state != "IN PROGRESS":
            sentence = f"A step with the status {state or '(none)'} was created."
            yield m.about("workflow.mpps-created-accepted", sentence, STATUS)

    def _mpps_set(self, m: Message, request: Message) -> Iterator[Finding]:
        state = self._mpps.get(_first(m, _INSTANCE), "")
        if state in _FINAL:
            yield m.about("workflow.mpps-final", f"The step is {state}; it cannot be set any more.", _INSTANCE[1])

    def _mpps_was_set(self, m: Message, request: Message) -> Iterator[Finding]:
        uid = _first(request, _INSTANCE)
        before = self._mpps.get(uid, "")
        if m.status_class is not _SUCCESS:
            return
        if before in _FINAL:
            yield m.about("workflow.mpps-final-accepted", f"The step was {before}, and was set all the same.", STATUS)
        elif state := _text(request.data_set, _MPPS_STATUS):
            _remember(self._mpps, uid, state)

    # -- storage commitment

    def _commitment_request(self, m: Message, request: Message) -> Iterator[Finding]:
        data = m.data_set
        uid = _text(data, _TRANSACTION)
        if uid in self._committed:
            sentence = f"The transaction {uid} was reported before."
            yield m.about("workflow.commitment-reused", sentence)
        if data is not None and uid:
            _remember(self._transactions, uid, _instances(data, _REFERENCED))

    def _commitment_report(self, m: Message, request: Message) -> Iterator[Finding]:
        data, event = m.data_set, m.number(_EVENT)
        if data is None:
            return
        uid, failed = _text(data, _TRANSACTION), data.find(_FAILED) is not None
        if not uid:
            yield m.about("workflow.commitment-transaction", "The report has no Transaction UID (0008,1195).")
        if event == 1 and failed:
            yield m.about("workflow.commitment-event", "Event 1 (all committed) lists failed instances.", _EVENT)
        elif event == 2 and not failed:
            yield m.about("workflow.commitment-event", "Event 2 (failures) lists no failed instance.", _EVENT)
        asked = self._transactions.get(uid, set())
        missing = asked - _instances(data, _REFERENCED) - _instances(data, _FAILED)
        if missing:
            sentence = f"{len(missing)} of {len(asked)} instances are not told of, {min(missing)} for one."
            yield m.about("workflow.commitment-instances", sentence)
        if uid:
            self._transactions.pop(uid, None)
            _remember(self._committed, uid, None)

    # -- unified procedure step

    def _ups_create(self, m: Message, request: Message) -> Iterator[Finding]:
        state = _text(m.data_set, _UPS_STATE)
        if m.data_set is not None and state != "SCHEDULED":
            sentence = f"The UPS is created in the state {state or '(none)'}, not SCHEDULED."
            yield m.about("workflow.ups-created", sentence)

    def _ups_set(self, m: Message, request: Message) -> Iterator[Finding]:
        if m.data_set is not None and m.data_set.find(_UPS_STATE) is not None:
            sentence = "N-SET carries the Procedure Step State (0074,1000); N-ACTION (Change UPS State) changes it."
            yield m.about("workflow.ups-set-state", sentence)

    def _ups_action(self, m: Message, request: Message) -> Iterator[Finding]:
        change = m.number(_ACTION) == 1
        if change and m.data_set is not None and not _text(m.data_set, _TRANSACTION):
            sentence = "The state is to be changed without a Transaction UID (0008,1195)."
            yield m.about("workflow.ups-transaction", sentence)

    def _ups_get(self, m: Message, request: Message) -> Iterator[Finding]:
        value = m.command.get(_ATTRIBUTES)
        if _TRANSACTION in (value if isinstance(value, tuple) else (value,)):
            sentence = "The Transaction UID (0008,1195) is asked for; it is never told."
            yield m.about("workflow.ups-get-transaction", sentence, _ATTRIBUTES)

    # -- print

    def _session_create(self, m: Message, request: Message) -> Iterator[Finding]:
        if self._session:
            sentence = f"A second film session is asked for; {self._session} is there."
            yield m.about("workflow.print-session", sentence)

    def _session_created(self, m: Message, request: Message) -> Iterable[Finding]:
        if m.status_class in _DONE:
            self._session = _first(m, _INSTANCE) or _first(request, _INSTANCE) or "one"
        return ()

    def _session_deleted(self, m: Message, request: Message) -> Iterable[Finding]:
        if m.status_class in _DONE:
            self._session = self._film_box = ""
        return ()

    def _box_create(self, m: Message, request: Message) -> Iterator[Finding]:
        if not self._session:
            yield m.about("workflow.print-order", "A film box is asked for, but there is no film session.")

    def _box_created(self, m: Message, request: Message) -> Iterable[Finding]:
        if m.status_class in _DONE:
            self._film_box = _first(m, _INSTANCE) or _first(request, _INSTANCE)
        return ()

    def _box_deleted(self, m: Message, request: Message) -> Iterable[Finding]:
        if m.status_class in _DONE:
            self._film_box = ""
        return ()

    def _box_used(self, m: Message, request: Message) -> Iterator[Finding]:
        uid = _first(m, _INSTANCE)
        if self._film_box and uid and uid != self._film_box:
            sentence = f"{m.name} is for the film box {uid}; the last one created is {self._film_box}."
            yield m.about("workflow.print-film-box", sentence, _INSTANCE[1])

    def _printed(self, m: Message, request: Message) -> Iterator[Finding]:
        contexts = self.negotiated.contexts if self.negotiated else ()
        if m.status_class not in _DONE or not any(c.accepted and c.abstract_syntax == PRINT_JOB for c in contexts):
            return
        if not m.has_data or (m.data_set is not None and not m.data_set.items(_PRINT_JOBS)):
            sentence = "Print Job is negotiated, but no Referenced Print Job Sequence (2100,0500) is answered."
            yield m.about("workflow.print-job", sentence)

    # -- media creation

    def _media_created(self, m: Message, request: Message) -> Iterator[Finding]:
        if m.status_class is StatusClass.WARNING:
            yield m.about("workflow.media-creation", "The media creation request is answered with Warning.", STATUS)

    _RULES: ClassVar[dict[tuple[str, str], tuple[_Rule, ...]]] = {
        (MPPS, "N-CREATE-RQ"): (_mpps_create,),
        (MPPS, "N-CREATE-RSP"): (_mpps_created,),
        (MPPS, "N-SET-RQ"): (_mpps_set,),
        (MPPS, "N-SET-RSP"): (_mpps_was_set,),
        (COMMITMENT, "N-ACTION-RQ"): (_commitment_request,),
        (COMMITMENT, "N-EVENT-REPORT-RQ"): (_commitment_report,),
        (UPS, "N-CREATE-RQ"): (_ups_create,),
        (UPS, "N-SET-RQ"): (_ups_set,),
        (UPS, "N-ACTION-RQ"): (_ups_action,),
        (UPS, "N-GET-RQ"): (_ups_get,),
        (FILM_SESSION, "N-CREATE-RQ"): (_session_create,),
        (FILM_SESSION, "N-CREATE-RSP"): (_session_created,),
        (FILM_SESSION, "N-DELETE-RSP"): (_session_deleted,),
        (FILM_SESSION, "N-ACTION-RSP"): (_printed,),
        (FILM_BOX, "N-CREATE-RQ"): (_box_create,),
        (FILM_BOX, "N-CREATE-RSP"): (_box_created,),
        (FILM_BOX, "N-SET-RQ"): (_box_used,),
        (FILM_BOX, "N-ACTION-RQ"): (_box_used,),
        (FILM_BOX, "N-DELETE-RQ"): (_box_used,),
        (FILM_BOX, "N-DELETE-RSP"): (_box_deleted,),
        (FILM_BOX, "N-ACTION-RSP"): (_printed,),
        (MEDIA_CREATION, "N-CREATE-RSP"): (_media_created,),
    }
    """By SOP class and message."""


def _first(m: Message, tags: tuple[int, ...]) -> str:
    """The first of these elements that has text."""
    return next((text for tag in tags if (text := m.text(tag))), "")


def _text(data: DataSet | None, tag: int) -> str:
    return data.text(tag).strip() if data is not None else ""


def _instances(data: DataSet, tag: int) -> set[str]:
    return {item.text(_REFERENCED_INSTANCE) for item in data.items(tag)} - {""}


def _remember(table: dict[str, T], key: str, value: T) -> None:
    table.pop(key, None)
    table[key] = value
    if len(table) > REMEMBERED:
        del table[next(iter(table))]
