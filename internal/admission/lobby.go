package admission

import (
	"bytes"
	"container/list"
	"time"

	"github.com/secdds/dds/rtps"
)

// A Stranger is a participant that announced itself and is not known.
type Stranger struct {
	Prefix       rtps.GUIDPrefix
	From         rtps.Locator // where the announcement came from
	Announcement []byte       // kept
}

// A lobby says whose turn it is. Strangers take turns at the handshake; the
// others wait, in three queues by what they have shown. Most turns go to those
// that keep coming, some to the others. Of a queue, first come those whose address
// and whose certificate's name (in the GUID: DDS-Security 1.1, 9.3.3) have the
// fewest turns already, of these, the one that has waited longest. So whoever
// invents many participants mostly competes with himself.
//
// A turn that leads nowhere ends when its time is over and someone waits.
type lobby struct {
	seats    map[rtps.GUIDPrefix]*guest // those that have their turn
	waiting  map[rtps.GUIDPrefix]*guest
	queues   [3]list.List // of waiting ones, the first to come in front
	called   int          // turns given
	refused  list.List    // of *Peer, the first to be refused in front
	bySource map[rtps.Locator]int
	byName   map[certName]int
	evictAt  time.Time // no turn can end before; zero: not known
	passers  passers
}

// The queues of those that wait.
const (
	queueSilent  = iota // announced themselves
	queueHeard          // sent a handshake message, too
	queueLasting        // something came from them later, or before, too
)

// lasting is how much later.
const lasting = 200 * time.Millisecond

// order returns in which order the queues are looked at for the next turn.
func (l *lobby) order() [3]int {
	switch {
	case l.called%8 == 7:
		return [3]int{queueSilent, queueLasting, queueHeard}
	case l.called%4 == 3:
		return [3]int{queueHeard, queueLasting, queueSilent}
	}
	return [3]int{queueLasting, queueHeard, queueSilent}
}

// A guest is a stranger in the lobby.
type guest struct {
	Stranger
	source rtps.Locator
	name   certName
	came   time.Time
	at     time.Time // when it came into its queue, or got its turn
	peer   *Peer     // when it has its turn
	heard  bool      // it sent a handshake message while it waited
	queue  int
	elem   *list.Element
}

// A certName is the part of a GUID prefix that follows from the certificate.
type certName [6]byte

func (l *lobby) init() {
	if l.seats == nil {
		l.seats, l.waiting = make(map[rtps.GUIDPrefix]*guest), make(map[rtps.GUIDPrefix]*guest)
		l.bySource, l.byName = make(map[rtps.Locator]int), make(map[certName]int)
	}
}

// Arrive takes an announcement of a participant that is not known. When it is
// its turn, now or later, the stranger is in Outbox.Turns: the caller makes a
// Peer of it, or calls Leave.
func (g *Gate) Arrive(now time.Time, s Stranger, out *Outbox) {
	l, b := &g.lobby, g.bounds()
	l.init()
	if l.seats[s.Prefix] != nil {
		return
	}
	if w := l.waiting[s.Prefix]; w != nil {
		if len(s.Announcement) <= maxWaitingAnnouncement {
			w.Announcement = s.Announcement
		}
		g.sign(now, w, out)
		return
	}
	w := &guest{Stranger: s, source: s.From, came: now}
	w.source.Port = 0
	copy(w.name[:], s.Prefix[:])
	if len(l.seats) < b.Handshakes && len(l.waiting) == 0 {
		g.seat(now, w, out)
		return
	}
	if len(s.Announcement) > maxWaitingAnnouncement {
		out.Overflow++
		return
	}
	queue := queueSilent
	if l.passers.saw(now, s.Prefix) {
		queue = queueLasting
	}
	g.wait(now, w, queue, out)
}

// Heard is called when a participant that is not known has sent a handshake
// message: it may be one that waits.
func (g *Gate) Heard(now time.Time, prefix rtps.GUIDPrefix, out *Outbox) {
	if w := g.lobby.waiting[prefix]; w != nil {
		w.heard = true
		g.sign(now, w, out)
	}
}

// sign is called when something has come from w, which waits.
func (g *Gate) sign(now time.Time, w *guest, out *Outbox) {
	q := w.queue
	switch {
	case now.Sub(w.came) >= lasting:
		q = queueLasting
	case w.heard:
		q = queueHeard
	}
	if q > w.queue {
		g.lobby.unwait(w)
		g.wait(now, w, q, out)
	}
}

// Leave forgets a stranger of which the caller made no Peer.
func (g *Gate) Leave(prefix rtps.GUIDPrefix) {
	if s := g.lobby.seats[prefix]; s != nil && s.peer == nil {
		g.lobby.unseat(s)
	}
}

// wait puts w into a queue, of which the first goes when it is full.
func (g *Gate) wait(now time.Time, w *guest, queue int, out *Outbox) {
	l := &g.lobby
	in := &l.queues[queue]
	l.waiting[w.Prefix] = w
	w.at, w.queue, w.elem = now, queue, in.PushBack(w)
	if in.Len() > max(1, g.bounds().Waiting/len(l.queues)) {
		first := in.Front().Value.(*guest)
		l.unwait(first)
		l.passers.note(now, first.Prefix)
		out.Overflow++
	}
	if l.bySource[w.source] == 0 || l.byName[w.name] == 0 {
		l.evictAt = time.Time{} // the turns of others may be shorter for it
	}
	g.callIn(now, out)
}

func (l *lobby) unwait(w *guest) {
	delete(l.waiting, w.Prefix)
	l.queues[w.queue].Remove(w.elem)
}

func (g *Gate) seat(now time.Time, s *guest, out *Outbox) {
	l := &g.lobby
	s.at = now
	l.seats[s.Prefix] = s
	l.bySource[s.source]++
	l.byName[s.name]++
	l.evictAt = time.Time{}
	l.called++
	out.Turns = append(out.Turns, s.Stranger)
	s.Announcement = nil
}

func (l *lobby) unseat(s *guest) {
	if l.seats[s.Prefix] != s {
		return
	}
	delete(l.seats, s.Prefix)
	decrement(l.bySource, s.source)
	decrement(l.byName, s.name)
}

func decrement[K comparable](m map[K]int, k K) {
	if m[k]--; m[k] <= 0 {
		delete(m, k)
	}
}

// callIn gives the turns that are free, or over, to those that wait.
func (g *Gate) callIn(now time.Time, out *Outbox) {
	l := &g.lobby
	for i := range l.queues {
		in := &l.queues[i]
		for e := in.Front(); e != nil && now.Sub(e.Value.(*guest).at) >= waitingFor; e = in.Front() {
			l.unwait(e.Value.(*guest))
		}
	}
	for len(l.waiting) > 0 {
		if len(l.seats) >= g.bounds().Handshakes {
			if now.Before(l.evictAt) {
				return
			}
			v := l.victim(now, l.next(), g.bounds().Handshakes)
			if v == nil {
				return
			}
			l.unseat(v)
			out.Evicted = append(out.Evicted, v.Prefix)
		}
		w := l.next()
		l.unwait(w)
		g.seat(now, w, out)
	}
}

// next returns who has the next turn of those that wait.
func (l *lobby) next() *guest {
	var in *list.List
	for _, q := range l.order() {
		if in = &l.queues[q]; in.Len() > 0 {
			break
		}
	}
	var best *guest
	var least [2]int
	for e := in.Front(); e != nil; e = e.Next() {
		w := e.Value.(*guest)
		n := [2]int{l.bySource[w.source], l.byName[w.name]}
		if best == nil || n[0] < least[0] || n[0] == least[0] && n[1] < least[1] {
			best, least = w, n
		}
		if least == [2]int{} {
			break
		}
	}
	return best
}

// victim returns whose turn is over, so that w can have it, or nil.
func (l *lobby) victim(now time.Time, w *guest, seats int) *guest {
	var first *guest
	var at time.Time
	for _, s := range l.seats {
		due := s.due()
		// Who has more than a quarter of the turns has no time to lose.
		if many := max(2, seats/4); l.bySource[s.source] > many && s.source != w.source || l.byName[s.name] > many && s.name != w.name {
			due = sooner(due, s.at.Add(patienceSilent))
		}
		if first == nil || due.Before(at) || due.Equal(at) && bytes.Compare(s.Prefix[:], first.Prefix[:]) < 0 {
			first, at = s, due
		}
	}
	if l.evictAt = at; first == nil || now.Before(at) {
		return nil
	}
	return first
}

// due is when the turn of s is over.
func (s *guest) due() time.Time {
	switch p := s.peer; {
	case p != nil && p.proven:
		return s.at.Add(patienceProven)
	case p != nil && !p.heard && !p.asked.IsZero():
		return p.asked.Add(patienceSilent)
	}
	return s.at.Add(patienceHeard)
}

// sooner returns the earlier of two times; zero is never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// enter connects a new Peer with its turn, if it came through the lobby.
func (g *Gate) enter(p *Peer) {
	if s := g.lobby.seats[p.Remote.GUID.Prefix]; s != nil && s.peer == nil {
		s.peer, p.turn, p.heard = p, s, s.heard
	}
}

// again asks for another turn for a Peer that had one. If there is none it is
// to be forgotten: then its next announcement waits with the others.
func (g *Gate) again(now time.Time, p *Peer, out *Outbox) bool {
	l := &g.lobby
	l.init()
	if g.unshelve(p); p.turn != nil {
		return true
	}
	if len(l.seats) >= g.bounds().Handshakes || len(l.waiting) > 0 {
		out.Evicted = append(out.Evicted, p.Remote.GUID.Prefix)
		return false
	}
	s := &guest{Stranger: Stranger{Prefix: p.Remote.GUID.Prefix}, source: p.source, at: now, peer: p}
	copy(s.name[:], s.Prefix[:])
	l.seats[s.Prefix] = s
	l.bySource[s.source]++
	l.byName[s.name]++
	p.turn = s
	return true
}

// leave ends the turn of p.
func (g *Gate) leave(p *Peer) {
	g.unshelve(p)
	if p.turn != nil {
		p.source = p.turn.source
		g.lobby.unseat(p.turn)
		p.turn = nil
	}
}

// shelve remembers p as refused; the one refused first is forgotten when there
// are too many.
func (g *Gate) shelve(p *Peer, out *Outbox) {
	g.leave(p)
	l := &g.lobby
	p.shelf = l.refused.PushBack(p)
	if l.refused.Len() > g.bounds().Refused {
		q := l.refused.Front().Value.(*Peer)
		g.unshelve(q)
		out.Evicted = append(out.Evicted, q.Remote.GUID.Prefix)
	}
}

func (g *Gate) unshelve(p *Peer) {
	if p.shelf != nil {
		g.lobby.refused.Remove(p.shelf)
		p.shelf = nil
	}
}

// Strangers returns how many strangers have their turn, how many wait for it
// and how many are remembered as refused.
func (g *Gate) Strangers() (turns, waiting, refused int) {
	return len(g.lobby.seats), len(g.lobby.waiting), g.lobby.refused.Len()
}
