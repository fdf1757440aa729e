"""Fixtures that start real peers for one test; each skips the test where its program is missing and fails it in CI."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest

from tests.interop import peers, samples
from tests.interop.console import Console

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path


@pytest.fixture
def peer_stack() -> Iterator[contextlib.ExitStack]:
    """Ends what the test started, the last first."""
    with contextlib.ExitStack() as stack:
        yield stack


def _starter(name: str, program: str | None = None) -> Any:
    """A fixture giving a function that starts the peer `name` with the arguments of its starter in peers.py."""

    @pytest.fixture(name=name)
    def fixture(need: Callable[[str], str], peer_stack: contextlib.ExitStack, tmp_path: Path) -> Callable[..., Any]:
        path = need(program or name)
        starter = getattr(peers, name)
        count = iter(range(1000))

        def start(*arguments: Any, **options: Any) -> Any:
            folder = tmp_path / f"{name}-{next(count)}"
            folder.mkdir()
            return peer_stack.enter_context(starter(path, folder, *arguments, **options))

        return start

    return fixture


storescp = _starter("storescp")
dcmrecv = _starter("dcmrecv")
dcmqrscp = _starter("dcmqrscp")
wlmscpfs = _starter("wlmscpfs")
dcmprscp = _starter("dcmprscp")
orthanc = _starter("orthanc", "Orthanc")


@pytest.fixture
def pynetdicom_scp(peer_stack: contextlib.ExitStack, tmp_path: Path) -> Callable[..., peers.Peer]:
    """Starts a provider written with pynetdicom, with the arguments of peers.pynetdicom_scp after the folder."""

    def start(contexts: Iterable[peers.Context], handlers: Iterable[Any] = (), **options: Any) -> peers.Peer:
        return peer_stack.enter_context(peers.pynetdicom_scp(tmp_path, contexts, handlers, **options))

    return start


@pytest.fixture
def client(need: Callable[[str], str], tmp_path: Path) -> Callable[..., peers.Completed]:
    """Runs a client to its end: ``client("echoscu", "-aec", "X", host, port).succeeded()``."""

    def run(name: str, *arguments: object, **options: Any) -> peers.Completed:
        return peers.run_client(need(name), *arguments, cwd=options.pop("cwd", tmp_path), **options)

    return run


@pytest.fixture
def archive(tmp_path: Path) -> list[samples.Sample]:
    """Eight small files of two patients and three studies (see samples.archive)."""
    return samples.archive(tmp_path / "archive")


@pytest.fixture
def console() -> Iterator[Console]:
    """Our engine, started for one test and stopped with it."""
    with Console() as console:
        yield console
