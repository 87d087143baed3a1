package reliable

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
)

// stream writes and lets those readers acknowledge, every millisecond for d. It
// returns the longest time in which nothing new was ordered, and when that ended.
func (tt *writerTest) stream(d time.Duration, ids ...int) (gap, until time.Duration) {
	tt.t.Helper()
	start, news := tt.now, tt.now
	for end := tt.now.Add(d); tt.now.Before(end); {
		pushed := tt.w.pushed
		tt.writeWide(3)
		tt.settle(ms)
		for _, id := range ids {
			tt.ack(id, tt.w.pushed+1)
		}
		if tt.w.pushed > pushed {
			if tt.now.Sub(news) > gap {
				gap, until = tt.now.Sub(news), tt.now.Sub(start)
			}
			news = tt.now
		}
		tt.out.Reset()
	}
	return gap, until
}

// One reader that falls silent holds up the others for 200 ms, once. When it is
// back and has caught up it is waited for again.
func TestSilentReaderHoldsUpOnce(t *testing.T) {
	tt := newWriterTest(t, paced).quiet(0, 1, 2)
	tt.now = tt.now.Add(time.Minute)
	gap, _ := tt.stream(time.Second, 0, 1, 2)
	require.LessOrEqual(t, gap, ms)
	for range 3 {
		gap, until := tt.stream(2*time.Second, 0, 2)
		require.InDelta(t, 200, gap.Milliseconds(), 10)
		require.Less(t, until, 250*ms)
		require.Positive(t, tt.w.UnackedOctets(), "it is owed as much as before")
		gap, _ = tt.stream(time.Second, 0, 2)
		require.LessOrEqual(t, gap, ms)
		gap, _ = tt.stream(time.Second, 0, 1, 2) // it is back
		require.LessOrEqual(t, gap, ms)
	}
	// One that acknowledges little by little is waited for.
	acked := tt.w.pushed
	for range 20 {
		tt.writeWide(3)
		tt.settle(150 * ms)
		acked++
		tt.ack(0, tt.w.pushed+1)
		tt.ack(1, acked+1)
		tt.ack(2, tt.w.pushed+1)
	}
	room, _ := tt.w.room()
	require.Less(t, room, wide+sendCost)
}

// When the others wait all the time, a reader that has just been sent something
// after a long time has not been silent.
func TestWhoOwesNothingIsNotSilent(t *testing.T) {
	cfg := paced
	cfg.MaxWindow = cfg.Window
	tt := newWriterTest(t, cfg).quiet(0, 1)
	tt.writeWide(100)
	for range 20 {
		tt.settle(150 * ms)
		tt.ack(0, tt.w.pushed+1)
		tt.settle(150 * ms)
		tt.ack(1, tt.w.pushed+1)
		for _, p := range tt.w.readers {
			require.False(t, p.slow)
		}
	}
}

// A reader that may be silent for its own reasons makes no losses for others.
func TestSlowReadersLossesAreItsOwn(t *testing.T) {
	cfg := paced
	cfg.Window = 256 * kib
	tt := newWriterTest(t, cfg).quiet(0, 1)
	tt.stream(time.Second, 0)
	require.True(t, tt.w.readers[1].slow)
	tt.ackNack(1, true, 1, 1, 2, 3)
	tt.ackNack(1, true, 100, 100, 103)
	require.Equal(t, 256*kib, tt.w.pace.window)
	tt.writeWide(3)
	tt.ackNack(0, true, tt.w.pushed, tt.w.pushed)
	require.Equal(t, 128*kib, tt.w.pace.window)
	tt.w.Unmatch(tt.now, readerGUID(0), &tt.out)
	sent := tt.w.pushed
	tt.writeWide(10)
	tt.ackNack(1, true, sent-19, sent-19)
	require.Greater(t, tt.w.pushed, sent)
	require.True(t, tt.w.readers[0].slow)
	before := tt.w.pace.window
	tt.ackNack(1, true, sent-19, tt.w.pushed) // now there is nobody else
	require.Equal(t, before/2, tt.w.pace.window)
}

// Nobody acknowledges: what is ordered stays within the window, and what is due
// are heartbeats.
func TestAllSilent(t *testing.T) {
	for ids := 1; ids <= 3; ids++ {
		tt := newWriterTest(t, paced).quiet([]int{0, 1, 2}[:ids]...)
		tt.writeWide(100)
		tt.wantNew(1, 6)
		tt.settle(time.Minute)
		beats := 0
		for _, s := range tt.out.Sends {
			require.Equal(t, SendHeartbeat, s.Kind)
			beats++
		}
		require.Less(t, beats, ids*150)
		require.True(t, tt.w.Next().After(tt.now))
		tt.out.Reset()
		for acked := rtps.SequenceNumber(0); acked < 100; acked = tt.w.pushed {
			for id := range ids {
				tt.ack(id, tt.w.pushed+1)
			}
			tt.settle(0)
			require.Greater(t, tt.w.pushed, acked)
		}
		tt.ack(0, 101)
		tt.out.Reset()
		for id := range ids {
			tt.ack(id, 101)
		}
		tt.wantIdle()
	}
}

func TestUnmatchOpensTheWindow(t *testing.T) {
	cfg := paced
	cfg.MaxWindow = cfg.Window
	for ids := 1; ids <= 2; ids++ {
		tt := newWriterTest(t, cfg).quiet([]int{0, 1}[:ids]...)
		tt.writeWide(20)
		tt.wantNew(1, 6)
		if ids == 2 {
			tt.ack(0, 7)
		}
		tt.wantNew(7, 6)
		tt.w.Unmatch(tt.now, readerGUID(ids-1), &tt.out)
		tt.wantNext(0)
		tt.settle(0)
		if ids == 1 { // there is nobody left to send to
			tt.wantIdle()
			require.Zero(t, tt.w.Held())
		} else {
			tt.wantNew(7, 12)
			tt.ack(0, 13)
			tt.wantNew(13, 18)
			tt.ack(0, 19)
			tt.ack(0, 21)
			tt.ackNack(0, true, 21)
			tt.out.Reset()
		}
		require.Zero(t, tt.w.UnackedOctets())
		require.Zero(t, tt.w.waiting)
	}
}

// What KEEP_LAST gives up while it waits for the window is told by GAP and
// counts no more; so does what is given up half sent.
func TestRemovedWhileTheWindowIsFull(t *testing.T) {
	cfg := paced
	cfg.MaxWindow = cfg.Window
	tt := newWriterTest(t, cfg).quiet(0)
	for sn := rtps.SequenceNumber(1); sn <= 1000; sn++ {
		tt.writeWide(1)
		tt.w.Remove(sn - 5)
	}
	tt.wantNew(1, 6)
	require.Equal(t, 5*wide, tt.w.waiting)
	require.Equal(t, 5, tt.w.Held())
	tt.ack(0, 7)
	tt.wantGap(0, 7, 996)
	tt.wantNew(996, 1000)
	require.Zero(t, tt.w.waiting)
	tt.ack(0, 1001)
	tt.wantIdle()
	require.Zero(t, tt.w.UnackedOctets())

	// All that waited is gone.
	tt.writeWide(10)
	for sn := rtps.SequenceNumber(1); sn <= 10; sn++ {
		tt.w.Remove(1000 + sn)
	}
	tt.out.Reset()
	require.Zero(t, tt.w.waiting)
	tt.settle(time.Second)
	tt.ack(0, 1007)
	tt.settle(time.Second)
	tt.ack(0, 1011)
	tt.out.Reset()
	tt.wantIdle()
	require.Zero(t, tt.w.UnackedOctets())

	cfg.FragmentSize, cfg.Budget = kib, 4*kib
	tt = newWriterTest(t, cfg).quiet(0)
	tt.w.Write(tt.now, &Change{Payload: make([]byte, 100*kib)}, &tt.out)
	tt.writeWide(1)
	tt.w.Remove(1)
	require.Equal(t, 2*4*kib+wide, tt.w.UnackedOctets())
	tt.settle(time.Second)
	tt.ack(0, 3)
	tt.out.Reset()
	tt.wantIdle()
	require.Zero(t, tt.w.UnackedOctets())
}

// Who cannot acknowledge is not waited for.
func TestBestEffortIsNotPaced(t *testing.T) {
	best := paced
	best.Reliable = false
	for _, cfg := range []WriterConfig{paced, best} {
		tt := newWriterTest(t, cfg)
		tt.w.Match(tt.now, ReaderInfo{GUID: readerGUID(0), Reliable: !cfg.Reliable}, &tt.out)
		tt.writeWide(100)
		require.Zero(t, tt.wantNew(1, 100))
		tt.wantIdle()
		require.Zero(t, tt.w.UnackedOctets())
		require.Zero(t, tt.w.Held())
	}
}

var narrow = WriterConfig{Reliable: true, FragmentSize: 100, Budget: 500, Window: 600, MaxWindow: 2000}

// FuzzPacedPair is FuzzReliablePair with a window, and with a reader that dies:
// the two others have every sample once and in order all the same.
func FuzzPacedPair(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 0xff, 0xfe, 0x80, 0x41}, uint8(3))
	f.Add(bytes.Repeat([]byte{0}, 300), uint8(0))
	f.Add(bytes.Repeat([]byte{1, 0x87, 0}, 200), uint8(10))
	f.Add(bytes.Repeat([]byte{2, 0xf3, 33}, 200), uint8(39))
	f.Fuzz(func(t *testing.T, schedule []byte, dies uint8) {
		schedule = schedule[:min(len(schedule), 300)] // the link heals in 200 s
		fate := func() []time.Duration {
			if len(schedule) == 0 {
				return perfect()
			}
			b := schedule[0]
			schedule = schedule[1:]
			delay := time.Duration(b>>2) * 100 * time.Microsecond
			switch b & 3 {
			case 0:
				return nil
			case 1:
				return []time.Duration{delay, 2*delay + time.Millisecond}
			}
			return []time.Duration{delay}
		}
		d := newWorld(t, narrow, fate)
		s := d.join(ReaderConfig{Reliable: true}, false)
		u := d.join(ReaderConfig{Reliable: true, AckDelay: time.Millisecond}, false)
		x := d.join(ReaderConfig{Reliable: true}, false)
		for n := range 40 {
			if n == int(dies) {
				x.matched = false
			}
			d.write(&Change{Payload: append(numbered(n+1), make([]byte, n%5*90)...)})
			d.pass(time.Duration(n%4) * time.Millisecond)
		}
		if x.matched {
			d.run(200 * time.Second)
			x.wantAll(t, 1, 40)
		}
		d.pass(200 * time.Second) // heartbeats are rare by now
		s.wantAll(t, 1, 40)
		u.wantAll(t, 1, 40)
		d.w.Unmatch(d.now, x.guid, &d.out)
		d.readers = d.readers[:2]
		d.run(time.Second)
		require.Zero(t, s.lost+u.lost)
		require.Zero(t, d.w.Held())
		require.Zero(t, d.w.UnackedOctets())
		require.Zero(t, d.w.waiting)
		require.GreaterOrEqual(t, d.w.pace.window, 600)
	})
}

func TestPacedSamplesCrossBadLink(t *testing.T) {
	cfg := WriterConfig{Reliable: true, Window: 64 * kib, MaxWindow: 256 * kib}
	for seed := range uint64(3) {
		d := newWorld(t, cfg, bad(seed, 0.2, 0.1, 2*time.Millisecond))
		a := d.join(ReaderConfig{Reliable: true}, false)
		b := d.join(ReaderConfig{Reliable: true, AckDelay: 2 * time.Millisecond}, false)
		dead := d.join(ReaderConfig{Reliable: true}, false)
		rnd := rand.New(rand.NewPCG(seed, 3))
		const n = 1000
		for i := range n {
			if i == n/2 {
				dead.matched = false
			}
			d.write(&Change{Payload: append(numbered(i+1), make([]byte, rnd.IntN(20_000))...)})
			if i%50 == 0 {
				d.pass(time.Millisecond)
			}
		}
		d.pass(60 * time.Second)
		a.wantAll(t, 1, n)
		b.wantAll(t, 1, n)
		d.w.Unmatch(d.now, dead.guid, &d.out)
		d.readers = d.readers[:2]
		d.run(time.Second)
		require.Zero(t, a.lost+b.lost)
		require.Zero(t, d.w.Held())
		require.Zero(t, d.w.UnackedOctets())
		require.GreaterOrEqual(t, d.w.pace.window, leastWindow)
	}
}

// A large sample, and what follows it, with a window that it does not fit into.
func TestPacedLargeSamplesCrossBadLink(t *testing.T) {
	cfg := WriterConfig{Reliable: true, FragmentSize: 8 * kib, Budget: 64 * kib, Window: 64 * kib, MaxWindow: 256 * kib}
	d := newWorld(t, cfg, bad(5, 0.2, 0.1, 2*time.Millisecond))
	s := d.join(ReaderConfig{Reliable: true}, false)
	late := (*station)(nil)
	for i := range 20 {
		d.write(&Change{Payload: append(numbered(i+1), make([]byte, i%3*500*kib)...)})
		if i == 7 {
			late = d.join(ReaderConfig{Reliable: true}, false)
		}
	}
	d.run(60 * time.Second)
	s.wantAll(t, 1, 20)
	late.wantAll(t, int(late.got[0].SN), 20)
	require.Zero(t, s.lost+late.lost)
	require.Zero(t, d.w.Held())
	require.Zero(t, d.w.UnackedOctets())
}
