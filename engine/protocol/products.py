"""Which product a peer is, told from its Implementation Class UID and Implementation Version Name (PS3.7 D.3.3.2)."""

from __future__ import annotations

from functools import lru_cache

from engine.standard.lean import dataclass


@dataclass(frozen=True, slots=True)
class Product:
    """uid: the class UID or what it begins with. version: what the version name begins with, in any case."""

    name: str
    uid: str = ""
    version: str = ""


PRODUCTS = (
    Product("Orthanc", version="orthanc"),
    Product("DCMTK or a product made with it, such as Orthanc", "1.2.276.0.7230010.3.0.3.6", "offis_dcmtk"),
    Product("DIMSE Console", version="dimse_console"),
    Product("pynetdicom", "1.2.826.0.1.3680043.9.3811", "pynetdicom"),
    Product("fo-dicom", "1.3.6.1.4.1.30071.8", "fo-dicom"),
    Product("dcm4che", "1.2.40.0.13.1.3", "dcm4che"),
    Product("DVTk", "1.2.826.0.1.3680043.2.1545"),
    Product("ClearCanvas", "1.3.6.1.4.1.25403.1.1.1"),
    Product("Wireshark export", "1.2.826.0.1.3680043.8.427.10"),
    Product("DTK (print SCP)", "1.2.826.0.1.3680043.2.1211.1"),
    Product("Siemens", "1.3.12.2.1107.5", "siemens"),
    Product("Samsung Medison ultrasound", "1.2.410.200001.101.11"),
    Product("ZEISS HFA3", "1.2.276.0.75.2.5.20"),
    Product("AGFA NX", "1.3.51.0.1.3"),
)
"""The version name is looked at first: many products carry the class UID of the toolkit they are made with."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What a product accepts in the negotiation and then does not take. product: what its name begins with."""

    product: str
    transfer_syntaxes: frozenset[str]
    sentence: str


LIMITS = (
    Limit(
        "DCMTK",
        frozenset({"1.2.840.10008.1.2.4.94", "1.2.840.10008.1.2.4.95"}),
        "Servers made with DCMTK that accept the JPIP Referenced transfer syntaxes (Orthanc 1.10 does) abort when such "
        "an instance comes.",
    ),
)


@lru_cache(maxsize=256)
def known_limit(class_uid: str, version_name: str, transfer_syntax: str) -> str:
    """What is known of this peer that speaks against sending it an instance in this syntax; "" when nothing is."""
    name = product(class_uid, version_name)
    found = (x for x in LIMITS if name.startswith(x.product) and transfer_syntax in x.transfer_syntaxes)
    return next((x.sentence for x in found), "")


def product(class_uid: str, version_name: str) -> str:
    """The product and its version name; "" when neither is known.

    A UID counts as a whole or up to a dot, so that 1.2.3 is not found in 1.2.34.
    """
    version = version_name.strip().lower()
    by_version = next((p for p in PRODUCTS if p.version and version.startswith(p.version)), None)
    by_uid = next((p for p in PRODUCTS if p.uid and f"{class_uid}.".startswith(f"{p.uid}.")), None)
    found = by_version or by_uid
    if found is None:
        return ""
    return f"{found.name} ({version_name.strip()})" if version else found.name
