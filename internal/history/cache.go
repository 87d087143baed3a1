package history

import (
	"time"

	"github.com/secdds/dds/rtps"
)

// A CacheConfig is the part of a reader's QoS that its cache obeys. The zero
// CacheConfig is KEEP_ALL without limits, ownership shared.
type CacheConfig struct {
	// Depth is the depth of KEEP_LAST; 0 or less: KEEP_ALL. DDS 1.4, 2.2.3.18.
	Depth int
	// Limits; 0 or less: none. DDS 1.4, 2.2.3.19.
	MaxSamples, MaxInstances, MaxSamplesPerInstance int
	// Exclusive ownership. DDS 1.4, 2.2.3.9.
	Exclusive bool
}

// maxIdle is how many instances are remembered, for their owner and their
// generations, that are not alive and have no samples but still have writers.
const maxIdle = 256

// A record is one stored sample. It is in two lists: all samples of the cache
// and all samples of its instance, both in the order of reception.
type record struct {
	inst         *instance
	prev, next   *record // in the cache
	iprev, inext *record // in the instance

	payload    []byte
	lease      any
	source     time.Time
	reception  time.Time
	writer     rtps.GUID
	sn         rtps.SequenceNumber
	dgen, ngen int32
	read       bool
	valid      bool
}

// An instance is what is known of one key.
type instance struct {
	key        rtps.KeyHash
	state      InstanceState
	view       ViewState
	dgen, ngen int32
	writers    []rtps.GUID // those that registered it, by writing or disposing
	owner      rtps.GUID   // zero: none; of use under exclusive ownership only

	head, tail *record
	valid      int     // samples with data
	nread      int     // samples read, of all
	count      int     // samples, of all
	note       *record // the one sample without data, if any

	idlePrev, idleNext *instance // in Cache.idle
	idle               bool

	// Of the collection with that number, while it is being made:
	collection uint64
	rank       int32
	gen        int32
}

// A Cache is what a reader has received and the application has not taken.
//
// A change of state is told by one sample without data per instance, as
// DDS 1.4, 2.2.2.5.1 has it; a newer one replaces it. These samples are beyond
// Depth, MaxSamples and MaxSamplesPerInstance, so a full cache still learns
// that an instance is gone.
type Cache struct {
	cfg       CacheConfig
	instances map[rtps.KeyHash]*instance
	last      *instance // the one that was looked up last
	strength  map[rtps.GUID]int32

	head, tail *record
	unread     *record // no sample before it is unread
	samples    int     // with data
	total      int
	tally      [2][2][3]int // samples by sample, view and instance state

	perInstance []int // how many instances have that many samples with data
	most        int   // the most samples with data that an instance has

	idleHead, idleTail *instance
	idle               int

	collection uint64 // how many there were

	freeRecords   *record
	freeInstances *instance // linked by idleNext
	nfree, nfreeI int
}

// How many unused records and instances are kept for later: a history of 4,000
// samples may fill and drain again and again. A record is some 150 octets.
const (
	maxFreeRecords   = 4096
	maxFreeInstances = 1024
)

// NewCache returns an empty cache.
func NewCache(cfg CacheConfig) *Cache {
	return &Cache{
		cfg:       cfg,
		instances: make(map[rtps.KeyHash]*instance),
		strength:  make(map[rtps.GUID]int32),
	}
}

// Len returns the number of samples, those without data included.
func (c *Cache) Len() int { return c.total }

// Instances returns the number of instances known.
func (c *Cache) Instances() int { return len(c.instances) }

// Has reports whether Read would return something for q, Match aside where One
// is not set. Without One it costs the same for any number of samples.
func (c *Cache) Has(q Query) bool {
	q.normalize()
	if q.One {
		i := c.lookup(q.Key)
		return i != nil && i.count > 0 && q.View&i.view != 0 && q.Instance&i.state != 0 &&
			(q.Sample&NotRead != 0 && i.nread < i.count || q.Sample&Read != 0 && i.nread > 0)
	}
	for s := range 2 {
		for v := range 2 {
			for i := range 3 {
				if q.Sample&(1<<s) != 0 && q.View&(1<<v) != 0 && q.Instance&(1<<i) != 0 && c.tally[s][v][i] > 0 {
					return true
				}
			}
		}
	}
	return false
}

// Room returns how many more samples can be added whatever their instances, so
// that a reliable reader asks for no more than that; -1 means any number.
//
// Only KEEP_ALL has a limit here: KEEP_LAST replaces. MaxInstances does not
// count: taking samples would not let a new instance in as long as the known
// ones are alive, and waiting for that would keep back these, too.
func (c *Cache) Room() int {
	room := -1
	if c.cfg.Depth > 0 {
		return room
	}
	if c.cfg.MaxSamples > 0 {
		room = c.cfg.MaxSamples - c.samples
	}
	if c.cfg.MaxSamplesPerInstance > 0 {
		if r := c.cfg.MaxSamplesPerInstance - c.most; room < 0 || r < room {
			room = r
		}
	}
	return room
}

// state indices of tally.
func stateIndex(s InstanceState) int { return int(s >> 1) } // 1, 2, 4 -> 0, 1, 2

// tallies returns the places in the tally of the samples of i: read, not read.
func (c *Cache) tallies(i *instance) (read, unread *int) {
	v, s := (i.view-1)&1, stateIndex(i.state)
	return &c.tally[0][v][s], &c.tally[1][v][s]
}

// move gives i other states.
func (c *Cache) move(i *instance, view ViewState, state InstanceState) {
	read, unread := c.tallies(i)
	*read -= i.nread
	*unread -= i.count - i.nread
	i.view, i.state = view, state
	read, unread = c.tallies(i)
	*read += i.nread
	*unread += i.count - i.nread
}

// lookup returns the instance of key, or nil. It is mostly that of the call before.
func (c *Cache) lookup(key rtps.KeyHash) *instance {
	if i := c.last; i != nil && i.key == key {
		return i
	}
	i := c.instances[key]
	if i != nil {
		c.last = i
	}
	return i
}

// newInstance makes the instance of key, at the cost of an idle one where the
// limit wants that: accepts has said that there is one.
func (c *Cache) newInstance(key rtps.KeyHash) *instance {
	if c.cfg.MaxInstances > 0 && len(c.instances) >= c.cfg.MaxInstances {
		c.forget(c.idleHead)
	}
	i := c.freeInstances
	if i != nil {
		c.freeInstances, c.nfreeI = i.idleNext, c.nfreeI-1
		*i = instance{writers: i.writers[:0]}
	} else {
		i = &instance{}
	}
	i.key, i.view, i.state = key, New, Alive
	c.instances[key], c.last = i, i
	c.bump(-1, 0)
	return i
}

// bump moves an instance from one number of samples with data to another; -1
// stands for no instance.
func (c *Cache) bump(from, to int) {
	if from >= 0 {
		c.perInstance[from]--
	}
	if to >= 0 {
		for len(c.perInstance) <= to {
			c.perInstance = append(c.perInstance, 0)
		}
		c.perInstance[to]++
		c.most = max(c.most, to)
	}
	for c.most > 0 && c.perInstance[c.most] == 0 {
		c.most--
	}
}

// settle forgets i if nothing of it is worth keeping, or lists it as idle.
func (c *Cache) settle(i *instance) {
	empty := i.count == 0 && i.state != Alive
	switch {
	case empty && len(i.writers) == 0:
		c.forget(i)
	case empty && !i.idle:
		i.idle, i.idlePrev, i.idleNext = true, c.idleTail, nil
		if c.idleTail != nil {
			c.idleTail.idleNext = i
		} else {
			c.idleHead = i
		}
		c.idleTail = i
		if c.idle++; c.idle > maxIdle {
			c.forget(c.idleHead)
		}
	case !empty && i.idle:
		c.unidle(i)
	}
}

func (c *Cache) unidle(i *instance) {
	if !i.idle {
		return
	}
	if i.idlePrev != nil {
		i.idlePrev.idleNext = i.idleNext
	} else {
		c.idleHead = i.idleNext
	}
	if i.idleNext != nil {
		i.idleNext.idlePrev = i.idlePrev
	} else {
		c.idleTail = i.idlePrev
	}
	i.idle, i.idlePrev, i.idleNext = false, nil, nil
	c.idle--
}

// forget removes an instance without samples.
func (c *Cache) forget(i *instance) {
	if i.count != 0 {
		panic("BUG: an instance with samples is forgotten")
	}
	c.unidle(i)
	c.bump(0, -1)
	delete(c.instances, i.key)
	if c.last == i {
		c.last = nil
	}
	if c.nfreeI < maxFreeInstances {
		i.idleNext, c.freeInstances = c.freeInstances, i
		c.nfreeI++
	}
}
