"""The parser of the command line, to which each command is added with what all have in common."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from engine import __version__

from .exits import Exit, help_text
from .options import add_association, add_output, add_peer
from .telling import OutputFailed, shown

Handler = Callable[[argparse.Namespace], Exit]
if TYPE_CHECKING:
    Group = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse has no public name for it
    """Commands that stand together, as argparse adds them."""

NAMES = ("paths", "file", "script", "deviate")
"""Arguments that may be names of files, and are not read as such at once."""
NO_NAME = "the name is empty"


class Parser(argparse.ArgumentParser):
    """Repeats nothing of the arguments where `--redact` is among them; its commands' parsers neither."""

    _given: Sequence[str] = ()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        self._given = tuple(sys.argv[1:] if args is None else args)
        return super().parse_known_args(args, namespace)

    def _misspelt(self) -> str:
        """What may have been meant by options that are none; what follows one was taken for something else."""
        from engine.workspace.names import did_you_mean

        names = [name for name in self._option_string_actions if name.startswith("--")]
        given = (text.partition("=")[0] for text in takewhile(lambda text: text != "--", self._given))
        wrong = [o for o in given if o.startswith("--") and not any(name.startswith(o) for name in names)]
        near = ((option, did_you_mean(option, names)) for option in wrong)
        return "".join(f" ({option} is no option{meant})" for option, meant in near if meant)

    def error(self, message: str) -> NoReturn:
        """A short usage, what is wrong, exit code 2."""
        argument, colon, wrong = message.partition(": ")
        if not argument.startswith("argument "):  # which is followed by the name that we gave it
            argument, colon, wrong = "", "", message
        self.exit(
            Exit.USAGE,
            f"{self._short_usage()}{self.prog}: error: {argument}{colon}{shown(wrong + self._misspelt())}\n",
        )

    def _short_usage(self) -> str:
        """Without the options that can be left out: their twenty lines hid what is wrong."""
        asked = [a for a in self._actions if a.required or not a.option_strings]
        options = " [options]" if len(asked) < len(self._actions) else ""
        form = argparse.HelpFormatter(f"{self.prog}{options}")
        form.add_usage(None, asked, [])
        return f"{form.format_help().rstrip()}\n{self.prog} --help tells the rest.\n"

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        """argparse's own, but for an empty name of a file, which Python takes for the current folder: a variable that
        is not set in a script would have all of that sent, or filled."""
        if not arg_string and (action.type is Path or action.dest in NAMES):
            raise argparse.ArgumentError(action, NO_NAME)
        return super()._get_value(action, arg_string)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """argparse's own, with what may have been meant."""
        if action.choices is not None and value not in action.choices:
            from engine.workspace.names import did_you_mean

            names = [str(choice) for choice in action.choices]
            near = did_you_mean(str(value), [name for name in names if name[:1].isalpha()])
            raise argparse.ArgumentError(action, f"“{value}” is none of {', '.join(names)}{near}")

    def _print_message(self, message: str, file: Any = None) -> None:
        """argparse passes over a help or version that cannot be written."""
        if file is not sys.stdout:
            super()._print_message(message, file)
            return
        try:
            file.write(message)
            file.flush()
        except OSError as error:
            raise OutputFailed(error) from None


class CommandLine:
    """`dimse-console`, and its commands as they are added."""

    def __init__(self) -> None:
        parser: argparse.ArgumentParser = Parser(
            prog="dimse-console",
            description="DICOM networking from the command line. "
            "Without a command the window opens; its options: --window --help.",
            epilog=help_text(),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        parser.add_argument("--version", action="version", version=f"DIMSE Console {__version__}")
        self.parser = parser
        self._commands: Group = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(
        self, name: str, handler: Handler, summary: str, more: str = "", *, where: Group | None = None
    ) -> argparse.ArgumentParser:
        """A command. summary: its line in the list. more: of its help. where: the group it belongs to."""
        sub = (where or self._commands).add_parser(
            name,
            help=summary,
            description=_sentence(summary, more),
            epilog=help_text(),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.set_defaults(handler=handler, neutral=name == "decode", parser=sub)
        add_output(sub, findings=name != "hash")
        return sub

    def calling(
        self, name: str, handler: Handler, summary: str, more: str = "", *, where: Group | None = None
    ) -> argparse.ArgumentParser:
        """A command that calls a peer."""
        sub = self.command(name, handler, summary, more, where=where)
        add_peer(sub)
        add_association(sub)
        return sub

    def group(self, name: str, summary: str, more: str = "") -> Group:
        """A command that has commands of its own."""
        sub = self._commands.add_parser(name, help=summary, description=_sentence(summary, more))
        return sub.add_subparsers(title="commands", metavar="COMMAND", required=True)


def _sentence(summary: str, more: str) -> str:
    """What a command's help begins with."""
    return f"{summary}{'' if summary.endswith('?') else '.'} {more}".strip()
