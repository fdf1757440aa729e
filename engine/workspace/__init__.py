"""Plain-text peers, contexts and messages a person can read, diff and keep in git."""

from __future__ import annotations

from .errors import WorkspaceError
from .message_files import MessageContext, MessageFile, load_message, save_message
from .presets import Preset
from .secrets import Secrets
from .settings import ContextSettings, EchoResult, IdentitySettings, SavedPeer
from .workspace import Workspace

__all__ = [
    "ContextSettings",
    "EchoResult",
    "IdentitySettings",
    "MessageContext",
    "MessageFile",
    "Preset",
    "SavedPeer",
    "Secrets",
    "Workspace",
    "WorkspaceError",
    "load_message",
    "save_message",
]
