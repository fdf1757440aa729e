"""Printing films (PS3.4 Annex H): images in, what is asked of the printer, the films as they will be, each step."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.model.commands import RunProcedure
from engine.model.notices import Notice, StepNotice
from engine.model.procedures.printing import PrintImage
from engine.model.whole_numbers import whole_number
from engine.standard.display_formats import DisplayFormat, display_format
from engine.standard.print_attributes import BY_KEYWORD
from engine.workspace.errors import ValueProblem
from engine.workspace.print_settings import frame_numbers, window_of
from gui.background import Background
from gui.dialogs import FormDialog
from gui.dropping import TakesFiles
from gui.forms.choices import ChoiceField
from gui.forms.fields import Field, TextField
from gui.forms.film_preview import FilmPreview, film_shape
from gui.forms.header import icon_button, text_button
from gui.forms.printer_line import PrinterLine
from gui.models.film_images import Found, Look, Thumbnail, Thumbnails, look_at
from gui.services_host import Runnable, ServicesHost
from gui.sound import sound
from gui.theme import SPACING

from .print_settings import PrintSettings, PrintSettingsDialog, print_field, told
from .service_page import ServicePage

SHOWN = ("ImageDisplayFormat", "FilmSizeID", "FilmOrientation", "MediumType", "NumberOfCopies")
"""Attributes with a field in the page itself."""
KINDS = (("gray8", "8-bit gray"), ("gray12", "12-bit gray"), ("color", "Color"))
ANY_FILES = "All files (*);;DICOM files (*.dcm *.dicom *.ima)"
MOST_IMAGES = 1000
_KEPT = "services/print"

_LONG_NAME = 40
"""Characters of a file's name in a caption."""


class PrintPage(TakesFiles, ServicePage):
    """Prints what is in the preview, or one test pattern when nothing has been added."""

    verb = "P&rint"

    def __init__(self, host: ServicesHost, parent: QWidget | None = None) -> None:
        super().__init__(host, parent)
        self.settings = PrintSettings.from_text(str(host.store.value(_KEPT, "")))
        self.images: tuple[PrintImage, ...] = ()
        self._frames: dict[Path, int] = {}
        self.thumbnails = Thumbnails(self)
        self.setAcceptDrops(True)
        self._make_sources()
        self._make_form()
        self.notes = QLabel(self)
        self.notes.setWordWrap(True)
        self.notes.setTextFormat(Qt.TextFormat.PlainText)
        self.notes.setProperty("role", "muted")
        self.body.addWidget(self.notes)
        self.printer = PrinterLine(host, self)
        self.finish_layout(self._make_lower())
        self.column.insertWidget(1, self.printer)
        self.column.removeWidget(self.steps)
        self.steps.fill()
        self._split.addWidget(self.steps, 3)
        self._show_settings()
        self.show_images(())

    # -- what it is made of ---------------------------------------------------------------------------------------

    def _make_sources(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(SPACING.small)
        self.files_button = text_button("File&s…", self.ask_files, self, tip="Add DICOM images")
        self.pattern_button = text_button(
            "Test pattern", self.add_pattern, self, tip="Add a test pattern, made here, of nobody"
        )
        self.settings_button = icon_button("settings", "All settings of the print …", self.ask_settings, self)
        self.clear_button = icon_button("delete", "Take all images out", self.clear, self)
        row.addWidget(self.files_button)
        row.addWidget(self.pattern_button)
        row.addStretch(1)
        row.addWidget(self.settings_button)
        row.addWidget(self.clear_button)
        self.body.addLayout(row)

    def _make_form(self) -> None:
        labels = {"FilmSizeID": "Film si&ze", "MediumType": "Me&dium"}
        self.fields: dict[str, Field] = {}
        for keyword in SHOWN:
            row = BY_KEYWORD[keyword]
            self.fields[keyword] = print_field(replace(row, label=labels.get(keyword, row.label)), self)
        self.kind = ChoiceField("Ima&ges as", KINDS, self)
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACING.normal)
        grid.setVerticalSpacing(SPACING.normal)
        for n, one in enumerate((*self.fields.values(), self.kind)):
            grid.addWidget(one, n // 3, n % 3, Qt.AlignmentFlag.AlignTop)
            one.edited.connect(self._form_edited)
        for column, share in enumerate((5, 4, 4)):  # the longest texts are formats
            grid.setColumnStretch(column, share)
        self.body.addLayout(grid)

    def _make_lower(self) -> QWidget:
        self.preview = FilmPreview(self._thumbnail, self)
        self.thumbnails.ready.connect(self._thumbnail_made)
        self.preview.film_changed.connect(self._show_film_number)
        self.preview.selected_changed.connect(self._show_film_number)
        self.preview.add_wanted.connect(self.ask_files)
        self.preview.remove_wanted.connect(self.remove)
        self.preview.move_wanted.connect(self.move_image)
        self.preview.frames_wanted.connect(self.ask_frames)
        self.back_button = icon_button("up", "The film before (Page up)", self._film_before, self)
        self.next_button = icon_button("down", "The next film (Page down)", self._film_after, self)
        self.film_words = QLabel(self)
        self.film_words.setTextFormat(Qt.TextFormat.PlainText)
        self.film_words.setProperty("role", "muted")
        row = QHBoxLayout()
        row.setSpacing(SPACING.hair)
        row.addStretch(1)
        row.addWidget(self.back_button)
        row.addWidget(self.film_words)
        row.addWidget(self.next_button)
        row.addStretch(1)
        left = QVBoxLayout()
        left.setSpacing(SPACING.small)
        left.addWidget(self.preview, 1)
        left.addLayout(row)
        lower = QWidget(self)
        lower.setMinimumHeight(150)
        self._split = QHBoxLayout(lower)
        self._split.setContentsMargins(0, 0, 0, 0)
        self._split.setSpacing(SPACING.large)
        self._split.addLayout(left, 2)
        return lower

    # -- images -----------------------------------------------------------------------------------------------------

    def ask_files(self) -> None:
        self.host.questions.open_files(self.window(), "Images to print", ANY_FILES, self.add_paths)

    def add_paths(self, paths: tuple[Path, ...]) -> None:
        """Files and folders, looked at beside."""
        work = Background(partial(look_at, paths))
        work.done.connect(self._found)
        work.begin()

    def _found(self, found: Found) -> None:
        self._frames.update(dict(found.frames))
        self.show_images((*self.images, *found.images))
        several = len(found.frames)
        if found.problems:
            more = f" And {len(found.problems) - 1} more." if len(found.problems) > 1 else ""
            self.host.say(f"Not added: {found.problems[0]}{more}", "warning")
        elif several:
            self.host.say("Of multi-frame images the first frame is printed: press Return on one for others.")

    def add_pattern(self) -> None:
        """One more test pattern."""
        self.show_images((*self.images, PrintImage()))

    def clear(self) -> None:
        self.show_images(())

    def remove(self) -> None:
        """Take the selected image out."""
        at = self.preview.selected
        if at is not None:
            self.show_images((*self.images[:at], *self.images[at + 1 :]))

    def move_image(self, by: int) -> None:
        """Move the selected image to another place."""
        at = self.preview.selected
        target = -1 if at is None else at + by
        if at is None or not 0 <= target < len(self.images):
            return
        images = list(self.images)
        images.insert(target, images.pop(at))
        self.show_images(tuple(images))
        self.preview.select(target)

    def ask_frames(self) -> None:
        """Which frames of the selected image are printed."""
        at = self.preview.selected
        if at is None:
            return
        image = self.images[at]
        frames = self._frames.get(image.path, 1) if image.path else 1
        if frames < 2:
            self.host.say(f"{image.name[:1].upper()}{image.name[1:]} has one frame.")
            return
        dialog = FramesDialog(image, frames, self.window())
        dialog.chosen.connect(partial(self._set_frames, at))
        dialog.open()

    def _set_frames(self, at: int, numbers: tuple[int, ...]) -> None:
        image = self.images[at]
        chosen = tuple(replace(image, frame=n) for n in numbers)
        self.show_images((*self.images[:at], *chosen, *self.images[at + 1 :]))
        self.preview.select(at)

    def show_images(self, images: tuple[PrintImage, ...]) -> None:
        """These are printed; without any, one test pattern is."""
        if len(images) > MOST_IMAGES:
            self.host.say(f"The first {MOST_IMAGES} images are kept: nobody tests with more.", "warning")
        self.images = images[:MOST_IMAGES]
        self._show_preview()
        self.refresh()

    @property
    def printed(self) -> tuple[PrintImage, ...]:
        return self.images or (PrintImage(),)

    # -- settings ---------------------------------------------------------------------------------------------------

    def ask_settings(self) -> None:
        dialog = PrintSettingsDialog(self.settings, self.window())
        dialog.saved.connect(self._settings_saved)
        dialog.open()

    def _settings_saved(self, settings: PrintSettings) -> None:
        self.settings = settings
        self._show_settings()
        self._settings_changed()

    def _form_edited(self, _value: object) -> None:
        values = {keyword: str(one.value()).strip() for keyword, one in self.fields.items()}  # type: ignore[attr-defined]
        kind = self.kind.value()
        self.settings = replace(
            self.settings,
            values={**self.settings.values, **values},
            color=kind == "color",
            bits=12 if kind == "gray12" else 8,
        )
        self._settings_changed()

    def _settings_changed(self) -> None:
        self.host.store.setValue(_KEPT, self.settings.to_text())
        self._say_notes()
        self._show_preview()
        self.refresh()

    def _show_settings(self) -> None:
        for keyword, one in self.fields.items():
            one.set_value(self.settings.values.get(keyword, ""))  # type: ignore[attr-defined]
        self.kind.set_value("color" if self.settings.color else f"gray{self.settings.bits}")
        self._say_notes()

    def _say_notes(self) -> None:
        words = told(self.settings, SHOWN)
        self.notes.setText(words)
        self.notes.setVisible(bool(words))

    # -- the preview ------------------------------------------------------------------------------------------------

    def _format(self) -> DisplayFormat | None:
        try:
            return display_format(self.settings.values["ImageDisplayFormat"].upper())
        except ValueError:
            return None

    def _show_preview(self) -> None:
        values = self.settings.values
        paper = values["MediumType"].upper() == "PAPER"
        border = _ink(values["BorderDensity"], "WHITE" if paper else "BLACK")
        shape = film_shape(values["FilmSizeID"], values["FilmOrientation"].upper())
        empty = _ink(values["EmptyImageDensity"], border)
        self.preview.show_film(self.printed, self._format(), shape, border, empty)

    def _look(self) -> Look:
        try:
            window = window_of(self.settings.window)
        except ValueProblem:
            window = None
        return Look(color=self.settings.color, window=window)

    def _thumbnail(self, image: PrintImage) -> Thumbnail:
        return self.thumbnails.of(image, self._look())

    def _thumbnail_made(self) -> None:
        self.preview.update()
        self.refresh()

    def _film_before(self) -> None:
        self.preview.show_number(self.preview.film - 1)

    def _film_after(self) -> None:
        self.preview.show_number(self.preview.film + 1)

    def _show_film_number(self) -> None:
        preview = self.preview
        several = preview.films > 1
        words = f"Film {preview.film + 1} of {preview.films}" if several else "One film"
        if preview.selected is not None and self.images:
            words = f"{self.images[preview.selected].name}"
        self.film_words.setText(words)
        for button, on in ((self.back_button, preview.film > 0), (self.next_button, preview.film + 1 < preview.films)):
            button.setVisible(several)
            button.setEnabled(on)

    # -- running ----------------------------------------------------------------------------------------------------

    def problem(self) -> str:
        if not hasattr(self, "printer"):
            return ""  # the base asks while the page is being made
        if any(not one.is_valid() for one in self.fields.values()):
            return "The settings above are not right yet."
        return "" if self.association() is not None else super().problem()

    def association(self) -> int | None:
        held = self.host.held() if self.settings.held else None
        return held.association if held is not None else None

    def command(self) -> Runnable | None:
        try:
            procedure = self.settings.procedure(self.printed)
        except ValueProblem as problem:
            self.host.say(f"{problem.reason}.", "failure")
            return None
        return RunProcedure(operation=0, association=0, proposal=self.host.proposal(), procedure=procedure)

    def refresh(self) -> None:
        super().refresh()
        if not hasattr(self, "printer"):
            return
        self.clear_button.setEnabled(bool(self.images))
        count = len(self.images)
        self.run_bar.set_verb(f"P&rint {count} image{'' if count == 1 else 's'}" if count else "P&rint a test pattern")

    def take(self, notices: tuple[Notice, ...]) -> None:
        for notice in notices:
            if isinstance(notice, StepNotice) and notice.operation == self.operation:
                self.printer.take(notice)

    @sound
    def sizeHint(self) -> QSize:
        return QSize(520, 460)


def _short(name: str) -> str:
    """A name that leaves a dialog on the screen, its beginning and its end."""
    return name if len(name) <= _LONG_NAME else f"{name[: _LONG_NAME // 2]}…{name[-_LONG_NAME // 2 :]}"


class FramesDialog(FormDialog):
    """Which frames of an image are printed; `chosen` carries their numbers."""

    chosen = Signal(object)

    def __init__(self, image: PrintImage, frames: int, parent: QWidget | None = None) -> None:
        super().__init__("Frames to print", "Apply", parent, width=360)
        self._frames = frames
        name = _short(image.path.name if image.path else image.name).replace("&", "&&")
        self.line = TextField(
            f"&Frames of {name}", self._error_of, "1", self, hint=f"1 to {frames}: such as 2,5-7, or all."
        )
        self.line.set_value(str(image.frame))
        self.line.edited.connect(self._judge_now)
        self.body.addWidget(self.line)

    def _error_of(self, text: str) -> str | None:
        try:
            frame_numbers(text, self._frames)
        except ValueProblem as problem:
            return f"{problem.reason[:1].upper()}{problem.reason[1:]}."
        return None

    def _judge_now(self, _value: object) -> None:
        self.accept_button.setEnabled(self.line.is_valid())

    def accept(self) -> None:
        if self.line.is_valid():
            self.chosen.emit(frame_numbers(self.line.value(), self._frames))
            super().accept()


def _ink(density: str, usual: str) -> str:
    """BLACK or WHITE for a density, by hundredths too: 150 and more looks black."""
    density = density.strip().upper()
    hundredths = whole_number(density)
    if hundredths is not None:
        return "BLACK" if hundredths >= 150 else "WHITE"
    return density if density in ("BLACK", "WHITE") else usual
