"""Lists of instances as people type and paste them: a SOP class and a SOP Instance UID on each line."""

from __future__ import annotations

from engine.model.references import Reference, unique

from .errors import ValueProblem
from .names import resolve_uid

_MAXIMUM_UID = 64


def parse_references(text: str) -> tuple[Reference, ...]:
    """Lines of "CLASS INSTANCE", separated by space, comma, semicolon or tab; the class a UID, keyword or name, the
    instance a UID. Blank lines and what follows a # are passed over. `ValueProblem` with the number of the line."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        content = line.partition("#")[0].strip()
        if content:
            try:
                found.append(_reference(content))
            except ValueProblem as problem:
                raise ValueProblem(f"line {number}: {problem.reason}") from None
    return unique(found)


def _reference(line: str) -> Reference:
    words = line.replace(",", " ").replace(";", " ").replace("\t", " ").split()
    if len(words) < 2:
        raise ValueProblem(f"“{line}” is not a SOP class and a SOP Instance UID")
    *names, instance = words
    if not instance.replace(".", "").isdigit() or not instance.isascii() or len(instance) > _MAXIMUM_UID:
        raise ValueProblem(f"“{instance}” is not a UID")
    return Reference(sop_class_uid=resolve_uid(" ".join(names)), sop_instance_uid=instance)
