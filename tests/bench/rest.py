"""Files to an Orthanc by its own REST interface, on one connection that is kept: what it can take without DICOM.

`python -m tests.bench.rest FOLDER PORT` prints seconds and processor time as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from http.client import HTTPConnection
from pathlib import Path


def main() -> None:
    folder, port = Path(sys.argv[1]), int(sys.argv[2])
    connection = HTTPConnection("127.0.0.1", port)
    used, begun = time.process_time(), time.perf_counter()
    for path in sorted(folder.iterdir()):
        connection.request("POST", "/instances", path.read_bytes(), {"Expect": "", "Content-Type": "application/dicom"})
        with connection.getresponse() as answer:
            told = answer.read()
            if answer.status != 200:
                raise SystemExit(f"{path}: {answer.status} {told!r}")
    seconds, cpu = time.perf_counter() - begun, time.process_time() - used
    connection.close()
    print(json.dumps({"seconds": seconds, "cpu": cpu, "rss": 0.0}))


if __name__ == "__main__":
    main()
