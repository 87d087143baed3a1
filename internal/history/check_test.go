package history

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
)

// check holds a cache against what it is bound to by its own bookkeeping.
func (c *Cache) check(t testing.TB) {
	t.Helper()
	var total, samples int
	var tally [2][2][3]int
	count := map[*instance]int{}
	valid := map[*instance]int{}
	read := map[*instance]int{}
	unreadSeen := c.unread == nil
	var prev *record
	for r := c.head; r != nil; prev, r = r, r.next {
		require.Same(t, c.instances[r.inst.key], r.inst)
		require.True(t, r.prev == prev)
		unreadSeen = unreadSeen || r == c.unread
		require.True(t, unreadSeen || r.read, "an unread sample before the mark")
		total++
		count[r.inst]++
		s := 1
		if r.read {
			s = 0
			read[r.inst]++
		}
		if r.valid {
			samples++
			valid[r.inst]++
		} else {
			require.True(t, r.inst.note == r, "two samples without data")
		}
		tally[s][r.inst.view-1][stateIndex(r.inst.state)]++
	}
	require.True(t, c.tail == prev)
	require.True(t, unreadSeen, "the mark is not in the list")
	require.Equal(t, total, c.total)
	require.Equal(t, samples, c.samples)
	require.Equal(t, tally, c.tally)

	most, idle := 0, 0
	per := make([]int, len(c.perInstance))
	for k, i := range c.instances {
		require.Equal(t, k, i.key)
		require.Equal(t, count[i], i.count)
		require.Equal(t, valid[i], i.valid)
		require.Equal(t, read[i], i.nread)
		n := 0
		for r := i.head; r != nil; r = r.inext {
			require.True(t, r.inst == i)
			n++
		}
		require.Equal(t, i.count, n)
		per[i.valid]++
		most = max(most, i.valid)
		empty := i.count == 0 && i.state != Alive
		require.Equal(t, empty, i.idle)
		if empty {
			idle++
			require.NotEmpty(t, i.writers, "an instance that is of no use is kept")
		}
		if i.state == Alive {
			require.NotEmpty(t, i.writers)
		}
		if i.state == NoWriters {
			require.Empty(t, i.writers)
		}
		if !i.owner.IsZero() {
			require.Contains(t, i.writers, i.owner)
		}
		if c.cfg.Depth > 0 {
			require.LessOrEqual(t, i.valid, c.cfg.Depth)
		} else if c.cfg.MaxSamplesPerInstance > 0 {
			require.LessOrEqual(t, i.valid, c.cfg.MaxSamplesPerInstance)
		}
	}
	require.True(t, slices.Equal(per, c.perInstance))
	require.Equal(t, most, c.most)
	require.Equal(t, idle, c.idle)
	require.LessOrEqual(t, c.idle, maxIdle)
	n := 0
	for i := c.idleHead; i != nil; i = i.idleNext {
		n++
	}
	require.Equal(t, idle, n)
	if c.cfg.MaxSamples > 0 {
		require.LessOrEqual(t, c.samples, c.cfg.MaxSamples)
	}
	if c.cfg.MaxInstances > 0 {
		require.LessOrEqual(t, len(c.instances), c.cfg.MaxInstances)
	}
}

// check holds a writer's history against its own bookkeeping and limits.
func (w *Writer) check(t testing.TB) {
	t.Helper()
	n, per := 0, map[*writerInstance]int{}
	last := rtps.SequenceNumber(0)
	for c := w.head; c != nil; c = c.next {
		require.Greater(t, c.sn, last)
		last = c.sn
		require.True(t, w.find(c.sn) == c)
		require.True(t, w.instances[c.inst.key] == c.inst)
		n++
		per[c.inst]++
	}
	require.Equal(t, n, w.count)
	if w.last != nil {
		require.True(t, w.instances[w.last.key] == w.last)
	}
	gone := 0
	for k, i := range w.instances {
		require.Equal(t, k, i.key)
		require.Equal(t, per[i], i.count)
		if i.gone != 0 {
			gone++
			require.Greater(t, i.gone, w.acked, "an unregistered instance outlived its acknowledgement")
		}
		if i.count == 0 {
			require.Positive(t, w.cfg.MaxInstances)
		}
		if w.cfg.Depth > 0 {
			require.LessOrEqual(t, i.count, w.cfg.Depth)
		} else if w.cfg.MaxSamplesPerInstance > 0 {
			require.LessOrEqual(t, i.count, w.cfg.MaxSamplesPerInstance)
		}
	}
	require.Equal(t, gone, w.nleaving)
	require.LessOrEqual(t, len(w.leaving), 2*len(w.instances)+2*64+16)
	if w.cfg.MaxSamples > 0 {
		require.LessOrEqual(t, n, w.cfg.MaxSamples)
	}
	if w.cfg.MaxInstances > 0 {
		require.LessOrEqual(t, len(w.instances), w.cfg.MaxInstances)
	}
	if w.cfg.Volatile && w.head != nil {
		require.Greater(t, w.head.sn, w.acked)
	}
}
