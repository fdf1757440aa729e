"""SOP classes: which DIMSE services each one uses and which side invokes them (PS3.4).

UIDs, names and keywords are the registry's (`engine.standard.dictionary`); only what PS3.4 adds is written here, by
rule where it has one: "... Storage" is stored, "... - FIND" is queried, "... - MOVE" and "... - GET" retrieve.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import field
from functools import cache
from itertools import islice

from .dictionary import UidEntry, uid_entries, uid_entry
from .lean import dataclass


@dataclass(frozen=True, slots=True)
class SopClass:
    """One SOP class or meta SOP class.

    scu_invokes, scp_invokes: services by who invokes them, "C-STORE", "N-EVENT-REPORT".
    action_types, event_types: names by ID.
    well_known_instance: SOP Instance UID, "" when there is none. members: UIDs, of a meta SOP class.
    query_levels: values of Query/Retrieve Level.
    extended_negotiation: key of `engine.standard.extended_negotiation.LAYOUTS`, "" when none.
    message_sop_class: SOP class UID its DIMSE-N messages carry when not its own (UPS, PS3.4 CC.3.1.1).
    related_general: Related General SOP Classes (PS3.4 Table B.3-3).
    """

    uid: str
    name: str
    keyword: str
    retired: bool
    service_class: str = ""
    kind: str = ""
    clause: str = ""
    scu_invokes: tuple[str, ...] = ()
    scp_invokes: tuple[str, ...] = ()
    action_types: dict[int, str] = field(default_factory=dict)
    event_types: dict[int, str] = field(default_factory=dict)
    well_known_instance: str = ""
    members: tuple[str, ...] = ()
    query_levels: tuple[str, ...] = ()
    extended_negotiation: str = ""
    note: str = ""
    message_sop_class: str = ""
    related_general: tuple[str, ...] = ()


_STORAGE_UIDS = "1.2.840.10008.5.1.4.1.1"
_PUSH = "1.2.840.10008.5.1.4.34.6.1"

# Service classes of single SOP classes and families, by what their keyword begins with (the first that fits):
# keyword, service class, what its queries and retrieves are called, clause, extended negotiation, levels.
_MODELS = (
    ("PatientRootQuery", "Query/Retrieve", "composite", "C.6.1", "qr", "PATIENT STUDY SERIES IMAGE"),
    ("StudyRootQuery", "Query/Retrieve", "composite", "C.6.2", "qr", "STUDY SERIES IMAGE"),
    ("PatientStudyOnlyQuery", "Query/Retrieve", "composite", "C.6.3 (retired)", "qr", "PATIENT STUDY"),
    ("RepositoryQuery", "Query/Retrieve", "composite", "C.6.4", "qr", "STUDY SERIES IMAGE"),
    ("CompositeInstanceRootRetrieve", "Composite Instance Root Retrieve", "composite", "Y",
     "composite_instance_root_retrieve", "IMAGE FRAME"),
    ("CompositeInstanceRetrieveWithoutBulkData", "Composite Instance Retrieve Without Bulk Data", "composite", "Z",
     "composite_instance_root_retrieve", "IMAGE"),
    ("ModalityWorklist", "Basic Worklist Management", "worklist", "K", "worklist_find", ""),
    ("GeneralRelevantPatient", "Relevant Patient Information Query", "", "Q", "", ""),
    ("BreastImagingRelevantPatient", "Relevant Patient Information Query", "", "Q", "", ""),
    ("CardiacRelevantPatient", "Relevant Patient Information Query", "", "Q", "", ""),
    ("ProductCharacteristics", "Substance Administration Query", "", "V", "", ""),
    ("SubstanceApproval", "Substance Administration Query", "", "V", "", ""),
    ("HangingProtocol", "Hanging Protocol Query/Retrieve", "non-patient", "U", "worklist_find", ""),
    ("ColorPalette", "Color Palette Query/Retrieve", "non-patient", "X", "worklist_find", ""),
    ("GenericImplantTemplate", "Implant Template Query/Retrieve", "non-patient", "BB", "worklist_find", ""),
    ("ImplantAssemblyTemplate", "Implant Template Query/Retrieve", "non-patient", "BB", "worklist_find", ""),
    ("ImplantTemplateGroup", "Implant Template Query/Retrieve", "non-patient", "BB", "worklist_find", ""),
    ("DefinedProcedureProtocol", "Defined Procedure Protocol Query/Retrieve", "non-patient", "HH", "worklist_find", ""),
    ("ProtocolApproval", "Protocol Approval Query/Retrieve", "non-patient", "II", "worklist_find", ""),
    ("Inventory", "Inventory Query/Retrieve", "non-patient", "JJ", "", ""),
)  # fmt: skip

_NON_PATIENT_STORAGE = (  # PS3.4 GG.3
    "CTDefinedProcedureProtocolStorage", "XADefinedProcedureProtocolStorage", "ProtocolApprovalStorage",
    "InventoryStorage", "HangingProtocolStorage", "ColorPaletteStorage", "GenericImplantTemplateStorage",
    "ImplantAssemblyTemplateStorage", "ImplantTemplateGroupStorage",
)  # fmt: skip
_FOREIGN_STORAGE = (f"{_STORAGE_UIDS}.501.", f"{_STORAGE_UIDS}.601.")
"""DICOS and DICONDE: registered in PS3.6, defined elsewhere."""

_PRINT, _UPS, _RT = "Print Management", "Unified Worklist and Procedure Step", "RT Machine Verification"

# The normalized ones: keyword, service class, clause, what the SCU invokes, what the SCP invokes.
_NORMALIZED = (
    ("StorageCommitmentPushModel", "Storage Commitment", "J.3", "N-ACTION", "N-EVENT-REPORT"),
    ("ProceduralEventLogging", "Application Event Logging", "P.2", "N-ACTION", ""),
    ("SubstanceAdministrationLogging", "Application Event Logging", "P.3", "N-ACTION", ""),
    ("ModalityPerformedProcedureStep", "Procedure Step", "F.7", "N-CREATE N-SET", ""),
    ("ModalityPerformedProcedureStepRetrieve", "Procedure Step", "F.8", "N-GET", ""),
    ("ModalityPerformedProcedureStepNotification", "Procedure Step", "F.9", "", "N-EVENT-REPORT"),
    ("BasicFilmSession", _PRINT, "H.4.1", "N-CREATE N-SET N-DELETE N-ACTION", ""),
    ("BasicFilmBox", _PRINT, "H.4.2", "N-CREATE N-ACTION N-DELETE N-SET", ""),
    ("BasicGrayscaleImageBox", _PRINT, "H.4.3.1", "N-SET", ""),
    ("BasicColorImageBox", _PRINT, "H.4.3.2", "N-SET", ""),
    ("BasicAnnotationBox", _PRINT, "H.4.4", "N-SET", ""),
    ("PrintJob", _PRINT, "H.4.5", "N-GET", "N-EVENT-REPORT"),
    ("Printer", _PRINT, "H.4.6", "N-GET", "N-EVENT-REPORT"),
    ("PrinterConfigurationRetrieval", _PRINT, "H.4.11", "N-GET", ""),
    ("PresentationLUT", _PRINT, "H.4.9", "N-CREATE N-DELETE", ""),
    ("MediaCreationManagement", "Media Creation Management", "S", "N-CREATE N-ACTION N-GET", ""),
    ("DisplaySystem", "Display System Management", "EE", "N-GET", ""),
    ("InventoryCreation", "Storage Management", "KK.2", "N-ACTION", "N-EVENT-REPORT"),
    ("InstanceAvailabilityNotification", "Instance Availability Notification", "R", "N-CREATE", ""),
    ("UnifiedProcedureStepPush", _UPS, "CC", "N-CREATE N-ACTION N-GET", ""),
    ("UnifiedProcedureStepWatch", _UPS, "CC", "N-ACTION N-GET C-FIND", ""),
    ("UnifiedProcedureStepPull", _UPS, "CC", "C-FIND N-GET N-SET N-ACTION", ""),
    ("UnifiedProcedureStepEvent", _UPS, "CC", "", "N-EVENT-REPORT"),
    ("UnifiedProcedureStepQuery", _UPS, "CC", "C-FIND", ""),
    ("RTConventionalMachineVerification", _RT, "DD", "N-CREATE N-SET N-GET N-ACTION N-DELETE", "N-EVENT-REPORT"),
    ("RTIonMachineVerification", _RT, "DD", "N-CREATE N-SET N-GET N-ACTION N-DELETE", "N-EVENT-REPORT"),
)  # fmt: skip

_PRINT_ACTION = {1: "Print"}
_BEAM_ACTION, _BEAM_EVENTS = {1: "Request Beam Verification"}, {1: "Pending", 2: "Done"}

_ACTIONS: dict[str, dict[int, str]] = {
    "StorageCommitmentPushModel": {1: "Request Storage Commitment"},
    "ProceduralEventLogging": {1: "Record Procedural Event"},
    "SubstanceAdministrationLogging": {1: "Record Substance Administration Event"},
    "BasicFilmSession": _PRINT_ACTION,
    "BasicFilmBox": _PRINT_ACTION,
    "MediaCreationManagement": {1: "Initiate Media Creation", 2: "Cancel Media Creation"},
    "InventoryCreation": {11: "Initiate", 12: "Request Status", 13: "Cancel", 14: "Pause", 15: "Resume"},
    "UnifiedProcedureStepPush": {2: "Request UPS Cancel"},
    "UnifiedProcedureStepWatch": {
        2: "Request UPS Cancel",
        3: "Subscribe to Receive UPS Event Reports",
        4: "Unsubscribe from Receiving UPS Event Reports",
        5: "Suspend Global Subscription",
    },
    "UnifiedProcedureStepPull": {1: "Change UPS State"},
    "RTConventionalMachineVerification": _BEAM_ACTION,
    "RTIonMachineVerification": _BEAM_ACTION,
}

_EVENTS: dict[str, dict[int, str]] = {
    "StorageCommitmentPushModel": {
        1: "Storage Commitment Request Successful",
        2: "Storage Commitment Request Complete - Failures Exist",
    },
    "ModalityPerformedProcedureStepNotification": {
        1: "Performed Procedure Step In Progress",
        2: "Performed Procedure Step Completed",
        3: "Performed Procedure Step Discontinued",
        4: "Performed Procedure Step Updated",
        5: "Performed Procedure Step Deleted",
    },
    "PrintJob": {1: "Pending", 2: "Printing", 3: "Done", 4: "Failure"},
    "Printer": {1: "Normal", 2: "Warning", 3: "Failure"},
    "InventoryCreation": {
        11: "Inventory Terminated with Instances",
        12: "Inventory Status",
        13: "Inventory Terminated without Instances",
    },
    "UnifiedProcedureStepEvent": {
        1: "UPS State Report",
        2: "UPS Cancel Requested",
        3: "UPS Progress Report",
        4: "SCP Status Change",
        5: "UPS Assigned",
    },
    "RTConventionalMachineVerification": _BEAM_EVENTS,
    "RTIonMachineVerification": _BEAM_EVENTS,
}

_MEMBERS = {  # meta SOP class: clause, members (keywords)
    "BasicGrayscalePrintManagementMeta": (
        "H.3.2.2.1", "BasicFilmSession BasicFilmBox BasicGrayscaleImageBox Printer"
    ),
    "BasicColorPrintManagementMeta": ("H.3.2.2.2", "BasicFilmSession BasicFilmBox BasicColorImageBox Printer"),
}  # fmt: skip

_INSTANCES = {"InventoryCreation": "StorageManagement", "UnifiedProcedureStepWatch": "UPSGlobalSubscription"}
"""Well-known instances whose keyword is not the SOP class's with "Instance" behind it."""

_ROLES = "Both sides must support role selection"
_NOTES = {
    "StorageCommitmentPushModel": f"{_ROLES}; the N-EVENT-REPORT may come on an association the SCP opens, proposing "
    "the SCP role for itself (PS3.4 J.2.1, J.3.3).",
    "ModalityPerformedProcedureStep": f"{_ROLES} (PS3.4 F.2.1).",
    "ModalityPerformedProcedureStepRetrieve": f"{_ROLES} (PS3.4 F.2.1).",
    "ModalityPerformedProcedureStepNotification": f"{_ROLES} (PS3.4 F.2.1).",
    "InventoryCreation": f"{_ROLES} (PS3.4 KK.1.3.1).",
    "UnifiedProcedureStepWatch": "UPS Filtered Global Subscription is 1.2.840.10008.5.1.4.34.5.1 (PS3.4 CC.2.3).",
    "RepositoryQuery": "Study Root model with further keys (PS3.4 C.6.4).",
    "VOILUTBox": "Retired by PS3.4 H.4.7.",
}

_RELATED_GENERAL = {  # PS3.4 Table B.3-3; UIDs after 1.2.840.10008.5.1.4.1.1
    "1.2": "1.1", "1.2.1": "1.1.1", "1.3": "1.1", "1.3.1": "1.1.1",
    "2.1": "2.2", "4.1": "4.4", "130": "128.1",
    "9.1.1": "9.1.2 9.1.4", "9.1.2": "9.1.4",
    "78.6": "88.22", "79.1": "88.22",
    "88.11": "88.22 88.33 88.34 88.35", "88.22": "88.33 88.34 88.35", "88.33": "88.34 88.35", "88.34": "88.35",
    **dict.fromkeys(
        ("88.40", "88.67", "88.68", "88.71", "88.72", "88.73", "88.76"), "88.22 88.33 88.34 88.35"
    ),
}  # fmt: skip


# What a registry entry is, rule by rule; the first that fits decides.


def _storage(e: UidEntry) -> SopClass | None:
    if "Storage" not in e.name or e.keyword in _NOT_STORED or "Commitment" in e.name:
        return None
    related = _RELATED_GENERAL.get(e.uid.removeprefix(f"{_STORAGE_UIDS}."), "")
    if e.keyword in _NON_PATIENT_STORAGE:
        service_class, kind, clause, extended = "Non-Patient Object Storage", " (non-patient)", "PS3.4 GG.3", ""
    elif e.uid.startswith(_FOREIGN_STORAGE):
        service_class, kind, clause, extended = "Storage", " (IOD defined outside DICOM)", "", ""
    else:
        service_class, kind, clause, extended = "Storage", "", "PS3.4 B.5", "storage"
    return _made(
        e,
        service_class,
        f"composite storage{kind}",
        clause,
        ("C-STORE",),
        extended_negotiation="" if e.retired else extended,
        related_general=tuple(f"{_STORAGE_UIDS}.{r}" for r in related.split()),
    )


_NOT_STORED = ("MediaStorageDirectoryStorage", "StoredPrintStorage")

_VERBS = {  # how names end: service, whether it retrieves
    "- FIND": ("C-FIND", False),
    "- MOVE": ("C-MOVE", True),
    "- GET": ("C-GET", True),
}


def _model(e: UidEntry) -> SopClass | None:
    row = next((r for r in _MODELS if e.keyword.startswith(r[0])), None)
    verb = next((v for end, v in _VERBS.items() if e.name.endswith(end)), None)
    if verb is None and "Query" in e.name.removesuffix(" SOP Class").split(" ")[-1]:
        verb = ("C-FIND", False)
    if row is None or verb is None:
        return None
    _, service_class, stem, section, extended, levels = row
    service, retrieves = verb
    if extended == "qr":
        extended = "qr_retrieve" if retrieves else "qr_find"
    return _made(
        e,
        service_class,
        f"{stem} {'retrieve' if retrieves else 'query'}".strip(),
        f"PS3.4 {section}",
        (service,),
        # The C-STORE sub-operations of a C-GET come back on the same association.
        ("C-STORE",) if service == "C-GET" else (),
        query_levels=tuple(levels.split()),
        extended_negotiation=extended,
    )


def _normalized(e: UidEntry) -> SopClass | None:
    row = next((r for r in _NORMALIZED if r[0] == e.keyword), None)
    if row is None:
        return None
    _, service_class, section, scu, scp = row
    ups = service_class == _UPS
    return _made(
        e,
        service_class,
        "worklist query" if scu == "C-FIND" else "normalized",
        f"PS3.4 {section}",
        tuple(scu.split()),
        tuple(scp.split()),
        extended_negotiation="worklist_find" if ups else "",
        message_sop_class=_PUSH if ups and e.uid != _PUSH else "",
    )


def _meta(e: UidEntry) -> SopClass | None:
    if e.type != "Meta SOP Class":
        return None
    section, members = _MEMBERS.get(e.keyword, ("", ""))
    uids = tuple(m.uid for k in members.split() for m in uid_entries().values() if m.keyword == k)
    return _made(e, _PRINT if members else "", "meta", f"PS3.4 {section}" if section else "", members=uids)


def _others(e: UidEntry) -> SopClass | None:
    if e.keyword == "Verification":
        return _made(e, "Verification", "verification", "PS3.4 A", ("C-ECHO",))
    if e.keyword == "MediaStorageDirectoryStorage":
        return _made(e, "Media Storage", "media directory (not negotiated on a network)", "PS3.4 I.4")
    if e.keyword.endswith("RealTimeCommunication"):
        return _made(e, "Real-Time Communication", "real-time (not DIMSE)", "PS3.22")
    return None


_RULES: tuple[Callable[[UidEntry], SopClass | None], ...] = (_meta, _storage, _normalized, _model, _others)


def _made(
    e: UidEntry,
    service_class: str = "",
    kind: str = "",
    clause: str = "",
    scu_invokes: tuple[str, ...] = (),
    scp_invokes: tuple[str, ...] = (),
    *,
    members: tuple[str, ...] = (),
    query_levels: tuple[str, ...] = (),
    extended_negotiation: str = "",
    message_sop_class: str = "",
    related_general: tuple[str, ...] = (),
) -> SopClass:
    """The SOP class of a registry entry, with what is known by its keyword."""
    return SopClass(
        e.uid,
        e.name,
        e.keyword,
        e.retired,
        service_class,
        kind,
        clause,
        scu_invokes,
        scp_invokes,
        _ACTIONS.get(e.keyword, {}),
        _EVENTS.get(e.keyword, {}),
        _instances().get(_INSTANCES.get(e.keyword, e.keyword) + "Instance", ""),
        members,
        query_levels,
        extended_negotiation,
        _NOTES.get(e.keyword, ""),
        message_sop_class,
        related_general,
    )


@cache
def _instances() -> dict[str, str]:
    """Well-known SOP instances: UID by keyword."""
    return {e.keyword: e.uid for e in uid_entries().values() if e.type == "Well-known SOP Instance"}


@cache
def sop_classes() -> dict[str, SopClass]:
    """All SOP classes and meta SOP classes by UID, retired ones included."""
    return {uid: row for uid in uid_entries() if (row := sop_class(uid)) is not None}


_rows: dict[str, SopClass] = {}
"""Those that were asked for."""


def sop_class(uid: str) -> SopClass | None:
    """The row, or None for a private or unknown one."""
    row = _rows.get(uid)
    if row is None and (e := uid_entry(uid)) is not None and e.type in ("SOP Class", "Meta SOP Class"):
        row = _rows[uid] = next((s for rule in _RULES if (s := rule(e))), None) or _made(e)
    return row


def services_of(uid: str) -> tuple[str, ...]:
    """Services either side may invoke on a context of this abstract syntax, the SCU's first; of a meta SOP class, its
    members'. () when unknown."""
    sop = sop_class(uid)
    if sop is None:
        return ()
    own: Iterable[str] = (*sop.scu_invokes, *sop.scp_invokes)
    of_members = (s for member in sop.members for s in services_of(member))
    return tuple(dict.fromkeys((*own, *of_members)))


@cache
def _searchable() -> tuple[tuple[str, SopClass], ...]:
    return tuple((_haystack(s), s) for s in sop_classes().values())


def _haystack(s: SopClass) -> str:
    services = " ".join((*s.scu_invokes, *s.scp_invokes))
    return f"{s.name} {s.keyword} {s.uid} {s.service_class} {services}".lower()


_ABBREVIATIONS = {
    "mwl": "modality worklist",
    "mpps": "modality performed procedure step",
    "ups": "unified procedure step",
    "ian": "instance availability notification",
}
"""What people type."""


def search(text: str, limit: int = 50) -> list[SopClass]:
    """SOP classes that contain every word in name, keyword, UID, service class or services.

    An exact keyword or UID comes first, then names that begin with the text, then short names; retired ones last.
    """
    words = [w for word in text.lower().split() for w in _ABBREVIATIONS.get(word, word).split()]
    if not words:
        return []
    whole = " ".join(words)

    def rank(s: SopClass) -> tuple[bool, bool, bool, bool, int, str]:
        name = s.name.lower()
        exact = whole in (s.uid, s.keyword.lower())
        in_name = all(w in name or w in s.keyword.lower() for w in words)
        return (not exact, s.retired, not name.startswith(whole), not in_name, len(name), s.uid)

    hits = (s for haystack, s in _searchable() if all(w in haystack for w in words))
    return list(islice(sorted(hits, key=rank), limit))
