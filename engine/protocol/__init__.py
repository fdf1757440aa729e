"""Machines without socket, thread or clock: upper layer, negotiation, DIMSE exchange."""
