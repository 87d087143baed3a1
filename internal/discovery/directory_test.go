package discovery

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
)

// A directoryTest plays announcements to a Directory in virtual time and tells
// what it reported, an event a line.
type directoryTest struct {
	t   testing.TB
	d   *Directory
	now time.Time
	out Events
}

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func newDirectoryTest(t testing.TB, limits Limits) *directoryTest {
	self := rtps.GUID{Prefix: rtps.GUIDPrefix{0xff}, Entity: rtps.EntityParticipant}
	return &directoryTest{t: t, d: NewDirectory(self, 5, "", limits), now: start}
}

// want checks that exactly these events were reported since it was last asked.
func (tt *directoryTest) want(lines ...string) {
	tt.t.Helper()
	var got []string
	for _, ev := range tt.out {
		got = append(got, line(ev))
	}
	tt.out = nil
	require.Equal(tt.t, lines, got)
}

func short(g rtps.GUID) string {
	return fmt.Sprintf("%x/%x", g.Prefix[0], int(g.Entity[2])<<8|int(g.Entity[3]))
}

func line(ev Event) string {
	switch ev := ev.(type) {
	case PeerFound:
		return fmt.Sprintf("found %x", ev.Peer.GUID.Prefix[0])
	case PeerChanged:
		return fmt.Sprintf("changed %x", ev.Peer.GUID.Prefix[0])
	case PeerLost:
		return fmt.Sprintf("lost %x %v", ev.Peer.GUID.Prefix[0], ev.Reason)
	case Compatible:
		if !ev.Alive {
			return fmt.Sprintf("match %s %s dead", short(ev.Local.GUID), short(ev.Remote.GUID))
		}
		return fmt.Sprintf("match %s %s", short(ev.Local.GUID), short(ev.Remote.GUID))
	case Updated:
		return fmt.Sprintf("update %s %s", short(ev.Local.GUID), short(ev.Remote.GUID))
	case Incompatible:
		s := fmt.Sprintf("mismatch %s %s %v", short(ev.Local.GUID), short(ev.Remote.GUID), ev.Reason)
		if ev.Reason == PolicyMismatch {
			s += fmt.Sprint(" ", ev.Policies)
		}
		return s
	case Unmatched:
		return fmt.Sprintf("unmatch %s %s", short(ev.Local), short(ev.Remote))
	case LivelinessLost:
		return "dead " + short(ev.Writer)
	case LivelinessBack:
		return "alive " + short(ev.Writer)
	case AssertLiveliness:
		return fmt.Sprintf("assert %x", ev.Kind[3])
	}
	return fmt.Sprintf("%T", ev)
}

func (tt *directoryTest) participant(id byte, change ...func(*ParticipantData)) {
	d := &ParticipantData{GUID: rtps.GUID{Prefix: rtps.GUIDPrefix{id}, Entity: rtps.EntityParticipant}, Lease: 10 * time.Second}
	for _, c := range change {
		c(d)
	}
	tt.d.HandleParticipant(tt.now, d, &tt.out)
}

// meet finds and admits a participant.
func (tt *directoryTest) meet(id byte, change ...func(*ParticipantData)) {
	tt.participant(id, change...)
	require.True(tt.t, tt.d.Admit(tt.now, rtps.GUIDPrefix{id}))
	tt.want(fmt.Sprintf("found %x", id))
}

func writer(participant, entity byte, ps ...qos.WriterPolicy) *EndpointData {
	q := qos.NewWriter(ps...)
	return endpointOf(participant, rtps.EntityID{0, 0, entity, rtps.KindWriterWithKey}, &EndpointData{Writer: &q})
}

func reader(participant, entity byte, ps ...qos.ReaderPolicy) *EndpointData {
	q := qos.NewReader(ps...)
	return endpointOf(participant, rtps.EntityID{0, 0, entity, rtps.KindReaderWithKey}, &EndpointData{Reader: &q})
}

func endpointOf(participant byte, id rtps.EntityID, d *EndpointData) *EndpointData {
	d.GUID = rtps.GUID{Prefix: rtps.GUIDPrefix{participant}, Entity: id}
	d.Participant = rtps.GUID{Prefix: d.GUID.Prefix, Entity: rtps.EntityParticipant}
	d.Topic, d.Type = "Square", "ShapeType"
	return d
}

func (tt *directoryTest) endpoint(d *EndpointData) bool {
	return tt.d.HandleEndpoint(tt.now, d.GUID.Prefix, d, false, &tt.out)
}

func (tt *directoryTest) local(d *EndpointData) { tt.d.AddLocal(tt.now, d, &tt.out) }

func (tt *directoryTest) advance(d time.Duration) {
	tt.now = tt.now.Add(d)
	tt.d.Advance(tt.now, &tt.out)
}

func (tt *directoryTest) wantNext(d time.Duration) {
	tt.t.Helper()
	require.Equal(tt.t, tt.now.Add(d), tt.d.Next())
}

func (tt *directoryTest) wantIdle() {
	tt.t.Helper()
	tt.want()
	require.True(tt.t, tt.d.Next().IsZero())
}

func TestPeerComesAndExpires(t *testing.T) {
	tt := newDirectoryTest(t, Limits{})
	tt.wantIdle()
	tt.participant(1)
	tt.want("found 1")
	tt.wantNext(10 * time.Second)

	// Only an announcement, or traffic that is surely the peer's, renews the
	// lease: DDSI-RTPS 2.5, 8.5.3.2.1.
	tt.advance(6 * time.Second)
	tt.participant(1)
	tt.want()
	tt.wantNext(10 * time.Second)
	tt.advance(6 * time.Second)
	tt.d.Touch(tt.now, rtps.GUIDPrefix{1})
	tt.wantNext(10 * time.Second)

	tt.advance(10*time.Second - 1)
	tt.want()
	tt.advance(1)
	tt.want("lost 1 expired")
	tt.wantIdle()

	tt.participant(1)
	tt.want("found 1")
}

func TestPeerChangesAndLeaves(t *testing.T) {
	tt := newDirectoryTest(t, Limits{})
	tt.meet(1)
	tt.participant(1, func(d *ParticipantData) { d.UserData = []byte("x"); d.Lease = 3 * time.Second })
	tt.want("changed 1")
	tt.wantNext(3 * time.Second)
	require.True(t, tt.d.Admitted(rtps.GUIDPrefix{1}))
	tt.d.HandleParticipantGone(tt.now, rtps.GUIDPrefix{1}, &tt.out)
	tt.want("lost 1 left")
	require.False(t, tt.d.Admitted(rtps.GUIDPrefix{1}))
	tt.wantIdle()
}

func TestOtherDomainsAreIgnored(t *testing.T) {
	tt := newDirectoryTest(t, Limits{})
	tt.participant(1, func(d *ParticipantData) { d.DomainID = ptr(uint32(6)) })
	tt.participant(2, func(d *ParticipantData) { d.DomainTag = "other" })
	tt.participant(0xff) // our own
	tt.wantIdle()
	require.Equal(t, Refusals{OtherDomain: 2, Self: 1}, tt.d.Refused())
	tt.participant(3, func(d *ParticipantData) { d.DomainID = ptr(uint32(5)) })
	tt.want("found 3")
}

func TestEndpointsWaitForAdmission(t *testing.T) {
	tt := newDirectoryTest(t, Limits{})
	tt.local(reader(0xff, 1))
	require.False(t, tt.endpoint(writer(1, 1)), "nobody knows it")
	tt.participant(1)
	tt.want("found 1")
	require.False(t, tt.endpoint(writer(1, 1)))
	require.False(t, tt.d.HandleMessage(tt.now, rtps.GUIDPrefix{1}, &MessageData{Prefix: rtps.GUIDPrefix{1}}, false, &tt.out))
	tt.want()
	require.False(t, tt.d.Admit(tt.now, rtps.GUIDPrefix{2}), "not found yet")
	require.True(t, tt.d.Admit(tt.now, rtps.GUIDPrefix{1}))
	require.True(t, tt.endpoint(writer(1, 1)))
	tt.want("match ff/107 1/102")
	require.Equal(t, Refusals{UnknownSender: 1, NotAdmitted: 2}, tt.d.Refused())
}

func TestForeignEndpointsAreRefused(t *testing.T) {
	tt := newDirectoryTest(t, Limits{})
	tt.local(reader(0xff, 1))
	tt.meet(1)
	tt.meet(2)
	refuse := func(from byte, d *EndpointData) {
		t.Helper()
		require.False(t, tt.d.HandleEndpoint(tt.now, rtps.GUIDPrefix{from}, d, false, &tt.out))
	}
	refuse(2, writer(1, 1)) // of another participant
	d := writer(1, 1)
	d.Participant.Prefix = rtps.GUIDPrefix{2}
	refuse(1, d)
	d = writer(1, 1)
	d.GUID.Entity = rtps.EntitySEDPPubWriter // a built-in one
	refuse(1, d)
	d = writer(1, 1)
	d.GUID.Entity[3] = rtps.KindReaderWithKey // a writer by the id of a reader
	refuse(1, d)
	require.True(t, tt.endpoint(writer(1, 1)))
	tt.want("match ff/107 1/102")
	require.False(t, tt.d.HandleEndpointGone(tt.now, rtps.GUIDPrefix{2}, writer(1, 1).GUID, false, &tt.out))
	require.False(t, tt.d.HandleMessage(tt.now, rtps.GUIDPrefix{2}, &MessageData{Prefix: rtps.GUIDPrefix{1}}, false, &tt.out))
	tt.want()
	require.Equal(t, Refusals{Foreign: 6}, tt.d.Refused())
}

func TestPlainCannotChangeSecure(t *testing.T) {
	tt := newDirectoryTest(t, Limits{})
	tt.local(reader(0xff, 1))
	tt.meet(1)
	w := writer(1, 1)
	require.True(t, tt.d.HandleEndpoint(tt.now, w.GUID.Prefix, w, true, &tt.out))
	require.True(t, tt.d.Endpoint(w.GUID).Secure)
	tt.want("match ff/107 1/102")
	require.False(t, tt.endpoint(writer(1, 1, qos.UserData("forged"))))
	require.False(t, tt.d.HandleEndpointGone(tt.now, w.GUID.Prefix, w.GUID, false, &tt.out))
	tt.want()
	require.Equal(t, Refusals{Unprotected: 2}, tt.d.Refused())
	require.True(t, tt.d.HandleEndpointGone(tt.now, w.GUID.Prefix, w.GUID, true, &tt.out))
	tt.want("unmatch ff/107 1/102")
}

func TestMatchingFromBothSides(t *testing.T) {
	tt := newDirectoryTest(t, Limits{})
	tt.meet(1)
	require.True(t, tt.endpoint(writer(1, 1)))
	require.True(t, tt.endpoint(reader(1, 2, qos.Reliable(0))))
	tt.want()
	tt.local(reader(0xff, 1))
	tt.want("match ff/107 1/102")
	tt.local(writer(0xff, 2))
	tt.want("match ff/202 1/207")
	require.True(t, tt.endpoint(writer(1, 1)), "the same again is no news")
	tt.local(writer(0xff, 2))
	tt.want()
	require.Equal(t, []rtps.GUID{writer(1, 1).GUID}, tt.d.Matched(nil, reader(0xff, 1).GUID))
	require.Equal(t, []rtps.GUID{writer(0xff, 2).GUID}, tt.d.Matched(nil, reader(1, 2).GUID))

	other := writer(1, 3)
	other.Topic = "Circle"
	require.True(t, tt.endpoint(other))
	tt.want()

	tt.d.RemoveLocal(tt.now, reader(0xff, 1).GUID, &tt.out)
	tt.want("unmatch ff/107 1/102")
	tt.d.HandleEndpointGone(tt.now, rtps.GUIDPrefix{1}, reader(1, 2).GUID, false, &tt.out)
	tt.want("unmatch ff/202 1/207")
	tt.d.HandleEndpointGone(tt.now, rtps.GUIDPrefix{1}, reader(1, 2).GUID, false, &tt.out)
	tt.want()
}

func TestMismatchesAreReportedOnce(t *testing.T) {
	tt := newDirectoryTest(t, Limits{})
	tt.meet(1)
	tt.local(reader(0xff, 1, qos.Reliable(0), qos.TransientLocal))
	require.True(t, tt.endpoint(writer(1, 1, qos.BestEffort())))
	tt.want("mismatch ff/107 1/102 policy [DURABILITY RELIABILITY]")
	require.True(t, tt.endpoint(writer(1, 1, qos.BestEffort(), qos.UserData("x"))))
	tt.want()
	require.True(t, tt.endpoint(writer(1, 1)))
	tt.want("mismatch ff/107 1/102 policy [DURABILITY]")
	require.True(t, tt.endpoint(writer(1, 1, qos.TransientLocal, qos.Partition("a"))))
	tt.want("mismatch ff/107 1/102 partition")

	// DDS 1.4, 2.2.3.13: partitions may change at any time.
	tt.local(reader(0xff, 1, qos.Reliable(0), qos.TransientLocal, qos.Partition("a", "b")))
	tt.want("match ff/107 1/102")
	require.True(t, tt.endpoint(writer(1, 1, qos.TransientLocal, qos.Partition("b"))))
	tt.want("update ff/107 1/102")
	require.True(t, tt.endpoint(writer(1, 1, qos.TransientLocal, qos.Partition("c"))))
	tt.want("unmatch ff/107 1/102", "mismatch ff/107 1/102 partition")
	tt.d.RemoveLocal(tt.now, reader(0xff, 1).GUID, &tt.out)
	tt.want()

	d := writer(1, 2)
	d.Type = "Other"
	tt.local(reader(0xff, 3))
	tt.want("mismatch ff/307 1/102 partition")
	require.True(t, tt.endpoint(d))
	tt.want("mismatch ff/307 1/202 type")
	d = writer(1, 4)
	d.GUID.Entity[3] = rtps.KindWriterNoKey
	require.True(t, tt.endpoint(d))
	tt.want("mismatch ff/307 1/403 type")
}

func TestChangesOfWhatGatesJudgeAreNewMatches(t *testing.T) {
	tt := newDirectoryTest(t, Limits{})
	tt.meet(1)
	tt.local(reader(0xff, 1))
	require.True(t, tt.endpoint(writer(1, 1)))
	tt.want("match ff/107 1/102")
	secured := func(ps ...qos.WriterPolicy) *EndpointData {
		d := writer(1, 1, ps...)
		d.SecurityInfo = &rtps.SecurityInfo{Attributes: 1 << 31}
		return d
	}
	require.True(t, tt.endpoint(secured()))
	tt.want("unmatch ff/107 1/102", "match ff/107 1/102")
	require.True(t, tt.endpoint(secured(qos.Partition("", "admin"))))
	tt.want("unmatch ff/107 1/102", "match ff/107 1/102")
	require.True(t, tt.endpoint(secured(qos.Partition("", "admin"), qos.UserData("x"))))
	tt.want("update ff/107 1/102")
	d := writer(1, 1)
	d.Topic = "Circle"
	require.True(t, tt.endpoint(d))
	tt.want("unmatch ff/107 1/102")
}

func TestPeerTakesItsEndpointsAlong(t *testing.T) {
	tt := newDirectoryTest(t, Limits{})
	tt.local(reader(0xff, 1))
	tt.meet(1)
	for i := range byte(3) {
		require.True(t, tt.endpoint(writer(1, i)))
	}
	tt.want("match ff/107 1/2", "match ff/107 1/102", "match ff/107 1/202")
	tt.d.Remove(tt.now, rtps.GUIDPrefix{1}, &tt.out)
	tt.want("unmatch ff/107 1/202", "unmatch ff/107 1/102", "unmatch ff/107 1/2", "lost 1 removed")
	peers, endpoints := tt.d.Len()
	require.Zero(t, peers+endpoints)
	require.Zero(t, tt.d.bytes)
	tt.d.RemoveLocal(tt.now, reader(0xff, 1).GUID, &tt.out)
	require.Empty(t, tt.d.topics)
	tt.wantIdle()
}

func TestLimits(t *testing.T) {
	tt := newDirectoryTest(t, Limits{MaxPeers: 2, MaxEndpointsPerPeer: 2, MaxEndpoints: 3, MaxBytes: 10_000})
	tt.meet(1)
	require.True(t, tt.endpoint(writer(1, 1)))
	require.True(t, tt.endpoint(writer(1, 2)))
	require.False(t, tt.endpoint(writer(1, 3)), "two each")
	tt.meet(2)
	require.True(t, tt.endpoint(writer(2, 1)))
	require.False(t, tt.endpoint(writer(2, 2)), "three in all")
	require.True(t, tt.endpoint(writer(2, 1, qos.UserData("ok"))))
	require.False(t, tt.endpoint(writer(2, 1, qos.UserData(make([]byte, 10_000)))), "too large")
	tt.participant(2, func(d *ParticipantData) { d.UserData = make([]byte, 10_000) })
	tt.participant(3)
	tt.want()
	require.Equal(t, Refusals{TooMany: 5}, tt.d.Refused())
}

// Participants that never finish a handshake do not keep others out for good.
func TestFullTableGivesWay(t *testing.T) {
	tt := newDirectoryTest(t, Limits{MaxPeers: 2, Grace: time.Second})
	forever := func(d *ParticipantData) { d.Lease = qos.Infinite }
	tt.meet(1, forever)
	tt.participant(2, forever)
	tt.want("found 2")
	tt.participant(3)
	tt.want()
	tt.advance(time.Second)
	tt.participant(3, forever)
	tt.want("lost 2 evicted", "found 3")
	require.True(t, tt.d.Admit(tt.now, rtps.GUIDPrefix{3}))
	tt.advance(time.Hour)
	tt.participant(4)
	tt.want()
	require.Equal(t, Refusals{TooMany: 2}, tt.d.Refused())
}

// DDS 1.4, 2.2.3.11; DDSI-RTPS 2.5, 8.4.13.
func TestRemoteLiveliness(t *testing.T) {
	tt := newDirectoryTest(t, Limits{})
	tt.meet(1, func(d *ParticipantData) { d.Lease = time.Hour })
	require.True(t, tt.endpoint(writer(1, 1, qos.Liveliness(qos.Automatic, 4*time.Second))))
	require.True(t, tt.endpoint(writer(1, 2, qos.Liveliness(qos.ManualByParticipant, 5*time.Second))))
	require.True(t, tt.endpoint(writer(1, 3, qos.Liveliness(qos.ManualByTopic, 6*time.Second))))
	require.True(t, tt.endpoint(writer(1, 4)))
	tt.wantNext(4 * time.Second)
	message := func(kind MessageKind) {
		require.True(t, tt.d.HandleMessage(tt.now, rtps.GUIDPrefix{1}, &MessageData{Prefix: rtps.GUIDPrefix{1}, Kind: kind}, false, &tt.out))
	}

	tt.advance(3 * time.Second)
	message(AutomaticUpdate)
	tt.want()
	tt.advance(2 * time.Second)
	tt.want("dead 1/202")
	tt.advance(1 * time.Second)
	tt.want("dead 1/302")
	tt.advance(1 * time.Second)
	tt.want("dead 1/102")
	require.False(t, tt.d.Alive(writer(1, 1).GUID))
	require.True(t, tt.d.Alive(writer(1, 4).GUID))

	// An announcement is no assertion; a late reader learns the state.
	require.True(t, tt.endpoint(writer(1, 3, qos.Liveliness(qos.ManualByTopic, 6*time.Second), qos.UserData("x"))))
	tt.local(reader(0xff, 1))
	tt.want("match ff/107 1/102 dead", "match ff/107 1/202 dead", "match ff/107 1/302 dead", "match ff/107 1/402")

	message(ManualUpdate)
	tt.want("alive 1/202")
	message(AutomaticUpdate)
	tt.want("alive 1/102")
	tt.d.AssertWriter(tt.now, writer(1, 3).GUID, &tt.out)
	tt.want("alive 1/302")
	tt.advance(3 * time.Second)
	tt.d.AssertWriter(tt.now, writer(1, 2).GUID, &tt.out)
	tt.wantNext(1 * time.Second)
	message(MessageKind{1}) // of a vendor
	tt.advance(1 * time.Second)
	tt.want("dead 1/102")
	require.True(t, tt.endpoint(writer(1, 1)))
	tt.want("alive 1/102", "update ff/107 1/102")
}

// Anyone may speak on the plain topic: it says nothing of writers whose
// liveliness is protected, and neither does a writer that is not of these.
func TestPlainMessagesDoNotAssertProtectedWriters(t *testing.T) {
	tt := newDirectoryTest(t, Limits{})
	tt.meet(1, func(d *ParticipantData) { d.Lease = time.Hour })
	for n, kind := range []qos.LivelinessKind{qos.Automatic, qos.ManualByParticipant} {
		protected, plain := writer(1, byte(2*n+1), qos.Liveliness(kind, 4*time.Second+time.Duration(n))), writer(1, byte(2*n+2), qos.Liveliness(kind, time.Hour))
		protected.SecurityInfo = &rtps.SecurityInfo{Attributes: rtps.SecurityInfoValid | 1<<6}
		require.True(t, tt.endpoint(protected))
		require.True(t, tt.endpoint(plain))
	}
	message := func(secure bool) {
		for _, kind := range []MessageKind{AutomaticUpdate, ManualUpdate} {
			require.True(t, tt.d.HandleMessage(tt.now, rtps.GUIDPrefix{1}, &MessageData{Prefix: rtps.GUIDPrefix{1}, Kind: kind}, secure, &tt.out))
		}
	}
	tt.advance(3 * time.Second)
	message(true)
	tt.advance(3 * time.Second)
	message(false)
	tt.d.AssertWriter(tt.now, writer(1, 4).GUID, &tt.out)
	tt.want()
	tt.advance(2 * time.Second)
	tt.want("dead 1/102", "dead 1/302")
	tt.d.AssertWriter(tt.now, writer(1, 3).GUID, &tt.out)
	tt.want("alive 1/302")
	message(true)
	tt.want("alive 1/102")
}

func TestLocalLiveliness(t *testing.T) {
	tt := newDirectoryTest(t, Limits{})
	tt.local(writer(0xff, 1, qos.Liveliness(qos.Automatic, 8*time.Second)))
	tt.wantNext(4 * time.Second)
	tt.advance(4 * time.Second)
	tt.want("assert 1")
	tt.wantNext(4 * time.Second)
	tt.local(writer(0xff, 2, qos.Liveliness(qos.Automatic, 2*time.Second)))
	tt.wantNext(1 * time.Second)
	tt.advance(time.Second)
	tt.want("assert 1")
	tt.wantNext(1 * time.Second)
	tt.d.RemoveLocal(tt.now, writer(0xff, 1).GUID, &tt.out)
	tt.d.RemoveLocal(tt.now, writer(0xff, 2).GUID, &tt.out)
	tt.wantIdle()

	manual := writer(0xff, 3, qos.Liveliness(qos.ManualByParticipant, 2*time.Second))
	tt.local(manual)
	tt.local(writer(0xff, 4, qos.Liveliness(qos.ManualByTopic, 3*time.Second)))
	tt.wantNext(2 * time.Second)
	tt.advance(time.Second)
	tt.d.AssertLocal(tt.now, manual.GUID, &tt.out)
	tt.want("assert 2")
	tt.advance(2 * time.Second)
	tt.want("dead ff/302", "dead ff/402")
	tt.d.AssertParticipant(tt.now, &tt.out)
	tt.want("alive ff/302", "assert 2")
	tt.d.AssertLocal(tt.now, writer(0xff, 4).GUID, &tt.out)
	tt.want("alive ff/402")
}

// Participants that nobody vouches for have a share of their own: they neither
// keep others out nor take their room. Who is vouched for later leaves it.
func TestGuests(t *testing.T) {
	tt := newDirectoryTest(t, Limits{MaxPeers: 20, MaxGuests: 2, MaxEndpoints: 8, MaxBytes: 40_000})
	guest := func(id byte) bool { return tt.d.AdmitGuest(tt.now, rtps.GUIDPrefix{id}) }
	for id := byte(1); id <= 4; id++ {
		tt.participant(id)
	}
	tt.want("found 1", "found 2", "found 3", "found 4")
	require.False(t, guest(9), "not known")
	require.True(t, guest(1))
	require.True(t, guest(1))
	require.True(t, guest(2))
	require.False(t, guest(3), "two")
	require.False(t, tt.d.Admitted(rtps.GUIDPrefix{3}))

	// A quarter of the endpoints is two, for all guests.
	require.True(t, tt.endpoint(writer(1, 1)))
	require.True(t, tt.endpoint(writer(2, 1)))
	require.False(t, tt.endpoint(writer(2, 2)))
	require.True(t, tt.endpoint(writer(2, 1, qos.UserData("ok"))))
	require.False(t, tt.endpoint(writer(2, 1, qos.UserData(make([]byte, 9000)))), "a quarter of the octets")
	tt.participant(1, func(d *ParticipantData) { d.UserData = make([]byte, 9000) })
	tt.want()

	// Others have the rest.
	require.True(t, tt.d.Admit(tt.now, rtps.GUIDPrefix{4}))
	for i := byte(1); i <= 6; i++ {
		require.True(t, tt.endpoint(writer(4, i)))
	}
	require.True(t, tt.d.Admit(tt.now, rtps.GUIDPrefix{1}), "it has proven who it is")
	require.True(t, guest(3))
	tt.d.Remove(tt.now, rtps.GUIDPrefix{4}, &tt.out)
	require.True(t, tt.endpoint(writer(2, 2)))
	require.False(t, tt.endpoint(writer(3, 1)))
	for id := byte(1); id <= 3; id++ {
		tt.d.Remove(tt.now, rtps.GUIDPrefix{id}, &tt.out)
	}
	require.Zero(t, tt.d.guests)
	require.Zero(t, tt.d.bytes)
}
