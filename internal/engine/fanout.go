package engine

import (
	"bytes"
	"maps"
	"slices"

	"github.com/secdds/dds/internal/reliable"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A fanout is where a writer's samples go: an immutable snapshot.
type fanout struct {
	dests map[rtps.GUID]*dest
	all   []group // everyone: one group, but where the MACs would fill a message
	pack  int     // the least of the groups'
}

// A dest is one matched remote reader.
type dest struct {
	guid   rtps.GUID
	peer   *peer
	target target
	subs   []spi.Receiver
	kx     spi.SubmessageSealer
}

// A group is of readers that get the same messages.
type group struct {
	target target
	subs   []spi.Receiver // of submessages
	dests  []*dest
}

// with returns f with d added or replaced.
func (f *fanout) with(w *Writer, d *dest) *fanout {
	n := &fanout{dests: maps.Clone(f.dests)}
	if n.dests == nil {
		n.dests = make(map[rtps.GUID]*dest)
	}
	n.dests[d.guid] = d
	n.plan(w)
	return n
}

func (f *fanout) without(w *Writer, g rtps.GUID) *fanout {
	n := &fanout{dests: maps.Clone(f.dests)}
	delete(n.dests, g)
	n.plan(w)
	return n
}

// plan decides where samples for everyone go: to each participant's address
// once, or to the one multicast address they all share. With origin
// authentication each receiver has MACs of its own in a message, so that many
// of them get several messages, each for some. A participant with many readers
// may then hear a sample more than once, and takes the first.
func (f *fanout) plan(w *Writer) {
	dests := slices.SortedFunc(maps.Values(f.dests), func(a, b *dest) int {
		if c := bytes.Compare(a.guid.Prefix[:], b.guid.Prefix[:]); c != 0 {
			return c
		}
		return bytes.Compare(a.guid.Entity[:], b.guid.Entity[:])
	})
	all := group{target: target{pack: w.p.packTo(nil)}}
	for _, d := range dests {
		all.add(d)
	}
	all.share(w.p)
	f.pack = all.target.pack
	switch {
	case w.kx: // each is sent to alone
	case all.crowded(w):
		f.all = split(w, dests)
	default:
		f.all = []group{all}
	}
	for i := range f.all {
		f.pack = min(f.pack, f.all[i].target.pack)
	}
}

// split makes groups of which none is crowded. Nothing goes by multicast: all
// would hear every message, and most would find no MAC of theirs.
func split(w *Writer, dests []*dest) (groups []group) {
	for _, d := range dests {
		if n := len(groups); n > 0 {
			more := groups[n-1] // add appends behind what that one has
			more.add(d)
			if !more.crowded(w) {
				groups[n-1] = more
				continue
			}
		}
		g := group{target: target{pack: w.p.packTo(nil)}}
		g.add(d)
		groups = append(groups, g)
	}
	return groups
}

// add takes in one more reader. Those of one participant come one after the other.
func (g *group) add(d *dest) {
	to := &g.target
	for _, l := range d.target.locs {
		if !slices.Contains(to.locs, l) {
			to.locs = append(to.locs, l)
		}
	}
	switch n := len(g.dests); {
	case n == 0:
		to.prefix = d.peer.prefix
		to.recv = append(to.recv, d.target.recv...)
	case g.dests[n-1].peer != d.peer:
		to.prefix = rtps.GUIDPrefix{}
		to.recv = append(to.recv, d.target.recv...)
	}
	to.pack = min(to.pack, d.target.pack)
	g.subs = append(g.subs, d.subs...)
	g.dests = append(g.dests, d)
}

// share goes over to a multicast address that all participants have, if there
// are more than two.
func (g *group) share(p *Participant) {
	var multicast []rtps.Locator
	peers := 0
	for i, d := range g.dests {
		switch {
		case i == 0:
			multicast, peers = d.peer.multicast, 1
		case g.dests[i-1].peer != d.peer:
			multicast = intersect(multicast, d.peer.multicast)
			peers++
		}
	}
	if peers > 2 && len(multicast) > 0 {
		g.target.locs = multicast[:1]
		g.target.pack = p.packTo(g.target.locs)
	}
}

// adds is how many octets a message to the group has besides a payload.
func (g *group) adds(w *Writer) int { return w.adds(len(g.target.recv), len(g.subs)) }

// severalMACs reports whether the group takes more room than one reader.
func (g *group) severalMACs() bool { return len(g.target.recv) > 1 || len(g.subs) > 1 }

// crowded reports whether the MACs leave less than half of a message.
func (g *group) crowded(w *Writer) bool {
	pack := g.target.pack
	return g.severalMACs() && g.adds(w) > max(pack/2, reserveOf(pack, true))
}

// fits reports whether what is ordered can go to the group in messages that the
// transport carries. It may have been cut into fragments when the group was smaller.
func (g *group) fits(w *Writer, s *reliable.Send) bool {
	if !g.severalMACs() {
		return true
	}
	n := 0
	switch s.Kind {
	case reliable.SendData:
		n = len(s.Change.Payload)
	case reliable.SendFrag:
		n = min(int(s.FragSize), len(s.Change.Payload))
	}
	return n+g.adds(w) <= w.p.maxMessage
}

// adds is how many octets a message has besides a payload at most: headers, and
// what three levels of protection add for so many receivers of the message and
// of the submessage.
func (w *Writer) adds(recv, subs int) int {
	n := rtps.HeaderLen + infoDstLen + infoTSLen + dataFragLen + inlineQoSLen + w.payloadExtra()
	if w.submsg != nil {
		n += w.submsg.Overhead(subs)
	}
	switch {
	case w.onMessage && w.p.sealing != nil:
		n += w.p.sealing.sealer.Overhead(recv)
	case w.p.psk != nil:
		n += w.p.psk.sealer.Overhead(0)
	}
	return n
}

func intersect(a, b []rtps.Locator) []rtps.Locator {
	var both []rtps.Locator
	for _, l := range a {
		if slices.Contains(b, l) {
			both = append(both, l)
		}
	}
	return both
}
