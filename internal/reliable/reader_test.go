package reliable

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
)

// A readerTest is a script around one reader of one writer.
type readerTest struct {
	t     *testing.T
	r     *Reader
	now   time.Time
	out   ReaderOutbox
	count int32
}

func newReaderTest(t *testing.T, cfg ReaderConfig) *readerTest {
	tt := &readerTest{t: t, r: NewReader(cfg), now: epoch}
	tt.r.Match(tt.now, WriterInfo{GUID: writerGUID, Reliable: true}, &tt.out)
	return tt
}

// greeted is a reliable reader that has had a first heartbeat.
func greeted(t *testing.T, cfg ReaderConfig) *readerTest {
	cfg.Reliable = true
	tt := newReaderTest(t, cfg)
	tt.heartbeat(1, 0, true)
	tt.out.Reset()
	tt.wantIdle()
	return tt
}

func (tt *readerTest) data(sns ...rtps.SequenceNumber) {
	for _, sn := range sns {
		tt.r.Accept(tt.now, Sample{Writer: writerGUID, SN: sn, Payload: numbered(int(sn))}, &tt.out)
	}
}

func (tt *readerTest) heartbeat(first, last rtps.SequenceNumber, final bool) {
	tt.count++
	tt.r.HandleHeartbeat(tt.now, writerGUID, &rtps.Heartbeat{First: first, Last: last, Count: tt.count, Final: final}, &tt.out)
}

func (tt *readerTest) gap(start, base rtps.SequenceNumber, more ...rtps.SequenceNumber) {
	g := rtps.Gap{Start: start, List: rtps.SequenceNumberSet{Base: base}}
	for _, sn := range more {
		require.True(tt.t, g.List.Add(sn))
	}
	tt.r.HandleGap(tt.now, writerGUID, &g, &tt.out)
}

// frag sends fragment n of a sample of size octets in fragments of 100.
func (tt *readerTest) frag(sn rtps.SequenceNumber, n rtps.FragmentNumber, size uint32) (Sample, bool) {
	lo := (uint32(n) - 1) * 100
	return tt.r.HandleFrag(tt.now, writerGUID, &rtps.DataFrag{
		SN: sn, First: n, Count: 1, FragmentSize: 100, SampleSize: size, Payload: make([]byte, min(100, size-lo)),
	}, &tt.out)
}

func (tt *readerTest) advance(d time.Duration) {
	tt.now = tt.now.Add(d)
	tt.r.Advance(tt.now, &tt.out)
}

func (tt *readerTest) wantDelivered(sns ...rtps.SequenceNumber) {
	tt.t.Helper()
	var got []rtps.SequenceNumber
	for _, s := range tt.out.Deliver {
		got = append(got, s.SN)
	}
	require.Equal(tt.t, sns, got)
	tt.out.Deliver = nil
}

func (tt *readerTest) wantAck(final bool, base rtps.SequenceNumber, missing ...rtps.SequenceNumber) {
	tt.t.Helper()
	require.NotEmpty(tt.t, tt.out.Acks, "no ACKNACK")
	a := tt.out.Acks[0].AckNack
	tt.out.Acks = tt.out.Acks[1:]
	want := rtps.SequenceNumberSet{Base: base}
	for _, sn := range missing {
		want.Add(sn)
	}
	require.Equal(tt.t, want, a.State)
	require.Equal(tt.t, final, a.Final)
}

func (tt *readerTest) wantNackFrag(sn rtps.SequenceNumber, base rtps.FragmentNumber, missing ...rtps.FragmentNumber) {
	tt.t.Helper()
	require.NotEmpty(tt.t, tt.out.NackFrags, "no NACK_FRAG")
	n := tt.out.NackFrags[0].NackFrag
	tt.out.NackFrags = tt.out.NackFrags[1:]
	want := rtps.FragmentNumberSet{Base: base}
	for _, f := range missing {
		want.Add(f)
	}
	require.Equal(tt.t, sn, n.SN)
	require.Equal(tt.t, want, n.State)
}

func (tt *readerTest) wantNothing() {
	tt.t.Helper()
	require.True(tt.t, tt.out.Empty(), "%+v", tt.out)
}

func (tt *readerTest) wantIdle() {
	tt.t.Helper()
	tt.wantNothing()
	require.True(tt.t, tt.r.Next().IsZero(), "due in %v", tt.r.Next().Sub(tt.now))
}

func (tt *readerTest) wantNext(d time.Duration) {
	tt.t.Helper()
	require.Equal(tt.t, d, tt.r.Next().Sub(tt.now))
}

// A reader that knows nothing asks for a heartbeat until one comes.
func TestReaderAsksForFirstHeartbeat(t *testing.T) {
	tt := newReaderTest(t, ReaderConfig{Reliable: true})
	tt.wantAck(false, 1)
	tt.wantNext(20 * ms)
	tt.advance(20 * ms)
	tt.wantAck(false, 0) // Interop: Fast DDS answers this one at once
	tt.wantNext(40 * ms)
	tt.data(1)
	tt.wantDelivered(1)
	tt.advance(40 * ms)
	tt.wantAck(false, 2)
	tt.heartbeat(1, 1, false)
	tt.wantAck(true, 2)
	tt.wantIdle()
}

// A writer that has nothing new is asked for a heartbeat until one comes.
func TestReaderProbe(t *testing.T) {
	tt := newReaderTest(t, ReaderConfig{Reliable: true})
	tt.out.Reset()
	tt.data(1)
	tt.heartbeat(1, 1, true)
	tt.out.Reset()
	tt.r.Probe(tt.now, writerGUID, &tt.out)
	tt.wantAck(false, 2)
	tt.wantNext(20 * ms)
	tt.advance(20 * ms)
	tt.wantAck(false, 2)
	tt.heartbeat(1, 1, true)
	tt.wantIdle()
}

// What was gone before the reader came is not lost; what goes later is.
func TestFirstHeartbeatSetsTheStart(t *testing.T) {
	tt := newReaderTest(t, ReaderConfig{Reliable: true})
	tt.out.Reset()
	tt.data(6) // ahead of the first heartbeat: held
	tt.wantNothing()
	tt.heartbeat(5, 7, false)
	tt.wantAck(false, 5, 5, 7)
	tt.data(5, 7)
	tt.wantDelivered(5, 6, 7)
	tt.heartbeat(10, 12, true)
	require.Equal(t, int64(2), tt.out.Lost)
	tt.wantAck(false, 10, 10, 11, 12)
}

// DDSI-RTPS 2.5, 8.4.12.2: in order, once.
func TestReaderDeliversInOrder(t *testing.T) {
	tt := greeted(t, ReaderConfig{})
	tt.data(1, 3, 4, 3)
	tt.wantDelivered(1)
	require.False(t, tt.r.Wants(writerGUID, 1))
	require.True(t, tt.r.Wants(writerGUID, 2))
	require.False(t, tt.r.Wants(writerGUID, 3))
	require.False(t, tt.r.Wants(readerGUID(0), 2), "not matched")
	tt.wantIdle() // nobody announced 2 yet
	tt.heartbeat(1, 5, true)
	tt.wantAck(false, 2, 2, 5)
	tt.data(2)
	tt.wantDelivered(2, 3, 4)
	tt.data(1, 2, 3, 4)
	tt.wantNothing()
	tt.data(5)
	tt.wantDelivered(5)
	require.Equal(t, uint64(5), tt.r.Stats().Duplicate)
}

// An answer only when it is required: 8.3.8.6, FinalFlag.
func TestAcksOnlyWhenRequired(t *testing.T) {
	tt := greeted(t, ReaderConfig{AckDelay: 5 * ms})
	tt.data(1)
	tt.out.Reset()
	tt.heartbeat(1, 1, true)
	tt.wantIdle()
	tt.heartbeat(1, 1, false)
	tt.heartbeat(1, 1, false)
	tt.heartbeat(1, 1, true) // takes nothing back
	tt.wantNothing()
	tt.wantNext(5 * ms)
	tt.advance(5 * ms)
	tt.wantAck(true, 2)
	tt.wantIdle()
}

// DDSI-RTPS 2.5, 8.3.8.6.5: old counts are ignored; they wrap.
func TestHeartbeatCounts(t *testing.T) {
	tt := newReaderTest(t, ReaderConfig{Reliable: true})
	tt.out.Reset()
	tt.count = math.MaxInt32 - 1
	tt.heartbeat(1, 0, false)
	tt.wantAck(true, 1)
	tt.count--
	tt.heartbeat(1, 0, false) // the same again
	tt.wantNothing()
	tt.heartbeat(1, 0, false) // wrapped
	tt.wantAck(true, 1)
	tt.count = 5
	tt.r.Unmatch(tt.now, writerGUID)
	tt.r.Match(tt.now, WriterInfo{GUID: writerGUID, Reliable: true}, &tt.out)
	tt.out.Reset()
	tt.heartbeat(1, 0, false) // a fresh match starts over
	tt.wantAck(true, 1)
}

func TestGapSkips(t *testing.T) {
	tt := greeted(t, ReaderConfig{})
	tt.data(1, 4, 6, 9)
	tt.wantDelivered(1)
	tt.gap(2, 4, 5, 7)
	tt.wantDelivered(4, 6)
	require.Zero(t, tt.out.Lost)
	tt.heartbeat(1, 9, false)
	tt.wantAck(false, 8, 8)
	tt.gap(8, 9)
	tt.wantDelivered(9)
	tt.wantAck(true, 10) // and says so, as it had asked
	tt.wantIdle()
}

// Lengths cost nothing: DDSI-RTPS 2.5 lets a GAP span 2^63 numbers.
func TestExtremeNumbers(t *testing.T) {
	tt := greeted(t, ReaderConfig{})
	tt.data(3)
	tt.heartbeat(1, 1<<62, false)
	a := tt.out.Acks[0].AckNack.State
	require.Equal(t, uint32(256), a.NumBits)
	require.False(t, a.Has(3))
	tt.out.Reset()
	tt.gap(1, 1<<62)
	tt.wantDelivered(3)
	require.False(t, tt.r.Wants(writerGUID, 1<<62-1))
	tt.data(1 << 62)
	tt.wantDelivered(1 << 62)
	for _, sn := range []rtps.SequenceNumber{math.MaxInt64, math.MinInt64, 0, -1} {
		tt.data(sn)
		tt.heartbeat(1, sn, false)
		tt.heartbeat(sn, sn, false)
		tt.gap(sn, sn)
		tt.gap(1, sn)
		tt.gap(sn, 1)
		require.Empty(t, tt.out.Deliver)
	}
}

// The same is not asked for again while it may be on its way, and is asked
// for again even if no heartbeat comes.
func TestNackIsRepeated(t *testing.T) {
	tt := greeted(t, ReaderConfig{})
	tt.heartbeat(1, 2, false)
	tt.wantAck(false, 1, 1, 2)
	tt.heartbeat(1, 2, false)
	tt.wantNothing()
	tt.wantNext(3 * ms)
	tt.advance(3 * ms)
	tt.wantAck(false, 1, 1, 2)
	tt.wantNext(100 * ms)
	tt.advance(100 * ms)
	tt.wantAck(false, 1, 1, 2)
	tt.data(1)
	tt.heartbeat(1, 2, false) // progress: at once
	tt.wantAck(false, 2, 2)
	tt.data(2)
	tt.wantDelivered(1, 2)
	tt.advance(50 * ms)
	tt.wantIdle()
}

func TestWindow(t *testing.T) {
	tt := greeted(t, ReaderConfig{Window: 4, WindowBytes: 3 * (8 + holdCost)})
	require.True(t, tt.r.Wants(writerGUID, 4))
	require.False(t, tt.r.Wants(writerGUID, 5))
	tt.data(5, 2, 3, 4)
	tt.heartbeat(1, 6, true)
	tt.wantAck(false, 1, 1)
	tt.data(1)
	tt.wantDelivered(1, 2, 3, 4)
	tt.data(6, 7, 8) // 5 is missing, and three fit
	require.Equal(t, uint64(1), tt.r.Stats().Window)
	big := make([]byte, 1000)
	tt.data(5)
	tt.wantDelivered(5, 6, 7, 8)
	tt.r.Accept(tt.now, Sample{Writer: writerGUID, SN: 10, Payload: big}, &tt.out) // one may be larger
	tt.r.Accept(tt.now, Sample{Writer: writerGUID, SN: 11, Payload: big}, &tt.out)
	tt.heartbeat(1, 11, true)
	tt.wantAck(false, 9, 9) // 11 does not fit: only the next is asked for
	tt.data(9)
	tt.wantDelivered(9, 10)
}

// What is held is a copy: the caller's datagram is borrowed.
func TestHeldSamplesAreCopied(t *testing.T) {
	tt := greeted(t, ReaderConfig{})
	b := []byte("abc")
	tt.r.Accept(tt.now, Sample{Writer: writerGUID, SN: 2, Payload: b}, &tt.out)
	b[0] = 'x'
	tt.data(1)
	require.Equal(t, "abc", string(tt.out.Deliver[1].Payload))
	require.True(t, tt.out.Deliver[1].Owned)
	require.False(t, tt.out.Deliver[0].Owned)
}

// A full cache holds the writer back: nothing is acknowledged that was not delivered.
func TestRoom(t *testing.T) {
	tt := greeted(t, ReaderConfig{})
	tt.r.SetRoom(2)
	tt.data(1, 2, 3)
	tt.wantDelivered(1, 2)
	tt.heartbeat(1, 5, false)
	tt.wantAck(true, 3) // not acknowledged, and not asked for
	tt.heartbeat(1, 5, false)
	tt.wantAck(true, 3)
	tt.wantIdle()
	tt.r.SetRoom(1)
	tt.wantNext(0)
	tt.advance(0)
	tt.wantDelivered(3)
	tt.wantNothing()
	tt.r.SetRoom(-1)
	tt.advance(ms)
	tt.wantAck(false, 4, 4, 5)
	tt.data(5, 4)
	tt.wantDelivered(4, 5)
}

func TestBestEffortReader(t *testing.T) {
	tt := newReaderTest(t, ReaderConfig{})
	tt.wantIdle()
	tt.data(7) // where it comes in is where it starts
	tt.heartbeat(1, 20, false)
	tt.gap(8, 9)
	tt.data(9, 8, 9, 10)
	require.Equal(t, int64(1), tt.out.Lost)
	tt.wantDelivered(7, 9, 10)
	require.Empty(t, tt.out.Acks)
	tt.r.SetRoom(0)
	tt.data(11)
	require.Equal(t, int64(2), tt.out.Lost)
	tt.r.SetRoom(1)
	tt.data(11, 12)
	tt.wantDelivered(12)
}

func TestReassembly(t *testing.T) {
	tt := greeted(t, ReaderConfig{})
	_, ok := tt.frag(1, 2, 250)
	require.False(t, ok)
	tt.frag(1, 2, 250) // again
	tt.heartbeat(1, 2, false)
	tt.wantNackFrag(1, 1, 1, 3)
	tt.wantAck(false, 1, 2) // 1 is on its way by fragments, 2 is asked for whole
	tt.frag(1, 3, 250)
	s, ok := tt.frag(1, 1, 250)
	require.True(t, ok)
	require.Len(t, s.Payload, 250)
	require.True(t, s.Owned)
	tt.r.Reject(writerGUID, 1) // did not open: still missing
	tt.advance(50 * ms)
	tt.wantAck(false, 1, 1, 2)
	require.Zero(t, tt.r.byGUID[writerGUID].partBytes)
	for n := range rtps.FragmentNumber(3) {
		s, ok = tt.frag(1, n+1, 250)
	}
	require.True(t, ok)
	tt.r.Accept(tt.now, s, &tt.out)
	tt.wantDelivered(1)
	require.Equal(t, uint64(1), tt.r.Stats().Duplicate)
}

// A HEARTBEAT_FRAG makes the repair of a long sample begin before its end.
func TestHeartbeatFrag(t *testing.T) {
	tt := greeted(t, ReaderConfig{})
	tt.frag(1, 1, 1000)
	tt.frag(1, 4, 1000)
	tt.r.HandleHeartbeatFrag(tt.now, writerGUID, &rtps.HeartbeatFrag{SN: 1, Last: 5, Count: 1}, &tt.out)
	tt.wantNackFrag(1, 2, 2, 3, 5)
	tt.wantAck(true, 1)
	tt.r.HandleHeartbeatFrag(tt.now, writerGUID, &rtps.HeartbeatFrag{SN: 1, Last: 9, Count: 1}, &tt.out)
	tt.wantNothing() // the count is old
}

func TestInconsistentFragmentsAreDropped(t *testing.T) {
	tt := greeted(t, ReaderConfig{MaxSampleSize: 1 << 20})
	tt.frag(1, 1, 250)
	good := rtps.DataFrag{SN: 1, First: 2, Count: 1, FragmentSize: 100, SampleSize: 250, Payload: make([]byte, 100)}
	n := uint64(0)
	for _, change := range []func(f *rtps.DataFrag){
		func(f *rtps.DataFrag) { f.FragmentSize = 0 },
		func(f *rtps.DataFrag) { f.FragmentSize = 50 }, // not that of the first
		func(f *rtps.DataFrag) { f.SampleSize = 260 },
		func(f *rtps.DataFrag) { f.SampleSize = 0 },
		func(f *rtps.DataFrag) { f.SampleSize = 1<<20 + 1 },
		func(f *rtps.DataFrag) { f.SampleSize = math.MaxUint32 },
		func(f *rtps.DataFrag) { f.First = 0 },
		func(f *rtps.DataFrag) { f.First = 4 },
		func(f *rtps.DataFrag) { f.First = math.MaxUint32 },
		func(f *rtps.DataFrag) { f.Count = 0 },
		func(f *rtps.DataFrag) { f.Count = 3 },
		func(f *rtps.DataFrag) { f.Count = 65535 },
		func(f *rtps.DataFrag) { f.Payload = f.Payload[:99] },
		func(f *rtps.DataFrag) { f.Payload = nil },
	} {
		f := good
		change(&f)
		_, ok := tt.r.HandleFrag(tt.now, writerGUID, &f, &tt.out)
		require.False(t, ok)
		n++
		require.Equal(t, n, tt.r.Stats().BadFragment)
	}
	good.Count, good.Payload = 2, make([]byte, 152) // padded
	s, ok := tt.r.HandleFrag(tt.now, writerGUID, &good, &tt.out)
	require.True(t, ok)
	require.Len(t, s.Payload, 250)
}

// One datagram cannot make the reader allocate what it only announces.
func TestReassemblyMemoryGrowsWithWhatCame(t *testing.T) {
	tt := greeted(t, ReaderConfig{})
	w := tt.r.byGUID[writerGUID]
	tt.frag(1, 600_000, 60_000_000) // the last fragment
	require.Zero(t, w.partBytes)
	require.Equal(t, uint64(1), tt.r.Stats().Window)
	for sn := range rtps.SequenceNumber(1000) {
		tt.frag(sn+1, 1, 60_000_000)
	}
	require.Less(t, w.partBytes, 100_000)
	require.LessOrEqual(t, len(w.parts), maxParts)

	tt = newReaderTest(t, ReaderConfig{Reach: 4000})
	w = tt.r.byGUID[writerGUID]
	tt.frag(1, 41, 60_000_000)
	require.Zero(t, w.partBytes)
	tt.frag(1, 40, 60_000_000)
	require.NotZero(t, w.partBytes)
	require.Less(t, w.partBytes, 5000)
}

func TestReassemblyMemoryIsBounded(t *testing.T) {
	for _, reliable := range []bool{true, false} {
		tt := newReaderTest(t, ReaderConfig{Reliable: reliable, MaxSampleSize: 1 << 20, MaxPartial: 2 << 20})
		w := tt.r.byGUID[writerGUID]
		for sn := rtps.SequenceNumber(8); sn > 0; sn-- {
			for n := rtps.FragmentNumber(1); n < 10000; n++ {
				tt.frag(sn, n, 1<<20)
			}
			require.LessOrEqual(t, w.partBytes, 2<<20+1<<18+1<<15)
		}
		// Reliable: the lowest, which is needed first, always finds room.
		require.Equal(t, reliable, w.part(1) != nil)
	}
}

func TestReassemblyTimeout(t *testing.T) {
	tt := greeted(t, ReaderConfig{ReassemblyTimeout: time.Second})
	tt.frag(1, 1, 250)
	tt.wantNext(time.Second)
	tt.now = tt.now.Add(900 * ms)
	tt.frag(1, 2, 250)
	tt.advance(100 * ms)
	tt.wantNext(900 * ms)
	tt.advance(900 * ms)
	require.Equal(t, uint64(1), tt.r.Stats().Timeout)
	tt.wantIdle()
}

func TestAcceptDoesNotAllocate(t *testing.T) {
	tt := greeted(t, ReaderConfig{})
	payload := make([]byte, 64)
	sn := rtps.SequenceNumber(0)
	step := func() {
		sn++
		if tt.r.Wants(writerGUID, sn) {
			tt.r.Accept(tt.now, Sample{Writer: writerGUID, SN: sn, Payload: payload}, &tt.out)
		}
		tt.heartbeat(1, sn, false)
		tt.out.Reset()
	}
	step()
	require.Zero(t, testing.AllocsPerRun(1000, step))
}
