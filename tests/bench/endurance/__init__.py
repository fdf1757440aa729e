"""Whether the engine and the window end where they began: many associations, mixed traffic, faults."""
