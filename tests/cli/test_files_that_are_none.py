"""Pipes and devices given where a file is expected: one sentence at once, whatever the option."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.cli.exits import Exit
from engine.cli.main import main
from engine.trace import capture_files
from engine.workspace.listening import load_listener
from engine.workspace.users import load_users

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no such files here")
NOWHERE = ("127.0.0.1", "1")


@pytest.mark.parametrize("kind", ["pipe", "device"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("send", *NOWHERE, "FILE"),
        ("print", *NOWHERE, "FILE"),
        ("store", *NOWHERE, "FILE"),
        ("commit", *NOWHERE, "FILE"),
        ("echo", *NOWHERE, "--waivers", "FILE"),
        ("echo", *NOWHERE, "--tls-ca", "FILE"),
        ("echo", *NOWHERE, "--tls-cert", "FILE"),
        ("listen", "--port", "0", "--users", "FILE"),
        ("listen", "--port", "0", "--settings", "FILE"),
        ("listen", "--port", "0", "--tls-cert", "FILE"),
    ],
    ids=lambda a: f"{a[0]} {a[-2] if a[-2].startswith('--') else 'argument'}",
)
def test_it_is_told_and_not_waited_for(
    arguments: tuple[str, ...], kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "pipe" if kind == "pipe" else Path("/dev/zero")
    if kind == "pipe":
        os.mkfifo(path)
    assert main([str(path) if a == "FILE" else a for a in arguments]) in (2, 3, 7)
    told = capsys.readouterr()
    assert "no regular file" in (told.out + told.err).lower()


@pytest.mark.parametrize(
    "arguments",
    [
        ("send", *NOWHERE, "FILE"),
        ("print", *NOWHERE, "FILE"),
        ("store", *NOWHERE, "FILE"),
        ("commit", *NOWHERE, "FILE"),
        ("echo", *NOWHERE, "--deviate", "FILE"),
        ("listen", "--port", "0", "--script", "FILE"),
    ],
    ids=lambda a: f"{a[0]} {a[-2] if a[-2].startswith('--') else 'argument'}",
)
def test_a_name_no_file_can_have_is_told_as_that(
    arguments: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / ("n" * 300))
    assert main([path if a == "FILE" else a for a in arguments]) in (2, 3, 7)
    told = capsys.readouterr()
    assert "Unexpected" not in told.out + told.err
    assert "Standard output" not in told.err
    assert "File name too long" in told.out + told.err or "no such file" in told.err


def test_a_recording_without_end_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(capture_files, "LARGEST", 10 << 20)
    assert main(["decode", "/dev/zero"]) == 1
    assert "Cut a capture first" in capsys.readouterr().err


@pytest.fixture
def handed_over() -> Iterator[list[int]]:
    """Descriptors to close."""
    numbers: list[int] = []
    yield numbers
    for number in numbers:
        os.close(number)


def substituted(text: str, numbers: list[int]) -> str:
    """The name that a shell gives `<(command)`, when the command has written this."""
    reading, writing = os.pipe()
    numbers.append(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as file:
        file.write(text)
    return f"/dev/fd/{reading}"


RESOURCES = Path(__file__).parents[2] / "resources"
MESSAGE = (RESOURCES / "messages" / "mpps-create.toml").read_text(encoding="utf-8")
SCRIPT = next((RESOURCES / "quirks").glob("*.toml")).read_text(encoding="utf-8")
WAIVER = '[[waiver]]\nrule = "pdata.context"\nreason = "known"\n'


@pytest.mark.parametrize(
    ("arguments", "text", "broken"),
    [
        (("send", *NOWHERE, "FILE"), MESSAGE, "message = 7"),
        (("echo", *NOWHERE, "--waivers", "FILE"), WAIVER, "[[waiver]]"),
        (("echo", *NOWHERE, "--deviate", "FILE"), SCRIPT, "[[rule]]"),
    ],
    ids=["message", "waivers", "script"],
)
def test_what_a_shell_hands_over_is_read(
    arguments: tuple[str, ...], text: str, broken: str, handed_over: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    for content, code in ((text, Exit.CONNECTION_FAILED), (broken, Exit.USAGE)):
        name = substituted(content, handed_over)
        assert main([name if a == "FILE" else a for a in arguments]) == code, capsys.readouterr()


def test_users_and_settings_that_a_shell_hands_over(handed_over: list[int]) -> None:
    assert load_users(Path(substituted("required = true\n", handed_over))).required
    assert load_listener(Path(substituted("port = 4711\n", handed_over))).port == 4711
