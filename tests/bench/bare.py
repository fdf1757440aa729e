"""The least a Python program can do: files sent, or received to disk, by a bare loop of system calls that checks
nothing and tells nothing. What an engine in this interpreter and on this machine cannot be quicker than.

`python -m tests.bench.bare store FOLDER --port P --pdu N` prints one JSON line: seconds and CPU seconds;
`python -m tests.bench.bare serve FOLDER` its port.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import struct
import time
from functools import lru_cache
from pathlib import Path

from engine.services.responses import request_of
from engine.standard import pdus as std
from engine.wire.commands import encode_command
from engine.wire.file_writing import meta_pieces
from engine.wire.fragments import fragment_size
from engine.wire.pdu_encoding import encode_pdu
from engine.wire.pdus import all_of, decode_pdu, first

from .files import CT_IMAGE, EXPLICIT

ROOM, LARGEST_PDU = 1 << 21, 1 << 18
AT_ONCE = 1024
"""Buffers in one system call."""
HEADERS = 12
_headers = struct.Struct(">BBIIBB").pack
_header = struct.Struct(">2xIIBB").unpack_from
_COMMAND, _LAST = 1, 2
_MESSAGE_ID, _INSTANCE, _MEDIA_STORAGE = b"\0\0\x10\1\2\0\0\0", b"\0\0\0\x10", b"\2\0\3\0UI"
"""What stands before the values: of (0000,0110), of the length of (0000,1000) and of that of (0002,0003)."""


def store(folder: Path, port: int, pdu: int) -> None:
    """Each file is a message, none sent before the one before it was answered."""
    paths = [str(path) for path in sorted(folder.iterdir())]
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(encode_pdu(std.AssociateRQ(called_ae_title="ANY", calling_ae_title="BARE", items=_proposed(pdu))))
        sock.recv(ROOM)
        begun, used = time.perf_counter(), time.process_time()
        _send(sock, paths, fragment_size(pdu))
        seconds, cpu = time.perf_counter() - begun, time.process_time() - used
        sock.sendall(encode_pdu(std.ReleaseRQ()))
        sock.recv(ROOM)
    print(json.dumps({"seconds": seconds, "cpu": cpu, "rss": 0.0}))


def _proposed(pdu: int) -> tuple[std.Item, ...]:
    syntaxes = std.AbstractSyntax(CT_IMAGE), std.TransferSyntax(EXPLICIT)
    context = std.PresentationContextRQ(id=1, items=syntaxes)
    user = std.UserInformation((std.MaximumLength(pdu), std.ImplementationClassUID("2.25.1")))
    return std.ApplicationContext("1.2.840.10008.3.1.1.1"), context, user


def _send(sock: socket.socket, paths: list[str], size: int) -> None:
    buffer = bytearray(ROOM)
    view, header = memoryview(buffer), _headers(std.PDataTF.TYPE, 0, size + 6, size + 2, 1, 0)
    for number, path in enumerate(paths, 1):
        file = os.open(path, os.O_RDONLY)
        end = os.readv(file, (view,))
        os.close(file)
        at = 144 + int.from_bytes(buffer[140:144], "little")  # behind the File Meta Information
        uid = buffer.index(_MEDIA_STORAGE, 144) + 8
        length = buffer[uid - 2]
        buffers: list[bytes | memoryview] = [_request(length, number & 0xFFFF), view[uid : uid + length]]
        while end - at > size:
            buffers += (header, view[at : at + size])
            at += size
        buffers += (_headers(std.PDataTF.TYPE, 0, end - at + 6, end - at + 2, 1, _LAST), view[at:end])
        for part in range(0, len(buffers), AT_ONCE):
            sock.sendmsg(buffers[part : part + AT_ONCE])
        sock.recv(ROOM)


@lru_cache(1 << 16)
def _request(length: int, number: int) -> bytes:
    """The P-DATA-TF of a C-STORE-RQ but for the value of its SOP Instance UID, the last of its elements."""
    request = request_of("C-STORE-RQ", AffectedSOPClassUID=CT_IMAGE, AffectedSOPInstanceUID="1" * length)
    return _command_pdu(encode_command(request.with_values(MessageID=number, CommandDataSetType=1)), 1)[:-length]


def _command_pdu(command: bytes, context: int) -> bytes:
    size = len(command)
    return _headers(std.PDataTF.TYPE, 0, size + 6, size + 2, context, _COMMAND | _LAST) + command


def serve(folder: Path, pdu: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(listening.getsockname()[1], flush=True)
        while True:
            sock, _ = listening.accept()
            with sock:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                request = decode_pdu(sock.recv(ROOM))
                assert isinstance(request, std.AssociateRQ)
                sock.sendall(encode_pdu(_accepted(request, pdu)))
                _receive(sock, f"{folder}/")


def _accepted(request: std.AssociateRQ, pdu: int) -> std.AssociateAC:
    """Every presentation context with its first transfer syntax."""
    accepted = []
    for proposed in all_of(request.items, std.PresentationContextRQ):
        syntax = first(proposed.items, std.TransferSyntax)
        assert syntax is not None
        accepted.append(std.PresentationContextAC(id=proposed.id, items=(syntax,)))
    user = std.UserInformation((std.MaximumLength(pdu), std.ImplementationClassUID("2.25.1")))
    return std.AssociateAC(
        called_ae_title=request.called_ae_title,
        calling_ae_title=request.calling_ae_title,
        items=(std.ApplicationContext("1.2.840.10008.3.1.1.1"), *accepted, user),
    )


def _receive(sock: socket.socket, folder: str) -> None:
    """One association: an instance is written when it is there, or the room is full."""
    buffer = bytearray(ROOM + LARGEST_PDU)
    view = memoryview(buffer)
    at = end = control = 0
    file, answer = -1, b""
    pieces: list[bytes | memoryview] = []
    while count := sock.recv_into(view[end:]):
        end += count
        if buffer[at] != std.PDataTF.TYPE:
            sock.sendall(encode_pdu(std.ReleaseRP()))
            return
        while end - at >= HEADERS:
            length, _, context, control = _header(buffer, at)
            begin, at = at, at + 6 + length
            if at > end:
                at, control = begin, 0
                break
            if control & _COMMAND:
                uid, answer = _asked(bytes(view[begin + HEADERS : at]), context)
                file = os.open(f"{folder}{uid}.dcm", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
                pieces = [*meta_pieces(EXPLICIT, CT_IMAGE, uid)]
            else:
                pieces.append(view[begin + HEADERS : at])
        if control == _LAST or end > ROOM:
            os.writev(file, pieces)
            pieces = []
            view[: end - at] = view[at:end]
            at, end = 0, end - at
            if control == _LAST:
                os.close(file)
                sock.sendall(answer)
                control = 0


def _asked(command: bytes, context: int) -> tuple[str, bytes]:
    """SOP Instance UID of a C-STORE-RQ, and the P-DATA-TF of its response."""
    number, uid = command.index(_MESSAGE_ID) + 8, command.rindex(_INSTANCE) + 8
    instance = command[uid : uid + command[uid - 4]]
    return instance.rstrip(b"\0").decode(), _response(len(instance), command[number : number + 2], context) + instance


@lru_cache(1 << 16)
def _response(length: int, number: bytes, context: int) -> bytes:
    """The same of a C-STORE-RSP."""
    request = request_of("C-STORE-RQ", AffectedSOPClassUID=CT_IMAGE, AffectedSOPInstanceUID="1" * length)
    answered = request.without(("MessageID", "Priority")).with_values(
        CommandField=0x8001,
        MessageIDBeingRespondedTo=int.from_bytes(number, "little"),
        CommandDataSetType=0x0101,
        Status=0,
    )
    return _command_pdu(encode_command(answered), context)[:-length]


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.bench.bare")
    parser.add_argument("work", choices=("store", "serve"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--pdu", type=int, default=131072)
    args = parser.parse_args()
    if args.work == "serve":
        serve(args.folder, args.pdu)
    else:
        store(args.folder, args.port, args.pdu)


if __name__ == "__main__":
    main()
