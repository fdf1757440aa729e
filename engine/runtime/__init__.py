"""The one thread with the one loop: sockets, TLS, timers, files.

- the thread: engine, life, loss, pulse, context, dispatch, turns, alarms, outbox, waking, defects, freed_memory
- connections: connecting, resolving, transport, connection, link, arrival, gathering, listener, binding
- TLS: tls, tls_joining, tls_layer, tls_transport, tls_watch, tls_records, tls_certificate, tls_sentences
- an association: association, machine_events, watchdog, deviating, sentences
- messages out: messages, preparing, outgoing, writer, invocation, pipeline, in_turn, operations
- messages in: peer_requests, own_side, serving, sub_stores, reporting, report_board
- straight ways: echoing, sending_at_once, storing_at_once, matches
- told: recorder, noting, runs, echo_records, echo_turns, store_records, sent_stores, store_turns
- queries and retrievals: retrieving, retrievals
- a store of many: planning, candidates, finding_files, storing, sending_files, reading_ahead
- procedures: procedures, steps, referencing
- what the built-in peer holds: contents, keeping, database, kept_text, archive, safe_folder, sources, objects, room
- disks: files, temporary_files, places, beside, disk_pace, pieces_ahead, file_ahead, uring, leisure
"""
