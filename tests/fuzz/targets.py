"""All targets by name. Each family is a module of its own, so that a run imports (and instruments) what it needs."""

from __future__ import annotations

from importlib import import_module

from .target import Target

FAMILIES = {
    "targets_wire": ("pdu", "fragments", "sent-fragments", "command", "explain", "data-set", "deflated", "dicom-json"),
    "targets_protocol": ("machines", "watcher"),
    "targets_tls": ("tls-strangers", "tls-altered"),
    "targets_files": ("stream", "capture", "packets", "hex", "diagnosis", "file", "picture"),
    "targets_text": ("message-file", "to-send", "workspace", "text-files", "pasted", "names"),
}
NAMES = tuple(name for names in FAMILIES.values() for name in names)


def load(name: str) -> Target:
    """The target of this name; imports its family."""
    family = next(module for module, names in FAMILIES.items() if name in names)
    return next(t for t in import_module(f"{__package__}.{family}").TARGETS if t.name == name)
