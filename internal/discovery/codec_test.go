package discovery

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
)

var comment = regexp.MustCompile(`(?m)(#|//).*$|\s+`)

func unhex(t testing.TB, s string) []byte {
	b, err := hex.DecodeString(comment.ReplaceAllString(s, ""))
	require.NoError(t, err)
	return b
}

// capture returns the payload of testdata/name.hex.
func capture(t testing.TB, name string) []byte {
	b, err := os.ReadFile(filepath.Join("testdata", name+".hex"))
	require.NoError(t, err)
	return unhex(t, string(b))
}

// captures returns all captures of which the name holds part.
func captures(t testing.TB, part string) [][]byte {
	names, err := filepath.Glob("testdata/*" + part + "*.hex")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	var all [][]byte
	for _, n := range names {
		all = append(all, capture(t, strings.TrimSuffix(filepath.Base(n), ".hex")))
	}
	return all
}

func ptr[T any](v T) *T { return &v }

func prefixOf(t testing.TB, s string) rtps.GUIDPrefix { return rtps.GUIDPrefix(unhex(t, s)) }

func loopback(kind int32, port uint32) rtps.Locator {
	return rtps.Locator{Kind: kind, Port: port, Address: [16]byte{12: 127, 15: 1}}
}

func TestParticipantOfCyclone(t *testing.T) {
	d, err := ParseParticipantPayload(capture(t, "cyclone-0.10.2-participant"))
	require.NoError(t, err)
	multicast := rtps.Locator{Kind: 1, Port: 26651, Address: [16]byte{12: 239, 13: 255, 15: 1}}
	require.Equal(t, &ParticipantData{
		GUID:    rtps.GUID{Prefix: prefixOf(t, "01107bafcda0f57c64802042"), Entity: rtps.EntityParticipant},
		Version: rtps.ProtocolVer2_1, Vendor: rtps.VendorCyclone, DomainID: ptr(uint32(77)), Lease: 10 * time.Second,
		BuiltinEndpoints:     PlainEndpoints | HasTypeRequestWriter | HasTypeRequestReader | HasTypeReplyWriter | HasTypeReplyReader,
		MetatrafficUnicast:   []rtps.Locator{loopback(1, 55398)},
		MetatrafficMulticast: []rtps.Locator{{Kind: 1, Port: 26650, Address: multicast.Address}},
		DefaultUnicast:       []rtps.Locator{loopback(1, 55398)},
		DefaultMulticast:     []rtps.Locator{multicast},
		UserData:             []byte("DDSPerf:1:11254:vm"),
		Properties: []rtps.Property{
			{Name: "__ProcessName", Value: "ddsperf"}, {Name: "__Pid", Value: "11254"}, {Name: "__Hostname", Value: "vm"},
		},
	}, d)
}

func TestParticipantOfFast(t *testing.T) {
	d, err := ParseParticipantPayload(capture(t, "fast-2.9.1-participant"))
	require.NoError(t, err)
	require.Equal(t, rtps.ProtocolVersion{Major: 2, Minor: 3}, d.Version)
	require.Equal(t, rtps.VendorFast, d.Vendor)
	require.Nil(t, d.DomainID, "it does not tell")
	require.Equal(t, 20*time.Second, d.Lease)
	require.Equal(t, "alpha", d.EntityName)
	require.Equal(t, []byte("hi"), d.UserData)
	require.Equal(t, []rtps.Locator{loopback(1, 26910)}, d.MetatrafficUnicast)
	require.Empty(t, d.MetatrafficMulticast)
	require.Equal(t, rtps.Property{Name: "color", Value: "red"}, d.Properties[0])
}

func TestSecuredParticipants(t *testing.T) {
	d, err := ParseParticipantPayload(capture(t, "cyclone-0.10.2-participant-secure"))
	require.NoError(t, err)
	require.Equal(t, &rtps.DataHolder{ClassID: "DDS:Auth:PKI-DH:1.0"}, d.IdentityToken)
	require.Equal(t, &rtps.DataHolder{ClassID: "DDS:Access:Permissions:1.0"}, d.PermissionsToken)
	require.NotZero(t, d.SecurityInfo.Attributes&rtps.SecurityInfoValid)
	require.Equal(t, SecureEndpoints, d.BuiltinEndpoints&SecureEndpoints)

	d, err = ParseParticipantPayload(capture(t, "fast-2.9.1-participant-secure"))
	require.NoError(t, err)
	require.Equal(t, "DDS:Auth:PKI-DH:1.0", d.IdentityToken.ClassID)
	algo, _ := d.IdentityToken.Property("dds.cert.algo")
	require.Equal(t, "ECDSA-SHA256", algo)
	require.Equal(t, &rtps.SecurityInfo{Attributes: 0x80000007, PluginAttributes: 0x80000007}, d.SecurityInfo)
}

func TestEndpointsOfCyclone(t *testing.T) {
	d, err := ParseEndpointPayload(capture(t, "cyclone-0.10.2-writer"), true)
	require.NoError(t, err)
	require.Equal(t, "DDSPerfRPongKS", d.Topic)
	require.Equal(t, "KeyedSeq", d.Type)
	require.Equal(t, rtps.EntityID{0, 0, 0x0e, 2}, d.GUID.Entity)
	require.Equal(t, rtps.GUID{Prefix: d.GUID.Prefix, Entity: rtps.EntityParticipant}, d.Participant)
	require.Equal(t, qos.NewWriter(qos.Reliable(10*time.Second), qos.DataRepresentation(qos.XCDR1, qos.XCDR2),
		qos.Partition("0110c70a_0baebddd_608079e3_000001c1")), *d.Writer)
	require.Len(t, d.TypeInformation, 100)

	d, err = ParseEndpointPayload(capture(t, "cyclone-0.10.2-writer-defaults"), true)
	require.NoError(t, err)
	require.Equal(t, qos.NewWriter(qos.DataRepresentation(qos.XCDR1, qos.XCDR2)), *d.Writer, "a writer is reliable unless it says otherwise")

	d, err = ParseEndpointPayload(capture(t, "cyclone-0.10.2-reader"), false)
	require.NoError(t, err)
	require.Equal(t, "DDSPerfRPongKS", d.Topic)
	require.True(t, d.Reader.History.All)
	require.Equal(t, qos.ResourceLimits{MaxSamples: 10000, MaxInstances: -1, MaxSamplesPerInstance: -1}, d.Reader.ResourceLimits)
}

func TestEndpointsOfFast(t *testing.T) {
	d, err := ParseEndpointPayload(capture(t, "fast-2.9.1-writer"), true)
	require.NoError(t, err)
	require.Equal(t, "Square", d.Topic)
	require.Equal(t, "ShapeType", d.Type)
	require.Equal(t, rtps.EntityID{0, 0, 1, 3}, d.GUID.Entity)
	require.Equal(t, []rtps.Locator{loopback(1, 26911)}, d.Unicast)
	require.Equal(t, qos.NewWriter(qos.TransientLocal, qos.Deadline(2*time.Second), qos.Exclusive, qos.OwnershipStrength(7),
		qos.Liveliness(qos.ManualByParticipant, 3*time.Second), qos.UserData("w"), qos.GroupData("g"),
		qos.Partition("north", "so*")), clean(*d.Writer))

	r, err := ParseEndpointPayload(capture(t, "fast-2.9.1-reader"), false)
	require.NoError(t, err)
	require.Equal(t, qos.Liveliness(qos.Automatic, 9*time.Second), r.Reader.Liveliness)
	require.Equal(t, qos.DefaultTypeConsistency(), r.Reader.TypeConsistency)
	require.Empty(t, qos.Match(d.Writer, r.Reader))
	require.True(t, qos.PartitionsMatch(d.Writer.Partition, r.Reader.Partition))
}

// clean makes empty data nil, as NewWriter has it.
func clean(q qos.Writer) qos.Writer {
	for _, p := range []*[]byte{&q.UserData, &q.TopicData, &q.GroupData} {
		if len(*p) == 0 {
			*p = nil
		}
	}
	return q
}

func TestMessages(t *testing.T) {
	m, err := ParseMessage(capture(t, "cyclone-0.10.2-message"))
	require.NoError(t, err)
	require.Equal(t, &MessageData{Prefix: prefixOf(t, "01107bafcda0f57c64802042"), Kind: AutomaticUpdate, Data: []byte{0}}, m)
	require.Equal(t, capture(t, "cyclone-0.10.2-message"), AppendMessage(nil, m))

	m, err = ParseMessage(capture(t, "fast-2.9.1-message"))
	require.NoError(t, err, "Interop: Fast DDS says PL_CDR where it means CDR")
	require.Equal(t, ManualUpdate, m.Kind)
	require.Empty(t, m.Data)

	whole := AppendMessage(nil, &MessageData{Kind: ManualUpdate, Data: []byte("1234")})
	for n := range whole {
		_, err := ParseMessage(whole[:n])
		require.ErrorIs(t, err, ErrMalformed, n)
	}
	_, err = ParseMessage(AppendMessage(nil, &MessageData{Data: make([]byte, maxMessageData+1)}))
	require.ErrorIs(t, err, ErrMalformed)
}

func TestKeys(t *testing.T) {
	g, err := ParseParticipantKey(capture(t, "cyclone-0.10.2-participant-key"))
	require.NoError(t, err)
	require.Equal(t, capture(t, "cyclone-0.10.2-participant-key"), AppendParticipantKey(nil, g))
	e, err := ParseEndpointKey(capture(t, "cyclone-0.10.2-endpoint-key"))
	require.NoError(t, err)
	require.True(t, e.Entity.IsWriter())
	require.Equal(t, capture(t, "cyclone-0.10.2-endpoint-key"), AppendEndpointKey(nil, e))
	require.Equal(t, e, KeyGUID(rtps.KeyHash(append(e.Prefix[:], e.Entity[:]...))))

	_, err = ParseEndpointKey(AppendParticipantKey(nil, g))
	require.ErrorIs(t, err, ErrMalformed, "a participant is no endpoint")
	_, err = ParseEndpointKey([]byte{0, 1, 0, 0})
	require.ErrorIs(t, err, ErrMalformed, "not a parameter list")
}

func fullParticipant(t testing.TB) *ParticipantData {
	token := &rtps.DataHolder{
		ClassID: "DDS:Auth:PKI-DH:1.0", Properties: []rtps.Property{{Name: "dds.ca.algo", Value: "EC-prime256v1"}},
		BinaryProperties: []rtps.BinaryProperty{{Name: "b", Value: []byte{1, 2, 3}}},
	}
	return &ParticipantData{
		GUID:    rtps.GUID{Prefix: prefixOf(t, "0102030405060708090a0b0c"), Entity: rtps.EntityParticipant},
		Version: rtps.ProtocolVer2_5, Vendor: rtps.VendorSecdds, DomainID: ptr(uint32(3)), DomainTag: "tag",
		Lease: 20 * time.Second, BuiltinEndpoints: PlainEndpoints, BuiltinQoS: BuiltinQoSBestEffortMessages,
		MetatrafficUnicast:   []rtps.Locator{loopback(1, 7410), loopback(2, 7410)},
		MetatrafficMulticast: []rtps.Locator{loopback(1, 7400)},
		DefaultUnicast:       []rtps.Locator{loopback(1, 7411)},
		DefaultMulticast:     []rtps.Locator{loopback(1, 7401)},
		ExpectsInlineQoS:     true, ManualLivelinessCount: -3, UserData: []byte("user"), EntityName: "me",
		Properties:    []rtps.Property{{Name: "a", Value: "b"}},
		IdentityToken: token, PermissionsToken: &rtps.DataHolder{ClassID: "p"}, IdentityStatusToken: &rtps.DataHolder{ClassID: "s"},
		SecurityInfo: &rtps.SecurityInfo{Attributes: 1 << 31, PluginAttributes: 1<<31 | 1},
		Algorithms:   &rtps.SecurityAlgorithms{Agreement: rtps.AlgorithmMask{Supported: 7, Required: 4}, CipherUser: 2},
	}
}

func fullWriter(t testing.TB) *EndpointData {
	q := qos.NewWriter(qos.Reliable(time.Second), qos.Persistent, qos.KeepLast(9), qos.Deadline(time.Second), qos.LatencyBudget(time.Millisecond),
		qos.Liveliness(qos.ManualByTopic, time.Minute), qos.BySource, qos.Exclusive, qos.OwnershipStrength(-4), qos.Lifespan(time.Hour),
		qos.TransportPriority(-7), qos.ResourceLimits{MaxSamples: 20, MaxInstances: 2, MaxSamplesPerInstance: 10}, qos.UserData("u"),
		qos.GroupData("g"), qos.Partition("a", "", "b*"), qos.Presentation(qos.GroupScope, true, true),
		qos.DataRepresentation(qos.XCDR2, qos.XCDR1),
		qos.DurabilityService{CleanupDelay: time.Second, History: qos.KeepAll(), Limits: qos.Unlimited})
	q.TopicData = []byte("topic")
	prefix := prefixOf(t, "0102030405060708090a0b0c")
	return &EndpointData{
		GUID:        rtps.GUID{Prefix: prefix, Entity: rtps.EntityID{0, 0, 1, rtps.KindWriterWithKey}},
		Participant: rtps.GUID{Prefix: prefix, Entity: rtps.EntityParticipant},
		Topic:       "Square", Type: "ShapeType", EntityName: "w", Writer: &q,
		Unicast: []rtps.Locator{loopback(1, 1)}, Multicast: []rtps.Locator{loopback(1, 2)},
		Version: rtps.ProtocolVer2_5, Vendor: rtps.VendorSecdds, TypeInformation: []byte{1, 2, 3, 4}, TypeInformationLE: true,
		SecurityInfo: &rtps.SecurityInfo{Attributes: 1<<31 | 5, PluginAttributes: 1 << 31},
		DataTags:     []rtps.Property{{Name: "class", Value: "secret"}},
	}
}

func fullReader(t testing.TB) *EndpointData {
	d := fullWriter(t)
	d.Writer = nil
	q := qos.NewReader(qos.Reliable(0), qos.KeepAll(), qos.TimeBasedFilter(time.Second), qos.Deadline(2*time.Second),
		qos.TypeConsistency{Disallow: true, IgnoreMemberNames: true, PreventWidening: true, ForceValidation: true})
	d.Reader, d.GUID.Entity, d.ExpectsInlineQoS = &q, rtps.EntityID{0, 0, 1, rtps.KindReaderWithKey}, true
	d.ContentFilter = &ContentFilter{Name: "f", Related: "Square", Class: "DDSSQL", Expression: "x > %0", Params: []string{"5"}}
	return d
}

func TestRoundTrip(t *testing.T) {
	for _, le := range []bool{true, false} {
		p := fullParticipant(t)
		got, err := ParseParticipant(AppendParticipant(nil, le, p), le)
		require.NoError(t, err)
		require.Equal(t, p, got)
		for _, d := range []*EndpointData{fullWriter(t), fullReader(t)} {
			d.TypeInformationLE = le
			got, err := ParseEndpoint(AppendEndpoint(nil, le, d), le, d.IsWriter())
			require.NoError(t, err)
			require.Equal(t, d, got)
			require.True(t, d.equal(got))
		}
	}
}

// The golden row of the least a participant says, big-endian as in c.pdata.
func TestAppendParticipant(t *testing.T) {
	d := &ParticipantData{
		GUID:    rtps.GUID{Prefix: prefixOf(t, "0102030405060708090a0b0c"), Entity: rtps.EntityParticipant},
		Version: rtps.ProtocolVer2_5, Vendor: rtps.VendorSecdds, DomainID: ptr(uint32(1)), Lease: 1500 * time.Millisecond,
		BuiltinEndpoints: PlainEndpoints, MetatrafficUnicast: []rtps.Locator{loopback(1, 7410)},
		SecurityInfo: &rtps.SecurityInfo{Attributes: 1 << 31, PluginAttributes: 1 << 31},
	}
	require.Equal(t, unhex(t, `
		0015 0004 02050000                           // PID_PROTOCOL_VERSION
		0016 0004 01d50000                           // PID_VENDORID
		0050 0010 0102030405060708090a0b0c 000001c1  // PID_PARTICIPANT_GUID
		000f 0004 00000001                           // PID_DOMAIN_ID
		0058 0004 00000c3f                           // PID_BUILTIN_ENDPOINT_SET
		0002 0008 00000001 80000000                  // PID_PARTICIPANT_LEASE_DURATION
		0032 0018 00000001 00001cf2 000000000000000000000000 7f000001
		1005 0008 80000000 80000000                  // PID_PARTICIPANT_SECURITY_INFO
		0001 0000
	`), AppendParticipant(nil, false, d))
}

func TestAppendEndpoint(t *testing.T) {
	q := qos.NewReader(qos.Reliable(0), qos.Partition("a"), qos.DataRepresentation(qos.XCDR2))
	d := &EndpointData{
		GUID:    rtps.GUID{Prefix: prefixOf(t, "0102030405060708090a0b0c"), Entity: rtps.EntityID{0, 0, 1, 7}},
		Version: rtps.ProtocolVer2_5, Vendor: rtps.VendorSecdds, Topic: "T", Type: "Type", Reader: &q,
	}
	d.Participant = rtps.GUID{Prefix: d.GUID.Prefix, Entity: rtps.EntityParticipant}
	require.Equal(t, unhex(t, `
		00030000                                     // PL_CDR_LE
		1500 0400 02050000                           // PID_PROTOCOL_VERSION
		1600 0400 01d50000                           // PID_VENDORID
		5a00 1000 0102030405060708090a0b0c 00000107  // PID_ENDPOINT_GUID
		5000 1000 0102030405060708090a0b0c 000001c1  // PID_PARTICIPANT_GUID
		0500 0800 02000000 54000000                  // PID_TOPIC_NAME
		0700 0c00 05000000 5479706500000000          // PID_TYPE_NAME
		1a00 0c00 02000000 00000000 00000000         // PID_RELIABILITY: RELIABLE is 2
		1d00 0400 00000000                           // PID_DURABILITY
		7300 0800 01000000 02000000                  // PID_DATA_REPRESENTATION
		2900 0c00 01000000 02000000 61000000         // PID_PARTITION
		0100 0000
	`), AppendEndpointPayload(nil, d))
}

func TestTruncationsAreRefused(t *testing.T) {
	for _, payload := range captures(t, "participant") {
		for n := range len(payload) - 4 { // what follows the sentinel does not count
			_, err := ParseParticipantPayload(payload[:n])
			require.Error(t, err, n)
		}
	}
	for _, payload := range append(captures(t, "writer"), AppendEndpointPayload(nil, fullWriter(t))) {
		for n := range len(payload) {
			_, err := ParseEndpointPayload(payload[:n], true)
			require.Error(t, err, n)
		}
	}
	// A parameter cut short within a whole list.
	for _, id := range []rtps.ParameterID{rtps.PIDReliability, rtps.PIDPartition, rtps.PIDUserData, rtps.PIDDataRepresentation,
		rtps.PIDDurabilityService, rtps.PIDEndpointSecurityInfo, rtps.PIDDataTags, rtps.PIDHistory, rtps.PIDUnicastLocator} {
		a := appender{nil, true}
		a.guid(rtps.PIDEndpointGUID, rtps.GUID{Prefix: rtps.GUIDPrefix{1}})
		a.string(rtps.PIDTopicName, "T")
		a.string(rtps.PIDTypeName, "T")
		a.raw(id, 1, 0, 0, 0)
		_, err := ParseEndpoint(rtps.AppendSentinel(a.b, true), true, true)
		require.ErrorIs(t, err, ErrMalformed, "%#x", id)
	}
}

func TestUnknownParameters(t *testing.T) {
	with := func(id rtps.ParameterID, value ...byte) []byte {
		p := fullParticipant(t)
		b := rtps.AppendParameter(nil, true, id, value)
		return append(b, AppendParticipant(nil, true, p)...)
	}
	for _, id := range []rtps.ParameterID{0x8007, 0x3f01, rtps.PIDEntityName} {
		_, err := ParseParticipant(with(id, 2, 0, 0, 0, 'x', 0, 0, 0), true)
		require.NoError(t, err, "%#x", id)
	}
	// DDSI-RTPS 2.5, 9.4.2.11.2.
	for _, id := range []rtps.ParameterID{0x4001, 0x7f00, 0xc001} {
		_, err := ParseParticipant(with(id, 0, 0, 0, 0), true)
		require.ErrorIs(t, err, rtps.ErrMustUnderstand, "%#x", id)
		require.ErrorIs(t, err, rtps.ErrMustUnderstand)
	}
	_, err := ParseParticipant(with(rtps.PIDIdentityStatusToken, 3, 0, 0, 0, 3, 0, 0, 0), true)
	require.NoError(t, err, "Interop: algorithm masks")
	// DDS-Security 1.2 has 12 octets where 1.1 has 8.
	b := with(rtps.PIDPad)
	b = append(rtps.AppendParameter(nil, true, rtps.PIDParticipantSecurityInfo, make([]byte, 12)), b...)
	_, err = ParseParticipant(b, true)
	require.NoError(t, err)
}

func TestRefusedData(t *testing.T) {
	p := fullParticipant(t)
	p.GUID.Entity = rtps.EntityID{}
	_, err := ParseParticipant(AppendParticipant(nil, true, p), true)
	require.ErrorIs(t, err, ErrMalformed, "no participant's GUID")
	p = fullParticipant(t)
	p.Lease = 0
	_, err = ParseParticipant(AppendParticipant(nil, true, p), true)
	require.ErrorIs(t, err, ErrMalformed, "no lease")
	for name, spoil := range map[string]func(*EndpointData){
		"no GUID":            func(d *EndpointData) { d.GUID = rtps.GUID{} },
		"no topic":           func(d *EndpointData) { d.Topic = "" },
		"no type":            func(d *EndpointData) { d.Type = "" },
		"unknown durability": func(d *EndpointData) { d.Writer.Durability = 4 },
		"unknown ownership":  func(d *EndpointData) { d.Writer.Ownership = 9 },
		"unknown liveliness": func(d *EndpointData) { d.Writer.Liveliness.Kind = 3 },
		"unknown scope":      func(d *EndpointData) { d.Writer.Presentation.Scope = 3 },
	} {
		d := fullWriter(t)
		spoil(d)
		_, err := ParseEndpoint(AppendEndpoint(nil, true, d), true, true)
		require.ErrorIs(t, err, ErrMalformed, name)
	}
}

func TestCountsAreBounded(t *testing.T) {
	p := fullParticipant(t)
	for range 1000 {
		p.DefaultUnicast = append(p.DefaultUnicast, loopback(1, 5))
	}
	got, err := ParseParticipant(AppendParticipant(nil, true, p), true)
	require.NoError(t, err)
	require.Len(t, got.DefaultUnicast, maxLocators)

	// A count the parameter cannot hold costs nothing.
	a := appender{nil, true}
	a.uint32(rtps.PIDPartition, 0xffffffff, 0)
	list := append(a.b, AppendEndpoint(nil, true, fullWriter(t))...)
	_, err = ParseEndpoint(list, true, true)
	require.ErrorIs(t, err, ErrMalformed)
}

// Permissions may deny what carries a tag: none of them is left out in silence.
func TestTooManyTagsAreMalformed(t *testing.T) {
	q := qos.NewReader()
	d := &EndpointData{GUID: rtps.GUID{Prefix: rtps.GUIDPrefix{1}, Entity: rtps.EntityID{0, 0, 1, 7}}, Topic: "t", Type: "T", Reader: &q}
	for range maxTags {
		d.DataTags = append(d.DataTags, rtps.Property{Name: "n", Value: "v"})
	}
	got, err := ParseEndpoint(AppendEndpoint(nil, true, d), true, false)
	require.NoError(t, err)
	require.Len(t, got.DataTags, maxTags)
	d.DataTags = append(d.DataTags, d.DataTags[0])
	_, err = ParseEndpoint(AppendEndpoint(nil, true, d), true, false)
	require.ErrorContains(t, err, "0x1003 is truncated or out of range")
}
