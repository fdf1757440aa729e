"""PDUs, items and sub-items (PS3.8 9.3 and Annex D, PS3.7 D.3.3) as rows that are also the values.

Each class is one table of the Standard: its fields, in wire order, each with its layout. `engine.wire.pdus` encodes and
decodes by these rows alone. Text fields (AE titles, UIDs, names) hold the received bytes as latin-1, unstripped, so
that nothing is repaired: 'ECHOSCP         ' keeps its padding.
"""

from __future__ import annotations

from dataclasses import field, fields
from enum import Enum
from functools import cache
from typing import Any, ClassVar

from .lean import dataclass


class Kind(Enum):
    """How a field is laid out. All numbers are big endian (PS3.8 9.3.1)."""

    UINT8 = "uint8"
    UINT16 = "uint16"
    UINT32 = "uint32"
    RESERVED = "reserved"
    """`size` bytes, sent as held (default zero), not tested (PS3.8 9.3.1)."""
    AE_TITLE = "AE title"
    """16 characters, padded with spaces."""
    TEXT = "text"
    """Characters to the end of the item: UIDs and names."""
    BYTES = "bytes"
    """Bytes to the end of the item."""
    COUNTED_TEXT = "counted text"
    """uint16 length, then characters."""
    COUNTED_BYTES = "counted bytes"
    """uint16 length, then bytes."""
    COUNTED_TEXTS = "counted list of counted texts"
    """uint16 length of the list in bytes, then (uint16 length, characters) each."""
    ITEMS = "items"
    """Items to the end of the PDU or item."""
    PDVS = "presentation-data-value items"


@dataclass(frozen=True, slots=True)
class Row:
    """One field of one table."""

    name: str
    """The Standard's name, e.g. "Called-AE-title"."""
    kind: Kind
    size: int = 0
    """Bytes, for RESERVED."""
    length_name: str = ""
    """Name of the length field in front, for the COUNTED kinds."""
    codes: str = ""
    """Which code table of `engine.standard.codes` explains the number, if one does."""


def row(name: str, kind: Kind, *, size: int = 0, length_name: str = "", codes: str = "", **default: Any) -> Any:
    """A dataclass field that carries its row; `default=` as usual."""
    return field(metadata={"row": Row(name, kind, size, length_name, codes)}, **default)


def reserved(size: int) -> Any:
    return row("Reserved", Kind.RESERVED, size=size, default=bytes(size))


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Common to PDUs and items.

    length: what to write into the length field instead of the true length; from the decoder, the received
        length when it was not the true one.
    header_reserved: the reserved byte after the type (57H: the sub-item version).
    trailing: bytes after the last field, which no table foresees; sent as held, kept as received.
    """

    TYPE: ClassVar[int] = -1
    NAME: ClassVar[str] = ""
    CLAUSE: ClassVar[str] = ""
    length: int | None = None
    header_reserved: int = 0
    trailing: bytes = b""


def rows_of(cls: type[Layout]) -> tuple[tuple[str, Row], ...]:
    """(attribute, row) of each field of a PDU or item class, in wire order."""
    key: Any = cls
    return _rows_of(key)


@cache
def _rows_of(cls: Any) -> tuple[tuple[str, Row], ...]:
    return tuple((f.name, f.metadata["row"]) for f in fields(cls) if "row" in f.metadata)


class Item(Layout):
    """Item or sub-item: type, reserved byte, uint16 length (PS3.8 9.3.1)."""

    __slots__ = ()


class Pdu(Layout):
    """PDU: type, reserved byte, uint32 length (PS3.8 9.3.1)."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class UnknownItem(Item):
    """An item whose type the Standard does not define here; kept as it came (PS3.8 9.3.1, D.2)."""

    type: int
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class MalformedItem(Item):
    """An item of a known type whose content does not follow its table."""

    type: int
    data: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class ApplicationContext(Item):
    TYPE, NAME, CLAUSE = 0x10, "Application Context Item", "PS3.8 9.3.2.1"
    name: str = row("Application-context-name", Kind.TEXT)


@dataclass(frozen=True, slots=True)
class AbstractSyntax(Item):
    TYPE, NAME, CLAUSE = 0x30, "Abstract Syntax Sub-Item", "PS3.8 9.3.2.2.1"
    name: str = row("Abstract-syntax-name", Kind.TEXT)


@dataclass(frozen=True, slots=True)
class TransferSyntax(Item):
    TYPE, NAME, CLAUSE = 0x40, "Transfer Syntax Sub-Item", "PS3.8 9.3.2.2.2"
    name: str = row("Transfer-syntax-name", Kind.TEXT)


@dataclass(frozen=True, slots=True)
class PresentationContextRQ(Item):
    TYPE, NAME, CLAUSE = 0x20, "Presentation Context Item", "PS3.8 9.3.2.2"
    id: int = row("Presentation-context-ID", Kind.UINT8)
    reserved_1: bytes = reserved(3)
    items: tuple[Item, ...] = row("Abstract/Transfer Syntax Sub-Items", Kind.ITEMS, default=())


@dataclass(frozen=True, slots=True)
class PresentationContextAC(Item):
    TYPE, NAME, CLAUSE = 0x21, "Presentation Context Item", "PS3.8 9.3.3.2"
    id: int = row("Presentation-context-ID", Kind.UINT8)
    reserved_1: bytes = reserved(1)
    result: int = row("Result/Reason", Kind.UINT8, codes="context_result", default=0)
    reserved_2: bytes = reserved(1)
    items: tuple[Item, ...] = row("Transfer Syntax Sub-Item", Kind.ITEMS, default=())


@dataclass(frozen=True, slots=True)
class UserInformation(Item):
    TYPE, NAME, CLAUSE = 0x50, "User Information Item", "PS3.8 9.3.2.3"
    items: tuple[Item, ...] = row("User-data", Kind.ITEMS, default=())


@dataclass(frozen=True, slots=True)
class MaximumLength(Item):
    TYPE, NAME, CLAUSE = 0x51, "Maximum Length Sub-Item", "PS3.8 D.1"
    maximum_length_received: int = row("Maximum-length-received", Kind.UINT32)


@dataclass(frozen=True, slots=True)
class ImplementationClassUID(Item):
    TYPE, NAME, CLAUSE = 0x52, "Implementation Class UID Sub-Item", "PS3.7 D.3.3.2.1"
    uid: str = row("Implementation-class-uid", Kind.TEXT)


@dataclass(frozen=True, slots=True)
class AsyncOperationsWindow(Item):
    TYPE, NAME, CLAUSE = 0x53, "Asynchronous Operations Window Sub-Item", "PS3.7 D.3.3.3.1"
    invoked: int = row("Maximum-number-operations-invoked", Kind.UINT16)
    performed: int = row("Maximum-number-operations-performed", Kind.UINT16)


@dataclass(frozen=True, slots=True)
class RoleSelection(Item):
    TYPE, NAME, CLAUSE = 0x54, "SCP/SCU Role Selection Sub-Item", "PS3.7 D.3.3.4.1"
    sop_class_uid: str = row("SOP-class-uid", Kind.COUNTED_TEXT, length_name="UID-length")
    scu_role: int = row("SCU-role", Kind.UINT8, default=1)
    scp_role: int = row("SCP-role", Kind.UINT8, default=0)


@dataclass(frozen=True, slots=True)
class ImplementationVersionName(Item):
    TYPE, NAME, CLAUSE = 0x55, "Implementation Version Name Sub-Item", "PS3.7 D.3.3.2.3"
    name: str = row("Implementation-version-name", Kind.TEXT)


@dataclass(frozen=True, slots=True)
class SopClassExtendedNegotiation(Item):
    TYPE, NAME, CLAUSE = 0x56, "SOP Class Extended Negotiation Sub-Item", "PS3.7 D.3.3.5.1"
    sop_class_uid: str = row("SOP-class-uid", Kind.COUNTED_TEXT, length_name="SOP-class-uid-length")
    information: bytes = row("Service-class-application-information", Kind.BYTES, default=b"")


@dataclass(frozen=True, slots=True)
class SopClassCommonExtendedNegotiation(Item):
    """`header_reserved` is the Sub-Item-version here."""

    TYPE, NAME, CLAUSE = 0x57, "SOP Class Common Extended Negotiation Sub-Item", "PS3.7 D.3.3.6.1"
    sop_class_uid: str = row("SOP-class-uid", Kind.COUNTED_TEXT, length_name="SOP-class-uid-length")
    service_class_uid: str = row("Service-class-uid", Kind.COUNTED_TEXT, length_name="Service-class-uid-length")
    related_general: tuple[str, ...] = row(
        "Related-general-sop-class-identification",
        Kind.COUNTED_TEXTS,
        length_name="Related-general-sop-class-identification-length",
        default=(),
    )
    reserved_1: bytes = row("Reserved", Kind.BYTES, default=b"")


@dataclass(frozen=True, slots=True)
class UserIdentityRQ(Item):
    TYPE, NAME, CLAUSE = 0x58, "User Identity Sub-Item", "PS3.7 D.3.3.7.1"
    type: int = row("User-Identity-Type", Kind.UINT8, codes="user_identity_type")
    positive_response_requested: int = row("Positive-response-requested", Kind.UINT8, default=0)
    primary: bytes = row("Primary-field", Kind.COUNTED_BYTES, length_name="Primary-field-length", default=b"")
    secondary: bytes = row("Secondary-field", Kind.COUNTED_BYTES, length_name="Secondary-field-length", default=b"")


@dataclass(frozen=True, slots=True)
class UserIdentityAC(Item):
    TYPE, NAME, CLAUSE = 0x59, "User Identity Sub-Item", "PS3.7 D.3.3.7.2"
    server_response: bytes = row(
        "Server-response", Kind.COUNTED_BYTES, length_name="Server-response-length", default=b""
    )


@dataclass(frozen=True, slots=True)
class Pdv(Layout):
    """Presentation Data Value item: uint32 length, context ID, control header, fragment (PS3.8 9.3.5.1, E.2)."""

    NAME, CLAUSE = "Presentation Data Value Item", "PS3.8 9.3.5.1"
    context_id: int = row("Presentation-context-ID", Kind.UINT8)
    control: int = row("Message Control Header", Kind.UINT8, codes="message_control_header")
    fragment: bytes = row("Presentation-data-value", Kind.BYTES)

    @property
    def is_command(self) -> bool:
        return bool(self.control & 1)

    @property
    def is_last(self) -> bool:
        return bool(self.control & 2)


@dataclass(frozen=True, slots=True)
class AssociateRQ(Pdu):
    TYPE, NAME, CLAUSE = 0x01, "A-ASSOCIATE-RQ", "PS3.8 9.3.2"
    protocol_version: int = row("Protocol-version", Kind.UINT16, default=1)
    reserved_1: bytes = reserved(2)
    called_ae_title: str = row("Called-AE-title", Kind.AE_TITLE, default="")
    calling_ae_title: str = row("Calling-AE-title", Kind.AE_TITLE, default="")
    reserved_2: bytes = reserved(32)
    items: tuple[Item, ...] = row("Variable items", Kind.ITEMS, default=())


@dataclass(frozen=True, slots=True)
class AssociateAC(Pdu):
    """The two AE title fields are reserved here: copies of the request's, not tested (PS3.8 9.3.3)."""

    TYPE, NAME, CLAUSE = 0x02, "A-ASSOCIATE-AC", "PS3.8 9.3.3"
    protocol_version: int = row("Protocol-version", Kind.UINT16, default=1)
    reserved_1: bytes = reserved(2)
    called_ae_title: str = row("Reserved (Called-AE-title)", Kind.AE_TITLE, default="")
    calling_ae_title: str = row("Reserved (Calling-AE-title)", Kind.AE_TITLE, default="")
    reserved_2: bytes = reserved(32)
    items: tuple[Item, ...] = row("Variable items", Kind.ITEMS, default=())


@dataclass(frozen=True, slots=True)
class AssociateRJ(Pdu):
    TYPE, NAME, CLAUSE = 0x03, "A-ASSOCIATE-RJ", "PS3.8 9.3.4"
    reserved_1: bytes = reserved(1)
    result: int = row("Result", Kind.UINT8, codes="reject_result", default=1)
    source: int = row("Source", Kind.UINT8, codes="reject_source", default=1)
    reason: int = row("Reason/Diag.", Kind.UINT8, codes="reject_reason", default=1)


@dataclass(frozen=True, slots=True)
class PDataTF(Pdu):
    TYPE, NAME, CLAUSE = 0x04, "P-DATA-TF", "PS3.8 9.3.5"
    pdvs: tuple[Pdv, ...] = row("Presentation-data-value Item(s)", Kind.PDVS, default=())


@dataclass(frozen=True, slots=True)
class ReleaseRQ(Pdu):
    TYPE, NAME, CLAUSE = 0x05, "A-RELEASE-RQ", "PS3.8 9.3.6"
    reserved_1: bytes = reserved(4)


@dataclass(frozen=True, slots=True)
class ReleaseRP(Pdu):
    TYPE, NAME, CLAUSE = 0x06, "A-RELEASE-RP", "PS3.8 9.3.7"
    reserved_1: bytes = reserved(4)


@dataclass(frozen=True, slots=True)
class AbortPdu(Pdu):
    TYPE, NAME, CLAUSE = 0x07, "A-ABORT", "PS3.8 9.3.8"
    reserved_1: bytes = reserved(1)
    reserved_2: bytes = reserved(1)
    source: int = row("Source", Kind.UINT8, codes="abort_source", default=0)
    reason: int = row("Reason/Diag.", Kind.UINT8, codes="abort_reason", default=0)


PDUS: dict[int, type[Pdu]] = {
    c.TYPE: c for c in (AssociateRQ, AssociateAC, AssociateRJ, PDataTF, ReleaseRQ, ReleaseRP, AbortPdu)
}
"""PDU classes by PDU-type."""

ITEMS: dict[int, type[Item]] = {
    c.TYPE: c
    for c in (
        ApplicationContext,
        PresentationContextRQ,
        PresentationContextAC,
        AbstractSyntax,
        TransferSyntax,
        UserInformation,
        MaximumLength,
        ImplementationClassUID,
        AsyncOperationsWindow,
        RoleSelection,
        ImplementationVersionName,
        SopClassExtendedNegotiation,
        SopClassCommonExtendedNegotiation,
        UserIdentityRQ,
        UserIdentityAC,
    )
}
"""Item and sub-item classes by Item-type."""
