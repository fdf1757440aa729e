"""Log rows that may leave the program: without patients' data, AE titles and addresses, for the same writers."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol
from weakref import WeakKeyDictionary

from engine.model.association import Peer
from engine.model.notices import MessageNotice
from engine.standard.lean import dataclass
from engine.trace.redaction.redaction import Redaction, finding_clause, finding_sentence
from engine.trace.redaction.stand_ins import LEFT_OUT

from .log_feed import LogFeed
from .log_json import json_lines
from .log_lessons import Lesson, Lessons
from .log_store import Kind, LogRow, Shape
from .log_text import View, copied_lines, text_lines

_OWN = re.compile(
    r"(?:part of|answers) (?:#\d{1,9} )?message \d{1,5} \([CN]-[A-Z-]{1,12}\)|cancels message \d{1,5}|"
    r"names no message to cancel|answers no outstanding request"
)
"""What the log says itself of a message, beside what the peer says of it."""
_ELEMENTS = re.compile(r"Offending Elements?: ")
_TAG = re.compile(r"\([0-9A-F]{4},[0-9A-F]{4}\)")
_WHERE = re.compile(r"(?P<title>.*) on (?P<host>\S*) port (?P<port>\d{1,5})")
BETWEEN = " · "
_TAUGHT: WeakKeyDictionary[Lessons, tuple[int, Redaction]] = WeakKeyDictionary()
"""How many lessons of a log have been learned, and by what: half a second for all of them, once."""


def know_peers(redaction: Redaction, peers: Iterable[Peer]) -> None:
    """They have stand-ins in sentences of any row, whichever comes first."""
    for peer in tuple(peers):
        redaction.peer(peer)


def learn(redaction: Redaction, lesson: MessageNotice | Path) -> None:
    """What later sentences may repeat."""
    if isinstance(lesson, Path):
        redaction.stand_ins.path(lesson)
    else:
        redaction.learn(lesson)


def teach(redaction: Redaction, feed: LogFeed) -> None:
    """All that the log knows."""
    know_peers(redaction, feed.peers.values())
    lessons = feed.lessons.all()
    seen, taught = _TAUGHT.get(feed.lessons, (0, Redaction()))
    for _, lesson in lessons[max(0, len(lessons) - (feed.lessons.taken - seen)) :]:
        if isinstance(lesson, MessageNotice):
            taught.learn(lesson)
    _TAUGHT[feed.lessons] = feed.lessons.taken, taught
    redaction.learn_as(taught)
    for _, lesson in lessons:
        if isinstance(lesson, Path):
            learn(redaction, lesson)


class Source(Protocol):
    """What is asked of the log besides its rows."""

    def waived(self, row: LogRow) -> str: ...
    def found(self, row: LogRow) -> str: ...
    def why(self, row: LogRow) -> str: ...


@dataclass(slots=True)
class RedactedLog:
    """One export of rows. peers: of the associations, for their names in sentences."""

    source: Source
    peers: dict[int, Peer]
    redaction: Redaction
    lessons: tuple[Lesson, ...] = ()
    """Names, IDs and files that later rows may repeat."""

    def json_lines(self, rows: Iterable[LogRow]) -> Iterable[str]:
        """As `log_json.json_lines`."""
        return json_lines(self.rows(rows), self.peer, self._waived)

    def text_lines(self, rows: Iterable[LogRow]) -> Iterable[str]:
        """As `log_text.text_lines`."""
        return text_lines(self.rows(rows), self._view())

    def copied_lines(self, rows: Iterable[LogRow]) -> Iterable[str]:
        """As `log_text.copied_lines`."""
        return copied_lines(self.rows(rows), self._view())

    def rows(self, rows: Iterable[LogRow]) -> Iterator[LogRow]:
        """Rows made anew of what may be told."""
        know_peers(self.redaction, self.peers.values())
        lessons = deque(self.lessons)
        for row in rows:
            while lessons and lessons[0][0] <= row.number:
                learn(self.redaction, lessons.popleft()[1])
            yield self.row(row)

    def peer(self, association: int | None) -> Peer:
        """The peer of an association by its stand-ins."""
        found = self.peers.get(association or 0)
        return Peer() if found is None else self.redaction.peer(found)

    def row(self, row: LogRow) -> LogRow:
        """One row."""
        shape = row.shape
        uid = self.redaction.stand_ins.uid
        return LogRow(
            number=row.number,
            shape=Shape(
                kind=shape.kind,
                klass=shape.klass,
                service=shape.service,
                sent=shape.sent,
                sop_class_uid=uid(shape.sop_class_uid),
                status=shape.status,
                pending=shape.pending,
                word=shape.word,
                meaning=self._meaning(shape),
            ),
            time=row.time,
            association=row.association,
            message_id=row.message_id,
            duration=row.duration,
            repeats=row.repeats,
            detail=self._detail(row),
            instance=uid(row.instance),
            sub_operations=row.sub_operations,
            findings=row.findings,
        )

    def _meaning(self, shape: Shape) -> str:
        if shape.kind is Kind.FINDING:
            return shape.meaning  # the rule
        if shape.kind is Kind.LISTENER and (found := _WHERE.fullmatch(shape.meaning)):
            stand_ins = self.redaction.stand_ins
            where = f"{stand_ins.title(found['title'])} on {stand_ins.host(found['host'])} port {found['port']}"
            return where.strip()
        return self.redaction.sentence(shape.meaning)

    def _detail(self, row: LogRow) -> str:
        if row.shape.kind is Kind.FINDING:
            clause = finding_clause(row.shape.meaning)
            sentence = finding_sentence(row.shape.meaning, row.detail)
            return f"{sentence} ({clause})" if clause else sentence
        if row.shape.kind is Kind.MESSAGE:
            return BETWEEN.join(map(self._part, row.detail.split(BETWEEN))) if row.detail else ""
        if row.shape.kind is Kind.OPERATION:
            sentence, *others = row.detail.split(BETWEEN)
            return BETWEEN.join((self.redaction.sentence(sentence), *map(self._part, others)))
        known, peer = self.peers.get(row.association or 0), self.peer(row.association)
        names = {} if known is None else {known.name: peer.name, known.ae_title: peer.ae_title, known.host: peer.host}
        return self.redaction.sentence(row.detail, {k.strip(): v for k, v in names.items() if k.strip()})

    def _part(self, part: str) -> str:
        """A part of a message's detail: ours, or what the peer has said, of which no number is told."""
        if _OWN.fullmatch(part):
            return part
        if found := _ELEMENTS.match(part):
            return f"{found[0]}{', '.join(_TAG.findall(part)) or LEFT_OUT}"
        return LEFT_OUT

    def _waived(self, row: LogRow) -> str:
        return LEFT_OUT if self.source.waived(row) else ""

    def _why(self, row: LogRow) -> str:
        return self.redaction.sentence(self.source.why(row))

    def _view(self) -> View:
        return View(lambda _association: "", waived=self._waived, found=self.source.found, why=self._why)
