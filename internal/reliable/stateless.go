package reliable

import "github.com/secdds/dds/rtps"

// A StatelessWriter is the best-effort stateless writer of DDSI-RTPS 2.5,
// 8.4.8, for participant announcements and the stateless security topic. It
// knows no readers: the caller sends what it orders to locators.
type StatelessWriter struct {
	keep int
	last rtps.SequenceNumber
	held []*Change
}

// NewStatelessWriter returns a writer that keeps the newest keep changes for Resend.
func NewStatelessWriter(keep int) *StatelessWriter { return &StatelessWriter{keep: max(keep, 0)} }

// Write numbers c and orders it sent to everyone.
func (w *StatelessWriter) Write(c *Change, out *Outbox) rtps.SequenceNumber {
	w.last++
	c.SN = w.last
	w.held = append(w.held, c)
	if n := len(w.held) - w.keep; n > 0 {
		w.held = append(w.held[:0], w.held[n:]...)
	}
	out.Sends = append(out.Sends, Send{Kind: SendData, To: c.To, Change: c})
	return w.last
}

// Resend orders the changes kept, oldest first: DDSI-RTPS 2.5, 8.4.8.1, unsent_changes_reset.
func (w *StatelessWriter) Resend(out *Outbox) {
	for _, c := range w.held {
		out.Sends = append(out.Sends, Send{Kind: SendData, To: c.To, Change: c})
	}
}

// Last returns the number of the newest change written, 0 before the first.
func (w *StatelessWriter) Last() rtps.SequenceNumber { return w.last }
