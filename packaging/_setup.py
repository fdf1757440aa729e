"""What run.py and test.py share: an environment of their own in .venv, and the system libraries Qt needs.

Standard library only, and no syntax newer than Python 3.6, so that an old interpreter reads as far as `check_python`.
Everything here may be run again and again: what is already there is left alone.
"""

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "dimse-console-installed.json"
LOG = VENV / "dimse-console-install.log"
UNFINISHED = VENV / "dimse-console-unfinished"
"""There while .venv is being made. Ended meanwhile, it can have a pip of which only some files are there."""
MINIMUM = (3, 11)
LAST_LINES = 8

# What Qt loads from the system for any use of it, drawing off screen included ...
DRAWING = {
    "apt-get": """libegl1 libgl1 libxkbcommon0 libdbus-1-3 libfontconfig1 libglib2.0-0 libgssapi-krb5-2
        fonts-dejavu-core""",
    "dnf": "mesa-libEGL mesa-libGL libxkbcommon dbus-libs fontconfig glib2 krb5-libs dejavu-sans-fonts",
    "zypper": "Mesa-libEGL1 Mesa-libGL1 libxkbcommon0 libdbus-1-3 fontconfig libglib-2_0-0 krb5 dejavu-fonts",
    "pacman": "libglvnd mesa libxkbcommon dbus fontconfig glib2 krb5 ttf-dejavu",
}
# ... and beyond that for a window on the screen.
WINDOW = {
    "apt-get": """libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0
        libxcb-shape0 libxcb-sync1 libxcb-xfixes0 libxcb-xkb1 libxkbcommon-x11-0 libsm6
        libwayland-client0 libwayland-cursor0 libwayland-egl1""",
    "dnf": """xcb-util-cursor xcb-util-wm xcb-util-image xcb-util-keysyms xcb-util-renderutil libxkbcommon-x11 libSM
        libwayland-client libwayland-cursor libwayland-egl""",
    "zypper": """libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-render-util0 libxkbcommon-x11-0
        libSM6 libwayland-client0 libwayland-cursor0 libwayland-egl1""",
    "pacman": """xcb-util-cursor xcb-util-wm xcb-util-image xcb-util-keysyms xcb-util-renderutil libxkbcommon-x11 libsm
        wayland""",
}
INSTALL = {"apt-get": "apt-get install", "dnf": "dnf install", "zypper": "zypper install", "pacman": "pacman -S"}

QT_PROBE = """
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QApplication
app = QApplication([])
if not QFontDatabase.families():
    raise SystemExit("Qt finds no font to write with")
"""
# What Qt's telling line contains among many others, the most telling first: it names the cursor library at any failure.
NO_DISPLAY = "could not connect to display"
QT_SIGNS = (NO_DISPLAY, "cannot open shared object", "is needed to load")
NO_NETWORK = (
    "name resolution",
    "Name or service not known",
    "getaddrinfo failed",
    "nodename nor servname",
    "Failed to establish a new connection",
    "Network is unreachable",
    "No route to host",
    "Connection refused",
    "Connection timed out",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "Cannot connect to proxy",
    "ProxyError",
)


class SetupError(Exception):
    """The set-up cannot go on; the text says what happened and what to do."""


def say(text: str) -> None:
    """To standard error: standard output is that of the program which is set up, as `echo --json`."""
    print(text, file=sys.stderr, flush=True)


def start(main: object) -> None:
    """Run `main(arguments)` as the program: its exit code, a set-up error as one clear text, Ctrl+C quietly."""
    check_python()
    try:
        code = main(sys.argv[1:])
    except (SetupError, OSError) as error:  # OSError: a folder that cannot be written, a full disk
        print(f"\nSet-up stopped: {error}", file=sys.stderr)
        code = 3
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


def check_python() -> None:
    """Under an old interpreter run again with a newer one if there is any, else say so and end."""
    if sys.version_info >= MINIMUM:
        return
    for minor in range(20, MINIMUM[1] - 1, -1):
        newer = shutil.which("python3." + str(minor))
        # pyenv has a program of that name for each version somebody has, which only says that it is not chosen.
        if newer and not subprocess.call([newer, "-c", ""], stderr=subprocess.DEVNULL):
            sys.exit(subprocess.call([newer, *sys.argv]))
    told = ".".join(str(part) for part in sys.version_info[:3])
    sys.exit(
        "DIMSE Console needs Python 3.11 or newer; this is " + told + " (" + sys.executable + ").\n"
        "Install a newer one (https://www.python.org/downloads/, or your system's packages) and run\n"
        "    python3.11 " + " ".join(sys.argv)
    )


def environment(extras: "tuple[str, ...]" = ()) -> Path:
    """The Python of .venv with the project (editable), its dependencies and `extras`; installs only what changed."""
    problem = _venv_problem()
    if problem:
        _make_venv(problem)
    stamp = _read_stamp()
    wanted = {"project": _digest(), "place": str(ROOT), "extras": sorted({*extras, *stamp.get("extras", [])})}
    if stamp != wanted:
        _install(wanted["extras"])
        STAMP.write_text(json.dumps(wanted), encoding="utf-8")
    return venv_python()


def venv_python() -> Path:
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _digest() -> str:
    """Changes when the install would: with the project's description."""
    return hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()


def _read_stamp() -> dict:
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _venv_problem() -> str:
    """Why .venv cannot be used ("" if it can): missing, half made, of another folder or of a Python now gone.

    Where the checkout was moved its Python runs, but the scripts in it name the old place.
    """
    if not VENV.exists() and not VENV.is_symlink():
        return "there is none yet"
    if UNFINISHED.exists():
        return "the one there was not finished"
    probe = f"import pip, sys; assert sys.version_info >= {MINIMUM}; print(sys.prefix)"
    try:
        done = subprocess.run([str(venv_python()), "-c", probe], capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return "the one there does not work"
    here = Path(done.stdout.strip()).resolve() == VENV.resolve() and _read_stamp().get("place") in (None, str(ROOT))
    return "" if here else "the one there belongs to another folder"


def _make_venv(reason: str) -> None:
    say(f"Making the environment .venv ({reason}) ...")
    if VENV.is_symlink() or VENV.is_file():
        VENV.unlink()
    elif VENV.exists():
        shutil.rmtree(VENV)
    _need_venv_module()
    VENV.mkdir()
    UNFINISHED.touch()
    done = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False)
    if done.returncode:
        free = shutil.disk_usage(ROOT).free // 1_000_000
        shutil.rmtree(VENV, ignore_errors=True)
        raise SetupError(
            f"python -m venv could not make {VENV}:\n{_tail(done.stdout + done.stderr)}\n"
            f"It needs some 400 MB of disk space, where {free} MB are free, and Python's own pip (ensurepip)."
        )
    UNFINISHED.unlink()


def _need_venv_module() -> None:
    """Debian ships venv without ensurepip, in a package of its own."""
    if importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"):
        return
    package = "python{}.{}-venv".format(*sys.version_info)
    if package_manager() == "apt-get" and is_root():
        install_packages([package], "Python's venv module")
        return
    if package_manager() == "apt-get":
        remedy = f"Install it and run again:\n    sudo apt-get install {package}"
    else:
        remedy = (
            "Install your system's package of it, or a Python from https://www.python.org/downloads/, and run again "
            "with that."
        )
    raise SetupError(f"this Python has no venv and ensurepip modules ({sys.executable}). {remedy}")


def _install(extras: "list[str]") -> None:
    what = f".[{','.join(extras)}]" if extras else "."
    say("Installing DIMSE Console and what it needs into .venv (the first time some 200 MB are fetched) ...")
    options = ["--disable-pip-version-check", "--no-input", "--retries=2", "--editable", what]
    lines = []
    with subprocess.Popen(
        [str(venv_python()), "-m", "pip", "install", *options],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Collecting "):
                say("    " + line.split()[1])
    output = "".join(lines)
    LOG.write_text(output, encoding="utf-8")
    if process.returncode == 0:
        return
    if any(sign in output for sign in NO_NETWORK):
        raise SetupError(
            "pip reaches no package index, and the packages are not here yet. Connect to the network and run again; "
            "behind a proxy set HTTPS_PROXY, with an index of your own set PIP_INDEX_URL. What pip said: " + str(LOG)
        )
    errors = "".join(line for line in lines if "ERROR:" in line)
    raise SetupError(
        f"pip could not install the dependencies. What it said (all of it in {LOG}):\n{_tail(errors or output)}\n"
        f"Free disk space and a newer pip help most often: {venv_python()} -m pip install --upgrade pip"
    )


def _tail(text: str) -> str:
    return "\n".join("    " + line for line in text.strip().splitlines()[-LAST_LINES:])


def is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def package_manager() -> str:
    """The system's package manager of those known here, or ""."""
    if not sys.platform.startswith("linux"):
        return ""
    return next((name for name in INSTALL if shutil.which(name)), "")


def install_packages(packages: "list[str]", purpose: str) -> None:
    """Install Debian packages as root; SetupError with apt-get's last lines when it cannot."""
    say(f"Installing {purpose} with apt-get: {' '.join(packages)} ...")
    settings = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    base = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
    for step in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        done = subprocess.run(
            [*base, *step],
            env=settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    if done.returncode:
        raise SetupError(f"apt-get could not install {' '.join(packages)}:\n{_tail(done.stdout)}")


def has_display() -> bool:
    """Whether a window could be shown here."""
    if os.environ.get("QT_QPA_PLATFORM", "") in ("offscreen", "minimal"):
        return False
    if sys.platform.startswith("linux"):
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return True


def qt_problem(python: Path, *, off_screen: bool) -> str:
    """Why Qt cannot start here ("" if it can), found by starting it."""
    settings = {**os.environ, **({"QT_QPA_PLATFORM": "offscreen"} if off_screen else {})}
    try:
        done = subprocess.run(
            [str(python), "-c", QT_PROBE], env=settings, capture_output=True, text=True, timeout=120, check=False
        )
    except subprocess.TimeoutExpired:
        return "Qt did not start within two minutes"
    if done.returncode == 0:
        return ""
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    telling = [line for sign in QT_SIGNS for line in lines if sign in line]
    return (telling or lines[-1:] or [f"Qt ended with {done.returncode}"])[0].strip()


def ready_qt(python: Path, *, off_screen: bool) -> str:
    """Let Qt start, installing its system libraries where that is possible; what is still wrong, with the remedy."""
    problem = qt_problem(python, off_screen=off_screen)
    manager = package_manager()
    if not problem or not manager or NO_DISPLAY in problem:
        return problem
    packages = (DRAWING[manager] if off_screen else f"{DRAWING[manager]} {WINDOW[manager]}").split()
    if manager == "apt-get" and is_root():
        try:
            install_packages(packages, "the system libraries Qt needs")
        except SetupError as error:
            return f"{problem}\n{error}"
        return qt_problem(python, off_screen=off_screen)
    command = f"sudo {INSTALL[manager]} {' '.join(packages)}"
    return f"{problem}\nThis installs the system libraries Qt needs:\n    {command}"
