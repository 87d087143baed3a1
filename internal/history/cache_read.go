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
		if r = nil; c.instances[q.Key] != nil {
			r = c.instances[q.Key].head
		}
	} else if q.Sample == NotRead {
		r = c.firstUnread()
	}
	for r != nil && (limit <= 0 || len(dst)-first < limit) {
		next := r.next
		if q.One {
			next = r.inext
		}
		if info := r.info(); q.chooses(r, &info) {
			dst = append(dst, Entry{Payload: r.sample.Payload, Info: info, inst: r.inst})
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

func (q *Query) chooses(r *record, info *SampleInfo) bool {
	if info.SampleState&q.Sample == 0 || info.ViewState&q.View == 0 || info.InstanceState&q.Instance == 0 {
		return false
	}
	if q.Match == nil {
		return true
	}
	mine := *info // so that info stays on the stack where there is no Match
	return q.Match(r.sample.Payload, &mine)
}

func (r *record) info() SampleInfo {
	state := NotRead
	if r.read {
		state = Read
	}
	return SampleInfo{
		SampleState: state, ViewState: r.inst.view, InstanceState: r.inst.state,
		SourceTime: r.sample.SourceTime, ReceptionTime: r.reception,
		Instance: r.inst.key, Publication: r.sample.Writer, SN: r.sample.SN,
		DisposedGeneration: r.dgen, NoWritersGeneration: r.ngen,
		ValidData: r.valid,
	}
}

func (c *Cache) mark(r *record) {
	if r.read {
		return
	}
	c.count(r.inst, -1)
	r.read = true
	r.inst.nread++
	c.count(r.inst, 1)
}

// finish computes the ranks of a collection, from its end (DDS 1.4,
// 2.2.2.5.1.8 to .10), and makes its instances NOT_NEW.
func (c *Cache) finish(got []Entry) {
	for k := range got {
		got[k].inst.rank = -1
	}
	for k := len(got) - 1; k >= 0; k-- {
		e := &got[k]
		i, gen := e.inst, e.Info.DisposedGeneration+e.Info.NoWritersGeneration
		if i.rank++; i.rank == 0 {
			i.gen = gen // this one is the most recent in the collection
		}
		e.Info.SampleRank = i.rank
		e.Info.GenerationRank = i.gen - gen
		e.Info.AbsoluteGenerationRank = i.dgen + i.ngen - gen
	}
	for k := range got {
		i := got[k].inst
		got[k].inst = nil
		if i.rank < 0 {
			continue // done at an earlier sample of it
		}
		i.rank = -1
		c.count(i, -1)
		i.view = NotNew
		c.count(i, 1)
		c.settle(i)
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
