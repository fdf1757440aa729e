"""Defined terms and enumerated values of attributes that more than one place knows (PS3.3)."""

from __future__ import annotations

QUERY_LEVELS = ("PATIENT", "STUDY", "SERIES", "IMAGE")
"""Query/Retrieve Level (PS3.4 C.6), from the top."""
AVAILABILITIES = ("ONLINE", "NEARLINE", "OFFLINE", "UNAVAILABLE")
"""Instance Availability (PS3.4 C.4.1.1.3.2)."""
ORIENTATIONS = ("PORTRAIT", "LANDSCAPE")
"""Film Orientation (PS3.3 C.13.3)."""
PRINTER_STATES = ("NORMAL", "WARNING", "FAILURE")
"""Printer Status (PS3.3 C.13.9)."""
PRINT_JOB_STATES = ("PENDING", "PRINTING", "DONE", "FAILURE")
"""Execution Status of a print job (PS3.3 C.13.8)."""
_MODALITIES = (
    "AR|AU|BI|BMD|CR|CT|CTPROTOCOL|DG|DOC|DX|ECG|EEG|EMG|EOG|EPS|ES|FID|GM|HC|HD|IO|IOL|IVOCT|IVUS|KER|KO|LEN|LS|MG|"
    "MR|M3D|NM|OAM|OCT|OP|OPM|OPT|OPTBSV|OPTENF|OPV|OSS|OT|PA|PLAN|POS|PR|PT|PX|REG|RESP|RF|RG|RTDOSE|RTIMAGE|"
    "RTINTENT|RTPLAN|RTRAD|RTRECORD|RTSEGANN|RTSTRUCT|RWV|SEG|SM|SMR|SR|SRF|STAIN|TEXTUREMAP|TG|US|VA|XA|XAPROTOCOL|XC"
)
MODALITIES = tuple(_MODALITIES.split("|"))
"""Modality (PS3.3 C.7.3.1.1.1)."""
