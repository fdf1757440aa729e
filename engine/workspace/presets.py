"""Sets of presentation contexts with a name: the shipped ones, the user's own, and all the registry knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import engine
from engine.model.association import MAX_CONTEXTS, ProposedContext, Role
from engine.standard.lean import dataclass
from engine.standard.sop_classes import sop_classes
from engine.standard.transfer_syntaxes import EXPLICIT_VR_LE, IMPLICIT_VR_LE

from .errors import ValueProblem
from .reader import Reader
from .settings import number_contexts, read_context, write_context
from .toml_text import Table, parse, placed, read_text

SHIPPED = Path(engine.__file__).parents[1] / "resources" / "presets"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """Presentation contexts to propose together, numbered 1, 3, 5, ..."""

    title: str
    note: str = ""
    contexts: tuple[ProposedContext, ...] = ()
    path: Path | None = None
    """The file it came from; None when generated."""
    shipped: bool = False


def load_preset(path: Path, shipped: bool = False) -> Preset:
    """Read a preset file. Raises `WorkspaceError`."""
    text = read_text(path)
    table = parse(text, path)
    try:
        return _read_preset(table, path, shipped)
    except ValueProblem as problem:
        raise placed(problem, text, path) from None


def _read_preset(table: Table, path: Path, shipped: bool) -> Preset:
    reader = Reader(table)
    default = reader.get("transfer_syntaxes", list, ["ExplicitVRLittleEndian", "ImplicitVRLittleEndian"])
    role = reader.get("role", str, Role.DEFAULT.value)

    def context(value: Any) -> ProposedContext:
        entry = {"abstract_syntax": value} if isinstance(value, str) else value
        return read_context({"transfer_syntaxes": default, "role": role, **entry} if isinstance(entry, dict) else entry)

    return Preset(
        title=reader.get("title", str, path.stem.replace("-", " ").capitalize()),
        note=reader.get("note", str, ""),
        contexts=number_contexts(reader.each("abstract_syntaxes", context) + reader.each("context", context)),
        path=path,
        shipped=shipped,
    )


def preset_table(preset: Preset) -> Table:
    contexts = [{k: v for k, v in write_context(c).items() if k != "id"} for c in preset.contexts]
    return {"title": preset.title, "note": preset.note or None, "context": contexts}


def shipped_presets() -> tuple[Preset, ...]:
    """The presets that come with the program, in the order of their file names."""
    return tuple(load_preset(path, shipped=True) for path in sorted(SHIPPED.glob("*.toml")))


def everything(retired: bool = False) -> tuple[Preset, ...]:
    """Every SOP class of the registry, in as many presets as the limit of 128 contexts an association asks for."""
    uids = [c.uid for c in sop_classes().values() if retired or not c.retired]
    contexts = [ProposedContext(1, uid, (EXPLICIT_VR_LE, IMPLICIT_VR_LE)) for uid in uids]
    parts = [contexts[i : i + MAX_CONTEXTS] for i in range(0, len(contexts), MAX_CONTEXTS)]
    return tuple(
        Preset(
            title=f"Everything, part {number} of {len(parts)}",
            note=f"SOP classes {1 + MAX_CONTEXTS * (number - 1)} to {MAX_CONTEXTS * (number - 1) + len(part)} of "
            f"{len(contexts)} registered; an association holds at most {MAX_CONTEXTS} presentation contexts.",
            contexts=number_contexts(tuple(part)),
        )
        for number, part in enumerate(parts, 1)
    )
