"""Reading files that hold a secret."""

from __future__ import annotations

from pathlib import Path

from engine.model.reading import SECRET, read_whole
from engine.workspace.errors import ValueProblem


def read_secret(path: Path, argument: str) -> bytes:
    """The bytes of a file with a passcode, token or passphrase. ValueProblem when it cannot be read.

    Whoever takes the argument for the secret itself would read it again in the error: what names no file is not
    repeated.
    """
    try:
        return read_whole(path, SECRET, pipes=True)
    except OSError as error:
        reason = error.strerror or str(error)
    except ValueError:  # a NUL in the name
        reason = "no file can have such a name"
    if _is_there(path):
        raise ValueProblem(f"{path} cannot be read: {reason}")
    raise ValueProblem(
        f"the file that {argument} names cannot be read: {reason} (it wants a file that holds the secret; what was "
        "given is not repeated here)"
    )


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
