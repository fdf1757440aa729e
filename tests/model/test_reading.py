"""Files that are read whole: bounded, and never waited for where nobody could end it."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from engine.model.reading import read_text_whole, read_whole

POSIX = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no such files here")


def test_a_file_has_at_most_so_many_bytes(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(100))
    assert read_whole(path, 100) == bytes(100)
    assert read_whole(path, 100, pipes=True) == bytes(100)
    for pipes in (False, True):
        with pytest.raises(OSError, match="more than 99 bytes"):
            read_whole(path, 99, pipes=pipes)


def test_lines_end_as_they_do_in_text(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"a\r\nb\rc\n\xc3\xa9")
    assert read_text_whole(path, 100) == path.read_text(encoding="utf-8") == "a\nb\nc\né"


@POSIX
def test_a_pipe_is_read_only_where_it_may_be_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(OSError, match="no regular file"):
        read_whole(path, 100)
    writer = threading.Thread(target=path.write_bytes, args=(b"passcode",))
    writer.start()
    assert read_whole(path, 100, pipes=True) == b"passcode"
    writer.join()


@POSIX
def test_a_device_that_never_ends_is_bounded() -> None:
    with pytest.raises(OSError, match="no regular file"):
        read_whole(Path("/dev/zero"), 100)
    with pytest.raises(OSError, match="more than 100 bytes"):
        read_whole(Path("/dev/zero"), 100, pipes=True)


def test_a_folder_is_none(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError if os.name == "posix" else PermissionError):
        read_whole(tmp_path, 100)
