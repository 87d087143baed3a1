package history

import "github.com/secdds/dds/rtps"

// instance returns the instance of key, or nil. It is mostly that of the call
// before: CanAdd asks for what is then added, and the next sample is likely of
// the same instance.
func (w *Writer) instance(key rtps.KeyHash) *writerInstance {
	if i := w.last; i != nil && i.key == key {
		return i
	}
	i := w.instances[key]
	if i != nil {
		w.last = i
	}
	return i
}

func (w *Writer) newInstance(key rtps.KeyHash) *writerInstance {
	i := w.freeInstances
	if i != nil {
		w.freeInstances, w.nfreeI = i.next, w.nfreeI-1
		*i = writerInstance{}
	} else {
		i = &writerInstance{}
	}
	i.key = key
	w.instances[key], w.last = i, i
	return i
}

// find returns the change numbered sn, or nil.
func (w *Writer) find(sn rtps.SequenceNumber) *change {
	for c := w.head; c != nil && c.sn <= sn; c = c.next {
		if c.sn == sn {
			return c
		}
	}
	return nil
}

func (w *Writer) append(i *writerInstance, sn rtps.SequenceNumber) {
	c := w.freeChanges
	if c != nil {
		w.freeChanges, w.nfree = c.next, w.nfree-1
	} else {
		c = &change{}
	}
	c.sn, c.inst, c.prev, c.next, c.iprev = sn, i, w.tail, nil, i.tail
	if w.tail != nil {
		w.tail.next = c
	} else {
		w.head = c
	}
	w.tail = c
	if i.tail != nil {
		i.tail.inext = c
	} else {
		i.head = c
	}
	i.tail = c
	i.count++
	w.count++
}

// evict takes c out and enters it in w.evicted. An instance without samples is
// kept only where it counts: registered, under MaxInstances.
func (w *Writer) evict(c *change) {
	i := c.inst
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		w.head = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	} else {
		w.tail = c.prev
	}
	if c.iprev != nil {
		c.iprev.inext = c.inext
	} else {
		i.head = c.inext
	}
	if c.inext != nil {
		c.inext.iprev = c.iprev
	} else {
		i.tail = c.iprev
	}
	i.count--
	w.count--
	w.evicted = append(w.evicted, c.sn)
	*c = change{}
	if w.nfree < maxFreeRecords {
		c.next, w.freeChanges = w.freeChanges, c
		w.nfree++
	}
	if i.count == 0 && (i.gone != 0 || w.cfg.MaxInstances <= 0) {
		w.setGone(i, 0)
		delete(w.instances, i.key)
		if w.last == i {
			w.last = nil
		}
		if w.nfreeI < maxFreeInstances {
			i.next, w.freeInstances = w.freeInstances, i
			w.nfreeI++
		}
	}
}
