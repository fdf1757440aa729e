"""The built-in peer: every service answered correctly for its SOP class (PS3.7 9.1, 10.1), pure.

`serve` gives a generator of effects for one request; who runs it carries them out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from itertools import chain

from engine.model.commitment import STORAGE_COMMITMENT
from engine.model.dataset import DataSet
from engine.model.emulation import Emulation
from engine.model.limits import Limits
from engine.model.objects import NORMALIZED
from engine.standard.lean import dataclass
from engine.standard.messages import (
    ECHO,
    EVENT_REPORT,
    FIND,
    GET,
    MOVE,
    N_ACTION,
    N_CREATE,
    N_DELETE,
    N_GET,
    N_SET,
    STORE,
)
from engine.standard.performed_steps import MPPS, MPPS_RETRIEVE
from engine.standard.sop_classes import sop_class
from engine.standard.ups import TRANSACTION_UID, UPS_PUSH
from engine.wire.datasets import DataSetError, LimitError, without_path

from . import instances
from .commitment import CommitmentRules
from .effects import Instance, Keep, Notify, Reply, Request, Serving
from .instances import PATIENT_ID, InstanceStore, MemoryStore, entities, instance_from
from .normalized import NormalizedProvider
from .other_rules import display_record, other_rules
from .print_rules import print_rules, printer_records
from .query import (
    DESTINATION_UNKNOWN,
    IDENTIFIER_MISMATCH,
    IdentifierError,
    find,
    find_instances,
    find_records,
    first_of,
    retrieve,
    select,
)
from .responses import CANCEL, SUCCESS, response_to
from .rules import (
    FIRST_NORMALIZED,
    NO_SUCH_SOP_CLASS,
    NOT_SUPPORTED,
    UNRECOGNIZED_OPERATION,
    NormalizedStore,
    Refusal,
    Rules,
    row_of,
)
from .state import Record, State
from .steps import MppsRules, mpps_edited
from .ups import UPS_CLASSES, Subscriptions, UpsRules
from .worklist import sample_worklist

WORKLIST = "1.2.840.10008.5.1.4.31"
OUT_OF_RESOURCES = 0xA700
CANNOT_UNDERSTAND = 0xC000
CLASS_MISMATCH = 0xA900
MORE_THAN_ONE_PATIENT = 0xC100


@dataclass(slots=True)
class BuiltInPeer:
    """Services and state of one listener.

    new_uid: makes UIDs for what the peer creates. known_destination: whether an AE title can be called, for a C-MOVE or
    an event report.
    """

    new_uid: Callable[[], str]
    known_destination: Callable[[str], bool]
    store: InstanceStore = field(default_factory=MemoryStore)
    state: State = field(default_factory=State)
    emulation: Emulation = field(default_factory=Emulation)
    today: str = "20260101"
    """The day the worklist items are scheduled for that are there from the start."""
    limits: Limits = field(default_factory=Limits)
    normalized: NormalizedProvider = field(init=False)
    _ups: UpsRules = field(init=False)
    _handlers: dict[int, Callable[[Request], Serving]] = field(init=False)

    def __post_init__(self) -> None:
        self._ups = UpsRules(self.known_destination, Subscriptions(self.state))
        rules: dict[str, Rules] = {
            **print_rules(self.emulation.printer),
            **other_rules(self._held_class),
            **dict.fromkeys((MPPS, MPPS_RETRIEVE), MppsRules()),
            STORAGE_COMMITMENT: CommitmentRules(self._held_class, self.state, self.emulation.commitment),
            UPS_PUSH: self._ups,
        }
        store = NormalizedStore(self.new_uid, self.state, most=self.limits.objects)
        self.normalized = NormalizedProvider(store, rules, self.limits.objects_size)
        self._handlers = self._served()
        self.set_up()
        for key, item in sample_worklist(self.today).items():
            self.state.worklist.restore(key, Record(WORKLIST, key, item))

    def set_up(self) -> None:
        """Put the well-known instances there, as they are set up to be."""
        for record in (*printer_records(self.emulation.printer), display_record()):
            self.state.normalized.restore(record.sop_instance_uid, record)

    def serve(self, request: Request) -> Serving:
        """Effects that answer one request. An operation nobody knows is answered 0211H (PS3.7 C.5.23)."""
        if withheld := self.emulation.withheld(request.context.abstract_syntax):
            return _refused(request, withheld)
        return self._handlers.get(request.command.command_field or 0, self._unknown)(request)

    def _served(self) -> dict[int, Callable[[Request], Serving]]:
        """What serves each request, by Command Field."""
        return {
            STORE: self._fitting(self._store),
            GET: self._fitting(self._retrieve),
            FIND: self._fitting(self._find),
            MOVE: self._fitting(self._retrieve),
            ECHO: self._echo,
            **dict.fromkeys((EVENT_REPORT, N_GET, N_SET, N_ACTION, N_CREATE, N_DELETE), self.normalized.serve),
        }

    def edited(self, shelf: str, before: Record | None, after: Record | None) -> tuple[Notify, ...]:
        """What is told when an object was changed on our side, not by a peer."""
        if shelf != NORMALIZED or after is None:
            return ()
        if after.sop_class_uid == UPS_PUSH:
            return self._ups.edited(before, after)
        return mpps_edited(before, after) if after.sop_class_uid == MPPS else ()

    def removing(self, shelf: str, record: Record | None) -> str:
        """An object is to be removed on our side: why it must stay (PS3.4 CC.2.3.3), or "", what hangs on it gone."""
        if shelf != NORMALIZED or record is None or record.sop_class_uid != UPS_PUSH:
            return ""
        return self._ups.removing(record)

    def ended(self, association: int) -> None:
        """An association is over: what was made for it alone goes with it."""
        self.normalized.ended(association)

    def _fitting(self, handler: Callable[[Request], Serving]) -> Callable[[Request], Serving]:
        """The handler for requests that fit their presentation context."""

        def serve(request: Request) -> Serving:
            try:
                row_of(request)
            except Refusal as refusal:
                yield Reply(command=response_to(request.command, refusal.status, comment=refusal.comment))
                return
            yield from handler(request)

        return serve

    def _echo(self, request: Request) -> Serving:
        yield Reply(command=response_to(request.command, SUCCESS))

    def _unknown(self, request: Request) -> Serving:
        yield Reply(command=response_to(request.command, UNRECOGNIZED_OPERATION, comment="operation not recognized"))

    def _store(self, request: Request) -> Serving:
        try:
            instance = _checked(request, self.limits)
        except Refusal as refusal:
            beyond = refusal.comment if refusal.status == OUT_OF_RESOURCES else ""
            command = response_to(request.command, refusal.status, comment=refusal.comment)
            yield Reply(command=command, refused=beyond)
            return
        problem = (yield Keep(instance=instance)).problem
        status = OUT_OF_RESOURCES if problem else SUCCESS
        yield Reply(command=response_to(request.command, status, comment=problem))

    def _held_class(self, uid: str) -> str:
        held = self.store.find(uid)
        return held.sop_class_uid if held else ""

    def _find(self, request: Request) -> Serving:
        row = sop_class(request.context.abstract_syntax)
        kind = row.kind if row else ""
        try:
            if request.identifier is None:
                raise IdentifierError("no Identifier")  # noqa: TRY301 - as the others
            if "composite query" in kind:
                matches = find_instances(request, self.store.instances())
            else:
                matches = find_records(request, self._records(request.context.abstract_syntax))
            # the others are made when it is their turn: all together may be gigabytes
            found = yield from first_of(matches, 2)
        except IdentifierError as error:
            yield Reply(command=response_to(request.command, IDENTIFIER_MISMATCH, comment=str(error)))
            return
        if found is None:
            yield Reply(command=response_to(request.command, CANCEL))
            return
        if _is_relevant_patient(request.context.abstract_syntax) and len(found) > 1:
            yield Reply(command=response_to(request.command, MORE_THAN_ONE_PATIENT, comment="more than one match"))
            return
        yield from find(request, chain(found, matches))

    def _records(self, abstract_syntax: str) -> Iterable[DataSet | None]:
        """What a query looks at, made as it does; None now and then (`instances.SLICE`)."""
        if abstract_syntax == WORKLIST:
            return (item.attributes for item in self.state.worklist.values())
        if abstract_syntax in UPS_CLASSES:
            return (_with_uids(r) for r in self.normalized.store.of_class(UPS_PUSH))
        held = self.store.instances()
        if _is_relevant_patient(abstract_syntax):
            return (e for e in entities(held, "PATIENT") if e is None or e.text(PATIENT_ID))
        return _queried(abstract_syntax, held)

    def _retrieve(self, request: Request) -> Serving:
        destination = ""
        if request.command.command_field == MOVE:
            destination = request.command.text("MoveDestination").strip()
            if not self.known_destination(destination):
                comment = f"Move Destination {destination} unknown" if destination else "no Move Destination"
                yield Reply(command=response_to(request.command, DESTINATION_UNKNOWN, comment=comment))
                return
        try:
            chosen = yield from select(request, self.store.instances())
        except IdentifierError as error:
            yield Reply(command=response_to(request.command, IDENTIFIER_MISMATCH, comment=str(error)))
            return
        yield from retrieve(request, chosen, destination)


def _refused(request: Request, why: str) -> Serving:
    """An emulator was switched off while the association was open: as if its SOP class were not there."""
    status = NO_SUCH_SOP_CLASS if (request.command.command_field or 0) >= FIRST_NORMALIZED else NOT_SUPPORTED
    yield Reply(command=response_to(request.command, status, comment=why))


def _checked(request: Request, limits: Limits) -> Instance:
    """The instance of a C-STORE. Raises Refusal with a status of PS3.4 B.2.3."""
    class_uid, uid = request.command.sop_class_uid, request.command.sop_instance_uid
    if request.data is None:
        raise Refusal(CANNOT_UNDERSTAND, "no Data Set")
    if not uid:  # all of them would be one instance
        raise Refusal(CANNOT_UNDERSTAND, "no Affected SOP Instance UID")
    if isinstance(given := request.command.get("AffectedSOPInstanceUID"), tuple) and len(given) > 1:
        raise Refusal(CANNOT_UNDERSTAND, f"Affected SOP Instance UID has {len(given)} values")
    try:
        instance = instance_from(class_uid, uid, request.data, limits)
    except DataSetError as error:
        ours = isinstance(error, LimitError) or isinstance(error.__cause__, OSError)  # its file cannot be read
        status = OUT_OF_RESOURCES if ours else CANNOT_UNDERSTAND
        raise Refusal(status, without_path(error, request.data)) from None
    if instance.attributes.texts(0x00080018) != (uid,) or instance.attributes.texts(0x00080016) != (class_uid,):
        raise Refusal(CLASS_MISMATCH, "SOP Class or Instance UID of Data Set and command differ")
    return instance


def _with_uids(record: Record) -> DataSet:
    """A UPS as its query sees it: with its SOP UIDs, without its lock (PS3.4 CC.2.8)."""
    attributes = record.attributes.without(TRANSACTION_UID)
    return attributes.put(0x00080016, "UI", UPS_PUSH).put(0x00080018, "UI", record.sop_instance_uid)


def _is_relevant_patient(abstract_syntax: str) -> bool:
    row = sop_class(abstract_syntax)
    return row is not None and row.service_class.startswith("Relevant Patient")


def _queried(abstract_syntax: str, held: Iterable[Instance]) -> Iterator[DataSet | None]:
    for number, instance in enumerate(held, 1):
        if is_queried(abstract_syntax, instance):
            yield instance.attributes
        if number % instances.SLICE == 0:
            yield None


def is_queried(abstract_syntax: str, instance: Instance) -> bool:
    """Whether a non-patient query looks at this stored instance.

    Such a model queries the instances of its own family (hanging protocols, palettes, implants ...), told by the words
    both names begin with.
    """
    query, stored = sop_class(abstract_syntax), sop_class(instance.sop_class_uid)
    if query is None or stored is None:
        return False
    return stored.name.startswith(query.name.split(" Information Model")[0])
