"""Who may be SCU and SCP on a presentation context after SCP/SCU role selection (PS3.7 D.3.3.4)."""

from __future__ import annotations

from engine.model.association import Role
from engine.standard.lean import dataclass
from engine.standard.pdus import RoleSelection

Bits = tuple[bool, bool]
"""(SCU-role, SCP-role)."""

DEFAULT: Bits = (True, False)
"""Without role selection the requestor is SCU and the acceptor SCP."""
NONE: Bits = (False, False)

_ROLES: dict[Bits, Role] = {(True, False): Role.SCU, (False, True): Role.SCP, (True, True): Role.BOTH}
_WORDS: dict[Bits, str] = {
    (True, False): "SCU",
    (False, True): "SCP",
    (True, True): "SCU and SCP",
    (False, False): "neither SCU nor SCP",
}


@dataclass(frozen=True, slots=True)
class Agreement:
    """What role selection came to: the requestor's roles, and what is worth saying about it ("" when nothing is)."""

    requestor: Bits
    remark: str = ""


def bits(item: RoleSelection | None) -> Bits | None:
    """The two roles of a 54H item; only the value 1 means yes."""
    return None if item is None else (item.scu_role == 1, item.scp_role == 1)


def role_of(asked: Bits | None) -> Role:
    """As a proposal says it. An item that asks for no role at all has no such word and counts as none."""
    return Role.DEFAULT if asked is None else _ROLES.get(asked, Role.DEFAULT)


def words(roles: Bits) -> str:
    """ "SCU", "SCP", "SCU and SCP" or "neither SCU nor SCP"."""
    return _WORDS[roles]


def agree(asked: Bits | None, answered: Bits | None) -> Agreement:
    """The requestor's roles from its 54H item and the acceptor's, either of which may be absent."""
    if asked is None:
        remark = "the answer selects roles although none were asked for, which counts for nothing"
        return Agreement(DEFAULT, remark if answered is not None else "")
    if answered is None:
        remark = f"the role proposed ({words(asked)}) was not answered, so the default holds: the requestor is SCU"
        return Agreement(DEFAULT, "" if asked == DEFAULT else remark)
    agreed = (asked[0] and answered[0], asked[1] and answered[1])
    return Agreement(agreed, _remark(asked, answered, agreed))


def _remark(asked: Bits, answered: Bits, agreed: Bits) -> str:
    beyond = (answered[0] and not asked[0], answered[1] and not asked[1])
    if not any(agreed):
        remark = f"every role proposed ({words(asked)}) was turned down, so nobody may use it"
    elif agreed != asked:
        turned_down = (asked[0] and not agreed[0], asked[1] and not agreed[1])
        remark = f"{words(turned_down)} was turned down, so the requestor is {words(agreed)}"
    else:
        remark = f"the requestor is {words(agreed)}"
    if any(beyond):
        remark += f" ({words(beyond)} was answered but not proposed, which counts for nothing)"
    return remark
