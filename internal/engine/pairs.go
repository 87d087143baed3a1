package engine

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/secdds/dds/internal/admission"
	"github.com/secdds/dds/internal/discovery"
	"github.com/secdds/dds/internal/reliable"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

type pairKey struct{ local, remote rtps.GUID }

// A pair is a local and a remote endpoint that are to be connected.
type pair struct {
	key      pairKey
	peer     *peer
	writer   *Writer // one of them is the local cell
	reader   *Reader
	locs     []rtps.Locator
	reliable bool // the remote side is
	history  bool // the remote side is transient local or better
	strength int32
	lease    time.Duration   // of the remote writer's liveliness; zero: it cannot be lost
	dead     bool            // that liveliness was lost when they met
	topic    spi.Topic       // what the remote side says of itself
	src      *source         // the remote writer, once connected
	gate     *admission.Pair // nil: no security
	self     spi.PairCrypto  // keys of a pair within this participant
	why      error           // it was refused before the gate was asked
	joined   bool
}

func (pr *pair) secure() bool {
	if pr.writer != nil {
		return pr.writer.guid.Entity[0] == 0xff
	}
	return pr.reader.guid.Entity[0] == 0xff
}

func (pr *pair) crypto() spi.EndpointCrypto {
	if pr.writer != nil {
		return pr.writer.crypto
	}
	return pr.reader.crypto
}

func (pr *pair) keys() spi.PairCrypto {
	if pr.self != nil {
		return pr.self
	}
	if pr.gate != nil {
		return pr.gate.Crypto
	}
	return nil
}

// connect lets data flow between the endpoints of a pair.
func (p *Participant) connect(now time.Time, pr *pair) {
	if pr.joined {
		return
	}
	q := pr.peer
	var subs []spi.Receiver
	var opener spi.PayloadOpener
	if k := pr.keys(); k != nil {
		if r := k.Receiver(); r != nil {
			subs = []spi.Receiver{r}
		}
		opener = k.Payload()
	}
	to := target{prefix: q.prefix, locs: pr.locs, recv: q.recv(), pack: p.packTo(pr.locs)}
	if pr.reader != nil && pr.reader.sealed && opener == nil {
		p.report(q, spi.SecurityEvent{
			Severity: spi.SeverityError, Plugin: "cryptography", What: "keys missing", Local: pr.key.local, Remote: pr.key.remote,
			Topic: pr.topic.Name, Expected: "keys to open the payloads of this writer", Found: "none",
		})
		return
	}
	var kx spi.SubmessageSealer
	if k := q.keys.Load(); k != nil {
		kx = (*k).Kx()
	}
	pr.joined = true
	if w := pr.writer; w != nil {
		w.match(now, &dest{guid: pr.key.remote, peer: q, target: to, subs: subs, kx: kx},
			reliable.ReaderInfo{GUID: pr.key.remote, Reliable: pr.reliable, WantsHistory: pr.history})
		return
	}
	src := &source{guid: pr.key.remote, peer: q, target: to, opener: opener, subs: subs, kx: kx, strength: pr.strength, sealsWhole: q.data.Vendor == rtps.VendorOpenDDS}
	if v := q.data.Vendor; pr.reader.onMessage && (v == rtps.VendorSecdds || v == rtps.VendorFast) {
		// Of the open topics too: these vendors seal them, what comes in clear is
		// forged. Cyclone DDS does not, and of others it is not known.
		src.requires = shieldMessage
	}
	if src.pulse = new(pulse); pr.src != nil {
		src.pulse = pr.src.pulse
		q.removeRoute(pr.key.remote.Entity, pr.reader)
	} else {
		src.pulse.lease = pr.lease
		src.pulse.dead.Store(pr.dead)
	}
	pr.src = src
	q.addRoute(pr.key.remote.Entity, route{pr.reader, src})
	pr.reader.match(now, src, reliable.WriterInfo{GUID: pr.key.remote, Reliable: pr.reliable, TransientLocal: pr.history})
}

// disconnect ends what connect began, and forgets the pair and its keys.
func (p *Participant) disconnect(now time.Time, k pairKey) {
	pr := p.pairs[k]
	if pr == nil {
		return
	}
	delete(p.pairs, k)
	if pr.joined {
		if pr.writer != nil {
			pr.writer.unmatch(now, k.remote)
		} else {
			pr.peer.removeRoute(k.remote.Entity, pr.reader)
			pr.reader.unmatch(now, k.remote)
		}
	}
	if pr.gate != nil {
		pr.gate.Close()
	}
	if pr.self != nil {
		pr.self.Close()
	}
}

func (q *peer) addRoute(writer rtps.EntityID, r route) {
	m := maps.Clone(*q.routes.Load())
	m[writer] = append(slices.Clone(m[writer]), r)
	q.routes.Store(&m)
}

func (q *peer) removeRoute(writer rtps.EntityID, cell *Reader) {
	m := maps.Clone(*q.routes.Load())
	m[writer] = slices.DeleteFunc(slices.Clone(m[writer]), func(r route) bool { return r.cell == cell })
	if len(m[writer]) == 0 {
		delete(m, writer)
	}
	q.routes.Store(&m)
}

// compatible takes two endpoints that discovery found to match to the match gate.
func (p *Participant) compatible(now time.Time, local, remote *discovery.EndpointData, alive bool) {
	e, q := p.local[local.GUID], p.peer(remote.GUID.Prefix)
	if e == nil || q == nil {
		return
	}
	k := pairKey{local.GUID, remote.GUID}
	pr := &pair{key: k, peer: q, writer: e.writer, reader: e.reader, dead: !alive}
	pr.describe(p, remote)
	p.pairs[k] = pr
	switch {
	case p.security == nil:
		p.connect(now, pr)
	case q.prefix == p.guid.Prefix:
		p.connectSelf(now, e, pr)
	case e.attrs.DiscoveryProtected && !remote.Secure:
		pr.why = &spi.Refusal{
			Document: "governance", Rule: "enable_discovery_protection",
			Expected: "true: announced by protected discovery", Found: "it was announced by unprotected discovery",
		}
		p.refused(q, local.GUID, remote.GUID, remote.Topic, pr.why)
	case e.barred != nil:
		pr.why = fmt.Errorf("our own endpoint is no longer allowed: %w", e.barred)
	default:
		l := admission.Local{GUID: local.GUID, Attributes: e.attrs, Crypto: e.crypto}
		pr.gate = q.gate.NewPair(now, l, admission.RemoteEndpoint{GUID: remote.GUID, Topic: pr.topic, SecurityInfo: remote.SecurityInfo}, &p.adm)
	}
}

// topicOf is what access control is asked about.
func topicOf(d *discovery.EndpointData) spi.Topic {
	return spi.Topic{Name: d.Topic, Type: d.Type, Partitions: partitions(d), Tags: dataTags(d)}
}

// describe takes over what the remote endpoint announces of itself.
func (pr *pair) describe(p *Participant, remote *discovery.EndpointData) {
	pr.locs = pr.peer.user
	if l := p.unicast(remote.Unicast, remote.Multicast); len(l) > 0 {
		pr.locs = l
	}
	pr.topic = topicOf(remote)
	if w := remote.Writer; w != nil {
		pr.reliable, pr.history, pr.strength = w.Reliability.Reliable, w.Durability != qos.Volatile, w.Strength
		pr.lease = leaseOf(w.Liveliness)
	} else {
		pr.reliable, pr.history = remote.Reader.Reliability.Reliable, remote.Reader.Durability != qos.Volatile
	}
}

func (p *Participant) incompatible(local rtps.GUID, remote *discovery.EndpointData, why discovery.Mismatch, policies []qos.ID) {
	e := p.local[local]
	if e == nil {
		return
	}
	p.log.Info("endpoints do not match", slog.String("topic", remote.Topic), slog.String("local", local.String()),
		slog.String("remote", remote.GUID.String()), slog.String("reason", why.String()), slog.Any("policies", policies))
	if why != discovery.PolicyMismatch {
		return
	}
	if e.writer != nil {
		e.writer.addIncompatible(policies)
	} else {
		e.reader.addIncompatible(policies)
	}
}

func (p *Participant) unmatched(now time.Time, local, remote rtps.GUID) {
	p.disconnect(now, pairKey{local, remote})
}

// rematch starts all pairs with a peer over, since its keys are new.
func (p *Participant) rematch(now time.Time, q *peer) {
	type two struct{ local, remote *discovery.EndpointData }
	var again []two
	for k := range p.pairs {
		if k.remote.Prefix == q.prefix {
			if e, d := p.local[k.local], p.dir.Endpoint(k.remote); e != nil && d != nil {
				again = append(again, two{e.data, d})
			}
			p.disconnect(now, k)
		}
	}
	for _, t := range again {
		p.events = append(p.events, discovery.Compatible{Local: t.local, Remote: t.remote, Alive: p.dir.Alive(t.remote.GUID)})
	}
}
