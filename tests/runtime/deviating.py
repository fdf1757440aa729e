"""Operations of our own user side and of DCMTK's against a built-in peer that departs from the Standard on purpose."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from engine.model.association import AsyncWindow, Policy, Role, Timeouts, UserIdentity
from engine.model.commands import MoveDestination, OneShot, Outgoing, Retrieve
from engine.model.dataset import FileData
from engine.model.faults import Phase
from engine.model.notices import (
    AssociationNotice,
    Direction,
    FindingNotice,
    ListenerNotice,
    Outcome,
    ScriptNotice,
    StatusNotice,
)
from engine.model.scripting import Deviation, Rule, Script, Value, When
from tests.interop.samples import Sample
from tests.runtime.console import (
    CT,
    EXPLICIT,
    HOST,
    STUDY_GET,
    STUDY_MOVE,
    WORKLIST,
    Console,
    contexts,
    echo_rq,
    find_rq,
    keys,
    proposal,
    store_rq,
)

FAST = Timeouts(connect=5.0, acse=1.0, dimse=1.0, artim=1.0)
"""For scenes in which whatever may expire."""
LONG = Timeouts(connect=20.0, acse=20.0, dimse=20.0, artim=5.0)
"""Where something else than a time-out has to come, however busy the machine is."""
OURS = replace(LONG, artim=1.0)
"""The same for a requestor, whose ARTIM only closes what it has given up."""
SHORT = 2.0
"""Seconds of the one time-out that has to come."""
DCMTK_SECONDS, DCMTK_LONG = 2, 15
SERVICES = frozenset({"find", "store", "get", "move"})
WITHIN = 30.0
"""Seconds after which a peer counts as hanging."""


def waits(outcome: Outcome | None, phase: Phase | None) -> Timeouts:
    """Ours where a fault in this phase has to end so (None: nobody knows how): only what has to expire is short."""
    ends = outcome in (None, Outcome.TIMED_OUT)
    if phase is Phase.RELEASE or (ends and phase in (Phase.CONNECT, Phase.ASSOCIATION)):
        return replace(OURS, acse=SHORT)
    return replace(OURS, dimse=SHORT) if ends else OURS


def script(fault: str, *, phase: Phase | None = None, when: When | None = None, **values: Value) -> Script:
    """One rule of one fault."""
    deviation = Deviation.of(fault, **values)
    rule = Rule(phase=phase or deviation.row.phases[0], then=(deviation,), when=when or When())
    return Script(title=fault, rules=(rule,))


@dataclass
class Stage:
    """A deviating peer, a move destination, and who talks to them."""

    console: Console
    archive: list[Sample]
    folder: Path
    target: ListenerNotice = field(init=False)
    peer: ListenerNotice = field(init=False)

    def listen(self, script: Script | None, timeouts: Timeouts = LONG) -> ListenerNotice:
        """The peer, with the archive in its folder when there is one. timeouts: its own."""
        policy = Policy(timeouts=timeouts)
        self.target = self.console.listen(policy=policy)
        destinations = (MoveDestination(ae_title="TARGET", host=HOST, port=self.target.port),)
        settings: dict[str, Any] = {"policy": policy, "destinations": destinations, "script": script}
        self.peer = self.console.listen(self.folder, **settings)
        return self.peer

    def stocked(self, script: Script | None) -> ListenerNotice:
        """The peer with the whole archive in its folder."""
        self.folder.mkdir()
        for sample in self.archive:
            shutil.copy(sample.path, self.folder / sample.path.name)
        return self.listen(script)

    # -- ours

    def ours(
        self, operation: str, script: Script | None = None, port: int | None = None, timeouts: Timeouts = LONG
    ) -> StatusNotice:
        """Run an operation of our user side to its end."""
        where = replace(self.peer, port=port) if port else self.peer
        status = self.console.run(self._command(operation, where, script, timeouts), WITHIN)
        if status.association:
            self.console.wait(
                AssociationNotice, lambda n: n.association == status.association and n.outcome is not None, WITHIN
            )
        return status

    def _command(self, operation: str, where: ListenerNotice, script: Script | None, timeouts: Timeouts = LONG) -> Any:
        base = proposal(where, timeouts=timeouts, script=script)
        if operation in ("get", "move"):
            return self._retrieve(operation, base)
        first = self.archive[0]
        messages: dict[str, tuple[str, Outgoing]] = {
            "find": (WORKLIST, find_rq(WORKLIST, keys(PatientName="", PatientID="", SpecificCharacterSet=""))),
            "store": (first.sop_class_uid, store_rq(first.sop_class_uid, first.sop_instance_uid, _data(first))),
        }
        uid, message = messages.get(operation, ("", echo_rq()))
        if uid:
            base = replace(base, contexts=contexts(uid))
        if operation == "window":
            base = replace(base, async_window=AsyncWindow(3, 1))
        if operation == "roles":
            base = replace(base, contexts=contexts(CT, role=Role.BOTH) + contexts(CT, "1.2.840.10008.1.1")[1:])
        if operation == "identity":
            base = replace(base, user_identity=UserIdentity(1, b"me", positive_response_requested=True))
        return self._shot(base, message)

    def _shot(self, base: Any, message: Outgoing) -> Any:
        new = self.console.new_id
        return OneShot(association=new(), operation=new(), proposal=base, messages=(message,))

    def _retrieve(self, operation: str, base: Any) -> Retrieve:
        study = self.archive[0].study_uid
        wanted = (STUDY_GET, CT) if operation == "get" else (STUDY_MOVE,)
        made = contexts(*wanted)
        if operation == "get":
            made = (made[0], replace(made[1], role=Role.SCP, transfer_syntaxes=(EXPLICIT,)))
        return Retrieve(
            operation=self.console.new_id(),
            association=self.console.new_id(),
            proposal=replace(base, contexts=made),
            service="C-GET" if operation == "get" else "C-MOVE",
            sop_class_uid=wanted[0],
            identifier=keys(QueryRetrieveLevel="STUDY", StudyInstanceUID=study),
            move_destination="TARGET",
        )

    def end_of(self, association: int) -> AssociationNotice:
        return self.console.ended(association, WITHIN)

    def findings(self, status: StatusNotice) -> list[str]:
        """Rules that what the peer sent on the operation's association departs from."""
        told = self.console.of(
            FindingNotice,
            lambda n: n.association == status.association and n.direction is Direction.RECEIVED,
        )
        return [n.rule for n in told]

    def fired(self) -> list[ScriptNotice]:
        return self.console.of(ScriptNotice)

    # -- DCMTK's

    def dcmtk(self, operation: str, port: int | None = None, *, ends: bool = True) -> tuple[str, list[object]]:
        """Program and arguments. ends: it may be its own time-out that ends it."""
        seconds = DCMTK_SECONDS if ends else DCMTK_LONG
        limits: list[object] = ["-to", seconds, "-ta", seconds, "-td", seconds, "-aec", "ANY"]
        if operation not in ("get", "move"):  # whose programs have no such option
            limits += ["-ts", seconds]
        where = [HOST, port or self.peer.port]
        study = f"StudyInstanceUID={self.archive[0].study_uid}"
        level = ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", study]
        given: dict[str, tuple[str, list[object]]] = {
            "find": ("findscu", [*limits, "-W", "-k", "PatientName", "-k", "PatientID", *where]),
            "store": ("storescu", [*limits, "-R", *where, self.archive[0].path]),
            "get": ("getscu", [*limits, *level, *where]),
            "move": ("movescu", [*limits, *level, "-aem", "TARGET", *where]),
        }
        return given.get(operation, ("echoscu", [*limits, *where]))


def _data(sample: Sample) -> Any:
    return FileData(sample.path)


def when_for(fault: str, operation: str, phase: Phase | None) -> When | None:
    """Responses of the operation itself, not those of its sub-operations."""
    usual = phase or Deviation(fault).row.phases[0]
    return When(services=(f"C-{operation.upper()}",)) if usual is Phase.RESPONSE and operation in SERVICES else None
