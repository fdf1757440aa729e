"""A file or folder typed as text: a name that no file can have is said beside the field."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QWidget

from engine.workspace.binary import named_path
from engine.workspace.errors import ValueProblem

from .fields import Check, TextField, no_check


def path_problem(text: str) -> str | None:
    """What keeps a text from naming a file or folder, in a sentence; None for an empty one too."""
    try:
        named_path(text.strip())
    except ValueProblem as problem:
        said = str(problem)
        return f"{said[:1].upper()}{said[1:]}."
    return None


class PathField(TextField):
    """`path()` is what stands in it, "~" spelled out; None when it is empty or names nothing."""

    def __init__(
        self,
        label: str,
        check: Check = no_check,
        placeholder: str = "",
        parent: QWidget | None = None,
        *,
        hint: str = "",
    ) -> None:
        super().__init__(label, lambda text: path_problem(text) or check(text), placeholder, parent, hint=hint)

    def path(self) -> Path | None:
        text = self.value().strip()
        return None if not text or path_problem(text) else named_path(text)
