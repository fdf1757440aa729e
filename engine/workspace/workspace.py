"""The workspace: a folder of text files that hold what the user set up.

Files: local.toml, peers.toml, contexts.toml, listener.toml, waivers.toml, presets/*.toml, messages/*.toml,
queries/*.toml. A file that cannot be read is reported in `problems`, its settings fall back to the defaults, and it is
kept aside before anything is written in its place. So it is where limits do not fit, as those of another version, but
that only these fall back.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from engine.model.association import VERIFICATION, LocalAE, Peer, Proposal, ProposedContext, Timeouts, UserIdentity
from engine.model.file_names import CONTEXTS, FAULTS, LISTENER, LOCAL, PEERS, WAIVERS, file_stem
from engine.model.limits import Limits
from engine.model.reading import may_be_there
from engine.model.scripting import Script
from engine.model.tls import TlsSettings
from engine.standard.transfer_syntaxes import EXPLICIT_VR_LE, IMPLICIT_VR_LE

from . import settings
from .errors import ValueProblem, WorkspaceError
from .listening import ListenerSettings, read_listener, write_listener
from .message_files import MessageFile, load_message
from .presets import Preset, everything, load_preset, preset_table, shipped_presets
from .reader import Reader
from .saved_queries import FOLDER as QUERIES
from .saved_queries import SavedQuery, load_query, own_queries, save_query, shipped_queries
from .scripts import read_script, script_table
from .secrets import Secrets
from .settings import ContextSettings, SavedPeer
from .toml_text import Table, Whole, dumps, parse, placed, read_text, write_atomically
from .waivers import Waivers, read_waivers, write_waivers

T = TypeVar("T")
MOST_ALIKE = 1000
"""Files whose titles make the same name."""
PROPOSED_AT_FIRST = ProposedContext(1, VERIFICATION, (EXPLICIT_VR_LE, IMPLICIT_VR_LE))


def default_folder() -> Path:
    """The user's folder for this program; the environment variable DIMSE_CONSOLE_WORKSPACE names another."""
    named = os.environ.get("DIMSE_CONSOLE_WORKSPACE")
    if named:
        return Path(named)
    from platformdirs import user_config_path

    return user_config_path("dimse-console", appauthor=False)


class Workspace:
    """Settings as values; each `save_...` writes its file at once."""

    def __init__(self, folder: Path | None = None, secrets: Secrets | None = None) -> None:
        self.folder = folder if folder is not None else default_folder()
        self.secrets = secrets if secrets is not None else Secrets()
        self.problems: tuple[WorkspaceError, ...] = ()
        """What could not be read, and keys that are not understood (they are kept)."""
        self.local, self.limits = LocalAE(), Limits()
        self.timeouts = Timeouts()
        self.peers: tuple[SavedPeer, ...] = ()
        self.faults: Script | None = None
        """How our own side departs from the Standard on purpose."""
        self.contexts = ContextSettings(contexts=(PROPOSED_AT_FIRST,))
        self.waivers: Waivers = ()
        self._tables: dict[str, Table] = {}
        self._broken: set[str] = set()
        self.reload()

    def reload(self) -> None:
        """Read the files again."""
        self.problems, self._tables, self._broken = (), {}, set()
        usual = LocalAE(), Timeouts(), Limits()
        self.local, self.timeouts, self.limits = self._load(LOCAL, _read_local_file, usual)
        self.peers = self._load(PEERS, lambda reader: reader.each("peer", settings.read_peer), ())
        self.listener = self._load(LISTENER, lambda reader: read_listener(reader, self.folder), ListenerSettings())
        self.contexts = self._load(CONTEXTS, settings.read_contexts, ContextSettings(contexts=(PROPOSED_AT_FIRST,)))
        self.waivers = self._load(WAIVERS, read_waivers, ())
        self.faults = self._load(FAULTS, _read_faults, None)

    def _load(self, name: str, read: Callable[[Reader], T], default: T) -> T:
        path = self.folder / name
        if not may_be_there(path):
            return default
        try:
            text = read_text(path)
            reader = Reader(parse(text, path), lenient=True)
            self._tables[name] = dict(reader.table)
            value = read(reader)
        except ValueProblem as problem:
            return self._fail(name, placed(problem, text, path), default)
        except WorkspaceError as error:
            return self._fail(name, error, default)
        for unfit in reader.unfit or ():
            self._broken.add(name)  # to be kept aside
            told = ValueProblem(f"{unfit.reason}; it is taken as usual", ("limits", *unfit.path))
            self.problems += (placed(told, text, path),)
        for key in reader.unknown:
            unknown = ValueProblem("not a setting of this version; it is kept as it is", (key,))
            self.problems += (placed(unknown, text, path),)
        return value

    def _fail(self, name: str, error: WorkspaceError, default: T) -> T:
        self._broken.add(name)
        self._tables.pop(name, None)
        self.problems += (error,)
        return default

    def _save(self, name: str, table: Table) -> None:
        path = self.folder / name
        if name in self._broken and may_be_there(path):
            _set_aside(path)
        self._broken.discard(name)
        known = self._tables.get(name, {})
        merged = _merge(known, table)
        shared = _shared(path, known, merged) if name in (PEERS, WAIVERS) else {}
        write_atomically(path, dumps(merged | shared))
        self._tables[name] = merged

    def save_local(self, local: LocalAE, timeouts: Timeouts, limits: Limits | None = None) -> None:
        """Keep who we are, how long we wait and how much we take; None: as much as before."""
        self.local, self.timeouts, self.limits = local, timeouts, limits or self.limits
        table: Table = {"ae": settings.write_local(local), "timeouts": settings.write_timeouts(timeouts)}
        self._save(LOCAL, table | {"limits": settings.write_limits(self.limits)})

    def save_peers(self, peers: tuple[SavedPeer, ...]) -> None:
        """Keep the list of peers."""
        self.peers = peers
        self._save(PEERS, {"peer": [settings.write_peer(p) for p in peers]})

    def save_contexts(self, contexts: ContextSettings) -> None:
        """Keep the presentation contexts and what goes with them; secrets go to `secrets`."""
        self.contexts = contexts
        self._save(CONTEXTS, settings.write_contexts(contexts))

    def save_waivers(self, waivers: Waivers) -> None:
        """Keep the findings waived."""
        self.waivers = waivers
        self._save(WAIVERS, write_waivers(waivers))

    def save_faults(self, faults: Script | None) -> None:
        """Keep how our own side departs from the Standard on purpose; None: it does not."""
        self.faults = faults
        self._tables.pop(FAULTS, None)
        if faults is not None or may_be_there(self.folder / FAULTS):
            self._save(FAULTS, script_table(faults or Script()))

    def save_listener(self, listener: ListenerSettings) -> None:
        """Keep what the built-in peer listens with; passphrases are in `secrets`."""
        self.listener = listener
        self._save(LISTENER, write_listener(listener))

    def peer_named(self, name: str) -> Peer | None:
        """The saved peer with this name."""
        return next((p.peer for p in self.peers if p.peer.name == name), None)

    def tls_for(self, peer: Peer) -> TlsSettings | None:
        """The TLS of this saved peer, with its passphrase; None for plain TCP or an unknown peer."""
        tls = next((p.tls for p in self.peers if p.peer == peer), None)
        holder = (tls.key or tls.certificate) if tls else None
        if tls is None or holder is None:
            return tls
        return replace(tls, passphrase=self.secrets.get(settings.passphrase_name(holder)))

    def proposal(self, peer: Peer) -> Proposal:
        """A proposal to this peer from all that is saved."""
        saved = self.contexts
        return Proposal(
            local=self.local,
            peer=peer,
            contexts=saved.contexts,
            timeouts=self.timeouts,
            limits=self.limits,
            async_window=saved.async_window,
            user_identity=self._identity(),
            extended=saved.extended,
            common_extended=saved.common_extended,
            tls=self.tls_for(peer),
            script=self.faults,
        )

    def _identity(self) -> UserIdentity | None:
        identity = self.contexts.identity
        return identity.identity(self.secrets.get(identity.secret_name)) if identity.type else None

    def presets(self) -> tuple[Preset, ...]:
        """Shipped presets, the user's own, then all of the registry in parts. Broken files are in `problems`."""
        own: list[Preset] = []
        for path in sorted((self.folder / "presets").glob("*.toml")):
            try:
                own.append(load_preset(path))
            except WorkspaceError as error:
                self._note(error)
        return (*shipped_presets(), *own, *everything())

    def save_preset(self, preset: Preset) -> Preset:
        """Keep a preset of the user's under its title."""
        path = file_of(self.folder / "presets", preset.title, lambda file: load_preset(file).title)
        write_atomically(path, dumps(preset_table(preset)))
        return load_preset(path)

    def delete_preset(self, preset: Preset) -> None:
        """Remove a preset of the user's; those that come with the program stay. Raises OSError."""
        if preset.path is not None and not preset.shipped:
            preset.path.unlink(missing_ok=True)

    @property
    def messages_folder(self) -> Path:
        return self.folder / "messages"

    def messages(self) -> tuple[tuple[Path, MessageFile], ...]:
        """The user's message files. Broken ones are in `problems`."""
        found: list[tuple[Path, MessageFile]] = []
        for path in sorted(self.messages_folder.glob("*.toml")):
            try:
                found.append((path, load_message(path)))
            except WorkspaceError as error:
                self._note(error)
        return tuple(found)

    def queries(self) -> tuple[SavedQuery, ...]:
        """The user's queries, then the shipped ones. Broken files are in `problems`."""
        found, problems = own_queries(self.folder)
        for error in problems:
            self._note(error)
        return (*found, *shipped_queries())

    def save_query(self, query: SavedQuery) -> SavedQuery:
        """Keep a query of the user's under its title; returns it with its file."""
        return save_query(file_of(self.folder / QUERIES, query.title, lambda file: load_query(file).title), query)

    def delete_query(self, query: SavedQuery) -> None:
        """Remove a query of the user's; shipped ones stay."""
        if query.path is not None and not query.shipped:
            query.path.unlink(missing_ok=True)

    def _note(self, error: WorkspaceError) -> None:
        if str(error) not in map(str, self.problems):
            self.problems += (error,)


def _read_local_file(reader: Reader) -> tuple[LocalAE, Timeouts, Limits]:
    local = reader.inner("ae", settings.read_local, LocalAE())
    timeouts = reader.inner("timeouts", settings.read_timeouts, Timeouts())
    limits = reader.inner("limits", lambda value: settings.read_limits(value, reader.unfit), Limits())
    return local, timeouts, limits


def _read_faults(reader: Reader) -> Script | None:
    reader.asked.update(reader.table)  # it refuses what it does not know by itself
    script = read_script(reader.table)
    return script if script.rules else None


def _merge(old: Table, new: Table) -> Table:
    """The new table over the old one: keys we do not know stay, in tables and in those items of a list that stay."""
    return {**old, **{k: _merged_value(old.get(k), v) for k, v in new.items()}}


def _merged_value(old: Any, new: Any) -> Any:
    if isinstance(new, Whole):
        return new
    if isinstance(old, dict) and isinstance(new, dict):
        return type(new)(_merge(old, new))
    if isinstance(old, list) and isinstance(new, list):
        by_name = {_identity(o): o for o in old if isinstance(o, dict)}
        return [_merge(by_name[_identity(n)], n) if isinstance(n, dict) and _identity(n) in by_name else n for n in new]
    return new


def _shared(path: Path, known: Table, ours: Table) -> Table:
    """Our lists with what another window, or a hand, has done to the file since we read or wrote it: what was added
    there stays, and what we have not touched is as it was left there, changed or taken out."""
    try:
        found = parse(read_text(path), path) if may_be_there(path) else {}
    except (WorkspaceError, ValueProblem):
        _set_aside(path)
        return {}
    lists = {}
    for key, items in found.items():
        mine, before = ours.get(key), known.get(key, [])
        if not (isinstance(items, list) and isinstance(mine, list) and isinstance(before, list)):
            continue
        if all(isinstance(item, dict) for item in (*before, *mine, *items)):
            lists[key] = _shared_list(before, mine, items)
        elif mine == before:  # a setting of another version
            lists[key] = items
    return lists


def _shared_list(before: list[Any], mine: list[Any], theirs: list[Any]) -> list[Any]:
    was, ours, there = _by_identity(before), _by_identity(mine), _by_identity(theirs)
    if len(ours) != len(mine) or len(there) != len(theirs):  # not to be told from each other
        untouched: set[tuple[str, ...]] = set()
    else:
        untouched = {name for name, item in ours.items() if _written(was.get(name)) == _written(item)}
    left = [there.get(_identity(i)) if _identity(i) in untouched else i for i in mine]
    return [*(i for i in left if i is not None), *(i for n, i in there.items() if n not in was and n not in ours)]


def _written(value: Any) -> Any:
    """As it comes back from a file: without what is None."""
    return {k: _written(v) for k, v in value.items() if v is not None} if isinstance(value, dict) else value


def _by_identity(items: list[Any]) -> dict[tuple[str, ...], Any]:
    return {_identity(i): i for i in items if isinstance(i, dict)}


def _identity(item: Table) -> tuple[str, ...]:
    """What makes an item of a list the same one after editing: a peer's name, a context's abstract syntax, a waiver's
    rule and peer."""
    return tuple(repr(item.get(k)) for k in ("name", "abstract_syntax", "sop_class", "rule", "peer"))


def _set_aside(path: Path) -> Path:
    """Move a file that could not be read to a free name beside itself."""
    number = 1
    while (aside := path.with_name(f"{path.stem}.broken-{number}{path.suffix}")).exists():
        number += 1
    try:
        path.rename(aside)
    except OSError as error:
        raise WorkspaceError(path, f"could not be kept aside as {aside.name}: {error.strerror or error}") from None
    return aside


def file_of(folder: Path, title: str, title_in: Callable[[Path], str]) -> Path:
    """The file for what has this title: the one that has it already, in whatever letters, else one that is not there
    yet. Other titles may make the same name, and a file that cannot be read may be anybody's.

    title_in: the title that stands in a file; WorkspaceError where it cannot be read.
    """
    stem = file_name(title)
    for path in sorted(folder.glob(f"{glob.escape(stem)}*.toml")):
        with suppress(WorkspaceError):
            if title_in(path).casefold() == title.casefold():
                return path
    names = (f"{stem}.toml", *(f"{stem}-{number}.toml" for number in range(2, MOST_ALIKE)))
    for path in (folder / name for name in names):
        if not os.path.lexists(path):
            return path
    raise WorkspaceError(folder / names[0], f"cannot be written: there are {MOST_ALIKE} files of such a name")


def file_name(title: str) -> str:
    """A title as the name of a file on every system."""
    return file_stem(re.sub(r"[^\w.-]+", "-", title.strip().lower()))
