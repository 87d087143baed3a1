package engine

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/secdds/dds/internal/admission"
	"github.com/secdds/dds/internal/discovery"
	"github.com/secdds/dds/internal/reliable"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A peer is a remote participant, or ourselves: our own endpoints meet each
// other as those of any two participants do.
type peer struct {
	// Immutable.
	prefix rtps.GUIDPrefix
	guid   rtps.GUID

	routes atomic.Pointer[map[rtps.EntityID][]route] // remote writer to local readers
	keys   atomic.Pointer[spi.PeerCrypto]            // nil: not authenticated
	seen   atomic.Int64                              // when something came, in ns
	proof  atomic.Int64                              // when something came that only it can have sealed

	// Of the control loop alone.
	data      *discovery.ParticipantData
	meta      []rtps.Locator // for built-in endpoints
	user      []rtps.Locator // for the others, unless they say otherwise
	multicast []rtps.Locator
	gate      *admission.Peer // nil: no security, or ourselves
	channels  []pairKey       // built-in pairs
	term      term            // of what an authenticated peer showed
	touched   int64
	suspect   time.Time // since when it is doubted; zero: it is not
	probed    bool      // it was asked for a sign of life since
	admitted  bool
	tooLarge  bool // it was told that our handshake messages are too large
}

// decided reports whether the peer gate has kept the peer out, or let it in
// without credentials: both on nothing but an announcement anyone can send.
func (q *peer) decided() bool {
	return q.gate != nil && !q.gate.Authenticated() && (q.gate.Refusal() != nil || q.gate.Admitted())
}

func (q *peer) authenticated() bool { return q.gate != nil && q.gate.Authenticated() }

// recv is the peer as a destination of messages sealed with origin authentication.
func (q *peer) recv() []spi.Receiver {
	if k := q.keys.Load(); k != nil {
		if r := (*k).Receiver(); r != nil {
			return []spi.Receiver{r}
		}
	}
	return nil
}

// reachable returns the locators we can send to, unicast or multicast ones.
func (p *Participant) reachable(ls []rtps.Locator, multicast bool) []rtps.Locator {
	var r []rtps.Locator
	for _, l := range ls {
		if l.IsMulticast() == multicast && p.conn.Reaches(l) && !slices.Contains(r, l) {
			r = append(r, l)
		}
	}
	return r
}

// unicast chooses where to reach a participant: one locator of those that can
// be reached (they lead to the same socket), or multicast when there is none.
func (p *Participant) unicast(unicast, multicast []rtps.Locator) []rtps.Locator {
	if r := p.reachable(unicast, false); len(r) > 0 {
		return r[:1]
	}
	if r := p.reachable(multicast, true); len(r) > 0 {
		return r[:1]
	}
	return nil
}

func (p *Participant) newPeer(d *discovery.ParticipantData) *peer {
	q := &peer{prefix: d.GUID.Prefix, guid: d.GUID, data: d}
	q.meta = p.metaOf(d, p.security == nil)
	q.user = p.unicast(d.DefaultUnicast, d.DefaultMulticast)
	q.multicast = p.reachable(d.DefaultMulticast, true)
	q.routes.Store(&map[rtps.EntityID][]route{})
	q.seen.Store(time.Now().UnixNano())
	return q
}

func (p *Participant) setPeers(change func(map[rtps.GUIDPrefix]*peer)) {
	m := maps.Clone(*p.peers.Load())
	change(m)
	p.peers.Store(&m)
}

// found begins with a new participant: the peer gate, or admission at once.
func (p *Participant) found(now time.Time, d *discovery.ParticipantData) {
	q := p.newPeer(d)
	p.setPeers(func(m map[rtps.GUIDPrefix]*peer) { m[q.prefix] = q })
	// It may have missed our announcement: answer at once, to it alone.
	if p.answers.Take(now) {
		p.announce(q.meta)
	}
	if p.security == nil {
		p.admit(now, q)
		return
	}
	q.gate = p.security.gate.NewPeer(admission.Remote{
		GUID: d.GUID, Vendor: d.Vendor,
		IdentityToken: d.IdentityToken, PermissionsToken: d.PermissionsToken, SecurityInfo: d.SecurityInfo, Algorithms: d.Algorithms,
	}, discovery.AppendParticipant(nil, false, p.participantData()))
	if why := p.shutOut(q.prefix); why != nil {
		q.gate.Shut(why, &p.adm)
		return
	}
	p.matchStateless(now, q)
	q.gate.Begin(now, &p.adm)
	p.begun(q, false)
}

// matchStateless lets the peer's stateless messages come in fragments.
//
// Interop: Cyclone DDS fragments what is larger than 1,344 octets.
func (p *Participant) matchStateless(now time.Time, q *peer) {
	k := pairKey{rtps.GUID{Prefix: p.guid.Prefix, Entity: rtps.EntityStatelessReader}, rtps.GUID{Prefix: q.prefix, Entity: rtps.EntityStatelessWriter}}
	pr := &pair{key: k, peer: q, reader: p.builtin.readers[rtps.EntityStatelessReader], locs: q.meta}
	p.pairs[k] = pr
	q.channels = append(q.channels, k)
	p.connect(now, pr)
}

// admit lets discovery look at the peer's endpoints.
func (p *Participant) admit(now time.Time, q *peer) {
	switch {
	case p.security == nil || q.authenticated():
		p.dir.Admit(now, q.prefix)
	case !p.dir.AdmitGuest(now, q.prefix):
		p.drop(dropStranger)
		return
	}
	q.admitted = true
	q.meta = p.metaOf(q.data, true)
	for _, ch := range channels {
		if ch.secure && !q.authenticated() {
			continue
		}
		p.matchChannel(now, q, ch)
	}
}

// matchChannel introduces our built-in endpoints to those the peer says it has.
func (p *Participant) matchChannel(now time.Time, q *peer, ch channel) {
	has := q.data.BuiltinEndpoints
	if has&ch.readerBit != 0 {
		p.matchBuiltin(now, q, ch.writer, ch.reader)
	}
	if has&ch.writerBit != 0 {
		p.matchBuiltin(now, q, ch.reader, ch.writer)
	}
}

func (p *Participant) matchBuiltin(now time.Time, q *peer, local, remote rtps.EntityID) {
	k := pairKey{rtps.GUID{Prefix: p.guid.Prefix, Entity: local}, rtps.GUID{Prefix: q.prefix, Entity: remote}}
	pr := &pair{
		key: k, peer: q, writer: p.builtin.writers[local], reader: p.builtin.readers[local],
		locs: q.meta, reliable: true, history: remote != rtps.EntityVolatileWriter && remote != rtps.EntityVolatileReader,
	}
	p.pairs[k] = pr
	q.channels = append(q.channels, k)
	if p.security == nil || !pr.secure() || local == rtps.EntityVolatileWriter || local == rtps.EntityVolatileReader {
		p.connect(now, pr)
		return
	}
	l := admission.Local{GUID: k.local, Attributes: p.security.perms().BuiltinAttributes(local), Crypto: pr.crypto()}
	pr.gate = q.gate.NewPair(now, l, admission.RemoteEndpoint{GUID: k.remote, Builtin: true}, &p.adm)
}

// believe takes what an authenticated peer has signed in place of what was
// announced in its name in clear: announcements are not heard from here on, and
// a forged one must not be the last. What cannot be used stays as announced.
func (p *Participant) believe(now time.Time, q *peer) {
	d, err := discovery.ParseParticipant(q.gate.Result.PData, false)
	if err != nil || d.GUID != q.guid {
		return
	}
	if d.Vendor == (rtps.VendorID{}) {
		d.Vendor = q.data.Vendor
	}
	if d.BuiltinEndpoints == 0 {
		d.BuiltinEndpoints = q.data.BuiltinEndpoints
	}
	if p.unicast(d.MetatrafficUnicast, d.MetatrafficMulticast) == nil {
		d.MetatrafficUnicast, d.MetatrafficMulticast = q.data.MetatrafficUnicast, q.data.MetatrafficMulticast
	}
	if p.unicast(d.DefaultUnicast, d.DefaultMulticast) == nil {
		d.DefaultUnicast, d.DefaultMulticast = q.data.DefaultUnicast, q.data.DefaultMulticast
	}
	p.dir.HandleParticipant(now, d, &p.events)
	p.relocated(now, q, d)
}

// lost forgets a participant. Discovery has unmatched its endpoints before.
func (p *Participant) lost(now time.Time, d *discovery.ParticipantData, why discovery.LostReason) {
	q := p.peer(d.GUID.Prefix)
	if q == nil {
		return
	}
	p.log.Debug("participant lost", slog.String("participant", d.GUID.String()), slog.String("reason", why.String()))
	if q.authenticated() {
		p.event(spi.SeverityNotice, "authentication", "participant gone", q, "", fmt.Errorf("%v", why))
		if why != discovery.Removed {
			p.rekeySoon(now)
		}
	}
	p.dropChannels(now, q)
	q.keys.Store(nil)
	if q.gate != nil {
		q.gate.Close()
	}
	p.setPeers(func(m map[rtps.GUIDPrefix]*peer) { delete(m, q.prefix) })
}

func (p *Participant) dropChannels(now time.Time, q *peer) {
	for _, k := range q.channels {
		p.disconnect(now, k)
	}
	q.channels = nil
}

// handleGate carries out what the security gates decided.
func (p *Participant) handleGate(now time.Time, e admission.Event) {
	q := p.peer(e.Peer.Remote.GUID.Prefix)
	if q == nil || q.gate != e.Peer {
		return // it left meanwhile
	}
	switch e.Kind {
	case admission.PeerAuthenticated:
		keys := e.Peer.Crypto
		q.keys.Store(&keys)
		q.term = p.clocks.term(now, q.gate.Lapses())
		p.authenticated(q)
		p.believe(now, q)
		p.matchChannel(now, q, volatileChannel)
		q.gate.Connected(now, &p.adm)
		p.admit(now, q)
	case admission.PeerUnauthenticated:
		p.event(spi.SeverityNotice, "authentication", "participant admitted without credentials", q, "", nil)
		p.admit(now, q)
	case admission.PeerRefused:
		p.verdict(q, "participant refused", e.Err)
	case admission.PeerReset:
		p.event(spi.SeverityNotice, "authentication", "participant authenticates anew", q, "", nil)
		p.dropChannels(now, q)
		p.rematch(now, q)
		p.matchStateless(now, q)
		q.keys.Store(nil)
	case admission.PeerKeys:
		p.event(spi.SeverityInfo, "cryptography", "participant keys received", q, "", nil)
	case admission.PeerRenewed:
		p.event(spi.SeverityNotice, "authentication", "participant renewed its credentials", q, "", nil)
		p.renewed(now, q)
	case admission.PeerSuspect:
		p.doubt(now, q)
	case admission.PeerNotice:
		p.verdict(q, "security message refused", e.Err)
	case admission.PairReady:
		if pr := p.pairs[pairKey{e.Pair.Local.GUID, e.Pair.Remote.GUID}]; pr != nil && pr.gate == e.Pair {
			p.connect(now, pr)
			p.matched(q, e.Pair)
		}
	case admission.PairRefused:
		p.refused(q, e.Pair.Local.GUID, e.Pair.Remote.GUID, e.Pair.Remote.Topic.Name, e.Err)
	}
}

// takeHandshake takes a message of the stateless topic.
func (p *Participant) takeHandshake(now time.Time, from rtps.GUIDPrefix, payload []byte) {
	msg, err := rtps.ParseGenericMessage(payload)
	if err != nil || msg.Identity.Source.Prefix != from {
		p.drop(dropMalformed)
		return
	}
	if q := p.peer(from); q == nil {
		p.security.gate.Heard(now, from, &p.adm)
	} else if q.gate != nil {
		q.gate.HandleStateless(now, &msg, &p.adm)
	}
}

func (p *Participant) sendHandshake(m *rtps.GenericMessage) {
	q := p.peer(m.DestinationParticipant.Prefix)
	if q == nil {
		return
	}
	payload := rtps.AppendGenericMessage(nil, m)
	if most := strangerReader.MaxSampleSize; len(payload) > most {
		if !q.tooLarge {
			q.tooLarge = true
			p.event(spi.SeverityError, "authentication", "handshake message not sent", q, "", &spi.Refusal{
				Document: "our own certificates and permissions", Rule: "size of a handshake message",
				Expected: fmt.Sprintf("at most %d octets", most), Found: fmt.Sprintf("%d", len(payload)),
				Remedy: "grant with expressions what the permissions list one by one",
			})
		}
		return
	}
	p.sendStateless(&p.builtin.stateless, rtps.EntityStatelessWriter, &reliable.Change{
		Time: rtps.TimeOf(time.Now()), Payload: payload,
	}, q.prefix, q.meta)
}

// takeTokens takes a message of the volatile-secure topic; only the holder of
// the key exchange key of that prefix can have sent it.
func (p *Participant) takeTokens(now time.Time, from rtps.GUIDPrefix, payload []byte) {
	msg, err := rtps.ParseGenericMessage(payload)
	q := p.peer(from)
	if err != nil || q == nil || q.gate == nil {
		p.drop(dropMalformed)
		return
	}
	q.gate.HandleVolatile(now, &msg, &p.adm)
	if pr := p.pairs[pairKey{msg.DestinationEndpoint, msg.SourceEndpoint}]; pr != nil && pr.gate != nil {
		pr.gate.HandleTokens(now, &p.adm)
	}
}

func (p *Participant) sendTokens(m *rtps.GenericMessage) {
	to := rtps.GUID{Prefix: m.DestinationParticipant.Prefix, Entity: rtps.EntityVolatileReader}
	p.builtin.writers[rtps.EntityVolatileWriter].publish(rtps.GUID{}, &reliable.Change{
		Time: rtps.TimeOf(time.Now()), Payload: rtps.AppendGenericMessage(nil, m), To: to,
	})
}

// A PeerInfo is what is known of a remote participant.
type PeerInfo struct {
	GUID          rtps.GUID
	Vendor        rtps.VendorID
	Name          string
	UserData      []byte // what it announced; not authenticated
	Admitted      bool   // its endpoints may be matched
	Authenticated bool   // by the security plugins
	Subject       string // of its certificate, once authenticated
	Refusal       error  // why it is kept out; nil: it is not, or not yet decided
}

// Peers returns the remote participants known.
func (p *Participant) Peers() []PeerInfo {
	var infos []PeerInfo
	p.call(func() {
		for _, q := range *p.peers.Load() {
			if q.prefix == p.guid.Prefix {
				continue
			}
			i := PeerInfo{GUID: q.guid, Vendor: q.data.Vendor, Name: q.data.EntityName, UserData: q.data.UserData, Admitted: q.admitted}
			if q.gate != nil {
				i.Admitted, i.Authenticated = q.gate.Admitted(), q.gate.Authenticated()
				i.Subject, i.Refusal = q.gate.Result.SubjectName, q.gate.Refusal()
			}
			infos = append(infos, i)
		}
	})
	return infos
}
