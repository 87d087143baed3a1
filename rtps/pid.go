package rtps

// Ids of parameters. DDSI-RTPS 2.5, 9.6.4 (tables 9.18 and 9.20); DDS-XTypes
// 1.3, 7.6.3; DDS-RPC 1.0, 7.8.2; DDS-Security 1.1, 7.4.1 and 1.2.
const (
	PIDPad                         ParameterID = 0x0000
	PIDSentinel                    ParameterID = 0x0001
	PIDParticipantLeaseDuration    ParameterID = 0x0002
	PIDTimeBasedFilter             ParameterID = 0x0004
	PIDTopicName                   ParameterID = 0x0005
	PIDOwnershipStrength           ParameterID = 0x0006
	PIDTypeName                    ParameterID = 0x0007
	PIDMetatrafficMulticastIP      ParameterID = 0x000b
	PIDDefaultUnicastIP            ParameterID = 0x000c
	PIDMetatrafficUnicastPort      ParameterID = 0x000d
	PIDDefaultUnicastPort          ParameterID = 0x000e
	PIDDomainID                    ParameterID = 0x000f
	PIDMulticastIP                 ParameterID = 0x0011
	PIDProtocolVersion             ParameterID = 0x0015
	PIDVendorID                    ParameterID = 0x0016
	PIDReliability                 ParameterID = 0x001a
	PIDLiveliness                  ParameterID = 0x001b
	PIDDurability                  ParameterID = 0x001d
	PIDDurabilityService           ParameterID = 0x001e
	PIDOwnership                   ParameterID = 0x001f
	PIDPresentation                ParameterID = 0x0021
	PIDDeadline                    ParameterID = 0x0023
	PIDDestinationOrder            ParameterID = 0x0025
	PIDLatencyBudget               ParameterID = 0x0027
	PIDPartition                   ParameterID = 0x0029
	PIDLifespan                    ParameterID = 0x002b
	PIDUserData                    ParameterID = 0x002c
	PIDGroupData                   ParameterID = 0x002d
	PIDTopicData                   ParameterID = 0x002e
	PIDUnicastLocator              ParameterID = 0x002f
	PIDMulticastLocator            ParameterID = 0x0030
	PIDDefaultUnicastLocator       ParameterID = 0x0031
	PIDMetatrafficUnicastLocator   ParameterID = 0x0032
	PIDMetatrafficMulticastLocator ParameterID = 0x0033
	PIDManualLivelinessCount       ParameterID = 0x0034 // PID_PARTICIPANT_MANUAL_LIVELINESS_COUNT
	PIDContentFilterProperty       ParameterID = 0x0035
	PIDHistory                     ParameterID = 0x0040
	PIDResourceLimits              ParameterID = 0x0041
	PIDExpectsInlineQoS            ParameterID = 0x0043
	PIDParticipantBuiltinEndpoints ParameterID = 0x0044
	PIDMetatrafficUnicastIP        ParameterID = 0x0045
	PIDMetatrafficMulticastPort    ParameterID = 0x0046
	PIDDefaultMulticastLocator     ParameterID = 0x0048
	PIDTransportPriority           ParameterID = 0x0049
	PIDParticipantGUID             ParameterID = 0x0050
	PIDParticipantEntityID         ParameterID = 0x0051
	PIDGroupGUID                   ParameterID = 0x0052
	PIDGroupEntityID               ParameterID = 0x0053
	PIDContentFilterInfo           ParameterID = 0x0055 // inline QoS only
	PIDCoherentSet                 ParameterID = 0x0056 // inline QoS only
	PIDDirectedWrite               ParameterID = 0x0057 // inline QoS only
	PIDBuiltinEndpointSet          ParameterID = 0x0058
	PIDPropertyList                ParameterID = 0x0059
	PIDEndpointGUID                ParameterID = 0x005a
	PIDTypeMaxSizeSerialized       ParameterID = 0x0060
	PIDOriginalWriterInfo          ParameterID = 0x0061 // inline QoS only
	PIDEntityName                  ParameterID = 0x0062
	PIDGroupCoherentSet            ParameterID = 0x0063 // inline QoS only
	PIDGroupSeqNum                 ParameterID = 0x0064 // inline QoS only
	PIDWriterGroupInfo             ParameterID = 0x0065 // inline QoS only
	PIDSecureWriterGroupInfo       ParameterID = 0x0066 // inline QoS only
	PIDKeyHash                     ParameterID = 0x0070 // inline QoS only
	PIDStatusInfo                  ParameterID = 0x0071 // inline QoS only
	PIDTypeObject                  ParameterID = 0x0072
	PIDDataRepresentation          ParameterID = 0x0073
	PIDTypeConsistency             ParameterID = 0x0074 // PID_TYPE_CONSISTENCY_ENFORCEMENT
	PIDTypeInformation             ParameterID = 0x0075
	PIDBuiltinEndpointQoS          ParameterID = 0x0077
	PIDServiceInstanceName         ParameterID = 0x0080 // DDS-RPC
	PIDRelatedEntityGUID           ParameterID = 0x0081 // DDS-RPC
	PIDTopicAliases                ParameterID = 0x0082 // DDS-RPC
	PIDRelatedSampleIdentity       ParameterID = 0x0083 // DDS-RPC; inline QoS only
	PIDDomainTag                   ParameterID = 0x4014 // must be understood

	PIDIdentityToken           ParameterID = 0x1001
	PIDPermissionsToken        ParameterID = 0x1002
	PIDDataTags                ParameterID = 0x1003
	PIDEndpointSecurityInfo    ParameterID = 0x1004
	PIDParticipantSecurityInfo ParameterID = 0x1005
	PIDIdentityStatusToken     ParameterID = 0x1006

	// The algorithm masks of DDS-Security 1.2.
	PIDParticipantSignatureAlgorithms        ParameterID = 0x1010
	PIDParticipantKeyEstablishmentAlgorithms ParameterID = 0x1011
	PIDParticipantCipherAlgorithms           ParameterID = 0x1012
	PIDEndpointCipherAlgorithms              ParameterID = 0x1013
)
