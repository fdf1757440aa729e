"""The colours of both dresses, by role."""

from __future__ import annotations

from PySide6.QtGui import QColor

PALETTES: dict[str, dict[str, str]] = {
    "light": {
        "window": "#f3f4f6",
        "panel": "#ffffff",
        "alternate": "#f8f9fb",
        "text": "#1a1e24",
        "muted": "#59626e",
        "border": "#d4d8df",
        "control_border": "#848c9a",
        "hover": "#e9ecf1",
        "pressed": "#dde2ea",
        "accent": "#0b5cbd",
        "on_accent": "#ffffff",
        "accent_hover": "#0a4fa3",
        "selection": "#d7e6fa",
        "ok": "#12683a",
        "warning": "#7d4f00",
        "failure": "#b3211f",
        "changed": "#6d35ae",
        "ok_tint": "#dff2e6",
        "warning_tint": "#fbeecd",
        "failure_tint": "#fbe1e0",
    },
    "dark": {
        "window": "#1d2025",
        "panel": "#23272d",
        "alternate": "#272b32",
        "text": "#e7eaee",
        "muted": "#a3acb8",
        "border": "#393f48",
        "control_border": "#707988",
        "hover": "#2e333b",
        "pressed": "#383e48",
        "accent": "#74b4f8",
        "on_accent": "#0a1b2e",
        "accent_hover": "#93c5fb",
        "selection": "#283f5d",
        "ok": "#6ad492",
        "warning": "#e7bb5a",
        "failure": "#ff9b92",
        "changed": "#cdabfa",
        "ok_tint": "#1f3a2b",
        "warning_tint": "#3d3218",
        "failure_tint": "#472626",
    },
}

TEXT_ROLES = ("text", "muted", "accent", "ok", "warning", "failure", "changed")
"""Roles text may be written in."""
GROUNDS = ("window", "panel", "alternate", "selection")
"""Backgrounds any of them may stand on."""


def contrast(first: QColor, second: QColor) -> float:
    """Contrast ratio of two opaque colours, 1..21 (WCAG 2.1, 1.4.3)."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: QColor) -> float:
    def linear(part: float) -> float:
        return float(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)

    return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) + 0.0722 * linear(color.blueF())
