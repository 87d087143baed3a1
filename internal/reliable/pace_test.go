package reliable

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
)

const kib = 1 << 10

// paced is a writer whose window is 64 KiB, which six samples of wide fit into.
// It asks for acknowledgement for the sake of the window only.
var paced = WriterConfig{Reliable: true, Window: 64 * kib, MaxWindow: 256 * kib, AckEvery: 1 << 20, AckPeriod: time.Hour}

const wide = 10_000 // octets

func (tt *writerTest) writeWide(n int) {
	for range n {
		tt.w.Write(tt.now, &Change{Payload: make([]byte, wide)}, &tt.out)
	}
}

// wantNew takes everything that was ordered and demands that the DATA for
// everyone among it are these.
func (tt *writerTest) wantNew(lo, hi rtps.SequenceNumber) (heartbeats int) {
	tt.t.Helper()
	next := lo
	for _, s := range tt.out.Sends {
		switch {
		case s.Kind == SendHeartbeat:
			heartbeats++
		case s.Kind == SendData && s.To.IsZero():
			require.Equal(tt.t, next, s.Change.SN)
			next++
		}
	}
	require.Equal(tt.t, hi+1, next, "the last of them")
	tt.out.Reset()
	return heartbeats
}

// settle advances whenever that is due, for at most limit, and fails when
// being called makes no difference.
func (tt *writerTest) settle(limit time.Duration) {
	tt.t.Helper()
	end := tt.now.Add(limit)
	for idle := 0; ; {
		at := tt.w.Next()
		if at.IsZero() || at.After(end) {
			break
		}
		sends := len(tt.out.Sends)
		if at.After(tt.now) {
			tt.now, idle = at, 0
		}
		tt.w.Advance(tt.now, &tt.out)
		if idle++; len(tt.out.Sends) > sends {
			idle = 0
		}
		require.Less(tt.t, idle, 3, "it wants to be called again and again, for nothing")
	}
	tt.now = end
}

func TestFullWindowHoldsBack(t *testing.T) {
	tt := newWriterTest(t, paced).quiet(0)
	tt.writeWide(20)
	tt.wantNew(1, 6)
	require.Equal(t, 6*(wide+sendCost)+14*wide, tt.w.UnackedOctets())
	tt.wantNext(10 * ms) // nothing but the heartbeat is due
	tt.advance(10 * ms)
	require.Equal(t, 1, tt.wantNew(1, 0))
	tt.ack(0, 2)
	tt.wantNew(7, 8) // one for the acknowledged, one as the window grew by as much
	tt.ack(0, 9)
	tt.wantNew(9, 20)
	tt.ack(0, 21)
	tt.wantIdle()
	require.Zero(t, tt.w.UnackedOctets())
	require.Zero(t, tt.w.waiting)
	require.Zero(t, tt.w.Held())
}

// Whatever its size, a sample that nothing is under way before goes at once and
// to its end.
func TestLoneSampleIsNotHeldBack(t *testing.T) {
	for _, size := range []int{0, wide, 60_000, 300_000} {
		tt := newWriterTest(t, paced).quiet(0)
		for sn := rtps.SequenceNumber(1); sn <= 3; sn++ {
			tt.w.Write(tt.now, &Change{Payload: make([]byte, size)}, &tt.out)
			tt.settle(0)
			require.Equal(t, sn, tt.w.pushed, "%d octets", size)
			tt.ack(0, sn+1)
			tt.out.Reset()
		}
		tt.wantIdle()
		require.Equal(t, paced.Window, tt.w.pace.window, "it did not limit anything")
		require.Zero(t, tt.w.UnackedOctets())
	}
}

// What is larger than the window waits until nothing is under way, and what
// comes after it until it has been acknowledged.
func TestSampleLargerThanTheWindow(t *testing.T) {
	cfg := paced
	cfg.FragmentSize, cfg.Budget = 10*kib, 40*kib
	tt := newWriterTest(t, cfg).quiet(0)
	tt.w.Write(tt.now, &Change{Payload: make([]byte, 1000)}, &tt.out)
	for range 2 {
		tt.w.Write(tt.now, &Change{Payload: make([]byte, 150*kib)}, &tt.out)
	}
	tt.settle(5 * ms)
	require.Equal(t, rtps.SequenceNumber(1), tt.w.pushed)
	require.Equal(t, 1000+sendCost+2*150*kib, tt.w.UnackedOctets())
	tt.ack(0, 2)
	require.Equal(t, rtps.FragmentNumber(5), tt.w.fragAt)
	require.Equal(t, 4*10*kib+150*kib, tt.w.UnackedOctets())
	tt.settle(5 * ms)
	require.Equal(t, rtps.SequenceNumber(2), tt.w.pushed)
	require.Equal(t, rtps.FragmentNumber(1), tt.w.fragAt)
	tt.nackFrag(0, 2, 3, 3, 4) // it is not acknowledged in part
	tt.settle(5 * ms)
	require.Equal(t, rtps.SequenceNumber(2), tt.w.pushed)
	tt.ack(0, 3)
	tt.settle(5 * ms)
	require.Equal(t, rtps.SequenceNumber(3), tt.w.pushed)
	tt.ack(0, 4)
	tt.out.Reset()
	tt.wantIdle()
	require.Zero(t, tt.w.UnackedOctets())
}

// An answer is asked for whenever a quarter of the window has been sent, so
// that it can come before the window is used up.
func TestAcknowledgementIsAskedForInTime(t *testing.T) {
	tt := newWriterTest(t, paced).quiet(0)
	tt.writeWide(1)
	require.Equal(t, 1, tt.wantNew(1, 1)) // the first for a long time
	tt.writeWide(1)
	require.Zero(t, tt.wantNew(2, 2))
	tt.writeWide(1)
	require.Equal(t, 1, tt.wantNew(3, 3))
	tt.writeWide(1)
	require.Zero(t, tt.wantNew(4, 4))
	tt.writeWide(1)
	require.Equal(t, 1, tt.wantNew(5, 5))
}

func TestWindowGrowsWhileItLimits(t *testing.T) {
	tt := newWriterTest(t, paced).quiet(0)
	for range 200 { // five at a time fit
		tt.writeWide(5)
		tt.ack(0, tt.w.Last()+1)
	}
	require.Equal(t, paced.Window, tt.w.pace.window)
	tt.writeWide(100)
	for grown := paced.Window; grown < paced.MaxWindow; {
		octets := tt.w.pace.ordered - tt.w.readers[0].ackedAt
		tt.ack(0, tt.w.pushed+1)
		grown = min(grown+int(octets), paced.MaxWindow)
		require.Equal(t, grown, tt.w.pace.window, "it doubles, up to its bound")
	}
	for tt.w.Acked() < tt.w.Last() {
		tt.ack(0, tt.w.pushed+1)
		require.Equal(t, paced.MaxWindow, tt.w.pace.window)
	}
	tt.out.Reset()
	tt.wantIdle()
}

// RFC 5681, 3.1: a loss halves the window, once, and it grows slowly then.
func TestLossHalvesTheWindowOnce(t *testing.T) {
	cfg := paced
	cfg.Window, cfg.MaxWindow = 256*kib, 1<<20
	tt := newWriterTest(t, cfg).quiet(0)
	tt.writeWide(100)
	require.Equal(t, rtps.SequenceNumber(26), tt.w.pushed)
	for _, sn := range []rtps.SequenceNumber{3, 9, 20, 26} {
		tt.ackNack(0, true, sn, sn)
		require.LessOrEqual(t, 128*kib, tt.w.pace.window)
		require.GreaterOrEqual(t, 129*kib+wide*20, tt.w.pace.window)
	}
	tt.ack(0, 27)
	sent := tt.w.pushed
	require.Greater(t, sent, rtps.SequenceNumber(26))
	before := tt.w.pace.window
	require.Less(t, before, 256*kib, "it does not double any more")

	tt.ackNack(0, true, sent, sent) // of the next window
	require.InDelta(t, before/2, tt.w.pace.window, 32*kib)
	for range 10 { // never below 64 KiB
		tt.writeWide(100)
		tt.ackNack(0, true, tt.w.pushed, tt.w.pushed)
		require.GreaterOrEqual(t, tt.w.pace.window, 64*kib)
		tt.now = tt.now.Add(5 * ms)
	}
	require.Less(t, tt.w.pace.window, 100*kib)
}

// The bits beyond what was sent ask for nothing, nor does what the reader
// cannot have.
func TestPaddedRequestIsOneLoss(t *testing.T) {
	cfg := paced
	cfg.Window = 256 * kib
	tt := newWriterTest(t, cfg).quiet(0)
	tt.writeWide(100)
	for range 5 {
		a := rtps.AckNack{State: rtps.SequenceNumberSet{Base: 2, NumBits: 256}, Final: true}
		require.True(t, a.State.Add(2))
		a.State.NumBits = 256
		tt.count++
		a.Count = tt.count
		tt.w.HandleAckNack(tt.now, readerGUID(0), &a, &tt.out)
		tt.now = tt.now.Add(5 * ms) // the repair may be repeated
	}
	require.GreaterOrEqual(t, tt.w.pace.window, 128*kib)
}

// Requests for fragments of a sample that is under way are one loss as well.
func TestLostFragmentsAreOneLoss(t *testing.T) {
	cfg := paced
	cfg.Window, cfg.MaxWindow, cfg.FragmentSize, cfg.Budget = 1<<20, 1<<20, 10*kib, 40*kib
	tt := newWriterTest(t, cfg).quiet(0)
	tt.w.Write(tt.now, &Change{Payload: make([]byte, 800*kib)}, &tt.out)
	for i := range rtps.FragmentNumber(5) {
		tt.nackFrag(0, 1, i+1, i+1)
		tt.advance(0)
		require.Equal(t, 512*kib, tt.w.pace.window)
	}
}

// A late joiner's history is sent as it asks for it. What it asks for was not
// lost, and the others need not wait for it.
func TestHistoryIsNotPaced(t *testing.T) {
	cfg := paced
	cfg.TransientLocal, cfg.MaxWindow = true, cfg.Window
	tt := newWriterTest(t, cfg).quiet(0)
	for range 50 {
		tt.writeWide(1)
		tt.ack(0, tt.w.Last()+1)
	}
	tt.out.Reset()
	tt.w.Match(tt.now, ReaderInfo{GUID: readerGUID(1), Reliable: true, WantsHistory: true}, &tt.out)
	require.Zero(t, tt.w.UnackedOctets())
	live := rtps.SequenceNumber(50)
	for base := rtps.SequenceNumber(1); base < 50; base += 10 {
		var missing []rtps.SequenceNumber
		for sn := base; sn < base+10; sn++ {
			missing = append(missing, sn)
		}
		tt.ackNack(1, true, base, missing...)
		require.Equal(t, paced.Window, tt.w.pace.window)
		tt.out.Reset()
		for range 10 { // more than a window meanwhile, which reader 0 takes
			tt.writeWide(1)
			live++
			tt.wantNew(live, live)
			tt.ack(0, live+1)
		}
		tt.now = tt.now.Add(50 * ms)
	}
	// Once it has caught up it counts as the others do.
	tt.ack(1, live+1)
	tt.out.Reset()
	tt.writeWide(10)
	tt.wantNew(live+1, live+6)
	tt.ack(0, live+7)
	tt.wantNew(live+7, live+6)
	tt.ack(1, live+7)
	tt.wantNew(live+7, live+10)
	tt.ack(0, live+11)
	tt.ack(1, live+11)
	tt.out.Reset()
	tt.wantIdle()
	require.Zero(t, tt.w.UnackedOctets())
}

// Who joins in the middle of a sample asks for its beginning.
func TestJoiningAmidASampleIsNoLoss(t *testing.T) {
	cfg := paced
	cfg.Window, cfg.MaxWindow, cfg.FragmentSize, cfg.Budget = 512*kib, 512*kib, 10*kib, 40*kib
	tt := newWriterTest(t, cfg).quiet(0)
	tt.w.Write(tt.now, &Change{Payload: make([]byte, 100*kib)}, &tt.out)
	tt.w.Match(tt.now, ReaderInfo{GUID: readerGUID(1), Reliable: true}, &tt.out)
	tt.advance(0)
	tt.nackFrag(1, 1, 1, 1, 2, 3, 4)
	require.Equal(t, 512*kib, tt.w.pace.window)
}
