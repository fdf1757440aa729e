"""The services of the Services panel as rows: its list, the Services menu and the palette are made from them."""

from __future__ import annotations

from engine.standard.lean import dataclass


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """name: of its command (`service_NAME`) and page. text: of the menu, with mnemonic. summary: one line.
    words: what else people call it, for the palette."""

    name: str
    text: str
    icon: str
    summary: str
    words: str = ""

    @property
    def title(self) -> str:
        return self.text.replace("&", "")


SERVICES = (
    ServiceRow(
        "store", "&Store files (C-STORE)", "file", "Files, folders and DICOMDIRs, with a plan before anything is sent"
    ),
    ServiceRow(
        "query",
        "&Query and retrieve (C-FIND, C-GET, C-MOVE)",
        "search",
        "Patients, studies, worklists and all other models; retrieve here or to another AE",
        "qr pull pacs",
    ),
    ServiceRow(
        "mpps",
        "&Worklist and performed steps (MPPS)",
        "log",
        "What is scheduled, and the steps performed: begin, complete, discontinue",
        "mwl pps modality performed procedure step n-create n-set",
    ),
    ServiceRow(
        "commit",
        "Storage &commitment",
        "lock",
        "Are these instances safe? Reports are matched as they come",
        "stgcmt n-action n-event-report",
    ),
    ServiceRow(
        "ian",
        "Instance &availability (IAN)",
        "info",
        "Tell a peer which instances can be had, how fast and from where",
        "notification n-create",
    ),
    ServiceRow(
        "print",
        "&Print films",
        "print",
        "Images or a test pattern, step by step to the print job's end",
        "film box session printer n-create n-set n-action",
    ),
    ServiceRow(
        "ups",
        "&Unified procedure steps (UPS)",
        "contexts",
        "Create, claim, perform and watch the steps of a worklist",
        "workitem push pull watch subscribe n-action",
    ),
    ServiceRow(
        "nget", "&Read an instance (N-GET)", "search", "Attributes of an instance the peer manages, by a pick list"
    ),
)
