"""`listen` with a settings file and delays; `echo` and `send` with an asynchronous operations window."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.cli.exits import Exit
from engine.cli.listener_options import listener_settings
from engine.cli.main import build_parser, main
from engine.cli.options import open_workspace, proposal
from engine.model.association import AsyncWindow, ExtendedNegotiation, LocalAE, Policy, Rejection, Timeouts
from engine.model.commands import Listen, MoveDestination, PeerSettings
from engine.model.limits import Limits
from engine.model.notices import ListenerNotice
from engine.model.tls import ClientCertificates, TlsSettings
from engine.runtime.engine import Engine
from engine.workspace.listening import ListenerSettings, save_listener
from engine.workspace.messages import SHIPPED
from engine.workspace.workspace import Workspace

FIND = "1.2.840.10008.5.1.4.1.2.2.1"
POLICY = Policy(
    ae_titles=("A",),
    calling_ae_titles=("CT1",),
    local=LocalAE(ae_title="FILED", maximum_length=4096),
    timeouts=Timeouts(acse=7.0),
    async_window=AsyncWindow(3, 3),
    reject=Rejection(2, 3, 1),
    max_associations_per_peer=2,
    extended=(ExtendedNegotiation(FIND, b"\1"),),
)
SAVED = ListenerSettings(
    host="",
    port=11200,
    peer=PeerSettings(
        policy=POLICY,
        folder=Path("/received"),
        destinations=(MoveDestination(ae_title="ONE", host="h", port=1),),
        delays=(0.1,),
    ),
)


@pytest.fixture(autouse=True)
def _own_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIMSE_CONSOLE_WORKSPACE", str(tmp_path / "workspace"))


def made(*arguments: str) -> tuple[str, int, PeerSettings]:
    return listener_settings(build_parser().parse_args(["listen", *arguments]), open_workspace())


# --- the settings file --------------------------------------------------------------------------------------------


def test_without_a_file_listen_is_as_it_always_was() -> None:
    assert made() == ("127.0.0.1", 11112, PeerSettings(policy=Policy()))
    assert made("--any-host", "--port", "0")[:2] == ("", 0)


def test_everything_comes_from_the_file(tmp_path: Path) -> None:
    file = tmp_path / "listener.toml"
    save_listener(file, SAVED)
    assert made("--settings", str(file)) == ("", 11200, SAVED.peer)


def test_without_a_name_the_settings_are_the_windows() -> None:
    assert made("--settings")[2].policy.local.ae_title == "DIMSEPEER"
    open_workspace().save_listener(SAVED)
    assert made("--settings") == ("", 11200, SAVED.peer)


def test_arguments_say_what_is_to_be_otherwise(tmp_path: Path) -> None:
    file = tmp_path / "listener.toml"
    save_listener(file, SAVED)
    host, port, peer = made(
        *("--settings", str(file), "--host", "127.0.0.1", "--port", "0", "--ae", "OTHER", "--strict"),
        *("--max-pdu", "0", "--timeout", "artim=3", "--async", "1", "--reject", "1/1/1", "--max-per-caller", "9"),
        *("--calling-allowed", "MR1", "--grant", f"{FIND}:fuzzy", "--folder", "/other", "--delay", "1,0"),
        "--synchronize",
        *("--destination", "TWO=there:104"),
    )
    policy = peer.policy
    assert (host, port, peer.folder, peer.delays) == ("127.0.0.1", 0, Path("/other"), (1.0, 0.0))
    assert peer.synchronize
    assert policy.local == LocalAE(ae_title="OTHER", maximum_length=0)
    assert (policy.ae_titles, policy.calling_ae_titles) == (("OTHER",), ("MR1",))
    assert policy.timeouts == Timeouts(acse=7.0, artim=3.0)
    assert (policy.async_window, policy.reject) == (AsyncWindow(1, 1), Rejection(1, 1, 1))
    assert policy.max_associations_per_peer == 9
    assert policy.extended[0] == ExtendedNegotiation(FIND, b"\0\0\1")
    assert [d.ae_title for d in peer.destinations] == ["ONE", "TWO"]


def test_tls_arguments_change_the_tls_of_the_file(tmp_path: Path) -> None:
    file, passphrase = tmp_path / "listener.toml", tmp_path / "passphrase"
    passphrase.write_text("sesame\n")
    tls = TlsSettings(certificate=Path("/own.pem"), key=Path("/own.key"), ca_file=Path("/ca.pem"))
    save_listener(file, replace(SAVED, peer=replace(SAVED.peer, tls=tls)))
    plain = made("--settings", str(file))[2].tls
    assert plain == tls
    asked = made(
        *("--settings", str(file), "--tls-passphrase-file", str(passphrase), "--tls-client-cert", "require"),
    )[2].tls
    assert asked == replace(tls, passphrase="sesame", client_certificates=ClientCertificates.REQUIRE)
    other = made("--settings", str(file), "--tls-cert", "/both.pem")[2].tls
    assert other == replace(tls, certificate=Path("/both.pem"), key=None)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--settings", "missing.toml"], "missing.toml: cannot be read"),
        (["--delay", "-1"], ""),
        (["--delay", "1,"], "SECONDS[,SECONDS]"),
        (["--delay", "5000"], "more than 3600"),
        (["--max-per-caller", "x"], "number of associations"),
    ],
)
def test_mistakes(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["listen", "--port", "0", *arguments]) == Exit.USAGE
    assert said in capsys.readouterr().err


def test_a_mistake_in_the_file_names_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "listener.toml"
    file.write_text('port = 0\n[policy]\nusers = "none.toml"\nreject = 5\n')
    assert main(["listen", "--settings", str(file)]) == Exit.USAGE
    assert "listener.toml, line 4: policy.reject: must be a table" in capsys.readouterr().err
    file.write_text('port = 0\n[policy]\nusers = "none.toml"\n')
    assert main(["listen", "--settings", str(file)]) == Exit.USAGE
    assert "none.toml: cannot be read" in capsys.readouterr().err


# --- the window ---------------------------------------------------------------------------------------------------


@pytest.fixture
def port() -> Iterator[str]:
    """A peer that holds every second request back."""
    with Engine() as engine:
        number = engine.new_id()
        settings = PeerSettings(policy=Policy(async_window=AsyncWindow(4, 4)), delays=(0.1, 0.0))
        engine.submit(Listen(listener=number, settings=settings))
        while True:
            for notice in engine.drain_wait(10):
                if isinstance(notice, ListenerNotice):
                    yield str(notice.port)
                    return


def most_outstanding(lines: str) -> int:
    """From JSON lines: how many of our requests were outstanding at most."""
    count = most = 0
    for line in lines.splitlines():
        told = json.loads(line)
        if told["kind"] == "message":
            count += 1 if told["direction"] == "sent" else -1
            most = max(most, count)
    return most


@pytest.mark.parametrize(("arguments", "most"), [([], 1), (["--async", "3"], 3), (["--async", "0"], 4)])
def test_echoes_are_outstanding_together(
    arguments: list[str], most: int, port: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["echo", "127.0.0.1", port, "--count", "8", "--json", *arguments]) == Exit.SUCCESS
    assert most_outstanding(capsys.readouterr().out) == most
    assert main(["echo", "127.0.0.1", port, "--count", "8", *arguments]) == Exit.SUCCESS
    together = f", up to {most} outstanding at once" if most > 1 else ""
    assert f"8 of 8 messages sent{together}; success." in capsys.readouterr().out


@pytest.mark.parametrize("count", ["0", "x", "100001"])
def test_a_count_that_is_none(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["echo", "127.0.0.1", "104", "--count", count]) == Exit.USAGE
    assert "is not a number from 1" in capsys.readouterr().err


def message_files(folder: Path, count: int) -> list[str]:
    text = 'message = "C-ECHO-RQ"\ncontext = "Verification"\n[command]\nAffectedSOPClassUID = "Verification"\n'
    for number in range(count):
        (folder / f"{number}.toml").write_text(text)
    return [str(folder / f"{number}.toml") for number in range(count)]


@pytest.mark.parametrize(("arguments", "most"), [([], 1), (["--async", "2"], 2), (["--async", "9"], 4)])
def test_message_files_are_outstanding_together(
    arguments: list[str], most: int, port: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = message_files(tmp_path, 7)
    assert main(["send", "127.0.0.1", port, *files, "--json", *arguments]) == Exit.SUCCESS
    assert most_outstanding(capsys.readouterr().out) == most


def test_a_message_that_needs_a_response_waits_for_it(
    port: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(SHIPPED / f"{name}.toml") for name in ("mpps-create", "mpps-completed")]
    arguments = ["--async", "8", "--context", "ModalityPerformedProcedureStep", "--context", "Verification", "--json"]
    assert main(["send", "127.0.0.1", port, *message_files(tmp_path, 3), *files, *arguments]) == Exit.SUCCESS
    messages = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    messages = [m for m in messages if m["kind"] == "message"]
    order = [(m["direction"], m["message"]) for m in messages]
    assert order.index(("received", "N-CREATE-RSP")) < order.index(("sent", "N-SET-RQ"))
    assert most_outstanding("\n".join(map(json.dumps, messages))) > 1


def test_limits_of_the_file_and_of_the_arguments(tmp_path: Path) -> None:
    file = tmp_path / "listener.toml"
    saved = replace(SAVED.peer, policy=replace(SAVED.policy, limits=Limits(depth=7, files=9)))
    save_listener(file, replace(SAVED, peer=saved))
    peer = made("--settings", str(file), "--limit", "memory=2M,disk-left=1 GiB", "--limit", "files=0")[2]
    assert peer.policy.limits == Limits(depth=7, files=0, memory=2 << 20, disk_left=1 << 30)


def test_limits_of_what_we_call_are_those_of_the_workspace_and_the_arguments() -> None:
    space = Workspace()
    space.save_local(space.local, space.timeouts, Limits(depth=7, files=9))
    args = build_parser().parse_args(["echo", "h", "104", "--limit", "files=0,memory=2M"])
    assert proposal(args).limits == Limits(depth=7, memory=2 << 20)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("memry=5", "is not NAME=NUMBER with pdu_length"),
        ("depth=2G", "not a whole number"),
        ("depth=900", "1 and 200"),
        ("disk-left=-1", "“-1” is not bytes"),
    ],
)
def test_a_wrong_limit_is_refused(text: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        build_parser().parse_args(["listen", "--limit", text])
    assert words in " ".join(capsys.readouterr().err.split())
