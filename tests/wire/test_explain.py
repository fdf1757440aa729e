"""Bytes explained: every byte in exactly one leaf, the Standard's names, meanings in words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.command_set import CommandSet
from engine.standard import pdus as rows
from engine.standard.pdus import ITEMS, PDUS, Kind, Pdv, UnknownItem, rows_of
from engine.wire.commands import encode_command
from engine.wire.explain import Node, explain_command, explain_pdu
from engine.wire.pdus import encode_pdu

VERIFICATION = "1.2.840.10008.1.1"


def check_spans(node: Node) -> None:
    assert node.start <= node.end
    if node.children:
        assert node.children[0].start == node.start
        assert node.children[-1].end == node.end
        for left, right in zip(node.children, node.children[1:], strict=False):
            assert left.end == right.start
        for child in node.children:
            check_spans(child)


def walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from walk(child)


def find(node: Node, label: str) -> Node:
    return next(n for n in walk(node) if n.label == label)


REQUEST = rows.AssociateRQ(
    called_ae_title="ANY-SCP",
    calling_ae_title="TESTER",
    items=(
        rows.ApplicationContext("1.2.840.10008.3.1.1.1"),
        rows.PresentationContextRQ(
            1, items=(rows.AbstractSyntax(VERIFICATION), rows.TransferSyntax("1.2.840.10008.1.2\0"))
        ),
        rows.UserInformation(
            (
                rows.MaximumLength(16384),
                rows.ImplementationClassUID("1.2.3"),
                rows.AsyncOperationsWindow(1, 1),
                rows.RoleSelection(VERIFICATION, 1, 1),
                rows.ImplementationVersionName("V1"),
                rows.SopClassExtendedNegotiation(VERIFICATION, b"\1"),
                rows.SopClassCommonExtendedNegotiation(VERIFICATION, "1.2", ("1.3", "1.4")),
                rows.UserIdentityRQ(2, 1, b"user", b"secret"),
                UnknownItem(0x99, b"??"),
            )
        ),
    ),
)
ANSWER = rows.AssociateAC(
    items=(
        rows.PresentationContextAC(1, result=3, items=(rows.TransferSyntax(""),)),
        rows.UserInformation((rows.UserIdentityAC(b"ticket"),)),
    )
)


def labels_of(*classes: type[rows.Layout]) -> set[str]:
    listed = (Kind.ITEMS, Kind.PDVS)
    names = [row for cls in classes for _, row in rows_of(cls) if row.kind not in listed]
    return {r.name for r in names} | {r.length_name for r in names if r.length_name} | {c.NAME for c in classes}


def test_one_row_one_node_for_every_pdu_and_item() -> None:
    others = (
        rows.AssociateRJ(),
        rows.PDataTF((Pdv(1, 0, b"ab"),)),
        rows.ReleaseRQ(),
        rows.ReleaseRP(),
        rows.AbortPdu(),
    )
    shown = set()
    for pdu in (REQUEST, ANSWER, *others):
        tree = explain_pdu(encode_pdu(pdu))
        check_spans(tree)
        shown |= {n.label for n in walk(tree)}
    assert labels_of(*PDUS.values(), *ITEMS.values(), Pdv) - {"Reserved"} <= shown


def test_names_meanings_and_marks_are_in_words() -> None:
    tree = explain_pdu(encode_pdu(REQUEST))
    assert tree.value == "ANY-SCP, TESTER"
    assert find(tree, "Abstract-syntax-name").value == f"{VERIFICATION} (Verification SOP Class)"
    assert "padded with NUL" in find(tree, "Transfer-syntax-name").detail
    assert find(tree, "User-Identity-Type").value == "2 username and passcode"
    assert "to be ignored" in find(tree, "Unknown item").issue
    assert "1.2.840.10008.1.1" in find(tree, "SCP/SCU Role Selection Sub-Item").value
    answer = explain_pdu(encode_pdu(ANSWER))
    assert find(answer, "Result/Reason").value.startswith("3 abstract-syntax-not-supported")
    reject = explain_pdu(encode_pdu(rows.AssociateRJ(result=1, source=1, reason=7)))
    assert find(reject, "Reason/Diag.").value == "7 called-AE-title-not-recognized"
    assert find(explain_pdu(encode_pdu(rows.AbortPdu(source=9))), "Source").value == "unknown (9)"


@pytest.mark.parametrize(
    ("uid", "information", "told"),
    [
        (
            "1.2.840.10008.5.1.4.1.2.2.1",
            b"\1\0\7",
            [
                ("Relational-queries", "1 supported"),
                ("Date-time matching", "0 not supported"),
                ("Fuzzy semantic matching of person names", "7 (undefined)"),
            ],
        ),
        (
            "1.2.840.10008.5.1.4.31",
            b"\1\1\1\0\5",
            [
                ("Reserved", "01"),
                ("Reserved", "01"),
                ("Fuzzy semantic matching of person names", "1 supported"),
                ("Timezone query adjustment", "0 not supported"),
                ("More bytes", "05"),
            ],
        ),
        ("1.2.3", b"\1", []),
    ],
)
def test_options_of_extended_negotiation_are_told_byte_by_byte(
    uid: str, information: bytes, told: list[tuple[str, str]]
) -> None:
    item = rows.SopClassExtendedNegotiation(sop_class_uid=uid, information=information)
    pdu = rows.AssociateRQ(items=(rows.UserInformation(items=(item,)),))
    (found,) = [n for n in walk(explain_pdu(encode_pdu(pdu))) if n.label == "Service-class-application-information"]
    assert [(n.label, n.value) for n in found.children] == told
    assert found.value == information.hex(" ").upper()


@pytest.mark.parametrize("pdu", [REQUEST, ANSWER])
def test_secrets_are_not_put_into_words(pdu: rows.Pdu) -> None:
    text = str(explain_pdu(encode_pdu(pdu)))
    for secret in (b"user", b"secret", b"ticket"):
        assert secret.hex(" ").upper() not in text
    assert "secret" not in text


def test_a_whole_command_fragment_is_shown_by_element() -> None:
    command = encode_command(
        CommandSet.of(AffectedSOPClassUID=VERIFICATION, CommandField=0x8030, CommandDataSetType=0x101, Status=0x0122)
    )
    tree = explain_pdu(encode_pdu(rows.PDataTF((Pdv(1, 3, command), Pdv(1, 2, b"abcd")))))
    check_spans(tree)
    assert find(tree, "Message Control Header").value == "03H Command, last fragment"
    assert find(tree, "Command Set").value == "C-ECHO-RSP"
    assert "Verification" in find(tree, "(0000,0002) Affected SOP Class UID").value
    assert "0122H" in find(tree, "(0000,0900) Status").value
    assert find(tree, "(0000,0800) Command Data Set Type").value == "0101H no Data Set"
    assert find(tree, "Presentation-data-value").value == "61 62 63 64"


def test_what_is_odd_is_marked_where_it_is() -> None:
    broken = encode_pdu(rows.AssociateRQ(items=(rows.UserInformation((UnknownItem(0x51, b"\0"),)),)))
    tree = explain_pdu(broken)
    assert "needs 4 bytes" in find(tree, "Maximum Length Sub-Item").issue
    assert "only" not in find(tree, "User Information Item").issue
    assert "PDU-length is 9" in find(explain_pdu(encode_pdu(rows.ReleaseRQ(length=9))), "PDU-length").issue
    assert "needs" in explain_pdu(encode_pdu(REQUEST)[:20]).issue
    assert "HTTP" in explain_pdu(b"GET / HTTP/1.1").issue
    assert "6 bytes" in explain_pdu(b"\1").issue
    assert find(explain_pdu(encode_pdu(rows.ReleaseRQ()) + b"!"), "Bytes after the last field").issue
    assert "odd length" in explain_command(bytes.fromhex("0000020903000000") + b"abc").children[0].issue


def mutate(data: bytes, changes: list[tuple[int, int]]) -> bytes:
    out = bytearray(data)
    for place, byte in changes:
        out[place % len(out)] = byte
    return bytes(out)


CHANGES = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 255)), max_size=6)


@given(
    st.binary(max_size=200)
    | st.builds(mutate, st.sampled_from([encode_pdu(REQUEST), encode_pdu(ANSWER)]), CHANGES)
    | st.builds(
        lambda kind, body: bytes([kind, 0]) + len(body).to_bytes(4, "big") + body, st.integers(0, 8), st.binary()
    )
)
@settings(deadline=None, max_examples=300)
def test_any_bytes_are_explained_and_every_byte_is_in_one_leaf(data: bytes) -> None:
    for tree in (explain_pdu(data), explain_command(data)):
        assert (tree.start, tree.end) == (0, len(data))
        check_spans(tree)


def test_every_cut_of_a_pdu_is_explained() -> None:
    data = encode_pdu(REQUEST)
    for end in range(len(data)):
        check_spans(explain_pdu(data[:end]))


ITEM, PDV = b"\x20\0\0\0", b"\0\0\0\x02\1\3"


@pytest.mark.parametrize(
    "pdu",
    [
        b"\1\0" + (68 + 4 * 40_000).to_bytes(4, "big") + bytes(68) + ITEM * 40_000,
        b"\1\0" + (68 + 4 * 40_004).to_bytes(4, "big") + bytes(68) + (b"\x20\0\x9c\x40" + bytes(4) + ITEM * 9_999) * 4,
        b"\4\0" + (6 * 40_000).to_bytes(4, "big") + PDV * 40_000,
    ],
    ids=["items", "items in items", "PDVs"],
)
def test_of_very_many_items_the_first_are_explained(pdu: bytes) -> None:
    """All of them would hold up whoever looks at the PDU for seconds. What is left may hold a user identity."""
    tree = explain_pdu(pdu)
    check_spans(tree)
    assert sum(n.label in ("Presentation Context Item", Pdv.NAME) or "Unknown" in n.label for n in walk(tree)) <= 20_000
    assert find(tree, "More items").value.endswith("bytes, not shown")
    assert tree.end == len(pdu)
