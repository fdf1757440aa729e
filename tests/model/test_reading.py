"""Files that are read whole: bounded, and never waited for where nobody could end it."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from engine.model.reading import is_file, is_folder, may_be_there, read_text_whole, read_whole

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


def test_looking_never_raises_and_nothing_is_taken_for_missing_that_only_hides(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("here", encoding="utf-8")
    assert (is_file(file), is_folder(file), may_be_there(file)) == (True, False, True)
    assert (is_file(tmp_path), is_folder(tmp_path), may_be_there(tmp_path)) == (False, True, True)
    gone = tmp_path / "gone"
    assert (is_file(gone), is_folder(gone), may_be_there(gone)) == (False, False, False)
    long = tmp_path / ("n" * 300)
    assert (is_file(long), is_folder(long), may_be_there(long)) == (False, False, True)
