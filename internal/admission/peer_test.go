package admission

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
	"github.com/stretchr/testify/require"
)

// A side is one participant's peer machine and what it produced.
type side struct {
	gate   *Gate
	id     *fakeIdentity
	perms  *fakePermissions
	peer   *Peer
	out    Outbox
	events []EventKind
	err    error
}

// A world is two participants and the link between them, in virtual time.
type world struct {
	t     *testing.T
	now   time.Time
	a, b  *side // a has the smaller GUID: it initiates
	fate  func() byte
	inAir []flying
}

type flying struct {
	at       time.Time
	to       *side
	volatile bool
	keys     spi.SharedSecret // a volatile message is sealed with
	m        rtps.GenericMessage
}

func (f *flying) opens() bool {
	k, ok := f.to.peer.Crypto.(*fakePeer)
	return ok && f.to.peer.connected && k.secret == f.keys
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, now: time.Unix(1000, 0), fate: func() byte { return 0 }}
	w.a, w.b = newSide(1), newSide(2)
	for _, p := range [][2]*side{{w.a, w.b}, {w.b, w.a}} {
		p[0].meet(p[1].id.guid)
	}
	return w
}

func newSide(n byte) *side {
	s := &side{id: &fakeIdentity{guid: rtps.GUID{Prefix: rtps.GUIDPrefix{n}, Entity: rtps.EntityParticipant}}, perms: &fakePermissions{}}
	s.gate = &Gate{Identity: s.id, Permissions: s.perms, Crypto: fakeCrypto{}}
	return s
}

func (s *side) meet(remote rtps.GUID) {
	token := tok("id")
	s.peer = s.gate.NewPeer(Remote{GUID: remote, IdentityToken: &token}, nil)
}

// settle runs the jobs, takes events and puts messages into the air. Fates: 0
// deliver, 1 lose, 2 duplicate, 3 delay by 700 ms.
func (w *world) settle(s *side) {
	for {
		out := s.out
		s.out = Outbox{}
		if len(out.Jobs)+len(out.Events)+len(out.Stateless)+len(out.Volatile) == 0 {
			return
		}
		for _, m := range out.Stateless {
			w.fly(s, m, false, w.fate())
		}
		for _, m := range out.Volatile {
			w.fly(s, m, true, 0) // the channel is reliable
		}
		for _, e := range out.Events {
			s.events = append(s.events, e.Kind)
			if e.Err != nil {
				s.err = e.Err
			}
			if e.Kind == PeerAuthenticated {
				s.peer.Connected(w.now, &s.out)
			}
		}
		for _, j := range out.Jobs {
			j.Run()
			j.Peer.Finish(w.now, &s.out)
		}
	}
}

func (w *world) other(s *side) *side {
	if s == w.a {
		return w.b
	}
	return w.a
}

func (w *world) fly(from *side, m rtps.GenericMessage, volatile bool, fate byte) {
	f := flying{at: w.now.Add(time.Millisecond), to: w.other(from), volatile: volatile, m: m}
	if k, ok := from.peer.Crypto.(*fakePeer); ok {
		f.keys = k.secret
	}
	switch fate % 4 {
	case 1:
		return
	case 2:
		w.inAir = append(w.inAir, f)
	case 3:
		f.at = f.at.Add(700 * time.Millisecond)
	}
	w.inAir = append(w.inAir, f)
}

// run lets the world go on for at most d of virtual time, until nothing is due.
func (w *world) run(d time.Duration) {
	end := w.now.Add(d)
	for {
		w.settle(w.a)
		w.settle(w.b)
		next := time.Time{}
		sooner := func(at time.Time) {
			if !at.IsZero() && (next.IsZero() || at.Before(next)) {
				next = at
			}
		}
		for _, f := range w.inAir {
			sooner(f.at)
		}
		sooner(w.a.peer.Next())
		sooner(w.b.peer.Next())
		if next.IsZero() || next.After(end) {
			w.now = end
			return
		}
		if next.After(w.now) {
			w.now = next
		}
		for i := 0; i < len(w.inAir); i++ {
			f := w.inAir[i]
			if f.at.After(w.now) {
				continue
			}
			if f.volatile && !f.opens() {
				// It cannot be opened yet: the reliable channel repeats it.
				w.inAir[i].at = w.now.Add(time.Millisecond)
				continue
			}
			w.inAir = append(w.inAir[:i], w.inAir[i+1:]...)
			i--
			if f.volatile {
				f.to.peer.HandleVolatile(w.now, &f.m, &f.to.out)
			} else {
				f.to.peer.HandleStateless(w.now, &f.m, &f.to.out)
			}
		}
		w.a.peer.Advance(w.now, &w.a.out)
		w.b.peer.Advance(w.now, &w.b.out)
	}
}

func (w *world) begin() {
	w.a.peer.Begin(w.now, &w.a.out)
	w.b.peer.Begin(w.now, &w.b.out)
}

func (w *world) wantAdmitted() {
	w.t.Helper()
	for _, s := range []*side{w.a, w.b} {
		require.True(w.t, s.peer.Authenticated())
		require.NoError(w.t, s.peer.Refusal())
		require.True(w.t, s.peer.Crypto.HasTokens())
		require.Contains(w.t, s.events, PeerKeys)
		require.True(w.t, s.peer.Next().IsZero(), "nothing is due any more")
	}
	require.Equal(w.t, w.a.peer.Result.Secret, w.b.peer.Result.Secret)
}

func TestPeersAuthenticateEachOther(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.run(time.Second)
	w.wantAdmitted()
	require.Equal(t, []EventKind{PeerAuthenticated, PeerKeys}, w.a.events)
}

// Whichever single message of the handshake is lost, doubled or late, the peers
// find each other: DDS-Security 1.1, 8.3.2.11.
func TestHandshakeSurvivesOneFault(t *testing.T) {
	for n := range 4 {
		for fate := byte(1); fate <= 3; fate++ {
			w, i := newWorld(t), 0
			w.fate = func() byte {
				i++
				if i == n+1 {
					return fate
				}
				return 0
			}
			w.begin()
			w.run(10 * time.Second)
			w.wantAdmitted()
		}
	}
}

func TestHandshakeSurvivesTheLossOfTheFirstTenMessages(t *testing.T) {
	w, i := newWorld(t), 0
	w.fate = func() byte {
		if i++; i <= 10 {
			return 1
		}
		return 0
	}
	w.begin()
	for range 10 {
		w.run(3 * time.Second)
		w.a.peer.Announced(w.now, &w.a.out)
		w.b.peer.Announced(w.now, &w.b.out)
	}
	w.wantAdmitted()
}

func TestResendsCarryGrowingNumbers(t *testing.T) {
	w := newWorld(t)
	w.fate = func() byte { return 1 }
	w.a.peer.Begin(w.now, &w.a.out)
	var sns []int64
	for range 5 {
		for _, j := range w.a.out.Jobs {
			j.Run()
			w.a.out.Jobs = nil
			j.Peer.Finish(w.now, &w.a.out)
		}
		for _, m := range w.a.out.Stateless {
			sns = append(sns, m.Identity.SN)
		}
		w.a.out.Stateless = nil
		w.a.peer.Announced(w.now, &w.a.out)
		w.now = w.a.peer.Next()
		w.a.peer.Advance(w.now, &w.a.out)
	}
	require.Equal(t, []int64{1, 2, 3, 4, 5, 6}, sns)
}

func TestHandshakeGivesUpAndTriesAgainWhenThePeerAnnouncesItself(t *testing.T) {
	w, lost := newWorld(t), true
	w.fate = func() byte {
		if lost {
			return 1
		}
		return 0
	}
	w.begin()
	w.run(2 * unanswered)
	require.Equal(t, []EventKind{PeerNotice}, w.a.events)
	require.ErrorContains(t, w.a.peer.Refusal(), "not answered")
	w.run(giveUp)
	require.Equal(t, []EventKind{PeerNotice, PeerRefused}, w.a.events)
	require.ErrorContains(t, w.a.err, "not answered")
	require.True(t, w.a.peer.Next().IsZero())

	lost = false
	w.a.peer.Announced(w.now, &w.a.out)
	w.b.peer.Announced(w.now, &w.b.out)
	w.run(10 * time.Second)
	w.wantAdmitted()
}

func TestForgedMessagesDoNotSpoilAHandshake(t *testing.T) {
	w := newWorld(t)
	forge := func(to *side, class, token string, c ...[]byte) {
		m := rtps.GenericMessage{DestinationParticipant: to.id.guid, ClassID: class, Data: []rtps.DataHolder{tok(token, c...)}}
		to.peer.HandleStateless(w.now, &m, &to.out)
	}
	w.begin()
	forge(w.b, spi.ClassAuth, "final", []byte{9, 9}, []byte{9, 9})
	forge(w.a, spi.ClassAuth, "reply", []byte{9, 9}, []byte{9, 9})
	forge(w.a, spi.ClassAuth, "garbage")
	w.run(10 * time.Second)
	w.wantAdmitted()

	// Nor an established session.
	forge(w.a, spi.ClassAuth, "reply", []byte{9, 9}, []byte{9, 9})
	forge(w.b, spi.ClassAuth, "req", []byte{9, 9})
	secret := w.b.peer.Result.Secret
	w.run(20 * time.Second)
	w.wantAdmitted()
	require.Equal(t, secret, w.b.peer.Result.Secret)
	require.NotContains(t, w.b.events, PeerReset)
}

func TestRestartedInitiatorIsAuthenticatedAnew(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.run(time.Second)
	w.wantAdmitted()
	old := w.b.peer.Crypto.(*fakePeer)

	// The same GUID starts over.
	w.a.id.made = 7
	w.a.meet(w.b.id.guid)
	w.a.peer.Begin(w.now, &w.a.out)
	w.run(10 * time.Second)
	w.wantAdmitted()
	require.Contains(t, w.b.events, PeerReset)
	require.True(t, old.closed)
}

// An authentication request out of the blue makes an authenticated peer suspect,
// no more: a forged one must not end a session.
func TestSuspicion(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.run(time.Second)
	w.wantAdmitted()
	m := rtps.GenericMessage{DestinationParticipant: w.a.id.guid, ClassID: spi.ClassAuthRequest, Data: []rtps.DataHolder{tok("authreq", []byte{9})}}
	w.a.peer.HandleStateless(w.now, &m, &w.a.out)
	w.a.peer.Probe(w.now, &w.a.out)
	require.Len(t, w.a.out.Volatile, 1)
	w.run(time.Second)
	require.Contains(t, w.a.events, PeerSuspect)
	w.wantAdmitted()
}

func TestRefusals(t *testing.T) {
	secured := rtps.SecurityInfo{Attributes: rtps.SecurityInfoValid | 1, PluginAttributes: rtps.SecurityInfoValid | 1}
	signed := rtps.SecurityInfo{Attributes: rtps.SecurityInfoValid | 1, PluginAttributes: rtps.SecurityInfoValid}

	t.Run("no credentials", func(t *testing.T) {
		w := newWorld(t)
		w.a.peer.Remote.IdentityToken = nil
		w.a.peer.Begin(w.now, &w.a.out)
		w.settle(w.a)
		require.Equal(t, []EventKind{PeerRefused}, w.a.events)
		require.ErrorContains(t, w.a.err, "allow_unauthenticated_participants")
	})
	t.Run("no credentials, allowed", func(t *testing.T) {
		w := newWorld(t)
		w.a.perms.attrs.AllowUnauthenticated = true
		w.a.peer.Remote.IdentityToken = nil
		w.a.peer.Begin(w.now, &w.a.out)
		w.settle(w.a)
		require.Equal(t, []EventKind{PeerUnauthenticated}, w.a.events)
		require.True(t, w.a.peer.Admitted())
		require.False(t, w.a.peer.Authenticated())
	})
	t.Run("governance differs", func(t *testing.T) {
		w := newWorld(t)
		w.a.perms.attrs.Info = secured
		w.a.peer.Remote.SecurityInfo = &signed
		w.a.peer.Begin(w.now, &w.a.out)
		w.settle(w.a)
		require.Equal(t, []EventKind{PeerRefused}, w.a.events)
		require.ErrorContains(t, w.a.err, "rtps_protection_kind: ours ENCRYPT, theirs SIGN")
	})
	t.Run("permissions", func(t *testing.T) {
		w := newWorld(t)
		w.b.perms.refuse = errors.New("no grant")
		w.begin()
		w.run(20 * time.Second)
		require.Contains(t, w.b.events, PeerRefused)
		require.ErrorContains(t, w.b.err, "no grant")
		require.False(t, w.b.peer.Admitted())
		require.Nil(t, w.b.peer.Crypto)
	})
}

// Every field of the two words has a name, those of DDS-Security 1.2 included.
func TestDifferParticipant(t *testing.T) {
	none := rtps.SecurityInfo{Attributes: rtps.SecurityInfoValid, PluginAttributes: rtps.SecurityInfoValid}
	for bit, want := range map[uint32]string{
		0: "rtps_protection_kind: ours NONE, theirs SIGN",
		1: "discovery_protection_kind: ours NONE, theirs SIGN",
		2: "liveliness_protection_kind: ours NONE, theirs SIGN",
		3: "enable_key_revision: ours false, theirs true",
		4: "rtps_psk_protection_kind: ours NONE, theirs SIGN",
		5: "security attributes: ours 80000000/80000000, theirs 80000020/80000000",
	} {
		theirs := none
		theirs.Attributes |= 1 << bit
		require.EqualError(t, DifferParticipant(none, theirs), want)
	}
	all := rtps.SecurityInfo{Attributes: rtps.SecurityInfoValid | 0x1f, PluginAttributes: rtps.SecurityInfoValid | 0x7f}
	require.EqualError(t, DifferParticipant(all, none), "rtps_protection_kind: ours ENCRYPT_WITH_ORIGIN_AUTHENTICATION, theirs NONE; "+
		"discovery_protection_kind: ours ENCRYPT_WITH_ORIGIN_AUTHENTICATION, theirs NONE; "+
		"liveliness_protection_kind: ours ENCRYPT_WITH_ORIGIN_AUTHENTICATION, theirs NONE; "+
		"rtps_psk_protection_kind: ours ENCRYPT, theirs NONE; enable_key_revision: ours true, theirs false")

	var r *spi.Refusal
	require.ErrorAs(t, DifferParticipant(none, rtps.SecurityInfo{Attributes: rtps.SecurityInfoValid | 1, PluginAttributes: rtps.SecurityInfoValid}), &r)
	require.Equal(t, "rtps_protection_kind", r.Rule)
	require.Equal(t, "NONE", r.Expected)
	require.Equal(t, "SIGN", r.Found)
	require.ErrorAs(t, DifferParticipant(none, rtps.SecurityInfo{Attributes: rtps.SecurityInfoValid | 1<<20}), &r)
	require.Equal(t, "security attributes", r.Rule, "a bit without a name")
}

func TestPairsWaitForKeysAndPermission(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.run(time.Second)
	w.wantAdmitted()
	reader := rtps.GUID{Prefix: w.a.id.guid.Prefix, Entity: rtps.EntityID{0, 0, 1, 7}}
	writer := rtps.GUID{Prefix: w.b.id.guid.Prefix, Entity: rtps.EntityID{0, 0, 1, 2}}
	topic := spi.Topic{Name: "square"}

	// Keys that come before the endpoint is known are kept.
	pb := w.b.peer.NewPair(w.now, Local{GUID: writer, Crypto: &fakeEndpoint{needs: true}}, RemoteEndpoint{GUID: reader, Topic: topic}, &w.b.out)
	require.False(t, pb.Ready())
	w.run(time.Second)
	require.False(t, pb.Ready())

	pa := w.a.peer.NewPair(w.now, Local{GUID: reader, Crypto: &fakeEndpoint{needs: true}}, RemoteEndpoint{GUID: writer, Topic: topic}, &w.a.out)
	require.True(t, pa.Ready())
	w.run(time.Second)
	pb.HandleTokens(w.now, &w.b.out)
	require.True(t, pb.Ready())

	refused := w.a.peer.NewPair(w.now, Local{GUID: reader}, RemoteEndpoint{GUID: writer, Topic: spi.Topic{Name: "forbidden"}}, &w.a.out)
	require.ErrorContains(t, refused.Refusal(), "no rule allows")
	require.False(t, refused.Ready())
	for local, remote := range map[rtps.GUID]rtps.GUID{reader: writer, writer: reader} {
		refused = w.a.peer.NewPair(w.now, Local{GUID: local}, RemoteEndpoint{GUID: remote, Topic: spi.Topic{Name: "unheard of"}}, &w.a.out)
		require.ErrorContains(t, refused.Refusal(), "no rule allows the topic")
	}

	// The plain endpoints of a participant without credentials meet ours only
	// where nothing is protected.
	w.a.peer.state = peerUnauthed
	for _, l := range []Local{
		{GUID: reader, Crypto: &fakeEndpoint{}},
		{GUID: reader, Attributes: spi.EndpointAttributes{WriteProtected: true}},
	} {
		require.Error(t, w.a.peer.NewPair(w.now, l, RemoteEndpoint{GUID: writer, Topic: topic}, &w.a.out).Refusal())
	}
	require.NoError(t, w.a.peer.NewPair(w.now, Local{GUID: reader}, RemoteEndpoint{GUID: writer, Topic: topic}, &w.a.out).Refusal())
}

// Interop: Fast DDS sends every token to every matched peer, from its stateless
// writer; OpenDDS sends no participant tokens without rtps protection.
func TestTokensForOthersAreIgnored(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.run(time.Second)
	w.wantAdmitted()
	keys := w.a.peer.Crypto.(*fakePeer)
	keys.got = false
	m := rtps.GenericMessage{
		Identity:               rtps.MessageIdentity{Source: rtps.GUID{Prefix: w.b.id.guid.Prefix, Entity: rtps.EntityStatelessWriter}, SN: 99},
		DestinationParticipant: rtps.GUID{Prefix: rtps.GUIDPrefix{7}, Entity: rtps.EntityParticipant},
		ClassID:                spi.ClassParticipantTokens,
		Data:                   []rtps.DataHolder{tok("keys")},
	}
	w.a.peer.HandleVolatile(w.now, &m, &w.a.out)
	require.False(t, keys.got)

	m.DestinationParticipant = w.a.id.guid
	w.a.peer.HandleVolatile(w.now, &m, &w.a.out)
	require.True(t, keys.got)
}

// Interop: a reader of OpenDDS that joins late misses the first tokens. So they
// are sent again while the peer's have not come, some times, not for ever.
func TestTokensAreSentAgainWhileThePeersAreMissing(t *testing.T) {
	w := newWorld(t)
	w.begin()
	for !w.a.peer.connected {
		w.run(time.Millisecond)
	}
	w.inAir = nil // what b sends is lost, for good
	sent := 0
	for now := w.now; !w.a.peer.Next().IsZero(); now = w.a.peer.Next() {
		w.a.peer.Advance(now, &w.a.out)
		sent += len(w.a.out.Volatile)
		w.a.out = Outbox{}
	}
	require.Equal(t, tokenResends-1, sent)
}

func TestEarlyTokensAreBounded(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.run(time.Second)
	for i := range 2 * maxPendingTokens {
		m := rtps.GenericMessage{
			DestinationParticipant: w.a.id.guid,
			SourceEndpoint:         rtps.GUID{Prefix: w.b.id.guid.Prefix, Entity: rtps.EntityID{byte(i >> 16), byte(i >> 8), byte(i), 2}},
			DestinationEndpoint:    rtps.GUID{Prefix: w.a.id.guid.Prefix},
			ClassID:                spi.ClassWriterTokens,
			Data:                   []rtps.DataHolder{tok("pair")},
		}
		w.a.peer.HandleVolatile(w.now, &m, &w.a.out)
	}
	require.Len(t, w.a.peer.pending, maxPendingTokens)

	clear(w.a.peer.pending)
	w.a.out = Outbox{}
	for _, large := range [][]rtps.DataHolder{
		{tok("pair", make([]byte, maxTokens))},
		make([]rtps.DataHolder, maxTokens/64+1),
		{{Properties: make([]rtps.Property, maxTokens/64)}},
		{{ClassID: strings.Repeat("x", maxTokens)}},
	} {
		w.a.peer.HandleVolatile(w.now, &rtps.GenericMessage{
			DestinationParticipant: w.a.id.guid,
			SourceEndpoint:         rtps.GUID{Prefix: w.b.id.guid.Prefix, Entity: rtps.EntityID{0, 0, 1, 2}},
			DestinationEndpoint:    rtps.GUID{Prefix: w.a.id.guid.Prefix},
			ClassID:                spi.ClassWriterTokens,
			Data:                   large,
		}, &w.a.out)
		require.Empty(t, w.a.peer.pending)
		require.ErrorContains(t, w.a.out.Events[len(w.a.out.Events)-1].Err, "octets")
	}
}

// FuzzHandshake lets the input decide the fate of each message and what an
// attacker puts between them. Once the link is good, both sides are admitted.
func FuzzHandshake(f *testing.F) {
	f.Add([]byte{0})
	f.Add([]byte{1, 1, 1, 2, 3, 0x80, 0x81, 0x82, 0x83})
	f.Add([]byte("00001010\xf51111111101111101\xf5\xf5111111\xf6"))
	f.Add([]byte("\xeb001111111111111111\xf4"))
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > 64 {
			return
		}
		s := newStage(t, &fakeCast{})
		s.script = func(_ string, _ int, x *flight) []*flight {
			if len(in) == 0 || x.volatile {
				return []*flight{x}
			}
			c := in[0]
			in = in[1:]
			if c&0x80 != 0 { // an attacker's message, to either side
				to := s.a
				if c&0x40 != 0 {
					to = s.b
				}
				class := []string{"req", "reply", "final", "x"}[c>>2&3]
				s.inject(to, rtps.GenericMessage{ClassID: spi.ClassAuth, Data: []rtps.DataHolder{tok(class, []byte{c}, []byte{c})}})
			}
			switch again := *x; c & 3 {
			case 1:
				return nil
			case 2:
				return []*flight{x, &again}
			case 3:
				x.at = x.at.Add(700 * time.Millisecond)
			}
			return []*flight{x}
		}
		s.wantMet(5 * time.Minute)
	})
}
