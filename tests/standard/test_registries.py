"""SOP classes, transfer syntaxes, UIDs, attributes."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.datadict import get_entry, masks

from engine.standard import dictionary
from engine.standard.extended_negotiation import LAYOUTS
from engine.standard.messages import SERVICES
from engine.standard.sop_classes import search, services_of, sop_class, sop_classes
from engine.standard.transfer_syntaxes import (
    DEFLATED_LE,
    EXPLICIT_VR_BE,
    EXPLICIT_VR_LE,
    IMPLICIT_VR_LE,
    transfer_syntax,
    transfer_syntaxes,
)

VERIFICATION = "1.2.840.10008.1.1"


def test_every_sop_class_of_the_registry_is_there() -> None:
    from pydicom.uid import UID_dictionary

    registered = {uid for uid, row in UID_dictionary.items() if row[1] in ("SOP Class", "Meta SOP Class")}
    assert registered <= set(sop_classes())
    assert len(sop_classes()) >= 320


def test_sop_classes_in_use_all_have_a_service_class() -> None:
    unknown = [s.keyword for s in sop_classes().values() if not s.retired and not s.service_class]
    assert unknown == ["VOILUTBox"]


def test_services_are_services() -> None:
    for sop in sop_classes().values():
        assert {*sop.scu_invokes, *sop.scp_invokes} <= set(SERVICES)
        if sop.action_types:
            assert "N-ACTION" in sop.scu_invokes
        if sop.event_types:
            assert "N-EVENT-REPORT" in sop.scp_invokes


@pytest.mark.parametrize(
    ("keyword", "service_class", "scu", "scp"),
    [
        ("Verification", "Verification", ["C-ECHO"], []),
        ("CTImageStorage", "Storage", ["C-STORE"], []),
        ("HangingProtocolStorage", "Non-Patient Object Storage", ["C-STORE"], []),
        ("DICOSCTImageStorage", "Storage", ["C-STORE"], []),
        ("StudyRootQueryRetrieveInformationModelFind", "Query/Retrieve", ["C-FIND"], []),
        ("StudyRootQueryRetrieveInformationModelMove", "Query/Retrieve", ["C-MOVE"], []),
        ("PatientRootQueryRetrieveInformationModelGet", "Query/Retrieve", ["C-GET"], ["C-STORE"]),
        ("RepositoryQuery", "Query/Retrieve", ["C-FIND"], []),
        ("ModalityWorklistInformationModelFind", "Basic Worklist Management", ["C-FIND"], []),
        ("CardiacRelevantPatientInformationQuery", "Relevant Patient Information Query", ["C-FIND"], []),
        ("ModalityPerformedProcedureStep", "Procedure Step", ["N-CREATE", "N-SET"], []),
        ("StorageCommitmentPushModel", "Storage Commitment", ["N-ACTION"], ["N-EVENT-REPORT"]),
        ("UnifiedProcedureStepEvent", "Unified Worklist and Procedure Step", [], ["N-EVENT-REPORT"]),
        ("Printer", "Print Management", ["N-GET"], ["N-EVENT-REPORT"]),
        ("MediaStorageDirectoryStorage", "Media Storage", [], []),
        ("InventoryFind", "Inventory Query/Retrieve", ["C-FIND"], []),
        ("InventoryCreation", "Storage Management", ["N-ACTION"], ["N-EVENT-REPORT"]),
    ],
)
def test_what_a_sop_class_offers(keyword: str, service_class: str, scu: list[str], scp: list[str]) -> None:
    (sop,) = [s for s in sop_classes().values() if s.keyword == keyword]
    assert sop.service_class == service_class
    assert list(sop.scu_invokes) == scu
    assert list(sop.scp_invokes) == scp


def test_counts_by_service_class() -> None:
    stored = [s for s in sop_classes().values() if "C-STORE" in s.scu_invokes]
    assert sum(s.service_class == "Non-Patient Object Storage" for s in stored) == 9
    assert sum(s.extended_negotiation == "storage" for s in stored) == 170


def test_actions_events_instances_and_levels() -> None:
    commitment = sop_class("1.2.840.10008.1.20.1")
    assert commitment is not None
    assert commitment.action_types == {1: "Request Storage Commitment"}
    assert sorted(commitment.event_types) == [1, 2]
    assert commitment.well_known_instance == "1.2.840.10008.1.20.1.1"
    inventory = sop_class("1.2.840.10008.5.1.4.1.1.201.5")
    assert inventory is not None
    assert sorted(inventory.action_types) == [11, 12, 13, 14, 15]
    assert inventory.well_known_instance == "1.2.840.10008.5.1.4.1.1.201.1.1"
    study = sop_class("1.2.840.10008.5.1.4.1.2.2.1")
    assert study is not None
    assert study.query_levels == ("STUDY", "SERIES", "IMAGE")
    pull = sop_class("1.2.840.10008.5.1.4.34.6.3")
    assert pull is not None
    assert pull.message_sop_class == "1.2.840.10008.5.1.4.34.6.1"


def test_meta_sop_classes_offer_what_their_members_do() -> None:
    assert services_of("1.2.840.10008.5.1.1.9") == (
        "N-CREATE", "N-SET", "N-DELETE", "N-ACTION", "N-GET", "N-EVENT-REPORT",
    )  # fmt: skip
    assert services_of("1.2.3") == ()
    assert sop_class("1.2.3") is None
    assert sop_class("") is None


def test_extended_negotiation_layouts_are_all_used() -> None:
    assert {s.extended_negotiation for s in sop_classes().values()} - {""} == set(LAYOUTS)
    for layout in LAYOUTS.values():
        assert layout.lengths[1] == len(layout.fields)


@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        (VERIFICATION, "Verification"),
        ("CTImageStorage", "CTImageStorage"),
        ("ct image", "CTImageStorage"),
        ("image ct", "CTImageStorage"),
        ("worklist find", "ModalityWorklistInformationModelFind"),
        ("mwl", "ModalityWorklistInformationModelFind"),
        ("mpps", "ModalityPerformedProcedureStep"),
        ("C-ECHO", "Verification"),
        ("study find", "StudyRootQueryRetrieveInformationModelFind"),
        ("5.1.4.1.1.77.1.5.4", "OphthalmicTomographyImageStorage"),
        ("  BASIC film box ", "BasicFilmBox"),
        ("printermanagement", ""),
        ("label map", "LabelMapSegmentationStorage"),
    ],
)
def test_search_finds_what_people_type(text: str, keyword: str) -> None:
    hits = search(text)
    assert (hits[0].keyword if hits else "") == keyword


def test_search_has_a_limit_and_needs_a_word() -> None:
    assert len(search("storage", 7)) == 7
    assert search("  ") == []
    current = [s.retired for s in search("ultrasound image storage")]
    assert current == sorted(current)


@given(st.text(max_size=30))
def test_search_never_raises(text: str) -> None:
    assert len(search(text, 5)) <= 5
    assert len(dictionary.search_attributes(text, 5)) <= 5


def test_transfer_syntaxes() -> None:
    assert len(transfer_syntaxes()) >= 63
    implicit, explicit = transfer_syntaxes()[IMPLICIT_VR_LE], transfer_syntaxes()[EXPLICIT_VR_LE]
    assert implicit.implicit_vr
    assert not explicit.implicit_vr
    assert explicit.uncompressed
    assert transfer_syntaxes()[DEFLATED_LE].deflated
    assert not transfer_syntaxes()[EXPLICIT_VR_BE].little_endian
    assert next(iter(transfer_syntaxes())) == IMPLICIT_VR_LE
    for row in transfer_syntaxes().values():
        assert row.name
        assert row.encapsulated is (row.pixel_data == "encapsulated")
        assert row.deflated <= (not row.encapsulated)
    assert transfer_syntax("1.2.3") is None


@pytest.mark.parametrize(
    ("uid", "lossy"),
    [
        ("1.2.840.10008.1.2.4.50", "lossy"),
        ("1.2.840.10008.1.2.4.70", "lossless"),
        ("1.2.840.10008.1.2.4.81", "near-lossless"),
        ("1.2.840.10008.1.2.4.91", "lossy or lossless"),
        ("1.2.840.10008.1.2.4.102.1", "lossy video"),
        ("1.2.840.10008.1.2.4.201", "lossless"),
        ("1.2.840.10008.1.2.5", "lossless"),
        ("1.2.840.10008.1.2.4.112", "lossy or lossless"),
    ],
)
def test_compression(uid: str, lossy: str) -> None:
    row = transfer_syntax(uid)
    assert row is not None
    assert row.encapsulated
    assert row.lossy == lossy


def test_uids_have_names() -> None:
    assert dictionary.uid_name(VERIFICATION) == "Verification SOP Class"
    assert dictionary.uid_name("1.2.3") == ""


def test_attributes() -> None:
    name = dictionary.attribute_by_keyword("PatientName")
    assert name is not None
    assert (name.tag, name.vr, name.vm) == (0x00100010, "PN", "1")
    assert dictionary.attribute(0x00100010) == name
    repeater = dictionary.attribute(0x60023000)
    assert repeater is not None
    assert repeater.name == "Overlay Data"
    assert dictionary.attribute(0x00110010) is None
    assert dictionary.attribute(-1) is None
    assert dictionary.attribute_by_keyword("NoSuchThing") is None
    assert dictionary.attribute_by_keyword("") is None


def test_private_attributes() -> None:
    known = dictionary.private_attribute("SIEMENS CSA HEADER", 0x00291010)
    assert known is not None
    assert known.creator == "SIEMENS CSA HEADER"
    assert dictionary.private_attribute("NOBODY", 0x00291010) is None


@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        ("PatientN", "PatientName"),
        ("patient id", "PatientID"),
        ("0010,0020", "PatientID"),
        ("(0008,0052)", "QueryRetrieveLevel"),
    ],
)
def test_attribute_search(text: str, keyword: str) -> None:
    assert dictionary.search_attributes(text)[0].keyword == keyword


def test_pydicom_is_not_read_before_it_is_needed() -> None:
    modules = "elements, messages, codes, status, state_table, pdus, sop_classes, transfer_syntaxes, dictionary"
    code = f"import sys; from engine.standard import {modules}; sys.exit('pydicom' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_two_threads_may_want_pydicom_for_the_first_time_at_once() -> None:
    """Parts of it imported side by side meet halfway in its circular imports."""
    program = """
import threading
from engine.wire.charset import codecs_of, encode_text
from engine.standard.dictionary import attribute, private_attribute
start = threading.Barrier(4)
failed = []
def work(use):
    start.wait()
    try:
        use()
    except BaseException as error:
        failed.append(error)
uses = [
    lambda: attribute(0x60023000),
    lambda: private_attribute("SIEMENS CSA HEADER", 0x00291010),
    lambda: codecs_of(["ISO 2022 IR 87"]),
    lambda: attribute(0x50020010),
]
threads = [threading.Thread(target=work, args=(use,)) for use in uses]
[t.start() for t in threads]
[t.join() for t in threads]
assert not failed, failed
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=Path(__file__).parents[2]
    )
    assert done.returncode == 0, done.stderr


def test_repeating_groups_are_known_as_pydicom_knows_them() -> None:
    digits = random.Random(6)
    tags = [-1, 0, 1 << 32, 0x00080000, 0x50010010, 0x60010010]
    for pattern in masks:
        for _ in range(30):
            tag = int("".join(digits.choice("0123456789ABCDEF") if d == "x" else d for d in pattern), 16)
            tags += [tag, tag ^ 1 << digits.randrange(32)]
    for tag in tags:
        found = dictionary.attribute(tag)
        try:
            vr, vm, name, retired, keyword = get_entry(tag)
        except (KeyError, ValueError, OverflowError):
            assert found is None, hex(tag)
        else:
            assert found == dictionary.Attribute(tag, keyword, name, vr, vm, bool(retired)), hex(tag)
