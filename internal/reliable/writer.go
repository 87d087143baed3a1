package reliable

import (
	"time"

	"github.com/secdds/dds/rtps"
)

// A WriterConfig configures a [Writer]. The zero WriterConfig is a volatile
// best-effort writer with the defaults below.
type WriterConfig struct {
	Reliable       bool // answer ACKNACK and NACK_FRAG, announce by HEARTBEAT
	TransientLocal bool // keep changes after they are acknowledged, until Remove

	HeartbeatPeriod time.Duration // longest time between heartbeats while unacknowledged; zero: 500 ms
	HeartbeatMin    time.Duration // the first of them; it doubles up to HeartbeatPeriod; zero: 10 ms
	AckPeriod       time.Duration // a write asks for acknowledgement when none was asked for this long; zero: 1 ms
	AckEvery        int           // … or for this many changes; zero: 32

	NackDelay       time.Duration // requests are collected this long before they are answered; zero: answered at once
	NackSuppression time.Duration // what was repaired is not repaired again for this long; zero: 3 ms; negative: always repaired

	FragmentSize int // octets; larger payloads leave as DATA_FRAG of this size, at most 65,000; zero: 65,000
	Budget       int // octets of payload a call orders at most, give or take one DATA; zero: 256 KiB

	FirstSN rtps.SequenceNumber // of the first change; zero: 1
}

// A ReaderInfo describes a matched reader to a [Writer].
type ReaderInfo struct {
	GUID         rtps.GUID
	Reliable     bool
	WantsHistory bool // transient local or better: gets the changes held when it matched
}

// A Writer is the stateful writer of DDSI-RTPS 2.5, 8.4.9, as a pure state
// machine. Methods that take the time must be given times that never go back.
type Writer struct{ cfg WriterConfig }

// NewWriter returns a writer without history or readers.
func NewWriter(cfg WriterConfig) *Writer { return &Writer{cfg: cfg} }

// Match adds or renews a reader and announces the history to it at once.
func (w *Writer) Match(now time.Time, r ReaderInfo, out *Outbox) {}

// Unmatch forgets a reader. Changes that only it had not acknowledged are dropped.
func (w *Writer) Unmatch(now time.Time, reader rtps.GUID, out *Outbox) {}

// Write numbers c and orders it sent. The writer keeps c, payload and all;
// neither may change any more.
func (w *Writer) Write(now time.Time, c *Change, out *Outbox) rtps.SequenceNumber { return 0 }

// Remove drops a change that the history gave up. Readers that still lack it
// are told by GAP when they ask.
func (w *Writer) Remove(sn rtps.SequenceNumber) {}

// HandleAckNack takes what a reader says it has and lacks.
func (w *Writer) HandleAckNack(now time.Time, reader rtps.GUID, a *rtps.AckNack, out *Outbox) {}

// HandleNackFrag takes which fragments a reader lacks.
func (w *Writer) HandleNackFrag(now time.Time, reader rtps.GUID, n *rtps.NackFrag, out *Outbox) {}

// Next reports when Advance is due; the zero time means never, a past time at once.
func (w *Writer) Next() time.Time { return time.Time{} }

// Advance does what has come due by now.
func (w *Writer) Advance(now time.Time, out *Outbox) {}

// AckedAll reports whether every matched reliable reader has acknowledged
// every change up to and including sn that is meant for it.
func (w *Writer) AckedAll(sn rtps.SequenceNumber) bool { return true }

// AckedBy returns the highest number such that the reader has acknowledged
// everything up to it; ok is false when no such reliable reader is matched.
func (w *Writer) AckedBy(reader rtps.GUID) (sn rtps.SequenceNumber, ok bool) { return 0, false }

// Unacked returns the number of held changes that some matched reliable
// reader has not acknowledged.
func (w *Writer) Unacked() int { return 0 }

// First returns the number of the oldest change held; Last+1 when there is none.
func (w *Writer) First() rtps.SequenceNumber { return 1 }

// Last returns the number of the newest change written, 0 before the first.
func (w *Writer) Last() rtps.SequenceNumber { return 0 }

// Held returns the number of changes held.
func (w *Writer) Held() int { return 0 }

// Get returns the change numbered sn if it is held, or nil.
func (w *Writer) Get(sn rtps.SequenceNumber) *Change { return nil }
