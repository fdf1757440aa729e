"""Printing as user, played without a network: what is asked in which order, and what a failure leaves behind."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from engine.model.command_set import CommandSet
from engine.model.dataset import DataElement, DataSet
from engine.model.notices import Outcome
from engine.model.procedures.printing import PrintFilms, PrintImage
from engine.services import print_rules as p
from engine.services.procedures import printing
from engine.services.procedures.effects import (
    Accepted,
    Answered,
    Await,
    Cancelled,
    Invoke,
    Plan,
    Report,
    Verdict,
    Work,
    Worked,
)
from engine.services.rules import reference, sequence
from engine.standard.display_formats import display_format
from engine.standard.messages import message_name

Answer = Callable[[Invoke], Answered | Exception | None]


def film(text: str = "STANDARD\\2,1") -> DataSet:
    return DataSet().put(p.IMAGE_DISPLAY_FORMAT, "ST", text)


def refused(sentence: str = "0110H Processing Failure") -> Answered:
    return Answered(command=CommandSet.of(Status=0x0110), outcome=Outcome.FAILURE, sentence=sentence)


class Peer:
    """Answers a print procedure's effects; `boxes` image boxes a film."""

    def __init__(self, boxes: int = 2, accepted: tuple[str, ...] = (p.GRAYSCALE_META,), answer: Answer | None = None):
        self.boxes, self.accepted = boxes, frozenset(accepted)
        self.answer = answer
        self.steps: list[str] = []
        self.plans: list[tuple[str, ...]] = []
        self.sent: list[Invoke] = []
        self.reports: list[Report] = []
        self._numbers = itertools.count(1)

    def play(self, asked: PrintFilms) -> Verdict:
        numbers = itertools.count(1)
        generator = printing.play(asked, lambda: f"2.25.{next(numbers)}")
        reply: object = None
        try:
            while True:
                if isinstance(reply, Cancelled):
                    effect = generator.throw(reply)
                else:
                    effect = generator.send(reply)  # type: ignore[arg-type]
                reply = self._reply(effect)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]

    def _reply(self, effect: object) -> object:
        match effect:
            case Accepted():
                return self.accepted
            case Plan(steps):
                self.plans.append(steps)
            case Work():
                self.steps += [effect.step] if effect.step else []
                try:
                    return Worked(value=effect.do()[0])
                except ValueError as error:
                    return Worked(problem=str(error))
            case Await():
                found = next((r for r in self.reports if effect.wanted(r)), None)
                if found is not None:
                    self.reports.remove(found)
                return found
            case Invoke():
                return self._answered(effect)
        return None

    def _answered(self, effect: Invoke) -> Answered | Exception:
        given = self.answer(effect) if self.answer else None
        if isinstance(given, Exception):
            return given
        if not effect.again:
            self.steps.append(effect.step)
        self.sent.append(effect)
        answered = given or self._usual(effect)
        judged = effect.read(answered) if effect.read and answered.ok else None
        if judged is not None:
            return Answered(command=answered.command, data=answered.data, outcome=judged[0], sentence=judged[1])
        return answered

    def _usual(self, effect: Invoke) -> Answered:
        command = effect.message.command
        data = None
        if command.sop_class_uid == p.FILM_BOX and message_name(command.command_field) == "N-CREATE-RQ":
            kind = p.COLOR_IMAGE_BOX if p.COLOR_META in self.accepted else p.GRAYSCALE_IMAGE_BOX
            made = [reference(kind, f"9.{next(self._numbers)}") for _ in range(self.boxes)]
            data = sequence(p.REFERENCED_IMAGE_BOXES, *made)
        if command.sop_class_uid == p.PRINTER:
            data = DataSet().put(p.PRINTER_STATUS, "CS", "NORMAL")
        return Answered(command=CommandSet.of(Status=0), data=data, sentence="0000H Success")

    def messages(self) -> list[str]:
        return [message_name(i.message.command.command_field).removesuffix("-RQ") for i in self.sent]


def patterns(count: int) -> tuple[PrintImage, ...]:
    return (PrintImage(),) * count


def test_as_many_films_as_the_images_need_each_printed_and_deleted_before_the_next() -> None:
    peer = Peer()
    verdict = peer.play(PrintFilms(images=patterns(3), film=film()))
    assert verdict.outcome is Outcome.SUCCESS
    assert "2 films with 3 images" in verdict.sentence
    assert peer.messages() == [
        "N-GET", "N-CREATE", "N-CREATE", "N-SET", "N-SET", "N-ACTION", "N-DELETE",
        "N-CREATE", "N-SET", "N-ACTION", "N-DELETE", "N-DELETE",
    ]  # fmt: skip
    assert peer.plans == [tuple(peer.steps)], "what was planned is what was done, by name and in order"


def test_the_whole_session_is_printed_at_its_end() -> None:
    peer = Peer()
    peer.play(PrintFilms(images=patterns(3), film=film(), whole_session=True))
    (printed,) = [i for i in peer.sent if message_name(i.message.command.command_field) == "N-ACTION-RQ"]
    assert printed.message.command.sop_class_uid == p.FILM_SESSION
    assert peer.plans == [tuple(peer.steps)]


def test_a_printer_with_fewer_boxes_than_the_format_gets_more_films() -> None:
    peer = Peer(boxes=1)
    verdict = peer.play(PrintFilms(images=patterns(2), film=film()))
    assert "2 films with 2 images" in verdict.sentence
    assert len(peer.plans) == 2


@pytest.mark.parametrize("text", ["SLIDE", "CUSTOM\\3"])
def test_where_the_printer_decides_all_go_to_the_boxes_it_makes(text: str) -> None:
    peer = Peer(boxes=3)
    verdict = peer.play(PrintFilms(images=patterns(4), film=film(text)))
    assert "2 films with 4 images" in verdict.sentence


STEPS = {
    "Film session": [],
    "Film box": ["Delete film session"],
    "Image 1: test pattern": ["Delete film box", "Delete film session"],
    "Print film": ["Delete film box", "Delete film session"],
}


@pytest.mark.parametrize("step", STEPS)
def test_a_failed_step_is_named_and_what_was_created_is_deleted(step: str) -> None:
    peer = Peer(answer=lambda i: refused() if i.step == step else None)
    verdict = peer.play(PrintFilms(images=patterns(2), film=film()))
    assert verdict.outcome is Outcome.FAILURE
    assert f"“{step}” failed: 0110H Processing Failure" in verdict.sentence
    assert peer.steps[peer.steps.index(step) + 1 :] == STEPS[step]


def test_cancel_deletes_what_exists() -> None:
    def cancelling(effect: Invoke) -> Exception | None:
        return Cancelled("Cancelled before “Print film”.") if effect.step == "Print film" else None

    peer = Peer(answer=cancelling)
    verdict = peer.play(PrintFilms(images=patterns(2), film=film()))
    assert verdict.outcome is Outcome.CANCELLED
    assert peer.steps[-2:] == ["Delete film box", "Delete film session"]
    assert all(i.closing for i in peer.sent[-2:])


@pytest.mark.parametrize(("despite", "outcome"), [(False, Outcome.FAILURE), (True, Outcome.WARNING)])
def test_a_printer_that_says_failure_stops_it_unless_told_otherwise(despite: bool, outcome: Outcome) -> None:
    data = DataSet().put(p.PRINTER_STATUS, "CS", "FAILURE").put(p.PRINTER_STATUS_INFO, "CS", "CHECK PRINTER")
    peer = Peer(
        answer=lambda i: Answered(command=CommandSet.of(Status=0), data=data) if i.step == "Printer status" else None
    )
    verdict = peer.play(PrintFilms(images=patterns(1), film=film(), despite_printer=despite))
    assert verdict.outcome is outcome
    assert "FAILURE: CHECK PRINTER" in verdict.sentence
    assert ("Film session" in peer.steps) is despite


def test_color_falls_back_to_grayscale_and_says_so() -> None:
    peer = Peer()
    verdict = peer.play(PrintFilms(images=patterns(1), film=film(), color=True))
    assert verdict.outcome is Outcome.WARNING
    assert "printed in grayscale" in verdict.sentence
    (image,) = [i for i in peer.sent if i.step.startswith("Image")]
    data = image.message.data
    assert isinstance(data, DataSet)
    assert data.items(p.PIXELS[p.GRAYSCALE_IMAGE_BOX])


def test_nothing_is_sent_where_no_print_management_was_accepted() -> None:
    peer = Peer(accepted=())
    verdict = peer.play(PrintFilms(images=patterns(1), film=film()))
    assert verdict.outcome is Outcome.NOT_SENT
    assert not peer.sent
    assert "Basic Grayscale Print Management" in verdict.sentence


def _event(number: int, info: str = "NORMAL") -> Report:
    command = CommandSet.of(AffectedSOPClassUID=p.PRINT_JOB, AffectedSOPInstanceUID="8.1", EventTypeID=number)
    return Report(association=1, command=command, data=DataSet().put(p.EXECUTION_STATUS_INFO, "CS", info))


def _with_job(effect: Invoke) -> Answered | None:
    if effect.step == "Print film":
        return Answered(
            command=CommandSet.of(Status=0), data=sequence(p.REFERENCED_PRINT_JOB, reference(p.PRINT_JOB, "8.1"))
        )
    return None


def test_the_print_job_is_followed_by_its_reports() -> None:
    peer = Peer(accepted=(p.GRAYSCALE_META, p.PRINT_JOB), answer=_with_job)
    peer.reports = [_event(1), _event(2), _event(3)]
    verdict = peer.play(PrintFilms(images=patterns(1), film=film()))
    assert verdict.outcome is Outcome.SUCCESS
    assert "Print job: DONE." in verdict.sentence
    assert not peer.reports


def test_a_print_job_that_fails_is_the_failure_and_everything_is_deleted() -> None:
    peer = Peer(accepted=(p.GRAYSCALE_META, p.PRINT_JOB), answer=_with_job)
    peer.reports = [_event(4, "SUPPLY EMPTY")]
    verdict = peer.play(PrintFilms(images=patterns(1), film=film()))
    assert verdict.outcome is Outcome.FAILURE
    assert "FAILURE (SUPPLY EMPTY)" in verdict.sentence
    assert peer.steps[-2:] == ["Delete film box", "Delete film session"]


def test_what_the_printer_reports_meanwhile_is_told_with_the_job() -> None:
    peer = Peer(accepted=(p.GRAYSCALE_META, p.PRINT_JOB), answer=_with_job)
    command = CommandSet.of(AffectedSOPClassUID=p.PRINTER, AffectedSOPInstanceUID=p.PRINTER_INSTANCE, EventTypeID=2)
    low = Report(association=1, command=command, data=DataSet().put(p.PRINTER_STATUS_INFO, "CS", "SUPPLY LOW"))
    peer.reports = [_event(2), low, _event(3)]
    verdict = peer.play(PrintFilms(images=patterns(1), film=film()))
    assert verdict.outcome is Outcome.WARNING
    assert "Print job: DONE; meanwhile the printer said WARNING (SUPPLY LOW)." in verdict.sentence


def test_without_reports_the_job_is_asked_for() -> None:
    states = iter(("PENDING", "PRINTING", "DONE"))

    def answer(effect: Invoke) -> Answered | None:
        if effect.step == "Print job":
            return Answered(command=CommandSet.of(Status=0), data=DataSet().put(p.EXECUTION_STATUS, "CS", next(states)))
        return _with_job(effect)

    peer = Peer(accepted=(p.GRAYSCALE_META, p.PRINT_JOB), answer=answer)
    verdict = peer.play(PrintFilms(images=patterns(1), film=film()))
    assert verdict.outcome is Outcome.SUCCESS
    assert "Print job: DONE." in verdict.sentence


def test_a_job_nothing_is_heard_of_is_a_warning_after_the_time_given() -> None:
    def answer(effect: Invoke) -> Answered | None:
        return refused() if effect.step == "Print job" else _with_job(effect)

    peer = Peer(accepted=(p.GRAYSCALE_META, p.PRINT_JOB), answer=answer)
    verdict = peer.play(PrintFilms(images=patterns(1), film=film(), job_seconds=5.0))
    assert verdict.outcome is Outcome.WARNING
    assert "nothing was reported of it" in verdict.sentence


def test_uids_of_the_peer_are_used() -> None:
    def answer(effect: Invoke) -> Answered | None:
        if effect.step == "Film session":
            assert not effect.message.command.sop_instance_uid
            return Answered(command=CommandSet.of(Status=0, AffectedSOPInstanceUID="7.7"))
        return None

    peer = Peer(answer=answer)
    verdict = peer.play(PrintFilms(images=patterns(1), film=film(), peer_uids=True))
    assert verdict.outcome is Outcome.FAILURE, "the film box got no UID from anybody"
    assert "assigned no SOP Instance UID" in verdict.sentence
    assert peer.sent[-1].message.command.sop_instance_uid == "7.7", "deleted by the UID the peer gave"


@pytest.mark.parametrize(
    ("text", "count"),
    [("STANDARD\\3,4", 12), ("ROW\\1,2,3", 6), ("COL\\2,2", 4), ("SLIDE", 0), ("CUSTOM\\7", 0)],
)
def test_display_formats_cover_the_film(text: str, count: int) -> None:
    found = display_format(text)
    assert found.count == count
    assert found.text == text
    if count:
        assert sum(place.width * place.height for place in found.places) == pytest.approx(1.0)


@pytest.mark.parametrize(
    "text", ["", "STANDARD", "STANDARD\\2", "STANDARD\\0,1", "ROW\\", "ROW\\1,0", "SLIDE\\2", "STANDARD\\99,99", "A\\1"]
)
def test_what_is_no_display_format_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"[.]$"):
        display_format(text)


def test_color_pixels_go_by_plane() -> None:
    peer = Peer(accepted=(p.COLOR_META,))
    peer.play(PrintFilms(images=patterns(1), film=film(), color=True))
    (image,) = [i for i in peer.sent if i.step.startswith("Image")]
    data = image.message.data
    assert isinstance(data, DataSet)
    (pixels,) = data.items(p.PIXELS[p.COLOR_IMAGE_BOX])
    assert (pixels.text(0x00280004), pixels.text(0x00280006), pixels.text(0x00280002)) == ("RGB", "1", "3")
    element = pixels.find(0x7FE00010)
    assert isinstance(element, DataElement)
    assert len(element.value) == 3 * int(pixels.text(0x00280010)) * int(pixels.text(0x00280011))
