"""What a stream seems to be that is not the DICOM upper layer: said, because it is the commonest wrong port."""

from __future__ import annotations

Buffer = bytes | bytearray | memoryview

_FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"\x16\x03", "a TLS ClientHello: the other side speaks TLS and this side does not"),
    (b"\x15\x03", "a TLS alert: the other side speaks TLS and this side does not"),
    *((verb, "an HTTP request") for verb in (b"GET ", b"POST", b"HEAD", b"PUT ", b"OPTI", b"DELE", b"CONN", b"PRI ")),
    (b"HTTP/", "an HTTP response: a web server"),
    (b"SSH-", "an SSH banner"),
    (b"\x0bMSH", "an HL7 version 2 message (MLLP)"),
    (b"220 ", "the greeting of a mail or FTP server"),
)


def recognise(first_bytes: Buffer) -> str:
    """In words what the first bytes look like; "" when they may be DICOM, or nothing is known about them."""
    data = bytes(first_bytes[:8])
    return next((words for prefix, words in _FOREIGN if data.startswith(prefix)), "")


LOOKS_LIKE = "the bytes look like"


def unrecognized(data: Buffer) -> str:
    """The sentence for a PDU-type outside 01H to 07H, which names a foreign protocol where the bytes show one."""
    sentence = f"PDU-type {data[0]:02X}H is not one of DICOM's (01H to 07H)"
    foreign = recognise(data)
    return f"{sentence}; {LOOKS_LIKE} {foreign}." if foreign else f"{sentence}."
