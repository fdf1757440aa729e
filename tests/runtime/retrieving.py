"""What tests of retrievals share: an archive of our own, a scripted provider, a command and its end."""

from __future__ import annotations

import socket
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.model.commands import Retrieve
from engine.model.notices import (
    MessageNotice,
    StatusNotice,
)
from engine.services.responses import response_to
from engine.wire import datasets
from tests.runtime.console import (
    CT,
    EXPLICIT,
    HOST,
    STUDY_MOVE,
    Console,
    data_set_bytes,
    keys,
    proposal,
)
from tests.runtime.scripted import Conversation, scripted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


STUDY = keys(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2.9")


def free_port() -> int:
    with socket.create_server((HOST, 0)) as taken:
        return int(taken.getsockname()[1])


def stock(folder: Path, count: int = 3) -> Path:
    folder.mkdir()
    for number in range(count):
        uid = f"1.2.3.{number}"
        ds = keys(SOPClassUID=CT, SOPInstanceUID=uid, PatientID="P1", StudyInstanceUID="1.2.9")
        datasets.write_file(folder / f"{number:05}.dcm", datasets.encode_dataset(ds, EXPLICIT), EXPLICIT, CT, uid)
    return folder


def ask(console: Console, where: Any, service: str, uid: str, **more: Any) -> Retrieve:
    command = Retrieve(
        operation=console.new_id(),
        association=console.new_id(),
        proposal=replace(proposal(where), contexts=()),
        service=service,
        sop_class_uid=uid,
        identifier=more.pop("identifier", STUDY),
        **more,
    )
    console.submit(command)
    return command


def end(console: Console, command: Retrieve) -> StatusNotice:
    return console.status(command.operation)


def inside(console: Console, operation: int) -> list[MessageNotice]:
    return console.of(MessageNotice, lambda n: n.within == operation)


def same_files(a: Path, b: Path) -> bool:
    return sorted(map(data_set_bytes, a.glob("*.dcm"))) == sorted(map(data_set_bytes, b.glob("*.dcm")))


class Provider:
    """A scripted C-MOVE, C-GET or C-FIND provider: answers with these statuses and counts; `between` runs before the
    last response, `asked` is set when the request came."""

    def __init__(self, *responses: dict[str, Any], between: Callable[[], None] | None = None, hang_up: bool = False):
        self.responses, self.between, self.hang_up = responses, between, hang_up
        self.number = 0
        self.asked = threading.Event()
        self.go = threading.Event()

    def __call__(self, talk: Conversation) -> None:
        talk.accept()
        context, command = talk.read_command()
        self.number = command.message_id or 0
        self.asked.set()
        for place, values in enumerate(self.responses):
            if place == len(self.responses) - 1 and self.between is not None:
                self.between()
            extra = {k: v for k, v in values.items() if k not in ("status", "data")}
            status, data = values["status"], values.get("data")
            made = response_to(command, status, has_data=data is not None, extra=extra)
            encoded = None if data is None else datasets.encode_dataset(data, EXPLICIT)
            talk.send(talk.message(context, made, encoded))
        if self.hang_up:
            talk.reset()
        talk.wait_closed()


def counts(completed: int, failed: int = 0, warning: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "NumberOfCompletedSuboperations": completed,
        "NumberOfFailedSuboperations": failed,
        "NumberOfWarningSuboperations": warning,
        **more,
    }


def moved(console: Console, provider: Provider, **more: Any) -> StatusNotice:
    with scripted(provider) as peer:
        command = ask(console, peer, "C-MOVE", STUDY_MOVE, move_destination="MINE", listen_port=free_port(), **more)
        return end(console, command)
