"""User identity negotiation with DCMTK and pynetdicom, in both roles (PS3.7 D.3.3.7)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pynetdicom import AE, evt
from pynetdicom.pdu_primitives import UserIdentityNegotiation

from engine.cli.exits import Exit
from engine.cli.main import build_parser, main
from engine.cli.policy_options import policy
from engine.model.association import LocalAE
from engine.model.identity import SecretHash
from engine.model.notices import AssociationNotice, AssociationPhase, PduNotice
from tests.interop import peers
from tests.interop.operating import TIMEOUTS, Operator

Start = Callable[..., Any]
HOST = "127.0.0.1"
VERIFICATION = "1.2.840.10008.1.1"
SECRETS = {2: b"swordfish", 3: b"\0\1ticket\n", 4: b"<Assertion>of Ann</Assertion>", 5: b"aa.bb.cc"}
RESPONSES = {3: b"server ticket", 4: b"<Response/>", 5: b"dd.ee.ff"}


@pytest.fixture(autouse=True)
def _own_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIMSE_CONSOLE_WORKSPACE", str(tmp_path / "workspace"))


@pytest.fixture
def known(operator: Operator, tmp_path: Path) -> peers.Peer:
    """Our acceptor, which requires one of five users, as a users file has them."""
    entries = ["required = true", '[[user]]\ntype = 1\nname = "ann"']
    for kind, secret in SECRETS.items():
        entries.append(f'[[user]]\ntype = {kind}\nname = "ann"\nhash = "{SecretHash.of(secret).text}"')
        if kind in RESPONSES:
            entries.append(f'response = "{RESPONSES[kind].hex()}"')
    file = tmp_path / "users.toml"
    file.write_text("\n".join(entries) + "\n")
    args = build_parser().parse_args(["listen", "--users", str(file)])
    return operator.listen(policy=policy(args, LocalAE(ae_title="CONSOLE"), TIMEOUTS))


def files(folder: Path) -> dict[int, Path]:
    """Each secret in a file, as clients read them."""
    made = {}
    for kind, secret in SECRETS.items():
        made[kind] = folder / f"secret-{kind}"
        made[kind].write_bytes(secret)
    return made


# --- they call us -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("answer", [False, True])
def test_storescu_is_let_in_by_what_it_knows(
    kind: int, answer: bool, known: peers.Peer, client: Start, archive: list[Any], tmp_path: Path
) -> None:
    secrets = files(tmp_path)
    options = {
        1: ["-usr", "ann"],
        2: ["-usr", "ann", "-pwd", "swordfish"],
        3: ["-kt", secrets[3]],
        4: ["--saml", secrets[4]],
        5: ["--jwt", secrets[5]],
    }[kind]
    confirm = ["-rsp"] if answer else []
    client("storescu", *options, *confirm, "-aec", "CONSOLE", HOST, known.port, archive[0].path).succeeded()


@pytest.mark.parametrize(
    "options", [[], ["-usr", "eve"], ["-usr", "ann", "-pwd", "wrong"], ["-usr", "ann", "--empty-password"]]
)
def test_storescu_is_turned_away_with_the_reason_in_our_log(
    options: list[str], known: peers.Peer, client: Start, archive: list[Any], operator: Operator
) -> None:
    told = client("storescu", "-v", *options, "-aec", "CONSOLE", HOST, known.port, archive[0].path)
    assert told.code != 0
    assert "Rejected Permanent" in told.output
    end = operator.wait(AssociationNotice, lambda n: n.phase is AssociationPhase.REJECTED)
    assert end.rejection == (1, 2, 1)
    assert any(word in end.sentence for word in ("required", "not known", "passcode"))


@pytest.mark.parametrize("kind", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("right", [True, False])
def test_pynetdicom_gets_the_answer_of_each_type(kind: int, right: bool, known: peers.Peer, operator: Operator) -> None:
    item = UserIdentityNegotiation()
    item.user_identity_type = kind
    item.positive_response_requested = True
    item.primary_field = (b"ann" if right else b"eve") if kind < 3 else SECRETS[kind] + (b"" if right else b"!")
    if kind == 2:
        item.secondary_field = SECRETS[2]
    ae = AE(ae_title="CLIENT")
    ae.add_requested_context(VERIFICATION)
    answered: list[bytes | None] = []

    def keep(event: evt.Event) -> None:
        if type(event.pdu).__name__ == "A_ASSOCIATE_AC":
            items = event.pdu.user_information.user_data
            answered.extend(i.server_response for i in items if type(i).__name__ == "UserIdentitySubItemAC")

    association = ae.associate(HOST, known.port, ext_neg=[item], evt_handlers=[(evt.EVT_PDU_RECV, keep)])
    assert association.is_established is right
    if right:
        association.release()
        assert answered == [RESPONSES.get(kind, b"")]
    else:
        rejected = association.acceptor.primitive
        assert rejected is not None, [n for n in operator.drain() if not isinstance(n, PduNotice)]
        assert (rejected.result, rejected.result_source, rejected.diagnostic) == (1, 2, 1)


# --- we call them -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("let_in", [True, False])
def test_we_show_each_identity_to_pynetdicom(
    kind: int,
    let_in: bool,
    pynetdicom_scp: Start,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    seen: list[tuple[int, bytes, bytes]] = []

    def judge(event: evt.Event) -> tuple[bool, bytes | None]:
        seen.append((event.user_id_type, event.primary_field, event.secondary_field))
        return let_in, RESPONSES.get(kind, b"")

    peer = pynetdicom_scp([VERIFICATION], [(evt.EVT_USER_ID, judge)])
    secrets = files(tmp_path)
    options = {
        1: ["--user", "ann"],
        2: ["--user", "ann", "--passcode-file", str(secrets[2])],
        3: ["--kerberos-file", str(secrets[3])],
        4: ["--saml-file", str(secrets[4])],
        5: ["--jwt-file", str(secrets[5])],
    }[kind]
    code = main(["echo", HOST, str(peer.port), *options, "--positive-response", "-v"])
    assert code == (Exit.SUCCESS if let_in else Exit.REJECTED)
    primary = b"ann" if kind < 3 else SECRETS[kind]
    assert [(k, p, s or b"") for k, p, s in seen] == [(kind, primary, SECRETS[2] if kind == 2 else b"")]
    told = "".join(capsys.readouterr())
    assert "swordfish" not in told
    assert "aa.bb.cc" not in told
