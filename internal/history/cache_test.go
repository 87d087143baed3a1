package history

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
)

// A cacheTest is a script: every step checks the books, too.
type cacheTest struct {
	t   *testing.T
	c   *Cache
	now time.Time
	sn  rtps.SequenceNumber
}

func newCacheTest(t *testing.T, cfg CacheConfig) *cacheTest {
	return &cacheTest{t: t, c: NewCache(cfg), now: time.Unix(1000, 0)}
}

func key(k byte) rtps.KeyHash { return rtps.KeyHash{0: k} }
func writer(w byte) rtps.GUID {
	return rtps.GUID{Prefix: rtps.GUIDPrefix{w}, Entity: rtps.EntityID{0, 0, 1, 2}}
}

func (tt *cacheTest) add(want Verdict, w, k byte, ch Change, payload string) {
	tt.t.Helper()
	tt.sn++
	tt.now = tt.now.Add(time.Second)
	s := Sample{Writer: writer(w), Key: key(k), Change: ch, SN: tt.sn, SourceTime: tt.now.Add(-time.Millisecond), Payload: []byte(payload)}
	accepts := tt.c.Accepts(s.Writer, s.Key, ch)
	got := tt.c.Add(tt.now, s)
	require.Equal(tt.t, want, got)
	if ch == Write {
		require.Equal(tt.t, got, accepts)
	}
	require.Equal(tt.t, got.Rejected(), accepts.Rejected())
	tt.c.check(tt.t)
}

func (tt *cacheTest) write(w, k byte, payload string) {
	tt.t.Helper()
	tt.add(Stored, w, k, Write, payload)
}

func (tt *cacheTest) read(q Query) []Entry {
	has := tt.c.Has(q)
	got := tt.c.Read(nil, 0, q)
	if q.Match == nil {
		require.Equal(tt.t, len(got) > 0, has)
	}
	tt.c.check(tt.t)
	return got
}

func (tt *cacheTest) take(q Query) []Entry {
	has := tt.c.Has(q)
	got := tt.c.Take(nil, 0, q)
	if q.Match == nil {
		require.Equal(tt.t, len(got) > 0, has)
	}
	tt.c.check(tt.t)
	return got
}

// data is the payloads of entries; "-" stands for one without data.
func data(es []Entry) string {
	s := ""
	for _, e := range es {
		if e.Info.ValidData {
			s += string(e.Payload)
		} else {
			s += "-"
		}
	}
	return s
}

func TestOrderIsThatOfReception(t *testing.T) {
	tt := newCacheTest(t, CacheConfig{})
	tt.write(1, 1, "a")
	tt.write(2, 2, "b")
	tt.write(1, 1, "c")
	tt.write(2, 1, "d")
	require.Equal(t, "abcd", data(tt.read(Query{})))
	require.Equal(t, "acd", data(tt.read(Query{Key: key(1), One: true})))
	require.Equal(t, "ab", data(tt.c.Take(nil, 2, Query{})))
	require.Equal(t, "cd", data(tt.take(Query{})))
	require.Zero(t, tt.c.Len())
	require.Equal(t, 2, tt.c.Instances()) // alive ones are known still
}

// DDS 1.4, 2.2.3.18.
func TestKeepLastReplacesTheOldestOfTheInstance(t *testing.T) {
	tt := newCacheTest(t, CacheConfig{Depth: 2})
	tt.write(1, 1, "a")
	tt.write(1, 2, "x")
	tt.write(1, 1, "b")
	tt.write(1, 1, "c")
	tt.write(1, 1, "d")
	require.Equal(t, "xcd", data(tt.read(Query{})))
	require.Equal(t, -1, tt.c.Room())
}

// DDS 1.4, 2.2.2.5.1.2 and 2.2.2.5.1.4.
func TestSampleAndViewStates(t *testing.T) {
	tt := newCacheTest(t, CacheConfig{})
	tt.write(1, 1, "a")
	got := tt.read(Query{})
	require.Equal(t, NotRead, got[0].Info.SampleState)
	require.Equal(t, New, got[0].Info.ViewState)
	require.Equal(t, Alive, got[0].Info.InstanceState)

	tt.write(1, 1, "b")
	require.Equal(t, "b", data(tt.read(Query{Sample: NotRead})))
	require.Empty(t, tt.read(Query{Sample: NotRead}))
	got = tt.read(Query{Sample: Read})
	require.Equal(t, "ab", data(got))
	require.Equal(t, Read, got[1].Info.SampleState)
	require.Equal(t, NotNew, got[1].Info.ViewState)

	tt.write(1, 2, "c")
	require.Equal(t, "c", data(tt.read(Query{View: New})))
	require.Empty(t, tt.read(Query{View: New}))
	require.Empty(t, tt.read(Query{Instance: Disposed | NoWriters}))
	require.Equal(t, "abc", data(tt.take(Query{})))
}

// DDS 1.4, 2.2.2.5.1.3, .5 and .8 to .10: generations and ranks.
func TestGenerations(t *testing.T) {
	tt := newCacheTest(t, CacheConfig{})
	tt.write(1, 1, "a")
	tt.write(1, 1, "b")
	tt.add(Stored, 1, 1, Dispose, "k")
	tt.add(NoChange, 1, 1, Dispose, "k")
	tt.write(1, 1, "c") // reborn after a dispose
	tt.add(Stored, 1, 1, Unregister, "k")
	tt.write(1, 1, "d") // and after having no writers

	got := tt.c.Read(nil, 4, Query{}) // a b c d with the later note between c and d
	require.Equal(t, "abc-", data(got))
	type row struct{ d, n, sample, gen, abs int32 }
	rows := func(es []Entry) (out []row) {
		for _, e := range es {
			i := e.Info
			out = append(out, row{i.DisposedGeneration, i.NoWritersGeneration, i.SampleRank, i.GenerationRank, i.AbsoluteGenerationRank})
		}
		return out
	}
	require.Equal(t, []row{{0, 0, 3, 1, 2}, {0, 0, 2, 1, 2}, {1, 0, 1, 0, 1}, {1, 0, 0, 0, 1}}, rows(got))
	got = tt.take(Query{})
	require.Equal(t, "abc-d", data(got))
	require.Equal(t, []row{{0, 0, 4, 2, 2}, {0, 0, 3, 2, 2}, {1, 0, 2, 1, 1}, {1, 0, 1, 1, 1}, {1, 1, 0, 0, 0}}, rows(got))
	require.Equal(t, "k", string(got[3].Payload))
	require.Equal(t, Alive, got[3].Info.InstanceState) // the state is that of now

	// View state: reborn since the last access is NEW again.
	tt.write(1, 1, "e")
	require.Equal(t, NotNew, tt.take(Query{})[0].Info.ViewState)
	tt.add(Stored, 1, 1, Dispose, "")
	tt.write(1, 1, "f")
	require.Equal(t, New, tt.take(Query{})[0].Info.ViewState)
}

// A sample rank counts within the instance, also where collections are mixed.
func TestRanksAreByInstance(t *testing.T) {
	tt := newCacheTest(t, CacheConfig{})
	tt.write(1, 1, "a")
	tt.write(1, 2, "b")
	tt.write(1, 1, "c")
	tt.write(1, 3, "d")
	tt.write(1, 1, "e")
	var ranks []int32
	for _, e := range tt.read(Query{}) {
		ranks = append(ranks, e.Info.SampleRank)
		require.Nil(t, e.inst)
	}
	require.Equal(t, []int32{2, 0, 1, 0, 0}, ranks)
}

func TestInstanceWithoutWriters(t *testing.T) {
	tt := newCacheTest(t, CacheConfig{Depth: 1})
	tt.write(1, 1, "a")
	tt.write(2, 1, "b")
	tt.add(NoChange, 1, 1, Unregister, "k") // writer 2 writes it still
	tt.add(NoChange, 1, 1, Unregister, "k")
	tt.add(Stored, 2, 1, Unregister, "k")
	got := tt.take(Query{Instance: NoWriters})
	require.Equal(t, "b-", data(got))
	require.Equal(t, NoWriters, got[0].Info.InstanceState)
	require.False(t, got[1].Info.ValidData)
	require.Equal(t, writer(2), got[1].Info.Publication)
	require.Zero(t, tt.c.Instances()) // nothing of it is worth memory
	tt.add(NoChange, 2, 1, Unregister, "k")
	require.Zero(t, tt.c.Instances())
}

func TestWriterGone(t *testing.T) {
	tt := newCacheTest(t, CacheConfig{})
	tt.write(1, 3, "a")
	tt.write(1, 1, "b")
	tt.write(1, 2, "c")
	tt.write(2, 2, "d")
	tt.add(Stored, 1, 4, Dispose, "k")
	require.Len(t, tt.take(Query{}), 5)
	require.Equal(t, 2, tt.c.WriterGone(tt.now, writer(1)))
	tt.c.check(t)
	got := tt.take(Query{})
	require.Equal(t, "--", data(got))
	require.Equal(t, key(1), got[0].Info.Instance)
	require.Equal(t, key(3), got[1].Info.Instance)
	require.Equal(t, NoWriters, got[0].Info.InstanceState)
	require.Equal(t, 1, tt.c.Instances())
	require.Zero(t, tt.c.WriterGone(tt.now, writer(1)))
}

// DDS 1.4, 2.2.2.5.1.3: a disposed instance stays so when its writers go.
func TestDisposedStaysDisposed(t *testing.T) {
	tt := newCacheTest(t, CacheConfig{})
	tt.write(1, 1, "a")
	tt.add(Stored, 1, 1, DisposeUnregister, "k")
	info, ok := tt.c.Instance(key(1))
	require.True(t, ok)
	require.Equal(t, InstanceInfo{State: Disposed, View: New, Samples: 2}, info)
	require.Equal(t, "a-", data(tt.take(Query{Instance: Disposed})))
	_, ok = tt.c.Instance(key(1))
	require.False(t, ok)

	// A dispose of what was never written is told, as a late joiner needs it.
	tt.add(Stored, 1, 2, Dispose, "k")
	tt.add(NoChange, 1, 2, Unregister, "k")
	require.Equal(t, "-", data(tt.take(Query{Instance: Disposed})))
	require.Zero(t, tt.c.Instances())

	tt.write(1, 3, "a")
	tt.add(Stored, 1, 3, Unregister, "k")
	tt.add(Stored, 2, 3, Dispose, "k") // the note of having no writers is out of date
	require.Equal(t, "a-", data(tt.take(Query{})))
}

// DDS 1.4, 2.2.3.19 and 2.2.4.1 (SAMPLE_REJECTED).
func TestResourceLimits(t *testing.T) {
	tt := newCacheTest(t, CacheConfig{MaxSamples: 4, MaxInstances: 2, MaxSamplesPerInstance: 3})
	require.Equal(t, 3, tt.c.Room())
	tt.write(1, 1, "a")
	require.Equal(t, 2, tt.c.Room())
	tt.write(1, 1, "b")
	tt.write(1, 1, "c")
	require.Equal(t, 0, tt.c.Room())
	tt.add(RejectedBySamplesPerInstance, 1, 1, Write, "x")
	tt.write(1, 2, "d")
	tt.add(RejectedBySamples, 1, 2, Write, "x")
	tt.add(RejectedByInstances, 1, 3, Write, "x")
	tt.add(RejectedByInstances, 1, 3, Dispose, "x")
	tt.add(Stored, 1, 2, Dispose, "k") // takes no one's place
	require.Equal(t, "ab", data(tt.c.Take(nil, 2, Query{})))
	require.Equal(t, 2, tt.c.Room())
	require.Equal(t, "cd-", data(tt.take(Query{})))
	require.Equal(t, 3, tt.c.Room())

	// Instance 2 is disposed and empty: it gives way though its writer is there.
	require.Equal(t, 2, tt.c.Instances())
	tt.write(1, 3, "e")
	_, ok := tt.c.Instance(key(2))
	require.False(t, ok)
	tt.add(RejectedByInstances, 1, 4, Write, "x")
}

func TestKeepLastUnderMaxSamples(t *testing.T) {
	tt := newCacheTest(t, CacheConfig{Depth: 1, MaxSamples: 2})
	tt.write(1, 1, "a")
	tt.write(1, 2, "b")
	tt.add(RejectedBySamples, 1, 3, Write, "x")
	tt.write(1, 1, "c") // replaces its own
	require.Equal(t, "bc", data(tt.take(Query{})))
}

// DDS 1.4, 2.2.3.9.2.
func TestExclusiveOwnership(t *testing.T) {
	tt := newCacheTest(t, CacheConfig{Exclusive: true})
	tt.c.SetStrength(writer(1), 10)
	tt.c.SetStrength(writer(2), 20)
	owner := func() rtps.GUID { i, _ := tt.c.Instance(key(1)); return i.Owner }

	tt.write(1, 1, "a")
	tt.write(2, 1, "b") // stronger
	tt.add(NotOwner, 1, 1, Write, "x")
	tt.add(NotOwner, 1, 1, Dispose, "x")
	tt.add(NotOwner, 3, 1, Write, "x")
	tt.write(1, 2, "c") // ownership is by instance
	require.Equal(t, writer(2), owner())

	// It goes when the owner's strength falls, ...
	tt.c.SetStrength(writer(2), 5)
	tt.write(1, 1, "d")
	tt.add(NotOwner, 2, 1, Write, "x")
	// ... when the owner unregisters: the next to write has it, whatever its strength, ...
	tt.add(NoChange, 1, 1, Unregister, "")
	require.True(t, owner().IsZero())
	tt.write(3, 1, "e")
	tt.write(2, 1, "f")
	// ... when it vanishes, ...
	require.Zero(t, tt.c.WriterGone(tt.now, writer(2)))
	tt.write(3, 1, "g")
	// ... and when it misses its deadline.
	tt.c.SetStrength(writer(4), 1)
	tt.write(4, 1, "h")
	tt.add(NotOwner, 3, 1, Write, "x")
	tt.c.ReleaseOwner(key(1))
	tt.write(3, 1, "i")
	tt.add(Stored, 4, 1, Dispose, "")
	tt.add(NotOwner, 3, 1, DisposeUnregister, "")
	require.Equal(t, "abcdefghi-", data(tt.take(Query{})))
}

func TestExclusiveOwnershipTie(t *testing.T) {
	tt := newCacheTest(t, CacheConfig{Exclusive: true})
	tt.write(2, 1, "a")
	tt.add(NotOwner, 3, 1, Write, "x")
	tt.write(1, 1, "b") // the lower GUID
	tt.add(NotOwner, 2, 1, Write, "x")
}

func TestIdleInstancesAreBounded(t *testing.T) {
	tt := newCacheTest(t, CacheConfig{})
	for n := range 3 * maxIdle {
		k := rtps.KeyHash{byte(n), byte(n >> 8)}
		require.Equal(t, Stored, tt.c.Add(tt.now, Sample{Writer: writer(1), Key: k, Change: Dispose}))
		tt.c.Take(nil, 0, Query{})
	}
	tt.c.check(t)
	require.Equal(t, maxIdle, tt.c.Instances())

	// One that is remembered keeps its generations, and is idle no more.
	k := rtps.KeyHash{byte((3*maxIdle - 1) & 255), byte((3*maxIdle - 1) >> 8)}
	require.Equal(t, Stored, tt.c.Add(tt.now, Sample{Writer: writer(1), Key: k}))
	require.EqualValues(t, 1, tt.take(Query{})[0].Info.DisposedGeneration)
}

func TestMatchHasTheLastWord(t *testing.T) {
	tt := newCacheTest(t, CacheConfig{})
	for _, p := range []string{"a", "b", "a"} {
		tt.write(1, 1, p)
	}
	q := Query{Match: func(p []byte, i *SampleInfo) bool { return string(p) == "a" && i.ValidData }}
	require.Equal(t, "aa", data(tt.take(q)))
	require.Equal(t, "b", data(tt.read(Query{Sample: NotRead})))
}

func TestNextInstance(t *testing.T) {
	tt := newCacheTest(t, CacheConfig{})
	for _, k := range []byte{7, 3, 0, 5} {
		tt.write(1, k, "a")
	}
	tt.take(Query{Key: key(5), One: true})
	k, ok := tt.c.NextInstance(rtps.KeyHash{}, true, Query{})
	var got []byte
	for ; ok; k, ok = tt.c.NextInstance(k, false, Query{}) {
		got = append(got, k[0])
	}
	require.Equal(t, []byte{0, 3, 7}, got)
}

// The data path of a known instance allocates nothing.
func TestCacheAllocs(t *testing.T) {
	c := NewCache(CacheConfig{Depth: 4, MaxSamples: 8})
	payload := make([]byte, 8)
	now := time.Unix(1, 0)
	dst := make([]Entry, 0, 16)
	allocs := testing.AllocsPerRun(100, func() {
		for sn := range rtps.SequenceNumber(6) {
			c.Add(now, Sample{Writer: writer(1), Key: key(1), SN: sn, Payload: payload})
		}
		dst = c.Read(dst[:0], 2, Query{})
		dst = c.Take(dst[:0], 0, Query{})
	})
	require.Zero(t, allocs)
}

// FuzzCache does what the bytes say and checks every book after each step.
func FuzzCache(f *testing.F) {
	f.Add([]byte{2, 0, 0, 0, 0, 0x01, 0x41, 0x12, 0x80, 0x91, 0xe1})
	f.Add([]byte{0, 3, 2, 2, 1, 0x00, 0x10, 0x20, 0x41, 0x55, 0xa3, 0xc0, 0xf2})
	f.Fuzz(func(t *testing.T, ops []byte) {
		if len(ops) < 5 || len(ops) > 300 {
			return
		}
		cfg := CacheConfig{Depth: int(ops[0] % 4), MaxSamples: int(ops[1] % 8), MaxInstances: int(ops[2] % 4), MaxSamplesPerInstance: int(ops[3] % 4), Exclusive: ops[4]&1 != 0}
		if cfg.MaxSamplesPerInstance > 0 && cfg.Depth > cfg.MaxSamplesPerInstance {
			return // inconsistent QoS
		}
		c := NewCache(cfg)
		now := time.Unix(0, 0)
		for n, op := range ops[5:] {
			now = now.Add(time.Second)
			w, k := writer(1+op&3), key(op>>2&3)
			q := Query{Sample: SampleState(op & 3), View: ViewState(op >> 2 & 3), Instance: InstanceState(n & 7), Key: k, One: n&8 != 0}
			switch op >> 4 {
			case 0, 1, 2, 3, 4, 5, 6:
				room := c.Room()
				accepts := c.Accepts(w, k, Write)
				v := c.Add(now, Sample{Writer: w, Key: k, SN: rtps.SequenceNumber(n), Payload: []byte{op}})
				require.Equal(t, accepts, v)
				if room != 0 {
					require.True(t, cfg.Depth > 0 || !v.Rejected() || v == RejectedByInstances, "Room said %d, then %d", room, v)
				}
			case 7, 8:
				c.Add(now, Sample{Writer: w, Key: k, Change: Dispose})
			case 9, 10:
				c.Add(now, Sample{Writer: w, Key: k, Change: Unregister})
			case 11:
				c.Add(now, Sample{Writer: w, Key: k, Change: DisposeUnregister})
			case 12:
				c.WriterGone(now, w)
			case 13:
				c.SetStrength(w, int32(op>>2&3))
				c.ReleaseOwner(k)
			default:
				limit := n % 4
				want := c.choose(q, limit)
				require.Equal(t, len(c.choose(q, 0)) > 0, c.Has(q))
				before := c.Len()
				var got []Entry
				if op>>4 == 14 {
					got = c.Read(nil, limit, q)
					require.Equal(t, before, c.Len())
				} else {
					got = c.Take(nil, limit, q)
					require.Equal(t, before-len(got), c.Len())
				}
				var infos []SampleInfo
				for i := range got {
					s := got[i].Info
					require.GreaterOrEqual(t, s.AbsoluteGenerationRank, s.GenerationRank)
					require.GreaterOrEqual(t, s.GenerationRank, int32(0))
					s.SampleRank, s.GenerationRank, s.AbsoluteGenerationRank = 0, 0, 0
					infos = append(infos, s)
				}
				require.Equal(t, want, infos)
			}
			c.check(t)
		}
	})
}

// choose is the plainest form of a query: all samples, each asked.
func (c *Cache) choose(q Query, limit int) (out []SampleInfo) {
	for r := c.head; r != nil && (limit <= 0 || len(out) < limit); r = r.next {
		i := r.info()
		if q.One && i.Instance != q.Key || q.Sample != 0 && i.SampleState&q.Sample == 0 ||
			q.View != 0 && i.ViewState&q.View == 0 || q.Instance != 0 && i.InstanceState&q.Instance == 0 {
			continue
		}
		out = append(out, i)
	}
	return out
}
