"""Machines without socket, thread or clock: upper layer, negotiation, DIMSE exchange.

- the upper layer: upper_layer, effects, primitives, straight_pdus
- negotiation: negotiation, acceptance, asked, identity, roles, products
- the exchange: exchange, exchange_events, arrivals, outstanding, serving, composing, forms, contexts, straight, pace
- scripts: deviating
"""
