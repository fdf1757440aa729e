"""From a fresh clone to a first C-ECHO: ``python3 packaging/run.py``.

Sets up what is missing, then opens the window with the built-in peer running. Without a display the same tour runs in
the terminal and leaves a picture of the window, dimse-console-window.png. Arguments are given to dimse-console
instead: ``python3 packaging/run.py echo HOST PORT``.
"""

import os
import subprocess
import sys
from pathlib import Path

import _setup as setup

PICTURE = "dimse-console-window.png"


def main(arguments: "list[str]") -> int:
    """Set up and run; the exit code is dimse-console's."""
    python = setup.environment()
    if arguments:
        return _console(python, arguments)
    if setup.has_display():
        problem = setup.ready_qt(python, off_screen=False)
        if not problem:
            setup.say("Opening the window; its Echo button is ready for the built-in peer.")
            return _console(python, ["--tour"])
        print(f"The window cannot be shown here: {problem}\nHere is its tour in the terminal.", file=sys.stderr)
    return _terminal_tour(python)


def _console(python: Path, arguments: "list[str]", **settings: str) -> int:
    return subprocess.call([str(python), "-m", "dimse_console", *arguments], env={**os.environ, **settings})


def _terminal_tour(python: Path) -> int:
    code = _console(python, ["demo"])
    if code:
        return code
    problem = setup.ready_qt(python, off_screen=True)
    if not problem and not os.access(".", os.W_OK):
        problem = f"{Path.cwd()} cannot be written to. Run it in another folder."
    if problem:
        print(f"No picture of the window was made: {problem}", file=sys.stderr)
        return 0
    code = _console(python, ["--tour", "--picture", PICTURE], QT_QPA_PLATFORM="offscreen")
    if code == 0:
        setup.say(f"The window, as it looks after this echo: {Path(PICTURE).resolve()}")
    return code


if __name__ == "__main__":
    setup.start(main)
