"""What takes long to encode is encoded in another thread, once, and goes in its turn."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from engine.model.association import AcceptedSyntax, Policy
from engine.model.commands import Outgoing, Send, StoreFiles
from engine.model.dataset import DataElement, DataSet
from engine.model.limits import MIB
from engine.model.notices import Direction, MessageNotice, Outcome
from engine.wire import datasets

from .console import CT, IMPLICIT, Console, decoded, n_message, proposal, store_rq
from .test_limits import image

COMMITMENT, INSTANCE = "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1"


@pytest.fixture
def in_the_loop(console: Console, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """What is encoded, in order: how, and whether the loop's own thread does it."""
    done: list[tuple[str, bool]] = []
    for name in ("transcode", "encode_dataset"):
        real = getattr(datasets, name)

        def noted(*given: Any, name: str = name, real: Any = real, **more: Any) -> Any:
            done.append((name, threading.get_ident() == console.engine._context.loop._thread_id))  # type: ignore[attr-defined]
            return real(*given, **more)

        monkeypatch.setattr(datasets, name, noted)
    return done


def references(count: int) -> DataSet:
    items = (
        DataSet((DataElement(0x00081150, "UI", (CT,)), DataElement(0x00081155, "UI", (f"1.2.{n}",))))
        for n in range(count)
    )
    return DataSet((DataElement(0x00081195, "UI", (f"1.9.{count}",)), DataElement(0x00081199, "SQ", tuple(items))))


@pytest.mark.parametrize(("size", "loop"), [(1000, True), (9 * MIB, False)])
def test_a_large_instance_in_another_transfer_syntax(
    size: int, loop: bool, console: Console, in_the_loop: list[tuple[str, bool]]
) -> None:
    here, store = console.listen(), store_rq(CT, "1.2.1", image("1.2.1", size))
    in_the_loop.clear()
    status = console.one_shot(proposal(here, (CT, IMPLICIT)), store)
    assert status.outcome is Outcome.SUCCESS
    assert in_the_loop == [("transcode", loop)]


@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize("size", [1000, 300_000, 9 * MIB])
def test_a_file_in_another_transfer_syntax_is_encoded_once(
    size: int, linked: bool, console: Console, tmp_path: Path, in_the_loop: list[tuple[str, bool]]
) -> None:
    """Also one behind a link, of which it has to be asked each time where it is."""
    path = tmp_path / "one.dcm"
    datasets.write_instance(path, image("1.2.1", size), CT, "1.2.1")
    if linked:
        (tmp_path / "link.dcm").symlink_to(path)
        path = tmp_path / "link.dcm"
    here = console.listen(policy=Policy(accepted=(AcceptedSyntax(abstract_syntax=CT, transfer_syntaxes=(IMPLICIT,)),)))
    in_the_loop.clear()
    done = console.run(
        StoreFiles(
            operation=console.new_id(),
            association=console.new_id(),
            proposal=proposal(here, (CT, IMPLICIT)),
            paths=(path,),
        )
    )
    assert done.outcome is Outcome.SUCCESS
    assert [name for name, _ in in_the_loop] == ["transcode"]
    assert in_the_loop[0][1] == (size < MIB)


def test_many_references_and_what_is_asked_for_after_them(
    console: Console, in_the_loop: list[tuple[str, bool]]
) -> None:
    here = console.listen()
    asked = [_action(references(count)) for count in (5000, 1)]
    association = console.open(proposal(here, COMMITMENT))
    for message in asked:
        console.submit(_sent(console, association, message))
    console.wait(MessageNotice, lambda n: n.direction is Direction.RECEIVED and n.command.responded_to == 2)
    out = [n for n in console.of(MessageNotice) if n.association == association and n.direction is Direction.SENT]
    assert [n.command.message_id for n in out if not n.command.is_response] == [1, 2]
    large = [loop for name, loop in in_the_loop if name == "encode_dataset"]
    assert large[0] is False
    assert [len(decoded(n).items(0x00081199)) for n in out[:2]] == [5000, 1]


def _action(data: DataSet) -> Outgoing:
    return n_message(
        "N-ACTION-RQ", data, RequestedSOPClassUID=COMMITMENT, RequestedSOPInstanceUID=INSTANCE, ActionTypeID=1
    )


def _sent(console: Console, association: int, message: Outgoing) -> Send:

    return Send(association=association, operation=console.new_id(), message=message)
