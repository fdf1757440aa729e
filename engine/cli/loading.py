"""What a command loads stays until it ends: looking through it for garbage took a quarter of a short command's time."""

from __future__ import annotations

import gc


def loaded() -> None:
    """All is loaded that the command needs: from here on garbage is collected, where the launcher has put that off."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
