"""What Fusion does not do by itself: corners, focus, the quiet look of tables and tabs. `@role@` is a colour."""

from __future__ import annotations

STYLE_SHEET = """
QToolTip { color: @text@; background: @panel@; border: 1px solid @control_border@; padding: 4px 6px; }
QMainWindow::separator, QSplitter::handle { background: transparent; }
QSplitter::handle:hover { background: @border@; }
QPushButton, QToolButton[button="true"] {
  background: @panel@; border: 1px solid @control_border@; border-radius: 5px; padding: 4px 10px; min-height: 18px; }
QToolButton[button="true"] { padding-right: 2px; }
QToolButton { border: 1px solid transparent; border-radius: 5px; padding: 4px 6px; }
QPushButton:hover, QToolButton:hover { background: @hover@; }
QPushButton:pressed, QToolButton:pressed, QToolButton:checked, QPushButton:checked { background: @pressed@; }
QToolButton:focus { border: 1px solid @accent@; outline: none; }
QPushButton:disabled, QToolButton[button="true"]:disabled { background: transparent; border-color: @border@; }
QPushButton[primary="true"], QToolButton[primary="true"] {
  background: @accent@; color: @on_accent@; border-color: @accent@; font-weight: 600; }
QPushButton[primary="true"]:hover, QToolButton[primary="true"]:hover { background: @accent_hover@; }
QPushButton[primary="true"]:disabled, QToolButton[primary="true"]:disabled {
  background: transparent; color: @muted@; border-color: @border@; }
QToolButton[popupMode="1"] { padding-right: 20px; }
QToolButton::menu-button { border: none; width: 18px; }
QToolButton::menu-indicator, QPushButton::menu-indicator {
  image: url(glyphs:chevron-down-@tone@.svg); width: 10px; height: 10px;
  subcontrol-position: right center; right: 6px; }
QPushButton[menu="true"] { padding-right: 22px; }
QToolButton[menu="true"] { padding-right: 16px; }
QPushButton:focus, QToolButton[button="true"]:focus { border: 2px solid @accent@; outline: none; padding: 3px 9px; }
QPushButton[menu="true"]:focus { padding-right: 21px; }
QToolButton[button="true"]:focus { padding-right: 1px; }
QToolButton[button="true"][menu="true"]:focus { padding-right: 15px; }
QToolButton[button="true"][popupMode="1"]:focus { padding-right: 19px; }
QPushButton[primary="true"]:focus, QToolButton[primary="true"]:focus { border-color: @text@; }
QToolButton[link="true"] { border: none; padding: 0; background: transparent; color: @accent@; }
QToolButton[link="true"]:hover, QToolButton[link="true"]:focus { text-decoration: underline; }
QToolButton[heading] { border: none; padding: 0; background: transparent; }
QToolButton[heading="shown"] { font-weight: 600; }
QToolButton[heading="other"] { color: @muted@; }
QToolButton[heading="other"]:hover { color: @text@; }
QToolButton[heading="other"]:focus { color: @accent@; }
QToolButton[pill] { border-radius: 13px; padding: 4px 2px 4px 10px; min-height: 18px; text-align: left; }
QToolButton[pill="muted"] { background: @hover@; color: @muted@; }
QToolButton[pill="ok"] { background: @ok_tint@; color: @ok@; }
QToolButton[pill="warning"] { background: @warning_tint@; color: @warning@; }
QToolButton[pill="failure"] { background: @failure_tint@; color: @failure@; }
QToolButton[pill]::menu-indicator { image: none; }
QToolButton[reach="warning"] { color: @warning@; border-color: @warning@; }
QStatusBar { background: @window@; }
QStatusBar::item { border: none; }
QLineEdit, QComboBox, QAbstractSpinBox, QPlainTextEdit, QTextEdit {
  background: @panel@; border: 1px solid @control_border@; border-radius: 5px;
  selection-background-color: @selection@; selection-color: @text@; }
QLineEdit, QComboBox, QAbstractSpinBox { padding: 3px 7px; min-height: 20px; }
QPlainTextEdit:focus, QTextEdit:focus { border-color: @accent@; }
QLineEdit:focus, QComboBox:focus, QAbstractSpinBox:focus { border: 2px solid @accent@; padding: 2px 6px; }
QLineEdit:disabled, QComboBox:disabled, QAbstractSpinBox:disabled { border-color: @border@; background: transparent; }
QLineEdit[invalid="true"], QComboBox[invalid="true"], QAbstractSpinBox[invalid="true"] { border-color: @failure@; }
QAbstractSpinBox { padding-right: 20px; }
QAbstractSpinBox:focus { padding-right: 19px; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {
  subcontrol-origin: border; width: 18px; border: none; background: transparent; }
QAbstractSpinBox::up-button { subcontrol-position: top right; }
QAbstractSpinBox::down-button { subcontrol-position: bottom right; }
QAbstractSpinBox::up-arrow { image: url(glyphs:chevron-up-@tone@.svg); width: 10px; height: 10px; }
QAbstractSpinBox::down-arrow { image: url(glyphs:chevron-down-@tone@.svg); width: 10px; height: 10px; }
QComboBox::drop-down, QDateEdit::drop-down { border: none; width: 22px; }
QComboBox::down-arrow, QDateEdit::down-arrow {
  image: url(glyphs:chevron-down-@tone@.svg); width: 12px; height: 12px; }
QComboBox QAbstractItemView {
  background: @panel@; border: 1px solid @control_border@; outline: none; padding: 2px; }
QTabWidget::pane { border: none; }
QTabBar { qproperty-drawBase: 0; background: transparent; outline: none; }
QTabBar::tab {
  color: @muted@; padding: 5px 4px; margin-right: 10px; border: none; border-bottom: 2px solid transparent; }
QTabBar::tab:hover { color: @text@; }
QTabBar::tab:selected { color: @text@; border-bottom-color: @accent@; }
QTabBar::tab:focus { color: @accent@; background: @selection@; }
QTableView, QTreeView, QListView, HexView {
  background: @panel@; alternate-background-color: @alternate@; border: 1px solid @border@;
  border-radius: 4px; outline: none; }
QTableView:focus, QTreeView:focus, QListView:focus, HexView:focus { border-color: @accent@; }
QTableView::item { padding: 0 6px; border: none; }
QTreeView::item { border: none; }
QTableView::item:selected, QTreeView::item:selected, QListView::item:selected { background: @selection@; }
QHeaderView { background: @panel@; border: none; }
QHeaderView::section {
  background: @panel@; color: @muted@; border: none; border-bottom: 1px solid @border@; padding: 4px 6px 4px 9px; }
QCheckBox, QRadioButton { spacing: 7px; }
QCheckBox::indicator, QTableView::indicator, QTreeView::indicator, QListView::indicator, QGroupBox::indicator {
  width: 14px; height: 14px; border: 1px solid @control_border@; border-radius: 3px; background: @panel@; }
QCheckBox::indicator:checked, QTableView::indicator:checked, QTreeView::indicator:checked,
QListView::indicator:checked, QGroupBox::indicator:checked {
  background: @accent@; border-color: @accent@; image: url(glyphs:check-on-@tone@.svg); }
QCheckBox::indicator:focus, QCheckBox:focus::indicator { border-color: @accent@; }
QCheckBox:focus { color: @accent@; }
QCheckBox::indicator:disabled { border-color: @border@; }
QRadioButton::indicator { width: 13px; height: 13px; border: 1px solid @control_border@; border-radius: 7px;
  background: @panel@; }
QRadioButton::indicator:checked { background: @accent@; border-color: @accent@;
  image: url(glyphs:dot-on-@tone@.svg); }
QTreeView::branch:has-children:closed { image: url(glyphs:chevron-right-@tone@.svg); }
QTreeView::branch:has-children:open { image: url(glyphs:chevron-down-@tone@.svg); }
QScrollBar:vertical { background: transparent; width: 11px; margin: 1px; }
QScrollBar:horizontal { background: transparent; height: 11px; margin: 1px; }
QScrollBar::handle { background: @control_border@; border-radius: 4px; margin: 1px; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::handle:hover { background: @muted@; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QScrollArea { background: transparent; border: none; }
QMenu { background: @panel@; border: 1px solid @control_border@; padding: 4px; }
QMenu::item { padding: 5px 22px 5px 10px; border-radius: 4px; }
QMenu::icon { padding-left: 6px; }
QMenu::item:selected { background: @selection@; }
QMenu::item:disabled { color: @muted@; }
QMenu::separator { height: 1px; background: @border@; margin: 4px 6px; }
QMenuBar { background: @window@; }
QMenuBar::item { padding: 4px 9px; border-radius: 4px; background: transparent; }
QMenuBar::item:selected { background: @hover@; }
QProgressBar { border: none; border-radius: 3px; background: @pressed@; max-height: 6px; text-align: center; }
QProgressBar::chunk { border-radius: 3px; background: @accent@; }
QLabel[role="title"] { font-weight: 600; }
QLabel[role="muted"] { color: @muted@; }
QLabel[role="error"] { color: @failure@; }
QLabel[role="warning"] { color: @warning@; }
QLabel[role="ok"] { color: @ok@; }
QLabel[role="empty"] { color: @muted@; background: transparent; padding: 12px; }
QFrame[role="rule"] { background: @border@; border: none; }
"""
