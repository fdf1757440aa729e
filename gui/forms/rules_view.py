"""A list of the rules of a script: added, edited, switched on and off, put in order."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QWidget

from engine.model.scripting import Rule
from gui.models.script_rows import describe_rule

from .header import icon_button
from .items_view import ItemsView, MakeDialog


class RulesView(ItemsView):
    """`changed` after every change by the user. make: the dialog of a rule."""

    def __init__(self, title: str, make: MakeDialog, parent: QWidget | None = None, *, empty: str = "") -> None:
        add, rows = ("&Add…", 6) if empty else ("Add", 3)
        super().__init__(title, describe_rule, make, parent, empty=empty, rows=rows, add=add)
        self.list.add_action("Switch &on or off", "Space", self.toggle)
        button = icon_button("check", f"Switch on or off: {title}", self.toggle, self, keys="Space")
        self.add_tool(button, self.row.count() - (4 if empty else 2))

    def rules(self) -> tuple[Rule, ...]:
        return self.items()

    def toggle(self) -> None:
        """Switch the selected rules on, or off where all of them are on."""
        rows = self.list.selected_rows()
        rules = self.rules()
        on = not all(rules[row].enabled for row in rows)
        changed = tuple(replace(r, enabled=on) if i in rows else r for i, r in enumerate(rules))
        if changed != rules:
            self.set_items(changed)
            self.changed.emit()
