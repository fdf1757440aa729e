"""What the window saves and copies without patients' data: nothing planted is in it, and it is still of use."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMenu

from engine.model.association import Peer
from engine.model.command_set import CommandSet
from engine.model.dataset import DataElement, DataSet, EncodedData
from engine.model.faults import Phase
from engine.model.notices import (
    AssociationNotice,
    AssociationPhase,
    Direction,
    ErrorNotice,
    Evidence,
    FindingNotice,
    ListenerNotice,
    MessageNotice,
    Notice,
    Outcome,
    ScriptNotice,
    StatusNotice,
    StoredNotice,
)
from engine.model.storing import FileResult, FileState
from engine.wire.datasets import encode_dataset
from gui.dialogs import Questions
from gui.forms.matches_saving import MatchesSaving
from gui.forms.matches_table import Result, ResultsTable
from gui.panels.log_panel import LogPanel
from gui.panels.log_save import REDACTED_JSON_FILTER, REDACTED_TEXT_FILTER
from tests.gui.mnemonics import clashing
from tests.planted import PATIENT, PATIENT_ID, fix_keys, found

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

CT, EXPLICIT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1"
TITLE, SITE, UID = "WACHOLDERPACS", "archiv.klinik-erlenbruch.example", "1.2.826.0.1.3680043.8.498.4711"
PLANTED = (PATIENT, "Vogelbeer", "Adelheid", PATIENT_ID, "WACHOLDER", "erlenbruch", "3680043.8.498", "Dr. ")


@pytest.fixture(autouse=True)
def keys_of_redactions(monkeypatch: pytest.MonkeyPatch) -> None:
    fix_keys(monkeypatch)


def association(phase: AssociationPhase, sentence: str, outcome: Outcome | None = None) -> AssociationNotice:
    peer = Peer(name="Archive of Dr. Vogelbeer", ae_title=TITLE, host=SITE, port=104)
    return AssociationNotice(
        association=5, time=1e9, clock=1.0, phase=phase, requestor=True, peer=peer, sentence=sentence, outcome=outcome
    )


def store(direction: Direction, **values: object) -> MessageNotice:
    command = CommandSet.of(AffectedSOPClassUID=CT, AffectedSOPInstanceUID=UID, **values)  # type: ignore[arg-type]
    return MessageNotice(
        association=5, operation=9, time=1e9, clock=2.0, direction=direction, context_id=1, abstract_syntax=CT,
        transfer_syntax=EXPLICIT, command=command,
    )  # fmt: skip


def session() -> tuple[Notice, ...]:
    """Everything that has a row, with something planted in each of its texts."""
    said = f"{TITLE} at {SITE}:104 "
    return (
        ListenerNotice(
            listener=1, time=1e9, listening=True, host="10.1.2.3", port=104, ae_title="Vogelbeer",
            sentence="Listening on 10.1.2.3 port 104.",
        ),
        association(AssociationPhase.ESTABLISHED, f"{said}accepted the association."),
        store(Direction.SENT, CommandField=1, MessageID=7, Priority=0, CommandDataSetType=1),
        store(
            Direction.RECEIVED, CommandField=0x8001, MessageIDBeingRespondedTo=7, CommandDataSetType=0x0101,
            Status=0xA700, ErrorComment=f"patient {PATIENT} 42 is not known", OffendingElement=(0x00100020,),
        ),
        FindingNotice(
            association=5, time=1e9, direction=Direction.RECEIVED, rule="command.value", severity="error",
            sentence=f"Error Comment (0000,0902) is {PATIENT}", clause="PS3.5 6.2", evidence=Evidence(text=PATIENT),
        ),
        ScriptNotice(association=5, time=1e9, rule=0, title=f"for {PATIENT}", phase=Phase.REQUEST, faults=("close",)),
        StatusNotice(
            operation=9, association=5, time=1e9, clock=3.0, outcome=Outcome.FAILURE, service="C-STORE",
            status=0xA700, sentence=f"C-STORE CT Image Storage: A700H, {PATIENT}", error_comment=PATIENT,
        ),
        StatusNotice(
            operation=10, association=5, time=1e9, clock=3.0, outcome=Outcome.FAILURE, service="",
            sentence=f"Nothing was sent: /data/{PATIENT}/{PATIENT_ID}.dcm cannot be read", verdict=PATIENT,
        ),
        ErrorNotice(time=1e9, sentence=f"/data/{PATIENT}.dcm: {PATIENT_ID} born 19560704 at {SITE}", association=5),
        association(AssociationPhase.RELEASED, f"{said}released the association.", Outcome.SUCCESS),
    )  # fmt: skip


@pytest.fixture
def panel(qtbot: QtBot) -> LogPanel:
    shown = LogPanel()
    qtbot.addWidget(shown)
    shown.resize(1280, 260)
    shown.show()
    shown.add_notices(session())
    qtbot.waitUntil(lambda: shown.model.rowCount() > 0)
    return shown


@pytest.mark.parametrize("name", ["log.txt", "log.jsonl"])
def test_the_log(qtbot: QtBot, panel: LogPanel, tmp_path: Path, name: str) -> None:
    plain, redacted = tmp_path / name, tmp_path / f"redacted-{name}"
    for save, path in ((panel.save_to, plain), (panel.save_redacted_to, redacted)):
        with qtbot.waitSignal(panel.said):
            save(path)
    assert found(name, plain.read_text(encoding="utf-8"), PLANTED)
    text = redacted.read_text(encoding="utf-8")
    assert not found(name, text, PLANTED)
    assert " 42 " not in text and "19560704" not in text
    lines = text.splitlines()
    assert len(lines) == panel.model.rowCount()
    assert "TITLE-1 at host-1:104 accepted the association." in text
    assert "TITLE-1 at host-1:104 released the association." in text
    assert "Not as it should be: The value fits the VR, at (0000,0902)." in text
    if name.endswith("jsonl"):
        kept = (
            "kind",
            "time",
            "direction",
            "severity",
            "rule",
            "clause",
            "phase",
            "outcome",
            "service",
            "message_id",
            "status",
        )
        before = [json.loads(line) for line in plain.read_text(encoding="utf-8").splitlines()]
        assert [[json.loads(line).get(k) for k in kept] for line in lines] == [[o.get(k) for k in kept] for o in before]
    else:
        assert "A700H" in text and "Offending Element: (0010,0020)" in text


def test_rows_copied(qtbot: QtBot, panel: LogPanel) -> None:
    panel.table.selectAll()
    panel.table.copy_selection()
    plain = QGuiApplication.clipboard().text()
    panel.copy_redacted_action.trigger()
    text = QGuiApplication.clipboard().text()
    assert found("copied", plain, PLANTED) and not found("copied", text, PLANTED)
    assert [line.count("\t") for line in text.splitlines()] == [line.count("\t") for line in plain.splitlines()]


def test_what_a_peer_says_in_words_of_ours_is_not_told(qtbot: QtBot) -> None:
    panel = LogPanel()
    qtbot.addWidget(panel)
    panel.add_notices(
        (
            store(Direction.SENT, CommandField=1, MessageID=7, Priority=0, CommandDataSetType=1),
            store(
                Direction.RECEIVED, CommandField=0x8001, MessageIDBeingRespondedTo=7, CommandDataSetType=0x0101,
                Status=0xA700, ErrorComment="Patient not found in archive",
            ),
        )
    )  # fmt: skip
    qtbot.waitUntil(lambda: panel.model.rowCount() > 0)
    panel.table.selectAll()
    panel.copy_redacted_action.trigger()
    text = QGuiApplication.clipboard().text()
    assert "Patient" not in text and "archive" not in text and "A700H" in text and "(left out)" in text


def test_a_name_of_ordinary_words_is_not_told_after_its_message(qtbot: QtBot) -> None:
    panel = LogPanel()
    qtbot.addWidget(panel)
    data = DataSet((DataElement(0x00100010, "PN", ("Field^Image",)), DataElement(0x00100020, "LO", ("42",))))
    request = store(Direction.SENT, CommandField=1, MessageID=7, Priority=0, CommandDataSetType=1)
    said = ErrorNotice(time=1e9, sentence="The patient Field Image 42 has no file", association=5)
    panel.add_notices((replace(request, data=EncodedData(encode_dataset(data, EXPLICIT), EXPLICIT)),))
    qtbot.waitUntil(lambda: panel.model.rowCount() == 1)
    panel.model.clear()
    panel.add_notices((said,))
    qtbot.waitUntil(lambda: panel.model.rowCount() == 1)
    panel.table.selectAll()
    panel.copy_redacted_action.trigger()
    assert "The patient … has no file" in QGuiApplication.clipboard().text()


def test_a_file_whose_name_is_a_word_of_ours_is_not_told(qtbot: QtBot) -> None:
    panel = LogPanel()
    qtbot.addWidget(panel)
    result = FileResult(number=1, path=Path("/data/Film"), state=FileState.FAILED)
    said = StatusNotice(
        operation=9, association=5, time=1e9, clock=3.0, outcome=Outcome.FAILURE, service="C-STORE",
        sentence="0 of 1 files stored, 1 failed. First problem: Film: not a DICOM file",
    )  # fmt: skip
    panel.add_notices((StoredNotice(operation=9, association=5, time=1e9, results=(result,)), said))
    qtbot.waitUntil(lambda: panel.model.rowCount() == 1)
    panel.table.selectAll()
    panel.copy_redacted_action.trigger()
    text = QGuiApplication.clipboard().text()
    assert "Film" not in text and "First problem: file-" in text


@pytest.mark.parametrize(("chosen", "name"), [(REDACTED_TEXT_FILTER, "txt"), (REDACTED_JSON_FILTER, "jsonl")])
def test_the_dialog_offers_it(qtbot: QtBot, panel: LogPanel, tmp_path: Path, chosen: str, name: str) -> None:
    panel.save()
    dialog = panel.findChild(QFileDialog)
    assert dialog is not None and chosen in dialog.nameFilters()
    dialog.selectNameFilter(chosen)
    dialog.filterSelected.emit(chosen)
    assert dialog.selectedFiles()[0].endswith(f"status-log-redacted.{name}")
    path = tmp_path / f"x.{name}"
    with qtbot.waitSignal(panel.said):
        dialog.fileSelected.emit(str(path))
    dialog.reject()
    assert not found(name, path.read_text(encoding="utf-8"), PLANTED)


DATA = DataSet(
    (
        DataElement(0x00080005, "CS", ("ISO_IR 100",)),
        DataElement(0x00080052, "CS", ("STUDY",)),
        DataElement(0x00100010, "PN", (PATIENT,)),
        DataElement(0x00100020, "LO", (PATIENT_ID,)),
        DataElement(0x0020000D, "UI", (UID,)),
        DataElement(0x00201208, "IS", ("12",)),
    )
)


def test_matches(qtbot: QtBot, tmp_path: Path) -> None:
    table = ResultsTable(QSettings(str(tmp_path / "kept.ini"), QSettings.Format.IniFormat))
    qtbot.addWidget(table)
    table.start(CT, DATA)
    encoded = EncodedData(encode_dataset(DATA, EXPLICIT), EXPLICIT)
    table.add(
        [
            Result(1, DATA, ""),
            Result(2, encoded, EXPLICIT),
            Result(3, EncodedData(b"\x10\0\x10\0xx", EXPLICIT), EXPLICIT),
        ]
    )

    class Here(Questions):
        def save_file(self, parent, title, pattern, name, on_files):  # type: ignore[no-untyped-def]
            on_files((tmp_path / name,))

    saving = MatchesSaving(table, Here(), table)
    said: list[object] = []
    saving.said.connect(said.append)
    for ask in (saving.ask_redacted_csv, saving.ask_redacted_json):
        said.clear()
        ask()
        qtbot.waitUntil(lambda: len(said) > 1)
        assert str(said[-1]).startswith("Saved to ")
    csv, made = ((tmp_path / f"matches-redacted.{end}").read_text(encoding="utf-8") for end in ("csv", "json"))
    assert not found("CSV", csv, PLANTED) + found("DICOM JSON", made, PLANTED)
    assert len(csv.splitlines()) == 4 and "2.25." in csv
    first, second, broken = json.loads(made)
    assert first == second and broken == {}
    assert first["00201208"]["Value"] == [12] and first["00100010"] == {"vr": "PN"}
    menu = QMenu(table)
    saving.add_to(menu)
    assert len(menu.actions()) == 4
    assert len({a.text()[a.text().index("&") + 1].lower() for a in menu.actions()}) == 4


def test_what_was_read_of_an_instance(live_window, qtbot: QtBot, tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    live_window.show_service("nget")
    page = live_window.services.page
    page.start()
    qtbot.waitUntil(lambda: not page.running)
    file = tmp_path / "printer.txt"
    names: list[str] = []
    monkeypatch.setattr(
        page.host.questions, "save_file", lambda _p, _t, _f, name, then: (names.append(name), then((file,)))
    )
    page.save_redacted_button.click()
    text = file.read_text(encoding="utf-8")
    assert "PrinterName" in text and "BUILT-IN" not in text and "NORMAL" in text
    assert names == ["printer-redacted.txt"]
    assert not clashing(page)


def test_an_association_and_its_findings_as_text(live_window, qtbot: QtBot) -> None:  # type: ignore[no-untyped-def]
    window = live_window
    window.actions_by_name["copy_association_redacted"].trigger()
    assert not window.trace.text(), "nothing is to be copied yet"
    window.trace.add_notices(session()[1:5])
    window.trace.show_association(5)
    qtbot.waitUntil(lambda: TITLE in window.trace.text() or PATIENT in window.trace.text())
    clipboard = QGuiApplication.clipboard()
    window.actions_by_name["copy_association_redacted"].trigger()
    text = clipboard.text()
    assert "command.value" in text and not found("the association", text, PLANTED)
    findings = window.trace.findings
    qtbot.waitUntil(lambda: findings.model.rowCount() == 1)
    findings.table.selectAll()
    findings.copy_redacted_action.trigger()
    text = clipboard.text()
    assert "Rule: The value fits the VR (command.value)" in text and not found("the findings", text, PLANTED)
    assert not clashing(window)
