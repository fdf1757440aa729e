"""Conversations with faults: callers and providers that break off, scripted deviations, aborts, clients killed.

Each has to end on both sides; what was received is never more than what was sent.
"""

from __future__ import annotations

import contextlib
import itertools
import random
import socket
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

from engine.model.association import LocalAE, Policy
from engine.model.commands import Abort, OneShot, OpenAssociation, Release, Send, StoreFiles
from engine.model.faults import FAULTS as SCRIPTED
from engine.model.faults import Phase
from engine.model.notices import AssociationPhase
from engine.model.scripting import script_of
from tests.interop.peers import HOST
from tests.runtime.console import EXPLICIT, STUDY_FIND, echo_rq, find_rq, keys
from tests.runtime.deviating import FAST, script, when_for
from tests.runtime.deviating import Stage as Deviating
from tests.runtime.deviating_cases import CASES
from tests.runtime.hostile import FAULTS
from tests.runtime.scripted import Conversation, scripted
from tests.runtime.test_fault_matrix import PHASES, lead_to, misbehave

from .desk import RECEIVED, SENT
from .ours import job, proposal
from .stage import SHORT, Stage

MATRIX = tuple(itertools.product(PHASES, FAULTS))
_LOCK = threading.Lock()


def _cycle(values: Any) -> Iterator[Any]:
    """Each in turn, for several threads."""
    inner = itertools.cycle(values)
    while True:
        yield next(inner)


_CALLERS, _PROVIDERS, _DEVIATIONS, _OF_OURS = (
    _cycle(MATRIX),
    _cycle(MATRIX),
    _cycle(CASES),
    _cycle([name for name, row in SCRIPTED.items() if Phase.REQUEST in row.phases]),
)


def _next(cycle: Iterator[Any]) -> Any:
    with _LOCK:
        return next(cycle)


def no_more_than_sent(stage: Stage, title: str) -> None:
    """Of a conversation that was broken off."""
    tally = stage.desk.settled(title, own_peer=True)
    for requestor in (True, False):
        extra = tally.of(not requestor, RECEIVED) - tally.of(requestor, SENT)
        if extra:
            stage.wrong(f"{title}: received and never sent: {dict(extra)}")


@job
def broken_callers(stage: Stage, chance: random.Random) -> None:
    """Every fault at every point of a conversation, from a raw socket."""
    phase, fault = _next(_CALLERS)
    over = threading.Event()
    with socket.create_connection((HOST, stage.strict.port), timeout=60.0) as sock:
        ended = stage.desk.expect("caller", sock.getsockname()[1])

        def behave() -> None:
            with contextlib.suppress(OSError, AssertionError):  # the engine may have had enough already
                lead_to(phase, sock)
                FAULTS[fault](sock, over, "acceptor")

        worker = threading.Thread(target=behave, name="broken-caller")
        worker.start()
        try:
            if not ended.result(60.0).sentence:
                stage.wrong(f"A caller with {fault} in {phase}: ended without a sentence")
        except TimeoutError:
            stage.wrong(f"A caller with {fault} in {phase}: its association did not end")
        over.set()
        worker.join()


@job
def broken_providers(stage: Stage, chance: random.Random) -> None:
    """The same from a provider that our user calls."""
    phase, fault = _next(_PROVIDERS)
    desk = stage.desk
    number, operation = desk.new_id(), desk.new_id()

    def part(talk: Conversation) -> None:
        with contextlib.suppress(AssertionError):  # the engine may have had enough already
            misbehave(phase, fault, talk)

    with scripted(part) as peer:
        opened, ended = desk.expect("association", number), desk.expect("end", number)
        asked = proposal(peer, (STUDY_FIND, EXPLICIT), calling="BROKEN", timeouts=SHORT)
        desk.submit(OpenAssociation(association=number, proposal=asked))
        if opened.result(60.0).phase is AssociationPhase.ESTABLISHED:
            if phase == "release":
                desk.submit(Release(association=number))
            elif phase != "idle":
                query = find_rq(STUDY_FIND, keys(QueryRetrieveLevel="STUDY"))
                desk.run(Send(association=number, operation=operation, message=query))
        if not ended.result(60.0).sentence:
            stage.wrong(f"A provider with {fault} in {phase}: ended without a sentence")


@job
def scripted_peers(stage: Stage, chance: random.Random) -> None:
    """The built-in peer with a script, started and stopped for it: each fault there is, in turn."""
    case = _next(_DEVIATIONS)
    desk = stage.desk
    made = script(case.fault, phase=case.phase, when=when_for(case.fault, case.operation, case.phase), **case.values)
    policy = Policy(timeouts=FAST, local=LocalAE(ae_title="FAULTY"))
    peer = desk.listen(policy=policy, script=made, destinations=())
    deviating = Deviating(desk, stage.archive, stage.folder)  # type: ignore[arg-type]
    deviating.peer = peer
    command = deviating._command(case.operation, peer, None)
    desk.run(command)
    desk.stop_listening(peer.listener)


@job
def scripted_requests(stage: Stage, chance: random.Random) -> None:
    """Our user with a script, against the built-in peer."""
    fault = _next(_OF_OURS)
    asked = proposal(stage.strict, calling="SCRIPTED", timeouts=FAST, script=script_of(fault, user=True))
    stage.desk.shot(asked, echo_rq())


@job
def aborts(stage: Stage, chance: random.Random) -> None:
    """Of ours, with a store or many echoes under way."""
    desk, title = stage.desk, stage.title()
    number, operation = desk.new_id(), desk.new_id()
    asked = proposal(stage.peer, calling=title)
    opened, ended, done = (
        desk.expect("association", number),
        desk.expect("end", number),
        desk.expect("operation", operation),
    )
    if chance.random() < 0.5:
        folder = stage.archive[0].path.parent
        desk.submit(StoreFiles(operation=operation, association=number, proposal=asked, paths=(folder,)))
    else:
        desk.submit(OneShot(association=number, operation=operation, proposal=asked, messages=(echo_rq(),) * 200))
    opened.result(60.0)
    desk.submit(Abort(association=number))
    ended.result(60.0)
    done.result(60.0)
    no_more_than_sent(stage, title)


@job
def killed_clients(stage: Stage, chance: random.Random) -> None:
    """storescu that is killed while it sends."""
    if "storescu" not in stage.tools:
        return
    title = stage.title()
    folder = stage.archive[0].path.parent  # the same instances each time: what arrives is kept
    command = [stage.tools["storescu"], "-aet", title, "+sd", "-R", HOST, str(stage.strict.port), str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    stage.desk.until_seen(title)
    process.kill()
    process.wait()
    stage.desk.settled(title, own_peer=False)


@job
def plain_at_tls(stage: Stage, chance: random.Random) -> None:
    """A caller that speaks no TLS where only TLS is spoken."""
    stage.desk.shot(proposal(stage.secure, calling="PLAIN", timeouts=FAST), echo_rq())
