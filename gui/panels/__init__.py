"""The four panels of the window.

- AE configuration: ae_panel, ae_peers, ae_peer_dialog, ae_peer_tls, ae_local, ae_negotiation, ae_contexts,
  ae_context_dialog, ae_extended_dialog
- the trace: trace_panel, trace_contexts, trace_information, trace_pdus, trace_findings, waiver_dialogs
- the message builder: builder_panel, builder_tabs, builder_page, builder_top, builder_contexts, builder_known,
  builder_command, builder_lower, builder_data, builder_response, builder_history, builder_preview, builder_templates,
  builder_files, builder_drafts, draft_places
- the services: services_panel, service_rows, service_page, service_store, store_options, service_query, query_head,
  query_menu, query_results, service_mpps, step_dialogs, service_commitment, service_availability, service_print,
  print_settings, service_ups, service_instance
- the status log: log_panel, log_progress, log_save
- the built-in peer: emulators_window, listener_dialog, listener_pages, listener_items, listener_emulators,
  listener_faults, listener_rule, listener_limits, listener_security
"""
