"""What a deliberate deviation is, said once: the reader of files, the window's form and the documentation use it."""

from __future__ import annotations

from enum import Enum

from engine.standard.lean import dataclass


class Phase(Enum):
    """When a rule can apply."""

    CONNECT = "connect"
    """A TCP connection was accepted; nothing has been said yet."""
    ASSOCIATION = "association"
    """Our A-ASSOCIATE-RQ, or our answer to one, is about to go out."""
    REQUEST = "request"
    """A request of ours is about to go out."""
    RESPONSE = "response"
    """A response of ours is about to go out."""
    SUB_OPERATION = "sub-operation"
    """A C-STORE sub-operation is about to be performed for a C-GET or C-MOVE."""
    CANCEL = "cancel"
    """A C-CANCEL-RQ has arrived."""
    RELEASE = "release"
    """Our A-RELEASE-RQ or A-RELEASE-RP is about to go out."""


class Seam(Enum):
    """What carries a deviation out."""

    DECISION = "decision"
    """What is answered to an A-ASSOCIATE-RQ, to a C-CANCEL-RQ, in a sub-operation."""
    SEQUENCE = "sequence"
    """Which messages are sent, when, and what follows them."""
    COMMAND = "command"
    DATA = "data"
    PDU = "PDU"
    """The bytes of PDUs."""


class Kind(Enum):
    """What a parameter's value is."""

    NUMBER = "number"
    SECONDS = "seconds"
    TEXT = "text"
    UID = "uid"
    """A UID; written as keyword, name or UID."""
    ELEMENT = "element"
    """A command element; written as keyword or tag."""
    ATTRIBUTE = "attribute"
    """A data element; written as keyword or tag."""


Value = int | float | str


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value of a fault. highest: of a number; lowest is 0 unless it says otherwise."""

    name: str
    kind: Kind
    default: Value
    sentence: str
    highest: int = 0xFFFF
    lowest: int = 0


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to depart from the Standard, or to use a right of it that peers are known to stumble over.

    sentence: what it does. clause: what it breaks, or where the right is given. expected: what a right peer does.
    """

    name: str
    seam: Seam
    phases: tuple[Phase, ...]
    sentence: str
    clause: str
    expected: str
    parameters: tuple[Parameter, ...] = ()

    def parameter(self, name: str) -> Parameter | None:
        return next((p for p in self.parameters if p.name == name), None)


MESSAGES = (Phase.RESPONSE, Phase.REQUEST)
ANY_PDU = (Phase.RESPONSE, Phase.REQUEST, Phase.ASSOCIATION, Phase.RELEASE)
