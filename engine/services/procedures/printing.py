"""Printing films (PS3.4 Annex H): each object created, filled, printed, followed and deleted, one visible step each."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import field

from engine.model.commands import Outgoing
from engine.model.dataset import DataSet, FileData
from engine.model.notices import Outcome
from engine.model.picture import Picture
from engine.model.procedures.printing import PrintFilms, PrintImage
from engine.services import print_rules as p
from engine.services.rules import referenced
from engine.standard.dictionary import uid_name
from engine.standard.display_formats import display_format
from engine.standard.lean import dataclass
from engine.wire.frames import image_facts
from engine.wire.pattern import printed_pattern
from engine.wire.pictures import read_picture, to_color, to_gray

from . import print_messages as m
from .effects import Answered, Cancelled, Effect, Invoke, Plan, Playing, Reply, Verdict, Work, accepted, invoke, work
from .print_jobs import Job, follow
from .printer import printer_says

CHECK, PRINTER_STEP = "Check the images", "Printer status"
LUT_STEP, SESSION_STEP = "Presentation LUT", "Film session"
DELETE_SESSION, DELETE_LUT = "Delete film session", "Delete presentation LUT"
PRINT_SESSION, SESSION_JOB = "Print film session", "Print job"
Doing = Generator[Effect, Reply, None]


class Stopped(Exception):
    """What follows is not done."""

    def __init__(self, outcome: Outcome, sentence: str) -> None:
        super().__init__(sentence)
        self.outcome = outcome


def classes(asked: PrintFilms) -> tuple[str, ...]:
    """Both kinds of Print Management are proposed, so that the other is there when the one wanted is not accepted."""
    wanted = [m.management(color, asked.single_classes) for color in (asked.color, not asked.color)]
    others = [p.PRINT_JOB]
    others += [p.PRESENTATION_LUT] if asked.lut_shape else []
    others += [p.ANNOTATION_BOX] if asked.annotations else []
    return tuple(dict.fromkeys([*(uid for w in wanted for uid in w.context.values()), *others]))


def play(asked: PrintFilms, new_uid: Callable[[], str]) -> Playing:
    """All of it. What a failed step or the user's cancel leaves behind at the peer is deleted before the verdict."""
    printing = _Printing(asked, new_uid)
    outcome, sentence = Outcome.SUCCESS, ""
    try:
        yield from printing.all()
    except Stopped as stopped:
        outcome, sentence = stopped.outcome, str(stopped)
    except Cancelled as cancelled:
        outcome, sentence = Outcome.CANCELLED, str(cancelled)
    left = yield from printing.tidy_up()
    return printing.verdict(outcome, sentence, left)


@dataclass(slots=True)
class _Film:
    """A film box under way: its UID and the image boxes the peer has made, as (class, UID)."""

    number: int
    uid: str
    boxes: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class _Printing:
    def __init__(self, asked: PrintFilms, new_uid: Callable[[], str]) -> None:
        self._asked, self._new_uid = asked, new_uid
        self._management = m.management(asked.color, asked.single_classes)
        self._accepted: frozenset[str] = frozenset()
        self._left = list(asked.images)
        self._session = self._lut = ""
        self._films: list[_Film] = []
        """Film boxes that exist at the peer."""
        self._made = 0
        self._images = self._printed = 0
        self._notes: list[str] = []
        self._worst = Outcome.SUCCESS
        self._jobs: list[Job] = []
        self._several = False
        self._per_film = self._places()

    # -- what is done, in order

    def all(self) -> Doing:
        self._accepted = yield from accepted()
        self._choose()
        yield Plan(self._plan(first=True))
        yield from self._check()
        yield from self._printer()
        yield from self._create_lut()
        self._session, _ = yield from self._create(
            SESSION_STEP, p.FILM_SESSION, lambda uid: m.create_session(self._asked, uid)
        )
        while self._left or not self._made:
            yield from self._film()
        if self._asked.whole_session:
            yield from self._print(PRINT_SESSION, SESSION_JOB, p.FILM_SESSION, self._session)
            self._printed = self._made

    def _choose(self) -> None:
        """Which Print Management it goes through. Raises Stopped when none was accepted."""
        asked = self._asked
        for color in (asked.color, not asked.color):
            found = m.management(color, asked.single_classes)
            if self._accepted.issuperset(found.context.values()):
                self._management = found
                break
        else:
            names = ", ".join(uid_name(u) for u in dict.fromkeys(self._management.context.values()))
            raise Stopped(Outcome.NOT_SENT, f"Nothing was sent: the peer accepted no context for {names}.")
        if self._management.color != asked.color:
            wanted, got = ("Color", "grayscale") if asked.color else ("Grayscale", "color")
            self._warn(f"Basic {wanted} Print Management was not accepted: printed in {got}.")

    def _check(self) -> Doing:
        if not self._asked.images:
            return
        problem = yield from work(Work(step=CHECK, do=lambda: (None, _checked(self._asked.images))), type(None))
        if problem is not None:
            raise Stopped(Outcome.NOT_SENT, f"Nothing was sent: {problem}")

    def _printer(self) -> Doing:
        """What the printer says; FAILURE ends it unless that is to be passed over."""
        answered = yield from invoke(
            Invoke(step=PRINTER_STEP, message=m.get_printer(), context=self._context(p.PRINTER), read=printer_says)
        )
        if not answered.command.elements or answered.data is None:
            self._warn(f"The printer's status could not be read: {answered.sentence}")
        elif answered.outcome is Outcome.FAILURE and not self._asked.despite_printer:
            raise Stopped(Outcome.FAILURE, f"Nothing was printed: the printer says {answered.sentence}")
        elif answered.outcome is not Outcome.SUCCESS:
            self._warn(f"The printer says {answered.sentence}")

    def _create_lut(self) -> Doing:
        if not self._asked.lut_shape:
            return
        if p.PRESENTATION_LUT not in self._accepted:
            self._warn("The Presentation LUT class was not accepted: printed without one.")
            return
        self._lut, _ = yield from self._create(LUT_STEP, p.PRESENTATION_LUT, lambda uid: m.create_lut(self._asked, uid))

    def _film(self) -> Doing:
        """One film box: made, filled, and printed unless the whole session is."""
        self._made += 1
        uid, data = yield from self._create(
            self._film_step(self._made),
            p.FILM_BOX,
            lambda uid: m.create_film(self._asked, uid, self._session, self._lut),
        )
        film = _Film(self._made, uid)
        self._films.append(film)
        self._take_boxes(film, data)
        if self._left and not film.boxes:
            raise Stopped(Outcome.FAILURE, "The peer made no image boxes: its response names none (PS3.4 H.4.2.2.1).")
        if len(film.boxes) != self._per_film and self._left:
            self._per_film = len(film.boxes)
            yield Plan(self._plan(first=False))
        for position, (box, uid) in enumerate(film.boxes, start=1):
            if not self._left:
                break
            yield from self._image(film, position, box, uid)
        for position, (uid, text) in enumerate(zip(film.notes, self._asked.annotations, strict=False), start=1):
            step = f"Annotation {position}{self._of(film.number)}"
            yield from self._must(step, m.set_annotation(uid, position, text), p.ANNOTATION_BOX)
        if not self._asked.whole_session:
            of = self._of(film.number)
            yield from self._print(f"Print film{of}", f"Print job{of}", p.FILM_BOX, film.uid)
            self._printed += 1
            if self._left:
                yield from self._delete_film(film)

    def _take_boxes(self, film: _Film, data: DataSet) -> None:
        for item in data.items(p.REFERENCED_IMAGE_BOXES):
            told = item.text(0x00081150)
            box = told if told in p.PIXELS else self._management.image_box
            film.boxes.append((box, item.text(0x00081155)))
        film.notes = referenced(data, p.REFERENCED_ANNOTATION_BOXES)
        if self._asked.annotations and len(film.notes) < len(self._asked.annotations):
            made = len(film.notes)
            self._warn(f"The peer made {made} annotation boxes for {len(self._asked.annotations)} texts.")

    def _image(self, film: _Film, position: int, box: str, uid: str) -> Doing:
        image = self._left[0]
        number = self._images + 1
        do = _Rendering(self._asked, image, number, box == p.COLOR_IMAGE_BOX)
        picture = yield from work(Work(do=do), Picture)
        if isinstance(picture, str):
            raise Stopped(Outcome.NOT_SENT, f"“{self._image_step(number, image)}” failed: {picture}")
        message = m.set_image(self._asked, box, uid, position, picture)
        yield from self._must(self._image_step(number, image), message, self._management.image_box)
        self._left.pop(0)
        self._images += 1

    def _print(self, step: str, job_step: str, class_uid: str, uid: str) -> Doing:
        answered = yield from self._must(step, m.print_it(class_uid, uid), class_uid)
        jobs = referenced(answered.data or DataSet(), p.REFERENCED_PRINT_JOB)
        for job in jobs[:1]:
            if p.PRINT_JOB in self._accepted:
                ended = yield from follow(job_step, job, self._asked.job_seconds)
                self._jobs.append(ended)
                if ended.outcome is Outcome.FAILURE:
                    raise Stopped(Outcome.FAILURE, f"“{step}” was accepted, but its print job ended with {ended.told}.")
                if ended.outcome is not Outcome.SUCCESS:
                    self._warn(f"{job_step}: {ended.told}.")

    # -- the end

    def tidy_up(self) -> Generator[Effect, Reply, list[str]]:
        """Delete what exists at the peer; gives the names of what could not be deleted."""
        left: list[str] = []
        if self._asked.keep:
            return left
        for film in reversed(self._films.copy()):
            left += yield from self._delete_film(film)
        for step, class_uid, uid in (
            (DELETE_SESSION, p.FILM_SESSION, self._session),
            (DELETE_LUT, p.PRESENTATION_LUT, self._lut),
        ):
            if uid:
                left += yield from self._delete(step, class_uid, uid)
        return left

    def _delete_film(self, film: _Film) -> Generator[Effect, Reply, list[str]]:
        self._films.remove(film)
        return (yield from self._delete(f"Delete film box{self._of(film.number)}", p.FILM_BOX, film.uid))

    def _delete(self, step: str, class_uid: str, uid: str) -> Generator[Effect, Reply, list[str]]:
        answered = yield from invoke(
            Invoke(step=step, message=m.delete(class_uid, uid), context=self._context(class_uid), closing=True)
        )
        return [] if answered.ok else [step.removeprefix("Delete ")]

    def verdict(self, outcome: Outcome, sentence: str, left: list[str]) -> Verdict:
        """In one sentence after the other: what was printed, what stopped it, what is to be known besides."""
        parts = [sentence] if sentence else []
        if outcome is not Outcome.NOT_SENT and (self._printed or not sentence):
            parts.append(self._count())
        if sentence and (self._session or self._lut) and not self._asked.keep:
            parts.append("What was created has been deleted." if not left else "")
        if left:
            self._warn(f"Not deleted at the peer: {', '.join(left)}.")
        if self._jobs and outcome is Outcome.SUCCESS:
            parts.append(f"Print job: {self._jobs[-1].told}.")
        elif outcome is Outcome.SUCCESS and p.PRINT_JOB not in self._accepted:
            parts.append("Its print job cannot be followed: the peer did not accept the Print Job class.")
        if outcome is Outcome.SUCCESS:
            outcome = self._worst
        return Verdict(outcome, " ".join(dict.fromkeys(x for x in (*parts, *self._notes) if x)))

    def _count(self) -> str:
        films = f"{self._printed} film{'' if self._printed == 1 else 's'}"
        images = f"{self._images} image{'' if self._images == 1 else 's'}"
        return f"{films} with {images} accepted for printing."

    # -- pieces

    def _must(self, step: str, message: Outgoing, class_uid: str) -> Generator[Effect, Reply, Answered]:
        """An operation without which there is no going on."""
        answered = yield from invoke(Invoke(step=step, message=message, context=self._context(class_uid)))
        if not answered.ok:
            raise Stopped(answered.outcome, f"“{step}” failed: {answered.sentence}.")
        if answered.outcome is Outcome.WARNING:
            self._warn(f"“{step}”: {answered.sentence}.")
        return answered

    def _create(
        self, step: str, class_uid: str, make: Callable[[str], Outgoing]
    ) -> Generator[Effect, Reply, tuple[str, DataSet]]:
        """UID of what was created (the peer's, where it has given one), and what the response says of it."""
        proposed = "" if self._asked.peer_uids else self._new_uid()
        answered = yield from self._must(step, make(proposed), class_uid)
        uid = answered.command.sop_instance_uid or proposed
        if not uid:
            raise Stopped(Outcome.FAILURE, f"“{step}”: the peer assigned no SOP Instance UID (PS3.7 10.1.5.1.4).")
        return uid, answered.data or DataSet()

    def _warn(self, sentence: str) -> None:
        self._notes.append(sentence)
        self._worst = Outcome.WARNING

    def _context(self, class_uid: str) -> str:
        return self._management.context.get(class_uid, class_uid)

    # -- the plan

    def _places(self) -> int:
        """Images on a film: what the format says, or all of them until the printer has said it."""
        try:
            count = display_format("\\".join(self._asked.film.texts(p.IMAGE_DISPLAY_FORMAT))).count
        except ValueError:
            count = 0
        return count or max(1, len(self._asked.images))

    def _plan(self, *, first: bool) -> tuple[str, ...]:
        """The steps to come. first: from the beginning, else from within the film that was made last."""
        films, image = self._film_count(), self._images
        self._several = self._several or films > 1
        opening = self._opening_steps() if first else []
        names = list(opening)
        for number in range(max(1, self._made), films + 1):
            names += [self._film_step(number)] if first or number > self._made else []
            names += self._film_steps(number, image, last=number == films)
            image += self._per_film
        if self._asked.whole_session:
            names += [PRINT_SESSION, *([SESSION_JOB] if p.PRINT_JOB in self._accepted else [])]
        if not self._asked.keep:
            names += self._closing_steps(films, lut=LUT_STEP in opening or bool(self._lut))
        return tuple(names)

    def _opening_steps(self) -> list[str]:
        asked = self._asked
        return [
            *([CHECK] if asked.images else []),
            PRINTER_STEP,
            *([LUT_STEP] if asked.lut_shape and p.PRESENTATION_LUT in self._accepted else []),
            SESSION_STEP,
        ]

    def _film_steps(self, number: int, image: int, *, last: bool) -> list[str]:
        """Those of a film that has been made. image: how many images are on those before it."""
        asked, of = self._asked, self._of(number)
        images = asked.images[image : image + self._per_film]
        names = [self._image_step(n, one) for n, one in enumerate(images, start=image + 1)]
        if p.ANNOTATION_BOX in self._accepted:
            names += [f"Annotation {n}{of}" for n in range(1, len(asked.annotations) + 1)]
        if not asked.whole_session:
            names += [f"Print film{of}", *([f"Print job{of}"] if p.PRINT_JOB in self._accepted else [])]
            names += [] if last else [f"Delete film box{of}"]
        return names

    def _closing_steps(self, films: int, *, lut: bool) -> list[str]:
        left = range(films, 0, -1) if self._asked.whole_session else [films]
        boxes = [f"Delete film box{self._of(n)}" for n in left]
        return [*boxes, DELETE_SESSION, *([DELETE_LUT] if lut else [])]

    def _film_count(self) -> int:
        left = len(self._asked.images) - self._images
        behind = max(0, self._made - 1)
        return max(1, behind + -(-left // self._per_film))

    def _of(self, number: int) -> str:
        """ " 2" where there are several films; once told apart they stay so."""
        return f" {number}" if self._several or number > 1 else ""

    def _film_step(self, number: int) -> str:
        return f"Film box{self._of(number)}"

    @staticmethod
    def _image_step(number: int, image: PrintImage) -> str:
        return f"Image {number}: {image.name}"


@dataclass(frozen=True, slots=True)
class _Rendering:
    """The pixels of one image, as the image box takes them."""

    asked: PrintFilms
    image: PrintImage
    number: int
    color: bool

    def __call__(self) -> tuple[Picture, str]:
        bits = 8 if self.color else self.asked.bits
        if self.image.path is None:
            words = f"{self.number} of {len(self.asked.images)}"
            return printed_pattern(color=self.color, bits=bits, words=words), ""
        file = FileData(self.image.path)
        picture = read_picture(file, self.image.frame, bits=bits, window=self.asked.window)
        return (to_color(picture) if self.color else to_gray(picture)), ""


def _checked(images: tuple[PrintImage, ...]) -> str:
    """That all can be printed, read without their pixels. ValueError names the first that cannot."""
    for image in images:
        if image.path is None:
            continue
        facts = image_facts(FileData(image.path))
        if facts.problem:
            raise ValueError(f"{image.path}: {facts.problem}")
        if not 1 <= image.frame <= facts.frames:
            raise ValueError(f"{image.path}: there is no frame {image.frame}, it has {facts.frames}.")
    return f"{len(images)} image{'' if len(images) == 1 else 's'} to print."
