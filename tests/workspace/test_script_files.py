"""Script files: read, written, and told off with file, line and reason; the profiles that ship; the page about them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.model.faults import FAULTS, Phase
from engine.model.scripting import Deviation, Rule, Script, ValueTest, When
from engine.workspace.errors import ValueProblem, WorkspaceError
from engine.workspace.scripts import find_script, load_script, parse_script, quirk_profiles, save_script, script_text

PROJECT = Path(__file__).parents[2]
FILE = Path("night.toml")
EVERYTHING = """
title = "An archive at night"
note = "Slow."
source = "Seen once."

[[rule]]
title = "every third CT"
on = false
phase = "response"
when = { service = "C-STORE", sop_class = "CTImageStorage", calling = "MR*", called = "A", nth = [1, 5], every = 3, value = { PatientID = "X*", Status = 0xFE00, "(0010,0010)" = "Doe*" } }
then = [{ fault = "status", status = 0xA700, comment = "full", offending = "PatientID" }, "duplicate"]

[[rule]]
when = { service = ["C-FIND", "c-get"], nth = 2 }
then = [{ fault = "delay", seconds = 2 }]
"""  # noqa: E501


def test_every_key_of_a_script_file() -> None:
    script = parse_script(EVERYTHING, FILE)
    first, second = script.rules
    assert (script.title, script.note, script.source) == ("An archive at night", "Slow.", "Seen once.")
    assert first == Rule(
        title="every third CT",
        enabled=False,
        phase=Phase.RESPONSE,
        when=When(
            services=("C-STORE",),
            sop_classes=("1.2.840.10008.5.1.4.1.1.2",),
            calling="MR*",
            called="A",
            nth=(1, 5),
            every=3,
            values=(ValueTest(0x00100020, "X*"), ValueTest(0x00000900, "65024"), ValueTest(0x00100010, "Doe*")),
        ),
        then=(
            Deviation.of("status", status=0xA700, comment="full", offending=0x00100020),
            Deviation("duplicate"),
        ),
    )
    assert (second.phase, second.when.services, second.when.nth) == (Phase.RESPONSE, ("C-FIND", "C-GET"), (2,))
    assert second.then[0].seconds() == 2.0


def test_what_is_written_is_read_as_the_same(tmp_path: Path) -> None:
    script = parse_script(EVERYTHING, FILE)
    save_script(script, tmp_path / "a.toml")
    assert load_script(tmp_path / "a.toml") == script
    assert "status = 0xA700" in script_text(script)


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_with_every_value_survives_a_file(name: str) -> None:
    row = FAULTS[name]
    given = {p.name: p.default for p in row.parameters if p.default != ""}
    script = Script(title="x", rules=(Rule(phase=row.phases[-1], then=(Deviation.of(name, **given),)),))
    read = parse_script(script_text(script), FILE)
    (deviation,) = read.rules[0].then
    assert read.rules[0].phase is row.phases[-1]
    for parameter in row.parameters:
        if parameter.kind.value in ("element", "attribute"):
            assert deviation.tag(parameter.name) == Deviation(name).tag(parameter.name)
        else:
            assert deviation.value(parameter.name) == parameter.default


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('title = "x"', None, "has no rule"),
        ("[[rule]]\nthen = []", 2, "says nothing to do"),
        ('[[rule]]\nthen = ["duplicat"]', 2, "did you mean duplicate"),
        ('[[rule]]\nphase = "respons"\nthen = ["drop"]', 2, "did you mean response"),
        ('[[rule]]\nphase = "connect"\nthen = ["drop"]', 3, "not possible in phase “connect”"),
        ('[[rule]]\nthen = [{ fault = "delay", second = 1 }]', 2, "did you mean seconds"),
        ('[[rule]]\nthen = [{ fault = "delay", seconds = -1 }]', 2, "is from 0 to 3600"),
        ('[[rule]]\nthen = [{ fault = "status", status = 0x10000 }]', 2, "is from 0 to 65535"),
        ('[[rule]]\nthen = [{ fault = "missing-element", element = "Stauts" }]', 2, "did you mean Status"),
        ('[[rule]]\nwhen = { service = "C-STOR" }\nthen = ["drop"]', 2, "did you mean C-STORE"),
        ('[[rule]]\nwhen = { sop_class = "CTImage" }\nthen = ["drop"]', 2, "neither a UID nor a keyword"),
        ('[[rule]]\nwhen = { nth = 0 }\nthen = ["drop"]', 2, "number from 1"),
        ('[[rule]]\nwhen = { value = { PatientsID = "1" } }\nthen = ["drop"]', 2, "not an attribute keyword"),
        ('[[rule]]\nwhn = {}\nthen = ["drop"]', 2, "did you mean when"),
        ('rules = 1\n[[rule]]\nthen = ["drop"]', 1, "unknown key"),
        ("[[rule", 1, "not valid TOML"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, line: int | None, words: str) -> None:
    with pytest.raises(WorkspaceError) as caught:
        parse_script(text, FILE)
    assert words in str(caught.value)
    assert caught.value.line == line


def test_the_profiles_that_ship() -> None:
    profiles = quirk_profiles()
    assert len(profiles) >= 12
    for profile in profiles:
        assert profile.script.active, profile.name
        assert profile.script.note
        assert profile.script.source, f"{profile.name} does not say where it was met"


def test_a_script_is_found_by_file_profile_or_fault(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('[[rule]]\nthen = ["drop"]')
    assert find_script(str(path)).rules[0].then[0].fault == "drop"
    assert find_script("terse-store").title == "C-STORE responses without UIDs"
    assert find_script("duplicate").rules[0].phase is Phase.RESPONSE
    assert find_script("duplicate", user=True).rules[0].phase is Phase.REQUEST
    with pytest.raises(ValueProblem, match="did you mean duplicate"):
        find_script("duplicat")
    with pytest.raises(WorkspaceError, match="no such file"):
        find_script("missing.toml")


def test_the_page_is_up_to_date() -> None:
    script = PROJECT / "packaging" / "faults_page.py"
    result = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True)
    assert result.returncode == 0, f"run {script.relative_to(PROJECT)}\n{result.stderr}"
