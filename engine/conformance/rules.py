"""The rules, one row each. The checks beside this module find the cases; every rule id they use is here."""

from __future__ import annotations

from engine.standard.lean import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    severity: "error" breaks a requirement, "warning" a recommendation or something peers tolerate, "info" is worth
    knowing. title: the rule as a short statement of what is right.
    """

    id: str
    severity: str
    title: str
    clause: str


AREAS = {
    "command": "Command sets",
    "data": "Data sets",
    "tls": "TLS",
    "association": "Association PDUs",
    "pdu": "Order of PDUs",
    "pdata": "P-DATA-TF and fragments",
    "exchange": "Requests, responses and cancels",
    "retrieve": "C-GET and C-MOVE",
    "query": "Identifiers",
    "workflow": "Normalized services",
}
"""What the rules are about, by the first part of their id."""

_COMMAND = """
encoding                 error   Command sets are encoded in Implicit VR Little Endian           PS3.7 6.3.1
group-length-first       error   Command Group Length is the first element                       PS3.7 6.3.1
group-length             error   Command Group Length counts the bytes that follow it            PS3.7 6.3.1, E.1
ascending                error   Elements are in ascending order of tags                         PS3.7 6.3.1
repeated                 error   Every element occurs once                                       PS3.7 6.3.1
group                    error   Only elements of group 0000 are in a command set                PS3.7 6.3.1
length                   error   Element lengths stay within the command set                     PS3.7 6.3.1
odd-length               error   Element lengths are even                                        PS3.7 6.3.1
trailing-bytes           error   Nothing but elements is in a command set                        PS3.7 6.3.1
unknown-element          warning Elements are in the command dictionary                          PS3.7 E.1
retired-element          info    Retired elements are not sent                                   PS3.7 E.2
value                    error   The value fits the VR                                           PS3.5 6.2
value-length             error   The value is not longer than its VR allows                      PS3.5 6.2
values                   error   The number of values is the dictionary's                        PS3.7 E.1
padding                  error   UIDs are padded with one NULL, text with spaces                 PS3.5 6.2, 9.1
uid                      error   UIDs are well formed                                            PS3.5 9.1
ae-title                 error   AE titles are well formed                                       PS3.5 6.2
characters               warning Text is in the default character repertoire                     PS3.7 C; PS3.5 6.2
command-field            error   The Command Field is there                                      PS3.7 E.1
unknown-command-field    error   The Command Field is one of the Standard                        PS3.7 E.1
missing-mandatory        error   Mandatory fields are there                                      PS3.7 9.3, 10.3
empty-mandatory          error   Mandatory fields have a value                                   PS3.7 9.3, 10.3
missing-conditional      error   Conditional fields are there when their condition holds         PS3.7 9.3, 10.3
forbidden-field          error   Fields are absent where the status excludes them                PS3.4 C.4.2.1.6
undefined-field          warning Only fields of the message, and those its status allows         PS3.7 9.3, 10.3, C
message-id-in-response   info    Responses carry no Message ID                                   PS3.7 9.1.1.1.1
allowed-value            error   Fields with listed values have one of them                      PS3.7 9.3, E.1
data-set-announced       error   Command Data Set Type fits the message                          PS3.7 9.3, 10.3
data-set-present         error   A Data Set follows exactly when announced                       PS3.7 6.3
data-set-with-status     error   The status decides about the Data Set of the response           PS3.7 9.1.2.1.5
response-to-request      error   The response is of its request's service                        PS3.7 9.3, 10.3
equal-to-request         error   The response repeats the values of its request                  PS3.7 9.1, 10.1
status-undefined         error   The status is in a range of the Standard                        PS3.7 C
status-unlisted          warning The status is one of the service or its service class           PS3.7 9.1, 10.1
echo-status              warning C-ECHO answers with Success                                     PS3.7 9.3.5.2
sub-operation-counts     error   The final status fits the counts of sub-operations              PS3.4 C.4.2.3.1
failed-create            warning A failed N-CREATE assigns no SOP Instance UID                   PS3.7 10.1.5.1.4
single-response          error   Only C-FIND, C-GET and C-MOVE answer with Pending               PS3.7 7.5
service-of-sop-class     error   The SOP class has this service                                  PS3.4
action-type              error   The Action Type ID is one of the SOP class                      PS3.4
event-type               error   The Event Type ID is one of the SOP class                       PS3.4
well-known-instance      error   The well-known SOP Instance is used                             PS3.4
sop-class-of-context     error   The SOP class fits the presentation context                     PS3.7 10.1; PS3.4
"""

_DATA = """
sop-class                error   The instance's SOP class is the command's                       PS3.7 9.1.1.1
sop-instance             error   The instance's SOP Instance UID is the command's                PS3.7 9.1.1.1
group                    error   No command, file or structure groups are in a Data Set          PS3.5 7.1
query-level              error   The Query/Retrieve Level is one of the model                    PS3.4 C.6
inventory-level          error   Retrieving an inventory has no Query/Retrieve Level             PS3.4 JJ.3.2
unreadable               error   A Data Set is encoded in the context's transfer syntax           PS3.8 7.6.1; PS3.5 10
unjudged                 info    A Data Set is plain enough to be judged as a whole               PS3.8 E.1; PS3.5 A.5
"""

_TLS = """
version                  error   TLS 1.2 or newer is spoken                                  PS3.15 B.12; RFC 8996
suite-forbidden          error   No cipher suite that BCP 195 forbids is agreed              PS3.15 B.12; RFC 9325 4.1
suite                    warning Forward secrecy and authenticated encryption are agreed     PS3.15 B.12; RFC 9325 4.2
modified-suite           info    The cipher suite is one of the Modified BCP 195 profile     PS3.15 B.13
certificate-validity     error   Certificates are valid now                                  PS3.15 B.12; RFC 5280 6.1
self-signed              info    Certificates are issued by a certification authority        PS3.15 B.12; RFC 5280 6.1
verified                 error   Certificates can be verified                                PS3.15 B.12; RFC 5280 6.1
host-name                error   The acceptor's certificate is for its host                  PS3.15 B.12; RFC 9525 6
key-size                 warning Keys of certificates have 2048 bits, on curves 256          PS3.15 B.13
signature-hash           warning Certificates are signed with SHA-256 or stronger            PS3.15 B.13
mutual                   info    The acceptor asks for the requestor's certificate           PS3.15 B.12
client-certificate       warning A requestor shows the certificate it is asked for           PS3.15 B.12
"""

_ASSOCIATION = """
reserved                 warning Reserved bytes are zero                                         PS3.8 9.3.1
length                   error   Length fields are true                                          PS3.8 9.3.1
malformed-item           error   Items follow their tables                                       PS3.8 9.3; PS3.7 D.3.3
protocol-version         error   Bit 0 of the protocol version is set                            PS3.8 9.3.2
protocol-version-bits    info    No other bit of the protocol version is set                     PS3.8 9.3.2
ae-title-blank           error   AE titles are not blank                                         PS3.8 9.3.2
ae-title                 error   AE titles are well formed                                       PS3.8 9.3.2; PS3.5 6.2
application-context      error   There is one application context                                PS3.8 9.3.2
application-context-name error   The application context is DICOM's                              PS3.7 A.2.1
no-context               error   At least one presentation context is proposed                   PS3.8 9.3.2
context-id               error   Presentation context IDs are odd                                PS3.8 9.3.2.2
context-id-repeated      error   Presentation context IDs are unique                             PS3.8 7.1.1.13
abstract-syntax          error   A proposed context has one abstract syntax                      PS3.8 9.3.2.2
transfer-syntax          error   A proposed context has transfer syntaxes                        PS3.8 9.3.2.2
item-order               warning Items are in ascending order of types                           PS3.8 9.3.1
default-transfer-syntax  error   Implicit VR Little Endian is offered for every abstract syntax  PS3.5 10.1
jpeg-lossless-default    warning Lossless JPEG comes with its default process                    PS3.5 10.2
jpeg-lossy-default       warning Lossy JPEG comes with a default process                         PS3.5 10.3
jpeg-ls-lossless         warning Near-lossless JPEG-LS comes with lossless JPEG-LS               PS3.5 10.5
retired-uid              info    Retired SOP classes and transfer syntaxes are not proposed      PS3.6 A
unknown-uid              info    UIDs of DICOM's root are registered                             PS3.6 A
uid                      error   UIDs are well formed and not padded                             PS3.8 F; PS3.5 9.1
user-information         error   There is one User Information item                              PS3.8 9.3.2
maximum-length           error   There is one Maximum Length                                     PS3.8 D.1
maximum-length-small     warning The Maximum Length leaves room for data                         PS3.8 D.1
implementation-class     error   There is one Implementation Class UID                           PS3.7 D.3.3.2
version-name             error   The Implementation Version Name has 1 to 16 basic characters    PS3.7 D.3.3.2.3
once                     error   Sub-items that may occur once do so                             PS3.7 D.3.3
role-repeated            error   There is one role selection for a SOP class                     PS3.7 D.3.3.4
role-not-proposed        warning Role selection is for a proposed abstract syntax                PS3.7 D.3.3.4
role-value               error   Roles are 0 or 1 and not both 0                                 PS3.7 D.3.3.4
extended-repeated        error   There is one extended negotiation for a SOP class               PS3.7 D.3.3.5
extended-content         error   Extended negotiation follows its service class                  PS3.4
extended-unused          warning Extended negotiation is for a service class that has one        PS3.4
common-extended-answer   error   Common extended negotiation is for requests only                PS3.7 D.3.3.6
common-extended-repeated error   There is one common extended negotiation for a SOP class        PS3.7 D.3.3.6
common-extended-version  info    The version of common extended negotiation is 0                 PS3.7 D.3.3.6
related-general          warning Related General SOP Classes are those of Table B.3-3            PS3.4 B.3.1.4
user-identity            error   The user identity's type is 1 to 5, its response flag 0 or 1    PS3.7 D.3.3.7
passcode                 error   A passcode goes with type 2 only                                PS3.7 D.3.3.7
unknown-item             info    Items are of known types                                        PS3.8 9.3.1, D.2
ae-title-copy            warning The answer repeats the AE titles                                PS3.8 9.3.3
context-unanswered       error   Every proposed context is answered                              PS3.8 7.1.1.14
context-unproposed       error   Only proposed contexts are answered                             PS3.8 7.1.1.14
context-result           error   The result of a context is 0 to 4                               PS3.8 9.3.3.2
answer-transfer-syntax   error   An answered context has one transfer syntax                     PS3.8 9.3.3.2
unproposed-syntax        error   The accepted transfer syntax was proposed                       PS3.8 7.1.1.14
default-syntax-refused   error   Implicit VR Little Endian is not refused                        PS3.5 10.1
nothing-accepted         warning At least one context is accepted                                PS3.8 7.1.1.14
window                   error   The window is answered when proposed, and not enlarged          PS3.7 D.3.3.3
role-answer              error   Only proposed roles are accepted                                PS3.7 D.3.3.4
extended-answer          error   Extended negotiation answers a proposal                         PS3.7 D.3.3.5
extended-answer-content  error   The answer grants no more than was asked for                    PS3.4
user-identity-answer     error   A user identity response answers a request for one              PS3.7 D.3.3.7
user-identity-response   error   The response to a username, with passcode or not, is empty      PS3.7 D.3.3.7.2
user-identity-silent     warning A requested user identity response is given                     PS3.7 D.3.3.7
reject-code              error   Result, source and reason of a rejection are defined            PS3.8 9.3.4
abort-source             error   The source of an abort is 0 or 2                                PS3.8 9.3.8
abort-reason             error   The reason of a provider's abort is defined                     PS3.8 9.3.8
abort-user-reason        warning A user's abort has reason 0                                     PS3.8 9.3.8
"""

_PDATA = """
no-pdv                   error   A P-DATA-TF has at least one PDV                                PS3.8 9.3.5
maximum-length           error   A P-DATA-TF is not longer than its receiver takes               PS3.8 D.1
context                  error   PDVs are on accepted presentation contexts                      PS3.8 7.6.1
odd-fragment             error   Fragments have an even number of bytes                          PS3.8 E.1
empty-fragment           error   Fragments are not empty                                         PS3.8 E.1
one-message              error   The PDVs of one P-DATA-TF are of one message                    PS3.8 E.1
control-bits             warning Bits 2 to 7 of the message control header are zero              PS3.8 E.2
split                    warning PDVs of one kind do not follow one another in a P-DATA-TF       PS3.8 E.1
reserved                 warning Reserved bytes are zero                                         PS3.8 9.3.1
interleaved              error   A message ends before the next one of its direction begins      PS3.8 E.1
data-first               error   Data Set fragments follow a command set that announces them     PS3.8 E.1; PS3.7 6.3
command-unended          error   The last fragment of a command set is marked as such            PS3.8 E.2
unfinished               warning A message is sent to its end                                    PS3.8 E.1
"""

_PDU = """
unreadable               error   A PDU follows its table                                         PS3.8 9.3
unexpected               error   A PDU is one the receiver's state has a place for               PS3.8 9.2.3
first                    error   The first PDU is an A-ASSOCIATE-RQ                              PS3.8 9.2.3
wrong-side               error   The requestor asks for the association, the acceptor answers    PS3.8 7.1
second-request           error   An association is asked for once                                PS3.8 9.2.3
answer-unasked           error   A-ASSOCIATE-AC and -RJ answer an A-ASSOCIATE-RQ, once           PS3.8 9.2.3
unestablished            error   P-DATA-TF and A-RELEASE need an association                     PS3.8 9.2.3
data-after-release       error   Who sent A-RELEASE-RQ sends no more P-DATA-TF                   PS3.8 7.2.2
second-release           error   A side asks for release once                                    PS3.8 9.2.3
release-by-acceptor      warning The requestor starts the release                                PS3.7 A.5
release-outstanding      error   No release while an own request is not finally answered         PS3.7 A.5
release-unasked          error   A-RELEASE-RP answers an A-RELEASE-RQ                            PS3.8 9.2.3
release-collision        error   In a collision the requestor's A-RELEASE-RP comes first         PS3.8 7.2.2.7
after-end                error   Nothing but A-ABORT follows what ends an association            PS3.8 9.2.3
abort-source-provider    warning What breaks the protocol is answered by the provider's A-ABORT  PS3.8 9.2.3
abort-missing            warning What breaks the protocol is answered by A-ABORT                 PS3.8 9.2.3
request-unanswered       error   An A-ASSOCIATE-RQ is answered                                   PS3.8 7.1.1
release-unanswered       error   An A-RELEASE-RQ is answered                                     PS3.8 7.2.1
closed                   warning The connection is closed after release, rejection or abort      PS3.8 9.1.4
closed-within            error   The connection is not closed within a PDU                       PS3.8 9.1.4
not-closed               warning The connection is closed when the association has ended         PS3.8 9.2.2
"""

_EXCHANGE = """
message-id-reused        error   A Message ID is not that of an outstanding request              PS3.7 9.1, 10.1
message-id-again         info    Message IDs are not used twice on an association                PS3.7 9.1.1.1.1
unsolicited              error   A response answers a request                                    PS3.7 9.1, 10.1
after-final              error   Nothing is answered after the final response                    PS3.7 7.5, 9.1
response-context         warning A response comes on its request's presentation context          PS3.7 7.5.3; PS3.8 E.1
window                   error   No more requests are outstanding than negotiated                PS3.7 D.3.3.3
early-success            error   Success is told when the whole request has come                 PS3.7 9.1, 10.1
role                     error   A request comes from the side that has the role for it          PS3.7 D.3.3.4
cancel-unknown           error   C-CANCEL-RQ is for an outstanding C-FIND, C-GET or C-MOVE       PS3.7 9.3.2.3
cancel-late              info    C-CANCEL-RQ comes before the final response                     PS3.7 9.3.2.3
cancel-unasked           warning The status Cancel answers a C-CANCEL-RQ                         PS3.7 C.3; PS3.4 C.4.1
cancel-status            warning A cancelled operation ends with Cancel or naturally             PS3.7 9.1.2.2
"""

_RETRIEVE = """
remaining-increases      warning Remaining sub-operations do not become more                     PS3.4 C.4.2.1.6
counts-decrease          warning Counts of finished sub-operations do not become less            PS3.4 C.4.2.1
total-changes            warning The sum of sub-operations stays the same                        PS3.4 C.4.2.1
final-total              warning The final counts are of all sub-operations                      PS3.4 C.4.2.1
failed-list              error   Failed sub-operations are listed in the final Identifier        PS3.4 C.4.2.1.4.2
failed-list-unfounded    error   Without failed sub-operations there is no Identifier            PS3.4 C.4.2.1.4.2
failed-list-count        warning As many instances are listed as sub-operations failed           PS3.4 C.4.2.1.4.2
failed-list-only         warning The Identifier holds nothing but the list of failed instances   PS3.4 C.4.2.1.4.2
get-counts               error   A C-GET counts the C-STORE sub-operations that were answered    PS3.4 C.4.3.1
final-early              error   The final response of a C-GET comes after its sub-operations    PS3.4 C.4.3.3.1
priority                 warning Sub-operations have the priority of their C-GET                 PS3.7 9.1.3.1.4
get-originator           warning The Move Originator is for sub-operations of a C-MOVE           PS3.7 9.1.1.1.6
originator-pair          warning Move Originator AE Title and Message ID come together           PS3.7 9.1.1.1.7
"""

_QUERY = """
extra-attribute          error   A match adds no attributes that were not asked for              PS3.4 C.4.1.1.3.2
retrieve-source          error   A match says where its instances can be retrieved               PS3.4 C.4.1.1.3.2
level-changed            error   A match is of the level that was asked for                      PS3.4 C.4.1.1.3.2
higher-key               error   Unique keys above the level have one value                      PS3.4 C.4.1.2.1
higher-attribute         error   No keys of higher levels but the unique ones are there           PS3.4 C.4.1.2.1
retrieve-key             error   Retrievals name their instances by single keys, no wildcards    PS3.4 C.4.2.2.1
level-key                error   Retrievals have the unique key of their level                   PS3.4 C.4.2.2.1
view                     error   Query/Retrieve View is negotiated                               PS3.4 C.4.1.1.3.1
"""

_WORKFLOW = """
mpps-created             error   A performed procedure step is created in progress               PS3.4 F.7.2.1.2
mpps-created-accepted    error   A step created in another state is refused (0106H)              PS3.4 F.7.2.1.2
mpps-final               error   A completed or discontinued step is not set any more            PS3.4 F.7.2.2.2
mpps-final-accepted      error   Setting a completed or discontinued step is refused (0110H)     PS3.4 F.7.2.2.2
commitment-event         error   Event 2, not event 1, reports failed instances                  PS3.4 J.3.3.1.2
commitment-transaction   error   A commitment report names its transaction                       PS3.4 J.3.3.1.1
commitment-instances     error   A commitment report tells of every instance asked for           PS3.4 J.3.3.1.2
commitment-reused        error   The UID of a finished commitment transaction is not used again  PS3.4 J.3.2.1.2
ups-created              error   A UPS is created in the state SCHEDULED                         PS3.4 CC.2.5.3
ups-set-state            error   N-SET does not change the state of a UPS                        PS3.4 CC.2.6.1
ups-transaction          error   The state of a UPS is changed with its Transaction UID          PS3.4 CC.2.1.3
ups-get-transaction      error   The Transaction UID of a UPS is not asked for                   PS3.4 CC.2.7.2
print-order              error   A film box belongs to a film session                            PS3.4 H.4.2.2.1
print-session            error   An association has one film session                             PS3.4 H.4.1.2.1
print-film-box           error   Only the last film box is worked on                             PS3.4 H.4.2.2
print-job                error   With Print Job negotiated, a print action names its job         PS3.4 H.4.1.2.4
media-creation           warning Media creation requests are not answered with Warning           PS3.4 S.3.2.1.3
"""


def _rows(area: str, table: str) -> dict[str, Rule]:
    rows = {}
    for line in table.strip().splitlines():
        slug, severity, rest = line.split(None, 2)
        title, _, clause = rest.rpartition("  ")
        rows[f"{area}.{slug}"] = Rule(f"{area}.{slug}", severity, title.strip(), clause.strip())
    return rows


RULES: dict[str, Rule] = {
    **_rows("command", _COMMAND),
    **_rows("data", _DATA),
    **_rows("tls", _TLS),
    **_rows("association", _ASSOCIATION),
    **_rows("pdu", _PDU),
    **_rows("pdata", _PDATA),
    **_rows("exchange", _EXCHANGE),
    **_rows("retrieve", _RETRIEVE),
    **_rows("query", _QUERY),
    **_rows("workflow", _WORKFLOW),
}
"""All rules by id."""
