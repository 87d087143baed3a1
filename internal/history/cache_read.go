package history

import (
	"slices"

	"github.com/secdds/dds/rtps"
)

// Read appends to dst the samples that q chooses, at most limit of them (0 or
// less: all), in the order of reception, and marks them as read. DDS 1.4, 2.2.2.5.3.8.
func (c *Cache) Read(dst []Entry, limit int, q Query) []Entry {
	return c.collect(dst, limit, q, false)
}

// Take does the same and removes them. DDS 1.4, 2.2.2.5.3.9.
func (c *Cache) Take(dst []Entry, limit int, q Query) []Entry {
	return c.collect(dst, limit, q, true)
}

func (c *Cache) collect(dst []Entry, limit int, q Query, take bool) []Entry {
	q.normalize()
	first := len(dst)
	r := c.head
	if q.One {
		r = nil
		if i := c.lookup(q.Key); i != nil {
			r = i.head
		}
	} else if q.Sample == NotRead {
		r = c.firstUnread()
	}
	for r != nil && (limit <= 0 || len(dst)-first < limit) {
		next := r.next
		if q.One {
			next = r.inext
		}
		if q.chooses(r) {
			dst = append(dst, Entry{})
			r.tell(&dst[len(dst)-1])
			if take {
				c.remove(r)
			} else {
				c.mark(r)
			}
		}
		r = next
	}
	c.finish(dst[first:])
	return dst
}

// firstUnread moves c.unread to the first unread sample and returns it.
func (c *Cache) firstUnread() *record {
	for c.unread != nil && c.unread.read {
		c.unread = c.unread.next
	}
	return c.unread
}

func (q *Query) chooses(r *record) bool {
	if r.state()&q.Sample == 0 || r.inst.view&q.View == 0 || r.inst.state&q.Instance == 0 {
		return false
	}
	if q.Match == nil {
		return true
	}
	info := r.info()
	return q.Match(r.payload, &info)
}

func (r *record) state() SampleState {
	if r.read {
		return Read
	}
	return NotRead
}

func (r *record) info() SampleInfo {
	var e Entry
	r.tell(&e)
	return e.Info
}

// tell enters what e, which is zero, is to say of r but for the ranks.
func (r *record) tell(e *Entry) {
	i := r.inst
	e.Payload, e.Lease, e.inst = r.payload, r.lease, i
	e.Info.SampleState, e.Info.ViewState, e.Info.InstanceState = r.state(), i.view, i.state
	e.Info.SourceTime, e.Info.ReceptionTime = r.source, r.reception
	e.Info.Instance, e.Info.Publication, e.Info.SN = i.key, r.writer, r.sn
	e.Info.DisposedGeneration, e.Info.NoWritersGeneration = r.dgen, r.ngen
	e.Info.ValidData = r.valid
}

func (c *Cache) mark(r *record) {
	if r.read {
		return
	}
	r.read = true
	r.inst.nread++
	read, unread := c.tallies(r.inst)
	*read++
	*unread--
}

// finish computes the ranks of a collection, from its end (DDS 1.4,
// 2.2.2.5.1.8 to .10), and makes its instances NOT_NEW.
func (c *Cache) finish(got []Entry) {
	c.collection++
	for k := len(got) - 1; k >= 0; k-- {
		e := &got[k]
		i, gen := e.inst, e.Info.DisposedGeneration+e.Info.NoWritersGeneration
		e.inst = nil
		if i.rank++; i.collection != c.collection { // the most recent of its instance
			i.collection, i.rank, i.gen = c.collection, 0, gen
			if i.view != NotNew {
				c.move(i, NotNew, i.state)
			}
			c.settle(i) // forgets it, at worst: what follows reads it even so
		}
		e.Info.SampleRank = i.rank
		e.Info.GenerationRank = i.gen - gen
		e.Info.AbsoluteGenerationRank = i.dgen + i.ngen - gen
	}
}

// NextInstance returns the instance with the lowest key above after that has
// samples q chooses (One and Match aside); with first set, the lowest of all.
// It looks at each instance. DDS 1.4, 2.2.2.5.3.16.
func (c *Cache) NextInstance(after rtps.KeyHash, first bool, q Query) (key rtps.KeyHash, ok bool) {
	q.One = true
	for k := range c.instances {
		if !first && slices.Compare(k[:], after[:]) <= 0 || ok && slices.Compare(k[:], key[:]) >= 0 {
			continue
		}
		if q.Key = k; c.Has(q) {
			key, ok = k, true
		}
	}
	return key, ok
}

// An InstanceInfo is what is known of an instance besides its samples.
type InstanceInfo struct {
	State   InstanceState
	View    ViewState
	Owner   rtps.GUID // under exclusive ownership; zero: nobody
	Writers int
	Samples int
}

// Instance returns what is known of key.
func (c *Cache) Instance(key rtps.KeyHash) (_ InstanceInfo, ok bool) {
	i := c.instances[key]
	if i == nil {
		return InstanceInfo{}, false
	}
	return InstanceInfo{State: i.state, View: i.view, Owner: i.owner, Writers: len(i.writers), Samples: i.count}, true
}
