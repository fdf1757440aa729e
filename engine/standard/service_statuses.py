"""Status codes of the service classes: the 38 status tables of PS3.4.

One block a table (or several equal ones): lines "= service, clause, whom it is for", then one line a status: code
(x: any digit), the elements that may come with it (letters of `engine.standard.status.RELATED`), meaning. Whom: service
classes or SOP class keywords of `engine.standard.sop_classes`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from .lean import dataclass
from .sop_classes import SopClass, sop_class
from .status import StatusRow, make_row

_TABLES = """
= C-STORE  B.2.3  Storage
0000  -   Success
A7xx  C   Refused: Out of resources
A9xx  OC  Error: Data Set does not match SOP Class
B000  OC  Coercion of Data Elements
B006  OC  Elements discarded
B007  OC  Data Set does not match SOP Class
Cxxx  OC  Error: Cannot understand

= C-STORE  GG.4.2  Non-Patient Object Storage
0000  -   Success
A700  C   Refused: Out of resources
A900  OC  Error: Data Set does not match SOP Class
C000  OC  Error: Cannot understand

= C-FIND  C.4.1.1.4  Query/Retrieve
= C-FIND  K.4.1.1.4  Basic Worklist Management; Hanging Protocol Query/Retrieve; Color Palette Query/Retrieve; \
Implant Template Query/Retrieve; Defined Procedure Protocol Query/Retrieve; Protocol Approval Query/Retrieve; \
Inventory Query/Retrieve
= C-FIND  V.4.1.1.4  Substance Administration Query
0000  -   Matching is complete
A700  C   Refused: Out of resources
A900  OC  Error: Identifier does not match SOP Class
Cxxx  OC  Failed: Unable to process
FE00  -   Matching terminated due to Cancel request
FF00  -   Matches are continuing
FF01  -   Matches are continuing, one or more Optional Keys not supported

= C-FIND  C.6.4.3  RepositoryQuery
A710  -   Invalid Prior Record Key
B001  -   Response limit reached, more matches available

= C-FIND  Q.2.1.1.4  Relevant Patient Information Query
0000  -   Success
A700  C   Refused: Out of resources
A900  OC  Error: Identifier does not match SOP Class
C000  OC  Failed: Unable to process
C100  OC  Failed: More than one match found
C200  OC  Failed: Unable to support requested template
FE00  -   Matching terminated due to Cancel request
FF00  -   Current match is supplied

= C-FIND  CC.2.8.4  Unified Worklist and Procedure Step
0000  -   Matching is complete
0122  -   Refused: SOP Class not supported
A700  C   Refused: Out of resources
A900  OC  Error: Identifier does not match SOP Class
Cxxx  OC  Failed: Unable to process
FE00  -   Matching terminated due to Cancel request
FF00  -   Matches are continuing
FF01  -   Matches are continuing, one or more Optional Keys not supported

= C-MOVE  C.4.2.1.5  Query/Retrieve; Hanging Protocol Query/Retrieve; Color Palette Query/Retrieve; \
Implant Template Query/Retrieve; Defined Procedure Protocol Query/Retrieve; Protocol Approval Query/Retrieve; \
Inventory Query/Retrieve
0000  N   Sub-operations complete, no failures
A701  C   Refused: Out of resources, unable to calculate number of matches
A702  N   Refused: Out of resources, unable to perform sub-operations
A801  C   Refused: Move Destination unknown
A900  OC  Error: Identifier does not match SOP Class
B000  N   Sub-operations complete, one or more failures
Cxxx  OC  Failed: Unable to process
FE00  RN  Sub-operations terminated due to Cancel request
FF00  RN  Sub-operations are continuing

= C-GET  C.4.3.1.4  Query/Retrieve; Hanging Protocol Query/Retrieve; Color Palette Query/Retrieve; \
Implant Template Query/Retrieve; Defined Procedure Protocol Query/Retrieve; Protocol Approval Query/Retrieve; \
Inventory Query/Retrieve
0000  N   Sub-operations complete, no failures or warnings
A701  C   Refused: Out of resources, unable to calculate number of matches
A702  N   Refused: Out of resources, unable to perform sub-operations
A900  OC  Error: Identifier does not match SOP Class
B000  N   Sub-operations complete, one or more failures or warnings
Cxxx  OC  Failed: Unable to process
FE00  RN  Sub-operations terminated due to Cancel request
FF00  RN  Sub-operations are continuing

= C-MOVE  Y.4.1.1.4  CompositeInstanceRootRetrieveMove
0000  RN  Sub-operations complete, no failures
A701  C   Refused: Out of resources, unable to calculate number of matches
A702  RN  Refused: Out of resources, unable to perform sub-operations
A801  C   Refused: Move Destination unknown
A900  OC  Error: Identifier does not match SOP Class
AA00  C   Failed: None of the frames requested were found in the SOP Instance
AA01  C   Failed: Unable to create new object for this SOP Class
AA02  C   Failed: Unable to extract frames
AA03  C   Failed: Time-based request for a non-time-based SOP Instance
AA04  OC  Failed: Invalid request
B000  RN  Sub-operations complete, one or more failures or warnings
Cxxx  OC  Failed: Unable to process
FE00  RN  Sub-operations terminated due to Cancel request
FF00  RN  Sub-operations are continuing

= C-GET  Y.4.2.1.4  CompositeInstanceRootRetrieveGet
0000  RN  Sub-operations complete, no failures
A701  C   Refused: Out of resources, unable to calculate number of matches
A702  RN  Refused: Out of resources, unable to perform sub-operations
A900  OC  Error: Identifier does not match SOP Class
AA00  C   Failed: None of the frames requested were found in the SOP Instance
AA01  C   Failed: Unable to create new object for this SOP Class
AA02  C   Failed: Unable to extract frames
AA03  C   Failed: Time-based request for a non-time-based SOP Instance
AA04  OC  Failed: Invalid request
B000  RN  Sub-operations complete, one or more failures or warnings
Cxxx  OC  Failed: Unable to process
FE00  RN  Sub-operations terminated due to Cancel request
FF00  RN  Sub-operations are continuing

= C-GET  Z.4.2.1.4  Composite Instance Retrieve Without Bulk Data
0000  RN  Sub-operations complete, no failures
A701  C   Refused: Out of resources, unable to calculate number of matches
A702  RN  Refused: Out of resources, unable to perform sub-operations
A900  OC  Error: Identifier does not match SOP Class
B000  RN  Sub-operations complete, one or more failures or warnings
Cxxx  OC  Failed: Unable to process
FE00  RN  Sub-operations terminated due to Cancel request
FF00  RN  Sub-operations are continuing

= N-SET  F.7.2.2.4  ModalityPerformedProcedureStep
0110  CI  Processing Failure: Performed Procedure Step may no longer be updated

= N-GET  F.8.2.1.4  ModalityPerformedProcedureStepRetrieve
0001  -   Requested optional Attributes are not supported

= N-CREATE, N-SET  H.4.1.2.1.2  BasicFilmSession
0000  -   Success
B600  -   Memory allocation not supported

= N-ACTION  H.4.1.2.4.2  BasicFilmSession
0000  -   Success, accepted for printing
B601  -   Film session printing (collation) is not supported
B602  -   Film Session contains no Image Box (empty page)
B604  -   Image size larger than Image Box size, the Image has been demagnified
B609  -   Image size larger than Image Box size, the Image has been cropped to fit
B60A  -   Image or Combined Print Image larger than Image Box, decimated to fit
C600  -   Film Session contains no Film Box
C601  -   Unable to create Print Job, print queue is full
C603  -   Image size is larger than Image Box size
C613  -   Combined Print Image size is larger than Image Box size

= N-CREATE, N-SET  H.4.2.2.1.2  BasicFilmBox
0000  -   Success
B605  -   Requested Min or Max Density outside of the printer's range, the limit is used
C616  -   An unprinted Film Box exists and N-ACTION at the Film Session level is not supported

= N-ACTION  H.4.2.2.4.2  BasicFilmBox
0000  -   Success, accepted for printing
B603  -   Film Box contains no Image Box (empty page)
B604  -   Image size larger than Image Box size, the Image has been demagnified
B609  -   Image size larger than Image Box size, the Image has been cropped to fit
B60A  -   Image or Combined Print Image larger than Image Box, decimated to fit
C602  -   Unable to create Print Job, print queue is full
C603  -   Image size is larger than Image Box size
C613  -   Combined Print Image size is larger than Image Box size

= N-SET  H.4.3.1.2.1.2  BasicGrayscaleImageBox
0000  -   Success
B604  -   Image size larger than Image Box size, the Image has been demagnified
B605  -   Requested Min or Max Density outside of the printer's range, the limit is used
B609  -   Image size larger than Image Box size, the Image has been cropped to fit
B60A  -   Image or Combined Print Image larger than Image Box, decimated to fit
C603  -   Image size is larger than Image Box size
C605  -   Insufficient memory in printer to store the Image
C613  -   Combined Print Image size is larger than Image Box size

= N-SET  H.4.3.2.2.1.2  BasicColorImageBox
B604  -   Image size larger than Image Box size, the Image has been demagnified
B609  -   Image size larger than Image Box size, the Image has been cropped to fit
B60A  -   Image or Combined Print Image larger than Image Box, decimated to fit
C603  -   Image size is larger than Image Box size
C605  -   Insufficient memory in printer to store the Image
C613  -   Combined Print Image size is larger than Image Box size

= N-CREATE  H.4.9.2.1.2  PresentationLUT
0000  -   Success
B605  -   Requested Min or Max Density outside of the printer's range, the limit is used

= N-ACTION  P.2.2.4  ProceduralEventLogging
0000  -   Success
B101  -   Specified Synchronization Frame of Reference UID does not match the SCP's
B102  -   Study Instance UID coercion, Event logged under a different Study Instance UID
B104  -   IDs inconsistent in matching a current study, Event logged
C101  -   Failed: Procedural Logging not available for specified Study Instance UID
C102  -   Failed: Event Information does not match Template
C103  -   Failed: Cannot match Event to a current study
C104  -   Failed: IDs inconsistent in matching a current study, Event not logged

= N-ACTION  P.3.2.4  SubstanceAdministrationLogging
0000  -   Success
C10E  -   Failed: Operator not authorized to add entry to Medication Administration Record
C110  -   Failed: Patient cannot be identified from Patient ID or Admission ID
C111  -   Failed: Update of Medication Administration Record failed

= N-CREATE, N-ACTION  S.3.2.1.4  MediaCreationManagement
A510  -   Failed: Initiate Media Creation action already received for this SOP Instance

= N-ACTION  S.3.2.3.4  MediaCreationManagement
C201  -   Failed: Media creation request already completed
C202  -   Failed: Media creation request already in progress, cannot be interrupted
C203  -   Failed: Cancellation denied for unspecified reason

= N-GET  S.3.2.4.4  MediaCreationManagement
0001  -   Requested optional Attributes are not supported

= N-ACTION  CC.2.1.4  Unified Worklist and Procedure Step
0000  -   Success
B304  -   UPS is already in the state CANCELED
B306  -   UPS is already in the state COMPLETED
C300  -   Refused: UPS may no longer be updated
C301  -   Refused: Correct Transaction UID was not provided
C302  -   Refused: UPS is already IN PROGRESS
C303  -   Refused: UPS may only become SCHEDULED via N-CREATE
C304  -   Refused: UPS has not met final state requirements
C307  -   Specified SOP Instance UID does not exist or is not a UPS managed here
C310  -   Refused: UPS is not IN PROGRESS

= N-ACTION  CC.2.2.4  Unified Worklist and Procedure Step
0000  -   Success
B304  -   UPS is already in the state CANCELED
C307  -   Specified SOP Instance UID does not exist or is not a UPS managed here
C311  -   Failed: UPS is already COMPLETED
C312  -   Failed: Performer cannot be contacted
C313  -   Failed: Performer chooses not to cancel

= N-ACTION  CC.2.3.4  Unified Worklist and Procedure Step
0000  -   Success
B301  -   Deletion Lock not granted
C307  -   Specified SOP Instance UID does not exist or is not a UPS managed here
C308  -   Receiving AE Title is unknown to this SCP
C314  -   Specified action not appropriate for specified instance
C315  -   SCP does not support Event Reports

= N-CREATE  CC.2.5.4  Unified Worklist and Procedure Step
0000  -   Success
B300  -   UPS created with modifications
C309  -   Failed: Provided Procedure Step State was not SCHEDULED

= N-SET  CC.2.6.4  Unified Worklist and Procedure Step
0000  -   Success
0001  -   Requested optional Attributes are not supported
B305  -   Coerced invalid values to valid values
C300  -   Refused: UPS may no longer be updated
C301  -   Refused: Correct Transaction UID was not provided
C307  -   Specified SOP Instance UID does not exist or is not a UPS managed here
C310  -   Refused: UPS is not IN PROGRESS

= N-GET  CC.2.7.4  Unified Worklist and Procedure Step
0001  -   Requested optional Attributes are not supported
C307  -   Specified SOP Instance UID does not exist or is not a UPS managed here

= N-CREATE  DD.3.2.1.2  RT Machine Verification
0000  -   Machine Verification created
C221  -   Failed: Referenced Fraction Group Number does not exist in the referenced plan
C222  -   Failed: No beams exist within the referenced fraction group
C223  -   Failed: SCU already verifying, cannot process this request
C227  -   Failed: No such object instance, referenced RT Plan not found

= N-SET  DD.3.2.1.2  RT Machine Verification
0000  -   Machine Verification updated
C224  -   Failed: Referenced Beam Number not found within the referenced fraction group
C225  -   Failed: Referenced device or accessory not supported
C226  -   Failed: Referenced device or accessory not found within the referenced beam

= N-GET  DD.3.2.2.3  RT Machine Verification
0000  -   Verification status returned
C112  -   Failed: No such object, Machine Verification instance not found

= N-ACTION  DD.3.2.3.2  RT Machine Verification
0000  -   Machine Verification initiated
C112  -   Failed: No such object, Machine Verification instance not found

= N-ACTION  KK.2.2.3  Storage Management
0000  -   Success
0110  C   Processing Failure
0124  C   Refused: Not authorized
0212  C   Mistyped argument: character set, matching or Inventory Level not supported
0213  C   Resource limitation
B010  L   One or more Key Attributes not supported for matching
"""

# For SOP classes without a service class of their own: private ones, unknown ones.
_USUAL = {"C-STORE": "Storage", "C-FIND": "Query/Retrieve", "C-MOVE": "Query/Retrieve", "C-GET": "Query/Retrieve"}


@dataclass(frozen=True, slots=True)
class StatusTable:
    """One status table of PS3.4. whom: service classes and SOP class keywords."""

    services: tuple[str, ...]
    whom: tuple[str, ...]
    clause: str
    rows: tuple[StatusRow, ...]


def _block(block: str) -> Iterator[StatusTable]:
    lines = [re.split(r"\s\s+", line) for line in block.splitlines()]
    heads = [line for line in lines if line[0].startswith("=")]
    for service, section, whom in heads:
        clause = f"PS3.4 {section}"
        rows = tuple(make_row(code, rel, meaning, clause) for code, rel, meaning in lines[len(heads) :])
        yield StatusTable(tuple(service[2:].split(", ")), tuple(whom.split("; ")), clause, rows)


@cache
def tables() -> tuple[StatusTable, ...]:
    """All tables, in the order above."""
    return tuple(table for block in _TABLES.strip().split("\n\n") for table in _block(block))


def rows_for(service: str, sop_class_uid: str) -> tuple[StatusRow, ...]:
    """The rows of every table for this service and SOP class; of a meta SOP class, those of its members."""
    sop = sop_class(sop_class_uid)
    whom = _names(sop) if sop and sop.service_class else {_USUAL.get(service, "")}
    return tuple(row for t in tables() if service in t.services and whom.intersection(t.whom) for row in t.rows)


def _names(sop: SopClass) -> set[str]:
    names = {sop.service_class, sop.keyword}
    for uid in sop.members:
        member = sop_class(uid)
        if member:
            names.add(member.keyword)
    return names
