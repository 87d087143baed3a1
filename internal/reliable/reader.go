package reliable

import (
	"time"

	"github.com/secdds/dds/rtps"
)

// A ReaderConfig configures a [Reader]. The zero ReaderConfig is a best-effort
// reader with the defaults below.
type ReaderConfig struct {
	Reliable bool

	AckDelay   time.Duration // answers to heartbeats are collected this long; zero: answered at once
	NackRepeat time.Duration // the same samples are not asked for again sooner; zero: 3 ms

	Window      int // samples held ahead of a missing one, per writer, and how far ahead they may be; zero: 2048
	WindowBytes int // octets of payload they may hold, per writer; zero: 64 MiB

	MaxSampleSize     int           // octets; longer samples are not reassembled; zero: 64 MiB
	MaxPartial        int           // octets of unfinished reassemblies, per writer; at least MaxSampleSize
	ReassemblyTimeout time.Duration // an unfinished reassembly is dropped after this long without a fragment; zero: 10 s
}

// A WriterInfo describes a matched writer to a [Reader].
type WriterInfo struct {
	GUID           rtps.GUID
	Reliable       bool
	TransientLocal bool
}

// ReaderStats counts what a [Reader] dropped, by reason.
type ReaderStats struct {
	Unmatched   uint64 // from a writer that is not matched
	Duplicate   uint64 // samples and fragments that were here already
	Window      uint64 // too far ahead, or no memory to hold them
	BadFragment uint64 // fragments inconsistent in themselves or with earlier ones
	Timeout     uint64 // reassemblies given up
	Rejected    uint64 // reassemblies whose payload did not open
	Stale       uint64 // heartbeats with an old count or a bad range
}

// A Reader is the stateful reader of DDSI-RTPS 2.5, 8.4.12, as a pure state
// machine. Methods that take the time must be given times that never go back.
//
// The order for a DATA is Wants, open the payload, Accept; for a DATA_FRAG it
// is Wants, HandleFrag and, when that completes a sample, open, Accept (or
// Reject). State changes only in Accept, after the payload was found genuine.
type Reader struct{ cfg ReaderConfig }

// NewReader returns a reader without writers, with unlimited room.
func NewReader(cfg ReaderConfig) *Reader { return &Reader{cfg: cfg} }

// Match adds or renews a writer. If both sides are reliable it asks for a
// heartbeat at once, and again until one came.
func (r *Reader) Match(now time.Time, w WriterInfo, out *ReaderOutbox) {}

// Unmatch forgets a writer and what is held from it.
func (r *Reader) Unmatch(now time.Time, writer rtps.GUID) {}

// Wants reports whether the sample would be taken: its writer is matched, it
// is no duplicate, and it lies inside the window. It changes nothing.
func (r *Reader) Wants(writer rtps.GUID, sn rtps.SequenceNumber) bool { return false }

// Accept takes a whole sample whose origin was checked. What can be delivered
// in order is appended to out.Deliver.
func (r *Reader) Accept(now time.Time, s Sample, out *ReaderOutbox) {}

// HandleFrag takes fragments of a sample. When they complete it, it returns
// the sample with Writer, SN, Payload, IsKey and InlineQoS set; the caller
// opens the payload, fills in the rest from InlineQoS and calls Accept.
func (r *Reader) HandleFrag(now time.Time, writer rtps.GUID, f *rtps.DataFrag, out *ReaderOutbox) (s Sample, complete bool) {
	return Sample{}, false
}

// Reject says that the payload of a completed sample did not open. It stays missing.
func (r *Reader) Reject(writer rtps.GUID, sn rtps.SequenceNumber) {}

// HandleHeartbeat takes what a writer says it holds.
func (r *Reader) HandleHeartbeat(now time.Time, writer rtps.GUID, h *rtps.Heartbeat, out *ReaderOutbox) {
}

// HandleHeartbeatFrag takes which fragments of a sample a writer has sent.
func (r *Reader) HandleHeartbeatFrag(now time.Time, writer rtps.GUID, h *rtps.HeartbeatFrag, out *ReaderOutbox) {
}

// HandleGap takes which samples of a writer are of no relevance to this reader.
func (r *Reader) HandleGap(now time.Time, writer rtps.GUID, g *rtps.Gap, out *ReaderOutbox) {}

// SetRoom says how many more samples the cache takes; negative: unlimited.
// Every sample delivered uses up one. Without room, reliable samples are held
// inside the window and not acknowledged; when room returns, Next is due at
// once and Advance delivers them. Best-effort samples are lost without room.
func (r *Reader) SetRoom(n int) {}

// Next reports when Advance is due; the zero time means never, a past time at once.
func (r *Reader) Next() time.Time { return time.Time{} }

// Advance does what has come due by now.
func (r *Reader) Advance(now time.Time, out *ReaderOutbox) {}

// Stats returns the counters.
func (r *Reader) Stats() ReaderStats { return ReaderStats{} }
