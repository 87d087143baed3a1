package discovery

import (
	"time"

	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
)

// A ParticipantData is what a participant announces of itself: SPDP.
// DDSI-RTPS 2.5, 8.5.3.2 and 9.6.2.2.2; DDS-Security 1.1, 7.4.1.4.
type ParticipantData struct {
	GUID      rtps.GUID
	Version   rtps.ProtocolVersion
	Vendor    rtps.VendorID
	DomainID  *uint32 // nil: not announced
	DomainTag string  // default ""
	Lease     time.Duration

	BuiltinEndpoints uint32 // the Has… bits
	BuiltinQoS       uint32 // the BuiltinQoS… bits

	MetatrafficUnicast   []rtps.Locator
	MetatrafficMulticast []rtps.Locator
	DefaultUnicast       []rtps.Locator
	DefaultMulticast     []rtps.Locator

	ExpectsInlineQoS      bool
	ManualLivelinessCount int32
	UserData              []byte
	EntityName            string
	Properties            []rtps.Property

	// Of DDS-Security 1.1, 7.4.1.4; nil: not announced.
	IdentityToken       *rtps.DataHolder
	PermissionsToken    *rtps.DataHolder
	IdentityStatusToken *rtps.DataHolder // on the secure SPDP topic only
	SecurityInfo        *rtps.SecurityInfo

	// Algorithms is of DDS-Security 1.2; nil: not announced.
	Algorithms *rtps.SecurityAlgorithms
}

// DefaultLease is the lease of a participant that announces none.
// DDSI-RTPS 2.5, 9.6.3, table of default values.
const DefaultLease = 100 * time.Second

// Bits of ParticipantData.BuiltinEndpoints. DDSI-RTPS 2.5, 9.3.2.12;
// DDS-Security 1.1, 7.4.7.1; DDS-XTypes 1.3, 7.6.3.3.3.
const (
	HasParticipantWriter   uint32 = 1 << 0
	HasParticipantReader   uint32 = 1 << 1
	HasPublicationsWriter  uint32 = 1 << 2
	HasPublicationsReader  uint32 = 1 << 3
	HasSubscriptionsWriter uint32 = 1 << 4
	HasSubscriptionsReader uint32 = 1 << 5
	HasMessageWriter       uint32 = 1 << 10
	HasMessageReader       uint32 = 1 << 11

	HasTypeRequestWriter uint32 = 1 << 12
	HasTypeRequestReader uint32 = 1 << 13
	HasTypeReplyWriter   uint32 = 1 << 14
	HasTypeReplyReader   uint32 = 1 << 15

	HasSecurePublicationsWriter  uint32 = 1 << 16
	HasSecurePublicationsReader  uint32 = 1 << 17
	HasSecureSubscriptionsWriter uint32 = 1 << 18
	HasSecureSubscriptionsReader uint32 = 1 << 19
	HasSecureMessageWriter       uint32 = 1 << 20
	HasSecureMessageReader       uint32 = 1 << 21
	HasStatelessWriter           uint32 = 1 << 22
	HasStatelessReader           uint32 = 1 << 23
	HasVolatileWriter            uint32 = 1 << 24
	HasVolatileReader            uint32 = 1 << 25
	HasSecureParticipantWriter   uint32 = 1 << 26
	HasSecureParticipantReader   uint32 = 1 << 27
)

// PlainEndpoints are the built-in endpoints every participant has, and
// SecureEndpoints those a secured one adds.
const (
	PlainEndpoints = HasParticipantWriter | HasParticipantReader | HasPublicationsWriter | HasPublicationsReader |
		HasSubscriptionsWriter | HasSubscriptionsReader | HasMessageWriter | HasMessageReader
	SecureEndpoints uint32 = 0x0fff0000
)

// BuiltinQoSBestEffortMessages is the bit of ParticipantData.BuiltinQoS that
// says that the reader of participant messages is best effort.
// DDSI-RTPS 2.5, 8.4.13.3.
const BuiltinQoSBestEffortMessages uint32 = 1

// An EndpointData is what a participant announces of a writer or a reader:
// SEDP. DDSI-RTPS 2.5, 8.5.4 and 9.6.2.2.3; DDS-Security 1.1, 7.4.1.5.
//
// Exactly one of Writer and Reader is not nil.
type EndpointData struct {
	GUID        rtps.GUID
	Participant rtps.GUID // its participant; from the prefix of GUID if it was not announced
	Topic, Type string
	EntityName  string

	Writer *qos.Writer // of a publication
	Reader *qos.Reader // of a subscription

	Unicast, Multicast []rtps.Locator // none: the participant's defaults
	ExpectsInlineQoS   bool           // of readers
	Version            rtps.ProtocolVersion
	Vendor             rtps.VendorID

	ContentFilter *ContentFilter // of readers; nil: none

	// TypeInformation is the parameter of DDS-XTypes 1.3, 7.6.3.2.2, as it
	// came, in the byte order TypeInformationLE says.
	TypeInformation   []byte
	TypeInformationLE bool

	// Of DDS-Security 1.1, 7.4.1.5.
	SecurityInfo *rtps.SecurityInfo // nil: not announced
	DataTags     []rtps.Property

	// Secure says that it was announced on the secure SEDP topics. It does not
	// travel: Directory.HandleEndpoint sets it.
	Secure bool
}

// livelinessProtected reports whether the endpoint says that its liveliness is
// asserted on the secure topic. DDS-Security 1.1, 7.4.1.8.
func (d *EndpointData) livelinessProtected() bool {
	const valid, protected = rtps.SecurityInfoValid, 1 << 6
	return d.SecurityInfo != nil && d.SecurityInfo.Attributes&(valid|protected) == valid|protected
}

// A ContentFilter is the ContentFilterProperty of a reader: a writer may leave
// out what the reader would. DDSI-RTPS 2.5, 9.6.4.1.
type ContentFilter struct {
	Name       string // of the content-filtered topic
	Related    string // name of the topic it filters
	Class      string // "DDSSQL"
	Expression string
	Params     []string
}

// IsWriter reports whether d is of a writer.
func (d *EndpointData) IsWriter() bool { return d.Writer != nil }

func (d *EndpointData) partition() []string {
	if d.Writer != nil {
		return d.Writer.Partition
	}
	return d.Reader.Partition
}

// A MessageData is ParticipantMessageData, by which participants assert the
// liveliness of their writers. DDSI-RTPS 2.5, 8.4.13.5 and 9.6.3.1.
type MessageData struct {
	Prefix rtps.GUIDPrefix
	Kind   MessageKind
	Data   []byte
}

// A MessageKind says what a MessageData is about.
type MessageKind [4]byte

// The kinds of messages that assert liveliness.
var (
	AutomaticUpdate = MessageKind{0, 0, 0, 1}
	ManualUpdate    = MessageKind{0, 0, 0, 2}
)
