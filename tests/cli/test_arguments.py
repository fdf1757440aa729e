"""The command line's arguments: what they mean, and what a typo is told."""

from __future__ import annotations

import argparse
import io
import re
import subprocess
import sys
from pathlib import Path

import pytest

from engine import __version__
from engine.cli import run
from engine.cli.exits import MEANINGS, OF_OUTCOME, Exit
from engine.cli.main import build_parser, main
from engine.cli.matches import matches_csv, matches_table
from engine.cli.operations import contexts_for
from engine.cli.options import context, destination, proposal, seconds
from engine.cli.output import Output
from engine.cli.queries import find_query, retrieve_query
from engine.model.association import Role
from engine.model.dataset import DataElement, DataSet
from engine.model.notices import Outcome
from engine.trace.plain_text import display_width, table
from engine.workspace.errors import ValueProblem
from engine.workspace.keys import with_keys
from engine.workspace.message_files import load_message
from engine.workspace.messages import SHIPPED
from engine.workspace.query_models import query_models

CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
COMMANDS = ("echo", "send", "store", "find", "get", "move", "listen", "decode", "demo")


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == Exit.SUCCESS
    assert capsys.readouterr().out == f"DIMSE Console {__version__}\n"


@pytest.fixture(autouse=True)
def _own_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIMSE_CONSOLE_WORKSPACE", str(tmp_path / "workspace"))


def parse(*arguments: str) -> argparse.Namespace:
    return build_parser().parse_args(arguments)


def test_the_command_line_never_loads_qt() -> None:
    code = (
        "import sys; from engine.cli.main import build_parser; build_parser(); import engine.runtime.engine;"
        "sys.exit(any(m.split('.')[0] in ('PySide6', 'shiboken6', 'gui') for m in sys.modules))"
    )
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


def test_the_page_about_the_command_line_tells_the_same_exit_codes() -> None:
    text = (Path(__file__).parents[2] / "resources" / "docs" / "command-line.md").read_text(encoding="utf-8")
    for code, meaning in MEANINGS.items():
        assert f"| {int(code)} | {meaning}" in text
    for name in COMMANDS:
        assert f"| `{name}" in text


def test_help_tells_every_command_and_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    for name in COMMANDS:
        assert f"    {name} " in text
    for code, meaning in MEANINGS.items():
        assert f"{int(code):>3}  {meaning}" in text
    assert set(MEANINGS) == set(Exit)
    assert set(OF_OUTCOME) == set(Outcome)
    for name in COMMANDS:
        assert main([name, "--help"]) == 0
        assert "exit codes:" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CTImageStorage", (CT, (EXPLICIT, IMPLICIT), Role.DEFAULT)),
        (f"{CT}:ImplicitVRLittleEndian", (CT, (IMPLICIT,), Role.DEFAULT)),
        (f"CTImageStorage:{IMPLICIT},ExplicitVRLittleEndian:both", (CT, (IMPLICIT, EXPLICIT), Role.BOTH)),
        ("CT Image Storage:scp", (CT, (EXPLICIT, IMPLICIT), Role.SCP)),
        ("1.2.3:1.2.4:scu", ("1.2.3", ("1.2.4",), Role.SCU)),
    ],
)
def test_contexts_are_read_by_keyword_name_and_uid(text: str, expected: tuple[str, tuple[str, ...], Role]) -> None:
    found = context(text)
    assert (found.abstract_syntax, found.transfer_syntaxes, found.role) == expected


def test_a_mistake_is_not_hidden_behind_the_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["echo", "h"]) == Exit.USAGE
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "usage: dimse-console echo [options] HOST PORT"
    assert told[1] == "dimse-console echo --help tells the rest."
    assert told[2:] == ["dimse-console echo: error: the following arguments are required: PORT"]
    main(["store"])
    assert capsys.readouterr().err.startswith("usage: dimse-console store [options] HOST PORT PATH [PATH ...]\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ecko", "h", "1"], "did you mean echo"),
        (["printer-statu", "h", "1"], "did you mean printer-status"),
        (["echo", "--timout", "3", "h", "1"], "(--timout is no option; did you mean --timeout"),
        (
            ["find", "h", "1", "--modle=study"],
            "find: error: unrecognized arguments: --modle (--modle is no",
        ),
        (["echo", "h"], "PORT"),
        (["echo", "h", "99999"], "is not a port"),
        (["echo", "h", "1", "--called", "A" * 17], "longer than 16"),
        (["echo", "h", "1", "--context", "CTImageStorag"], "did you mean CTImageStorage"),
        (["echo", "h", "1", "--context", "CTImageStorage:JPEG200"], "JPEG"),
        (["echo", "h", "1", "--context", "a:b:c:d"], "ABSTRACT"),
        (["echo", "h", "1", "--timeout", "soon"], "is not seconds"),
        (["echo", "h", "1", "--timeout", "lunch=5"], "is not seconds"),
        (["echo", "h", "1", "--max-pdu", "big"], "number of bytes"),
        (["echo", "h", "1", "--passcode-file", "x"], "needs --user"),
        (["echo", "h", "1", "--user", "u", "--passcode-file", "/no/such"], "cannot be read"),
        (["send", "h", "1", "no-such.toml"], "cannot be read"),
        (["find", "h", "1", "-k", "PatientNam=x"], "did you mean PatientName"),
        (["find", "h", "1", "--model", "studdy"], "is not a model; did you mean study"),
        (["find", "h", "1", "--level", "SHELF"], "has no level SHELF"),
        (["get", "h", "1"], "say what to retrieve"),
        (["move", "h", "1", "-k", "StudyInstanceUID=1"], "say where to"),
        (["move", "h", "1", "-k", "StudyInstanceUID=1", "--destination", "A", "--to", "x"], "needs --listen"),
        (["worklist", "h", "1", "--to", "item.toml"], "--to FILE needs --pick N"),
        (["commit", "h", "1", "--await", "last", "--listen-host", "::1"], "need --listen PORT"),
        (["commit", "h", "1", "--await", "last", "--listen-tls"], "need --listen PORT"),
        (["ups", "watch", "h", "1", "all", "--listen-host", "::1"], "--listen-host needs --listen PORT"),
        (["get", "h", "1", "-k", "StudyInstanceUID=1", "--to", __file__], "nothing can be written there: File exists"),
        (["move", "h", "1", "-k", "StudyInstanceUID=1", "--listen", "1", "--to", __file__], "nothing can be written"),
        (["get", "h", "1", "--model", "worklist", "-k", "PatientID=1"], "has no C-GET, only C-FIND"),
        (["listen", "--destination", "A=h"], "AE=HOST:PORT"),
        (["listen", "--host", "h", "--any-host"], "not allowed with"),
        (["decode", "x", "--raw", "--hex"], "not allowed with"),
    ],
)
def test_a_mistake_is_a_usage_error_that_says_what_is_wrong(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == Exit.USAGE
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.out == ""


def test_the_proposal_is_what_the_arguments_say(tmp_path: Path) -> None:
    secret = tmp_path / "passcode"
    secret.write_text("s3cret\nnot this\n", encoding="utf-8")
    asked = proposal(
        parse(
            "echo", "::1", "104", "--calling", "ME", "--called", "YOU", "--context", "CTImageStorage",
            "--context", "1.2.3", "--max-pdu", "0", "--timeout", "connect=1,idle=9.5",
            "--user", "jane", "--passcode-file", str(secret),
        )
    )  # fmt: skip
    assert (asked.local.ae_title, asked.peer.ae_title, asked.peer.host, asked.peer.port) == ("ME", "YOU", "::1", 104)
    assert [(c.id, c.abstract_syntax) for c in asked.contexts] == [(1, CT), (3, "1.2.3")]
    assert asked.local.maximum_length == 0
    assert (asked.timeouts.connect, asked.timeouts.idle) == (1.0, 9.5)
    assert asked.user_identity is not None
    assert (asked.user_identity.type, asked.user_identity.secondary) == (2, b"s3cret")
    assert seconds("7") == {"connect": 7.0, "acse": 7.0, "dimse": 7.0}


def test_destinations_have_ipv6_addresses_in_brackets() -> None:
    assert (destination("A B=[::1]:104").ae_title, destination("A=[::1]:104").host) == ("A B", "::1")
    assert (destination("A=host:1").host, destination("A=host:1").port) == ("host", 1)


def test_keys_reach_into_sequences() -> None:
    keys = with_keys(
        DataSet(),
        [
            "PatientName=Doe*",
            "(0010,0020)",
            "0008,0050=a=b",
            "ModalitiesInStudy=CT\\MR",
            "ScheduledProcedureStepSequence[0].Modality=MR",
            "(0040,0100)[0].ScheduledStationAETitle=X",
            "ReferencedStudySequence",
        ],
    )
    assert [e.tag for e in keys] == [0x00080050, 0x00080061, 0x00081110, 0x00100010, 0x00100020, 0x00400100]
    assert keys.text(0x00080050) == "a=b"
    assert keys.find(0x00080061) == DataElement(0x00080061, "CS", ("CT", "MR"))
    step = keys.find(0x00400100)
    assert step is not None
    assert [e.texts for e in step.items[0]] == [("MR",), ("X",)] or [e.tag for e in step.items[0]] == [
        0x00080060,
        0x00400001,
    ]
    with pytest.raises(ValueProblem, match="not a sequence"):
        with_keys(keys, ["PatientName[0].Modality=1"])
    with pytest.raises(ValueProblem, match="no value"):
        with_keys(keys, ["ReferencedStudySequence=1"])
    with pytest.raises(ValueProblem, match="beyond"):
        with_keys(keys, ["ReferencedStudySequence[99999999].Modality=1"])


def test_a_find_asks_for_the_usual_keys_of_its_level() -> None:
    uid, keys = find_query(parse("find", "h", "1", "-k", "PatientName=Doe*"))
    assert uid.endswith("2.2.1")
    assert keys.text(0x00080052) == "STUDY"
    assert keys.text(0x00100010) == "Doe*"
    assert keys.find(0x00080050) is not None
    _, only = find_query(parse("find", "h", "1", "--only", "--level", "series", "-k", "StudyInstanceUID=1.2"))
    assert [e.tag for e in only] == [0x00080052, 0x0020000D]
    worklist, items = find_query(parse("find", "h", "1", "--model", "worklist"))
    assert worklist == "1.2.840.10008.5.1.4.31"
    step = items.find(0x00400100)
    assert step is not None
    assert all(not e.texts for e in step.items[0])
    assert items.find(0x00080052) is None
    uid, keys = find_query(parse("find", "h", "1", "--file", str(SHIPPED / "ups-find.toml")))
    assert keys.text(0x00741000) == "SCHEDULED"


def test_the_level_of_a_retrieve_follows_from_its_deepest_unique_key() -> None:
    def level(*keys: str) -> str:
        asked = parse("get", "h", "1", *(a for k in keys for a in ("-k", k)))
        return retrieve_query(asked, "C-GET")[1].text(0x00080052)

    assert level("StudyInstanceUID=1") == "STUDY"
    assert level("StudyInstanceUID=1", "SeriesInstanceUID=2") == "SERIES"
    assert level("SeriesInstanceUID=2", "SOPInstanceUID=3") == "IMAGE"


def test_messages_get_the_contexts_they_ask_for() -> None:
    names = ("print-1-film-session", "print-2-film-box", "mpps-create", "storage-commitment-event-1-success")
    files = [load_message(SHIPPED / f"{name}.toml") for name in names]
    contexts = contexts_for(files)
    assert [c.id for c in contexts] == [1, 3, 5]
    assert contexts[2].role is Role.SCP


def test_matches_become_a_table_of_the_keys_that_have_values() -> None:
    _, keys = find_query(parse("find", "h", "1", "--model", "worklist"))
    match = with_keys(DataSet(), ["PatientName=Doe^Jane", "ScheduledProcedureStepSequence[0].Modality=MR"])
    text = matches_table(keys, [match])
    assert text.splitlines()[0].split() == ["PatientName", "Modality"]
    assert text.splitlines()[2].split() == ["Doe^Jane", "MR"]


def test_a_table_of_matches_is_no_wider_than_the_terminal_and_uids_give_way_last() -> None:
    names = ["PatientName", "StudyDescription", "StudyInstanceUID"]
    keys, uid = with_keys(DataSet(), names), "2.25.416022974288014816141234567890"
    long = "a description that goes on " * 4000
    whole = ["PatientName=Doe^Jane", f"StudyDescription={long}", f"StudyInstanceUID={uid}"]
    matches = [with_keys(DataSet(), whole), with_keys(DataSet(), whole[2:])]
    assert len(matches_table(keys, matches).splitlines()[2]) > len(long)
    fitting = matches_table(keys, matches, 80).splitlines()
    assert max(map(len, fitting)) <= 80
    assert "Doe^Jane" in fitting[2] and "…" in fitting[2] and all(line.endswith(uid) for line in fitting[2:])
    narrow = matches_table(keys, matches, 44).splitlines()
    assert max(map(len, narrow)) <= 44
    assert all(line.endswith("1234567890") and "  …" in line for line in narrow[2:])
    assert matches_table(keys, matches[1:], 80) == matches_table(keys, matches[1:])


def test_only_a_terminal_has_an_end_of_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("COLUMNS", "72")
    assert Output(out=Terminal()).room == 72
    assert Output(out=io.StringIO()).room is None


def test_matches_become_csv_with_every_key_as_a_column() -> None:
    keys = with_keys(DataSet(), ["PatientName", "PatientID"])
    match = with_keys(DataSet(), ["PatientName=Doe^Jane, Jr.", "PatientID=1"])
    assert matches_csv(keys, [match]) == 'PatientName,PatientID\n"Doe^Jane, Jr.",1\n'


def test_every_model_is_named_by_its_word_and_dates_by_words() -> None:
    for model in query_models():
        if model.find:
            assert find_query(parse("find", "h", "1", "--model", model.word))[0] == model.find
        if model.move:
            asked = parse("move", "h", "1", "--model", model.word, "-k", "SOPInstanceUID=1")
            assert retrieve_query(asked, "C-MOVE")[0] == model.move
    _, keys = find_query(parse("find", "h", "1", "-k", "StudyDate=last 7 days"))
    assert re.fullmatch(r"\d{8}-\d{8}", keys.text(0x00080020))


def test_a_template_is_found_by_its_title_and_keys_are_added() -> None:
    uid, keys = find_query(parse("find", "h", "1", "--template", "worklist of today", "-k", "PatientID=7"))
    assert uid == "1.2.840.10008.5.1.4.31"
    assert keys.text(0x00100020) == "7"
    assert keys.items(0x00400100)[0].text(0x00400002).isdigit()
    with pytest.raises(ValueProblem, match="there is no query"):
        find_query(parse("find", "h", "1", "--template", "nothing"))


def test_wide_and_combined_characters_keep_the_columns_in_line() -> None:
    names = ("Doe^Jane", "山田^太郎", "김희중", "Mu\u0308ller^Ju\u0308rgen")
    lines = table(["PatientName", "ID"], [(name, "X") for name in names]).splitlines()
    assert {display_width(line) for line in lines[1:]} == {display_width(lines[3])} | {display_width(lines[1])}
    assert len({display_width(line.removesuffix("X")) for line in lines[2:]}) == 1


def test_brackets_around_an_address_are_taken_off() -> None:
    assert parse("echo", "[::1]", "104").host == "::1"
    assert parse("echo", "peer.example", "104").host == "peer.example"


def test_ctrl_c_while_things_are_imported_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_argv: list[str] | None) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("engine.cli.main.main", interrupted)
    assert run(["echo", "h", "1"]) == Exit.INTERRUPTED


def test_what_is_not_installed_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "engine.cli.main", None)
    assert run(["echo", "h", "1"]) == Exit.DEFECT
    told = capsys.readouterr().err
    assert told.startswith("dimse-console cannot start: ")
    assert "Traceback" not in told


def test_more_contexts_than_an_association_has_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    many = [argument for number in range(129) for argument in ("--context", f"1.2.3.{number}")]
    assert main(["echo", "127.0.0.1", "1", *many]) == Exit.USAGE
    assert "one association has 128 presentation contexts at most" in capsys.readouterr().err
