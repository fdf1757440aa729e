"""Every rule of the table, each with a case that breaks it."""

from __future__ import annotations

import pytest

from engine.conformance.association import check_abort, check_accept, check_reject, check_request
from engine.conformance.commands import check_command
from engine.conformance.data import check_data
from engine.conformance.rules import RULES
from engine.model.command_set import CommandSet
from engine.model.dataset import DataSet
from engine.standard.pdus import (
    AbortPdu,
    AssociateRJ,
    AsyncOperationsWindow,
    ImplementationVersionName,
    Item,
    PDataTF,
    UserIdentityAC,
    UserIdentityRQ,
)
from engine.wire.commands import encode_command
from tests.conformance import cases_exchange, cases_pdus, cases_tls, cases_workflow
from tests.conformance.cases_association import (
    ASSOCIATIONS,
    PDATA,
    REQUEST,
    answer,
    answered,
    common,
    context,
    extended,
    pdv,
    request,
    role,
)
from tests.conformance.cases_commands import (
    BASIC_TEXT_SR,
    COMMANDS,
    CREATE,
    CREATED,
    CT,
    DATA,
    ECHO,
    ECHOED,
    FIND,
    FOUND,
    GOOD_COMMANDS,
    IMPLICIT,
    INSTANCE,
    JPEG,
    MPPS,
    QUERY,
    STORE,
    STUDY_FIND,
    VERIFICATION,
)
from tests.conformance.checking import check_command_bytes, check_pdata

CASES = {
    f"{area}.{slug}": case
    for area, cases in (("command", COMMANDS), ("data", DATA), ("association", ASSOCIATIONS), ("pdata", PDATA))
    for slug, case in cases.items()
}


def test_every_rule_has_a_case() -> None:
    with_conversation = {*cases_pdus.CASES, *cases_exchange.CASES, *cases_workflow.CASES, *cases_tls.CASES}
    assert {*CASES, *with_conversation} == set(RULES)
    assert not with_conversation & set(CASES)


@pytest.mark.parametrize("rule", CASES)
def test_the_case_is_found(rule: str) -> None:
    findings = [f for f in CASES[rule]() if f.rule == rule]
    assert findings
    for finding in findings:
        assert finding.severity in ("error", "warning", "info")
        assert finding.clause.startswith("PS3.")
        assert finding.sentence.endswith(".")


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_rules_say_what_is_right_and_where(rule: object) -> None:
    from engine.conformance.rules import Rule

    assert isinstance(rule, Rule)
    assert rule.title
    assert rule.clause.startswith("PS3.")
    assert rule.severity in ("error", "warning", "info")


# Nothing is found where nothing is wrong


@pytest.mark.parametrize("command", GOOD_COMMANDS.values(), ids=GOOD_COMMANDS)
def test_correct_commands_pass(command: CommandSet) -> None:
    assert check_command(command, has_data=command.has_data_set) == []
    assert check_command_bytes(encode_command(command)) == []


def test_correct_answers_pass_beside_their_requests() -> None:
    assert check_command(ECHOED, ECHO, abstract_syntax=VERIFICATION) == []
    assert check_command(FOUND, FIND, abstract_syntax=STUDY_FIND) == []
    assert check_command(CREATED, CREATE, abstract_syntax=MPPS) == []


def test_correct_data_pass() -> None:
    assert check_data(STORE, INSTANCE) == []
    assert check_data(FIND, QUERY) == []
    assert check_data(ECHO, DataSet()) == []


def test_correct_associations_pass() -> None:
    assert check_request(REQUEST) == []
    assert check_accept(REQUEST, answer()) == []
    assert check_reject(AssociateRJ(result=1, source=1, reason=7)) == []
    assert check_abort(AbortPdu()) == []
    assert check_abort(AbortPdu(source=2, reason=6)) == []


def test_a_rich_correct_association_passes() -> None:
    user: tuple[Item, ...] = (
        AsyncOperationsWindow(invoked=0, performed=5),
        role(1, 1, CT),
        ImplementationVersionName(name="DIMSE_CONSOLE_01"),
        extended(b"\1\0\1"),
        common(BASIC_TEXT_SR, "1.2.840.10008.5.1.4.1.1.88.22"),
        UserIdentityRQ(type=2, primary=b"me", secondary=b"secret", positive_response_requested=1),
    )
    rq = request(context(1, CT, (IMPLICIT, f"{JPEG}50")), context(3, STUDY_FIND), user=user)
    assert check_request(rq) == []
    reply: tuple[Item, ...] = (
        AsyncOperationsWindow(invoked=9, performed=5),
        role(0, 1, CT),
        extended(b"\1"),
        UserIdentityAC(),
    )
    assert check_accept(rq, answer(answered(1, 0, f"{JPEG}50"), answered(3), user=reply)) == []


def test_correct_fragments_pass() -> None:
    assert check_pdata(PDataTF(pdvs=(pdv(), pdv(control=2))), maximum=64, contexts={1}) == []
