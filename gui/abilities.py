"""What can be done now. What cannot is greyed, never hidden."""

from __future__ import annotations

from .session import Session


def abilities(session: Session, *, peer: bool) -> dict[str, bool]:
    """Whether each command whose turn comes and goes can be given. peer: one is selected."""
    current, listener = session.current, session.listener
    running = listener.listening or listener.starting
    established = current is not None and current.established
    return {
        "echo": peer,
        "associate": peer,
        "edit_peer": peer,
        "duplicate_peer": peer,
        "delete_peer": peer,
        "send": peer or established,
        "send_one_shot": peer,
        "store_files": peer,
        "store_folder": peer,
        "release": established,
        "abort": current is not None and not current.finished,
        "cancel": bool(session.running_operations),
        "listen": not running,
        "stop_listening": running,
    }
