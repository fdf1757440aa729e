"""Every command of the window as a row: menus, shortcuts, toolbar, palette and the list in Help are made from it.

The keys of the daily work stand in the order of the toolbar: F5 Echo, F6 Associate, F7 Send, F8 Release, F9 Abort.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from engine.standard.lean import dataclass

from .panels.service_rows import SERVICES
from .redacted import KEYS, WITHOUT
from .theme import theme


@dataclass(frozen=True, slots=True)
class CommandRow:
    """One command. `keys`: shortcuts apart by spaces. `gap`: a line before it in its menu. `words`: further ones
    it is found by."""

    name: str
    text: str
    menu: str
    keys: str = ""
    icon: str = ""
    tip: str = ""
    checkable: bool = False
    gap: bool = False
    words: str = ""

    @property
    def plain(self) -> str:
        """The text without mnemonic and dots."""
        return self.text.replace("&", "").rstrip("…")


_STAND_INS = "For others to read: names have stand-ins, values are left out"

MENUS = ("&File", "&Peer", "&Association", "&Message", "Ser&vices", "&Built-in peer", "Vie&w", "&Help")

COMMANDS = (
    CommandRow("open_message", "&Open message…", "&File", "Ctrl+O", "open", "A message file (TOML) into the builder"),
    CommandRow("new_message", "&New message", "&File", "Ctrl+T", "add", "A tab of its own in the builder"),
    CommandRow("save_message", "&Save message", "&File", "Ctrl+S", "save", "The message of the builder as a file"),
    CommandRow("save_message_as", "Save message &as…", "&File", "Ctrl+Shift+S"),
    CommandRow(
        "save_message_redacted",
        f"Save message witho&{WITHOUT[5:]}…",
        "&File",
        tip=_STAND_INS,
        words="redacted anonymous",
    ),
    CommandRow("close_message", "&Close message", "&File", "Ctrl+W"),
    CommandRow(
        "store_files", "S&tore DICOM files…", "&File", "Ctrl+Shift+O", "file", "C-STORE, planned first", gap=True
    ),
    CommandRow("store_folder", "Store a &folder…", "&File", "", "open", "C-STORE of all DICOM files below a folder"),
    CommandRow(
        "save_log",
        "Save &log…",
        "&File",
        "Ctrl+Shift+L",
        "log",
        "As text or JSON lines, also without patients' data",
        gap=True,
    ),
    CommandRow(
        "copy_redacted",
        f"Copy without &{WITHOUT[8:]}",
        "&File",
        KEYS,
        tip="What is selected where the keyboard is: names have stand-ins, values are left out",
        words="redacted anonymous clipboard",
    ),
    CommandRow("open_workspace", "Show &workspace folder", "&File", tip="Peers, contexts, messages as text"),
    CommandRow("quit", "&Quit", "&File", "Ctrl+Q", "", "Release what is open and end", gap=True),
    CommandRow("echo", "&Echo", "&Peer", "F5", "echo", "C-ECHO at the peer, on an association of its own"),
    CommandRow("add_peer", "&Add peer…", "&Peer", "Ctrl+N", "add", gap=True),
    CommandRow("edit_peer", "E&dit peer…", "&Peer", "", "edit"),
    CommandRow("duplicate_peer", "D&uplicate peer", "&Peer", "", "duplicate"),
    CommandRow("delete_peer", "De&lete peer…", "&Peer", "", "delete"),
    CommandRow("associate", "&Associate", "&Association", "F6", "associate", "Open an association and hold it"),
    CommandRow("release", "&Release", "&Association", "F8", "release", "A-RELEASE of the association held"),
    CommandRow("abort", "A&bort", "&Association", "F9", "abort", "A-ABORT of the association, whatever its state"),
    CommandRow(
        "copy_association", "&Copy as text", "&Association", "Ctrl+Shift+T", "copy", "What was negotiated", gap=True
    ),
    CommandRow(
        "copy_association_redacted",
        f"Copy as text with&{WITHOUT[4:]}",
        "&Association",
        tip=_STAND_INS,
        words="redacted anonymous",
    ),
    CommandRow(
        "auto_answer",
        "Answer incoming requests a&utomatically",
        "&Association",
        tip="Of associations opened from now on; without it N-EVENT-REPORT and others wait for the answer you build",
        checkable=True,
        gap=True,
    ),
    CommandRow("add_context", "Add presentation conte&xt…", "&Association", "Ctrl+Shift+N", "contexts"),
    CommandRow(
        "next_finding", "Next &finding", "&Association", "F4", "down", "On this association or a later one", gap=True
    ),
    CommandRow("previous_finding", "&Previous finding", "&Association", "Shift+F4", "up"),
    CommandRow(
        "waive_finding", "&Waive finding…", "&Association", "Ctrl+Shift+W", "check", "Live with it, for a reason"
    ),
    CommandRow("finding_rule", "What the ru&le says", "&Association", "Shift+F1", "help", "Of the finding chosen"),
    CommandRow("waivers", "Wai&vers…", "&Association", "", "check", "What is waived, for whom and why"),
    CommandRow("send", "&Send", "&Message", "F7 Ctrl+Return", "send", "On the association held"),
    CommandRow(
        "send_one_shot", "Send &one shot", "&Message", "Shift+F7 Ctrl+Shift+Return", "send", "Associate, send, release"
    ),
    CommandRow("answer", "&Answer this request", "&Message", "Ctrl+R", "reply", "The response to a request received"),
    CommandRow("cancel", "&Cancel running operation", "&Message", "Ctrl+.", "stop", "C-CANCEL, or after this file"),
    *(
        CommandRow(f"service_{row.name}", row.text, "Ser&vices", "", row.icon, row.summary, words=row.words)
        for row in SERVICES
    ),
    CommandRow("listen", "&Start", "&Built-in peer", "", "listen", "Listen for associations"),
    CommandRow("stop_listening", "St&op", "&Built-in peer", "", "stop"),
    CommandRow(
        "emulators",
        "&Emulators and objects…",
        "&Built-in peer",
        "",
        "peer",
        "What it is, what it holds, who calls it",
        gap=True,
    ),
    CommandRow("listener_settings", "Se&ttings…", "&Built-in peer", icon="settings", gap=True),
    CommandRow(
        "listener_faults", "&Faults…", "&Built-in peer", "", "warning", "Answer late, wrongly or not at all, on purpose"
    ),
    CommandRow("palette", "&Find a command, peer, SOP class, message…", "Vie&w", "Ctrl+K", "search"),
    CommandRow("focus_ae", "Go to &AE configuration", "Vie&w", "Ctrl+1", gap=True),
    CommandRow("focus_builder", "Go to message &builder", "Vie&w", "Ctrl+2"),
    CommandRow("focus_trace", "Go to negotiation &trace", "Vie&w", "Ctrl+3"),
    CommandRow("focus_log", "Go to status &log", "Vie&w", "Ctrl+4"),
    CommandRow("focus_services", "Go to ser&vices", "Vie&w", "Ctrl+5"),
    CommandRow("filter_log", "F&ilter the log", "Vie&w", "Ctrl+L", "filter"),
    CommandRow("show_ae", "Show AE &configuration", "Vie&w", "Ctrl+Shift+1", checkable=True, gap=True),
    CommandRow("show_builder", "Show &message builder", "Vie&w", "Ctrl+Shift+2", checkable=True),
    CommandRow("show_trace", "Show ne&gotiation trace", "Vie&w", "Ctrl+Shift+3", checkable=True),
    CommandRow("show_log", "Show &status log", "Vie&w", "Ctrl+Shift+4", checkable=True),
    CommandRow("restore_panels", "&Restore arrangement", "Vie&w", "Ctrl+Shift+0", "panels"),
    CommandRow("theme_system", "Theme as the s&ystem", "Vie&w", "", checkable=True, gap=True),
    CommandRow("theme_light", "Light t&heme", "Vie&w", "", checkable=True),
    CommandRow("theme_dark", "&Dark theme", "Vie&w", "", checkable=True),
    CommandRow("tour", "&First echo", "&Help", "", "play", "Select the built-in peer and echo it"),
    CommandRow("keys", "&Keyboard shortcuts", "&Help", "F1", "help"),
    CommandRow(
        "all_rules", "&Conformance rules", "&Help", "", "help", "What everything sent and received is judged by"
    ),
    CommandRow("about", "&About DIMSE Console", "&Help", "", "info", gap=True),
)


class Actions(QObject):
    """The rows as QActions, by name.

    `adopted`: actions a panel made itself. They stay the panel's, but follow their row: keys that work in the whole
    window, icon, tooltip. Two actions with the same keys would be ambiguous and neither would be triggered.
    """

    def __init__(self, window: QWidget, adopted: dict[str, QAction] | None = None) -> None:
        super().__init__(window)
        self.by_name: dict[str, QAction] = {}
        self._adopted = adopted or {}
        for row in COMMANDS:
            action = self._adopted.get(row.name) or QAction(row.text, window)
            action.setText(row.text)
            action.setObjectName(row.name)
            action.setShortcuts([QKeySequence(k) for k in row.keys.split()])
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            action.setCheckable(row.checkable)
            action.setToolTip(tip_text(row))
            action.setStatusTip(row.tip)
            if row.icon:
                theme().bind_icon(action, row.icon)
            self.by_name[row.name] = action
            window.addAction(action)

    def __getitem__(self, name: str) -> QAction:
        return self.by_name[name]

    def connect_all(self, handlers: dict[str, Callable[..., None]]) -> None:
        """Connect each action that is not a panel's to its handler; KeyError when a command has none."""
        for row in (r for r in COMMANDS if r.name not in self._adopted):
            action = self.by_name[row.name]
            (action.toggled if row.checkable else action.triggered).connect(handlers[row.name])

    def fill(self, bar: QMenuBar) -> dict[str, QMenu]:
        """The menus, by title."""
        menus = {title: bar.addMenu(title) for title in MENUS}
        for row in COMMANDS:
            menu = menus[row.menu]
            if row.gap:
                menu.addSeparator()
            menu.addAction(self.by_name[row.name])
        return menus


def tip_text(row: CommandRow) -> str:
    """What a tooltip says: the command, its keys, what it does."""
    keys = " or ".join(QKeySequence(k).toString(QKeySequence.SequenceFormat.NativeText) for k in row.keys.split())
    first = f"{row.plain} ({keys})" if keys else row.plain
    return f"{first}\n{row.tip}" if row.tip else first


def keys_table(rows: Iterable[CommandRow] = COMMANDS) -> str:
    """The shortcuts as an HTML table, menu by menu."""
    lines = ["<table cellspacing='0' cellpadding='3'>"]
    menu = ""
    for row in rows:
        if not row.keys:
            continue
        if row.menu != menu:
            gap = "<br>" if menu else ""
            menu = row.menu
            lines.append(f"<tr><td colspan='2'>{gap}<b>{menu.replace('&', '')}</b></td></tr>")
        keys = ", ".join(QKeySequence(k).toString(QKeySequence.SequenceFormat.NativeText) for k in row.keys.split())
        lines.append(f"<tr><td>{row.plain}</td><td style='padding-left:24px'>{keys}</td></tr>")
    return "".join([*lines, "</table>"])
