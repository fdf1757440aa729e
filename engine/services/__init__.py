"""What service users and providers do, without I/O.

- as provider, the door: peer, effects; every service: responses, rules, normalized, other_rules
- stored instances: instances, query, matching, zones, worklist
- services: steps, commitment, availability, print_rules, ups
- what is held: state
- as user: procedures, plan, tally, retrieval_verdict
"""
