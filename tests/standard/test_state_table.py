"""Table 9-10 against its second telling, state by state."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.standard.state_table import ACTIONS, TABLE, Effect, Evt, Sta, action

TELLING = Path(__file__).parent.parent / "data" / "standard_state_table.txt"


def told() -> dict[tuple[str, str], tuple[str, tuple[str, ...]]]:
    """(state, event) to (action, next states)."""
    cells: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {}
    state = ""
    for line in TELLING.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            state = line[1 : line.index("]")]
        elif line and not line.startswith("#"):
            event, _, name, states = (part.strip() for part in line.split("|"))
            assert (state, event) not in cells
            cells[state, event] = name, tuple(states.split(" or "))
    return cells


def test_counts() -> None:
    assert (len(Sta), len(Evt), len(ACTIONS), len(TABLE)) == (13, 19, 28, 123)


def test_table_equals_its_second_telling() -> None:
    ours = {
        (state.name, event.name): (name, tuple(s.name for s in ACTIONS[name].next_states))
        for (event, state), name in TABLE.items()
    }
    assert ours == told()


def test_every_action_is_used_and_has_effects() -> None:
    assert set(TABLE.values()) == set(ACTIONS)
    for row in ACTIONS.values():
        assert row.effects
        assert row.clause.startswith("PS3.8 9.2")


def test_every_effect_is_used() -> None:
    assert {e for row in ACTIONS.values() for e in row.effects} == set(Effect)


def test_only_two_actions_choose_their_state() -> None:
    assert {name for name, row in ACTIONS.items() if len(row.next_states) > 1} == {"AE-6", "AR-8"}


@pytest.mark.parametrize("state", list(Sta))
def test_states_and_events_are_defined_in_words(state: Sta) -> None:
    assert state.definition


def test_events_are_defined_in_words() -> None:
    assert all(event.definition for event in Evt)


def test_every_pdu_is_answered_wherever_there_is_a_connection() -> None:
    received = [Evt.Evt3, Evt.Evt4, Evt.Evt6, Evt.Evt10, Evt.Evt12, Evt.Evt13, Evt.Evt16, Evt.Evt19]
    for event in received:
        for state in Sta:
            connected = state not in (Sta.Sta1, Sta.Sta4)
            assert (action(event, state) is not None) is connected


def test_empty_cells_give_nothing() -> None:
    assert action(Evt.Evt1, Sta.Sta6) is None
    row = action(Evt.Evt1, Sta.Sta1)
    assert row is not None
    assert row.effects == (Effect.CONNECT,)


def test_artim_is_started_and_stopped_where_the_standard_says() -> None:
    started = {n for n, a in ACTIONS.items() if Effect.START_ARTIM in a.effects or Effect.JUDGE_RQ in a.effects}
    stopped = {n for n, a in ACTIONS.items() if Effect.STOP_ARTIM in a.effects}
    assert started == {"AE-5", "AE-6", "AE-8", "AR-4", "AA-1", "AA-8"}
    assert stopped == {"AE-6", "AR-5", "AA-2", "AA-5"}
