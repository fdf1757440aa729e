"""The unified procedure steps claimed here, as the workspace keeps them."""

from __future__ import annotations

from html import escape
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.workspace.errors import WorkspaceError
from engine.workspace.ups_claims import Claim, Claims
from gui.dialogs import Questions
from gui.models import redacted_rows
from gui.models.lists import EntryModel
from gui.models.ups_rows import describe_claim

from .entry_list import EntryList

_EMPTY = "No step is claimed.<br>What is claimed stays here with its Transaction UID until it is finished."


class ClaimedList(EntryList):
    """`forgotten` when the user has dropped a claim."""

    forgotten = Signal()

    def __init__(self, folder: Path, questions: Questions, parent: QWidget | None = None) -> None:
        """folder: of the workspace."""
        self.claims = Claims(folder)
        self.known: tuple[Claim, ...] = ()
        self._questions = questions
        self.claim_model = EntryModel[Claim](describe_claim, redact=redacted_rows.claim)
        super().__init__(self.claim_model, parent, name="Claimed steps", many=False, movable=False)
        self.claim_model.setParent(self)
        self.add_action("&Forget this claim", "", self.ask_forget)
        self.load()

    def load(self) -> None:
        """Read the file again: the command line may have written it."""
        try:
            self.known = self.claims.all()
            self.set_empty(_EMPTY)
        except WorkspaceError as error:
            self.known = ()
            self.set_empty(escape(str(error)))
        self.claim_model.set_records(self.known)

    def of(self, uid: str, ae_title: str) -> Claim | None:
        """The claim of a step of this provider."""
        return next((c for c in self.known if c.key == (uid, ae_title)), None)

    def current(self) -> Claim | None:
        record = self.current_record()
        return record if isinstance(record, Claim) else None

    def ask_forget(self) -> None:
        """Drop a claim: the step is finished elsewhere, or was never ours."""
        claim = self.current()
        if claim is not None:
            name = claim.label or claim.sop_instance_uid
            text = f"Without its Transaction UID nobody can finish the step {name}."
            self._questions.ask(self.window(), "Forget the claim", text, "Forget it", self._forget)

    def _forget(self) -> None:
        claim = self.current()
        if claim is not None:
            self.claims.forget(claim.sop_instance_uid, claim.peer)
            self.load()
            self.forgotten.emit()
