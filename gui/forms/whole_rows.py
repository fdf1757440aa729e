"""Tables whose height shows whole rows only, so that the first is not cut when the last is at the bottom."""

from __future__ import annotations

from PySide6.QtWidgets import QTableView


def keep_rows_whole(view: QTableView) -> None:
    """Leave empty below the last row what is not enough for another one.

    At its end a view aligns the last row with the bottom, so what is left over would cut the first. To be called in
    `updateGeometries`, when Qt has given the viewport all that the headers leave.
    """
    margins = view.viewportMargins()
    row = view.verticalHeader().defaultSectionSize()
    room = view.viewport().height() + margins.bottom()
    left = room % row if room >= row else 0
    if left != margins.bottom():
        view.setViewportMargins(margins.left(), margins.top(), margins.right(), left)
