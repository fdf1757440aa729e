"""What stands for AE titles, hosts, UIDs and files within one export: the same for the same, and no way back."""

from __future__ import annotations

import hmac
import re
import secrets
from pathlib import Path

from engine.model.whole_numbers import whole_number
from engine.protocol.products import PRODUCTS
from engine.standard.dictionary import uid_name

LEFT_OUT = "(left out)"
"""What stands for a text of which nothing may be told."""
_TITLE, _HOST, _MORE = "TITLE", "host", "more"
MOST = 10_000
"""Titles and hosts with a number of their own; what comes after them shares one stand-in."""
_HERE = re.compile(r"localhost|127\.\d+\.\d+\.\d+|::1|0\.0\.0\.0|::|")
_SUFFIXES = frozenset(
    {".dcm", ".ima", ".dic", ".dicom", ".toml", ".json", ".jsonl", ".txt", ".pcap", ".pcapng", ".bin"}
)
_PATH = re.compile(r"file-([0-9a-f]{8})([0-9a-f]{4})(\.[a-z]+)?")
_GOES_ON = re.compile(r"[\w-]|[./]\w")
"""What follows a part of a longer path."""
_VERSIONS = "|".join(re.escape(p.version) for p in PRODUCTS if p.version)
_KNOWN_VERSION = re.compile(rf"(?i:{_VERSIONS})[ _-]?(?:\d{{1,4}}|\d{{1,2}}(?:\.\d{{1,2}}){{1,2}})?")
_MARK = 8
"""Bytes of a UID's hash, and of the mark by which our own are known."""


class StandIns:
    """Of one export. Its key is random and kept nowhere, so that two exports cannot be compared."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._titles: dict[str, str] = {}
        self._hosts: dict[str, str] = {}
        self._paths: dict[str, str] = {}
        """The latest paths, and their last parts, which sentences may repeat."""
        self._lengths: tuple[int, ...] = ()
        """Lengths of those, longest first."""
        self.paths_seen = 0

    def title(self, title: str) -> str:
        """ "TITLE-1" for an AE title (AE-1 is an action of PS3.8 Table 9-10); "" for none."""
        return _numbered(self._titles, title.strip(" \0"), _TITLE)

    def host(self, host: str) -> str:
        """ "host-1" for a name or an address; this computer's own (localhost, 127.0.0.1, any) stays."""
        name = host.strip().lower()
        return name if _HERE.fullmatch(name) else _numbered(self._hosts, name, _HOST)

    def uid(self, uid: str) -> str:
        """A registered UID as it is, any other, or what stands in its place, as 2.25.<number>; "" for none."""
        plain = uid.strip(" \0")
        if not plain or uid_name(plain) or self.is_own_uid(plain):
            return plain
        part = self._hash(b"uid", plain)
        return f"2.25.{int.from_bytes(part + self._hash(b'mark', part.hex()))}"

    def is_own_uid(self, uid: str) -> bool:
        """Whether it is a stand-in of this export."""
        number = uid.removeprefix("2.25.")
        if number == uid or not (number.isascii() and number.isdecimal()) or len(number) > 39:
            return False
        value = int(number)
        if value >> 128 or str(value) != number:
            return False
        data = value.to_bytes(2 * _MARK)
        return hmac.compare_digest(data[_MARK:], self._hash(b"mark", data[:_MARK].hex()))

    def path(self, path: Path | str) -> Path:
        """ "file-1f0c2a947c01.dcm": of a path only an extension everybody has is left."""
        suffix = Path(path).suffix.lower()
        part = self._hash(b"path", str(path))[:4].hex()
        made = f"file-{part}{self._path_mark(part)}{suffix if suffix in _SUFFIXES else ''}"
        self._remember(str(path), made)
        self._remember(Path(path).name, made)
        return Path(made)

    def _remember(self, path: str, made: str) -> None:
        if not any(c.isalnum() for c in path) or self._paths.get(path) == made or self.is_own_path(path):
            return
        if path not in self._paths and len(self._paths) >= MOST:
            del self._paths[next(iter(self._paths))]
        self._paths[path] = made
        self.paths_seen += 1
        if len(path) not in self._lengths:
            self._lengths = tuple(sorted({*self._lengths, len(path)}, reverse=True))

    def known_path(self, text: str) -> str:
        """The stand-in of a path, or of its last part, that was seen before; else ""."""
        return self._paths.get(text, "")

    def path_at(self, text: str, start: int) -> str:
        """The longest path that stands there in a text; "" for none."""
        for length in self._lengths:
            if (path := text[start : start + length]) in self._paths and not _GOES_ON.match(text, start + length):
                return path
        return ""

    def is_own_path(self, text: str) -> bool:
        """Whether it is a stand-in of this export."""
        found = _PATH.fullmatch(text)
        return found is not None and found[2] == self._path_mark(found[1]) and (found[3] or ".dcm") in _SUFFIXES

    def _path_mark(self, part: str) -> str:
        return self._hash(b"path mark", part)[:2].hex()

    def key(self, text: str) -> str:
        """What stands for a key by which something is held."""
        return self._hash(b"key", text)[:4].hex()

    def version_name(self, name: str) -> str:
        """An Implementation Version Name of a product that is known; else nothing."""
        return name.strip() if _KNOWN_VERSION.fullmatch(name.strip()) else LEFT_OUT if name.strip() else ""

    @property
    def count(self) -> int:
        """Titles and hosts so far."""
        return len(self._titles) + len(self._hosts)

    # -- what sentences are looked through for

    def known_title(self, text: str) -> str:
        """The stand-in of a title seen before, or of a stand-in itself; else ""."""
        return self._titles.get(text) or _stand_in(self._titles, text, _TITLE)

    def known_host(self, text: str) -> str:
        """As `known_title`."""
        name = text.lower()
        if name and _HERE.fullmatch(name):
            return name
        return self._hosts.get(name) or _stand_in(self._hosts, name, _HOST)

    def _hash(self, purpose: bytes, text: str) -> bytes:
        data = purpose + b"\0" + text.encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, data, "sha256")[:_MARK]


def _numbered(known: dict[str, str], text: str, word: str) -> str:
    if not text:
        return ""
    found = known.get(text)
    if found is None:
        if len(known) >= MOST:
            return f"{word}-{_MORE}"
        found = known[text] = f"{word}-{len(known) + 1}"
    return found


def _stand_in(known: dict[str, str], text: str, word: str) -> str:
    """The text where it is a stand-in itself, else ""."""
    number = text.removeprefix(f"{word}-")
    if number is text:  # nearly always
        return ""
    ours = number == _MORE or 0 < (whole_number(number) or 0) <= len(known)
    return text if ours else ""
