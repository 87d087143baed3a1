package history

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/secdds/dds/rtps"
)

// keysOf returns the key hashes of n instances whose key is an int32.
func keysOf(n int) []rtps.KeyHash {
	keys := make([]rtps.KeyHash, n)
	for i := range keys {
		binary.BigEndian.PutUint32(keys[i][:], uint32(i))
	}
	return keys
}

// A bookLoad writes as an engine does: it asks for room, adds, and hears of
// acknowledgements every now and then.
type bookLoad struct {
	cfg  WriterConfig
	keys []rtps.KeyHash // written in turn
	lot  int            // samples acknowledged at once
}

func (l bookLoad) String() string {
	depth := "KeepAll"
	if l.cfg.Depth > 0 {
		depth = fmt.Sprintf("KeepLast%d", l.cfg.Depth)
	}
	return fmt.Sprintf("%s/%dinstances", depth, len(l.keys))
}

// write writes the sample sn.
func (l *bookLoad) write(w *Writer, sn rtps.SequenceNumber) {
	key := l.keys[int(sn)%len(l.keys)]
	if w.CanAdd(key) != Free {
		panic("no room")
	}
	w.Add(key, sn)
	if int(sn)%l.lot == 0 {
		w.Acked(sn - 1) // the one just written is still on its way
	} else {
		w.Acked(0)
	}
}

func bookLoads() []bookLoad {
	var loads []bookLoad
	all := WriterConfig{MaxSamples: 4000, Volatile: true}
	for _, cfg := range []WriterConfig{all, {Depth: 1}, {Depth: 8}} {
		for _, n := range []int{1, 8, 1000} {
			loads = append(loads, bookLoad{cfg, keysOf(n), 500})
		}
	}
	return loads
}

func BenchmarkWriterBook(b *testing.B) {
	for _, l := range bookLoads() {
		b.Run(l.String(), func(b *testing.B) {
			b.ReportAllocs()
			w, sn := NewWriter(l.cfg), rtps.SequenceNumber(0)
			for b.Loop() {
				sn++
				l.write(w, sn)
			}
		})
	}
}

// A cacheLoad receives a lot of samples and then takes, or reads and takes, them.
type cacheLoad struct {
	name string
	cfg  CacheConfig
	keys []rtps.KeyHash
	fill int // samples received in a row
	lot  int // samples taken at once
}

func cacheLoads() []cacheLoad {
	all := CacheConfig{MaxSamples: 4000}
	return []cacheLoad{
		{"KeepAll/lone", all, keysOf(1), 1, 1},
		{"KeepAll/1instances", all, keysOf(1), 256, 256},
		{"KeepAll/8instances", all, keysOf(8), 256, 256},
		{"KeepAll/1000instances", all, keysOf(1000), 256, 256},
		{"KeepAll/full", all, keysOf(1), 4000, 256},
		{"KeepLast1/1instances", CacheConfig{Depth: 1}, keysOf(1), 4, 1},
		{"KeepLast8/1000instances", CacheConfig{Depth: 8}, keysOf(1000), 256, 256},
	}
}

// A cacheRun carries a cacheLoad out.
type cacheRun struct {
	cacheLoad
	c       *Cache
	now     time.Time
	payload []byte
	dst     []Entry
	sn      rtps.SequenceNumber
}

func newCacheRun(l cacheLoad) *cacheRun {
	return &cacheRun{cacheLoad: l, c: NewCache(l.cfg), now: time.Unix(1, 0), payload: make([]byte, 64), dst: make([]Entry, 0, l.lot)}
}

// round receives fill samples and takes all.
func (r *cacheRun) round() {
	for range r.fill {
		r.sn++
		r.c.Add(r.now, Sample{
			Writer: writer(1), Key: r.keys[int(r.sn)%len(r.keys)], SN: r.sn, SourceTime: r.now, Payload: r.payload,
		})
	}
	for r.c.Len() > 0 {
		r.c.Room()
		r.dst = r.c.Take(r.dst[:0], r.lot, Query{})
	}
}

func BenchmarkCacheAddTake(b *testing.B) {
	for _, l := range cacheLoads() {
		b.Run(l.name, func(b *testing.B) {
			b.ReportAllocs()
			r := newCacheRun(l)
			n := 0
			for b.Loop() { // one sample each, in rounds
				if n == 0 {
					n = r.fill
					r.round()
				}
				n--
			}
		})
	}
}

func BenchmarkCacheRead(b *testing.B) {
	r := newCacheRun(cacheLoad{cfg: CacheConfig{}, keys: keysOf(1), lot: 256})
	for range r.lot {
		r.sn++
		r.c.Add(r.now, Sample{Writer: writer(1), Key: r.keys[0], SN: r.sn, Payload: r.payload})
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if n == 0 {
			n = r.lot
			r.dst = r.c.Read(r.dst[:0], 0, Query{})
		}
		n--
	}
}
