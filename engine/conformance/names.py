"""What AE titles, UIDs, version names, ports and hosts may be: a sentence when a text may not stand, else None."""

from __future__ import annotations

import re

AE_TITLE_LENGTH = 16
UID_LENGTH = 64
VERSION_NAME_LENGTH = 16
SMALLEST_PDU = 8
"""Bytes a P-DATA-TF needs for a PDV header and the shortest fragment: 4 + 1 + 1 + 2 (PS3.8 9.3.5.1, E.1)."""
_DIGITS = re.compile(r"[0-9]+\Z")


def check_ae_title(text: str) -> str | None:
    """PS3.8 9.3.2, PS3.5 6.2: 1 to 16 characters of the default repertoire without backslash and control characters.

    Leading and trailing spaces do not count.
    """
    title = text.strip(" ")
    if not title:
        return "An AE title needs at least one character that is not a space."
    if len(title) > AE_TITLE_LENGTH:
        return f"An AE title has at most {AE_TITLE_LENGTH} characters; this one has {len(title)}."
    bad = next((c for c in title if not " " <= c <= "~" or c == "\\"), None)
    return None if bad is None else f"An AE title cannot contain {name_character(bad)}."


def check_uid(text: str) -> str | None:
    """PS3.5 9.1, PS3.8 Annex F: digits in components joined by dots, no leading zeros, at most 64 characters."""
    if not text:
        return "A UID cannot be empty."
    bad = next((c for c in text if c not in "0123456789."), None)
    if bad is not None:
        return f"A UID has digits and dots only; this one has {name_character(bad)}."
    if len(text) > UID_LENGTH:
        return f"A UID has at most {UID_LENGTH} characters; this one has {len(text)}."
    for component in text.split("."):
        if not component:
            return "A UID has a number before and after every dot."
        if component[0] == "0" and component != "0":
            return f"A UID's numbers have no leading zeros; this one has {component}."
    return None


def check_version_name(text: str) -> str | None:
    """Implementation version name, PS3.7 D.3.3.2.3: at most 16 characters of the basic repertoire. "" leaves it out."""
    if len(text) > VERSION_NAME_LENGTH:
        return f"A version name has at most {VERSION_NAME_LENGTH} characters; this one has {len(text)}."
    bad = next((c for c in text if not " " <= c <= "~"), None)
    return None if bad is None else f"A version name cannot contain {name_character(bad)}."


def check_host(text: str) -> str | None:
    """A host name, IPv4 or IPv6 address; whether it exists shows when connecting."""
    host = text.strip()
    if not host:
        return "A host name or address is needed."
    if any(c.isspace() for c in host):
        return "A host name or address has no spaces in it."
    if "://" in host:
        return "Only the host name or address is needed, without a protocol in front."
    if host.count(":") == 1:
        return "The port has its own field; leave it out of the host."
    bad = next((c for c in host if c in '/\\?#@<>"'), None)
    return None if bad is None else f"A host name or address cannot contain {name_character(bad)}."


def check_maximum_length(text: str | int) -> str | None:
    """Maximum length received, PS3.8 D.1: 0 is no limit; below 8 bytes no fragment fits."""
    number = str(text).strip()
    if not _DIGITS.match(number) or len(number) > 10 or int(number) > 0xFFFFFFFF:
        return "A maximum length is a number of bytes from 0 (no limit) to 4294967295."
    if 0 < int(number) < SMALLEST_PDU:
        return f"A maximum length below {SMALLEST_PDU} bytes leaves no room for data; 0 means no limit."
    return None


def name_character(character: str) -> str:
    """A character for a sentence: "\\", or its code when it cannot be seen."""
    if character == " ":
        return "a space"
    if character.isprintable():
        return f"“{character}”"
    return f"the character {ord(character):02X}H"
