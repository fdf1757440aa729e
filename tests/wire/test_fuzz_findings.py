"""What fuzzing found in the codec, so that it stays mended."""

from __future__ import annotations

import pytest

from engine.model.dataset import EncodedData
from engine.standard.transfer_syntaxes import EXPLICIT_VR_BE, EXPLICIT_VR_LE, IMPLICIT_VR_LE
from engine.wire.datasets import DataSetError, decode_dataset, encode_dataset, transcode


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


ENCAPSULATED = b"\xe0\x7f\x10\0OB\0\0\xff\xff\xff\xff" + b"\xfe\xff\0\xe0\2\0\0\0\xff\xd8" + b"\xfe\xff\xdd\xe0\0\0\0\0"


def test_fragments_in_an_uncompressed_syntax_are_not_converted_to_big_endian() -> None:
    """A sender that lies about its transfer syntax: pydicom's ValueError came through."""
    with pytest.raises(DataSetError, match=r"Pixel Data .* another byte order"):
        transcode(EncodedData(ENCAPSULATED, EXPLICIT_VR_LE), EXPLICIT_VR_BE)
    data = transcode(EncodedData(ENCAPSULATED, EXPLICIT_VR_LE), IMPLICIT_VR_LE).data
    assert data == b"\xe0\x7f\x10\0\xff\xff\xff\xff" + ENCAPSULATED[12:]


@pytest.mark.parametrize("syntax", [IMPLICIT_VR_LE, EXPLICIT_VR_BE])
def test_pixel_data_of_undefined_length_without_any_fragment_is_converted_as_empty(syntax: str) -> None:
    made = transcode(EncodedData(ENCAPSULATED[:12] + ENCAPSULATED[-8:], EXPLICIT_VR_LE), syntax)
    (element,) = decode_dataset(made.data, syntax).elements
    assert not element.value
