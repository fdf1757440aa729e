"""The command line: which commands there are, and how they end."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from engine.workspace.errors import ValueProblem, WorkspaceError

from .command_line import NO_NAME, CommandLine, Handler
from .exits import Exit, NothingToSend
from .judging import judging
from .options import (
    ae_title,
    free_port,
    interval,
    times,
)
from .telling import OutputFailed, named, redacting, tell

NO_VALUES = "Values are left out on purpose: they may hold patient data. The report can be passed on as it is."


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns its exit code and never raises for what users or peers do."""
    _open_closed()
    given = sys.argv[1:] if argv is None else argv
    with redacting(given):
        code = _guarded(given)
    try:
        sys.stderr.flush()
    except (OSError, ValueError):  # nobody can be told; Python would end with a code of its own
        _give_up(sys.stderr)
    return code


def _open_closed() -> None:
    """A standard stream that was closed before we began (`>&-`) is the null device: Python has None for it, which
    nothing can be written to, and the next socket would take its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - the process's own


def _guarded(given: list[str]) -> int:
    from engine.runtime.defects import reported

    try:
        with reported(_tell_defect):
            code = _run(given)
        sys.stdout.flush()  # what cannot be written is found out here, not when the interpreter ends
    except OutputFailed as error:
        return _output_failed(error)
    except Exception as error:  # noqa: BLE001 - Python's own report quotes values, a patient's or a secret's
        if isinstance(error, OSError) and (failed := _unwritable()) is not None:
            return _output_failed(failed)
        _tell_defect(error)
        return int(Exit.DEFECT)
    return code


def _unwritable() -> OutputFailed | None:
    """What keeps standard output or error from being written: what could not be is still to be, so that it fails again.
    None where an OSError came from elsewhere."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError) as error:
            return OutputFailed(error if isinstance(error, OSError) else OSError(None, "it is closed"))
    return None


def _tell_defect(error: BaseException) -> None:
    from engine.model.defects import report_of

    with suppress(OSError):
        print(f"{report_of(error)}\n{NO_VALUES}", file=sys.stderr)


def _run(given: list[str]) -> int:
    try:
        args = _parsed(given)
        named(_files(args))
        handler: Handler = args.handler
        judged = args.judging = judging(args, neutral=args.neutral)
        code = handler(args)
        if judged.untold:
            return int(Exit.DEFECT)
        return int(Exit.FINDINGS if code is Exit.SUCCESS and judged.failures else code)
    except SystemExit as end:  # argparse: --help, or a usage error already printed
        return int(end.code or 0) if not isinstance(end.code, str) else int(Exit.USAGE)
    except WorkspaceError as error:
        tell(error)
    except ValueProblem as problem:
        tell(f"dimse-console: {problem.reason}")
        return int(Exit.NOT_SENT if isinstance(problem, NothingToSend) else Exit.USAGE)
    except KeyboardInterrupt:
        return int(Exit.INTERRUPTED)
    return int(Exit.USAGE)


def _parsed(given: list[str]) -> argparse.Namespace:
    """The arguments. argparse takes optional paths only right after HOST and PORT; those behind an option are added."""
    parser = build_parser(given[0] if given else "")
    args, rest = parser.parse_known_args(given)
    if rest and (not getattr(args, "paths_anywhere", False) or any(text.startswith("-") for text in rest)):
        args.parser.error(f"unrecognized arguments: {' '.join(_without_values(rest))}")
    if "" in rest:
        args.parser.error(NO_NAME)
    if rest:
        args.paths = [*args.paths, *map(Path, rest)]
    return args


def _files(args: argparse.Namespace) -> Iterator[Path]:
    """Whatever files and folders the arguments name."""
    for value in vars(args).values():
        yield from (one for one in (value if isinstance(value, list) else [value]) if isinstance(one, Path))


def _without_values(rest: list[str]) -> list[str]:
    """Arguments nobody knows, without what is given to options: `--password` would be followed by one."""
    options = [text.partition("=")[0] for text in rest if text.startswith("-")]
    return options or rest


def _output_failed(failed: OutputFailed) -> int:
    """Say it on standard error, and leave nothing in standard output's buffer to fail again at the end."""
    tell(failed)
    _give_up(sys.stdout)
    return int(Exit.FAILURE)


def _give_up(stream: TextIO) -> None:
    """What is in its buffer, and cannot be written, goes nowhere when the interpreter ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def build_parser(only: str = "") -> argparse.ArgumentParser:
    """Every command with its arguments, or the one asked for alone: what the others need takes time to load."""
    line = CommandLine()
    adders = (_COMMANDS[only],) if only in _COMMANDS and only else _COMMANDS.values()
    for add in adders:
        add(line)
    return line.parser


def _add_echo(line: CommandLine) -> None:
    from . import operations

    _echo(line.calling("echo", operations.echo, "C-ECHO: is the peer there, and what does it accept?"))


def _add_send(line: CommandLine) -> None:
    from . import operations

    _send(line.calling("send", operations.send, "Send message files on one association", _SEND))


def _add_store(line: CommandLine) -> None:
    from . import storing

    storing.add_store(line.calling("store", storing.store, "C-STORE files and folders", storing.MORE))


def _add_find(line: CommandLine) -> None:
    from . import queries

    sub = line.calling("find", queries.find, "C-FIND: query patients, studies, worklists", _FIND_KEYS)
    sub.format_help = _help_with_models(sub, "C-FIND")  # type: ignore[method-assign]
    _find(sub)


def _add_get(line: CommandLine) -> None:
    from . import queries

    sub = line.calling("get", queries.get, "C-GET: retrieve on the same association", _KEYS)
    sub.format_help = _help_with_models(sub, "C-GET")  # type: ignore[method-assign]
    _get(sub)


def _add_move(line: CommandLine) -> None:
    from . import queries

    sub = line.calling("move", queries.move, "C-MOVE: have instances sent to an AE", _KEYS)
    sub.format_help = _help_with_models(sub, "C-MOVE")  # type: ignore[method-assign]
    _move(sub)


def _add_normalized(line: CommandLine) -> None:
    """Those of procedures, which are loaded together."""
    from . import modality_options, printing, procedures, ups_options

    modality_options.Commands(line).add()
    procedures.add_nget(line.calling("nget", procedures.nget, "N-GET: read an instance's attributes", _NGET))
    printing.add_print(line.calling("print", printing.print_films, "Print DICOM images or a test pattern", _PRINT))
    printing.add_printer_status(line.calling("printer-status", printing.printer_status, "N-GET: how is the printer?"))
    ups_options.Commands(line).add()


def _add_listen(line: CommandLine) -> None:
    from . import serving
    from .listener_options import add_listener

    add_listener(line.command("listen", serving.listen, "The built-in peer, for others to call"))


def _add_hash(line: CommandLine) -> None:
    from .policy_options import add_hash, hash_secret

    add_hash(line.command("hash", hash_secret, "Hash a passcode or token for a file of users", _HASH))


def _add_decode(line: CommandLine) -> None:
    from . import decoding

    _decode(line.command("decode", decoding.decode, "Explain recorded traffic", _DECODE))


def _add_demo(line: CommandLine) -> None:
    from . import serving

    _demo(line.command("demo", serving.demo, "Start the built-in peer, echo it, show what was negotiated"))


_COMMANDS: dict[str, Callable[[CommandLine], None]] = {
    "echo": _add_echo,
    "send": _add_send,
    "store": _add_store,
    "find": _add_find,
    "get": _add_get,
    "move": _add_move,
    "": _add_normalized,
    "listen": _add_listen,
    "hash": _add_hash,
    "decode": _add_decode,
    "demo": _add_demo,
}
"""By their names, in the order of the help."""


def _help_with_models(sub: argparse.ArgumentParser, service: str) -> Callable[[], str]:
    """The help of a query: the models are listed only when it is asked for, since reading them all takes a while."""
    plain, epilog = sub.format_help, sub.epilog

    def format_help() -> str:
        from .queries import models_help

        sub.epilog = f"{models_help(service)}\n\n{epilog}"
        return plain()

    return format_help


_SEND = """
The files are TOML (resources/docs/message-files.md); resources/messages has some to start from. They are sent in order,
each after the response to the one before; with --async as many at once as the peer agrees to. Contexts are proposed as
the files need them unless --context is given."""
_KEYS = """
Keys (-k, repeatable) are written keyword=value, (gggg,eeee)=value or Sequence[0].keyword=value; without a value the
attribute is asked for."""

_FIND_KEYS = f"""{_KEYS}

What values match:
  empty              any value, and the attribute comes back with each match
  DOE*  D?E          * any characters, ? one; not in dates, times, numbers and UIDs
  DOE^JOHN           names are family^given^middle^prefix^suffix
  20240131           a date; 20240101-20240131 from to, 20240101- since, -20240131 until
  today              of dates: today, yesterday, tomorrow, last 7 days, last 2 weeks, last 12 months
  0830-1200          a range of times
  1.2.3\\\\4.5.6       several UIDs"""

_NGET = """
The SOP class is a keyword, name or UID; so is the instance where it is a well-known one (PrinterInstance), which need
not be given. Without --through it goes through what the peer accepts: the class, or a meta SOP class it belongs to."""

_PRINT = """
Film session, film boxes, image boxes, print, print job, and all of it deleted again (PS3.4 Annex H): each step is told.
As many films are made as the images need."""

_DECODE = """
Shows each PDU with its main fields and each message with its command set and data set; -v adds the tree of each PDU
with the place of every field, -vv its bytes. Files packed with gzip are unpacked."""

_HASH = """
The line printed goes into a file for listen --users, as hash; the passcode or token cannot be got back from it."""


def _echo(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "--count",
        metavar="N",
        type=times,
        default=1,
        help="so many on one association; with --async as many outstanding at once as the peer agrees to",
    )


def _send(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("files", metavar="FILE", nargs="+", type=Path, help="message files")
    sub.add_argument(
        "--linger",
        metavar="SECONDS",
        type=interval,
        default=0.0,
        help="keep the association open so long after the last response, for an N-EVENT-REPORT",
    )


def _query(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("-k", "--key", metavar="KEY", action="append", default=[], help="a key, repeatable")
    sub.add_argument("--level", metavar="LEVEL", help="PATIENT, STUDY, SERIES or IMAGE")
    sub.add_argument("--model", default="study", help="see below, or a SOP class by keyword or UID (default: study)")
    sub.add_argument("--file", metavar="FILE", type=Path, help="a message file whose data set and SOP class are used")
    sub.add_argument("--cancel-after", metavar="N", type=times, help="send C-CANCEL after N pending responses")


def _find(sub: argparse.ArgumentParser) -> None:
    _query(sub)
    sub.add_argument(
        "--template", metavar="NAME", help="a saved query by its title or file, of the workspace or shipped"
    )
    form = sub.add_mutually_exclusive_group()
    form.add_argument(
        "--format", choices=("table", "full", "csv", "json"), default="table", help="how matches are shown (table)"
    )
    sub.add_argument("--only", action="store_true", help="ask for the given keys only, not for the model's usual ones")
    form.add_argument("--full", action="store_true", help="the same as --format full")


def _get(sub: argparse.ArgumentParser) -> None:
    _query(sub)
    sub.add_argument("--to", metavar="FOLDER", type=Path, help="where the instances are written")
    sub.add_argument(
        "--storage",
        metavar="CLASS",
        action="append",
        default=[],
        help="a SOP class that is there, repeatable: only these are proposed, in every transfer syntax",
    )


def _move(sub: argparse.ArgumentParser) -> None:
    _query(sub)
    sub.add_argument("--destination", metavar="AE", type=ae_title, help="the AE title the peer is to send to")
    sub.add_argument("--listen", metavar="PORT", type=free_port, help="receive here, on this port, while it runs")
    sub.add_argument("--listen-tls", action="store_true", help="with --listen: receive over TLS, with the same files")
    sub.add_argument("--to", metavar="FOLDER", type=Path, help="with --listen: where the instances are written")


def _decode(sub: argparse.ArgumentParser) -> None:
    from .limit_options import add_limits

    sub.add_argument("file", metavar="FILE|-", help=".pcap, .pcapng, or the bytes one side sent; -: standard input")
    form = sub.add_mutually_exclusive_group()
    form.add_argument("--raw", action="store_true", help="bytes, whatever they look like")
    form.add_argument(
        "--hex", action="store_true", help="the bytes in hexadecimal: digits, dumps, C arrays, \\x strings"
    )
    add_limits(sub.add_argument_group("limits"))


def _demo(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--picture", metavar="FILE", type=Path, help="also save a picture of the window")
