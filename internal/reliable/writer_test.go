package reliable

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
)

const ms = time.Millisecond

// A writerTest is a script around one writer. Every want… takes what it checks
// from the outbox, in order.
type writerTest struct {
	t     *testing.T
	w     *Writer
	now   time.Time
	out   Outbox
	count int32
}

func newWriterTest(t *testing.T, cfg WriterConfig) *writerTest {
	return &writerTest{t: t, w: NewWriter(cfg), now: epoch}
}

// quiet joins readers that have acknowledged everything, and a second passes.
func (tt *writerTest) quiet(ids ...int) *writerTest {
	for _, id := range ids {
		tt.w.Match(tt.now, ReaderInfo{GUID: readerGUID(id), Reliable: true}, &tt.out)
		tt.ack(id, tt.w.Last()+1)
	}
	tt.out.Reset()
	tt.now = tt.now.Add(time.Second)
	tt.wantIdle()
	return tt
}

func (tt *writerTest) write(payload string) {
	tt.w.Write(tt.now, &Change{Payload: []byte(payload)}, &tt.out)
}

func (tt *writerTest) writeTo(id int) {
	tt.w.Write(tt.now, &Change{To: readerGUID(id)}, &tt.out)
}

func (tt *writerTest) ackNack(id int, final bool, base rtps.SequenceNumber, missing ...rtps.SequenceNumber) {
	a := rtps.AckNack{State: rtps.SequenceNumberSet{Base: base}, Final: final}
	for _, sn := range missing {
		require.True(tt.t, a.State.Add(sn))
	}
	tt.count++
	a.Count = tt.count
	tt.w.HandleAckNack(tt.now, readerGUID(id), &a, &tt.out)
}

func (tt *writerTest) ack(id int, base rtps.SequenceNumber) { tt.ackNack(id, true, base) }

func (tt *writerTest) nackFrag(id int, sn rtps.SequenceNumber, base rtps.FragmentNumber, missing ...rtps.FragmentNumber) {
	n := rtps.NackFrag{SN: sn, State: rtps.FragmentNumberSet{Base: base}}
	for _, f := range missing {
		require.True(tt.t, n.State.Add(f))
	}
	tt.count++
	n.Count = tt.count
	tt.w.HandleNackFrag(tt.now, readerGUID(id), &n, &tt.out)
}

func (tt *writerTest) advance(d time.Duration) {
	tt.now = tt.now.Add(d)
	tt.w.Advance(tt.now, &tt.out)
}

func (tt *writerTest) take(kind SendKind) Send {
	tt.t.Helper()
	require.NotEmpty(tt.t, tt.out.Sends, "nothing was ordered")
	s := tt.out.Sends[0]
	require.Equal(tt.t, kind, s.Kind, "%+v", s)
	tt.out.Sends = tt.out.Sends[1:]
	return s
}

const everyone = -1

func (tt *writerTest) wantTo(s Send, id int) {
	tt.t.Helper()
	if id == everyone {
		require.True(tt.t, s.To.IsZero(), "to %v", s.To)
	} else {
		require.Equal(tt.t, readerGUID(id), s.To)
	}
}

func (tt *writerTest) wantData(id int, sns ...rtps.SequenceNumber) {
	tt.t.Helper()
	for _, sn := range sns {
		s := tt.take(SendData)
		require.Equal(tt.t, sn, s.Change.SN)
		tt.wantTo(s, id)
	}
}

func (tt *writerTest) wantFrags(id int, first rtps.FragmentNumber, count uint16) {
	tt.t.Helper()
	s := tt.take(SendFrag)
	require.Equal(tt.t, first, s.FragFirst)
	require.Equal(tt.t, count, s.FragCount)
	tt.wantTo(s, id)
}

func (tt *writerTest) wantHeartbeat(id int, first, last rtps.SequenceNumber, final bool) int32 {
	tt.t.Helper()
	s := tt.take(SendHeartbeat)
	require.Equal(tt.t, [2]rtps.SequenceNumber{first, last}, [2]rtps.SequenceNumber{s.Heartbeat.First, s.Heartbeat.Last})
	require.Equal(tt.t, final, s.Heartbeat.Final)
	tt.wantTo(s, id)
	return s.Heartbeat.Count
}

func (tt *writerTest) wantGap(id int, start, base rtps.SequenceNumber, more ...rtps.SequenceNumber) {
	tt.t.Helper()
	s := tt.take(SendGap)
	want := rtps.Gap{Start: start, List: rtps.SequenceNumberSet{Base: base}}
	for _, sn := range more {
		want.List.Add(sn)
	}
	require.Equal(tt.t, want, s.Gap)
	tt.wantTo(s, id)
}

func (tt *writerTest) wantNothing() {
	tt.t.Helper()
	require.Empty(tt.t, tt.out.Sends)
}

func (tt *writerTest) wantNext(d time.Duration) {
	tt.t.Helper()
	require.Equal(tt.t, d, tt.w.Next().Sub(tt.now))
}

func (tt *writerTest) wantIdle() {
	tt.t.Helper()
	tt.wantNothing()
	require.True(tt.t, tt.w.Next().IsZero(), "due in %v", tt.w.Next().Sub(tt.now))
}

var rel = WriterConfig{Reliable: true}

// DDSI-RTPS 2.5, 8.4.9.2: the DATA, then the HEARTBEAT that announces it.
func TestWriteSendsDataThenHeartbeat(t *testing.T) {
	tt := newWriterTest(t, rel).quiet(0, 1)
	tt.write("a")
	tt.wantData(everyone, 1)
	n := tt.wantHeartbeat(everyone, 1, 1, false)
	tt.wantNothing()

	// A burst does not ask again and again …
	tt.write("b")
	tt.wantData(everyone, 2)
	tt.wantNothing()
	tt.wantNext(10 * ms) // … but the end of it is announced soon.
	tt.advance(10 * ms)
	require.Equal(t, n+1, tt.wantHeartbeat(everyone, 1, 2, false))
}

// DDSI-RTPS 2.5, 8.4.2.2.3: a writer that is not acknowledged goes on announcing.
func TestWriterRepeatsHeartbeatUntilAcked(t *testing.T) {
	tt := newWriterTest(t, rel).quiet(0)
	tt.write("a")
	tt.wantData(everyone, 1)
	n := tt.wantHeartbeat(everyone, 1, 1, false)
	for _, wait := range []time.Duration{10, 20, 40, 80, 160, 320, 500, 500} {
		tt.wantNext(wait * ms)
		tt.advance(wait * ms)
		m := tt.wantHeartbeat(0, 1, 1, false)
		require.Equal(t, n+1, m) // 8.3.8.6: every count is new
		n = m
	}
	tt.ack(0, 2)
	tt.wantIdle()
	require.Zero(t, tt.w.Held())
}

// Only those who lag are asked.
func TestHeartbeatGoesToLaggardsOnly(t *testing.T) {
	tt := newWriterTest(t, rel).quiet(0, 1, 2)
	tt.write("a")
	tt.wantData(everyone, 1)
	tt.wantHeartbeat(everyone, 1, 1, false)
	tt.ack(1, 2)
	require.False(t, tt.w.AckedAll(1))
	tt.advance(10 * ms)
	tt.wantHeartbeat(0, 1, 1, false)
	tt.wantHeartbeat(2, 1, 1, false)
	tt.ack(0, 2)
	tt.ack(2, 2)
	require.True(t, tt.w.AckedAll(1))
	tt.wantIdle()
}

func TestMatchAnnouncesAtOnceAndAgain(t *testing.T) {
	tt := newWriterTest(t, rel)
	tt.w.Match(tt.now, ReaderInfo{GUID: readerGUID(0), Reliable: true}, &tt.out)
	tt.wantHeartbeat(0, 1, 0, false) // 8.3.8.6: First = Last+1, there is nothing
	tt.wantNext(10 * ms)
	tt.advance(10 * ms)
	tt.wantHeartbeat(0, 1, 0, false)
	tt.wantNext(20 * ms)
	tt.ack(0, 1)
	tt.wantIdle()
}

// A volatile late joiner starts after what was written before.
func TestVolatileLateJoiner(t *testing.T) {
	tt := newWriterTest(t, rel).quiet(0)
	tt.write("a")
	tt.write("b")
	tt.out.Reset()
	tt.w.Match(tt.now, ReaderInfo{GUID: readerGUID(1), Reliable: true, WantsHistory: true}, &tt.out)
	tt.wantGap(1, 1, 3)
	tt.wantHeartbeat(1, 3, 2, false)
	tt.ackNack(1, false, 1, 1, 2) // it saw a heartbeat for everyone
	tt.wantGap(1, 1, 3)
	tt.wantHeartbeat(1, 3, 2, true)
	tt.ack(1, 3)
	require.False(t, tt.w.AckedAll(2), "reader 0 has not")
	require.Equal(t, 2, tt.w.Unacked())
	tt.w.Unmatch(tt.now, readerGUID(0), &tt.out)
	tt.wantIdle()
	require.Zero(t, tt.w.Held())
	require.Equal(t, rtps.SequenceNumber(3), tt.w.First())
}

// A transient-local late joiner gets the history, addressed to it.
func TestTransientLocalLateJoiner(t *testing.T) {
	tt := newWriterTest(t, WriterConfig{Reliable: true, TransientLocal: true})
	for _, s := range []string{"a", "b", "c", "d"} {
		tt.write(s)
	}
	tt.wantIdle() // no reader: nothing to send, everything kept
	tt.w.Remove(2)
	tt.w.Match(tt.now, ReaderInfo{GUID: readerGUID(0), Reliable: true, WantsHistory: true}, &tt.out)
	tt.wantHeartbeat(0, 1, 4, false)
	tt.ackNack(0, false, 1, 1, 2, 3, 4)
	tt.wantGap(0, 2, 3) // 8.4.9.2.12: what is gone is answered by GAP
	tt.wantData(0, 1, 3, 4)
	tt.wantHeartbeat(0, 1, 4, false)
	tt.ack(0, 5)
	tt.wantIdle()
	require.Equal(t, 3, tt.w.Held())
	require.True(t, tt.w.AckedAll(4))
}

func TestBestEffortReaderGetsHistoryOnce(t *testing.T) {
	tt := newWriterTest(t, WriterConfig{Reliable: true, TransientLocal: true})
	tt.write("a")
	tt.write("b")
	tt.w.Match(tt.now, ReaderInfo{GUID: readerGUID(0), WantsHistory: true}, &tt.out)
	tt.wantData(0, 1, 2)
	tt.wantIdle()
	tt.ackNack(0, false, 1, 1) // it may not ask
	tt.wantIdle()
}

// DDSI-RTPS 2.5, 8.4.2.3.4: a reader that knows nothing asks for a heartbeat.
func TestPreemptiveAckNack(t *testing.T) {
	for _, base := range []rtps.SequenceNumber{0, 1} { // Interop: Fast DDS sends 0
		tt := newWriterTest(t, WriterConfig{Reliable: true, TransientLocal: true})
		tt.write("a")
		tt.w.Match(tt.now, ReaderInfo{GUID: readerGUID(0), Reliable: true, WantsHistory: true}, &tt.out)
		tt.out.Reset()
		tt.ackNack(0, false, base)
		tt.wantHeartbeat(0, 1, 1, false)
		tt.ackNack(0, false, base) // whoever answers every heartbeat so is slowed down
		tt.wantNothing()
		tt.wantNext(10 * ms)
	}
}

// DDSI-RTPS 2.5, 8.3.8.1.5: old counts are ignored, and counts wrap.
func TestAckNackCounts(t *testing.T) {
	tt := newWriterTest(t, rel).quiet(0)
	tt.count = 1<<31 - 3
	for _, s := range []string{"a", "b", "c"} {
		tt.write(s)
	}
	tt.ack(0, 1)
	tt.ack(0, 2)
	tt.ack(0, 3) // the count is -2^31 now
	require.Equal(t, int32(-1<<31), tt.count)
	sn, ok := tt.w.AckedBy(readerGUID(0))
	require.True(t, ok)
	require.Equal(t, rtps.SequenceNumber(2), sn)
	tt.count--
	tt.ack(0, 4) // the same count again
	tt.out.Reset()
	sn, _ = tt.w.AckedBy(readerGUID(0))
	require.Equal(t, rtps.SequenceNumber(2), sn)
}

func TestImpossibleAckIsIgnored(t *testing.T) {
	tt := newWriterTest(t, rel).quiet(0)
	tt.write("a")
	tt.out.Reset()
	tt.ack(0, 3) // beyond Last+1
	require.Equal(t, 1, tt.w.Held())
	tt.ack(0, -1)
	tt.ack(1, 2) // not matched
	require.False(t, tt.w.AckedAll(1))
	tt.ack(0, 2)
	tt.wantIdle()
}

// A range of any length that is gone costs one GAP.
func TestGapForRange(t *testing.T) {
	tt := newWriterTest(t, WriterConfig{Reliable: true, TransientLocal: true, FirstSN: 1}).quiet(0)
	for range 5000 {
		tt.write("x")
	}
	for sn := rtps.SequenceNumber(1); sn < 5000; sn++ {
		if sn != 10 {
			tt.w.Remove(sn)
		}
	}
	tt.out.Reset()
	tt.ackNack(0, false, 1, 5, 6, 7, 10, 11, 12, 200)
	tt.wantGap(0, 5, 10) // 5..9
	tt.wantGap(0, 11, 5000)
	tt.wantData(0, 10)
	tt.wantHeartbeat(0, 10, 5000, false)
	tt.wantNothing()
}

// DDSI-RTPS 2.5, 8.4.7.1: what was repaired a moment ago is on its way.
func TestRepairsAreSuppressed(t *testing.T) {
	tt := newWriterTest(t, rel).quiet(0, 1)
	tt.write("a")
	tt.write("b")
	tt.out.Reset()
	tt.ackNack(0, false, 1, 1, 2)
	tt.wantData(0, 1, 2)
	tt.wantHeartbeat(0, 1, 2, false)
	tt.ackNack(1, false, 1, 1) // another reader gets its own
	tt.wantData(1, 1)
	tt.wantHeartbeat(1, 1, 2, false)
	tt.ackNack(0, false, 1, 1, 2)
	tt.wantHeartbeat(0, 1, 2, false) // no repair; it asked for a heartbeat
	tt.wantNext(3 * ms)
	tt.advance(3 * ms)
	tt.wantHeartbeat(everyone, 1, 2, false)
	tt.ackNack(0, false, 2, 2)
	tt.wantData(0, 2)
}

func TestNackDelayCollectsRequests(t *testing.T) {
	tt := newWriterTest(t, WriterConfig{Reliable: true, NackDelay: 5 * ms}).quiet(0)
	for range 5 {
		tt.write("x")
	}
	tt.out.Reset()
	tt.ackNack(0, false, 1, 1, 2)
	tt.wantNothing()
	tt.wantNext(5 * ms)
	tt.now = tt.now.Add(2 * ms)
	tt.ackNack(0, false, 2, 2, 4) // the newest word counts: 1 has come
	tt.wantNothing()
	tt.advance(3 * ms)
	tt.wantData(0, 2, 4)
	tt.wantHeartbeat(0, 2, 5, false)
}

// Changes for one reader do not concern the others.
func TestAddressedChange(t *testing.T) {
	tt := newWriterTest(t, rel).quiet(0, 1)
	tt.writeTo(0)
	tt.wantData(0, 1)
	tt.wantHeartbeat(0, 1, 1, false)
	tt.writeTo(0)
	tt.wantData(0, 2)
	tt.wantHeartbeat(0, 1, 2, false)
	tt.writeTo(1)
	tt.wantGap(1, 1, 3) // told just before its first change
	tt.wantData(1, 3)
	tt.wantHeartbeat(1, 1, 3, false)
	tt.writeTo(7) // not matched: for nobody
	tt.wantNothing()

	tt.ack(1, 4)
	require.Equal(t, 2, tt.w.Held())
	require.False(t, tt.w.AckedAll(3))
	tt.advance(10 * ms)
	tt.wantGap(0, 3, 5)
	tt.wantHeartbeat(0, 1, 4, false)
	tt.ackNack(0, false, 1, 1, 2, 3) // its GAP was lost
	tt.wantGap(0, 3, 5)
	tt.wantData(0, 1, 2)
	tt.wantHeartbeat(0, 1, 4, false)
	tt.ack(0, 5)
	tt.wantIdle()
	require.Zero(t, tt.w.Held())
	require.True(t, tt.w.AckedAll(4))
}

// A large change leaves budget by budget, and is announced when all of it did.
func TestLargeChangeLeavesByBudget(t *testing.T) {
	tt := newWriterTest(t, WriterConfig{Reliable: true, FragmentSize: 100, Budget: 400}).quiet(0)
	tt.w.Write(tt.now, &Change{Payload: make([]byte, 950)}, &tt.out)
	tt.wantFrags(everyone, 1, 4)
	require.Equal(t, rtps.FragmentNumber(4), tt.take(SendHeartbeatFrag).HeartbeatFrag.Last)
	tt.wantNext(0)
	tt.nackFrag(0, 1, 1, 2, 6) // 6 is still to come
	tt.wantFrags(0, 2, 1)
	tt.wantHeartbeat(0, 1, 0, false)
	tt.advance(0)
	tt.wantFrags(everyone, 5, 4)
	tt.take(SendHeartbeatFrag)
	tt.advance(0)
	s := tt.take(SendFrag)
	require.Equal(t, rtps.FragmentNumber(9), s.FragFirst)
	require.Len(t, s.Fragment(), 150)
	tt.wantHeartbeat(everyone, 1, 1, false)
	tt.wantNext(10 * ms)

	// DDSI-RTPS 2.5, 8.3.8.10: only the fragments asked for are repaired.
	tt.now = tt.now.Add(5 * ms)
	tt.nackFrag(0, 1, 3, 3, 4, 9, 10, 11)
	tt.wantFrags(0, 3, 2)
	tt.wantFrags(0, 9, 2)
	tt.wantHeartbeat(0, 1, 1, false)
	tt.nackFrag(0, 1, 3, 3, 4, 9, 10) // on their way
	tt.wantNothing()
	tt.ackNack(0, false, 1, 1) // all of it, but for those
	tt.wantFrags(0, 1, 2)
	tt.wantFrags(0, 5, 2)
	tt.wantNothing()
	tt.advance(0)
	tt.wantFrags(0, 7, 2)
	tt.wantHeartbeat(0, 1, 1, false)
	tt.ack(0, 2)
	tt.wantIdle()
}

// A change that is given up before its turn leaves a GAP, not a hole.
func TestRemovedBeforeItsTurn(t *testing.T) {
	tt := newWriterTest(t, WriterConfig{Reliable: true, FragmentSize: 100, Budget: 100}).quiet(0)
	for range 3 {
		tt.w.Write(tt.now, &Change{Payload: make([]byte, 1000)}, &tt.out)
	}
	tt.w.Remove(1)
	tt.w.Remove(2)
	tt.out.Reset()
	tt.advance(0)
	tt.wantGap(0, 1, 3)
	tt.wantFrags(everyone, 1, 1)
}

func TestBestEffortWriterKeepsNothing(t *testing.T) {
	tt := newWriterTest(t, WriterConfig{})
	tt.write("nobody")
	tt.wantIdle()
	tt.w.Match(tt.now, ReaderInfo{GUID: readerGUID(0), Reliable: true}, &tt.out)
	tt.wantIdle()
	tt.write("a")
	tt.wantData(everyone, 2)
	tt.wantIdle()
	require.Zero(t, tt.w.Held())
	require.True(t, tt.w.AckedAll(2))
}

func TestRequestAckAndLiveliness(t *testing.T) {
	tt := newWriterTest(t, rel).quiet(0)
	tt.w.RequestAck(tt.now, &tt.out)
	tt.wantIdle()
	tt.write("a")
	tt.out.Reset()
	tt.w.RequestAck(tt.now, &tt.out)
	tt.wantHeartbeat(0, 1, 1, false)
	tt.w.AssertLiveliness(tt.now, &tt.out)
	require.True(t, tt.out.Sends[0].Heartbeat.Liveliness)
	tt.wantHeartbeat(everyone, 1, 1, true)
}

// A reader that owes nothing is asked all the same; a best-effort one is not.
func TestWriterProbe(t *testing.T) {
	tt := newWriterTest(t, rel).quiet(0)
	tt.w.Probe(tt.now, readerGUID(0), &tt.out)
	tt.wantHeartbeat(0, 1, 0, false)
	tt.w.Match(tt.now, ReaderInfo{GUID: readerGUID(1)}, &tt.out)
	tt.w.Probe(tt.now, readerGUID(1), &tt.out)
	tt.w.Probe(tt.now, readerGUID(2), &tt.out)
	tt.wantIdle()
}

func TestStatelessWriter(t *testing.T) {
	w := NewStatelessWriter(2)
	var out Outbox
	for range 3 {
		w.Write(&Change{}, &out)
	}
	require.Len(t, out.Sends, 3)
	out.Reset()
	require.True(t, out.Empty())
	w.Resend(&out)
	require.Len(t, out.Sends, 2)
	require.Equal(t, rtps.SequenceNumber(2), out.Sends[0].Change.SN)
	require.Equal(t, rtps.SequenceNumber(3), w.Last())
}

func TestWriteAndAckDoNotAllocate(t *testing.T) {
	tt := newWriterTest(t, rel).quiet(0, 1, 2)
	changes := make([]Change, 2100)
	i := 0
	step := func() {
		c := &changes[i]
		i++
		sn := tt.w.Write(tt.now, c, &tt.out)
		for id := range 3 {
			tt.ack(id, sn+1)
		}
		tt.now = tt.now.Add(ms)
		tt.out.Reset()
	}
	step()
	require.Zero(t, testing.AllocsPerRun(2000, step))
	require.Zero(t, tt.w.Held())
}
