"""Everything that can be asked of a printer, in a dialog; and what of it is other than usual, in words."""

from __future__ import annotations

import json
from dataclasses import asdict, field, fields

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QGridLayout, QTabWidget, QVBoxLayout, QWidget

from engine.model.procedures.printing import PrintFilms, PrintImage
from engine.standard.lean import dataclass
from engine.standard.print_attributes import (
    BY_KEYWORD,
    FILM,
    IMAGE,
    LUT_SHAPES,
    PRINT_ATTRIBUTES,
    SESSION,
    PrintAttribute,
    of_level,
)
from engine.workspace.errors import ValueProblem
from engine.workspace.print_settings import print_data_set, print_value_error, window_of
from gui.dialogs import NOT_RIGHT, FormDialog
from gui.forms.choices import CheckField, ChoiceField, SuggestField
from gui.forms.fields import Field, NumberField, TextField
from gui.forms.growing_area import GrowingArea
from gui.theme import SPACING, theme

COLUMNS = 3
PAGE_HEIGHT = 440
"""With tabs and buttons it fits 1024x700 with every field wrong."""


@dataclass(frozen=True, slots=True)
class PrintSettings:
    """All settings of a print but its images. values: by keyword of `PRINT_ATTRIBUTES`. window: as it is typed."""

    values: dict[str, str] = field(default_factory=lambda: {r.keyword: r.default for r in PRINT_ATTRIBUTES})
    color: bool = False
    bits: int = 8
    window: str = ""
    lut_shape: str = ""
    annotations: str = ""
    """Texts with a bar between."""
    whole_session: bool = False
    single_classes: bool = False
    peer_uids: bool = False
    despite_printer: bool = False
    keep: bool = False
    held: bool = False
    """On the association held, while there is one."""
    job_seconds: float = 60.0

    def procedure(self, images: tuple[PrintImage, ...]) -> PrintFilms:
        """What is run. ValueProblem when a value is wrong."""
        return PrintFilms(
            images=images,
            color=self.color,
            single_classes=self.single_classes,
            session=print_data_set(SESSION, self.values),
            film=print_data_set(FILM, self.values),
            image=print_data_set(IMAGE, self.values),
            bits=self.bits,
            window=window_of(self.window),
            lut_shape=self.lut_shape,
            annotations=tuple(t.strip() for t in self.annotations.split("|") if t.strip()),
            whole_session=self.whole_session,
            despite_printer=self.despite_printer,
            peer_uids=self.peer_uids,
            keep=self.keep,
            job_seconds=self.job_seconds,
        )

    def to_text(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> PrintSettings:
        """What `to_text` gave; the usual settings where it cannot be read any more."""
        usual = cls()
        try:
            kept = json.loads(text)
            values = {k: str(v) for k, v in kept.pop("values").items() if k in BY_KEYWORD}
            names = {f.name: type(getattr(usual, f.name)) for f in fields(cls) if f.name != "values"}
            return cls(values={**usual.values, **values}, **{k: names[k](v) for k, v in kept.items() if k in names})
        except (ValueError, KeyError, TypeError, AttributeError):
            return usual


_CHECKS = (
    ("whole_session", "Print the &session at its end, not each film box"),
    ("single_classes", "Propose each SOP &class instead of the meta SOP class"),
    ("peer_uids", "Leave SOP Instance &UIDs to the peer"),
    ("despite_printer", "Go &on when the printer says FAILURE"),
    ("keep", "&Delete nothing at the end"),
    ("held", "Print on the associa&tion held, while there is one"),
)


def print_field(row: PrintAttribute, parent: QWidget) -> Field:
    """The field of one attribute."""

    def check(text: str) -> str | None:
        return print_value_error(row, text)

    usual = "printer's choice"
    made: Field
    if row.terms:
        made = SuggestField(row.label, row.terms, check, usual, parent)
    else:
        made = TextField(row.label, check, usual, parent)
    made.editor.setToolTip(f"{row.label}: {row.about}")
    return made


class PrintSettingsDialog(FormDialog):
    """`saved` carries the PrintSettings."""

    saved = Signal(object)

    def __init__(self, settings: PrintSettings, parent: QWidget | None = None) -> None:
        super().__init__("Print settings", "Apply", parent, width=620)
        self._settings = settings
        self.fields: dict[str, Field] = {}
        self.tabs = QTabWidget(self)
        self.tabs.tabBar().setAccessibleName("Parts of the settings")
        self.tabs.setDocumentMode(True)
        self.lut = ChoiceField("Presentation &LUT", (("", "none"), *((s, s) for s in LUT_SHAPES)), self)
        self.window_line = TextField("&Window", _window_error, "the images' own", self, hint="Center,width")
        self.annotations = TextField(
            "&Annotations", _annotation_error, "none", self, hint="Texts in the order of the boxes, with | between."
        )
        self.seconds = NumberField("&Follow the print job", 0, 86_400, self, unit="s")
        self.checks = {name: CheckField(text, self) for name, text in _CHECKS}
        self._pages = (
            self._page(FILM),
            self._page(IMAGE, self.window_line, self.lut, below=(self.annotations,)),
            self._page(SESSION, self.seconds, below=tuple(self.checks.values())),
        )
        for page, title in zip(self._pages, ("Film &box", "&Images", "Film session and &procedure"), strict=True):
            self.tabs.addTab(GrowingArea(page, self.tabs, most=PAGE_HEIGHT), title)
        self.body.addWidget(self.tabs)
        self._show(settings)
        for one in (*self.fields.values(), self.window_line, self.annotations, self.seconds):
            one.edited.connect(self._judge)

    def _page(self, level: str, *more: Field, below: tuple[Field, ...] = ()) -> QWidget:
        page = QWidget(self.tabs)
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACING.large)
        grid.setVerticalSpacing(SPACING.large)
        made: list[Field] = []
        for row in of_level(level):
            self.fields[row.keyword] = print_field(row, page)
            made.append(self.fields[row.keyword])
        for n, one in enumerate((*made, *more)):
            grid.addWidget(one, n // COLUMNS, n % COLUMNS, Qt.AlignmentFlag.AlignTop)
        for column in range(COLUMNS):
            grid.setColumnStretch(column, 1)
        column_box = QVBoxLayout(page)
        column_box.setContentsMargins(0, SPACING.large, 0, 0)
        column_box.setSpacing(SPACING.large)
        column_box.addLayout(grid)
        for one in below:
            column_box.addWidget(one)
        column_box.addStretch(1)
        return page

    def settings(self) -> PrintSettings:
        """What the form says."""
        values = {keyword: str(one.value()).strip() for keyword, one in self.fields.items()}  # type: ignore[attr-defined]
        return PrintSettings(
            values=values,
            color=self._settings.color,
            bits=self._settings.bits,
            window=self.window_line.value().strip(),
            lut_shape=str(self.lut.value()),
            annotations=self.annotations.value().strip(),
            job_seconds=self.seconds.value() or 0.0,
            **{name: box.value() for name, box in self.checks.items()},
        )

    def accept(self) -> None:
        if self._valid():
            self.saved.emit(self.settings())
            super().accept()

    def _show(self, settings: PrintSettings) -> None:
        for keyword, one in self.fields.items():
            one.set_value(settings.values.get(keyword, ""))  # type: ignore[attr-defined]
        self.lut.set_value(settings.lut_shape if settings.lut_shape in LUT_SHAPES else "")
        self.window_line.set_value(settings.window)
        self.annotations.set_value(settings.annotations)
        self.seconds.set_value(settings.job_seconds)
        for name, box in self.checks.items():
            box.set_value(bool(getattr(settings, name)))

    def _valid(self) -> bool:
        return all(one.is_valid() for one in self.findChildren(Field))

    def _judge(self, _value: object) -> None:
        """Apply only what is right; a page with a mistake is marked, so that it is found from any other."""
        for n, page in enumerate(self._pages):
            good = all(one.is_valid() for one in page.findChildren(Field))
            self.tabs.setTabIcon(n, QIcon() if good else theme().icon("failure", "failure"))
            self.tabs.setTabToolTip(n, "" if good else NOT_RIGHT)
        self.accept_button.setEnabled(self._valid())


def _window_error(text: str) -> str | None:
    try:
        window_of(text)
    except ValueProblem as problem:
        return f"{problem.reason[:1].upper()}{problem.reason[1:]}."
    return None


def _annotation_error(text: str) -> str | None:
    return next((f"At most 64 characters: “{t.strip()[:20]}…”." for t in text.split("|") if len(t.strip()) > 64), None)


def told(settings: PrintSettings, shown: tuple[str, ...]) -> str:
    """What is other than usual and not `shown` (keywords) in the page itself; "" when nothing is."""
    usual = PrintSettings()
    parts = [
        f"{BY_KEYWORD[k].label.lower()} {v}"
        for k, v in settings.values.items()
        if k not in shown and v and v != usual.values[k]
    ]
    parts += [f"window {settings.window}"] if settings.window else []
    parts += [f"presentation LUT {settings.lut_shape}"] if settings.lut_shape else []
    parts += ["annotations"] if settings.annotations else []
    parts += [
        words
        for name, words in (
            ("whole_session", "the session printed at its end"),
            ("single_classes", "each SOP class by itself"),
            ("peer_uids", "UIDs of the peer"),
            ("despite_printer", "despite the printer"),
            ("keep", "nothing deleted"),
            ("held", "on the association held"),
        )
        if getattr(settings, name)
    ]
    words = ", ".join(parts)
    return f"{words[:1].upper()}{words[1:]}." if words else ""
