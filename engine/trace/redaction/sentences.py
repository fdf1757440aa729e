"""Sentences without what others have named: only words of the program's own sentences are let through.

An allow list (`words.py`), as a sentence may repeat a value in any way: what is quoted goes, and so does every word,
number, path, date or address that is none of ours. A word of ours goes too when it was seen as a name or an ID.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.model.file_names import OF_WORKSPACE
from engine.standard.defined_terms import PRINTER_STATES
from engine.standard.messages import message_for
from engine.standard.ports import USUAL_PORTS
from engine.standard.status import StatusClass, status_class

from .stand_ins import LEFT_OUT, StandIns
from .values import is_told_tag
from .words import WORDS

REMEMBERED = 1_000
GAP = "…"
"""What stands for words that are left out."""
_COMMENT = " — "
"""What stands before a peer's Error Comment, to the end of a sentence."""
_QUOTED = re.compile(r"“[^”]*”|‘[^’]*’|\"[^\"]*\"|(?<![^\s(\[])'[^']*'(?!\w)")
_PIECE = re.compile(r"\S+")
_GAPS = re.compile(rf"{GAP}(?:[\s,;:]*{GAP})+")
_BEFORE, _AFTER = "([{“‘\"'<×#", ")]}”’\"'>,.;:!?…%"
_SIGNS = frozenset("!\"#$%&'()*+,-./:;<=>?@[]_{|}·→←…×✓✕✗–—△▲■≠≤≥")
_CODE = re.compile(r"[0-9A-F]{2}H|Sta\d{1,2}|Evt\d{1,2}|(?:AE|DT|AR|AA)-\d{1,2}")
_WORD_CODE = re.compile(r"([0-9A-F]{4})H")
_TAG = re.compile(r"([0-9A-F]{4}),([0-9A-F]{4})")
_HEX = re.compile(r"(?<![\w.,:/-])(?!be\b)[0-9A-Fa-f]{2}(?: +[0-9A-Fa-f]{2})+(?<!\bbe)(?!\w)")
"""Bytes of content; "be" is a word beside them."""
_STATES = "|".join(PRINTER_STATES)
_PRINTER = re.compile(rf"\b({_STATES})(: [^()]*)? \([^()]*(?:\([^()]*\)[^()]*)*\)")
_PRINTER_SAYS = re.compile(rf"(The printer says (?:{_STATES})?).*?(\.(?: Its configuration .*)?)?$")
"""What a printer says of its state, and its name."""
_START = re.compile(r"(?<![\w.-])\S")
_FILE = re.compile(r":(?=\s|$)| (?=(?:is|was|has|cannot|could) )")
"""Where a path may begin, and what follows one of a single word of ours."""
_BOUND, _END = r"(?<![\w.:-])", r"(?![\w-]|\.\w|:(?!\d{1,5}(?!\w)|\W|$))"
"""Around a name: "1" is none in 127.0.0.1; a port may follow."""
_PLACE = r"(?= at | calls |: )"
_CALLING = frozenset({"at", "calls"})
"""What follows a title whose word is one of ours."""
_OPTION = re.compile(r"--?[a-z]+(?:-[a-z]+)*")
_SMALL = re.compile(r"\d{1,3}")
_NUMBER = re.compile(r"\d{1,12}")
_COUNT = re.compile(r"\d{1,3}(?:,\d{3})+|\d{1,7}(?:\.\d{1,3})?")
_DURATION = re.compile(r"\d{1,3}(?:,\d{3})*(?:\.\d{1,3})?")
_UNITS = frozenset({"byte", "bytes", "kB", "MB", "GB", "TB", "bits"})
_TIMES = frozenset({"s", "ms", "µs", "min", "seconds", "second"})
_CLOCK = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}")
_DIRECTIONS = frozenset({"sent", "received"})
_PORTS = frozenset({"port", "Port", "ports"})
_WELL_KNOWN = frozenset({*map(str, USUAL_PORTS), *OF_WORKSPACE, LEFT_OUT, LEFT_OUT.strip("()")})
"""Ports that our sentences advise, and files of ours."""
_CLAUSE = re.compile(r"PS3\.(?:[1-9]|1\d|2[0-2])")
_SECTION = re.compile(r"(?:[A-Z]{1,2}|1?\d)(?:\.[1-9]\d{0,2}){0,6}(?:-[1-9]\d?)?")
_UID = re.compile(r"\d+(?:\.\d+){2,}")
_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_SPLIT = re.compile(r"[\s^=\\,;/|]+")


class Sentences:
    """The sentences of one export."""

    def __init__(self, stand_ins: StandIns) -> None:
        self._stand_ins = stand_ins
        self._learned: set[str] = set()
        """Words and small numbers that are somebody's name or ID; no more than there are such."""
        self._made: dict[object, str] = {}
        """Sentences made since something was learned: many come again."""
        self._known = 0

    def learn(self, values: Iterable[str], *, apart: bool = False) -> None:
        """What must not be told although its words are ours. apart: each word of a value, else only values of one."""
        for value in values:
            words = [w for w in _SPLIT.split(value) if w]
            if apart or len(words) == 1:
                self._learned.update(
                    w.casefold() for w in words if len(w) > 1 and (w.casefold() in _FOLDED or _COUNT.fullmatch(w))
                )

    def learn_as(self, other: Sentences) -> None:
        """What another export has learned, which takes less than learning it."""
        self._learned |= other._learned

    def told(self, text: str, names: dict[str, str] | None = None, *, numbers: bool = True) -> str:
        """The sentence as it may be told. names: what of it has a stand-in of its own. numbers: whether small ones may
        be told."""
        if not text:
            return ""
        known = len(self._learned) + self._stand_ins.count + self._stand_ins.paths_seen
        if known != self._known or len(self._made) >= REMEMBERED:
            self._made.clear()
            self._known = known
        key = text, numbers, tuple(names.items()) if names else ()
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = self._told(text, names or {}, numbers)
        return made

    def _told(self, text: str, names: dict[str, str], numbers: bool) -> str:
        text = self._without_paths(text)
        for name in sorted(names, key=len, reverse=True):
            where = _PLACE if _is_ordinary(name) and names[name] != LEFT_OUT else ""
            text = re.sub(rf"{_BOUND}{re.escape(name)}{_END}{where}", names[name].replace("\\", ""), text)
        ours, dash, _theirs = text.partition(_COMMENT)
        text = _QUOTED.sub(self._quoted, f"{ours}{dash}{LEFT_OUT}" if dash else text)
        text = _HEX.sub(GAP, _PRINTER_SAYS.sub(_printer_says, _PRINTER.sub(rf"\1 ({GAP})", text)))
        pieces = list(_PIECE.finditer(text))
        cores = [_core(m[0]) for m in pieces]
        made, at = [], 0
        for place, match in enumerate(pieces):
            made.append(text[at : match.start()])
            before, core, after = cores[place]
            last = cores[place - 1][1] if place else ""
            following = cores[place + 1][1] if place + 1 < len(cores) else ""
            kept = self._kept(core, last, following) if numbers or not _is_number(core) else None
            made.append(f"{before}{kept}{after}" if kept is not None else f"{before}{GAP}{after}")
            at = match.end()
        result = _GAPS.sub(GAP, "".join(made) + text[at:])
        return result if any(c.isalnum() for c in result) else LEFT_OUT

    def _without_paths(self, text: str) -> str:
        """With the stand-ins of files whose paths have been seen; a name that is one word of ours only where a file is
        named."""
        if not self._stand_ins.paths_seen:
            return text
        made: list[str] = []
        at = 0
        for match in _START.finditer(text):
            start = match.start()
            path = self._stand_ins.path_at(text, start) if start >= at else ""
            end = start + len(path)
            if path and (not _is_ordinary(path) or _FILE.match(text, end) or text.endswith("file ", 0, start)):
                made += text[at:start], self._stand_ins.known_path(path)
                at = end
        return "".join(made) + text[at:]

    def _quoted(self, match: re.Match[str]) -> str:
        quote = match[0]
        return f"{quote[0]}{self._system(quote[1:-1].strip()) or GAP}{quote[-1]}"

    def _system(self, core: str) -> str:
        """A title, host, UID or file as its stand-in; "" for what is none."""
        if self._stand_ins.is_own_path(core):
            return core
        if _UID.fullmatch(core):
            return self._stand_ins.host(core) if _is_address(core) else self._stand_ins.uid(core)
        host, colon, port = core.rpartition(":")
        if colon and _is_port(port):
            known = self._stand_ins.known_host(host.strip("[]"))
            if known or _is_address(host):
                return f"{known or self._stand_ins.host(host)}:{port}"
        seen = self._stand_ins
        return seen.known_title(core) or seen.known_host(core) or seen.known_path(core)

    def _kept(self, core: str, last: str, following: str) -> str | None:
        """What is told of a word; None: nothing."""
        if all(c in _SIGNS for c in core):
            return core
        if _CLAUSE.fullmatch(core) or (_CLAUSE.fullmatch(last) and _SECTION.fullmatch(core)):
            return core
        found = self._system(core)
        if found and _is_ordinary(core) and following not in _CALLING and last != "calls":
            found = ""
        if found or core.casefold() in self._learned:
            return found or None
        if _is_ordinary(core) or core in _WELL_KNOWN or _is_measure(core, last, following):
            return core
        if _OPTION.fullmatch(core):
            return core if all(p in WORDS for p in core.split("-") if p) else None
        return core if self._keeps_parts(re.split("[/=]", core)) else None

    def _keeps_parts(self, parts: list[str]) -> bool:
        """Whether each part of a word is told by itself."""
        numbers = [p for p in parts if p.isdecimal()]
        if len(numbers) > 2 and any(len(p) > 1 for p in numbers):  # a date, not 1/1/3 of an A-ASSOCIATE-RJ
            return False
        return len(parts) > 1 and all(p and self._kept(p, "", "") == p for p in parts)


_FOLDED = frozenset(w.casefold() for w in WORDS)


def _is_measure(core: str, last: str, following: str) -> bool:
    """A size, a duration, a time of day or a port, by the words around it."""
    return bool(
        (following in _UNITS and _COUNT.fullmatch(core))
        or (following in _TIMES and _DURATION.fullmatch(core))
        or (following in _DIRECTIONS and _CLOCK.fullmatch(core))
        or (last in _PORTS and _is_port(core))
    )


def _core(piece: str) -> tuple[str, str, str]:
    """A piece without the punctuation around it."""
    start, end = 0, len(piece)
    while start < end and piece[start] in _BEFORE:
        start += 1
    while end > start and piece[end - 1] in _AFTER:
        end -= 1
    return piece[:start], piece[start:end], piece[end:]


def _printer_says(match: re.Match[str]) -> str:
    """The state where it is a term of PS3.3 C.13.9; its reason and the name not."""
    said, after = match[1], match[2] or ""
    return match[0] if match[0] == f"{said} ({GAP}){after}" else f"{said} {GAP}{after}".replace("  ", " ")


def _is_ordinary(core: str) -> bool:
    """Whether it is a word, code or small number of our sentences."""
    if core in WORDS or _SMALL.fullmatch(core) or _CODE.fullmatch(core):
        return True
    if code := _WORD_CODE.fullmatch(core):
        value = int(code[1], 16)
        return message_for(value) is not None or status_class(value) is not StatusClass.UNKNOWN
    tag = _TAG.fullmatch(core)
    return tag is not None and is_told_tag(int(tag[1] + tag[2], 16))


def _is_number(core: str) -> bool:
    return bool(_COUNT.fullmatch(core) or _NUMBER.fullmatch(core))


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 6 and int(text) < 65536


def _is_address(text: str) -> bool:
    return bool(_ADDRESS.fullmatch(text)) and all(int(p) < 256 for p in text.split("."))
