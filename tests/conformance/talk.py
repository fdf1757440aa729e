"""A conversation on one association, said PDU by PDU to a watcher."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from engine.conformance.watcher import Verdict, Watcher
from engine.model.association import APPLICATION_CONTEXT
from engine.model.command_set import CommandSet, Value
from engine.model.dataset import DataElement, DataSet
from engine.model.notices import Direction
from engine.protocol.negotiation import outcome
from engine.standard.dictionary import attribute_by_keyword
from engine.standard.messages import MESSAGES
from engine.standard.pdus import (
    AbortPdu,
    AbstractSyntax,
    ApplicationContext,
    AssociateAC,
    AssociateRJ,
    AssociateRQ,
    ImplementationClassUID,
    Item,
    MaximumLength,
    PDataTF,
    Pdu,
    Pdv,
    PresentationContextAC,
    PresentationContextRQ,
    ReleaseRP,
    ReleaseRQ,
    TransferSyntax,
    UserInformation,
)
from engine.wire.commands import encode_command
from engine.wire.datasets import encode_dataset
from engine.wire.pdus import encode_pdu

VERIFICATION = "1.2.840.10008.1.1"
CT = "1.2.840.10008.5.1.4.1.1.2"
PATIENT_FIND = "1.2.840.10008.5.1.4.1.2.1.1"
STUDY_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
STUDY_MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
STUDY_GET = "1.2.840.10008.5.1.4.1.2.2.3"
MPPS = "1.2.840.10008.3.1.2.3.3"
COMMITMENT, COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1"
UPS_PUSH = "1.2.840.10008.5.1.4.34.6.1"
UPS_PULL = "1.2.840.10008.5.1.4.34.6.3"
PRINT, FILM_SESSION, FILM_BOX = "1.2.840.10008.5.1.1.9", "1.2.840.10008.5.1.1.1", "1.2.840.10008.5.1.1.2"
PRINT_JOB = "1.2.840.10008.5.1.1.14"
MEDIA = "1.2.840.10008.5.1.1.33"
IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
NO_DATA = 0x0101
SENT, RECEIVED = Direction.SENT, Direction.RECEIVED
USER = (MaximumLength(maximum_length_received=16384), ImplementationClassUID(uid="1.2.3"))
CONTEXTS = (
    VERIFICATION, CT, STUDY_FIND, STUDY_MOVE, STUDY_GET, MPPS, COMMITMENT, UPS_PUSH, PRINT, PRINT_JOB, MEDIA,
    PATIENT_FIND, UPS_PULL,
)  # fmt: skip


def data_set(**values: str | Iterable[DataSet]) -> DataSet:
    """A data set from keywords; sequences from data sets."""
    elements = []
    for keyword, value in values.items():
        row = attribute_by_keyword(keyword)
        assert row is not None, keyword
        content = tuple(value.split("\\")) if isinstance(value, str) else tuple(value)
        elements.append(DataElement(row.tag, "SQ" if not isinstance(value, str) else row.vr, content))  # type: ignore[arg-type]
    return DataSet(tuple(sorted(elements, key=lambda e: e.tag)))


def command(name: str, **values: Value) -> CommandSet:
    """A message by its name; a request's Message ID is 1, what a response answers too."""
    row = MESSAGES[name]
    values.setdefault("CommandField", row.command_field)
    values.setdefault("MessageID" if row.kind == "request" else "MessageIDBeingRespondedTo", 1)
    if row.kind == "response":
        values.setdefault("Status", 0)
    return CommandSet.of(**{k: v for k, v in values.items() if v is not None})


class Talk:
    """What the requestor (we) and the acceptor say. `found` is what the watcher told, in order."""

    def __init__(self, *items: Item, established: bool = True, requestor: bool = True, syntax: str = IMPLICIT) -> None:
        self.watcher = Watcher(requestor)
        self.requestor = requestor
        self.syntax = syntax
        self.verdicts: list[Verdict] = []
        self.rq = AssociateRQ(called_ae_title="CALLED", calling_ae_title="CALLING", items=self._items(items))
        answers = tuple(
            PresentationContextAC(id=2 * n + 1, items=(TransferSyntax(name=syntax),)) for n in range(len(CONTEXTS))
        )
        user = UserInformation(items=(*USER, *items))
        self.ac = AssociateAC(
            called_ae_title="CALLED",
            calling_ae_title="CALLING",
            items=(ApplicationContext(name=APPLICATION_CONTEXT), *answers, user),
        )
        if established:
            self.requests(self.rq)
            self.answers(self.ac)
            self.watcher.established(outcome(self.rq, self.ac))

    def _items(self, user: tuple[Item, ...]) -> tuple[Item, ...]:
        syntaxes = tuple(TransferSyntax(name=s) for s in dict.fromkeys((IMPLICIT, self.syntax)))
        contexts = (
            PresentationContextRQ(id=2 * n + 1, items=(AbstractSyntax(name=uid), *syntaxes))
            for n, uid in enumerate(CONTEXTS)
        )
        application = ApplicationContext(name=APPLICATION_CONTEXT)
        return (application, *contexts, UserInformation(items=(*USER, *user)))

    @property
    def found(self) -> list[str]:
        return [v.finding.rule for v in self.verdicts]

    # -- PDUs

    def requests(self, pdu: Pdu | bytes) -> None:
        """The requestor sends a PDU."""
        self.pass_by(True, pdu)

    def answers(self, pdu: Pdu | bytes) -> None:
        """The acceptor sends one."""
        self.pass_by(False, pdu)

    def pass_by(self, by_requestor: bool, pdu: Pdu | bytes) -> None:
        data = pdu if isinstance(pdu, bytes) else encode_pdu(pdu)
        direction = SENT if by_requestor is self.requestor else RECEIVED
        self.verdicts += self.watcher.pdu(direction, (data,))

    def release(self) -> None:
        self.requests(ReleaseRQ())
        self.answers(ReleaseRP())

    # -- messages

    def ask(self, command: CommandSet, data: DataSet | bytes | None = None, context: str = "") -> None:
        """The requestor sends a message."""
        self.say(True, command, data, context)

    def answer(self, command: CommandSet, data: DataSet | bytes | None = None, context: str = "") -> None:
        """The acceptor sends one."""
        self.say(False, command, data, context)

    def say(self, by_requestor: bool, command: CommandSet, data: DataSet | bytes | None, context: str) -> None:
        for pdv in self.pdvs(command, data, context):
            self.pass_by(by_requestor, PDataTF(pdvs=(pdv,)))

    def pdvs(self, command: CommandSet, data: DataSet | bytes | None = None, context: str = "") -> list[Pdv]:
        """A message in two fragments at most."""
        number = number_of(context or context_of(command.sop_class_uid))
        if command.find("CommandDataSetType") is None:
            command = command.with_values(CommandDataSetType=NO_DATA if data is None else 0)
        pdvs = [Pdv(context_id=number, control=3, fragment=encode_command(command))]
        if data is not None:
            encoded = data if isinstance(data, bytes) else encode_dataset(data, self.syntax)
            pdvs.append(Pdv(context_id=number, control=2, fragment=encoded))
        return pdvs


def context_of(uid: str) -> str:
    """The abstract syntax through which a SOP class's messages go."""
    return PRINT if uid in (FILM_SESSION, FILM_BOX) else uid or VERIFICATION


def number_of(context: str) -> int:
    """Presentation context ID of an abstract syntax."""
    return 2 * CONTEXTS.index(context) + 1


ECHO = command("C-ECHO-RQ", AffectedSOPClassUID=VERIFICATION)
ECHOED = command("C-ECHO-RSP", AffectedSOPClassUID=VERIFICATION)
ABORT, REJECT = AbortPdu(), AssociateRJ()
PROVIDER_ABORT = AbortPdu(source=2, reason=2)

Script = Callable[[Talk], object]
Case = tuple[Callable[[], Talk], Callable[[], Talk]]
"""A conversation that breaks a rule, and one that keeps it."""


def new(t: Talk) -> Talk:
    """A connection on which nothing has been said."""
    return Talk(established=False)


def asked(t: Talk) -> Talk:
    fresh = new(t)
    fresh.requests(fresh.rq)
    return fresh


def say(*steps: Script, start: Callable[[Talk], Talk] = lambda t: t) -> Callable[[], Talk]:
    """A conversation of these steps."""

    def run() -> Talk:
        talk = start(Talk())
        for step in steps:
            step(talk)
        return talk

    return run


def echo(t: Talk) -> None:
    t.ask(ECHO)
    t.answer(ECHOED)
