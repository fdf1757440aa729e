"""Text files made to break their readers: one sentence each, and at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.workspace.errors import WorkspaceError
from engine.workspace.message_files import load_json, load_message
from engine.workspace.pasted_text import parse_pasted
from engine.workspace.toml_text import KEY_PARTS, parse
from engine.workspace.worklist_folder import WorklistFolder
from engine.workspace.workspace import Workspace

DEEP = 100_000
LONG_NUMBER = '{"00280010": {"vr": "US", "Value": [' + "1" * 5000 + "]}}"


@pytest.mark.parametrize(
    "text",
    [
        ".".join("a" * DEEP) + " = 1",
        "[" + ".".join("a" * DEEP) + "]",
        "a = {" + ".".join("a" * DEEP) + " = 1}",
        ".".join(['"a b"'] * DEEP) + " = 1",
        ".".join([r'"a\"b"'] * DEEP) + " = 1",
        "a = " + "[" * DEEP + "]" * DEEP,
        "a = " + "{a=" * DEEP + "1" + "}" * DEEP,
        "a = " + "1" * 5000,
    ],
    ids=["dotted key", "header", "inline key", "quoted parts", "escapes", "arrays", "inline tables", "number"],
)
def test_toml(text: str, tmp_path: Path) -> None:
    path = tmp_path / "message.toml"
    path.write_text('message = "C-ECHO-RQ"\n' + text, encoding="utf-8")
    with pytest.raises(WorkspaceError, match="not valid TOML"):
        load_message(path)


def test_a_key_of_many_parts_and_text_with_many_dots_are_fine() -> None:
    key, text = ".".join("a" * KEY_PARTS), "1." * 1000
    found = parse(f"# see {text}a\n{key} = 1\nb = \"{text}\"\nc = '{text}'\nd = 'see {text}a'\n", Path("file"))
    assert found["b"] == found["c"] == text


@pytest.mark.parametrize("number", ["9" * 400, "0x" + "f" * 400])
def test_a_number_of_seconds_beyond_all_measure(number: str, tmp_path: Path) -> None:
    (tmp_path / "local.toml").write_text(f"[timeouts]\ndimse = {number}\n", encoding="utf-8")
    (problem,) = Workspace(tmp_path).problems
    assert "local.toml, line 2: timeouts.dimse: is too large a number" in str(problem)


@pytest.mark.parametrize("text", [LONG_NUMBER, "[" * DEEP, '{"00081140": {"vr": "SQ", "Value": [' * DEEP])
def test_json(text: str, tmp_path: Path) -> None:
    path = tmp_path / "item.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(WorkspaceError, match="not valid JSON"):
        load_json(path)
    items, problems = WorklistFolder(tmp_path).items()
    assert not items and len(problems) == 1
    with pytest.raises(ValueError, match="not valid JSON"):
        parse_pasted(text)
