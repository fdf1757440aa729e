"""Users of DCMTK and pynetdicom at our built-in peer, in order; what their own output counts is compared with ours."""

from __future__ import annotations

import random
import shutil
from collections import Counter

from tests.interop.peers import HOST, run_client

from .counting import compare
from .desk import RECEIVED, SENT
from .ours import job
from .stage import TARGET, Stage

SECONDS = 120.0


def client(stage: Stage, program: str, title: str, *arguments: object) -> str:
    """Run it to its end; what it printed."""
    port = stage.peer.port
    where = ("-v", "-aet", title, "-aec", "ENDURE", HOST, port)
    done = run_client(stage.tools[program], *where, *arguments, cwd=stage.folder, seconds=SECONDS)
    if done.code:
        stage.wrong(f"{program} ended with {done.code}: {done.output[-400:]}")
    return done.output


def agree(stage: Stage, title: str, asked: dict[str, int], answered: dict[str, int]) -> None:
    """asked, answered: what the user counts of its requests and of the responses it got."""
    stage.desk.until_seen(title)
    tally = stage.desk.settled(title, own_peer=False)
    compare(stage.desk, f"{title}, to our provider", tally.of(False, RECEIVED), asked)
    compare(stage.desk, f"{title}, from our provider", tally.of(False, SENT), answered)


@job
def echoscu(stage: Stage, chance: random.Random) -> None:
    if "echoscu" not in stage.tools:
        return
    title = stage.title()
    told = client(stage, "echoscu", title, "--repeat", chance.randint(1, 30))
    asked, answered = told.count("Sending Echo Request"), told.count("Received Echo Response")
    agree(stage, title, {"C-ECHO-RQ": asked}, {"C-ECHO-RSP": answered})


@job
def storescu(stage: Stage, chance: random.Random) -> None:
    if "storescu" not in stage.tools:
        return
    title = stage.title()
    told = client(stage, "storescu", title, "-R", "+sd", stage.archive[0].path.parent)
    asked, answered = told.count("Sending Store Request"), told.count("Received Store Response")
    if answered != len(stage.archive):
        stage.wrong(f"storescu: {answered} of {len(stage.archive)} responses")
    agree(stage, title, {"C-STORE-RQ": asked}, {"C-STORE-RSP": answered})


@job
def findscu(stage: Stage, chance: random.Random) -> None:
    if "findscu" not in stage.tools:
        return
    title = stage.title()
    told = client(stage, "findscu", title, "-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID")
    answered = told.count("(Pending)") + told.count("Received Final Find Response")
    agree(stage, title, {"C-FIND-RQ": 1}, {"C-FIND-RSP": answered})


@job
def getscu(stage: Stage, chance: random.Random) -> None:
    if "getscu" not in stage.tools:
        return
    title = stage.title()
    folder = stage.folder / "got" / title
    folder.mkdir(parents=True)
    told = client(stage, "getscu", title, "-od", folder, *_study(stage))
    stored, answered = told.count("Received C-STORE Request"), told.count("Received C-GET Response")
    if len(list(folder.iterdir())) != stored:
        stage.wrong(f"getscu has {len(list(folder.iterdir()))} files of {stored} C-STORE-RQs")
    shutil.rmtree(folder)
    asked, sent = {"C-GET-RQ": 1, "C-STORE-RSP": stored}, {"C-STORE-RQ": stored, "C-GET-RSP": answered}
    agree(stage, title, asked, sent)


@job
def movescu(stage: Stage, chance: random.Random) -> None:
    if "movescu" not in stage.tools:
        return
    title = stage.title()
    told = client(stage, "movescu", title, "-aem", TARGET, *_study(stage))
    answered = told.count("Received Move Response") + told.count("Received Final Move Response")
    agree(stage, title, {"C-MOVE-RQ": 1}, {"C-MOVE-RSP": answered})


def _study(stage: Stage) -> tuple[str, ...]:
    return "-S", "-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={stage.archive[0].study_uid}"


@job
def pynetdicom_user(stage: Stage, chance: random.Random) -> None:
    title = stage.title()
    files = [str(s.path) for s in stage.archive if s.modality == "CT"]
    sent, received = stage.pynetdicom.ask(port=stage.peer.port, title=title, files=files)
    if not sent:
        stage.wrong("pynetdicom's association was not accepted")
    agree(stage, title, sent, received)


# -- what the real providers have logged in the end

STORESCP = {"C-ECHO-RQ": "Received Echo Request", "C-STORE-RQ": "Received Store Request"}
DCMQRSCP = {
    "received C-ECHO-RQ": "Received Echo SCP RQ",
    "received C-STORE-RQ": "Received Store SCP:",
    "received C-FIND-RQ": "Received Find SCP:",
    "received C-GET-RQ": "Received Get SCP:",
    "received C-MOVE-RQ": "Received Move SCP:",
    "sent C-FIND-RSP": "Find SCP Response",
    "sent C-GET-RSP": "Get SCP Response",
    "sent C-MOVE-RSP": "Move SCP Response",
    "sent C-STORE-RQ": "Store SCU RQ:",
    "received C-STORE-RSP": "Received Store SCU RSP",
}
_OTHER = {"sent": "received", "received": "sent"}


def compare_logs(stage: Stage) -> None:
    """Their own count of all the traffic, from their logs, against the sums of our jobs."""
    if stage.storescp is not None:
        log = stage.storescp.output()
        counted = Counter({f"sent {m}": log.count(words) for m, words in STORESCP.items()})
        ours = stage.ledger.get("storescp", Counter())
        compare(stage.desk, "storescp, by its log", +Counter({k: ours[k] for k in counted}), +counted)
        answers = {f"received {m[:-2]}RSP": counted[f"sent {m}"] for m in STORESCP}
        compare(stage.desk, "storescp's responses", +Counter({k: ours[k] for k in answers}), +Counter(answers))
    if stage.qr is not None:
        log = stage.qr.output()
        counted = Counter()
        for message, words in DCMQRSCP.items():
            direction, _, name = message.partition(" ")
            counted[f"{_OTHER[direction]} {name}"] = log.count(words)
        ours = stage.ledger.get("dcmqrscp", Counter()) + _moved_by(stage)
        compare(stage.desk, "dcmqrscp, by its log", +Counter({k: ours[k] for k in counted}), +counted)


def _moved_by(stage: Stage) -> Counter[str]:
    """What came and went on the associations that dcmqrscp opened for its C-MOVEs."""
    tally = stage.desk.settled("QRSCP", own_peer=False)
    return Counter({f"{direction.value} {m}": n for (_, direction, m), n in tally.counts.items()})
