"""What fuzzing found in the codec, so that it stays mended."""

from __future__ import annotations

import pytest

from engine.model.dataset import EncodedData
from engine.standard.transfer_syntaxes import EXPLICIT_VR_BE, EXPLICIT_VR_LE
from engine.wire.datasets import decode_dataset, encode_dataset, transcode


@pytest.mark.parametrize(
    ("big", "little"),
    [
        (b"\0\x28\0\x06UL\0\x06\1\2\3\4\5\6", b"\x28\0\6\0UL\x06\0\4\3\2\1\5\6"),
        (b"\0\x70\0\x22FL\0\x06\1\2\3\4\5\6", b"\x70\0\x22\0FL\x06\0\4\3\2\1\5\6"),
        (b"\0\x28\0\x09AT\0\x06\1\2\3\4\5\6", b"\x28\0\x09\0AT\x06\0\2\1\4\3\6\5"),
    ],
)
def test_numbers_of_a_length_that_does_not_fit_keep_their_byte_order(big: bytes, little: bytes) -> None:
    """They were taken for little endian when read and turned when written: each save changed them."""
    decoded = decode_dataset(big, EXPLICIT_VR_BE)
    assert encode_dataset(decoded, EXPLICIT_VR_BE) == big
    assert encode_dataset(decoded, EXPLICIT_VR_LE) == little
    assert transcode(EncodedData(big, EXPLICIT_VR_BE), EXPLICIT_VR_LE).data == little
