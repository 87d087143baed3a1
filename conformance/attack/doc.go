// Package attack attacks secured participants: with what anybody on the network
// can send, and with what an authenticated participant that turned hostile can.
// Its tests run whole participants on a simulated network in virtual time and
// check that the victims go on exchanging samples, none lost, doubled or
// altered, that nobody was put out or let in, and that memory stays bounded.
//
// It is a tool: it has no code but tests. The table says which tests are about
// which item of the checklist of attacks; of this package those without a
// package's name. A test keeps it true.
//
//	 1 lengths and counts       TestItem01_LengthsThatLie TestItem01_LengthsThatLieFromInside
//	                            rtps.FuzzMessage rtps.FuzzDataHolder rtps.FuzzPropertyList rtps.FuzzParameters cdr.FuzzReader
//	                            internal/discovery.FuzzParseParticipant internal/discovery.FuzzParseEndpoint internal/engine.FuzzReceive
//	                            internal/discovery.TestCountsAreBounded security/pkidh.TestAttack09_Bounds
//	 2 extreme numbers          TestItem02_ExtremeNumbers TestItem02_ExtremeNumbersFromInside
//	                            internal/reliable.FuzzReader internal/reliable.FuzzWriter internal/reliable.TestExtremeNumbers
//	 3 fragments                TestItem03_Fragments internal/reliable.TestInconsistentFragmentsAreDropped
//	                            internal/reliable.TestReassemblyMemoryIsBounded internal/reliable.TestReassemblyTimeout
//	                            rtps.FuzzDataFrag dds.TestAlteredFragments dds.TestFloodOfFragments
//	 4 submessages              TestItem04_Submessages rtps.FuzzNext rtps.TestInfoReplyRefused
//	 5 SQL filters              (not covered: see below)
//	 6 signed documents         TestItem06_Permissions TestItem06_Governance TestItem06_LineEnds
//	                            governance.TestEveryElementSpoiled governance.TestDates governance.TestTwoGrants
//	                            governance.FuzzParseGovernance governance.FuzzParsePermissions
//	                            internal/smime.TestRefusedVectors internal/smime.TestHostileASN1 internal/smime.FuzzVerify
//	 7 certificates             TestItem07_Certificates security/pkidh.TestAttack07_Certificates
//	                            security/pkidh.TestAttack07_CertificatesAccepted
//	 8 subject names            TestItem08_SubjectInAnotherOrder security/pkidh.TestAttack08_NamesOfIssuers
//	                            security/pkidh.TestAttack08_SubjectsBindTheGUID governance.TestNames governance.FuzzNameFromDER
//	 9 handshakes               TestItem09_HandshakesUnderReplay TestItem09_RequestsAgainstASession
//	                            internal/admission.TestEveryMessageUnderEveryFate internal/admission.TestRestartAtEveryStep
//	                            internal/admission.TestStaleChallenge internal/admission.TestSuspend internal/admission.FuzzHandshake
//	                            security/pkidh.TestAttack09_ReplayedRequest security/pkidh.TestAttack09_TwoInitiators
//	                            security/pkidh.TestAttack09_ClassIDs security/pkidh.TestAttack09_Mixes
//	10 invented participants    TestItem10_InventedParticipants TestItem10_SpoofedGUID
//	                            dds.TestFloodOfParticipants dds.TestReflection security/pkidh.TestStolenCertificate
//	11 farewells and leases     TestItem11_FarewellsAndLeases TestItem11_RepeatedSignsOfLife
//	                            dds.TestForgedDiscovery dds.TestForgedEndOfAnEndpoint
//	12 who signs documents      TestItem12_WhoSignsTheDocuments internal/smime.TestOnlyThePermissionsCASigns
//	13 documents replayed       TestItem13_RepeatedCredentials TestItem13_TheDocumentShownCounts TestItem13_AnOlderDocumentIsTaken
//	                            security/pkidh.TestCredentialsOfAnotherPlace security/pkidh.TestEveryOctetOfCredentials
//	14 rules                    TestItem14_RulesOfAHostilePeer dds.TestSuiteOf275 dds.TestDataTagsDecideOnPeers governance.FuzzMatch
//	15 rights that end          TestItem15_RightsThatEnd TestItem15_Renewal dds.TestPeerLapses dds.TestLeaverCannotRead
//	                            security.TestWatchReadsTheCRL security/pkidh.TestCheckPeer
//	16 known answers            TestItem16_TheWireOpensWithTheStandardLibrary security/aesgcm.TestAttack16_NIST
//	                            security/aesgcm.TestAttack16_TransformVectors security/aesgcm.TestAttack16_Captured
//	17 IVs, sessions, replay    TestItem17_ReplayOfEverything TestItem17_ReplayAtOnce TestItem17_ReplayAfterARestart
//	                            TestItem17_NoIVTwice TestItem17_UnknownSessions
//	                            security/aesgcm.TestAttack17_NoIVTwice security/aesgcm.TestAttack17_ForgedSessions
//	18 altered, downgraded      TestItem18_EveryOctetOfEveryMessage TestItem18_EveryOctetOfAPayload
//	                            TestItem18_EveryOctetOfASessionsBeginning TestItem18_PlainCopy TestItem18_AnothersKey
//	                            TestItem18_Misdirected TestItem18_SignWhereEncryptIsAsked TestItem18_PassphraseInsteadOfKeys
//	                            TestItem18_ClearDiscovery security/aesgcm.TestAttack18_EveryOctet security/psk.TestEveryOctet
//	19 lengths at the edge      TestItem19_LengthsAtTheEdge security/aesgcm.TestTooLong
//	20 the wall clock           TestItem20_TimePasses internal/engine.TestClockIsSet internal/engine.TestJumpOfTheWallClock
//	21 misconfiguration         TestItem21_NoParticipantWithoutItsSecurity dds.TestWrongDocumentsDoNotStart
//	                            internal/engine.TestNothingFallsBackToClear
//	22 leaks                    TestItem22_ComingAndGoing
//	23 secrets in logs          TestItem23_TheLogUnderAttack dds.TestNoSecretIsLogged dds.TestWhatHoldsSecretsIsSilent
//	24 races and fuzzing        TestItem24_MutatedTraffic internal/engine.FuzzReceive (and make race, make fuzz)
//
// What is not covered, and what is known to be so:
//
//   - Item 1: TypeObject is not parsed by this library, nor are there DHEADERs in
//     what is sent to the unauthenticated.
//   - Item 5: there are no filter expressions in this library.
//   - Item 11: whoever sends messages in a participant's name, a copy of old ones
//     or a bare header, prolongs its lease, so that it is forgotten later than it
//     would be. Announcements in clear do so by design. It keeps nothing alive
//     that has a liveliness lease of its own and liveliness protection.
//   - Item 13: a hostile peer may show an older permissions document that is still
//     valid; nothing in a document tells which one is newer.
//   - Item 15: OCSP is not implemented; revocation is by CRL.
//   - Item 17: the standard has no replay window below sequence numbers. Where
//     payloads alone are protected those can be altered: a payload comes again
//     under another number.
//   - Item 20: the clock of whole participants cannot be set back in virtual time.
//   - Item 22: 500 cycles, not 10,000.
package attack
