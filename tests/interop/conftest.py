"""Fixtures that start real peers for one test; each skips the test where its program is missing and fails it in CI."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest

from engine.model.notices import Direction, ErrorNotice, FindingNotice
from tests.interop import peers, samples
from tests.interop.operating import Operator
from tests.runtime.console import Console

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
def operator() -> Iterator[Operator]:
    """Our engine, started for one test and stopped with it, as an operator uses it."""
    with Operator() as operator:
        yield operator


@pytest.fixture
def console() -> Iterator[Console]:
    """The same as the tests of the runtime drive it; it must have met no surprise by the end."""
    console = Console()
    yield console
    console.close()
    assert not [n.sentence for n in console.of(ErrorNotice) if "unexpected" in n.sentence]


@pytest.fixture
def faultless(console: Console) -> Iterator[None]:
    """It must have broken no rule and told of no error by the end."""
    yield
    console.close()
    found = console.of(FindingNotice, lambda n: n.severity == "error" and n.direction is Direction.SENT)
    assert not found, [n.sentence for n in found]
    assert not [n.sentence for n in console.of(ErrorNotice)]
