package history

import (
	"slices"
	"time"

	"github.com/secdds/dds/rtps"
)

// Add takes a sample received at now. What is not Stored leaves the payload
// with the caller. A Rejected sample changed nothing.
func (c *Cache) Add(now time.Time, s Sample) Verdict {
	i := c.lookup(s.Key)
	if s.Change == Unregister {
		if i != nil {
			return c.unregister(now, i, &s)
		}
		return NoChange // nobody was told of it, so nobody is told of its end
	}
	v := c.accepts(i, &s.Writer, s.Change)
	if v.Rejected() {
		return v
	}
	if i == nil {
		i = c.newInstance(s.Key)
	}
	if !slices.Contains(i.writers, s.Writer) {
		i.writers = append(i.writers, s.Writer)
	}
	if v == NotOwner {
		if s.Change == DisposeUnregister {
			c.leave(i, s.Writer) // the owner stays, so the state does too
		}
		return NotOwner
	}
	if c.cfg.Exclusive {
		i.owner = s.Writer
	}
	switch s.Change {
	case Write:
		c.revive(i)
		if c.cfg.Depth > 0 && i.valid >= c.cfg.Depth {
			c.remove(i.firstValid()) // DDS 1.4, 2.2.3.18: the oldest makes room
		}
		c.push(now, i, &s, true)
		c.settle(i)
		return Stored
	case DisposeUnregister:
		v := c.dispose(now, i, &s)
		c.leave(i, s.Writer)
		c.settle(i)
		return v
	}
	return c.dispose(now, i, &s)
}

// Accepts says what the limits and the ownership would say to a sample,
// without changing anything: Stored, NotOwner or why it would be rejected.
func (c *Cache) Accepts(writer rtps.GUID, key rtps.KeyHash, change Change) Verdict {
	if change == Unregister {
		return Stored
	}
	return c.accepts(c.lookup(key), &writer, change)
}

// accepts is Accepts of a change of i (nil: a new instance) that is not Unregister.
func (c *Cache) accepts(i *instance, writer *rtps.GUID, change Change) Verdict {
	if i == nil && c.cfg.MaxInstances > 0 && len(c.instances) >= c.cfg.MaxInstances && c.idleHead == nil {
		return RejectedByInstances
	}
	if i != nil && c.cfg.Exclusive && !c.owns(i, *writer) {
		return NotOwner
	}
	if change != Write {
		return Stored
	}
	n := 0
	if i != nil {
		n = i.valid
	}
	switch {
	case c.cfg.Depth > 0 && n >= c.cfg.Depth:
		return Stored // it replaces one
	case c.cfg.MaxSamplesPerInstance > 0 && n >= c.cfg.MaxSamplesPerInstance:
		return RejectedBySamplesPerInstance
	case c.cfg.MaxSamples > 0 && c.samples >= c.cfg.MaxSamples:
		return RejectedBySamples
	}
	return Stored
}

// owns reports whether writer owns i or would by writing it. DDS 1.4,
// 2.2.3.9.2: the highest strength; all readers shall decide a tie alike, so
// the lower GUID wins, as with Cyclone DDS and Fast DDS.
func (c *Cache) owns(i *instance, writer rtps.GUID) bool {
	if i.owner.IsZero() || i.owner == writer {
		return true
	}
	a, b := c.strength[writer], c.strength[i.owner]
	return a > b || a == b && writer.Compare(i.owner) < 0
}

// SetStrength sets the OWNERSHIP_STRENGTH of a writer, which is 0 before. It
// is forgotten by WriterGone.
func (c *Cache) SetStrength(writer rtps.GUID, strength int32) {
	if strength == 0 {
		delete(c.strength, writer)
		return
	}
	c.strength[writer] = strength
}

// ReleaseOwner lets the next writer have an instance whose owner has missed
// its deadline. DDS 1.4, 2.2.3.9.2.
func (c *Cache) ReleaseOwner(key rtps.KeyHash) {
	if i := c.instances[key]; i != nil {
		i.owner = rtps.GUID{}
	}
}

// WriterGone unregisters every instance of a writer that left, was lost or is
// no longer alive. It returns how many instances changed their state. It looks
// at each instance.
func (c *Cache) WriterGone(now time.Time, writer rtps.GUID) int {
	delete(c.strength, writer)
	// In the order of keys, as that of a map differs from run to run.
	var keys []rtps.KeyHash
	for k, i := range c.instances {
		if slices.Contains(i.writers, writer) {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b rtps.KeyHash) int { return slices.Compare(a[:], b[:]) })
	n := 0
	for _, k := range keys {
		s := Sample{Writer: writer, Key: k, Change: Unregister, SourceTime: now}
		if c.unregister(now, c.instances[k], &s) == Stored {
			n++
		}
	}
	return n
}

// revive makes i alive: a new generation if it was not. DDS 1.4, 2.2.2.5.1.5.
func (c *Cache) revive(i *instance) {
	switch i.state {
	case Alive:
		return
	case Disposed:
		i.dgen++
	case NoWriters:
		i.ngen++
	}
	c.move(i, New, Alive)
}

// dispose makes i NOT_ALIVE_DISPOSED, whatever it was. DDS 1.4, 2.2.2.5.1.3.
func (c *Cache) dispose(now time.Time, i *instance, s *Sample) Verdict {
	if i.state == Disposed {
		return NoChange
	}
	c.end(now, i, s, Disposed)
	return Stored
}

// unregister ends a writer's part in i. DDS 1.4, 2.2.2.5.1.3: only an instance
// that is alive becomes NOT_ALIVE_NO_WRITERS; a disposed one stays disposed.
func (c *Cache) unregister(now time.Time, i *instance, s *Sample) Verdict {
	if !c.leave(i, s.Writer) || len(i.writers) > 0 || i.state != Alive {
		c.settle(i)
		return NoChange
	}
	c.end(now, i, s, NoWriters)
	return Stored
}

// leave takes writer off i and reports whether it was there.
func (c *Cache) leave(i *instance, writer rtps.GUID) bool {
	k := slices.Index(i.writers, writer)
	if k < 0 {
		return false
	}
	i.writers = slices.Delete(i.writers, k, k+1)
	if i.owner == writer {
		i.owner = rtps.GUID{}
	}
	return true
}

// end gives i a state that is not alive, and tells it.
func (c *Cache) end(now time.Time, i *instance, s *Sample, state InstanceState) {
	c.move(i, i.view, state)
	if i.note != nil {
		c.remove(i.note)
	}
	c.push(now, i, s, false)
	i.note = i.tail
	c.settle(i)
}

// push appends a sample.
func (c *Cache) push(now time.Time, i *instance, s *Sample, valid bool) {
	r := c.freeRecords
	if r != nil {
		c.freeRecords, c.nfree = r.next, c.nfree-1
	} else {
		r = &record{}
	}
	// Field by field: a literal would be made elsewhere and copied.
	r.inst, r.prev, r.next, r.iprev = i, c.tail, nil, i.tail
	r.payload, r.lease, r.source, r.reception = s.Payload, s.Lease, s.SourceTime, now
	r.writer, r.sn = s.Writer, s.SN
	r.dgen, r.ngen, r.valid = i.dgen, i.ngen, valid
	if c.tail != nil {
		c.tail.next = r
	} else {
		c.head = r
	}
	c.tail = r
	if i.tail != nil {
		i.tail.inext = r
	} else {
		i.head = r
	}
	i.tail = r
	if c.unread == nil {
		c.unread = r
	}
	_, unread := c.tallies(i)
	*unread++
	i.count++
	c.total++
	if valid {
		c.samples++
		i.valid++
		c.bump(i.valid-1, i.valid)
	}
}

// remove takes r out of both lists. The instance stays.
func (c *Cache) remove(r *record) {
	i := r.inst
	if r.prev != nil {
		r.prev.next = r.next
	} else {
		c.head = r.next
	}
	if r.next != nil {
		r.next.prev = r.prev
	} else {
		c.tail = r.prev
	}
	if r.iprev != nil {
		r.iprev.inext = r.inext
	} else {
		i.head = r.inext
	}
	if r.inext != nil {
		r.inext.iprev = r.iprev
	} else {
		i.tail = r.iprev
	}
	if c.unread == r {
		c.unread = r.next
	}
	read, unread := c.tallies(i)
	if r.read {
		*read--
		i.nread--
	} else {
		*unread--
	}
	i.count--
	c.total--
	if r.valid {
		c.samples--
		i.valid--
		c.bump(i.valid+1, i.valid)
	}
	if i.note == r {
		i.note = nil
	}
	*r = record{}
	if c.nfree < maxFreeRecords {
		r.next, c.freeRecords = c.freeRecords, r
		c.nfree++
	}
}

// firstValid returns the oldest sample with data. At most one without is before it.
func (i *instance) firstValid() *record {
	r := i.head
	for r != nil && !r.valid {
		r = r.inext
	}
	return r
}
