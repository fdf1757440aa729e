"""pynetdicom the way it is quickest, in a process of its own: logging off, no file parsed that need not be.

`python -m tests.bench.pynet WORK --port P ...` prints one JSON line: seconds and CPU seconds.
"""

from __future__ import annotations

import argparse
import gc
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pydicom.dataset import Dataset
from pynetdicom import AE, _config, evt
from pynetdicom.association import Association

_config.LOG_HANDLER_LEVEL = "none"
_config.STORE_SEND_CHUNKED_DATASET = True
_config.LOG_REQUEST_IDENTIFIERS = _config.LOG_RESPONSE_IDENTIFIERS = False
VERIFICATION, STUDY_ROOT = "1.2.840.10008.1.1", "1.2.840.10008.5.1.4.1.2.2.1"
CT_IMAGE, EXPLICIT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1"
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"


def work(args: argparse.Namespace) -> float:
    ae = AE()
    ae.maximum_pdu_size = args.pdu
    ae.add_requested_context({"store": CT_IMAGE, "find": STUDY_ROOT}.get(args.work, VERIFICATION), EXPLICIT)
    if args.work == "store":
        ae.add_requested_context(CT_IMAGE, JPEG_BASELINE)
    else:
        ae.requested_contexts[0].add_transfer_syntax("1.2.840.10008.1.2")
    if args.work == "open":
        begun = time.perf_counter()
        for _ in range(args.count):
            ae.associate("127.0.0.1", args.port, max_pdu=args.pdu).release()
        return time.perf_counter() - begun
    if args.work == "store":
        return each(ae, args, [lambda a, path=path: a.send_c_store(path) for path in sorted(args.folder.iterdir())])
    if args.work == "echo":
        return each(ae, args, [lambda a: a.send_c_echo()] * args.count)
    association = ae.associate("127.0.0.1", args.port, max_pdu=args.pdu)
    begun = time.perf_counter()
    keys = Dataset()
    keys.QueryRetrieveLevel = "STUDY"
    keys.PatientName = keys.StudyInstanceUID = ""
    assert sum(1 for _ in association.send_c_find(keys, STUDY_ROOT)) > args.count
    seconds = time.perf_counter() - begun
    association.release()
    return seconds


def each(ae: AE, args: argparse.Namespace, work: list[Callable[[Association], Dataset]]) -> float:
    """A response that comes quickly is lost now and then (3.0.4: "unexpected C-STORE service message"), and it waits
    for another until its time-out; the time of such a request is left out, and it is made again."""
    ae.dimse_timeout = 2.0
    association, seconds = None, 0.0
    for ask in work:
        done = False
        while not done:
            if association is None:
                association = ae.associate("127.0.0.1", args.port, max_pdu=args.pdu)
            begun = time.perf_counter()
            done = "Status" in ask(association)
            if done:
                seconds += time.perf_counter() - begun
            else:
                association.abort()
                association = None
    association.release()
    return seconds


def serve(args: argparse.Namespace) -> None:
    """Writes what it receives as files, the data set as it came; where it is received into a file, that is kept."""
    _config.STORE_RECV_CHUNKED_DATASET = args.chunked
    tempfile.tempdir = str(args.folder)

    def store(event: evt.Event) -> int:
        path = args.folder / f"{event.request.AffectedSOPInstanceUID}.dcm"
        if args.chunked:
            path.hardlink_to(event.dataset_path)  # its own name is taken away afterwards
        else:
            path.write_bytes(event.encoded_dataset())
        return 0

    ae = AE()
    ae.maximum_pdu_size = args.pdu
    ae.add_supported_context(CT_IMAGE, [EXPLICIT, JPEG_BASELINE])
    ae.add_supported_context(VERIFICATION)
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, store)])
    print(server.server_address[1], flush=True)
    while True:
        time.sleep(60)


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.bench.pynet")
    parser.add_argument("work", choices=("open", "echo", "store", "find", "serve"))
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--pdu", type=int, default=131072)
    parser.add_argument("--chunked", action="store_true", help="receive into a file, not into memory")
    args = parser.parse_args()
    if args.work == "serve":
        serve(args)
    else:
        gc.freeze()  # as ours
        used = time.process_time()
        seconds = work(args)
        print(json.dumps({"seconds": seconds, "cpu": time.process_time() - used, "rss": 0.0}))


if __name__ == "__main__":
    main()
