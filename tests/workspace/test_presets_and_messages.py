"""What is shipped to begin with: presets of presentation contexts, messages and templates of every service."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from engine.model.association import Role
from engine.model.command_set import CommandSet
from engine.model.dataset import DataElement, DataSet
from engine.standard.messages import MESSAGES
from engine.standard.sop_classes import sop_classes
from engine.workspace.errors import ValueProblem
from engine.workspace.messages import shipped_messages, template, templates
from engine.workspace.placeholders import Filler
from engine.workspace.presets import everything, shipped_presets


def test_shipped_presets_fit_an_association_and_name_nothing_unknown() -> None:
    presets = shipped_presets()
    assert len(presets) >= 10
    for preset in presets:
        assert preset.title and preset.note and preset.shipped
        assert 0 < len(preset.contexts) <= 128
        assert [c.id for c in preset.contexts] == list(range(1, 2 * len(preset.contexts), 2))
        for context in preset.contexts:
            assert context.abstract_syntax in sop_classes()
            assert not sop_classes()[context.abstract_syntax].retired
            assert context.transfer_syntaxes


def test_with_c_get_the_storage_contexts_ask_for_the_scp_role() -> None:
    (preset,) = [p for p in shipped_presets() if "C-GET" in p.title]
    storage = [c for c in preset.contexts if "C-STORE" in sop_classes()[c.abstract_syntax].scu_invokes]
    assert len(storage) > 30
    assert all(c.role is Role.SCP for c in storage)
    assert all(c.role is Role.DEFAULT for c in preset.contexts if c not in storage)


def test_everything_is_every_sop_class_once_in_parts_that_fit() -> None:
    parts = everything(retired=True)
    uids = [c.abstract_syntax for p in parts for c in p.contexts]
    assert sorted(uids) == sorted(sop_classes())
    assert all(len(p.contexts) <= 128 and p.contexts[-1].id <= 255 for p in parts)


def test_there_is_a_message_to_start_from_for_every_service_of_every_sop_class() -> None:
    for uid, sop in sop_classes().items():
        for service in sop.scu_invokes + sop.scp_invokes:
            for name in (f"{service}-RQ", f"{service}-RSP"):
                for message in templates(name, uid):
                    assert message.message == name
                    assert message.command.command_field == MESSAGES[name].command_field
                    assert message.command.sop_class_uid in (uid, sop.message_sop_class, *sop.members), (name, sop.name)
                    assert uid in (message.abstract_syntax, message.command.sop_class_uid)
    for name in MESSAGES:
        assert template(name).message == name


def test_every_action_and_event_type_has_its_message() -> None:
    for uid, sop in sop_classes().items():
        for service, keyword, types in (
            ("N-ACTION", "ActionTypeID", sop.action_types),
            ("N-EVENT-REPORT", "EventTypeID", sop.event_types),
        ):
            if types and service in sop.scu_invokes + sop.scp_invokes:
                found = {m.command.number(keyword) for m in templates(f"{service}-RQ", uid)}
                assert found >= set(types) or sop.service_class.startswith("Unified"), sop.name
    ups = {m.command.number("ActionTypeID") for m in shipped_messages() if m.title.startswith("UPS")}
    assert ups >= {1, 2, 3, 4, 5}


def test_a_query_template_has_the_keys_of_its_level() -> None:
    study = template("C-FIND-RQ", "1.2.840.10008.5.1.4.1.2.2.1").data
    assert isinstance(study, DataSet)
    assert study.text(0x00080052) == "STUDY"
    assert study.find(0x0020000D) is not None and study.find(0x00100010) is not None
    move = templates("C-MOVE-RQ", "1.2.840.10008.5.1.4.1.2.1.2")
    assert {m.data.text(0x00080052) for m in move if isinstance(m.data, DataSet)} == {
        "PATIENT",
        "STUDY",
        "SERIES",
        "IMAGE",
    }


def test_placeholders_speak_of_the_same_instance_within_one_send() -> None:
    filler = Filler(datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC))
    begin, end = (m for m in shipped_messages() if m.title in ("MPPS: a step begins", "MPPS: the step is completed"))
    first, last = sorted((filler.message(begin), filler.message(end)), key=lambda m: m.message)
    assert first.command.sop_instance_uid == last.command.sop_instance_uid
    assert first.command.sop_instance_uid.startswith("2.25.")
    assert len(first.command.sop_instance_uid) <= 64
    datas = [m.data for m in (first, last)]
    assert all(isinstance(d, DataSet) for d in datas)
    texts = "".join(repr(d) for d in datas)
    assert "{" not in texts and "20240506" in texts and "070809" in texts
    assert filler.text("{uid}") != filler.text("{uid}")
    assert filler.text("{uid a}") == filler.text("{uid a}")
    assert filler.text("{other} {") == "{other} {"


def test_names_follow_the_peer_and_responses_can_be_quoted() -> None:
    create = next(m for m in shipped_messages() if m.title == "MPPS: a step begins")
    end = next(m for m in shipped_messages() if m.title == "MPPS: the step is completed")
    filler = Filler()
    proposed = filler.ready(create).command.sop_instance_uid
    assert filler.text("{uid mpps}") == proposed
    refused = CommandSet.of(CommandField=0x8140, AffectedSOPInstanceUID="1.2.9", Status=0x0111)
    filler.heard(create, refused, None)
    assert filler.text("{uid mpps}") == proposed
    answered = CommandSet.of(CommandField=0x8140, AffectedSOPInstanceUID="1.2.3", Status=0)
    box = DataSet((DataElement(0x00081155, "UI", ("1.2.3.4",)),))
    filler.heard(create, answered, DataSet((DataElement(0x20100510, "SQ", (box,)),)))
    assert filler.ready(end).command.sop_instance_uid == "1.2.3"
    assert filler.text("{response AffectedSOPInstanceUID}") == "1.2.3"
    assert filler.text("{response ReferencedImageBoxSequence.ReferencedSOPInstanceUID}") == "1.2.3.4"
    assert filler.text("{response (2010,0510)[0].(0008,1155)}") == "1.2.3.4"
    filler.heard(end, CommandSet.of(CommandField=0x8120, Status=0), None)
    assert filler.text("{response ReferencedImageBoxSequence[0].ReferencedSOPInstanceUID}") == "1.2.3.4"
    kept = "{response ReferencedImageBoxSequence[1].ReferencedSOPInstanceUID}"
    assert filler.text(kept) == kept
    with pytest.raises(ValueProblem, match="no response so far"):
        filler.ready(replace(end, command=CommandSet.of(ErrorComment=kept)))
