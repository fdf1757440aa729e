"""Values of arguments that mean nothing: empty names, as a variable of a script that is not set, names that would steer
a terminal, numbers out of reach."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cli.exits import Exit
from engine.cli.main import main

NOWHERE = ("127.0.0.1", "1")


@pytest.mark.parametrize(
    "arguments",
    [
        ("store", *NOWHERE, ""),
        ("store", *NOWHERE, "--plan", ""),
        ("store", *NOWHERE, "x.dcm", "--rest", ""),
        ("commit", *NOWHERE, ""),
        ("commit", *NOWHERE, "--wait", "0", ""),
        ("ian", *NOWHERE, ""),
        ("print", *NOWHERE, ""),
        ("mpps", "complete", *NOWHERE, "1.2.3", ""),
        ("get", *NOWHERE, "-k", "StudyInstanceUID=1.2", "--to", ""),
        ("listen", "--port", "0", "--folder", ""),
        ("listen", "--port", "0", "--script", ""),
        ("echo", *NOWHERE, "--deviate", ""),
        ("ups", "push", *NOWHERE, "--input", ""),
        ("decode", ""),
    ],
    ids=" ".join,
)
def test_an_empty_name_is_not_the_current_folder(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(list(arguments)) == Exit.USAGE
    assert "the name is empty" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_list_without_a_name_is_told_as_that(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["store", *NOWHERE, "@"]) == Exit.USAGE
    assert "@ is followed by the name of a list" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [("send", *NOWHERE), ("echo", *NOWHERE), ("echo", *NOWHERE, "--timeout")])
def test_no_name_steers_the_terminal(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments, "a\x1b[31m\nb\u202ec"]) == Exit.USAGE
    told = capsys.readouterr().err
    assert r"a\x1b[31m\nb\u202ec" in told
    assert "\x1b" not in told


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("worklist", *NOWHERE, "--days", "99999999"), "“99999999” is not a number of days"),
        (("worklist", *NOWHERE, "--days=-1"), "“-1” is not a number of days"),
        (("worklist", *NOWHERE, "--pick", "0"), "“0” is not a number from 1"),
        (("find", *NOWHERE, "--cancel-after", "0"), "“0” is not a number from 1"),
        (("ups", "find", *NOWHERE, "--cancel-after", "-3"), "--cancel-after"),
        (("print", *NOWHERE, "--test-pattern", "1", "--copies", "99999999999"), "from 1 to 2147483647"),
        (("find", *NOWHERE, "--full", "--format", "csv"), "not allowed with"),
        (("send", *NOWHERE, "x.toml", "--linger", "nan"), "“nan” is not a number of seconds"),
    ],
    ids=lambda part: " ".join(part[-2:]) if isinstance(part, tuple) else "",
)
def test_numbers_that_mean_nothing_are_told_before_a_peer_is_called(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(list(arguments)) == Exit.USAGE
    assert words in capsys.readouterr().err
