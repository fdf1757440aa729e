"""Files of the users an acceptor lets in."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.model.identity import SecretHash
from engine.workspace.errors import WorkspaceError
from engine.workspace.users import load_users

HASH = SecretHash.of(b"swordfish").text


def load(folder: Path, text: str) -> object:
    path = folder / "users.toml"
    path.write_text(text, encoding="utf-8")
    return load_users(path)


def test_users_of_every_type(tmp_path: Path) -> None:
    (tmp_path / "ann.txt").write_text("open sesame\nanother line\n")
    (tmp_path / "ticket.bin").write_bytes(b"\0\n")
    (tmp_path / "token.jwt").write_text("a.b.c\n")
    path = tmp_path / "users.toml"
    path.write_text(
        f"""
required = true
[[user]]
type = 1
name = "guest"
[[user]]
name = "bob"
hash = "{HASH}"
[[user]]
type = 2
name = "ann"
secret_file = "ann.txt"
[[user]]
type = 3
secret_file = "ticket.bin"
response = "01 02"
[[user]]
type = 5
secret_file = "token.jwt"
response_file = "token.jwt"
"""
    )
    users = load_users(path)
    assert users.required
    assert [(u.type, u.name) for u in users.identities] == [(1, "guest"), (2, "bob"), (2, "ann"), (3, ""), (5, "")]
    secrets = [u.secret for u in users.identities]
    assert secrets[0] is None
    for secret, right in zip(secrets[1:], (b"swordfish", b"open sesame", b"\0\n", b"a.b.c"), strict=True):
        assert secret is not None and secret.matches(right)
    assert [u.response for u in users.identities] == [b"", b"", b"", b"\1\2", b"a.b.c\n"]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("[[user]]\ntype = 6\n", 2, "from 1 to 5"),
        ("[[user]]\ntype = 1\n", 1, "needs a name"),
        ('[[user]]\nname = "ann"\n', 1, "hash and secret_file"),
        ('[[user]]\nname = "ann"\npasscode = "clear"\n', 1, "hash and secret_file"),
        (f'[[user]]\nname = "ann"\nhash = "{HASH}"\npasscode = "clear"\n', 4, "no key of this file"),
        ('[[user]]\nname = "ann"\nhash = "clear"\n', 3, "is not a hash"),
        (f'[[user]]\ntype = 1\nname = "ann"\nhash = "{HASH}"\n', 4, "type 1 has no passcode"),
        ('[[user]]\nname = "ann"\nsecret_file = "missing"\n', 3, "cannot be read"),
        ('[[user]]\nname = "ann"\nsecret_file = "empty"\n', 3, "is empty"),
        (f'[[user]]\nname = "ann"\nhash = "{HASH}"\nresponse = "00"\n', 4, "is empty (PS3.7"),
        ("require = true\n", 1, "no key of this file"),
    ],
)
def test_mistakes_are_named_with_their_place(tmp_path: Path, text: str, line: int, said: str) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(WorkspaceError, match=r"users\.toml") as told:
        load(tmp_path, text)
    assert said in str(told.value)
    assert told.value.line == line
    assert "clear" not in str(told.value)
