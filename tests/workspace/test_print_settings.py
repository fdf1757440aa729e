"""Settings for printing as they are written: values, frames, windows."""

from __future__ import annotations

import pytest

from engine.standard.print_attributes import FILM, PRINT_ATTRIBUTES, SESSION
from engine.workspace.errors import ValueProblem
from engine.workspace.print_settings import MOST_FRAMES, frame_numbers, print_data_set, window_of


def test_values_become_a_data_set_of_their_level() -> None:
    values = {"NumberOfCopies": "2", "PrintPriority": "high", "ImageDisplayFormat": "standard\\2,3", "Trim": " "}
    session, film = print_data_set(SESSION, values), print_data_set(FILM, values)
    assert [(e.tag, e.texts) for e in session] == [(0x20000010, ("2",)), (0x20000020, ("HIGH",))]
    assert [(e.tag, e.texts) for e in film] == [(0x20100010, ("STANDARD\\2,3",))]


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("NumberOfCopies", "0"),
        ("NumberOfCopies", "many"),
        ("FilmSizeID", "14x17 INCHES WIDE"),
        ("MaxDensity", "70000"),
        ("ImageDisplayFormat", "GRID"),
        ("FilmSessionLabel", "x" * 65),
    ],
)
def test_wrong_values_name_their_setting(keyword: str, value: str) -> None:
    (row,) = [r for r in PRINT_ATTRIBUTES if r.keyword == keyword]
    with pytest.raises(ValueProblem, match=row.label):
        print_data_set(row.level, {keyword: value})


@pytest.mark.parametrize(
    ("text", "frames", "expected"),
    [("1", 1, (1,)), ("2, 5-7", 9, (2, 5, 6, 7)), ("all", 3, (1, 2, 3)), ("3,1", 3, (3, 1))],
)
def test_frames(text: str, frames: int, expected: tuple[int, ...]) -> None:
    assert frame_numbers(text, frames) == expected


@pytest.mark.parametrize(
    ("text", "frames"), [("", 3), ("x", 3), ("4", 3), ("0", 3), ("3-1", 3), ("1-", 3), ("all", MOST_FRAMES + 1)]
)
def test_wrong_frames_are_told(text: str, frames: int) -> None:
    with pytest.raises(ValueProblem):
        frame_numbers(text, frames)


def test_windows() -> None:
    assert window_of("40,400") == (40.0, 400.0)
    assert window_of(" ") is None
    for text in ("40", "40,0", "a,b", "1,2,3"):
        with pytest.raises(ValueProblem):
            window_of(text)
