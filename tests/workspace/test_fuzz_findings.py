"""What fuzzing found in the reading of the workspace's files, so that it stays mended."""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path

import pytest

from engine.workspace.errors import WorkspaceError
from engine.workspace.listening import load_listener
from engine.workspace.message_files import parse_message
from engine.workspace.modality_records import step_records
from engine.workspace.ups_claims import FILE, Claims
from engine.workspace.users import load_users
from engine.workspace.workspace import Workspace

NUL = "has no NUL in it"
USER = '[[user]]\ntype = 2\nname = "jane"\nsecret_file = "{}"\n'


@pytest.mark.parametrize(("name", "words"), [("a\\u0000b", NUL), ("~nobody-of-this-name/x", "home folder")])
def test_names_that_no_file_can_have_are_refused_with_their_line(tmp_path: Path, name: str, words: str) -> None:
    users, listener, peers = tmp_path / "users.toml", tmp_path / "other.toml", tmp_path / "peers.toml"
    users.write_text(USER.format(name))
    with pytest.raises(WorkspaceError, match=words) as raised:
        load_users(users)
    assert raised.value.line == 4
    for text in (f'folder = "{name}"\n', f'[emulators]\nworklist = "{name}"\n', f'[policy]\nusers = "{name}"\n'):
        listener.write_text(text)
        with pytest.raises(WorkspaceError, match=words):
            load_listener(listener)
    peers.write_text(f'[[peer]]\nhost = "h"\nport = 104\n[peer.tls]\nca_file = "{name}"\n')
    (problem,) = Workspace(tmp_path).problems
    assert words in str(problem)


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes and devices with a name in a folder")
def test_a_pipe_or_device_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "/dev/zero", "."):
        text = f'message = "C-STORE-RQ"\n[dataset]\nEncapsulatedDocument = {{ file = "{name}" }}\n'
        with pytest.raises(WorkspaceError, match=r"no regular file|Is a directory"):
            parse_message(text, tmp_path / "message.toml")


@pytest.mark.parametrize("when", ["0001-01-01T00:00:00+12:00", "9999-12-31T23:59:59-12:00", "1969-12-31"])
def test_times_that_no_clock_tells_are_refused(tmp_path: Path, when: str) -> None:
    """They were read, and broke what showed or saved them."""
    step = f'[[step]]\nsop_instance_uid = "1.2"\ntransaction_uid = "1.3"\nclaimed = {when}\n'
    (tmp_path / FILE).write_text(step)
    with pytest.raises(WorkspaceError, match="claimed"):
        Claims(tmp_path).all()
    records = step_records(tmp_path)
    records.folder.mkdir()
    (records.folder / "a.toml").write_text(f'sop_instance_uid = "1.2"\nchanged = {when}\n')
    assert records.all() == ()
    assert len(records.problems) == 1
    (tmp_path / "peers.toml").write_text(
        f'[[peer]]\nhost = "h"\nport = 104\necho = {{ outcome = "ok", time = {when} }}\n'
    )
    (problem,) = Workspace(tmp_path).problems
    assert "time" in str(problem)


@pytest.mark.parametrize("since", ['["X", "Y"]', "[]", '["X"]', '[{ a = 1 }, "X"]'])
def test_a_list_of_another_version_is_kept_as_it_stands_in_the_file(tmp_path: Path, since: str) -> None:
    """Nothing could be saved any more: its items were taken for tables."""
    peers = tmp_path / "peers.toml"
    text = 'titles = {}\n[[peer]]\nname = "A"\nhost = "h"\nport = 104\n'
    peers.write_text(text.format('["X"]'))
    opened = Workspace(tmp_path)
    assert len(opened.problems) == 1
    peers.write_text(text.format(since))
    opened.save_peers(opened.peers)
    assert tomllib.loads(peers.read_text())["titles"] == tomllib.loads(f"titles = {since}")["titles"]
    assert Workspace(tmp_path).peers == opened.peers
