"""TLS from the command line: what the arguments mean, and a real handshake with its verdict printed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.cli.exits import Exit
from engine.cli.main import build_parser, main
from engine.cli.options import proposal
from engine.cli.tls_options import tls_settings
from engine.model.commands import Listen, PeerSettings
from engine.model.notices import ListenerNotice
from engine.model.tls import ClientCertificates, TlsProfile, TlsSettings
from engine.runtime.engine import Engine
from engine.workspace.settings import passphrase_name
from engine.workspace.workspace import Workspace
from tests.runtime.tls_files import PASSPHRASE, Files, make_files

HOST = "127.0.0.1"


@pytest.fixture(autouse=True)
def _own_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIMSE_CONSOLE_WORKSPACE", str(tmp_path / "workspace"))


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return make_files(tmp_path / "tls")


def asked(*arguments: str) -> TlsSettings | None:
    return proposal(build_parser().parse_args(["echo", HOST, "2762", *arguments])).tls


def test_without_arguments_there_is_no_tls() -> None:
    assert asked() is None


def test_tls_alone_is_the_current_profile() -> None:
    assert asked("--tls") == TlsSettings()
    assert asked("--tls=modified-bcp195-rfc9325") == TlsSettings(profile=TlsProfile.MODIFIED)


def test_each_argument_switches_tls_on() -> None:
    ca = Path("ca.pem")
    assert asked("--tls-ca", "ca.pem") == TlsSettings(ca_file=ca)
    assert asked("--tls-no-verify") == TlsSettings(verify=False)
    assert asked("--tls-no-hostname") == TlsSettings(check_host_name=False)
    assert asked("--tls-server-name", "x.example") == TlsSettings(server_name="x.example")
    assert asked("--tls-min", "1.3", "--tls-max", "1.3") == TlsSettings(minimum_version="1.3", maximum_version="1.3")


def test_the_unsafe_profile_is_called_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert asked("--tls", "any") == TlsSettings(profile=TlsProfile.ANY)
    assert "unsafe" in capsys.readouterr().err


def test_a_host_taken_for_a_profile_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["echo", "--tls", "localhost", "2762"]) == Exit.USAGE
    assert "“localhost” is not a TLS profile" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "hint"),
    [
        ((), True),
        (("--tls-client-cert", "none"), True),
        (("--tls-client-cert", "request"), False),
        (("--tls-client-cert", "require"), False),
        (("--destination-tls",), False),
    ],
)
def test_cas_that_nothing_is_held_against_are_told(
    more: tuple[str, ...], hint: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    args = build_parser().parse_args(["listen", "--tls-cert", "c.pem", "--tls-ca", "ca.pem", *more])
    assert tls_settings(args, Workspace(Path("nowhere"))) is not None
    told = capsys.readouterr().err
    assert ("--tls-ca has no effect" in told and "--tls-client-cert require" in told) is hint


def test_listening_asks_for_client_certificates() -> None:
    args = build_parser().parse_args(["listen", "--tls-cert", "c.pem", "--tls-client-cert", "require"])
    made = tls_settings(args, Workspace())
    assert made == TlsSettings(certificate=Path("c.pem"), client_certificates=ClientCertificates.REQUIRE)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("listen", "--port", "0", "--destination-tls"), "--destination-tls needs --tls"),
        (("move", HOST, "1", "-k", "StudyInstanceUID=1", "--listen", "0", "--listen-tls"), "--listen-tls needs"),
        (("echo", HOST, "1", "--tls-passphrase-file", "/no/such"), "cannot be read"),
    ],
)
def test_what_does_not_go_together(arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(list(arguments)) == Exit.USAGE
    assert words in capsys.readouterr().err


def test_passphrases_come_from_a_file_the_keyring_or_a_question(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = files.apart("console", passphrase=PASSPHRASE)
    pair = ("--tls-cert", str(certificate), "--tls-key", str(key))
    file = files.folder / "passphrase"
    file.write_text(f"{PASSPHRASE}\nsecond line\n")
    from_file = asked(*pair, "--tls-passphrase-file", str(file))
    assert from_file is not None and from_file.passphrase == PASSPHRASE

    kept = {passphrase_name(key): "kept"}
    monkeypatch.setattr("engine.workspace.secrets.Secrets.get", lambda _self, name: kept.get(name, ""))
    from_keyring = asked(*pair)
    assert from_keyring is not None and from_keyring.passphrase == "kept"

    kept.clear()
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("engine.cli.tls_options.getpass", lambda _prompt: "typed")
    typed = asked(*pair)
    assert typed is not None and typed.passphrase == "typed"
    plain = asked("--tls-cert", str(files.issue("open")))
    assert plain is not None and plain.passphrase == ""


@pytest.fixture
def port(files: Files) -> Iterator[str]:
    with Engine() as engine:
        settings = PeerSettings(tls=files.acceptor(client_certificates=ClientCertificates.REQUEST))
        engine.submit(Listen(listener=engine.new_id(), settings=settings))
        while True:
            started = [n for n in engine.drain_wait(10) if isinstance(n, ListenerNotice)]
            if started:
                break
        assert started[0].listening, started[0].sentence
        yield str(started[0].port)


def test_echo_prints_the_verdict(port: str, files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["echo", HOST, port, "--tls-ca", str(files.ca)]) == Exit.SUCCESS
    out = capsys.readouterr().out
    assert "TLS 1.3 with TLS_AES_256_GCM_SHA384; the certificate of CN=server" in out
    assert "is verified and is for 127.0.0.1." in out


def test_echo_explains_certificates(port: str, files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--tls-ca", str(files.ca), "--tls-cert", str(files.issue("console")), "-v"]
    assert main(["echo", HOST, port, *arguments]) == Exit.SUCCESS
    out = capsys.readouterr().out
    for words in ("Certificate of the other side: CN=server", "names: DNS:localhost, IP:127.0.0.1", "SHA-256: "):
        assert words in out
    assert "Client certificate: asked for" in out and "Our certificate: CN=console" in out


def test_a_refusal_is_an_error_and_shows_what_was_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["echo", HOST, port, "--tls", "-v"]) == Exit.CONNECTION_FAILED
    told = capsys.readouterr()
    assert "its chain ends in a self-signed certificate that is not trusted" in told.err
    assert "NOT VERIFIED: its chain ends in a self-signed certificate" in told.out
    assert "Alert sent unknown_ca (48)" in told.out


def test_json_lines_carry_the_verdict(port: str, files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["echo", HOST, port, "--tls-ca", str(files.ca), "--json"]) == Exit.SUCCESS
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    verdicts = [line["tls"] for line in lines if line["kind"] == "association"]
    assert verdicts[0] is None
    assert all(v["version"] == "TLSv1.3" and v["verified"] and v["host_name_matches"] for v in verdicts[1:])
    certificate = verdicts[-1]["peer_certificate"]
    assert certificate["subject"].startswith("CN=server") and certificate["not_after"].endswith("Z")
    assert len(certificate["sha256"].split(":")) == 32
