"""Targets of `engine.wire`: what any bytes may do to PDUs, fragments, command sets and data sets."""

from __future__ import annotations

import contextlib
import json
import zlib

from engine.conformance.instances import cut_short
from engine.model.dataset import EncodedData
from engine.standard.pdus import PDataTF
from engine.wire.commands import CommandError, decode_command, decode_command_spans, encode_command
from engine.wire.datasets import (
    DataSetError,
    dataset_from_json,
    dataset_to_json,
    decode_dataset,
    encode_dataset,
    transcode,
)
from engine.wire.element_walk import walk_of
from engine.wire.explain import explain_pdu
from engine.wire.explain_command import explain_command
from engine.wire.fragments import fragment
from engine.wire.framer import Framer
from engine.wire.issues import Issue
from engine.wire.pdus import PduError, decode_pdu, encode_pdu, iter_pdvs
from engine.wire.reassembly import FragmentError, Reassembler

from . import talks
from .target import Target

IMPLICIT, EXPLICIT, BIG_ENDIAN, DEFLATED, JPEG = (
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.2",
    "1.2.840.10008.1.2.1.99",
    "1.2.840.10008.1.2.4.50",
)
SYNTAXES = (IMPLICIT, EXPLICIT, BIG_ENDIAN, DEFLATED, JPEG, "1.2.3.4")
UNCOMPRESSED = SYNTAXES[:4]


def pdu(data: bytes) -> None:
    """PduError, or a PDU that encodes to what decodes to the same."""
    try:
        decoded = decode_pdu(data)
    except PduError:
        return
    assert decode_pdu(encode_pdu(decoded)) == decoded, "a decoded PDU is not what its own encoding decodes to"


def fragments(data: bytes) -> None:
    """The first byte says into what portions the stream is cut."""
    if not data:
        return
    size = data[0] * 3 or len(data)
    framer, reassembler = Framer(), Reassembler(command_limit=1 << 14, message_limit=1 << 16)
    try:
        for start in range(1, len(data), size):
            for whole in framer.feed(data[start : start + size]):
                if whole[0] == PDataTF.TYPE:
                    for message in reassembler.feed(iter_pdvs(whole)):
                        assert message.data_length == len(message.data or b"")
    except (PduError, FragmentError):
        return
    assert framer.pending <= len(data)
    reassembler.discard()


def sent_fragments(data: bytes) -> None:
    """What is cut under any maximum length comes together again."""
    if len(data) < 4:
        return
    maximum, split = int.from_bytes(data[:2], "big"), data[2] + 4
    command, content = data[4:split], data[split:]
    follows = decode_command(command).has_data_set
    reassembler = Reassembler()
    messages = []
    for buffers in fragment(data[3], command, (content,) if follows else None, maximum, pack=bool(data[3] & 1)):
        messages += reassembler.feed(iter_pdvs(b"".join(bytes(b) for b in buffers)))
    (message,) = messages
    assert message.command_bytes == command
    assert message.data == (content if follows else None)


def command(data: bytes) -> None:
    """Never raises; what was decoded encodes to what decodes to the same."""
    decoded, spans, _ = decode_command_spans(data)
    assert len(decoded.elements) == len(spans)
    assert decoded == decode_command(data)
    with contextlib.suppress(CommandError):
        again = decode_command(encode_command(decoded))
        assert again == decode_command(encode_command(again)), "a command set changes each time it is encoded"


def explained(data: bytes) -> None:
    """Never raises."""
    for tree in (explain_pdu(data), explain_command(data)):
        nodes = [tree]
        while nodes:
            node = nodes.pop()
            assert 0 <= node.start <= node.end <= len(data), "a node outside its bytes"
            nodes += node.children


def data_set(data: bytes) -> None:
    """The first byte chooses the transfer syntax. DataSetError, or a data set that stays what it is."""
    if not data:
        return
    _data_set(data[1:], SYNTAXES[data[0] % len(SYNTAXES)])


def deflated(data: bytes) -> None:
    """The first byte says whether the rest is deflated here, so that what is inflated is fuzzed too."""
    if not data:
        return
    content = data[1:]
    if data[0] & 1:
        packer = zlib.compressobj(1, wbits=-zlib.MAX_WBITS)
        content = packer.compress(content * (1 + (data[0] >> 4))) + packer.flush()
    _data_set(content, DEFLATED)


def _cut(content: bytes, syntax: str, size: int) -> str:
    """What is told to be cut of a data set that comes in pieces of this size."""
    walk = walk_of(syntax)
    if walk is None:
        return ""
    for start in range(0, len(content), size):
        piece = memoryview(content)[start : start + size]
        if not walk.skips(len(piece)):
            walk.feed(piece)
    return cut_short(walk)


def _data_set(content: bytes, syntax: str) -> None:
    issues: list[Issue] = []
    cut = _cut(content, syntax, max(1, len(content)))
    assert cut == _cut(content, syntax, 1 + len(content) % 13), "pieces make a difference"
    try:
        lenient = decode_dataset(content, syntax, issues)
        decoded = decode_dataset(content, syntax)
    except DataSetError:
        assert issues or syntax == DEFLATED, "an error in one reading is no issue in the other"
        return
    assert decoded == lenient and not issues
    assert not cut, "a data set that can be read is told to be cut"
    json.dumps(dataset_to_json(decoded))
    with contextlib.suppress(DataSetError):
        encoded = encode_dataset(decoded, syntax)
        again = encode_dataset(decode_dataset(encoded, syntax), syntax)
        if again != encoded:  # padding and lengths may become what they must be, once
            assert encode_dataset(decode_dataset(again, syntax), syntax) == again, "a data set changes each time"
    target = UNCOMPRESSED[len(content) % len(UNCOMPRESSED)]
    with contextlib.suppress(DataSetError):
        transcode(EncodedData(content, syntax), target)


def dicom_json(data: bytes) -> None:
    """Text that JSON reads, as a data set: DataSetError, or one that is the same again through JSON."""
    try:
        given = json.loads(data)
    except (ValueError, RecursionError):
        return
    try:
        decoded = dataset_from_json(given)
        again = json.loads(json.dumps(dataset_to_json(decoded)))
        assert dataset_to_json(dataset_from_json(again)) == again, "DICOM JSON changes each time"
        encode_dataset(decoded, EXPLICIT)
    except DataSetError:
        return


# --- seeds --------------------------------------------------------------------------------------------------------


def _streams() -> list[bytes]:
    """All P-DATA-TF PDUs of each side of a conversation, one behind the other."""
    made = []
    for number, talk in enumerate(talks.talks()):
        for side in (True, False):
            stream = b"".join(p for asked, p in talks.pdus_of(talk) if asked is side and p[0] == PDataTF.TYPE)
            if stream:
                made.append(bytes([number * 7 % 256]) + stream)
    return made


def _messages() -> list[bytes]:
    return [
        b"\x01\x00" + bytes([len(command), number % 128 * 2 + 1]) + command + (content or b"")
        for talk in talks.talks()
        for number, (command, content) in enumerate(talks.messages_of(talk))
        if len(command) < 256
    ]


def plain_data_sets() -> list[bytes]:
    """Each in every syntax it can be had in, with the byte that names it."""
    found = []
    for content in talks.data_sets():
        for syntax in (EXPLICIT, IMPLICIT, BIG_ENDIAN):
            with contextlib.suppress(DataSetError):
                decoded = decode_dataset(content, syntax)
                if len(decoded.elements) and encode_dataset(decoded, syntax) == content:
                    for target in range(4):
                        with contextlib.suppress(DataSetError):
                            found.append(bytes([target]) + encode_dataset(decoded, SYNTAXES[target]))
                    break
    return [
        *sorted(set(found), key=lambda d: (len(d), d)),
        *(path.read_bytes() for path in sorted((talks.SEEDS / "data-sets").iterdir())),
    ]


def _deflated() -> list[bytes]:
    plain = [b"\x01" + d[1:] for d in plain_data_sets() if d[0] == 1]
    return plain + [b"\x00" + d[1:] for d in plain_data_sets() if d[0] == 3]


def _json() -> list[bytes]:
    made = []
    for content in plain_data_sets():
        with contextlib.suppress(DataSetError):
            decoded = decode_dataset(content[1:], SYNTAXES[content[0] % len(SYNTAXES)])
            made.append(json.dumps(dataset_to_json(decoded), indent=0).encode())
    return sorted({m for m in made if len(m) < 6000}, key=lambda m: (len(m), m))


TARGETS = (
    Target("pdu", pdu, talks.pdus, 2048),
    Target("fragments", fragments, _streams, 8192),
    Target("sent-fragments", sent_fragments, _messages, 2048),
    Target("command", command, talks.commands, 1024),
    Target("explain", explained, lambda: talks.pdus() + talks.commands(), 2048),
    Target("data-set", data_set, plain_data_sets, 2048),
    Target("deflated", deflated, _deflated, 1024),
    Target("dicom-json", dicom_json, _json, 4096, text=True),
)
