"""What panels and dialogs are made of: fields with their errors beside them, views, lists.

- fields: fields, path_field, lines_field, limit_fields, choices, eliding_combo, date_range_dialog, title_dialog
- pieces: header, details, wrapping_label, growing_area, quiet_tabs, panel_switch, tab_order, two_lines, whole_rows
- lists to edit: entry_list, items_view, rules_view, fault_values, syntax_list, sop_class_picker, attribute_picker,
  extended_options, references_form
- command sets: command_view, command_delegate, command_element_dialog
- data sets: dataset_editor, dataset_view, dataset_delegate, dataset_text_view
- bytes: hex_view, hex_text, hex_geometry
- queries: query_form, query_keys, trail, matches_view, matches_table, matches_saving, retrieve_bar
- what runs: run_bar, steps_view, diagnosis_card, log_table
- printing: printer_line, film_preview, film_picture
- unified procedure steps: ups_question, ups_list, ups_actions, ups_dialogs, ups_claimed, ups_events
"""
