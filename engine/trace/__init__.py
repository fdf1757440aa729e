"""Records explained: trees, the ticket text, JSON lines, capture files.

- what failed, and why: diagnosis; what may leave the program: redaction
- for people: plain_text, association_text, negotiation_text, pdu_text, store_text, tls_text, explain, pictures
- for scripts: json_lines, json_basics, json_association, json_pdu, json_store
- recorded traffic: capture, capture_files, packets, tcp, hex_text, decoder, recorded_operations, proposals
"""
