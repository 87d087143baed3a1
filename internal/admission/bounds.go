package admission

import "time"

// Bounds limit what participants that are not authenticated, strangers, can
// cause: anyone can invent any number of them. Zero fields have the defaults
// told.
//
// A stranger whose announcement names another's address makes us send there.
// What it gets for one announcement is one of ours, if not too many are asked
// for, and at most maxUnanswered handshake messages, each sent by unicast to one
// address; for every further announcement or handshake message, one more. The
// handshake messages take some 5 KB each. So for each octet of a first
// announcement of 1 KB go at most about 20, for each octet of all others at most
// about 5, and to all strangers together no more than Jobs requests a second, in
// up to maxUnanswered copies: by default about 1 MB/s.
//
// What is kept of strangers takes at most about Waiting × 8 KiB for those that
// wait, 256 KiB for the memory of those that could not, and for each of Handshakes and Refused an announcement (64 KiB) and the
// plugin's state of a handshake.
type Bounds struct {
	// Handshakes is how many strangers may be at it at once. More wait for
	// their turn. If zero, 64.
	Handshakes int
	// Waiting is how many strangers wait for their turn, in three queues. When
	// one is full, the stranger that waited longest in it goes. It is back with
	// its next announcement. If zero, 1024.
	Waiting int
	// Refused is how many participants that were refused or gave no answer are
	// remembered as such. If zero, 128.
	Refused int
	// Jobs is how many slow plugin calls (key generation, signatures,
	// verification) strangers cause in a second, after a burst of JobBurst. If
	// zero, 50 and 200. Participants that were authenticated before and say
	// that they started anew have half as many for themselves.
	Jobs, JobBurst float64
}

func (b Bounds) withDefaults() Bounds {
	count := func(n *int, d int) {
		if *n <= 0 {
			*n = d
		}
	}
	rate := func(r, burst *float64, dr, db float64) {
		if *r <= 0 {
			*r = dr
		}
		if *burst < 1 {
			*burst = db
		}
	}
	count(&b.Handshakes, 64)
	count(&b.Waiting, 1024)
	count(&b.Refused, 128)
	rate(&b.Jobs, &b.JobBurst, 50, 200)
	return b
}

const (
	// maxUnanswered is how many handshake messages go to a stranger of which
	// only its first announcement was heard.
	maxUnanswered = 4
	// maxWaitingAnnouncement is the largest announcement that is kept until
	// its sender has its turn. A larger one has to come when there is room.
	maxWaitingAnnouncement = 8 << 10
	// waitingFor is how long an announcement is kept.
	waitingFor = time.Minute
	// maxAnswers is how many messages of a peer are remembered with what they
	// were answered with.
	maxAnswers = 4
)

// How long a stranger keeps its turn when others wait: until it should have
// answered what it was asked, until the handshake should be over, until one
// with a valid certificate should have proven that it is its own.
const (
	patienceSilent = time.Second
	patienceHeard  = 2 * time.Second
	patienceProven = 5 * time.Second
)
