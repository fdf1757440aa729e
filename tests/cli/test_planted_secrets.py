"""No secret reaches standard output, standard error or a file, whatever becomes of a command."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import pytest

from engine.cli.exits import Exit
from engine.cli.main import main
from engine.cli.output import Output
from engine.model.association import Policy, Rejection
from engine.model.commands import Listen, PeerSettings
from engine.model.dataset import DataElement, DataSet
from engine.model.identity import KnownIdentity, SecretHash
from engine.model.notices import AnyNotice, ErrorNotice, ListenerNotice
from engine.model.scripting import Script
from engine.model.tls import ClientCertificates
from engine.runtime import machine_events
from engine.runtime.engine import Engine
from engine.trace.json_lines import json_line
from engine.wire.datasets import encode_dataset, write_file
from engine.workspace.scripts import find_script
from engine.workspace.settings import passphrase_name
from tests.planted import (
    ASSERTION,
    PASSCODE,
    PASSPHRASE,
    PATIENT,
    PATIENT_ID,
    PATIENTS,
    SECRETS,
    TICKET,
    TOKEN,
    found,
    found_below,
)
from tests.runtime.tls_files import Files, make_files

CT, EXPLICIT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1"
IDENTITIES = {
    "passcode": (2, PASSCODE, ("--user", "ann", "--passcode-file")),
    "ticket": (3, TICKET, ("--kerberos-file",)),
    "assertion": (4, ASSERTION, ("--saml-file",)),
    "token": (5, TOKEN, ("--jwt-file",)),
}
PRINTED: tuple[tuple[str, ...], ...] = ((), ("-vvv",), ("--json", "-vvv"))


@dataclass
class Planted:
    """Files with the secrets in a folder of their own, and what they are to be searched in."""

    folder: Path
    secrets: Path
    capsys: pytest.CaptureFixture[str]
    notices: list[AnyNotice] = field(default_factory=list)
    said: str = ""

    def file(self, name: str, content: str) -> str:
        path = self.secrets / name
        path.write_text(content, encoding="utf-8")
        return str(path)

    def run(self, *arguments: str) -> int:
        """Run a command; nothing planted may have come out of it, here or at the peer."""
        code = main(list(arguments))
        out, err = self.capsys.readouterr()
        told = found("standard output", out, SECRETS) + found("standard error", err, (*SECRETS, *PATIENTS))
        for notice in self.notices:
            told += found(f"repr of {type(notice).__name__} at the peer", repr(notice), (*SECRETS, *PATIENTS))
            told += found(f"JSON of {type(notice).__name__} at the peer", json_line(notice), SECRETS)
            if isinstance(notice, ErrorNotice):
                told += found("a report", notice.report + notice.sentence, (*SECRETS, *PATIENTS))
        told += found_below(self.folder, SECRETS)
        assert not told
        self.said = out + err
        return code


Start = Callable[..., str]


class _Keyring:
    def __init__(self, kept: dict[tuple[str, str], str]) -> None:
        self._kept = kept

    def get_password(self, service: str, name: str) -> str | None:
        return self._kept.get((service, name))


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return make_files(tmp_path / "secrets" / "pem")


def make_image(path: Path) -> Path:
    data = DataSet(
        (
            DataElement(0x00080016, "UI", (CT,)),
            DataElement(0x00080018, "UI", ("1.2.3.1",)),
            DataElement(0x00100010, "PN", (PATIENT,)),
            DataElement(0x00100020, "LO", (PATIENT_ID,)),
            DataElement(0x0020000D, "UI", ("1.2.3",)),
            DataElement(0x0020000E, "UI", ("1.2.3.9",)),
        )
    )
    write_file(path, encode_dataset(data, EXPLICIT), EXPLICIT, CT, "1.2.3.1", "TEST")
    return path


@pytest.fixture
def planted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], notices: list[AnyNotice]
) -> Planted:
    work, secrets = tmp_path / "work", tmp_path / "secrets"
    work.mkdir()
    secrets.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("DIMSE_CONSOLE_WORKSPACE", str(work / "workspace"))
    monkeypatch.setenv("TMPDIR", str(work))
    return Planted(work, secrets, capsys, notices)


@pytest.fixture
def notices() -> list[AnyNotice]:
    return []


@pytest.fixture
def start(notices: list[AnyNotice]) -> Iterator[Start]:
    """Start a built-in peer with settings; gives its port. What it tells goes into `notices`."""
    with Engine() as engine:
        over = threading.Event()
        ports: dict[int, int] = {}
        changed = threading.Condition()

        def listen() -> None:
            while not over.is_set():
                for notice in engine.drain_wait(0.1):
                    notices.append(notice)
                    if isinstance(notice, ListenerNotice):
                        with changed:
                            ports[notice.listener] = notice.port
                            changed.notify_all()

        reader = threading.Thread(target=listen)
        reader.start()

        def start(policy: Policy | None = None, script: Script | None = None, **others: Any) -> str:
            number = engine.new_id()
            settings = PeerSettings(policy=policy or Policy(), script=script, **others)
            engine.submit(Listen(listener=number, port=0, settings=settings))
            with changed:
                assert changed.wait_for(lambda: number in ports, 30)
            return str(ports[number])

        yield start
        over.set()
        reader.join()


@pytest.mark.parametrize("kind", IDENTITIES)
@pytest.mark.parametrize("end", ["let in", "wrong secret", "rejected", "cut off"])
def test_a_user_identity(end: str, kind: str, planted: Planted, start: Start) -> None:
    number, secret, options = IDENTITIES[kind]
    right = secret if end == "let in" else "another"
    known = KnownIdentity(type=number, name="ann", secret=SecretHash.of(right.encode()), response=TICKET.encode())
    port = start(
        Policy(
            identities=(known,) if end in ("let in", "wrong secret") else (),
            require_identity=end == "wrong secret",
            reject=Rejection(1, 1, 1) if end == "rejected" else None,
        ),
        find_script("close") if end == "cut off" else None,
    )
    file = planted.file(kind, secret)
    for printed in PRINTED:
        code = planted.run("echo", "127.0.0.1", port, *options, file, "--positive-response", *printed)
        assert (code == Exit.SUCCESS) is (end == "let in")


def test_a_user_identity_nobody_can_be_reached_with(planted: Planted) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nothing listens there
        file = planted.file("token", TOKEN)
        code = planted.run("echo", "127.0.0.1", str(taken.getsockname()[1]), "--jwt-file", file, "-vvv")
    assert code == Exit.CONNECTION_FAILED


def test_secrets_given_where_something_else_belongs(planted: Planted, start: Start) -> None:
    """Usage errors name the file, never what is in it."""
    passcode = planted.file("passcode", PASSCODE)
    assert planted.run("hash", passcode) == Exit.SUCCESS
    assert planted.said.startswith("scrypt:")
    users = planted.file("users.toml", f'[[user]]\nname = "ann"\nhash = "{PASSCODE}"\n')
    assert planted.run("listen", "--port", "0", "--users", users) == Exit.USAGE
    for option in ("--users", "--settings", "--waivers"):
        assert planted.run("listen", "--port", "0", option, passcode) == Exit.USAGE


def _fail_with_all(*what: object, **more: object) -> NoReturn:
    raise LookupError(f"{what} {more} {SECRETS} {PATIENTS}")


@pytest.mark.parametrize("printed", PRINTED)
def test_a_defect_of_the_engine(
    printed: tuple[str, ...], planted: Planted, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = start()
    monkeypatch.setattr(machine_events, "propose", _fail_with_all)
    file = planted.file("passcode", PASSCODE)
    code = planted.run("echo", "127.0.0.1", port, "--user", "ann", "--passcode-file", file, *printed)
    assert code != Exit.SUCCESS
    assert "LookupError" in planted.said


def test_a_defect_of_the_command_line_itself(planted: Planted, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    port = start()
    monkeypatch.setattr(Output, "notice", _fail_with_all)
    code = planted.run("echo", "127.0.0.1", port, "--jwt-file", planted.file("token", TOKEN))
    assert code == Exit.DEFECT
    assert "Unexpected LookupError at" in planted.said and "tests/cli/test_planted_secrets.py" in planted.said


@pytest.mark.parametrize("given", [PASSPHRASE, PASSPHRASE[:-1], ""], ids=["right", "wrong", "none"])
def test_the_passphrase_of_a_key(given: str, planted: Planted, start: Start, files: Files) -> None:
    certificate, key = files.apart("client", passphrase=PASSPHRASE)
    tls = ("--tls", "--tls-ca", str(files.ca), "--tls-cert", str(certificate), "--tls-key", str(key))
    file = planted.file("passphrase", given)
    port = start(tls=files.acceptor(client_certificates=ClientCertificates.REQUIRE))
    for printed in PRINTED:
        code = planted.run("echo", "127.0.0.1", port, *tls, "--tls-passphrase-file", file, *printed)
        assert (code == Exit.SUCCESS) is (given == PASSPHRASE)
    if given != PASSPHRASE:
        assert planted.run("listen", "--port", "0", *tls, "--tls-passphrase-file", file, "-v") != Exit.SUCCESS


def test_a_passphrase_kept_in_the_keyring(
    planted: Planted, start: Start, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = files.apart("client", passphrase=PASSPHRASE)
    kept = {("dimse-console", passphrase_name(key)): PASSPHRASE}
    monkeypatch.setattr("engine.workspace.secrets._system_keyring", lambda: _Keyring(kept))
    tls = ("--tls", "--tls-ca", str(files.ca), "--tls-cert", str(certificate), "--tls-key", str(key))
    port = start(tls=files.acceptor(client_certificates=ClientCertificates.REQUIRE))
    assert planted.run("echo", "127.0.0.1", port, *tls, "-vvv", "--json") == Exit.SUCCESS


def test_patients_in_what_goes_wrong(planted: Planted, start: Start, tmp_path: Path) -> None:
    """Data sets are shown where one asks for them; what goes wrong is told without."""
    port = start(folder=tmp_path / "archive")
    file = make_image(planted.secrets / "1.dcm")
    assert planted.run("store", "127.0.0.1", port, str(file), "-v") == Exit.SUCCESS
    keys = ("-k", f"PatientName={PATIENT}", "-k", f"PatientID={PATIENT_ID}")
    assert planted.run("find", "127.0.0.1", port, *keys) == Exit.SUCCESS
    assert planted.run("get", "127.0.0.1", port, *keys, "--to", "/dev/null/x") == Exit.USAGE


def test_a_defect_while_a_patient_is_looked_for(
    planted: Planted, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = start(folder=tmp_path / "archive")
    assert planted.run("store", "127.0.0.1", port, str(make_image(planted.secrets / "1.dcm"))) == Exit.SUCCESS
    monkeypatch.setattr("engine.runtime.serving.Request", _fail_with_all)
    assert planted.run("find", "127.0.0.1", port, "-k", f"PatientName={PATIENT}") != Exit.SUCCESS
    assert any(isinstance(n, ErrorNotice) and "LookupError" in n.report for n in planted.notices)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--user", "ann", "--passcode", PASSCODE),
        ("--user", "ann", "--passcode-file", PASSCODE),
        ("--user", "ann", f"--passcode-file={PASSCODE}\0"),
        ("--user", "ann", "--password", PASSCODE),
        ("--user", "ann", f"--password={PASSCODE}"),
        ("--jwt-file", TOKEN),
        ("--saml-file", ASSERTION),
        ("--kerberos-file", TICKET),
        ("--tls-passphrase-file", PASSPHRASE, "--tls-key", "key.pem"),
    ],
    ids=" ".join,
)
def test_a_secret_where_its_file_belongs_is_not_repeated(arguments: tuple[str, ...], planted: Planted) -> None:
    assert planted.run("echo", "127.0.0.1", "1", *arguments) == Exit.USAGE
    assert any(text.partition("=")[0] in planted.said for text in arguments if text.startswith("--"))
    assert planted.run("hash", PASSCODE) == Exit.USAGE


def test_a_secrets_file_that_is_there_is_named(planted: Planted) -> None:
    folder = planted.secrets / "folder"
    folder.mkdir()
    assert planted.run("echo", "127.0.0.1", "1", "--jwt-file", str(folder)) == Exit.USAGE
    assert f"{folder} cannot be read" in planted.said
