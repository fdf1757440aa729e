"""Deliberate deviations carried out, pure: which rule fires, what becomes of a message, a PDU, its bytes."""
