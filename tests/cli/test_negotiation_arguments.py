"""What is negotiated, and whom `listen` lets in, from the command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli.exits import Exit
from engine.cli.main import build_parser, main
from engine.cli.options import proposal
from engine.cli.policy_options import policy
from engine.model.association import (
    APPLICATION_CONTEXT,
    AcceptedSyntax,
    AsyncWindow,
    CommonExtendedNegotiation,
    ExtendedNegotiation,
    LocalAE,
    Negotiated,
    Policy,
    Proposal,
    Rejection,
    Timeouts,
    UserIdentity,
)
from engine.trace.negotiation_text import negotiation_lines
from engine.workspace.errors import ValueProblem
from tests.processes import running

CT, MR, FIND = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.2.2.1"
EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _own_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIMSE_CONSOLE_WORKSPACE", str(tmp_path / "workspace"))


def asked(*arguments: str) -> Proposal:
    return proposal(build_parser().parse_args(["echo", "127.0.0.1", "104", *arguments]))


def told(*arguments: str) -> Policy:
    return policy(build_parser().parse_args(["listen", *arguments]), LocalAE(), Timeouts())


# --- what is proposed ---------------------------------------------------------------------------------------------


def test_without_arguments_nothing_more_is_proposed() -> None:
    plain = asked()
    assert (plain.async_window, plain.user_identity, plain.extended, plain.common_extended) == (None, None, (), ())
    assert plain.application_context == APPLICATION_CONTEXT


def test_what_is_proposed_besides_contexts() -> None:
    made = asked(
        *("--async", "8,4", "--application-context", "1.2.3"),
        *("--extended", f"{FIND}=01 00:01", "--extended", "CTImageStorage="),
        *("--common-extended", f"{CT}=1.2.840.10008.4.2:MRImageStorage,1.2.9", "--common-extended", f"{MR}=1.2.4"),
    )
    assert made.async_window == AsyncWindow(8, 4)
    assert made.application_context == "1.2.3"
    assert made.extended == (ExtendedNegotiation(FIND, b"\1\0\1"), ExtendedNegotiation(CT, b""))
    assert made.common_extended == (
        CommonExtendedNegotiation(CT, "1.2.840.10008.4.2", (MR, "1.2.9")),
        CommonExtendedNegotiation(MR, "1.2.4", ()),
    )
    assert asked("--async", "0").async_window == AsyncWindow(0, 1)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        (f"{FIND}:relational", b"\1"),
        ("StudyRootQueryRetrieveInformationModelFind:fuzzy,relational", b"\1\0\1"),
        (f"{FIND}:datetime,timezone,multiframe", b"\0\1\0\1\1"),
        (f"{FIND}:", b"\0"),
        (f"{FIND}:fuzzy=7", b"\0\0\7"),
        ("ModalityWorklistInformationModelFind:fuzzy", b"\1\1\1"),
        ("CTImageStorage:level=3,coercion=2", b"\3\0\0\0\2\0"),
        ("CTImageStorage:", bytes(6)),
    ],
)
def test_options_are_named(text: str, made: bytes) -> None:
    assert [e.information for e in asked("--extended", text).extended] == [made]
    assert [e.information for e in told("--grant", text).extended] == [made]


@pytest.mark.parametrize(
    ("argument", "value", "said"),
    [
        ("--async", "65536", "0 to 65535"),
        ("--async", "1,2,3", "INVOKED[,PERFORMED]"),
        ("--async", "-1", ""),
        ("--extended", "1.2.3", "SOPCLASS=HEX"),
        ("--extended", "1.2.3=0", "odd number"),
        ("--extended", "NoSuchClass=00", "NoSuchClass"),
        ("--extended", f"{FIND}:relationl", "did you mean relational?"),
        ("--extended", f"{FIND}:level=2", "relational, datetime"),
        ("--extended", f"{FIND}:fuzzy=300", "up to 255"),
        ("--extended", "Verification:relational", "hexadecimal"),
        ("--common-extended", "1.2.3", "SOPCLASS=SERVICECLASS"),
        ("--common-extended", "1.2.3=1.2.4:1.2.5:6", "SOPCLASS=SERVICECLASS"),
        ("--application-context", "1.2.x", "is not a UID"),
    ],
)
def test_mistakes_in_what_is_proposed(argument: str, value: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["echo", "127.0.0.1", "104", argument, value]) == Exit.USAGE
    assert said in capsys.readouterr().err


def test_a_user_identity_of_each_type(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_bytes(b"one\ntwo\n")
    assert asked("--user", "ann").user_identity == UserIdentity(1, b"ann")
    assert asked("--user", "bad\udcff").user_identity == UserIdentity(1, b"bad\xff")
    assert asked("--user", "ann", "--passcode-file", str(file)).user_identity == UserIdentity(2, b"ann", b"one")
    assert asked("--kerberos-file", str(file)).user_identity == UserIdentity(3, b"one\ntwo\n")
    assert asked("--saml-file", str(file)).user_identity == UserIdentity(4, b"one\ntwo")
    confirmed = asked("--jwt-file", str(file), "--positive-response").user_identity
    assert confirmed == UserIdentity(5, b"one\ntwo", b"", True)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--passcode-file", "x"],
        ["--positive-response"],
        ["--user", "ann", "--jwt-file", "x"],
        ["--saml-file", "x", "--jwt-file", "x"],
        ["--jwt-file", "missing"],
    ],
)
def test_identities_that_do_not_go_together(arguments: list[str]) -> None:
    with pytest.raises(ValueProblem):
        asked(*arguments)


# --- who is let in ------------------------------------------------------------------------------------------------


def test_without_arguments_everybody_is_let_in() -> None:
    assert told() == Policy()


def test_whom_and_what_listen_lets_in() -> None:
    made = told(
        *("--accept", "CTImageStorage:ImplicitVRLittleEndian,ExplicitVRLittleEndian:scu", "--accept", "*"),
        *("--calling-allowed", "ONE", "--calling-allowed", "TWO", "--max-associations", "3"),
        *("--reject", "1/1/7", "--async", "4,2", "--application-context", "1.2.3", "--strict"),
    )
    assert made.accepted == (
        AcceptedSyntax(abstract_syntax=CT, transfer_syntaxes=(IMPLICIT, EXPLICIT), scp=False),
        AcceptedSyntax(abstract_syntax="*"),
    )
    assert (made.calling_ae_titles, made.max_associations) == (("ONE", "TWO"), 3)
    assert (made.reject, made.async_window) == (Rejection(1, 1, 7), AsyncWindow(4, 2))
    assert made.application_contexts == (APPLICATION_CONTEXT, "1.2.3")
    assert made.ae_titles == (LocalAE().ae_title,)


def test_called_titles_and_identities_are_asked_for() -> None:
    made = told("--called-allowed", "ONE", "--called-allowed", "TWO", "--require-identity", "--max-per-caller", "2")
    assert (made.ae_titles, made.require_identity, made.max_associations_per_peer) == (("ONE", "TWO"), True, 2)
    assert told("--strict", "--called-allowed", "ONE").ae_titles == (LocalAE().ae_title, "ONE")


@pytest.mark.parametrize(
    ("argument", "value", "said"),
    [
        ("--accept", ":ExplicitVRLittleEndian", "ABSTRACT"),
        ("--accept", "CTImageStorage:A:B", "ABSTRACT"),
        ("--accept", "NoSuchClass", "NoSuchClass"),
        ("--reject", "1/1", "1/1/3"),
        ("--reject", "1/1/256", "up to 255"),
        ("--max-associations", "many", "number of associations"),
        ("--calling-allowed", "A" * 17, "16 characters"),
    ],
)
def test_mistakes_in_a_policy(argument: str, value: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["listen", "--port", "0", argument, value]) == Exit.USAGE
    assert said in capsys.readouterr().err


def test_a_mistake_in_the_users_file_names_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    users = tmp_path / "users.toml"
    users.write_text('[[user]]\nname = "ann"\nhash = "in the clear"\n')
    assert main(["listen", "--port", "0", "--users", str(users)]) == Exit.USAGE
    err = capsys.readouterr().err
    assert "users.toml, line 3" in err
    assert "in the clear" not in err


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_hash_lets_its_passcode_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    passcode, wrong, users = tmp_path / "passcode", tmp_path / "wrong", tmp_path / "users.toml"
    passcode.write_text("swordfish\n")
    wrong.write_text("sword\n")
    assert main(["hash", str(passcode)]) == Exit.SUCCESS
    hashed = capsys.readouterr().out.strip()
    assert "swordfish" not in hashed
    users.write_text(f'required = true\n[[user]]\nname = "ann"\nhash = "{hashed}"\n')
    listen = ["listen", "--port", "0", "--json", "--users", str(users)]
    code = "import sys; from engine.cli.main import main; sys.exit(main(sys.argv[1:]))"
    run = [sys.executable, "-c", code, *listen]
    with running(run, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        port = str(json.loads(process.stdout.readline())["listener"]["port"])
        ann = ["echo", "127.0.0.1", port, "--user", "ann"]
        assert main([*ann, "--passcode-file", str(passcode), "--positive-response"]) == Exit.SUCCESS
        assert "confirmed, 0 bytes of response" in capsys.readouterr().out
        assert main([*ann, "--passcode-file", str(wrong)]) == Exit.REJECTED
        assert main(["echo", "127.0.0.1", port]) == Exit.REJECTED
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert process.returncode == Exit.SUCCESS, err
    assert "The passcode of user 'ann' is wrong." in out
    assert "swordfish" not in out


def test_a_hash_is_a_json_line_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "token").write_text("swordfish\n")
    assert main(["hash", str(tmp_path / "token"), "--type", "5", "--json"]) == Exit.SUCCESS
    line = json.loads(capsys.readouterr().out)
    assert (line["kind"], line["type"], line["hash"][:7]) == ("hash", 5, "scrypt:")


@pytest.mark.parametrize("content", [None, b""])
def test_what_cannot_be_hashed(content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if content is not None:
        (tmp_path / "secret").write_bytes(content)
    assert main(["hash", str(tmp_path / "secret")]) == Exit.USAGE
    assert "secret" in capsys.readouterr().err


# --- what is shown ------------------------------------------------------------------------------------------------


def test_what_was_not_asked_for_is_not_shown() -> None:
    assert negotiation_lines(Negotiated()) == []
    assert negotiation_lines(Negotiated(), Proposal()) == []


def test_answers_are_shown_beside_what_was_asked() -> None:
    made = Proposal(
        async_window=AsyncWindow(0, 3),
        user_identity=UserIdentity(5, b"token", b"", True),
        extended=(ExtendedNegotiation(FIND, b"\1\1"), ExtendedNegotiation("1.2.3", b"\xff")),
    )
    answers = (ExtendedNegotiation(FIND, b"\1\7" + bytes(8)), ExtendedNegotiation("1.2.3", b"\1"))
    lines = negotiation_lines(Negotiated(window=AsyncWindow(4, 0), extended=answers), made)
    assert lines[0] == ("Asynchronous operations window: 4 invoked, unlimited performed (asked for unlimited and 3)")
    assert "Date-time matching 7 (undefined)" in lines[1]
    assert lines[1].endswith("3 more bytes")
    assert lines[2] == "Extended negotiation of 1.2.3: asked FFH; answered 01H"
    assert "not confirmed, though asked for" in lines[3]
    assert "token" not in " ".join(lines)
