"""What PS3.7, PS3.8 and PS3.4 say, as rows. Imports the standard library only, but for `dictionary`, the one reader of
pydicom's registries (UIDs and data elements).

- messages and commands: messages, message_rows, message_making, command_fields, elements
- PDUs and the upper layer: pdus, state_table, codes, extended_negotiation, ports
- SOP classes, services: sop_classes, transfer_syntaxes, status, service_statuses, failure_reasons, readable
- attributes of services: performed_steps, print_attributes, display_formats, ups, defined_terms
- names and clauses: dictionary, clauses
- how rows are made: lean
"""
