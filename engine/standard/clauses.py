"""Titles of the Standard's clauses that findings cite, so that a number says what it is about.

Clauses without a row of their own go by the nearest above them: 9.3.5.1 by 9.3.5. Where a title is only "Services" or
"Protocol", the chapter's name is in it too.
"""

from __future__ import annotations

import re

_TITLES = """
PS3.4 B Storage Service Class
PS3.4 B.3.1.4 Related General SOP Classes (A-ASSOCIATE-RQ)
PS3.4 C Query/Retrieve Service Class
PS3.4 C.4.1 C-FIND Operation
PS3.4 C.4.1.1.3.1 Request Identifier Structure
PS3.4 C.4.1.1.3.2 Response Identifier Structure
PS3.4 C.4.1.2.1 Baseline Behavior of SCU
PS3.4 C.4.2 C-MOVE Operation
PS3.4 C.4.3 C-GET Operation
PS3.4 C.6 SOP Class Definitions
PS3.4 CC Unified Procedure Step Service and SOP Classes
PS3.4 F Procedure Step SOP Classes
PS3.4 F.7 Modality Performed Procedure Step SOP Class
PS3.4 H Print Management Service Class
PS3.4 H.4.1 Basic Film Session SOP Class
PS3.4 H.4.2 Basic Film Box SOP Class
PS3.4 J Storage Commitment Service Class
PS3.4 J.3.2 Operations
PS3.4 J.3.3 Notifications
PS3.4 JJ Inventory Query/Retrieve Service Class
PS3.4 S Media Creation Management Service Class
PS3.5 6.2 Value Representation
PS3.5 7.1 Data Elements
PS3.5 9.1 UID Encoding Rules
PS3.5 10 Transfer Syntax
PS3.5 10.1 DICOM Default Transfer Syntax
PS3.5 10.2 Transfer Syntax for a DICOM Default of Lossless JPEG Compression
PS3.5 10.3 Transfer Syntaxes for a DICOM Default of Lossy JPEG Compression
PS3.5 10.5 Transfer Syntax for a DICOM Default of Lossless and Lossy (Near-Lossless) JPEG-LS Compression
PS3.6 A Registry of DICOM Unique Identifiers
PS3.7 6.3 DICOM Message Structure and Command Set
PS3.7 6.3.1 Command Set Structure
PS3.7 7.5 DIMSE Services
PS3.7 7.5.3 DIMSE Procedures
PS3.7 9.1 DIMSE-C Services
PS3.7 9.1.1 C-STORE Service
PS3.7 9.1.1.1.1 Message ID
PS3.7 9.1.1.1.6 Move Originator Application Entity Title
PS3.7 9.1.1.1.7 Move Originator Message ID
PS3.7 9.1.2 C-FIND Service
PS3.7 9.1.2.1.5 Identifier
PS3.7 9.1.2.2 C-FIND Service Procedures
PS3.7 9.1.3 C-GET Service
PS3.7 9.1.3.1.4 Priority
PS3.7 9.1.4 C-MOVE Service
PS3.7 9.1.5 C-ECHO Service
PS3.7 9.3 DIMSE-C Protocol
PS3.7 9.3.1 C-STORE Protocol
PS3.7 9.3.2 C-FIND Protocol
PS3.7 9.3.3 C-GET Protocol
PS3.7 9.3.4 C-MOVE Protocol
PS3.7 9.3.5 C-ECHO Protocol
PS3.7 10.1 DIMSE-N Services
PS3.7 10.1.1 N-EVENT-REPORT Service
PS3.7 10.1.2 N-GET Service
PS3.7 10.1.3 N-SET Service
PS3.7 10.1.4 N-ACTION Service
PS3.7 10.1.5 N-CREATE Service
PS3.7 10.1.5.1.4 Affected SOP Instance UID
PS3.7 10.1.6 N-DELETE Service
PS3.7 10.3 DIMSE-N Protocol
PS3.7 10.3.1 N-EVENT-REPORT Protocol
PS3.7 10.3.2 N-GET Protocol
PS3.7 10.3.3 N-SET Protocol
PS3.7 10.3.4 N-ACTION Protocol
PS3.7 10.3.5 N-CREATE Protocol
PS3.7 10.3.6 N-DELETE Protocol
PS3.7 A Application Context Usage
PS3.7 A.2.1 DICOM Registered Application Context Names
PS3.7 A.5 Association Release for DICOM AE
PS3.7 C Status Type Encoding
PS3.7 C.3 Cancel Status Class
PS3.7 C.4 Warning Status Class
PS3.7 C.5 Failure Status Class
PS3.7 D Association Negotiation
PS3.7 D.3.3.1 Maximum Length Application PDU Notification
PS3.7 D.3.3.2 Implementation Identification Notification
PS3.7 D.3.3.3 Asynchronous Operations (and Sub-Operations) Window Negotiation
PS3.7 D.3.3.4 SCP/SCU Role Selection Negotiation
PS3.7 D.3.3.5 Service-Object Pair (SOP) Class Extended Negotiation
PS3.7 D.3.3.6 SOP Class Common Extended Negotiation
PS3.7 D.3.3.7 User Identity Negotiation
PS3.7 E.1 Registry of DICOM Command Elements
PS3.7 E.2 Retired Command Fields
PS3.8 7.1 A-ASSOCIATE Service
PS3.8 7.1.1.13 Presentation Context Definition List
PS3.8 7.1.1.14 Presentation Context Definition Result List
PS3.8 7.2 A-RELEASE Service
PS3.8 7.2.2 A-RELEASE Service Procedure
PS3.8 7.6 P-DATA Service
PS3.8 9.1.4 Closing a TCP Transport Connection
PS3.8 9.2 DICOM Upper Layer Protocol for TCP/IP State Machine
PS3.8 9.2.2 State Machine Actions Definition
PS3.8 9.2.3 DICOM Upper Layer Protocol State Transition Table
PS3.8 9.3 DICOM Upper Layer Protocol for TCP/IP Data Units Structure
PS3.8 9.3.2 A-ASSOCIATE-RQ PDU Structure
PS3.8 9.3.2.2 Presentation Context Item Structure
PS3.8 9.3.3 A-ASSOCIATE-AC PDU Structure
PS3.8 9.3.3.2 Presentation Context Item Structure
PS3.8 9.3.4 A-ASSOCIATE-RJ PDU Structure
PS3.8 9.3.5 P-DATA-TF PDU Structure
PS3.8 9.3.6 A-RELEASE-RQ PDU Structure
PS3.8 9.3.7 A-RELEASE-RP PDU Structure
PS3.8 9.3.8 A-ABORT PDU Structure
PS3.8 D Use and Format of the A-ASSOCIATE User Information Parameter
PS3.8 E.1 Encapsulation Rules
PS3.8 E.2 Message Control Header Encoding
PS3.8 F DICOM UL Encoding Rules for Application Contexts, Abstract Syntaxes, Transfer Syntaxes
PS3.15 B.12 BCP 195 RFC 8996, 9325 TLS Secure Transport Connection Profile
PS3.15 B.13 Modified BCP 195 RFC 8996, 9325 TLS Secure Transport Connection Profile
RFC 5280 Internet X.509 Public Key Infrastructure Certificate and CRL Profile
RFC 8996 Deprecating TLS 1.0 and TLS 1.1
RFC 9325 Recommendations for Secure Use of TLS and DTLS
RFC 9525 Service Identity in TLS
"""
_WHOLE = {
    "PS3.4": "Service Class Specifications",
    "PS3.5": "Data Structures and Encoding",
    "PS3.6": "Data Dictionary",
    "PS3.7": "Message Exchange",
    "PS3.8": "Network Communication Support for Message Exchange",
    "PS3.15": "Security and System Management Profiles",
}
_PART = re.compile(r"(PS3\.\d+|RFC \d+)\s*(.*)")


def _rows() -> dict[str, str]:
    rows = dict(_WHOLE)
    for line in _TITLES.strip().splitlines():
        part, number, title = line.split(" ", 2)
        rows[f"{part} {number}"] = title
    return rows


TITLES: dict[str, str] = _rows()
"""By part and number: "PS3.8 E.1"; by the part alone for the whole of it."""


def clauses_of(text: str) -> tuple[str, ...]:
    """Each clause a citation names, with its part: "PS3.7 9.1, 10.1; PS3.5 6.2" names three."""
    found, part = [], ""
    for piece in re.split(r"[;,]", text):
        match = _PART.match(piece.strip())
        number = match[2] if match else piece.strip()
        part = match[1] if match else part
        found.append(f"{part} {number}".strip())
    return tuple(found)


def clause_title(clause: str) -> str:
    """The title of one clause, or of the nearest above it that has one; "" when the part is not known."""
    while clause and clause not in TITLES:
        above = clause.rpartition(".")[0] if " " in clause and "." in clause.rpartition(" ")[2] else ""
        clause = above or clause.rpartition(" ")[0]
    return TITLES.get(clause, "")


def titled(text: str) -> str:
    """A citation with the title of each clause: “PS3.8 E.1 Encapsulation Rules; PS3.7 6.3 ...”."""
    return "; ".join(" ".join(p for p in (clause, clause_title(clause)) if p) for clause in clauses_of(text))
