"""pynetdicom in a process of its own, as user of our built-in peer and as provider of ours, counting for itself.

`python -m tests.bench.endurance.pynet` prints its port, then does what each line of JSON asks and answers with a line:
{"port": P, "title": T, "files": [...]} is a user's conversation, {"title": T} asks for what the provider exchanged with
that caller.
"""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydicom import dcmread
from pynetdicom import AE, _config, build_role, evt

from tests.interop.normalized_peers import FILM_SESSION, GRAYSCALE_META, MPPS, PRINTER, PRINTER_INSTANCE, made
from tests.interop.peers import VERIFICATION, pynetdicom_scp

_config.LOG_HANDLER_LEVEL = "none"
CT, STUDY_FIND, STUDY_GET = (
    "1.2.840.10008.5.1.4.1.1.2",
    "1.2.840.10008.5.1.4.1.2.2.1",
    "1.2.840.10008.5.1.4.1.2.2.3",
)
EXPLICIT = "1.2.840.10008.1.2.1"
ECHOES = 5
SECONDS = 60.0


class Count:
    """Messages by (sent or received, name)."""

    def __init__(self) -> None:
        self.sent: Counter[str] = Counter()
        self.received: Counter[str] = Counter()

    @property
    def handlers(self) -> list[tuple[Any, ...]]:
        return [
            (evt.EVT_DIMSE_SENT, lambda event: self.sent.update([_name(event)])),
            (evt.EVT_DIMSE_RECV, lambda event: self.received.update([_name(event)])),
        ]

    @property
    def told(self) -> dict[str, dict[str, int]]:
        return {"sent": dict(self.sent), "received": dict(self.received)}


def _name(event: Any) -> str:
    return type(event.message).__name__.replace("_", "-")


def use(port: int, title: str, files: list[str]) -> Count:
    """Echo, store, query, retrieve and a film session on one association with our built-in peer."""
    count = Count()
    ae = AE(ae_title=title)
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = SECONDS
    for uid in (VERIFICATION, CT, STUDY_FIND, STUDY_GET, GRAYSCALE_META):
        ae.add_requested_context(uid, EXPLICIT)
    handlers = [*count.handlers, (evt.EVT_C_STORE, lambda event: 0x0000)]
    assoc = ae.associate(
        "127.0.0.1", port, evt_handlers=handlers, ext_neg=[build_role(CT, scu_role=True, scp_role=True)]
    )
    if not assoc.is_established:
        return count
    for _ in range(ECHOES):
        assoc.send_c_echo()
    for path in files:
        assoc.send_c_store(path)
    study = str(dcmread(files[0], stop_before_pixels=True).StudyInstanceUID)
    list(assoc.send_c_find(made(QueryRetrieveLevel="STUDY", StudyInstanceUID="", PatientName=""), STUDY_FIND))
    list(assoc.send_c_get(made(QueryRetrieveLevel="STUDY", StudyInstanceUID=study), STUDY_GET))
    assoc.send_n_get([0x21100010], PRINTER, PRINTER_INSTANCE, meta_uid=GRAYSCALE_META)
    session = f"1.2.826.0.1.3680043.8.498.7.{sum(title.encode())}.{len(title)}"
    assoc.send_n_create(made(NumberOfCopies="1"), FILM_SESSION, session, meta_uid=GRAYSCALE_META)
    assoc.send_n_delete(FILM_SESSION, session, meta_uid=GRAYSCALE_META)
    assoc.release()
    return count


def main() -> None:
    held: dict[str, Count] = defaultdict(Count)

    def counting(event: Any) -> None:
        count = held[event.assoc.requestor.ae_title]
        (count.sent if event.event is evt.EVT_DIMSE_SENT else count.received).update([_name(event)])

    handlers = [
        (evt.EVT_DIMSE_SENT, counting),
        (evt.EVT_DIMSE_RECV, counting),
        (evt.EVT_C_STORE, lambda event: 0x0000),
        (evt.EVT_N_CREATE, lambda event: (0x0000, event.attribute_list)),
        (evt.EVT_N_SET, lambda event: (0x0000, event.modification_list)),
        (evt.EVT_N_GET, lambda event: (0x0000, made(PrinterStatus="NORMAL"))),
        (evt.EVT_N_DELETE, lambda event: 0x0000),
    ]
    with (
        TemporaryDirectory() as folder,
        pynetdicom_scp(Path(folder), [VERIFICATION, CT, GRAYSCALE_META, MPPS], handlers) as peer,
    ):
        print(peer.port, flush=True)
        for line in sys.stdin:
            asked = json.loads(line)
            title = asked["title"]
            count = use(asked["port"], title, asked["files"]) if "port" in asked else held.pop(title, Count())
            print(json.dumps(count.told), flush=True)


if __name__ == "__main__":
    main()
