"""The built-in peer's settings as a file: what goes in comes out, and what is wrong is said with its place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.model.association import (
    APPLICATION_CONTEXT,
    AcceptedSyntax,
    AsyncWindow,
    ExtendedNegotiation,
    LocalAE,
    Policy,
    Rejection,
    Timeouts,
)
from engine.model.commands import MoveDestination, PeerSettings
from engine.model.limits import Limits
from engine.model.tls import ClientCertificates, TlsProfile, TlsSettings
from engine.workspace.errors import WorkspaceError
from engine.workspace.listening import ListenerSettings, load_listener, ready, save_listener
from engine.workspace.secrets import Secrets
from engine.workspace.settings import passphrase_name
from engine.workspace.workspace import Workspace

FIND = "1.2.840.10008.5.1.4.1.2.2.1"
EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
TLS = TlsSettings(
    profile=TlsProfile.MODIFIED,
    ca_file=Path("/certs/ca.pem"),
    certificate=Path("/certs/own.pem"),
    key=Path("/certs/own.key"),
    client_certificates=ClientCertificates.REQUIRE,
)
POLICY = Policy(
    ae_titles=("ONE", "TWO, AND A HALF"),
    calling_ae_titles=("CT 1",),
    accepted=(
        AcceptedSyntax(abstract_syntax=FIND, transfer_syntaxes=(IMPLICIT, EXPLICIT), scp=False),
        AcceptedSyntax(abstract_syntax="1.2.3.4", scu=False),
        AcceptedSyntax(abstract_syntax="*"),
    ),
    local=LocalAE(ae_title="ARCHIVE", maximum_length=0),
    timeouts=Timeouts(acse=5.0, idle=60.5),
    async_window=AsyncWindow(8, 2),
    reject=Rejection(2, 3, 255),
    require_identity=True,
    application_contexts=(APPLICATION_CONTEXT, "1.2.826.0.1"),
    max_associations=7,
    max_associations_per_peer=2,
    limits=Limits(pdu_length=65536, inflated=1 << 40, received=5),
    extended=(
        ExtendedNegotiation(FIND, b"\1\0\1"),
        ExtendedNegotiation("1.2.3.4", b"\xff"),
        ExtendedNegotiation("1.2", b""),
    ),
)
EVERYTHING = ListenerSettings(
    host="",
    port=104,
    peer=PeerSettings(
        policy=POLICY,
        folder=Path("/data/received"),
        synchronize=True,
        destinations=(
            MoveDestination(ae_title="STORE", host="10.0.0.1", port=104),
            MoveDestination(ae_title="SAFE", host="::1", port=2762, tls=TLS),
        ),
        tls=TLS,
        delays=(0.5, 0.0),
    ),
    users=Path("/data/users.toml"),
)


@pytest.mark.parametrize("settings", [ListenerSettings(), EVERYTHING], ids=["usual", "everything"])
def test_what_is_written_is_read_back(settings: ListenerSettings, tmp_path: Path) -> None:
    file = tmp_path / "listener.toml"
    save_listener(file, settings)
    assert load_listener(file) == settings
    workspace = Workspace(tmp_path / "ws", Secrets())
    workspace.save_listener(EVERYTHING)
    workspace.save_listener(settings)  # what the first had and this has not is gone
    again = Workspace(tmp_path / "ws", Secrets())
    assert (again.listener, again.problems) == (settings, ())


def test_it_reads_as_a_person_would_write_it(tmp_path: Path) -> None:
    file = tmp_path / "listener.toml"
    save_listener(file, EVERYTHING)
    text = file.read_text()
    for line in (
        'called_titles = ["ONE", "TWO, AND A HALF"]',
        "reject = { result = 2, source = 3, reason = 255 }",
        'abstract_syntax = "StudyRootQueryRetrieveInformationModelFind"',
        'transfer_syntaxes = ["ImplicitVRLittleEndian", "ExplicitVRLittleEndian"]',
        'options = "relational,fuzzy"',
        'information = "ff"',
    ):
        assert line in text


def test_no_secret_is_written(tmp_path: Path) -> None:
    file = tmp_path / "listener.toml"
    tls = replace(TLS, passphrase="open sesame")
    peer = replace(EVERYTHING.peer, tls=tls, destinations=(MoveDestination(ae_title="A", host="b", port=1, tls=tls),))
    save_listener(file, replace(EVERYTHING, peer=peer))
    assert "sesame" not in file.read_text()


def test_paths_are_beside_the_file(tmp_path: Path) -> None:
    file = tmp_path / "listener.toml"
    file.write_text(
        'folder = "in"\n[policy]\nusers = "users.toml"\n[tls]\ncertificate = "own.pem"\nca_file = "/etc/ca.pem"\n'
    )
    read = load_listener(file)
    assert (read.peer.folder, read.users) == (tmp_path / "in", tmp_path / "users.toml")
    assert read.peer.tls is not None
    assert (read.peer.tls.certificate, read.peer.tls.ca_file) == (tmp_path / "own.pem", Path("/etc/ca.pem"))


def test_paths_of_where_the_user_is_are_written_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "elsewhere" / "listener.toml"
    tls = TlsSettings(certificate=Path("own.pem"))
    save_listener(file, ListenerSettings(peer=PeerSettings(folder=Path("in"), tls=tls), users=Path("users.toml")))
    read = load_listener(file)
    assert (read.peer.folder, read.users) == (tmp_path / "in", tmp_path / "users.toml")
    assert read.peer.tls is not None
    assert read.peer.tls.certificate == tmp_path / "own.pem"


def test_users_and_passphrases_are_put_in_when_it_starts(tmp_path: Path) -> None:
    users = tmp_path / "users.toml"
    users.write_text('required = true\n[[user]]\ntype = 1\nname = "ann"\n')
    secrets = Secrets()
    secrets.set(passphrase_name(Path("/certs/own.key")), "sesame")
    made = ready(replace(EVERYTHING, users=users), secrets)
    assert [known.name for known in made.policy.identities] == ["ann"]
    assert made.policy.require_identity
    assert [t and t.passphrase for t in (made.tls, *(d.tls for d in made.destinations))] == ["sesame", None, "sesame"]
    with pytest.raises(WorkspaceError, match="cannot be read"):
        ready(replace(EVERYTHING, users=tmp_path / "none.toml"), secrets)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("port = 70000", "line 1: port: a port is from 0 to 65535"),
        ("prot = 1", "line 1: prot: is no key of this file"),
        ("[policy]\ncaled_titles = []", "line 2: policy.caled_titles: is no key"),
        ('[policy]\ncalled_titles = ["SEVENTEEN LETTERS"]', "16 characters at most"),
        ('[policy]\ncalling_titles = "A"', "policy.calling_titles: must be a list"),
        ("[limits]\npdu_length = 5", "line 2: limits.pdu_length: PDU length is from 1024 to 4294967295"),
        ("[limits]\nmemry = 5", "limits.memry: is no key"),
        ("[policy]\nmax_associations = -1", "a number of associations is from 0"),
        ("[policy]\nreject = { result = 1, source = 1, reason = 256 }", "a byte is from 0 to 255"),
        ("[policy]\nreject = { resolt = 1 }", "resolt"),
        ('[policy]\napplication_contexts = ["1.2.x"]', "policy.application_contexts[1]"),
        ('[[policy.accept]]\nabstract_syntax = "CTImageStorag"', "did you mean CTImageStorage"),
        (
            '[[policy.accept]]\nabstract_syntax = "*"\ntransfer_syntaxes = ["Nonsense"]',
            "policy.accept[1].transfer",
        ),
        ('[[policy.accept]]\nrole = "none"', "is one of scu, scp, both"),
        ('[[policy.accept]]\nrol = "scu"', "rol: is no key"),
        (f'[[policy.extended]]\nsop_class = "{FIND}"\noptions = "relatinal"', "did you mean relational"),
        ('[[policy.extended]]\nsop_class = "1.2"\noptions = "relational"', "hexadecimal"),
        ("delays = [1, 4000]", "a delay in seconds is from 0 to 3600"),
        ('delays = ["1"]', "must be a number"),
        ('[[destination]]\nae_title = "A"\nhost = "h"', "a port is from 1"),
        ('[[destination]]\nae_title = ""\nhost = "h"\nport = 1', "an AE title is needed"),
        ('[tls]\nprofile = "none"', "tls.profile"),
    ],
)
def test_mistakes_are_said_with_their_place(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "listener.toml"
    file.write_text(text)
    with pytest.raises(WorkspaceError) as caught:
        load_listener(file)
    assert said in str(caught.value)


def test_a_broken_file_of_the_workspace_is_reported_and_kept(tmp_path: Path) -> None:
    (tmp_path / "listener.toml").write_text("port = 99999")
    workspace = Workspace(tmp_path, Secrets())
    assert workspace.listener == ListenerSettings()
    assert "a port is from 0" in str(workspace.problems[0])
    workspace.save_listener(EVERYTHING)
    assert (tmp_path / "listener.broken-1.toml").read_text() == "port = 99999"


def test_the_example_of_the_manual_reads(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "resources" / "docs" / "command-line.md").read_text(encoding="utf-8")
    example = page[page.index('    host = ""') : page.index("A file of users is TOML.")]
    file = tmp_path / "listener.toml"
    file.write_text("\n".join(line[4:] for line in example.splitlines()))
    made = load_listener(file)
    assert made.policy.extended == (ExtendedNegotiation(FIND, b"\1\0\1"),)
    assert made.peer.tls is not None
    assert made.peer.tls.client_certificates is ClientCertificates.REQUIRE
    assert [d.ae_title for d in made.peer.destinations] == ["WORKSTATION"]
