"""TLS of saved peers: choices and paths in the file, the passphrase in the keyring."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.model.association import Peer
from engine.model.tls import ClientCertificates, TlsProfile, TlsSettings
from engine.workspace.secrets import Secrets
from engine.workspace.settings import SavedPeer, passphrase_name
from engine.workspace.workspace import Workspace

PASSPHRASE = "correct horse"
PEER = Peer(name="Archive", ae_title="PACS", host="pacs.example", port=2762)
FULL = TlsSettings(
    profile=TlsProfile.MODIFIED,
    minimum_version="1.2",
    maximum_version="1.3",
    ca_file=Path("/etc/dicom/ca.pem"),
    certificate=Path("/etc/dicom/console.pem"),
    key=Path("/etc/dicom/console.key"),
    passphrase=PASSPHRASE,
    verify=False,
    check_host_name=False,
    server_name="archive.example",
    client_certificates=ClientCertificates.REQUEST,
)


class MemoryKeyring:
    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, name: str) -> str | None:
        return self.kept.get((service, name))

    def set_password(self, service: str, name: str, password: str) -> None:
        self.kept[service, name] = password

    def delete_password(self, service: str, name: str) -> None:
        del self.kept[service, name]


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path, Secrets(MemoryKeyring()))


@pytest.mark.parametrize("tls", [FULL, TlsSettings(), None])
def test_tls_is_there_next_time_without_the_passphrase(tls: TlsSettings | None, space: Workspace) -> None:
    space.save_peers((SavedPeer(peer=PEER, tls=tls), SavedPeer(peer=Peer(name="Other"))))
    assert PASSPHRASE not in (space.folder / "peers.toml").read_text(encoding="utf-8")
    again = Workspace(space.folder, space.secrets)
    assert again.problems == ()
    kept = again.tls_for(PEER)
    if tls is None:
        assert kept is None
        return
    assert kept is not None and kept.passphrase == ""
    space.secrets.set(passphrase_name(Path("/etc/dicom/console.key")), PASSPHRASE)
    assert again.proposal(PEER).tls == tls
    assert again.tls_for(Peer(name="Other")) is None


def test_switching_tls_off_takes_it_out_of_the_file(space: Workspace) -> None:
    space.save_peers((SavedPeer(peer=PEER, tls=FULL),))
    space.save_peers((SavedPeer(peer=PEER),))
    assert "tls" not in (space.folder / "peers.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('profile = "ssl"', "is one of bcp195-rfc9325, modified-bcp195-rfc9325, any"),
        ('minimum_version = "3.0"', "is not a TLS version"),
        ("verify = 1", "must be true or false"),
        ("ca_file = 7", "must be"),
    ],
)
def test_a_mistake_in_the_file_is_told_with_its_line(line: str, words: str, tmp_path: Path) -> None:
    text = f'[[peer]]\nname = "Archive"\n\n[peer.tls]\n{line}\n'
    (tmp_path / "peers.toml").write_text(text, encoding="utf-8")
    (problem,) = Workspace(tmp_path, Secrets(MemoryKeyring())).problems
    assert words in str(problem)


def test_a_home_folder_written_by_hand_is_found(space: Workspace) -> None:
    space.save_peers((SavedPeer(peer=PEER, tls=FULL),))
    file = space.folder / "peers.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("/etc/dicom/ca.pem", "~/ca.pem"), encoding="utf-8")
    tls = Workspace(space.folder, space.secrets).tls_for(PEER)
    assert tls is not None and tls.ca_file == Path.home() / "ca.pem"
