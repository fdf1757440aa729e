"""Faults of how messages are cut into P-DATA-TF PDUs."""

from __future__ import annotations

from .base import MESSAGES, Fault, Kind, Parameter, Seam


def _row(name: str, sentence: str, clause: str, expected: str, *parameters: Parameter) -> Fault:
    return Fault(name, Seam.PDU, MESSAGES, sentence, clause, expected, parameters)


ROWS: tuple[Fault, ...] = (
    _row(
        "wrong-context",
        "Sends it on a presentation context that was not accepted.",
        "PS3.8 9.3.5.1, E.1",
        "aborts, and says on which context it came",
        Parameter("id", Kind.NUMBER, 253, "Presentation-context-ID", 255),
    ),
    _row(
        "small-fragments",
        "Cuts it into fragments of this size.",
        "PS3.8 E.1",
        "puts them together",
        Parameter("bytes", Kind.NUMBER, 2, "bytes of a fragment", 65534, 1),
    ),
    _row(
        "maximum-ignored",
        "Sends one P-DATA-TF larger than any Maximum Length, its command set filled up with an unknown element.",
        "PS3.8 D.1",
        "aborts, or says that its maximum was ignored",
        Parameter("bytes", Kind.NUMBER, 200000, "size of the P-DATA-TF at least", 1000000, 1),
    ),
    _row("empty-fragment", "Sends a fragment of no bytes before each.", "PS3.8 9.3.5.1, E.2", "takes it for nothing"),
    _row("packed-fragments", "Puts two fragments into each P-DATA-TF.", "PS3.8 E.1", "takes both"),
    _row(
        "last-missing",
        "Marks no fragment as the last one.",
        "PS3.8 E.2",
        "waits for the last one until its timer ends, then aborts",
    ),
    _row(
        "last-early",
        "Marks a fragment as the last one that is not.",
        "PS3.8 E.2",
        "says that the command set is cut short",
    ),
    _row(
        "marked-as-data",
        "Marks the command set's fragments as data.",
        "PS3.8 E.2",
        "aborts: data without a command set",
    ),
    _row(
        "interleaved",
        "Mixes the fragments with those of a message on another context.",
        "PS3.8 E.1",
        "aborts, or keeps the two apart",
    ),
    _row(
        "fragment-too-long",
        "Writes an Item-length larger than the fragment.",
        "PS3.8 9.3.5.1",
        "aborts with reason 6",
        Parameter("by", Kind.NUMBER, 16, "bytes too many", 0xFFFFFF, 1),
    ),
    _row(
        "fragment-too-short",
        "Writes an Item-length smaller than the fragment.",
        "PS3.8 9.3.5.1",
        "aborts with reason 6",
        Parameter("by", Kind.NUMBER, 4, "bytes too few", 0xFFFFFF, 1),
    ),
    _row(
        "no-fragment",
        "Sends a P-DATA-TF without any fragment first.",
        "PS3.8 9.3.5",
        "aborts with reason 6, or ignores it",
    ),
    _row(
        "control-bits", "Sets bits of the message control header that mean nothing.", "PS3.8 E.2", "does not test them"
    ),
)
