"""N-GET of any instance by a pick list of attributes (PS3.7 10.1.2)."""

from __future__ import annotations

from PySide6.QtWidgets import QPlainTextEdit, QWidget

from engine.conformance.names import check_uid
from engine.model.commands import RunProcedure
from engine.model.dataset import DataSet
from engine.model.notices import Direction, MessageNotice, Notice
from engine.model.procedures.instance import ReadInstance
from engine.standard.messages import message_name
from engine.trace.explain import PreviewError, data_set_of
from engine.workspace.dataset_text import dataset_text
from engine.workspace.errors import ValueProblem
from engine.workspace.names import attribute_tag, resolve_uid
from gui.forms.fields import TextField
from gui.services_host import Runnable, ServicesHost
from gui.theme import mono_font

from .service_page import ServicePage


def _sentence(reason: str) -> str:
    return f"{reason[:1].upper()}{reason[1:]}."


def _check_class(text: str) -> str | None:
    try:
        uid = resolve_uid(text.strip())
    except ValueProblem as problem:
        return _sentence(problem.reason)
    return check_uid(uid)


def _check_attributes(text: str) -> str | None:
    for word in text.replace(",", " ").split():
        try:
            attribute_tag(word)
        except ValueProblem as problem:
            return _sentence(problem.reason)
    return None


class InstancePage(ServicePage):
    """What to read, and the data set that came."""

    verb = "&Read"

    def __init__(self, host: ServicesHost, parent: QWidget | None = None) -> None:
        super().__init__(host, parent)
        self.sop_class = TextField("SOP c&lass", _check_class, "Printer", self)
        self.instance = TextField("SOP &Instance UID", _check_class, "PrinterInstance", self)
        self.attributes = TextField("&Attributes", _check_attributes, "all", self, hint="Keywords or tags; none: all.")
        for field in (self.sop_class, self.instance, self.attributes):
            self.body.addWidget(field)
        self.result = QPlainTextEdit(self)
        self.result.setReadOnly(True)
        self.result.setFont(mono_font())
        self.result.setAccessibleName("Attributes read")
        self.finish_layout(self.result)

    def command(self) -> Runnable | None:
        fields = (self.sop_class, self.instance, self.attributes)
        for field in fields:
            field.recheck()
        if any(not f.is_valid() for f in fields):
            return None
        words = self.attributes.value().replace(",", " ").split()
        procedure = ReadInstance(
            sop_class_uid=resolve_uid(self.sop_class.value()),
            sop_instance_uid=resolve_uid(self.instance.value()),
            attributes=tuple(attribute_tag(w) for w in words),
        )
        return RunProcedure(operation=0, association=0, proposal=self.host.proposal(), procedure=procedure)

    def begun(self) -> None:
        self.result.clear()

    def take(self, notices: tuple[Notice, ...]) -> None:
        for notice in notices:
            if not isinstance(notice, MessageNotice) or notice.operation != self.operation:
                continue
            if notice.direction is Direction.RECEIVED and message_name(notice.command.command_field) == "N-GET-RSP":
                self._show(notice)

    def _show(self, notice: MessageNotice) -> None:
        try:
            data = data_set_of(notice.data, notice.transfer_syntax) if notice.data is not None else DataSet()
        except PreviewError as error:
            self.result.setPlainText(str(error))
            return
        self.result.setPlainText(dataset_text(data))
