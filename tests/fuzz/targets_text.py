"""Targets that read text people write or paste: message files, the workspace's files, data sets as text."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

from engine.wire.charset import decode_text
from engine.wire.datasets import DataSetError, encode_dataset
from engine.workspace import listening, modality_records, presets, saved_queries, scripts, users, waivers
from engine.workspace.dataset_text import DataSetTextError, dataset_text, parse_dataset_text
from engine.workspace.errors import WorkspaceError
from engine.workspace.message_files import load_json, message_text, parse_message
from engine.workspace.names import attribute_path, attribute_tag, command_tag, parse_tag, resolve_uid
from engine.workspace.pasted_text import parse_pasted
from engine.workspace.print_settings import frame_numbers, window_of
from engine.workspace.reference_text import parse_references
from engine.workspace.secrets import Secrets
from engine.workspace.sendable import load_to_send
from engine.workspace.ups_claims import FILE as CLAIMS
from engine.workspace.ups_claims import Claims
from engine.workspace.worklist_folder import load_item
from engine.workspace.workspace import Workspace

from .talks import SEEDS
from .target import Target
from .targets_files import folder
from .targets_wire import EXPLICIT

RESOURCES = Path(__file__).parents[2] / "resources"


def message(data: bytes) -> None:
    """WorkspaceError, or a message whose own file says the same."""
    path = folder() / "message.toml"
    try:
        read = parse_message(data.decode("utf-8", "replace"), path)
    except WorkspaceError as error:
        assert str(error)
        return
    text = message_text(read, path.parent)
    again = message_text(parse_message(text, path), path.parent)
    assert again == text, "a message changes each time it is saved"


def to_send(data: bytes) -> None:
    """WorkspaceError."""
    path = folder() / "send.toml"
    path.write_bytes(data)
    with contextlib.suppress(WorkspaceError):
        load_to_send(path)


class _NoKeyring:
    """Nothing is looked up outside."""

    def get_password(self, service: str, username: str) -> str | None:
        return None

    def set_password(self, service: str, username: str, password: str) -> None: ...

    def delete_password(self, service: str, username: str) -> None: ...


def workspace(data: bytes) -> None:
    """The first byte chooses the file. Never raises: what cannot be read is a problem told; saving works then too."""
    if not data:
        return
    place = folder() / "workspace"
    place.mkdir(exist_ok=True)
    name = WORKSPACE[data[0] % len(WORKSPACE)]
    path = place / name
    path.write_bytes(data[1:])
    try:
        opened = Workspace(place, Secrets(_NoKeyring()))
        for problem in opened.problems:
            assert str(problem)
        for peer in opened.peers:
            opened.proposal(peer.peer)
        if data[0] < 120:  # 120 is a multiple of the number of files
            return
        before = (opened.local, opened.peers, opened.contexts, opened.waivers, opened.listener, opened.faults)
        opened.save_local(opened.local, opened.timeouts)
        opened.save_peers(opened.peers)
        opened.save_contexts(opened.contexts)
        opened.save_waivers(opened.waivers)
        opened.save_faults(opened.faults)
        opened.save_listener(opened.listener)
        again = Workspace(place, Secrets(_NoKeyring()))
        after = (again.local, again.peers, again.contexts, again.waivers, again.listener, again.faults)
        for one, other in zip(before, after, strict=True):
            assert repr(one) == repr(other), "a setting is another after it was saved and read"
    finally:
        for file in place.iterdir():
            file.unlink()


WORKSPACE = ("local.toml", "peers.toml", "listener.toml", "contexts.toml", "waivers.toml", "faults.toml")
Load = Callable[[Path], object]


def _records(name: str) -> Load:
    make = modality_records.step_records if name == "performed-steps" else modality_records.transactions

    def load(path: Path) -> object:
        place = folder() / "records" / name
        place.mkdir(parents=True, exist_ok=True)
        (place / "record.toml").write_bytes(path.read_bytes())
        return make(folder() / "records").all()

    return load


def _claims(path: Path) -> object:
    (folder() / CLAIMS).write_bytes(path.read_bytes())
    return Claims(folder()).all()


def _script_again(path: Path) -> object:
    script = scripts.load_script(path)
    text = scripts.script_text(script)
    assert scripts.script_text(scripts.parse_script(text, path)) == text, "a script changes each time it is saved"
    return script


LOADERS: tuple[tuple[str, Load], ...] = (
    (".toml", _script_again),
    (".toml", presets.load_preset),
    (".toml", saved_queries.load_query),
    (".toml", users.load_users),
    (".toml", waivers.load_waivers),
    (".toml", listening.load_listener),
    (".toml", load_item),
    (".json", load_json),
    (".toml", _records("performed-steps")),
    (".toml", _records("storage-commitments")),
    (".toml", _claims),
)


def text_files(data: bytes) -> None:
    """The first byte chooses what it is read as. WorkspaceError."""
    if not data:
        return
    suffix, load = LOADERS[data[0] % len(LOADERS)]
    path = folder() / f"text{suffix}"
    path.write_bytes(data[1:])
    try:
        load(path)
    except WorkspaceError as error:
        assert str(error)


def pasted(data: bytes) -> None:
    """DataSetTextError, or a data set whose text says the same."""
    text = data.decode("utf-8", "replace")
    try:
        found = parse_pasted(text).data_set
    except DataSetTextError:
        return
    told = dataset_text(found)
    with contextlib.suppress(DataSetTextError):
        assert dataset_text(parse_dataset_text(told)) == told, "the text changes each time"
    with contextlib.suppress(DataSetError):
        encode_dataset(found, EXPLICIT)


def _frames(text: str) -> object:
    return frame_numbers(text, 20)


READERS: tuple[Callable[[str], object], ...] = (
    attribute_tag,
    attribute_path,
    command_tag,
    resolve_uid,
    window_of,
    _frames,
    parse_references,
)


def names(data: bytes) -> None:
    """What is typed into fields, the first byte says which: ValueError with a sentence."""
    text = data[1:].decode("utf-8", "replace")
    parse_tag(text)
    if data:
        try:
            READERS[data[0] % len(READERS)](text)
        except ValueError as error:
            assert str(error)
    for codec in ("iso8859-1", "iso2022_jp_2", "gb18030", "euc_kr"):
        decode_text(data, (codec, "shift_jis"))


# --- seeds --------------------------------------------------------------------------------------------------------


def _texts(pattern: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted(RESOURCES.glob(pattern))]


def _workspace() -> list[bytes]:
    """The files with everything set that can be, read only and saved again; shipped scripts as faults."""
    texts = [(SEEDS / "workspace" / name).read_bytes() for name in WORKSPACE]
    made = [bytes([saved | kind]) + text for saved in (0, 120) for kind, text in enumerate(texts)]
    return made + [bytes([125]) + text for text in _texts("quirks/*.toml")]


def _text_files() -> list[bytes]:
    shipped = (_texts("quirks/*.toml"), _texts("presets/*.toml"), _texts("queries/*.toml"))
    own = (
        "text/users.toml",
        "workspace/waivers.toml",
        "workspace/listener.toml",
        "text/worklist-item.toml",
        "text/data-set.json",
        "text/performed-step.toml",
        "text/storage-commitment.toml",
        "text/ups-claims.toml",
    )
    kinds = [*shipped, *([(SEEDS / name).read_bytes()] for name in own)]
    return [bytes([kind]) + text for kind, texts in enumerate(kinds) for text in texts]


def _pasted() -> list[bytes]:
    return [path.read_bytes() for path in sorted((SEEDS / "pasted").iterdir())]


def _names() -> list[bytes]:
    typed = [*(SEEDS / "names.txt").read_bytes().splitlines(), b"\x1b$B;3ED\x1b(B"]
    return [bytes([kind]) + text for kind in range(len(READERS)) for text in typed]


TARGETS = (
    Target("message-file", message, lambda: _texts("messages/*.toml"), 4096, text=True),
    Target("to-send", to_send, lambda: _texts("messages/*.toml"), 4096, text=True),
    Target("workspace", workspace, _workspace, 2048, text=True),
    Target("text-files", text_files, _text_files, 2048, text=True),
    Target("pasted", pasted, _pasted, 2048, text=True),
    Target("names", names, _names, 256, text=True),
)
