// Package spi holds the interfaces between the middleware and its plugins, and
// the values they exchange: the five plugins of DDS-Security and the transport.
//
// It is below everything that calls or implements it, like database/sql/driver.
// It has no code of its own.
//
// # Objects, not handles
//
// DDS-Security 1.1, chapter 8, passes integer handles back and forth. Here a
// handle is a Go object that holds its own keys: what the specification calls
// register returns an object, what it calls unregister closes one, and what it
// calls encode and decode are methods of it. A nil object means that this
// protection is NONE: it is not called, so it costs nothing. What the
// specification calls return_… gives memory back; the garbage collector does.
//
// Objects are safe for concurrent use unless their documentation says otherwise.
//
// # Every operation of DDS-Security 1.1, chapter 8
//
// Authentication, 8.3:
//
//	validate_local_identity                   Authentication.ValidateLocalIdentity
//	get_identity_token                        LocalIdentity.Token
//	get_identity_status_token                 none: no OCSP status is sent
//	the algorithms of SPDP (1.2)              AlgorithmAnnouncer.Algorithms
//	set_permissions_credential_and_token      LocalIdentity.SetPermissions
//	validate_remote_identity                  LocalIdentity.NewHandshake, Handshake.HandleAuthRequest
//	begin_handshake_request                   Handshake.Begin
//	begin_handshake_reply                     Handshake.Process
//	process_handshake                         Handshake.Process
//	get_shared_secret                         Handshake.Result
//	get_authenticated_peer_credential_token   Handshake.Result
//	set_listener, on_revoke_identity          LocalIdentity.NotAfter: the caller keeps the time; PeerChecker.CheckPeer
//	return_identity_token and others          none: garbage collected
//
// Access control, 8.4:
//
//	validate_local_permissions                AccessControl.ValidateLocalPermissions
//	check_create_participant                  AccessControl.ValidateLocalPermissions
//	check_create_topic                        LocalPermissions.CheckCreateTopic
//	check_create_datawriter                   LocalPermissions.CheckCreateWriter
//	check_create_datareader                   LocalPermissions.CheckCreateReader
//	check_local_datawriter_register_instance  none: the built-in plugin of the specification allows all
//	check_local_datawriter_dispose_instance   none: likewise
//	validate_remote_permissions               LocalPermissions.ValidateRemote
//	check_remote_participant                  LocalPermissions.ValidateRemote
//	check_remote_topic                        RemotePermissions.CheckTopic
//	check_remote_datawriter                   RemotePermissions.CheckWriter
//	check_remote_datareader                   RemotePermissions.CheckReader; relay_only: ErrRelayOnly
//	check_local_datawriter_match              RemotePermissions.CheckReader: it is given the tags
//	check_local_datareader_match              RemotePermissions.CheckWriter: likewise
//	check_remote_datawriter_register_instance none: the built-in plugin of the specification allows all
//	check_remote_datawriter_dispose_instance  none: likewise
//	get_permissions_token                     LocalPermissions.Token
//	get_permissions_credential_token          LocalPermissions.CredentialToken
//	get_participant_sec_attributes            LocalPermissions.ParticipantAttributes
//	get_topic_sec_attributes                  LocalPermissions.EndpointAttributes
//	get_datawriter_sec_attributes             LocalPermissions.EndpointAttributes, LocalPermissions.BuiltinAttributes
//	get_datareader_sec_attributes             LocalPermissions.EndpointAttributes, LocalPermissions.BuiltinAttributes
//	set_listener, on_revoke_permissions       LocalPermissions.NotAfter, RemotePermissions.NotAfter
//	return_permissions_token and others       none: garbage collected
//
// Cryptography, 8.5, key factory:
//
//	register_local_participant                Cryptography.NewParticipant
//	register_matched_remote_participant       ParticipantCrypto.NewPeer
//	register_local_datawriter                 ParticipantCrypto.NewEndpoint
//	register_local_datareader                 ParticipantCrypto.NewEndpoint
//	register_matched_remote_datareader        EndpointCrypto.Match
//	register_matched_remote_datawriter        EndpointCrypto.Match
//	unregister_participant                    PeerCrypto.Close
//	unregister_datawriter                     EndpointCrypto.Close, PairCrypto.Close
//	unregister_datareader                     EndpointCrypto.Close, PairCrypto.Close
//
// Key exchange:
//
//	create_local_participant_crypto_tokens    PeerCrypto.Tokens
//	set_remote_participant_crypto_tokens      PeerCrypto.SetTokens
//	create_local_datawriter_crypto_tokens     PairCrypto.Tokens
//	create_local_datareader_crypto_tokens     PairCrypto.Tokens
//	set_remote_datawriter_crypto_tokens       PairCrypto.SetTokens
//	set_remote_datareader_crypto_tokens       PairCrypto.SetTokens
//	return_crypto_tokens                      none: garbage collected
//	revise_local_entity_keys (1.2)            Reviser.Revise
//	activate_key_revision (1.2)               the function that Reviser.Revise returns
//
// Transformation:
//
//	encode_serialized_payload                 PayloadSealer.SealPayload, InPlacePayloadSealer.SealPayloadInPlace
//	encode_datawriter_submessage              SubmessageSealer.SealSubmessage, InPlaceSubmessageSealer.SealSubmessageInPlace
//	encode_datareader_submessage              likewise
//	encode_rtps_message                       MessageSealer.SealMessage, InPlaceMessageSealer.SealMessageInPlace
//	decode_rtps_message                       PeerCrypto.OpenMessage, InPlaceOpener.OpenMessageInPlace
//	preprocess_secure_submsg                  PeerCrypto.OpenSubmessage, InPlaceOpener.OpenSubmessageInPlace: they tell whose key it was
//	decode_datawriter_submessage              likewise
//	decode_datareader_submessage              likewise
//	decode_serialized_payload                 PayloadOpener.OpenPayload, InPlacePayloadOpener.OpenPayloadInPlace
//
// Logging, 8.6, and data tagging, 8.7:
//
//	log                                       Logging.Log
//	set_log_options, enable_logging           none: a Logging is made with its options
//	tags of a writer or reader                DataTagging.Tags
package spi
