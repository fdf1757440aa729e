"""The workspace folder: what was set up is there next time, and nothing a user wrote is ever lost."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.association import (
    AsyncWindow,
    CommonExtendedNegotiation,
    ExtendedNegotiation,
    LocalAE,
    Peer,
    Policy,
    ProposedContext,
    Role,
    Timeouts,
)
from engine.model.limits import Limits
from engine.workspace.errors import WorkspaceError
from engine.workspace.message_files import load_message, save_message
from engine.workspace.messages import template
from engine.workspace.presets import Preset
from engine.workspace.saved_queries import SavedQuery
from engine.workspace.secrets import Secrets
from engine.workspace.settings import (
    ContextSettings,
    EchoResult,
    IdentitySettings,
    SavedPeer,
    number_contexts,
)
from engine.workspace.toml_text import dumps
from engine.workspace.workspace import Workspace, file_name


class FakeKeyring:
    """A keyring in memory; `broken` makes it refuse."""

    def __init__(self, broken: bool = False) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.broken = broken

    def _check(self) -> None:
        if self.broken:
            raise RuntimeError("locked")

    def get_password(self, service: str, name: str) -> str | None:
        self._check()
        return self.kept.get((service, name))

    def set_password(self, service: str, name: str, password: str) -> None:
        self._check()
        self.kept[service, name] = password

    def delete_password(self, service: str, name: str) -> None:
        self._check()
        del self.kept[service, name]


def workspace(folder: Path) -> Workspace:
    return Workspace(folder, Secrets(FakeKeyring()))


CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
CONTEXTS = ContextSettings(
    contexts=(
        ProposedContext(1, CT, ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2"), Role.BOTH),
        ProposedContext(3, "1.2.3.4", ("1.2.3.5",)),
    ),
    async_window=AsyncWindow(5, 0),
    identity=IdentitySettings(type=2, username="jane", positive_response_requested=True),
    extended=(ExtendedNegotiation(CT, b"\1\0"),),
    common_extended=(CommonExtendedNegotiation(CT, "1.2.840.10008.4.2", (MR,)),),
)


def test_a_new_workspace_can_echo_at_once(tmp_path: Path) -> None:
    fresh = workspace(tmp_path / "not" / "there")
    assert fresh.problems == ()
    proposal = fresh.proposal(Peer())
    assert [c.abstract_syntax for c in proposal.contexts] == ["1.2.840.10008.1.1"]
    assert not (tmp_path / "not").exists(), "looking does not write"


def test_everything_set_up_is_there_next_time(tmp_path: Path) -> None:
    first = workspace(tmp_path)
    local = LocalAE(ae_title="ME", maximum_length=0)
    timeouts = Timeouts(connect=1.5, idle=7)
    peer = Peer(name="Archive", ae_title="PACS", host="::1", port=11112)
    echo = EchoResult(outcome="success", time=1_700_000_000.25, round_trip=0.0042, sentence="Answered.")
    first.save_local(local, timeouts)
    first.save_peers((SavedPeer(peer=peer, echo=echo), SavedPeer(peer=Peer(name="Other"))))
    first.save_contexts(CONTEXTS)
    again = workspace(tmp_path)
    assert again.problems == ()
    assert (again.local, again.timeouts, again.contexts) == (local, timeouts, CONTEXTS)
    assert again.peers == (SavedPeer(peer=peer, echo=echo), SavedPeer(peer=Peer(name="Other")))
    assert again.peer_named("Archive") == peer
    assert again.peer_named("Nobody") is None


def test_the_files_read_like_a_person_wrote_them(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    space.save_contexts(CONTEXTS)
    space.save_peers((SavedPeer(peer=Peer(name="Archive")),))
    text = (tmp_path / "contexts.toml").read_text(encoding="utf-8")
    assert 'abstract_syntax = "CTImageStorage"' in text
    assert 'transfer_syntaxes = ["ExplicitVRLittleEndian", "ImplicitVRLittleEndian"]' in text
    assert (tmp_path / "peers.toml").read_text(encoding="utf-8").startswith('[[peer]]\nname = "Archive"\n')


def test_a_passcode_is_in_the_keyring_and_in_no_file(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    space.save_contexts(CONTEXTS)
    space.secrets.set(CONTEXTS.identity.secret_name, "s3cret-passcode")
    identity = space.proposal(Peer()).user_identity
    assert identity is not None
    assert (identity.type, identity.primary, identity.secondary) == (2, b"jane", b"s3cret-passcode")
    assert "s3cret" not in repr(identity)
    assert all(b"s3cret" not in f.read_bytes() for f in tmp_path.rglob("*") if f.is_file())
    space.secrets.set(CONTEXTS.identity.secret_name, "")
    assert space.secrets.get(CONTEXTS.identity.secret_name) == ""


def test_a_token_is_the_primary_field() -> None:
    token = IdentitySettings(type=5).identity("eyJ")
    assert token is not None
    assert (token.primary, token.secondary) == (b"eyJ", b"")
    assert IdentitySettings().identity("x") is None


def test_without_a_usable_keyring_secrets_last_for_the_session_and_it_is_said() -> None:
    secrets = Secrets(FakeKeyring(broken=True))
    assert secrets.sentence == ""
    secrets.set("a", "b")
    assert secrets.get("a") == "b"
    assert "until the program ends" in secrets.sentence


def test_a_system_without_keyring_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring
    from keyring.backends.fail import Keyring as NoKeyring

    monkeypatch.setattr(keyring, "get_keyring", NoKeyring)
    secrets = Secrets()
    assert "no system keyring" in secrets.sentence
    secrets.set("a", "b")
    assert secrets.get("a") == "b"
    secrets.set("a", "")
    assert secrets.get("a") == ""


@pytest.mark.parametrize(
    ("name", "text", "line", "words"),
    [
        ("local.toml", "[ae]\ntitle = 5\n", 2, "must be a text"),
        ("local.toml", "[timeouts]\nconnect = 1\nacse = -1\n", 3, "from 0"),
        ("local.toml", "[ae\n", 1, "not valid TOML"),
        ("peers.toml", '[[peer]]\nname = "a"\n\n[[peer]]\nport = 99999\n', 5, "a port is from 0 to 65535"),
        ("peers.toml", 'peer = "x"\n', 1, "must be a list"),
        ("contexts.toml", '[[context]]\nabstract_syntax = "CTImageStorag"\n', 2, "did you mean CTImageStorage"),
        ("contexts.toml", '[[context]]\nid = 1\nabstract_syntax = "1.2"\nrole = "chief"\n', 4, "a role is"),
        ("contexts.toml", '[[extended]]\nsop_class = "1.2"\ninformation = "0"\n', 3, "odd number"),
    ],
)
def test_a_broken_file_is_reported_and_kept_aside(tmp_path: Path, name: str, text: str, line: int, words: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    space = workspace(tmp_path)
    (problem,) = space.problems
    assert (problem.file, problem.line) == (tmp_path / name, line)
    assert words in problem.reason
    assert space.local == LocalAE()
    assert (tmp_path / name).read_text(encoding="utf-8") == text, "reading changes nothing"
    space.save_local(LocalAE(ae_title="NEW"), Timeouts())
    space.save_peers(())
    space.save_contexts(CONTEXTS)
    kept = tmp_path / name.replace(".toml", ".broken-1.toml")
    assert kept.read_text(encoding="utf-8") == text
    assert workspace(tmp_path).problems == ()


@pytest.mark.parametrize("name", ["local.toml", "listener.toml"])
def test_a_limit_of_another_version_is_told_and_nothing_else_is_lost(tmp_path: Path, name: str) -> None:
    text = '[ae]\ntitle = "MINE"\n\n[timeouts]\nconnect = 7.0\n\n[limits]\npdvs = 9\nitems = 50000\nqueue = 3\n'
    (tmp_path / name).write_text(text, encoding="utf-8")
    space = workspace(tmp_path)
    policy = space.listener.policy
    local, timeouts, limits = (
        (space.local, space.timeouts, space.limits)
        if name == "local.toml"
        else (policy.local, policy.timeouts, policy.limits)
    )
    assert (local.ae_title, timeouts.connect, limits) == ("MINE", 7.0, Limits(pdvs=9))
    assert [str(p).removeprefix(str(tmp_path / name)) for p in space.problems] == [
        ", line 9: limits.items: Items and sub-items is from 8 to 16384; it is taken as usual",
        ", line 10: limits.queue: is no key of this file; it is taken as usual",
    ]
    space.save_local(space.local, space.timeouts)
    space.save_listener(space.listener)
    assert (tmp_path / name.replace(".toml", ".broken-1.toml")).read_text(encoding="utf-8") == text
    again = workspace(tmp_path)
    assert not again.problems and (again.local, again.limits) == (space.local, space.limits)
    assert again.listener == space.listener


def test_keys_of_another_version_stay_and_are_mentioned(tmp_path: Path) -> None:
    (tmp_path / "peers.toml").write_text(
        'colour = "red"\n[[peer]]\nname = "A"\nport = 1\nrack = 7\n[[peer]]\nname = "B"\n', encoding="utf-8"
    )
    space = workspace(tmp_path)
    (problem,) = space.problems
    assert problem.key == "colour"
    assert "kept" in problem.reason
    space.save_peers((*space.peers[1:], SavedPeer(peer=Peer(name="A", port=2))))
    table = tomllib.loads((tmp_path / "peers.toml").read_text(encoding="utf-8"))
    assert table["colour"] == "red"
    assert table["peer"][1]["rack"] == 7
    assert table["peer"][1]["port"] == 2
    assert "rack" not in table["peer"][0]


def test_a_folder_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    space = workspace(tmp_path / "file")
    with pytest.raises(WorkspaceError, match="cannot be written"):
        space.save_peers(())


def test_no_half_written_files_are_left(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    for _ in range(3):
        space.save_local(LocalAE(), Timeouts())
    assert [p.name for p in tmp_path.iterdir()] == ["local.toml"]


def test_own_presets_and_messages_are_kept_and_broken_ones_reported(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    mine = Preset(title="My CT: all of it", contexts=number_contexts((ProposedContext(9, CT, ("1.2.840.10008.1.2",)),)))
    saved = space.save_preset(mine)
    assert saved.path is not None and saved.path.name == "my-ct-all-of-it.toml"
    assert saved in space.presets()
    echo = template("C-ECHO-RQ", "1.2.840.10008.1.1")
    path = space.messages_folder / "echo.toml"
    save_message(path, echo)
    assert space.messages() == ((path, echo),)
    (tmp_path / "messages" / "bad.toml").write_text("message = 1")
    (tmp_path / "presets" / "bad.toml").write_text("context = 1")
    for _ in range(2):
        space.messages()
        space.presets()
    assert sorted(p.file.parent.name for p in space.problems) == ["messages", "presets"]


@pytest.mark.parametrize(
    ("title", "name"),
    [("Echo", "echo"), ("../../etc/passwd", "etc-passwd"), ("", "untitled"), ("NUL", "nul-"), ("a" * 200, "a" * 80)],
)
def test_titles_become_safe_file_names(title: str, name: str) -> None:
    assert file_name(title) == name


SCALAR = st.text(max_size=10) | st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.floats(allow_nan=False)
KEYS = st.text(max_size=8)
TABLES = st.recursive(
    st.dictionaries(KEYS, SCALAR | st.lists(SCALAR, max_size=3), max_size=4),
    lambda inner: st.dictionaries(KEYS, inner | st.lists(inner, max_size=3) | SCALAR, max_size=4),
    max_leaves=12,
)


@settings(deadline=None, max_examples=200)
@given(TABLES)
def test_the_writer_writes_toml(table: dict[str, object]) -> None:
    assert tomllib.loads(dumps(table)) == table


def test_a_limit_set_back_to_its_default_goes_out_of_the_file(tmp_path: Path) -> None:
    space = Workspace(tmp_path)
    for limits in (Limits(depth=9, files=5), Limits(files=5), Limits()):
        space.save_local(LocalAE(), Timeouts(), limits)
        listening = replace(space.listener, peer=replace(space.listener.peer, policy=Policy(limits=limits)))
        space.save_listener(listening)
        again = Workspace(tmp_path)
        assert again.problems == ()
        assert again.limits == again.listener.policy.limits == limits


def test_what_somebody_wrote_without_measure_is_told_in_short(tmp_path: Path) -> None:
    message = tmp_path / "message.toml"
    for text in (f'message = "{"x" * 70_000}"', f'message = "C-ECHO-RQ"\n{"k" * 70_000} = 1'):
        message.write_text(text)
        with pytest.raises(WorkspaceError) as raised:
            load_message(message)
        told = str(raised.value)
        assert len(told) < 3_000 + len(str(message))
        assert f"{message}, line {text.count(chr(10)) + 1}: " in told


def test_titles_that_make_one_file_name_do_not_replace_each_other(tmp_path: Path) -> None:
    space = Workspace(tmp_path)
    context = ProposedContext(1, CT, ("1.2.840.10008.1.2",))
    titles = ["CT / chest", "CT chest", "CT: chest?", "x" * 200, "x" * 201]
    for title in titles:
        space.save_preset(Preset(title=title, contexts=(context,)))
        space.save_query(SavedQuery(title=title, sop_class_uid="1.2.840.10008.5.1.4.1.2.2.1", level="STUDY"))
    for _ in range(2):
        own = [p for p in space.presets() if p.path is not None and not p.shipped]
        assert sorted(p.title for p in own) == sorted(titles)
        assert sorted(q.title for q in space.queries() if not q.shipped) == sorted(titles)
        files = sorted(tmp_path.rglob("*.toml"))
        for title in (titles[1].upper(), titles[1]):  # its own file is written again
            space.save_preset(Preset(title=title, contexts=(context,), note="again"))
        assert sorted(tmp_path.rglob("*.toml")) == files


def test_a_file_that_cannot_be_read_is_not_replaced_by_one_of_its_name(tmp_path: Path) -> None:
    space = Workspace(tmp_path)
    (tmp_path / "presets").mkdir()
    broken = tmp_path / "presets" / "mine.toml"
    broken.write_text("not = [toml")
    kept = space.save_preset(Preset(title="Mine", contexts=(ProposedContext(1, CT, ("1.2.840.10008.1.2",)),)))
    assert kept.path != broken and broken.read_text() == "not = [toml"


def test_peers_that_two_windows_add_are_all_kept(tmp_path):
    def added(space, name):
        space.save_peers((*space.peers, SavedPeer(peer=Peer(name=name))))

    def kept():
        return {saved.peer.name for saved in Workspace(tmp_path).peers}

    first, second = Workspace(tmp_path), Workspace(tmp_path)
    added(first, "A")
    added(second, "B")
    added(second, "C")
    assert kept() == {"A", "B", "C"}
    added(first, "D")
    assert kept() == {"A", "B", "C", "D"}
    first.save_peers(first.peers[1:])  # which takes A out
    assert kept() == {"B", "C", "D"}


def test_a_peer_taken_out_renamed_or_changed_in_another_window_does_not_come_back(tmp_path):
    def peer(name, port=104):
        return SavedPeer(peer=Peer(name=name, port=port))

    Workspace(tmp_path).save_peers((peer("A"), peer("B"), peer("C"), peer("D")))
    first, second = Workspace(tmp_path), Workspace(tmp_path)
    second.save_peers((peer("B2"), peer("C", port=11112), peer("D", port=11113)))
    first.save_peers((*first.peers[:3], peer("D", port=4242), peer("E")))
    kept = {(saved.peer.name, saved.peer.port) for saved in Workspace(tmp_path).peers}
    assert kept == {("B2", 104), ("C", 11112), ("D", 4242), ("E", 104)}
    first.save_peers((*first.peers, peer("F")))
    assert {saved.peer.name for saved in Workspace(tmp_path).peers} == {"B2", "C", "D", "E", "F"}


def test_what_a_hand_has_made_unreadable_meanwhile_is_kept_beside(tmp_path):
    space = Workspace(tmp_path)
    space.save_peers((SavedPeer(peer=Peer(name="A")),))
    for text in ("peer = [", "peer = [{name = [1]}]"):
        (tmp_path / "peers.toml").write_text(text, encoding="utf-8")
        space.save_peers((SavedPeer(peer=Peer(name="B")),))
    assert (tmp_path / "peers.broken-1.toml").read_text(encoding="utf-8") == "peer = ["
