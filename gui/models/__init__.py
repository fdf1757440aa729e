"""Item models: rows hold records, strings are made when looked at.

- tables and lists: rows, tables, lists
- the status log: log_feed, log_store, log_texts, log_model, log_text, log_filter, log_masks, log_associations,
  log_links, log_json, log_redaction, log_lessons
- the trace: trace_store, trace_lists, trace_contexts, trace_information, trace_tls, trace_target, trace_places,
  trace_words, trace_secrets, node_tree
- findings: finding_rows, rule_page, waiver_book, diagnosis_book
- command sets: command_draft, command_model, command_values
- data sets: dataset_model, dataset_edits, dataset_values, attribute_picks
- AE configuration: peers, contexts
- services: store_rows, inbound_rows, retrievals, modality_rows, ups_rows, film_images
- the built-in peer: held_objects, script_rows
- what may leave the program: redacted_rows, redacted_message
"""
