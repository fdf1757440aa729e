"""Ports on which DICOM is spoken (PS3.8 9.1.2, PS3.15 B; the rest by habit)."""

from __future__ import annotations

REGISTERED, OLD, TLS = 11112, 104, 2762
"""Registered for DICOM: the one anybody may listen on, the well-known one, and that of TLS, which is met on the first
too."""
ORTHANC = 4242
USUAL_PORTS = (OLD, TLS, ORTHANC, REGISTERED)
"""Where a peer is looked for."""
