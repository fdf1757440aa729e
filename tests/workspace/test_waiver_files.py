"""The workspace's file of waivers: read, written, and refused with the place of what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.conformance.waivers import Waiver
from engine.workspace.errors import WorkspaceError
from engine.workspace.waivers import load_waivers
from engine.workspace.workspace import Workspace

FOR_ONE = Waiver("pdata.odd-fragment", "ticket 17", "OLDPACS")
FOR_ALL = Waiver("pdata.odd-fragment", "known of many", "")
GOOD = '[[waiver]]\nrule = "pdata.split"\nreason = "why"\n'


def test_waivers_come_back_as_they_were_kept(tmp_path: Path) -> None:
    Workspace(tmp_path).save_waivers((FOR_ONE, FOR_ALL))
    assert Workspace(tmp_path).waivers == (FOR_ONE, FOR_ALL)
    text = (tmp_path / "waivers.toml").read_text(encoding="utf-8")
    assert 'reason = "ticket 17"' in text
    assert text.count("peer") == 1  # every peer is no line at all


def test_a_waiver_made_for_every_peer_keeps_nothing_of_the_one_before(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.save_waivers((FOR_ONE,))
    workspace.save_waivers((FOR_ALL,))
    assert Workspace(tmp_path).waivers == (FOR_ALL,)
    workspace.save_waivers(())
    assert Workspace(tmp_path).waivers == ()


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('[[waiver]]\nrule = "pdata.splitt"\nreason = "why"', 2, "no rule “pdata.splitt”"),
        ('[[waiver]]\nreason = "why"', 1, "needs a rule"),
        (GOOD + '[[waiver]]\nrule = "pdata.split"\n', 4, "needs a reason"),
        (GOOD + '[[waiver]]\nrule = "pdata.split"\nreason = "  "', 6, "needs a reason"),
        (GOOD + 'peeer = "PACS"', 4, "no key of this file"),
        (GOOD + f'peer = "{"A" * 17}"', 4, "16 characters"),
        (GOOD + "peer = 3", 4, "text"),
        ("[[waivers]]\n" + GOOD[11:], 1, "no key of this file"),
        ("[[waiver]\n", 1, "not valid TOML"),
        ("waiver = 3", 1, "list"),
    ],
)
def test_a_broken_file_is_told_with_its_line(text: str, line: int, words: str, tmp_path: Path) -> None:
    file = tmp_path / "waivers.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(WorkspaceError) as caught:
        load_waivers(file)
    assert caught.value.line == line
    assert words in str(caught.value)
    assert str(file) in str(caught.value)


def test_a_broken_file_of_the_workspace_is_kept_aside_before_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "waivers.toml").write_text("[[waiver]]\nrule = 3\n", encoding="utf-8")
    workspace = Workspace(tmp_path)
    assert workspace.waivers == ()
    assert [p.line for p in workspace.problems] == [2]
    workspace.save_waivers((FOR_ALL,))
    assert (tmp_path / "waivers.broken-1.toml").read_text(encoding="utf-8") == "[[waiver]]\nrule = 3\n"
