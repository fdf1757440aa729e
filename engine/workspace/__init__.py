"""Plain-text peers, contexts and messages a person can read, diff and keep in git.

- the folder: workspace, settings, secrets, users, waivers, ups_claims, modality_records
- text in and out: toml_text, reader, errors, names, binary, placeholders
- messages: messages, message_files, sendable, command_toml, dataset_toml, dataset_text, pasted_text
- contexts: presets, extended_text
- queries: queries, query_models, keys, matching_values, saved_queries, retrieve_requests, worklist
- what a modality reports: performed_steps, availability, reference_text, ups_steps, print_settings
- the built-in peer: listening, emulation_text, scripts, worklist_folder
"""
