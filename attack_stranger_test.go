package dds_test

import (
	"encoding/binary"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/internal/discovery"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/security"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/spi"
	"github.com/secdds/dds/transport/memnet"
)

// A meter is an authentication plugin that notes when handshakes cost something.
type meter struct {
	spi.Authentication
	mu      sync.Mutex
	calls   []time.Time
	replies int
}

func (m *meter) note() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls = append(m.calls, time.Now())
}

func (m *meter) ValidateLocalIdentity(now time.Time, domain uint32, candidate rtps.GUID) (spi.LocalIdentity, error) {
	id, err := m.Authentication.ValidateLocalIdentity(now, domain, candidate)
	return meteredIdentity{id, m}, err
}

type meteredIdentity struct {
	spi.LocalIdentity
	m *meter
}

func (i meteredIdentity) NewHandshake(r spi.RemoteParticipant) (spi.Handshake, error) {
	h, err := i.LocalIdentity.NewHandshake(r)
	return meteredHandshake{h, i.m}, err
}

type meteredHandshake struct {
	spi.Handshake
	m *meter
}

func (h meteredHandshake) Begin(now time.Time, pdata []byte) (spi.Token, error) {
	h.m.note()
	return h.Handshake.Begin(now, pdata)
}

func (h meteredHandshake) Process(now time.Time, pdata []byte, t spi.Token) (*spi.Token, bool, error) {
	h.m.note()
	reply, done, err := h.Handshake.Process(now, pdata, t)
	if reply != nil {
		h.m.mu.Lock()
		defer h.m.mu.Unlock()
		h.m.replies++
	}
	return reply, done, err
}

// most is how full a bucket that loses rate a second has been at most.
func (m *meter) most(rate float64) (most float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	level, at := 0.0, time.Time{}
	for _, now := range m.calls {
		level = max(0, level-rate*now.Sub(at).Seconds()) + 1
		at, most = now, max(most, level)
	}
	return most
}

// A thief invents participants, and has the certificate and the permissions of
// one that is real: everyone sends them in clear.
type thief struct {
	*world
	at     rtps.Locator // where its messages come from
	target *dds.Participant
	to     rtps.Locator
	token  spi.Token
	like   discovery.ParticipantData
	stolen spi.Authentication
	n      uint32
	steals bool // every time
	octets int
	past   [][]byte // messages, to be sent again: real ones do so, too
}

// stateless is a message of the stateless topic.
func (t *thief) stateless(from rtps.GUIDPrefix, class string, tok spi.Token) {
	msg := rtps.Header{Version: rtps.ProtocolVer2_5, Vendor: rtps.VendorSecdds, Prefix: from}.Append(nil)
	payload := rtps.AppendGenericMessage(nil, &rtps.GenericMessage{
		Identity:               rtps.MessageIdentity{Source: rtps.GUID{Prefix: from, Entity: rtps.EntityStatelessWriter}, SN: 1},
		DestinationParticipant: t.target.GUID(), ClassID: class, Data: []spi.Token{tok},
	})
	t.send(rtps.Data{Writer: rtps.EntityStatelessWriter, SN: 1, Payload: payload}.Append(msg))
}

func (t *thief) send(msg []byte) {
	t.past = append(t.past, msg)
	for _, ago := range []int{0, 3000, 10_000} {
		if i := len(t.past) - 1 - ago; i >= 0 {
			t.octets += len(t.past[i])
			t.net.Inject(t.at, t.to, t.past[i])
		}
	}
}

// invent announces a participant that does not exist and speaks in its name.
func (t *thief) invent() {
	t.n++
	d := t.like
	binary.BigEndian.PutUint32(d.GUID.Prefix[:], t.n*2654435761) // half of them have the smaller GUID
	binary.BigEndian.PutUint32(d.GUID.Prefix[8:], t.n)
	var stolen spi.LocalIdentity
	if t.n%10 == 0 || t.steals {
		var candidate rtps.GUID
		candidate.Entity = rtps.EntityParticipant
		binary.BigEndian.PutUint32(candidate.Prefix[:], t.n)
		var err error
		stolen, err = t.stolen.ValidateLocalIdentity(time.Now(), 0, candidate)
		require.NoError(t, err)
		d.GUID = stolen.GUID()
	}
	from := d.GUID.Prefix
	msg := rtps.Header{Version: rtps.ProtocolVer2_5, Vendor: rtps.VendorSecdds, Prefix: from}.Append(nil)
	t.send(rtps.Data{Writer: rtps.EntitySPDPWriter, SN: 1, Payload: discovery.AppendParticipantPayload(nil, &d)}.Append(msg))
	if t.n%4 == 0 {
		return
	}
	challenge := make([]byte, 32)
	binary.BigEndian.PutUint32(challenge, t.n)
	future := spi.Token{ClassID: "DDS:Auth:PKI-DH:1.0+AuthReq", BinaryProperties: []rtps.BinaryProperty{{Name: "future_challenge", Value: challenge}}}
	req := spi.Token{ClassID: "DDS:Auth:PKI-DH:1.0+Req", BinaryProperties: []rtps.BinaryProperty{{Name: "c.id", Value: challenge}}}
	if stolen != nil {
		h, err := stolen.NewHandshake(spi.RemoteParticipant{GUID: t.target.GUID(), Vendor: rtps.VendorSecdds, IdentityToken: t.token})
		require.NoError(t, err)
		future = *h.AuthRequest()
		req, err = h.Begin(time.Now(), discovery.AppendParticipant(nil, false, &d))
		require.NoError(t, err)
	}
	t.stateless(from, spi.ClassAuthRequest, future)
	t.stateless(from, spi.ClassAuth, req)
}

// Twenty thousand invented participants within ten seconds, with all they can
// say without a key: those that are in lose no sample and no time, what is kept
// stays within bounds, slow calls stay within their rate, little is sent to where
// the invented ones say they are, and a real one gets in meanwhile. CVE-2021-38425
// and its like; the flood of 2.4 item 10 of the checklist.
func TestFloodOfInventedParticipants(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		v := &victim{world: w, rec: w.record()}
		k := w.keystoreOf(keystore.SROS2Governance())
		m := &meter{}
		v.a = w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}))
		v.b = w.participant("b", w.enclave(k, "/b", keystore.EnclaveOptions{}), func(c *dds.Config) {
			s := *c.Security
			m.Authentication, s.Authentication = s.Authentication, m
			c.Security = &s
		})
		v.wr = writerOf[shape](w, v.a, "Square", qos.KeepAll())
		v.r = readerOf[shape](w, v.b, "Square", qos.Reliable(0), qos.KeepAll())
		matched(w, v.wr, v.r)
		v.exchange(20)

		th := v.thief(k)
		require.NotEmpty(w, th.like.MetatrafficMulticast)
		before := heap()
		var c *dds.Participant
		var fresh *dds.Writer[shape]
		elsewhere := 0
		for tick := range 1000 {
			th.steals = tick >= 600 // before, others take their turns
			for range 20 {
				th.invent()
			}
			if tick%10 == 0 {
				v.exchange(1)
			}
			v.settle(10 * time.Millisecond)
			s := v.b.Stats()
			require.LessOrEqual(w, s.Handshakes, uint64(64))
			require.LessOrEqual(w, s.Waiting, uint64(1024))
			require.LessOrEqual(w, s.Refused, uint64(128))
			for _, d := range v.rec.take() {
				if d.to.IsMulticast() {
					require.NotContains(w, string(d.data), string(rtps.EntityStatelessWriter[:]), "a handshake message by multicast")
				}
				if d.to == th.like.MetatrafficUnicast[0] {
					elsewhere += len(d.data)
				}
			}
			switch tick {
			case 300:
				require.Less(w, heap(), before+64<<20)
				require.LessOrEqual(w, len(v.b.Peers()), 64+128+1)
				c = w.participant("c", w.enclave(k, "/c", keystore.EnclaveOptions{}))
				fresh = writerOf[shape](w, c, "Square", qos.KeepAll())
			case 999: // seven seconds later
				require.Equal(w, 2, v.r.Matched().Current, "%v", c.Peers())
				write(w, fresh, shape{"BLUE", 1, 1})
				require.Equal(w, "BLUE", next(w, v.r).Value.Color)
			}
		}
		require.Zero(w, v.r.Lost())
		require.LessOrEqual(w, m.most(50), 200.01)
		require.Greater(w, len(m.calls), 300, "the limit was put to the test")
		require.Positive(w, m.replies, "so was the stolen certificate")
		require.Less(w, elsewhere, th.octets, "more was sent there than came")
		require.Positive(w, elsewhere)
		d := v.b.Stats().Dropped
		require.Positive(w, d["stranger_overflow"])
		require.Positive(w, d["stranger_evicted"])
		require.Equal(w, 2, v.r.Matched().Total)

		// Afterwards all is as before, and who comes now does not wait.
		v.settle(2 * time.Minute)
		require.Zero(w, v.b.Stats().Waiting)
		e := w.participant("e", w.enclave(k, "/e", keystore.EnclaveOptions{}))
		late := writerOf[shape](w, e, "Square", qos.KeepAll())
		v.settle(time.Second)
		require.Equal(w, 3, v.r.Matched().Current)
		write(w, late, shape{"GREEN", 1, 1})
		require.Equal(w, "GREEN", next(w, v.r).Value.Color)
		v.exchange(5)
	})
}

// thief gets hold of the credentials of someone in k whose GUID makes him the
// one to send requests to v.b.
func (v *victim) thief(k *keystore.Keystore) *thief {
	v.settle(5 * time.Second)
	real, err := discovery.ParseParticipantPayload(v.announcementOf(v.b))
	require.NoError(v, err)
	t := &thief{world: v.world, target: v.b, to: real.MetatrafficUnicast[0], token: *real.IdentityToken, like: *real}
	t.at = rtps.Locator{Kind: rtps.LocatorUDPv4, Port: 7777, Address: [16]byte{12: 10, 13: 66, 15: 6}}
	t.like.MetatrafficUnicast = []rtps.Locator{{Kind: rtps.LocatorUDPv4, Port: 9, Address: [16]byte{12: 10, 13: 99, 15: 9}}}
	t.like.DefaultUnicast, t.like.MetatrafficMulticast = t.like.MetatrafficUnicast, slices.Clone(real.MetatrafficMulticast)
	for _, name := range []string{"/s", "/t", "/u", "/v", "/w", "/x", "/y", "/z"} {
		dir, err := k.CreateEnclave(name, keystore.EnclaveOptions{})
		require.NoError(v, err)
		s, err := security.FromEnclave(dir)
		require.NoError(v, err)
		id, err := s.Authentication.ValidateLocalIdentity(time.Now(), 0, rtps.GUID{Entity: rtps.EntityParticipant})
		require.NoError(v, err)
		if id.GUID().Compare(v.b.GUID()) < 0 {
			t.stolen = s.Authentication
			return t
		}
	}
	require.Fail(v, "nobody precedes b")
	return nil
}
