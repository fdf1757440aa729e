"""Which part of the window carries out which command."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from .panels.service_rows import SERVICES

if TYPE_CHECKING:
    from .main_window import MainWindow


def handlers(window: MainWindow) -> dict[str, Callable[..., Any]]:
    """What to call, by the name of the command."""
    peers = window.ae.peers
    return {
        "store_files": window.opening.ask_store_files,
        "store_folder": window.opening.ask_store_folder,
        "save_log": window.log.save,
        "open_workspace": window.opening.open_workspace,
        "quit": window.close,
        "echo": window.echo,
        "add_peer": peers.add,
        "edit_peer": peers.edit,
        "duplicate_peer": peers.duplicate,
        "delete_peer": peers.delete,
        "associate": window.associate,
        "release": window.session.release,
        "abort": window.session.abort,
        "save_message_redacted": window.builder.files.ask_save_redacted,
        **window.copying.handlers,
        "add_context": window.ae.contexts.add,
        "cancel": window.cancel,
        "listen": window.built_in.start,
        "stop_listening": window.built_in.stop,
        "emulators": window.opening.show_emulators,
        "listener_settings": window.built_in.open_settings,
        "listener_faults": window.built_in.open_faults,
        "palette": window.opening.open_palette,
        "focus_ae": partial(window.focus_panel, "ae"),
        "focus_builder": partial(window.focus_panel, "builder"),
        "focus_trace": partial(window.focus_panel, "trace"),
        "focus_log": partial(window.focus_panel, "log"),
        "focus_services": partial(window.focus_panel, "services"),
        **{f"service_{row.name}": partial(window.show_service, row.name) for row in SERVICES},
        "filter_log": window.filter_log,
        "show_ae": partial(window.arrangement.show_panel, "ae"),
        "show_builder": partial(window.arrangement.show_panel, "builder"),
        "show_trace": partial(window.arrangement.show_panel, "trace"),
        "show_log": partial(window.arrangement.show_panel, "log"),
        "restore_panels": window.restore_panels,
        **window.theme_choice.handlers,
        **window.judging.handlers,
        "auto_answer": window.answering.set_automatic,
        "tour": window.first_echo,
        "keys": window.opening.show_keys,
        "about": window.opening.show_about,
    }
