"""What another implementation encodes is understood and encoded the same, and the other way round."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from pynetdicom import pdu as theirs
from pynetdicom.pdu_primitives import (
    A_ASSOCIATE,
    A_P_ABORT,
    AsynchronousOperationsWindowNegotiation,
    ImplementationClassUIDNotification,
    ImplementationVersionNameNotification,
    MaximumLengthNotification,
    SCP_SCU_RoleSelectionNegotiation,
    SOPClassCommonExtendedNegotiation,
    SOPClassExtendedNegotiation,
    UserIdentityNegotiation,
)
from pynetdicom.presentation import PresentationContext

from engine.standard import pdus as rows
from engine.wire.pdus import decode_pdu, encode_pdu, first, strip, user_items

VERIFICATION = "1.2.840.10008.1.1"
IMPLICIT = "1.2.840.10008.1.2"


def user_information(identity: Any) -> list[Any]:
    length, uid, version = (
        MaximumLengthNotification(),
        ImplementationClassUIDNotification(),
        ImplementationVersionNameNotification(),
    )
    length.maximum_length_received = 16382
    uid.implementation_class_uid = "1.2.3"
    version.implementation_version_name = "VERSION"
    window, role = AsynchronousOperationsWindowNegotiation(), SCP_SCU_RoleSelectionNegotiation()
    window.maximum_number_operations_invoked, window.maximum_number_operations_performed = 2, 3
    role.sop_class_uid, role.scu_role, role.scp_role = VERIFICATION, False, True
    extended, common = SOPClassExtendedNegotiation(), SOPClassCommonExtendedNegotiation()
    extended.sop_class_uid, extended.service_class_application_information = VERIFICATION, b"\1\0"
    common.sop_class_uid, common.service_class_uid = VERIFICATION, "1.2.840.10008.4.2"
    common.related_general_sop_class_identification = ["1.2.3", "1.2.3.44"]
    return [length, uid, version, window, role, extended, common, identity]


def associate_request() -> A_ASSOCIATE:
    primitive = A_ASSOCIATE()
    primitive.application_context_name = "1.2.840.10008.3.1.1.1"
    primitive.calling_ae_title, primitive.called_ae_title = "ME", "YOU"
    context = PresentationContext()
    context.context_id, context.abstract_syntax, context.transfer_syntax = 1, VERIFICATION, [IMPLICIT]
    primitive.presentation_context_definition_list = [context]
    identity = UserIdentityNegotiation()
    identity.user_identity_type, identity.primary_field, identity.secondary_field = 2, b"user", b"pass"
    identity.positive_response_requested = True
    primitive.user_information = user_information(identity)
    return primitive


def test_their_association_request_is_understood_and_encodes_the_same() -> None:
    request = theirs.A_ASSOCIATE_RQ()
    request.from_primitive(associate_request())
    data = request.encode()
    ours = decode_pdu(data)
    assert isinstance(ours, rows.AssociateRQ)
    assert (strip(ours.called_ae_title), strip(ours.calling_ae_title)) == ("YOU", "ME")
    items = user_items(ours)
    assert first(items, rows.MaximumLength) == rows.MaximumLength(16382)
    assert first(items, rows.AsyncOperationsWindow) == rows.AsyncOperationsWindow(2, 3)
    assert first(items, rows.RoleSelection) == rows.RoleSelection(VERIFICATION, 0, 1)
    assert first(items, rows.UserIdentityRQ) == rows.UserIdentityRQ(2, 1, b"user", b"pass")
    common = first(items, rows.SopClassCommonExtendedNegotiation)
    assert common is not None
    assert common.related_general == ("1.2.3", "1.2.3.44")
    assert not any(isinstance(i, rows.MalformedItem | rows.UnknownItem) for i in (*ours.items, *items))
    assert encode_pdu(ours) == data


OURS: list[tuple[rows.Pdu, Any]] = [
    (rows.AssociateRJ(result=2, source=3, reason=2), theirs.A_ASSOCIATE_RJ),
    (rows.PDataTF((rows.Pdv(1, 3, b"abcd"), rows.Pdv(1, 2, b"ef"))), theirs.P_DATA_TF),
    (rows.ReleaseRQ(), theirs.A_RELEASE_RQ),
    (rows.ReleaseRP(), theirs.A_RELEASE_RP),
    (rows.AbortPdu(source=2, reason=6), theirs.A_ABORT_RQ),
    (
        rows.AssociateAC(
            called_ae_title="YOU",
            calling_ae_title="ME",
            items=(
                rows.ApplicationContext("1.2.840.10008.3.1.1.1"),
                rows.PresentationContextAC(1, result=0, items=(rows.TransferSyntax(IMPLICIT),)),
                rows.UserInformation(
                    (
                        rows.MaximumLength(0),
                        rows.ImplementationClassUID("1.2.3"),
                        rows.ImplementationVersionName("V"),
                        rows.UserIdentityAC(b"yes"),
                    )
                ),
            ),
        ),
        theirs.A_ASSOCIATE_AC,
    ),
]


@pytest.mark.parametrize(("ours", "their_class"), OURS, ids=[type(o).__name__ for o, _ in OURS])
def test_what_we_encode_they_decode_and_encode_the_same(ours: rows.Pdu, their_class: Any) -> None:
    data = encode_pdu(ours)
    pdu = their_class()
    pdu.decode(data)
    assert pdu.encode() == data


def test_their_abort_carries_the_reason() -> None:
    primitive = A_P_ABORT()
    primitive.provider_reason = 2
    abort = theirs.A_ABORT_RQ()
    abort.from_primitive(primitive)
    assert decode_pdu(abort.encode()) == rows.AbortPdu(source=2, reason=2)


def test_reading_and_writing_pdus_does_not_wait_for_pydicom() -> None:
    program = (
        "import sys, engine.wire.datasets, engine.wire.explain, engine.wire.framer, engine.wire.reassembly\n"
        "sys.exit('pydicom' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
