"""The state machine of the DICOM upper layer: PS3.8 9.2, Tables 9-1 to 9-10.

`TABLE` is Table 9-10; `ACTIONS` are Tables 9-6 to 9-9 as effects, done in order.
"""

from __future__ import annotations

from enum import Enum

from .lean import dataclass


class _Defined(Enum):
    """Members are named as in Table 9-10 and carry its words."""

    __hash__ = object.__hash__  # members are singletons; Enum's own is a Python function, and each PDU asks for a dozen

    @property
    def definition(self) -> str:
        return str(self.value)


class Sta(_Defined):
    """States (Tables 9-1 to 9-5)."""

    Sta1 = "Idle"
    Sta2 = "Transport connection open, awaiting A-ASSOCIATE-RQ PDU"
    Sta3 = "Awaiting local A-ASSOCIATE response primitive"
    Sta4 = "Awaiting transport connection opening to complete"
    Sta5 = "Awaiting A-ASSOCIATE-AC or A-ASSOCIATE-RJ PDU"
    Sta6 = "Association established, ready for data transfer"
    Sta7 = "Awaiting A-RELEASE-RP PDU"
    Sta8 = "Awaiting local A-RELEASE response primitive"
    Sta9 = "Release collision, requestor side: awaiting A-RELEASE response primitive"
    Sta10 = "Release collision, acceptor side: awaiting A-RELEASE-RP PDU"
    Sta11 = "Release collision, requestor side: awaiting A-RELEASE-RP PDU"
    Sta12 = "Release collision, acceptor side: awaiting A-RELEASE response primitive"
    Sta13 = "Awaiting transport connection close indication"


class Evt(_Defined):
    """Events: the rows of Table 9-10 from top to bottom (the Standard prints no numbers; these are the usual ones)."""

    Evt1 = "A-ASSOCIATE request (local user)"
    Evt2 = "Transport connection confirmation (local transport service)"
    Evt3 = "A-ASSOCIATE-AC PDU received"
    Evt4 = "A-ASSOCIATE-RJ PDU received"
    Evt5 = "Transport connection indication (local transport service)"
    Evt6 = "A-ASSOCIATE-RQ PDU received"
    Evt7 = "A-ASSOCIATE response, accept (local user)"
    Evt8 = "A-ASSOCIATE response, reject (local user)"
    Evt9 = "P-DATA request (local user)"
    Evt10 = "P-DATA-TF PDU received"
    Evt11 = "A-RELEASE request (local user)"
    Evt12 = "A-RELEASE-RQ PDU received"
    Evt13 = "A-RELEASE-RP PDU received"
    Evt14 = "A-RELEASE response (local user)"
    Evt15 = "A-ABORT request (local user)"
    Evt16 = "A-ABORT PDU received"
    Evt17 = "Transport connection closed (local transport service)"
    Evt18 = "ARTIM timer expired"
    Evt19 = "Unrecognized or invalid PDU received"


class Effect(Enum):
    """What actions do."""

    __hash__ = object.__hash__

    CONNECT = "issue a transport connect request"
    ACCEPT_TRANSPORT = "accept the transport connection"
    SEND_RQ = "send A-ASSOCIATE-RQ PDU"
    SEND_AC = "send A-ASSOCIATE-AC PDU"
    SEND_RJ = "send A-ASSOCIATE-RJ PDU"
    SEND_PDATA = "send P-DATA-TF PDU"
    SEND_RELEASE_RQ = "send A-RELEASE-RQ PDU"
    SEND_RELEASE_RP = "send A-RELEASE-RP PDU"
    SEND_ABORT = "send A-ABORT PDU"
    SEND_ABORT_USER = "send A-ABORT PDU, source service-user"
    SEND_ABORT_PROVIDER = "send A-ABORT PDU, source service-provider"
    CONFIRM_ACCEPT = "issue A-ASSOCIATE confirmation, accept"
    CONFIRM_REJECT = "issue A-ASSOCIATE confirmation, reject"
    JUDGE_RQ = "acceptable: issue A-ASSOCIATE indication; else send A-ASSOCIATE-RJ PDU and start ARTIM"
    INDICATE_PDATA = "issue P-DATA indication"
    INDICATE_RELEASE = "issue A-RELEASE indication"
    INDICATE_COLLISION = "issue A-RELEASE indication (release collision)"
    CONFIRM_RELEASE = "issue A-RELEASE confirmation"
    INDICATE_ABORT = "issue A-ABORT or A-P-ABORT indication, after the source of the PDU"
    INDICATE_P_ABORT = "issue A-P-ABORT indication"
    START_ARTIM = "start ARTIM timer"
    STOP_ARTIM = "stop ARTIM timer"
    CLOSE_TRANSPORT = "close the transport connection"
    IGNORE = "ignore the PDU"


@dataclass(frozen=True, slots=True)
class Action:
    """One action.

    next_states: one; two where the action decides, in this order: AE-6 acceptable or not, AR-8 association requestor or
    acceptor.
    """

    name: str
    effects: tuple[Effect, ...]
    next_states: tuple[Sta, ...]
    clause: str


def _actions(clause: str, *rows: tuple[str, tuple[Effect, ...], tuple[Sta, ...]]) -> dict[str, Action]:
    return {name: Action(name, effects, states, clause) for name, effects, states in rows}


_E, _S = Effect, Sta

# fmt: off
ACTIONS: dict[str, Action] = {
    **_actions(
        "PS3.8 9.2.2, Table 9-6",
        ("AE-1", (_E.CONNECT,),                              (_S.Sta4,)),
        ("AE-2", (_E.SEND_RQ,),                              (_S.Sta5,)),
        ("AE-3", (_E.CONFIRM_ACCEPT,),                       (_S.Sta6,)),
        ("AE-4", (_E.CONFIRM_REJECT, _E.CLOSE_TRANSPORT),    (_S.Sta1,)),
        ("AE-5", (_E.ACCEPT_TRANSPORT, _E.START_ARTIM),      (_S.Sta2,)),
        ("AE-6", (_E.STOP_ARTIM, _E.JUDGE_RQ),               (_S.Sta3, _S.Sta13)),
        ("AE-7", (_E.SEND_AC,),                              (_S.Sta6,)),
        ("AE-8", (_E.SEND_RJ, _E.START_ARTIM),               (_S.Sta13,)),
    ),
    **_actions(
        "PS3.8 9.2.2, Table 9-7",
        ("DT-1", (_E.SEND_PDATA,),                           (_S.Sta6,)),
        ("DT-2", (_E.INDICATE_PDATA,),                       (_S.Sta6,)),
    ),
    **_actions(
        "PS3.8 9.2.2, Table 9-8",
        ("AR-1", (_E.SEND_RELEASE_RQ,),                      (_S.Sta7,)),
        ("AR-2", (_E.INDICATE_RELEASE,),                     (_S.Sta8,)),
        ("AR-3", (_E.CONFIRM_RELEASE, _E.CLOSE_TRANSPORT),   (_S.Sta1,)),
        ("AR-4", (_E.SEND_RELEASE_RP, _E.START_ARTIM),       (_S.Sta13,)),
        ("AR-5", (_E.STOP_ARTIM,),                           (_S.Sta1,)),
        ("AR-6", (_E.INDICATE_PDATA,),                       (_S.Sta7,)),
        ("AR-7", (_E.SEND_PDATA,),                           (_S.Sta8,)),
        ("AR-8", (_E.INDICATE_COLLISION,),                   (_S.Sta9, _S.Sta10)),
        ("AR-9", (_E.SEND_RELEASE_RP,),                      (_S.Sta11,)),
        ("AR-10", (_E.CONFIRM_RELEASE,),                     (_S.Sta12,)),
    ),
    **_actions(
        "PS3.8 9.2.2, Table 9-9",
        ("AA-1", (_E.SEND_ABORT_USER, _E.START_ARTIM),       (_S.Sta13,)),
        ("AA-2", (_E.STOP_ARTIM, _E.CLOSE_TRANSPORT),        (_S.Sta1,)),
        ("AA-3", (_E.INDICATE_ABORT, _E.CLOSE_TRANSPORT),    (_S.Sta1,)),
        ("AA-4", (_E.INDICATE_P_ABORT,),                     (_S.Sta1,)),
        ("AA-5", (_E.STOP_ARTIM,),                           (_S.Sta1,)),
        ("AA-6", (_E.IGNORE,),                               (_S.Sta13,)),
        ("AA-7", (_E.SEND_ABORT,),                           (_S.Sta13,)),
        ("AA-8", (_E.SEND_ABORT_PROVIDER, _E.INDICATE_P_ABORT, _E.START_ARTIM), (_S.Sta13,)),
    ),
}
# fmt: on
"""Actions by name. Starting ARTIM when it runs restarts it."""

# PS3.8 Table 9-10. A dot: nothing defined, the event cannot happen there or is an error of the local user.
_TABLE = """
       Sta1 Sta2 Sta3 Sta4 Sta5 Sta6 Sta7 Sta8 Sta9 Sta10 Sta11 Sta12 Sta13
Evt1   AE-1 .    .    .    .    .    .    .    .    .     .     .     .
Evt2   .    .    .    AE-2 .    .    .    .    .    .     .     .     .
Evt3   .    AA-1 AA-8 .    AE-3 AA-8 AA-8 AA-8 AA-8 AA-8  AA-8  AA-8  AA-6
Evt4   .    AA-1 AA-8 .    AE-4 AA-8 AA-8 AA-8 AA-8 AA-8  AA-8  AA-8  AA-6
Evt5   AE-5 .    .    .    .    .    .    .    .    .     .     .     .
Evt6   .    AE-6 AA-8 .    AA-8 AA-8 AA-8 AA-8 AA-8 AA-8  AA-8  AA-8  AA-7
Evt7   .    .    AE-7 .    .    .    .    .    .    .     .     .     .
Evt8   .    .    AE-8 .    .    .    .    .    .    .     .     .     .
Evt9   .    .    .    .    .    DT-1 .    AR-7 .    .     .     .     .
Evt10  .    AA-1 AA-8 .    AA-8 DT-2 AR-6 AA-8 AA-8 AA-8  AA-8  AA-8  AA-6
Evt11  .    .    .    .    .    AR-1 .    .    .    .     .     .     .
Evt12  .    AA-1 AA-8 .    AA-8 AR-2 AR-8 AA-8 AA-8 AA-8  AA-8  AA-8  AA-6
Evt13  .    AA-1 AA-8 .    AA-8 AA-8 AR-3 AA-8 AA-8 AR-10 AR-3  AA-8  AA-6
Evt14  .    .    .    .    .    .    .    AR-4 AR-9 .     .     AR-4  .
Evt15  .    .    AA-1 AA-2 AA-1 AA-1 AA-1 AA-1 AA-1 AA-1  AA-1  AA-1  .
Evt16  .    AA-2 AA-3 .    AA-3 AA-3 AA-3 AA-3 AA-3 AA-3  AA-3  AA-3  AA-2
Evt17  .    AA-5 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4  AA-4  AA-4  AR-5
Evt18  .    AA-2 .    .    .    .    .    .    .    .     .     .     AA-2
Evt19  .    AA-1 AA-8 .    AA-8 AA-8 AA-8 AA-8 AA-8 AA-8  AA-8  AA-8  AA-7
"""


def _parse(text: str) -> dict[tuple[Evt, Sta], str]:
    head, *rows = (line.split() for line in text.strip().splitlines())
    return {
        (Evt[event], Sta[state]): action
        for event, *cells in rows
        for state, action in zip(head, cells, strict=True)
        if action != "."
    }


TABLE: dict[tuple[Evt, Sta], str] = _parse(_TABLE)
"""Action by event and state; 123 cells."""


_STEPS = {cell: ACTIONS[name] for cell, name in TABLE.items()}


def action(event: Evt, state: Sta) -> Action | None:
    """What happens, or None where the table is empty."""
    return _STEPS.get((event, state))
