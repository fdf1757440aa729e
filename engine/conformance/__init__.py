"""Judgement: findings on what was sent or received. Never raises on a peer's bytes."""
