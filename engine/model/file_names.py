"""Names of files made from what somebody else chose: they stay in their folder, and every system takes them."""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256

LOCAL, PEERS, CONTEXTS = "local.toml", "peers.toml", "contexts.toml"
LISTENER, WAIVERS, FAULTS = "listener.toml", "waivers.toml", "faults.toml"
OF_WORKSPACE = frozenset({LOCAL, PEERS, CONTEXTS, LISTENER, WAIVERS, FAULTS})
"""Files of every workspace, whose names tell nothing of anybody."""
LONGEST = 80
"""Bytes of a stem: systems take names of 255, Windows paths of 260 in all, and a suffix follows."""
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com\d|lpt\d)(?=$|[. ])", re.IGNORECASE)
"""Windows takes these for devices, whatever suffix they have."""
is_plain_uid = re.compile(r"[0-9][0-9.]{0,63}", re.ASCII).fullmatch
"""Tells a UID that is the name of a file as it is."""


def file_stem(text: str, otherwise: str = "untitled") -> str:
    """A title as the name of a file, without suffix: letters, digits, spaces, "_", "-" and "."; `otherwise` where none
    of them is left.

    What looks like one of these is taken for it (NFKC), so that no other writing of a dot or slash gets through.
    """
    plain = re.sub(r"[^\w .-]+", "-", unicodedata.normalize("NFKC", text))
    stem = _cut(plain.strip(" .-")).rstrip(" .-")
    return _RESERVED.sub(r"\1-", stem, count=1) if _RESERVED.match(stem) else stem or otherwise


def uid_stem(uid: str, otherwise: str) -> str:
    """A UID as the name of a file, without suffix: itself when it is digits and dots, else `otherwise` and a hash, so
    that unequal ones never share a file."""
    if is_plain_uid(uid):
        return uid
    return f"{otherwise}-{sha256(uid.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def _cut(text: str) -> str:
    """Its first `LONGEST` bytes, whole characters."""
    return text.encode("utf-8", "replace")[:LONGEST].decode("utf-8", "ignore")
