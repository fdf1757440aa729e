"""A defect before the window stands: told in a dialog with a report, and by the exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from PySide6.QtWidgets import QApplication

from gui.app import EXIT_DEFECT, tell_not_opened
from gui.dialogs import ReportDialog

PATIENT = "Vogelbeer^Adelheid"
CODE = f"""
import sys
import gui.dialogs
from gui.main_window import MainWindow

def fail(*_):
    raise LookupError("{PATIENT}")

def closed(dialog, show=gui.dialogs.ReportDialog.open):
    show(dialog)
    print("shown", dialog.isVisible(), dialog.view.toPlainText().splitlines()[4], flush=True)
    gui.dialogs.QTimer.singleShot(0, dialog.reject)

from PySide6.QtCore import QTimer
gui.dialogs.QTimer = QTimer
MainWindow.__init__ = fail
gui.dialogs.ReportDialog.open = closed
from gui.app import main
sys.exit(main(sys.argv[1:]))
"""


def test_a_window_that_cannot_be_built(tmp_path):
    """With a picture wanted nobody is there to close a dialog."""
    root = Path(__file__).parents[2]
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(root)}
    for arguments, shown in (([], True), (["--picture", str(tmp_path / "picture.png")], False)):
        command = [sys.executable, "-c", CODE, "--workspace", str(tmp_path / "workspace"), *arguments]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == EXIT_DEFECT, done.stderr
        assert ("shown True Unexpected LookupError at" in done.stdout) is shown
        assert "Unexpected LookupError at" in done.stderr
        assert PATIENT not in done.stdout + done.stderr


def test_the_dialog_says_what_happened_and_the_program_ends_with_it(qtbot):
    class Program:
        left = 0

        def quit(self):
            self.left += 1

        def exec(self):
            (dialog,) = [w for w in QApplication.topLevelWidgets() if isinstance(w, ReportDialog) and w.isVisible()]
            assert "cannot open its window" in dialog.words.text()
            assert dialog.save_button.isEnabled()
            dialog.reject()

    program = Program()
    tell_not_opened(program, LookupError(PATIENT))
    assert program.left == 1
