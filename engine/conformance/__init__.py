"""Judgement: findings on what was sent or received. Never raises on a peer's bytes.

- the door: watcher, conversation; rules and findings: rules, findings, waivers
- PDUs: pdu_judge, association, items, user_information, answers, sequence, spans, names, tls
- fragments: pdvs, assembly
- messages: message_judge, message, subject, commands, values, data, instances
- operations: exchanges, responses, services, query, retrieve, workflow, ups
- what comes again is judged once: templates, matches, echoes, stores
"""
