"""Performed steps and storage commitments in the workspace: a text file for each, found again in a later session."""

from __future__ import annotations

from pathlib import Path

from engine.model.association import Peer
from engine.model.commitment import Fate, judge, request_data, verdict
from engine.model.dataset import DataElement, DataSet
from engine.workspace.modality_records import (
    StepRecord,
    Transaction,
    asked_for,
    step_records,
    take_report,
    transactions,
)

CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
PEER = Peer(name="RIS", ae_title="RIS", host="127.0.0.1", port=104)
ASKED = ((CT, "1.1"), (CT, "1.2"), (CT, "1.3"))


def item(cls: str, uid: str, reason: int | None = None) -> DataSet:
    made = DataSet().put(0x00081150, "UI", cls).put(0x00081155, "UI", uid)
    return made if reason is None else made.put(0x00081197, "US", str(reason))


def report(uid: str = "2.25.5", good: tuple[DataSet, ...] = (), bad: tuple[DataSet, ...] = ()) -> DataSet:
    made = DataSet((DataElement(0x00081195, "UI", (uid,)),))
    made = made.with_items(0x00081199, *good) if good else made
    return made.with_items(0x00081198, *bad) if bad else made


def transaction(changed: float = 1.0, uid: str = "2.25.5") -> Transaction:
    return Transaction(uid=uid, peer=PEER, instances=asked_for(ASKED), changed=changed)


def test_each_instance_gets_its_fate() -> None:
    told = report(good=(item(CT, "1.1"), item(CT, "9.9")), bad=(item(CT, "1.2", 0x0112),))
    fates = judge(ASKED, told)
    assert [f.fate for f in fates] == [Fate.COMMITTED, Fate.FAILED, Fate.MISSING, Fate.UNASKED]
    assert fates[1].sentence == "0112H No such object instance: the SCP does not have it"
    said = verdict(fates, 2)
    assert said.startswith("Not committed: 1 of 3 instances committed, 1 failed with 0112H No such object instance")
    assert "1 neither committed nor failed" in said
    assert "1 reported that nobody asked for" in said


def test_odd_reports_are_told() -> None:
    both = judge(ASKED[:1], report(good=(item(CT, "1.1"),), bad=(item(CT, "1.1", 0x0110),)))
    assert both[0].fate is Fate.CONTRADICTED
    (other_class,) = judge(ASKED[:1], report(good=(item(MR, "1.1"),)))
    assert MR in other_class.sentence
    (nameless,) = judge(ASKED[:1], report(bad=(item(CT, "1.1"),)))
    assert nameless.sentence == "no Failure Reason given"
    (unknown,) = judge(ASKED[:1], report(bad=(item(CT, "1.1", 0x9999),)))
    assert "9999H" in unknown.sentence
    good = judge(ASKED[:1], report(good=(item(CT, "1.1"),)))
    assert verdict(good, 1) == "Committed: the instance is safe with the peer."
    assert "Event Type ID 2" in verdict(good, 2)
    assert "Event Type ID 7" in verdict(good, 7)
    assert "Event Type ID 1" in verdict(both, 1)


def test_a_transaction_is_found_again_and_takes_its_report(tmp_path: Path) -> None:
    transactions(tmp_path).save(transaction())
    later = transactions(tmp_path)  # another session
    (known,) = later.all()
    assert known == transaction()
    assert known.sentence == "3 instances, no report yet."
    told = take_report(
        later, 2, report(good=(item(CT, "1.1"), item(CT, "1.2")), bad=(item(CT, "1.3", 0x0119),)), 9.0, "A"
    )
    assert told is not None
    assert not told.committed
    again = transactions(tmp_path).find("2.25.5")
    assert again == told
    assert (again.sender, again.event_type, again.changed) == ("A", 2, 9.0)
    assert again.asked == ASKED


def test_a_report_nobody_asked_for_changes_nothing(tmp_path: Path) -> None:
    records = transactions(tmp_path)
    records.save(transaction())
    assert take_report(records, 1, report("2.25.6"), 9.0) is None
    assert take_report(records, 1, DataSet(), 9.0) is None
    assert take_report(records, 1, report("../../evil"), 9.0) is None
    assert records.all() == (transaction(),)


def test_what_was_not_asked_for_stays_told(tmp_path: Path) -> None:
    records = transactions(tmp_path)
    records.save(transaction())
    take_report(records, 1, report(good=(*(item(*a) for a in ASKED), item(CT, "9.9"))), 9.0)
    (known,) = records.all()
    assert known.asked == ASKED
    assert known.committed
    assert known.instances[-1].fate is Fate.UNASKED


def test_a_step_is_kept_with_its_state(tmp_path: Path) -> None:
    attributes = DataSet().put(0x00100010, "PN", "Doe^Jane").put(0x00400254, "LO", "Chest").put(0x00080060, "CS", "CT")
    record = StepRecord(uid="2.25.3", peer=PEER, attributes=attributes, changed=5.0, doubt="No answer came.")
    step_records(tmp_path).save(record)
    assert step_records(tmp_path).find("2.25.3") == record
    assert (record.patient, record.description, record.settled) == ("Doe^Jane", "Chest · CT", False)
    step_records(tmp_path).forget("2.25.3")
    assert step_records(tmp_path).all() == ()


def test_a_file_that_cannot_be_read_is_told_and_the_others_are_there(tmp_path: Path) -> None:
    records = transactions(tmp_path)
    records.save(transaction())
    broken = records.folder / "broken.toml"
    broken.write_text('transaction_uid = "1.2"\n[[instance]]\nfate = "eaten"\n', encoding="utf-8")
    (records.folder / "worse.toml").write_text("= =", encoding="utf-8")
    assert len(records.all()) == 1
    assert any("line 3" in str(p) and "eaten" not in p.reason for p in records.problems)
    assert len(records.problems) == 2
    assert broken.exists()


def test_the_newest_come_first_and_old_settled_ones_go(tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr("engine.workspace.modality_records.KEPT", 3)
    records = transactions(tmp_path)
    records.save(transaction(0.5, "2.25.1"))  # waits, so it stays however old
    for number in range(2, 8):
        one = transaction(float(number), f"2.25.{number}")
        records.save(one.with_report(1, report(good=tuple(item(*a) for a in ASKED)), float(number)))
    assert [t.uid for t in records.all()] == ["2.25.7", "2.25.6", "2.25.5", "2.25.1"]


def test_the_request_names_the_transaction_and_the_instances() -> None:
    made = request_data("2.25.5", ASKED)
    assert made.text(0x00081195) == "2.25.5"
    assert [i.text(0x00081155) for i in made.items(0x00081199)] == ["1.1", "1.2", "1.3"]
