"""The window: it sees the engine through commands and notices only.

- the program: app, main_window, handlers, session, records, bridge, background, later, warming, collecting, pace
- commands: shortcuts, menus, toolbar, giving_button, state_pill, status_line, abilities, palette, finding
- places: panels, forms, models, arrangement, workbench, services_host, modality_desk
- beside the panels: opening, dialogs, folders, dropping, copying, redacted, text_menus, tips
- what the window does by itself: answering, built_in_peer, judging, mending, closing
- when the program is wrong: report, silence, sound
- dress: theme, theme_choice, palettes, style_sheet, picture
"""
