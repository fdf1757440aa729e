"""Tooltips of what peers, files and users have written."""

from __future__ import annotations

from PySide6.QtGui import Qt


def plain_tip(text: str) -> str:
    """A text as the tooltip that shows all of it: Qt reads one that looks like HTML as HTML."""
    return Qt.convertFromPlainText(text) if Qt.mightBeRichText(text) else text
