"""Association PDUs: whatever arrives is judged, never raised on; particular cases of negotiation."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.conformance.association import check_abort, check_accept, check_reject, check_request
from engine.standard.pdus import (
    AbortPdu,
    AbstractSyntax,
    ApplicationContext,
    AssociateAC,
    AssociateRJ,
    AssociateRQ,
    AsyncOperationsWindow,
    ImplementationClassUID,
    MaximumLength,
    PDataTF,
    PresentationContextAC,
    PresentationContextRQ,
    RoleSelection,
    SopClassExtendedNegotiation,
    TransferSyntax,
    UserIdentityRQ,
    UserInformation,
)
from engine.wire.pdus import PduError, decode_pdu, encode_pdu
from tests.conformance.checking import check_pdata

CT = "1.2.840.10008.5.1.4.1.1.2"
IMPLICIT, EXPLICIT, JPEG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.50"
USER = (MaximumLength(maximum_length_received=0), ImplementationClassUID(uid="1.2.3"))


def request(*syntaxes: tuple[str, ...], user: tuple[object, ...] = ()) -> AssociateRQ:
    contexts = tuple(
        PresentationContextRQ(id=2 * i + 1, items=(AbstractSyntax(name=CT), *(TransferSyntax(name=s) for s in group)))
        for i, group in enumerate(syntaxes)
    )
    return AssociateRQ(
        called_ae_title="A",
        calling_ae_title="B",
        items=(ApplicationContext(name="1.2.840.10008.3.1.1.1"), *contexts, UserInformation(items=(*USER, *user))),  # type: ignore[arg-type]
    )


def answer(*results: tuple[int, str], user: tuple[object, ...] = ()) -> AssociateAC:
    contexts = tuple(
        PresentationContextAC(id=2 * i + 1, result=result, items=(TransferSyntax(name=syntax),))
        for i, (result, syntax) in enumerate(results)
    )
    return AssociateAC(
        called_ae_title="A",
        calling_ae_title="B",
        items=(ApplicationContext(name="1.2.840.10008.3.1.1.1"), *contexts, UserInformation(items=(*USER, *user))),  # type: ignore[arg-type]
    )


def test_the_default_syntax_may_be_in_another_context_of_the_class() -> None:
    assert check_request(request((JPEG,), (IMPLICIT,))) == []


def test_only_compressed_syntaxes_are_a_warning() -> None:
    (finding,) = check_request(request((JPEG,)))
    assert (finding.rule, finding.severity) == ("association.default-transfer-syntax", "warning")
    (finding,) = check_request(request((EXPLICIT,)))
    assert finding.severity == "error"
    assert "CT Image Storage" in finding.sentence


def test_the_syntax_of_a_refused_context_is_not_looked_at() -> None:
    assert [f.rule for f in check_accept(request((IMPLICIT,)), answer((3, "")))] == ["association.nothing-accepted"]


def test_all_contexts_of_a_class_must_be_refused_for_the_default_to_be() -> None:
    rq = request((JPEG,), (IMPLICIT,))
    assert check_accept(rq, answer((4, ""), (0, IMPLICIT))) == []
    rules = {f.rule for f in check_accept(rq, answer((4, ""), (4, "")))}
    assert "association.default-syntax-refused" in rules


@pytest.mark.parametrize(
    ("wanted", "got", "right"),
    [(0, 0, True), (0, 7, True), (5, 5, True), (5, 1, True), (5, 6, False), (5, 0, False)],
)
def test_windows(wanted: int, got: int, right: bool) -> None:
    rq = request((IMPLICIT,), user=(AsyncOperationsWindow(invoked=wanted, performed=1),))
    ac = answer((0, IMPLICIT), user=(AsyncOperationsWindow(invoked=got, performed=1),))
    assert (check_accept(rq, ac) == []) is right


@pytest.mark.parametrize("scu", [0, 1])
@pytest.mark.parametrize("scp", [0, 1])
def test_any_subset_of_the_proposed_roles_may_be_accepted(scu: int, scp: int) -> None:
    rq = request((IMPLICIT,), user=(RoleSelection(sop_class_uid=CT, scu_role=1, scp_role=1),))
    ac = answer((0, IMPLICIT), user=(RoleSelection(sop_class_uid=CT, scu_role=scu, scp_role=scp),))
    assert check_accept(rq, ac) == []


def test_storage_levels_are_not_options() -> None:
    rq = request((IMPLICIT,), user=(SopClassExtendedNegotiation(sop_class_uid=CT, information=b"\3\0\0\0\2\0"),))
    ac = answer((0, IMPLICIT), user=(SopClassExtendedNegotiation(sop_class_uid=CT, information=b"\2\0\0\0\1\0"),))
    assert check_request(rq) == []
    assert check_accept(rq, ac) == []


def test_secrets_are_never_in_a_finding() -> None:
    rq = request((IMPLICIT,), user=(UserIdentityRQ(type=1, primary=b"Rumpel", secondary=b"stiltskin"),))
    findings = check_request(rq)
    assert findings
    assert not any("stiltskin" in repr(f) or "Rumpel" in repr(f) for f in findings)


SEEDS = [
    encode_pdu(request((IMPLICIT, JPEG), user=(UserIdentityRQ(type=2, primary=b"a", secondary=b"b"),))),
    encode_pdu(answer((0, IMPLICIT), (3, ""), user=(AsyncOperationsWindow(invoked=1, performed=1),))),
    encode_pdu(AssociateRJ()),
    encode_pdu(AbortPdu()),
    bytes.fromhex("04000000000c 00000008 01 03 000000000000".replace(" ", "")),
]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A PDU with some bytes changed."""
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(0, 8))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data)


@settings(deadline=None, max_examples=300)
@given(damaged() | st.binary(max_size=200))
def test_no_pdu_makes_it_raise(data: bytes) -> None:
    try:
        pdu = decode_pdu(data)
    except PduError:
        return
    if isinstance(pdu, AssociateRQ):
        findings = check_request(pdu) + check_accept(pdu, answer((0, IMPLICIT)))
    elif isinstance(pdu, AssociateAC):
        findings = check_accept(request((IMPLICIT,)), pdu)
    elif isinstance(pdu, AssociateRJ):
        findings = check_reject(pdu)
    elif isinstance(pdu, AbortPdu):
        findings = check_abort(pdu)
    else:
        findings = check_pdata(pdu, maximum=16, contexts={1}) if isinstance(pdu, PDataTF) else []
    assert all(f.sentence and f.clause for f in findings)
