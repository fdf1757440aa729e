"""The tests from a fresh clone: ``python3 packaging/test.py``; arguments are pytest's.

--ci            real peers must be there (installed with apt-get when root), more examples of each property
--set-up-only   make the environment and end
"""

import os
import shutil
import signal
import subprocess

import _setup as setup

# A program of each real peer, its Debian package, and which tests need it.
PEERS = (
    ("storescp", "dcmtk", "DCMTK"),
    ("Orthanc", "orthanc", "Orthanc"),
    ("tshark", "tshark", "Wireshark's dissector"),
)
FOLDERS = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin"])


def main(arguments: "list[str]") -> int:
    """Set up and run pytest; the exit code is pytest's."""
    ci = "--ci" in arguments
    python = setup.environment(("test", "dev") if ci else ("test",))
    problem = setup.ready_qt(python, off_screen=True)
    if problem:
        raise setup.SetupError(f"Qt does not start, and the tests of the window need it: {problem}")
    _look_for_peers(required=ci)
    if "--set-up-only" in arguments:
        return 0
    settings = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    if ci:
        settings.update(DIMSE_CONSOLE_PEERS="required", HYPOTHESIS_PROFILE="ci")
    given = [argument for argument in arguments if argument != "--ci"]
    signal.signal(signal.SIGINT, lambda *_: None)  # pytest has it too, and tells what it was doing
    return subprocess.call([str(python), "-m", "pytest", *given], cwd=setup.ROOT, env=settings)


def _look_for_peers(*, required: bool) -> None:
    missing = [row for row in PEERS if not shutil.which(row[0], path=FOLDERS)]
    if not missing:
        return
    packages = [package for _, package, _ in missing]
    if required and setup.is_root() and setup.package_manager() == "apt-get":
        setup.install_packages(packages, "the peers of the interop tests")
        return
    names = ", ".join(name for _, _, name in missing)
    outcome = "fail" if required else "be skipped"
    setup.say(f"Not installed here: {names}; the tests against them will {outcome}.")
    if setup.package_manager() == "apt-get":
        setup.say(f"    sudo apt-get install {' '.join(packages)}")


if __name__ == "__main__":
    setup.start(main)
