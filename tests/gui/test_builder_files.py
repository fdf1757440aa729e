"""Message files go through the builder without losing anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engine.model.association import Negotiated, NegotiatedContext, Proposal, ProposedContext, Role
from engine.model.dataset import DataElement, DataSet
from engine.standard.elements import BY_KEYWORD
from engine.standard.messages import MESSAGES
from engine.wire.datasets import encode_dataset
from engine.wire.file_writing import write_file
from engine.workspace.message_files import load_message
from engine.workspace.messages import SHIPPED
from gui.models.command_draft import Origin
from gui.panels.builder_contexts import ContextChoice
from gui.panels.builder_panel import BuilderPanel

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot


VERIFICATION, CT = "1.2.840.10008.1.1", "1.2.840.10008.5.1.4.1.1.2"
QUERY = "1.2.840.10008.5.1.4.1.2.1"
MPPS = "1.2.840.10008.3.1.2.3.3"
COMMITMENT = "1.2.840.10008.1.20.1"
EXPLICIT, IMPLICIT, JPEG = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.4.70"
EVENTS = sorted(p.name for p in SHIPPED.glob("*.toml") if load_message(p).context.role is Role.SCP)

EVERYTHING = """
message = "N-EVENT-REPORT-RQ"
note = "Kept."
[context]
abstract_syntax = "StorageCommitmentPushModel"
transfer_syntaxes = ["ImplicitVRLittleEndian"]
role = "scp"
id = 7
[command]
AffectedSOPClassUID = "StorageCommitmentPushModel"
AffectedSOPInstanceUID = "1.2.3"
CommandDataSetType = 1
EventTypeID = 1
[dataset]
TransactionUID = "{uid transaction}"
"""


@pytest.fixture
def panel(qtbot: QtBot) -> BuilderPanel:
    panel = BuilderPanel()
    qtbot.addWidget(panel)
    return panel


def saved(panel: BuilderPanel, source: Path, target: Path) -> object:
    panel.load(source)
    panel.save(target)
    return load_message(target)


@pytest.mark.parametrize("name", sorted(p.name for p in SHIPPED.glob("*.toml")))
@pytest.mark.parametrize("associated", [False, True])
def test_a_shipped_message_is_saved_as_it_was_opened(
    panel: BuilderPanel, tmp_path: Path, name: str, *, associated: bool
) -> None:
    original = load_message(SHIPPED / name)
    if associated:
        offered = (
            NegotiatedContext(id=1, abstract_syntax=MPPS, proposed=(EXPLICIT,), result=0, transfer_syntax=EXPLICIT),
        )
        panel.set_negotiated(Negotiated(contexts=offered, calling_ae_title="OTHER"), 4)
        panel.known.instances.append((original.command.sop_class_uid, "1.2.3.4"))
    assert saved(panel, SHIPPED / name, tmp_path / name) == original


@pytest.mark.parametrize(
    "text",
    [
        EVERYTHING,
        EVERYTHING.replace("id = 7", "").replace('role = "scp"', ""),
        'message = "C-ECHO-RQ"\n[command]\nAffectedSOPClassUID = "Verification"\nMessageID = 1\nCommandDataSetType = 1',
        'message = "C-ECHO-RQ"\ntitle = "C-ECHO-RQ"\n[[command]]\nelement = "CommandField"\nvalue = 48',
        'message = "C-ECHO-RSP"\n[command]\nMessageIDBeingRespondedTo = 1\nStatus = 0',
        'message = "C-MOVE-RQ"\n[command]\nAffectedSOPClassUID = { }\nMoveDestination = "CONSOLE"\n[dataset]\n',
        'message = "N-SET-RQ"\ncontext = 9\n[command]\nRequestedSOPInstanceUID = "1.2.3.4"\n[dataset]\n',
    ],
)
def test_any_message_is_saved_as_it_was_opened(panel: BuilderPanel, tmp_path: Path, text: str) -> None:
    source = tmp_path / "source.toml"
    source.write_text(text)
    panel.known.instances.append((MPPS, "1.2.3.4"))
    panel.set_proposal(Proposal(contexts=(ProposedContext(5, MPPS, (JPEG,)), ProposedContext(7, COMMITMENT, (JPEG,)))))
    assert saved(panel, source, tmp_path / "target.toml") == load_message(source)


def test_files_keep_their_placeholders_when_the_message_knows_better(panel: BuilderPanel, tmp_path: Path) -> None:
    panel.known.instances.append((MPPS, "1.2.3.4"))
    panel.load(SHIPPED / "mpps-completed.toml")
    tag = BY_KEYWORD["RequestedSOPInstanceUID"].tag
    line = next(line for line in panel.page.draft.lines if line.tag == tag)
    assert panel.page.draft.origin(line) is Origin.AUTO
    assert panel.page.outgoing().command.sop_instance_uid == "1.2.3.4"
    assert panel.message_file().command.sop_instance_uid == "{uid mpps}"


def test_a_named_placeholder_is_one_uid_in_the_whole_message(panel: BuilderPanel, tmp_path: Path) -> None:
    source = tmp_path / "m.toml"
    source.write_text(
        'message = "N-SET-RQ"\ncontext = "ModalityPerformedProcedureStep"\n[command]\n'
        'RequestedSOPInstanceUID = "{uid mpps}"\n[dataset]\nSOPInstanceUID = "{uid mpps}"\n'
    )
    panel.load(source)
    sent = panel.page.outgoing()
    assert isinstance(sent.data, DataSet)
    assert sent.command.sop_instance_uid == sent.data.text(0x00080018) != ""


def test_an_emptied_data_set_leaves_no_wrong_type_behind(panel: BuilderPanel, tmp_path: Path) -> None:
    source = tmp_path / "m.toml"
    source.write_text('message = "N-SET-RSP"\n[command]\nCommandDataSetType = 1\n[dataset]\nPatientID = "1"')
    panel.load(source)
    panel.page.tabs.data.take(DataSet(), "Empty")
    message = panel.message_file()
    assert message.data is None
    assert message.command.find(0x00000800).value is None  # type: ignore[union-attr]


def test_the_role_and_syntaxes_a_file_asks_for_are_proposed(panel: BuilderPanel, tmp_path: Path) -> None:
    source = tmp_path / "m.toml"
    source.write_text(EVERYTHING)
    panel.load(source)
    contexts = (ProposedContext(1, COMMITMENT, (JPEG,)), ProposedContext(3, MPPS, (JPEG,), Role.SCU))
    found = panel.proposal_for(Proposal(contexts=contexts)).contexts
    assert found == (
        ProposedContext(1, COMMITMENT, (JPEG,), Role.SCP),
        ProposedContext(3, MPPS, (JPEG,), Role.SCU),
        ProposedContext(5, COMMITMENT, (IMPLICIT,), Role.SCP),
    )
    both = panel.proposal_for(Proposal(contexts=(ProposedContext(1, COMMITMENT, (IMPLICIT,), Role.SCU),)))
    assert both.contexts == (ProposedContext(1, COMMITMENT, (IMPLICIT,), Role.BOTH),)


def test_another_context_takes_the_place_of_the_files(panel: BuilderPanel) -> None:
    panel.load(SHIPPED / EVENTS[0])
    panel.page.set_context(ContextChoice(9, MPPS, EXPLICIT))
    context = panel.message_file().context
    assert (context.abstract_syntax, context.role, context.id) == (MPPS, Role.DEFAULT, None)


def test_a_file_without_a_title_names_its_tab_only(panel: BuilderPanel, tmp_path: Path) -> None:
    source = tmp_path / "my echo.toml"
    source.write_text('message = "C-ECHO-RQ"\n[command]\nAffectedSOPClassUID = "Verification"\n')
    panel.load(source)
    assert panel.tabs.tabToolTip(0) == "my echo"
    assert panel.message_file().title == ""


def dicom_file(folder: Path, syntax: str) -> Path:
    path = folder / "ct.dcm"
    body = encode_dataset(
        DataSet((DataElement(0x00080016, "UI", (CT,)), DataElement(0x00080018, "UI", ("1.2.3.4",)))), EXPLICIT
    )
    write_file(path, body, syntax, CT, "1.2.3.4", "TEST")
    return path


@pytest.mark.parametrize("syntax", [EXPLICIT, JPEG])
def test_a_files_own_class_and_syntax_are_what_a_one_shot_proposes(
    panel: BuilderPanel, tmp_path: Path, qtbot: QtBot, syntax: str
) -> None:
    proposal = Proposal(contexts=(ProposedContext(1, VERIFICATION, (IMPLICIT,)), ProposedContext(3, CT, (IMPLICIT,))))
    panel.set_proposal(proposal)
    page = panel.page
    panel.files.send((dicom_file(tmp_path, syntax),))
    assert page.draft.message.name == "C-STORE-RQ"
    qtbot.waitUntil(lambda: page.tabs.data.uids[1] == "1.2.3.4")
    proposed = panel.proposal_for(proposal)
    sent = page.outgoing(one_shot=True)
    assert sent.command.sop_class_uid == CT and sent.command.sop_instance_uid == "1.2.3.4"
    used = next(c for c in proposed.contexts if c.id == sent.context_id)
    assert used.abstract_syntax == CT
    assert used.transfer_syntaxes == ((JPEG,) if syntax == JPEG else (IMPLICIT,))
    page.set_context(ContextChoice(1, VERIFICATION, IMPLICIT))
    page.refresh()
    assert page.context.abstract_syntax == VERIFICATION


def test_a_file_of_a_class_not_proposed_brings_its_context(panel: BuilderPanel, tmp_path: Path, qtbot: QtBot) -> None:
    proposal = Proposal(contexts=(ProposedContext(1, VERIFICATION, (IMPLICIT,)),))
    panel.set_proposal(proposal)
    panel.page.set_message(MESSAGES["C-STORE-RQ"])
    panel.files.send((dicom_file(tmp_path, JPEG),))
    qtbot.waitUntil(lambda: panel.page.tabs.data.uids[1] == "1.2.3.4")
    assert panel.proposal_for(proposal).contexts[1:] == (ProposedContext(3, CT, (JPEG,)),)
    assert "CT Image Storage" in panel.page.top.pickers.context_box.currentText()


@pytest.mark.parametrize(("service", "number"), [("C-STORE-RQ", 7), ("C-GET-RQ", 5), ("C-MOVE-RQ", 3)])
def test_a_message_takes_the_context_whose_scu_invokes_it(panel: BuilderPanel, service: str, number: int) -> None:
    classes = {1: VERIFICATION, 3: f"{QUERY}.2", 5: f"{QUERY}.3", 7: CT}
    panel.set_proposal(Proposal(contexts=tuple(ProposedContext(i, c, (IMPLICIT,)) for i, c in classes.items())))
    panel.page.set_message(MESSAGES[service])
    assert panel.page.context.id == number
