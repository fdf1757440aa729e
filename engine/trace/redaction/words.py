"""The words of the program's own sentences: what redacted exports let through.

Written by packaging/sentence_words.py.
"""

from __future__ import annotations

_WORDS = """
A A-ABORT A-ASSOCIATE A-ASSOCIATE-AC A-ASSOCIATE-RJ A-ASSOCIATE-RQ A-P-ABORT A-RELEASE A-RELEASE-RP A-RELEASE-RQ
ACSE AE AGFA AIT AND ANY ARTIM AS ASCII AT AVC Abdomen Aborted Above Absent Abstract Accept Accepted Accepts
AccessionNumber Acquisition Action Actions Active Acuity Add Adds Administration AdministrationRouteCodeSequence
Admission AdmissionID AdmittingDiagnosesCodeSequence AdmittingDiagnosesDescription Adult Advanced Affected After
Agent Alert All Allergies Allowed Alpha Also Ambulatory An Analysis Angiographic Annex Annotation Annotations
Announce Announces Another Answering Answers Any Anything Application Approval ApprovalSequence Array Arterial As
Ask Assembly Assertion Assessment Assigned Association Associations Asynchronous At Attribute Attributes Audio
Autorefraction Availability Await Awaiting Axial B B-scan BCP BD-compatible BE BEGIN BLUE BUILT-IN BUT BY Baseline
Basic BasicColorImageBox BasicFilmBox BasicFilmSession BasicGrayscaleImageBox Beam Beams Behavior Behind Being
Beside Beyond Bi-Plane Big Bit Bits Blending Body Border Both Box Brachy Breast Bring Built-in Bulk Byte Bytes C
C-Arm C-CANCEL C-CANCEL-FIND-RQ C-CANCEL-GET-RQ C-CANCEL-MOVE-RQ C-CANCEL-RQ C-ECHO C-ECHO-RQ C-ECHO-RSP C-FIND
C-FIND-RQ C-FIND-RSP C-GET C-GET-RQ C-GET-RSP C-MOVE C-MOVE-RQ C-MOVE-RSP C-STORE C-STORE-RQ C-STORE-RQs C-STORE-RSP
C-STOREs CA CA's CAD CANCELED CAs CC CDA CERTIFICATE CI CID CLASS CLEAR CODE COLD COLOR COMPLETED COMPUTER CONFLICT
CONSOLE COUNT CREATE CRL CS CT CUBIC Calculations Call Called Called-AE-title Calling Calling-AE-title Cancel
Cancellation Cancelled Cannot Capture Cardiac Certificate Certificates Change Changing Character Characteristics
Check Chest Choose Claim Claimed Class Class-Instance Classes Clause Client ClientHello Closes Closing Code
CodeMeaning Coding Coerced Coercion Coherence Colon Color Columns Combined Command Comment Comments
CommentsOnTheScheduledProcedureStep Commitmen Commitment Committed Common Communication Compare Complete Completed
Component Composite CompositeInstanceRootRetrieveGet CompositeInstanceRootRetrieveMove Compositing Comprehensive
Compression Computed ConceptNameCodeSequence Conditional Configuration Confocal Connect Connecting Connection
Console Contact Content ContentDate ContentTemplateSequence ContentTime Context Contexts Continuous Control
Conventional ConventionalMachineVerificationSequence Conversion Converted Converting Coordinates Corneal Correct
Counts Craniofacial Create Creation CreationDate CreationTime Ctrl-C Current CurrentConfigurationID
CurrentPatientLocation Curve Cut Cuts Cxxx D DA DATETIME DCMTK DELETE DER DIAGNOSIS DICM DICOM DICOM's DICOMDIR
DICOMDIRs DICOS DIMSE DIMSE-C DIMSE-N DISCONTINUED DNS DO DOWN DS DSA DT DTK DTLS Data Date-time
DateOfLastCalibration DateTime Dates Decoded Deeper Default Defined Definition Definitions Deflate Deflated
Deformable Delete Deleted Deletion Delivery Density Deprecating Dermoscopic Description Designator Destination
Detached Detail Detection DeviceSerialNumber Diagnosis Dialog Dictionary Digital Direction Directory Discontinued
Display DisplaySubsystemSequence Do Document Does Done Dose Duplicate E EC ECDSA ECG ENCRYPTED EXCLUSIVE Each Echo
Eddy Electroencephalogram Electromyogram Electrooculogram Electrophysiology Element Elements Else Emission Empty En
Encapsulated Encapsulation Encodes Encoding End Endian Endoscopic Enhanced Enter Entity
EquipmentAdministratorSequence Error Event Every Everything Exception Exchange ExecutionStatus ExecutionStatusInfo
Exist Exit Explain Explicit Extended Extensible F FAILURE FD FFH FILE FILM FIN FIND FL FOLDER FOR FRAME FROM FTP
FULL Face Failed FailedAttributesSequence FailedSOPSequence Failure Failures Fiducials Field Fields File Files Fill
Fills Film Filtered Find Findings Finds First First-Order For Format Forward Found Fraction Fragmentable Fragments
Frame Free From Full Fuzzy GET GOING General GeneralMachineVerificationSequence Generic GiB Give Global Goes
Grayscale Grid Group H HEVC HHMMSS HIGH HOST HTTP Hanging HangingProtocolDefinitionSequence
HangingProtocolDescription Hardcopy Hash Have Header Height Hemodynamic Hierarchical High High-Throughput Holds
Human HumanPerformerCodeSequence HumanPerformerName HumanPerformerOrganization ID IDs IMAGE IMMEDIATE IN INDEX
INSERT INTEGER INTO IOD IP IR IS Identification Identifier Identifiers Identity If Image Images Imaging Implant
ImplantTemplateGroupDescription Implantation Implementation Implicit In Incomplete Inflated Information
Infrastructure Initial Initiate InlineBinary Input InputInformationSequence InputReadinessState Install Instance
Instances InstitutionAddress InstitutionName InstitutionalDepartmentName Instruction Insufficient Intent Interlaced
Internet Interpretation Interrupted Intra-Oral Intraocular Intravascular Invalid Inventory Ion
IonMachineVerificationSequence IssuerOfAccessionNumberSequence IssuerOfAdmissionIDSequence IssuerOfPatientID
IssuerOfPatientIDQualifiersSequence It Item Item-length Items Its J JJ JPEG JPEG-LS JPIP JSON JWT Job Judging KB KEY
Keeps Kept Keratometry Kerberos Key Keys Keyword KiB L LE LO LOW LT LUT Label Last Layer Leave Leaves Left Legacy
Length Lens Lensometry Level Likely Limits Line List Listening Little Location Log Logging Look Looking Lossless
Lossy Lost M MAMMO MEDIUM MIME MLLP MOVE MPPS MPR MR MTL MTU Machine Macular Magnification Main Mammography
Management Mandatory Manufacturer ManufacturerModelName Many Map Mapping Match Matches Matching Max Maximum
Measurements Media MediaCreationManagement MedicalAlerts Medication Medicine Medison Memory Mesh Message Messages
Meta Microscopic Microscopy Microsoft Min Minimum Missing Mistyped Mixes Modality ModalityPerformedProcedureStep
ModalityPerformedProcedureStepRetrieve Model Modification Modified Monitor More Mostly Move Multi-Frame
Multi-channel Multi-component Multi-frame Multiple Must N N-ACTION N-ACTION-RQ N-ACTION-RSP N-CREATE N-CREATE-RQ
N-CREATE-RSP N-DELETE N-DELETE-RQ N-DELETE-RSP N-EVENT-REPORT N-EVENT-REPORT-RQ N-EVENT-REPORT-RSP N-GET N-GET-RQ
N-GET-RSP N-SET N-SET-RQ N-SET-RSP NO NORMAL NOT NUL NULL NULLs NULs NX Name Names Narrow Near-Lossless
Near-lossless Negotiation NetXRay Network Never No Nobody Non-Hierarchical Non-Patient None Normalized Not Nothing
Notification Notifications Notify Nth Nuclear Number NumberOfCopies NumberOfDisplaySubsystems NumberOfFrames
NumberOfPatientRelatedStudies NumberOfSeriesRelatedInstances NumberOfStudyRelatedInstances
NumberOfStudyRelatedSeries O OB OBJ OC OD ON ORDER OUT OW Object Of Offending Offset Often One Only Open Opened
Opening Operation Operations Operator Ophthalmic Optical Optional Options Or Order OrderFillerIdentifierSequence
OrderPlacerIdentifierSequence Originator Originator's Orthanc Other OtherPatientIDsSequence Others Our Out
OutputInformationSequence Overlay OverriddenAttributesSequence P P-DATA P-DATA-TF P-DATA-TF's PALETTE PATH PATIENT
PATTERN PCM PDF PDU PDU's PDU-length PDU-type PDUs PDV PDVs PEER PEM PET PKCS PN PORT PRAGMA PRIMARY PRINTER PRIVATE
PROGRESS Pads Pair Palette Papyrus Parameter Parametric Part Passcodes Passed Passphrase Patient Patient's
PatientBirthDate PatientID PatientName PatientSex PatientWeight Pending Performed PerformedProcedureStepEndDateTime
PerformedProcedureStepStartDateTime PerformedStationNameCodeSequence PerformedWorkitemCodeSequence Performer
Performer's Perimetry Photoacoustic Photographic Photography Photon-Electron Physician Pixel Plan Planar Planned
Point Position Positive-response-requested Positron Prediction PregnancyStatus Preparation Prescription Present
Presentation Presentation-context-IDs Presentation-data-value PresentationLUT Print PrintPriority Printer Printer's
PrinterInstance PrinterName PrinterStatus PrinterStatusInfo Prior Priority Private Proc-Type Procedural
ProceduralEventLogging Procedure ProcedureStepCancellationDateTime ProcedureStepDiscontinuationReasonCodeSequence
ProcedureStepLabel ProcedureStepProgressInformationSequence ProcedureStepState Procedures Process Processing Product
ProductParameterSequence ProductTypeCodeSequence Profile Profiles Progress Progression Progressive Projection
Propose Proposed Protocol Protocol-version Provided Pseudo-Color Public Pull Pulse Purpose Push Puts Pyramidal
QAResultsSequence QR Quadrupole Query Queue R RC REASON RESULT RFC RGB RLE RN RPCL RSA RSA-PSS RST RT Radiation
Radiofluoroscopic Radiography Radiopharmaceutical Raise Raw Read Readiness Reading Real Real-Time Reason Receive
Received Receiver Receiving Recognition Recommendations Recompression Record Reference Referenced
ReferencedBeamNumber ReferencedFractionGroupNumber ReferencedRTPlanSequence ReferencedRequestSequence
ReferencedSOPClassUID ReferencedSOPInstanceUID ReferencedSOPSequence ReferencedStorageMediaSequence
ReferencedStudySequence ReferringPhysicianName Reflected Refraction Refused Refuses Registered Registration Registry
Rejected Related Relationship Release Releasing Relevant Remaining Rendering Rendition Repeat
ReplacedProcedureStepSequence Reply Report Reports Repository RepositoryQuery Representation Request RequestPriority
Requested RequestedProcedureCodeSequence RequestedProcedureDescription RequestedProcedureID
RequestedProcedurePriority RequestingPhysician Requestor Requestor's Requests Required Reserved Reset Resets
Resonance Resource Resources Respiratory Responded Response Responses Result Results Retired Retrieval Retrievals
Retrieve Retrieving Rights Robotic Robotic-Arm Role Roles Root Routine Rows Rule Rules S SA SAML SCHEDULED SCP SCP's
SCU SE SEA SECONDS SELECT SERIES SET SH SHOWED SL SLIDE SMPTE SNI SOP SOPClassUID SOPClassesInStudy SOPInstanceUID
SOURCE SQ SR SS SSH ST START STATUS STL STUDY SU SUCI SUEA SUL SUPERSLIDE SV Salvage Sample Saved Says Scale Scalp
Scan Scheduled ScheduledHumanPerformersSequence ScheduledPerformingPhysicianName ScheduledProcedureStepDescription
ScheduledProcedureStepID ScheduledProcedureStepLocation ScheduledProcedureStepPriority
ScheduledProcedureStepStartDate ScheduledProcedureStepStartDateTime ScheduledProcedureStepStartTime
ScheduledProcessingParametersSequence ScheduledProtocolCodeSequence ScheduledStationAETitle
ScheduledStationClassCodeSequence ScheduledStationGeographicLocationCodeSequence ScheduledStationName
ScheduledStationNameCodeSequence ScheduledWorkitemCodeSequence Scheme Script Secondary Secure Security See Seen
Segment Segmentation Segmented Select Selection Send Sending Sends Sent Sequence Sequences Series SeriesDate
SeriesInstanceUID Server Servers Service Service-Object Services Session Set Sets Setting Setup Several Shows
Signature Silent Simple Simplified Single Size Sleep Slide Slide-Coordinates Sniffer So Softcopy SoftwareVersions
Some Somebody Something Source Spatial SpecialNeeds Specific SpecificCharacterSet Specifications Specified
SpecifiedPrimaryMeterset Spectacle Spectral Spectroscopy Standalone Standard Standard's Start Starting State Static
Station StationName Status Step Steps Stereo Stereographic Stereometric Stop Stopped Stopping Storage
StorageMediaFileSetID StorageMediaFileSetUID Stored Structure Structured Structures Study StudyID StudyInstanceUID
StudyTime Sub-Item Sub-Items Sub-Operations Sub-items Sub-operations Subjective Subscribe Subscribed Subscription
Substance SubstanceAdministrationLogging Success Successful Summary Support Surface Suspend Switch Synchronization
Syntax Syntaxes System TABLE TCP TEST TEXT THE TLS TM TOML Table Take Takes Taking
TargetLuminanceCharacteristicsSequence Tell Tells Template Terminal Terminated Text That The Their Then There
Thermography They Thickness This Those Threat Tiled Time-based TimeOfLastCalibration Times Timezone Title To Token
Tomography Tomosynthesis Tomotherapeutic Topography TotalNumberOfPiecesOfMediaCreated Tractography Transaction
TransactionUID Transactions Transfer Transition Transport Treatment TreatmentVerificationStatus Trial True Try Type
TypeOfInstances U UC UI UID UID's UIDs UL UN UNIQUE UNSAFE UPDATE UPS UR URI URN US UT UTC UV Ultrasound Unable
Uncompressed Unexpected Unified UnifiedProcedureStepPerformedProcedureSequence Unique Units Unknown Unrecognized
Unsubscribe Update Updated Upper Usage Use User User-Identity-Type VALUES VERIFIED VL VM VOI VPN VR Value ValueType
Values Variable Verification Version Video View Visit Visual Voice Volume Volumetric W WAL WARM WARNING WHERE Wait
Waiting Waived Warning Watch Waveform We Web Well-known What Where Whether Who Whole Why Wide Window Wireshark With
Without Word Worklist WorklistLabel World Write Writes X X-Ray XA XL XML XRF Y YYYYMMDD YYYYMMDDHHMMSS ZEISS a abort
abort-missing abort-reason abort-source abort-source-provider abort-user-reason aborted aborting aborts about above
absent abstract abstract-syntax abstract-syntax-not-supported accept acceptable acceptance accepted acceptor
acceptor's accepts access accessory acknowledge acknowledged acknowledgement act action action-type add added
address addressed addresses adds adjustment administrator ae-title ae-title-blank ae-title-copy affected after
after-end after-final afterwards again ago agreed agrees alert algorithm alias all allocated allocation allow
allowed allowed-value allows almost alone already also although always ambient among an and anew annotation announce
announced announces anonymous another answer answer's answer-transfer-syntax answer-unasked answered answering
answers any anybody anything anyway apart applicable application application-context application-context-name
applies appropriate archive are argument arguments around array arrays arrived arrives as ascending aside ask asked
asking asks assertion assign assigned assigns associating association associations asynchronous at attempt attribute
attributes authenticated authentication authority authority's authorized automatic availability available avoid
awaiting away back backslash bad balancer banner base basic be beam beams became because become becomes been before
began begin begins begun behind being belong belongs below beside besides best better between beyond bit bits blame
blank block both box box's boxes breaks broke broken brought browser builder built built-in busy but by byte bytes
cable calculate call callback called caller callers calling calls came can cancel cancel-late cancel-status
cancel-unasked cancel-unknown canceled cancellation cancelled cancelling cancels cannot capture captured carried
carries carry case cause caused cd center certificate certificate's certificate-validity certificates certification
chain change changed changes changing character characters check checked checks choice choose chooses chose chosen
cipher claim claimed class classes client client-certificate clients clock clocks close closed closed-within closes
closing code codes coerce coerces coercion collation collision colons color column columns come comes command
command's command-field command-unended commands commitment commitment-event commitment-instances commitment-reused
commitment-transaction commitments commits committed common common-extended-answer common-extended-repeated
common-extended-version compare complete completed composite compressed computer computer's computers condition
conditional configuration configured confirm confirmation confirmed conflict conformance congested connect connected
connecting connection connections connects console console's contact contacted contain contains content context
context's context-id context-id-repeated context-result context-unanswered context-unproposed contexts continue
continuing control control-bits conversion converted copies copy correct could count counted counts counts-decrease
crash crashed create created creation creator cropped current curves cut damaged data data-after-release data-first
data-set-announced data-set-present data-set-with-status database dataclass dataset date dates datetime day days
decide decides decimal decimated decoded decoder decompressed decrypted deep deeply def default
default-syntax-refused default-transfer-syntax defect defective define defined defines deflated delay delayed delete
deleted deliver delivered demagnified demands denied density depart departs departure departures depth descending
description descriptor destination device dictionary dictionary's did differ different digits dimse-console
direction directory discarded discontinue discontinued disk display divided do docs document documentation does done
dot dots down drop drops due dump dumps duplicate during each earlier early early-success echo echo-status echoed
editcap effect eight either element element's elements elliptic else else's elsewhere empty empty-fragment
empty-mandatory emulator enabled encapsulated encapsulation encoded encoding encrypted encryption end ended endian
ends engine engine's enlarged enough enter entered entries entry environment equal equal-to-request error errors
established even event event-type events ever every everything exact exactly example exceeded exchange exchanged
excludes exist existing exists exit expanded expected expired export extended extended-answer
extended-answer-content extended-content extended-repeated extended-unused extra-attribute extract fail failed
failed-create failed-list failed-list-count failed-list-only failed-list-unfounded fails failure failures falls
false far faster fault faults faulty few fewer field fields file file-set files fill filled film films final
final-early final-total finally find finding findings finish finished firewall first fit fits five flag
floating-point folder folder's folders follow followed follows for forbid forbidden forbidden-field forbids foreign
form format formed forward forwarded found fraction fragment fragments frame frames free fresh from front frozen
full function further fuzzy gateway gave general get get-counts get-originator ggggeeee give given gives global go
goes gone good got granted grants grayscale greeting group group-length group-length-first groups guess guesses gzip
h had half handled handshake hang hangs happened hardly has hash have header heed held help helps here hex
hexadecimal hide hierarchically higher higher-attribute higher-key hold holds home host host-name hour hours how
however hundredths hung hyphen identified identifier identities identity identity's idle if ignore ignored ignores
image images implementation implementation-class import in included inconsistent indented index indication inflated
inflates info information initial initiated input inst installed instance instance's instances instead integrity
interface interleaved internal interpretation interrupted into invalid invalid-PDU-parameter inventories inventory
inventory-level invocation invoked is issue issued issuer it item item's item-order items its itself job jobs
jpeg-lossless-default jpeg-lossy-default jpeg-ls-lossless judged just kB keep keeps kept key key's key-size keyring
keys keyword kind know knowing known knows lacks large larger largest last late later latest layer layout leading
least leave leaves left length lengths less let lets letters level level-changed level-key levels library licence
licensed light like likely likes limit limitation limits line lines link-layer list listed listen listened listener
listening listens lists little live load local lock locks log logged logs long longer look looked looks loop loss
lossless lossy lost low lower made magnification mail main make makes malformed-item managed mandatory many marked
mask match matched matches matching maximum maximum-length maximum-length-small may mean meaning means meant
meanwhile media media-creation memory mention mentions message message-id-again message-id-in-response
message-id-reused messages met meta middle min missing missing-conditional missing-mandatory misspelt mistake mixed
mm modalities modality model model's models modifications modified modified-suite moment monitor monitoring months
more most mostly move moved mpps mpps-created mpps-created-accepted mpps-final mpps-final-accepted ms much
multi-frame multiframe must mutual name named names naming naturally near-lossless need needed needs negotiate
negotiated negotiating negotiation negotiation's negotiations neither nested network networking never new newer
newest next no no-context no-pdv no-reason nobody non-patient non-time-based none nor normalized not not-closed note
nothing nothing-accepted notices notification notified notify now nowhere number numbers object objects occur occurs
odd odd-fragment odd-length of off offer offered offers offline offset often old older oldest omit on once one
one-message ones online only open opened opening opens operation operations optical option optional options or order
orderly organization originator-pair other others otherwise our ours out outlives output outside outstanding over
overloaded overtake own owner packed packet packet's packets pad padded padding page pairs parameter parameters
parse part parts passcode passed passes passphrase past paths patient patients pattern patterns pause paused pauses
pcap pcapng peer peer's peers pending per percentage perform performed performer performing performs periods
permanent permissions person phase photometric picked picture piece pieces pixel pixels place places plain plan
planned play policy port port's ports possible power preference prefix present presentation presentation-context-ID
presentation-data-value primitive print print-film-box print-job print-order print-session printed printer printer's
printing prints priority private problem procedure process produced product products profile profile's profiles
program programs progress proposal propose proposed proposes proposing protocol protocol-version
protocol-version-bits provided provider provider's providers proxy pull purpose push put puts pydicom query
query-level question queue quota quote quotes raise raised range raw reach reached reaches read reader reading
readings reads ready real real-time really reason reasons receive received receiver receiver's receivers receives
receiving recognized recommendation recorded records redaction reference referenced references refers refuse refused
refuses registered registry regular reject reject-code rejected rejecting rejection rejects related related-general
relational release release-by-acceptor release-collision release-outstanding release-unanswered release-unasked
released releases releasing remain remaining-increases remembered remote remove removed renegotiation renewed repeat
repeatable repeated repeats repertoire replaced report reported reports request request's request-unanswered
requested requestor requestor's requests require required requirement requirements requires reserve reserved
reserves reserving reset resets resources response response's response-context response-to-request responses rest
result results retired retired-element retired-uid retries retrieval retrievals retrieve retrieve-key
retrieve-source retrieved return returned returns revoked right rights role role-answer role-not-proposed
role-repeated role-value roles room root route row rows rule rules run running runs s safe safekeeping safely said
same sample samples save saved say saying says scale scan scheduled scheme scp script scu second second-release
second-request secondary seconds secrecy secret secrets see seems seen selected selection selections selects self
self-signed semantic send sender sending sends sent sentence separated separates sequence sequences serial series
served server service service's service-of-sop-class service-provider service-user services session sessions set
set's set-up sets setting settings several shape share shelf shell shipped ships short shortened shot should show
showed shown shows side sides signature signature-hash signed signs silence silent silently since single
single-response six size skipped skips slides slots slow slower small smaller so socket some somebody something sop
sop-class sop-class-of-context sop-instance source space spaces speak speaks specified spelling spelt split spoken
stalled stand standard stands start started starting starts state statement states station status status-undefined
status-unlisted stay stayed stays step step's steps still stop stopped stops storage store stored stream strings
stronger structure studies study sub-item sub-items sub-operation sub-operation-counts sub-operations subject
subscribe subscribed subscription subscriptions succeeded success successful such suite suite-forbidden suites sum
supplied support supported supports suspended switch switched switches synchronized synchronous synchronously syntax
syntaxes sys system system's systems table tables tag tags take taken takes tampered task tcpdump technical tell
telling tells template terminated terms test tests text texts than that the their them themselves then there these
they thin thing this those though thousands thread three through thrown throws ticket time time-out time-outs timed
timeout timer times timezone title titles tls to today together token tokens told tomorrow too took tool
total-changes trace traffic trailing trailing-bytes transaction transfer transfer-syntax
transfer-syntaxes-not-supported transient translating transport tree trees tried tries trips true trust trusted try
tunnel turn turned turns twice twin two type types uid ultrasound unable unanswered unasked uncompressed undefined
undefined-field under underscores understand unestablished unexpected unexpected-PDU unexpectedly unfinished unified
unique unjudged unknown unknown-command-field unknown-element unknown-item unknown-uid unless unlimited unpack
unpacked unprinted unproposed-syntax unreachable unreadable unrecognized unrecognized-PDU unsafe unsolicited
unspecified unsubscribe unsubscribed until up updated upper ups-created ups-get-transaction ups-set-state
ups-transaction us use used user user's user-identity user-identity-answer user-identity-response
user-identity-silent user-information user-rejection username users uses usual usually valid value value-length
values variable vendor verified verifying version version-name versions very via video view vr wait waited waiting
waits waived waiver waivers walked want wanted wants warning warnings was watch watching way we weak web week weeks
well well-known well-known-instance went were what whatever when where whether which while who whoever whole whom
whose why width wildcard wildcards will window window's with within without word words work worked worklist
worklists works workspace workspace's worth would write writes written wrong wrong-side year yesterday yet you zero
zeros
"""

WORDS = frozenset(_WORDS.split())
