package engine

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/secdds/dds/internal/admission"
	"github.com/secdds/dds/internal/discovery"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A Config configures a Participant. Everything but Peers, UserData, Name and
// Security must be set.
type Config struct {
	Domain        uint32
	ParticipantID int // -1: the first free one
	Transport     spi.Transport
	Security      *spi.Security // nil: off
	Logger        *slog.Logger
	Peers         []string // initial peers, besides multicast
	NoMulticast   bool
	Lease         time.Duration
	Announce      time.Duration
	UserData      []byte
	Name          string
	Properties    []rtps.Property
}

// A Participant is one participant at work.
type Participant struct {
	// Immutable.
	cfg          Config
	guid         rtps.GUID
	conn         spi.Conn
	log          *slog.Logger
	security     *security // nil: off, or a pre-shared key alone
	audit        *audit    // where security events go; nil: security is off
	sealing      *sealing  // of messages by the participant's key; nil: they are not protected
	psk          *sealing  // of all others, by the pre-shared key; nil: they go in clear
	opensPSK     spi.PSKCrypto
	maxMessage   int // octets of an RTPS message, sealed
	pack         int // octets up to which submessages are put together, where the way is not known
	fragmentSize int
	lanes        *sync.Pool
	frames       frames
	sched        *scheduler
	builtin      *builtin
	initial      []rtps.Locator // where announcements go

	// Snapshots, replaced by the control loop.
	peers   atomic.Pointer[map[rtps.GUIDPrefix]*peer]
	writers atomic.Pointer[map[rtps.EntityID]*Writer]
	doubts  atomic.Pointer[map[rtps.GUID]*endpointDoubt] // nil: none

	stats counters

	// The control loop.
	calls      chan func()
	wake       chan struct{} // one slot
	mailMu     sync.Mutex
	mails      []mail
	mailOctets int
	done       chan struct{}
	ended      chan struct{}
	readers    sync.WaitGroup // socket readers
	jobs       sync.WaitGroup
	workers    chan struct{} // a slot for each job that may run
	closing    sync.Once

	// Of the control loop alone.
	dir       *discovery.Directory
	events    discovery.Events
	adm       admission.Outbox
	local     map[rtps.GUID]*endpoint
	pairs     map[pairKey]*pair
	bans      bans
	strays    strays
	rekeying  rekeying
	clocks    clocks
	announced time.Time        // when the next announcement is due
	burst     int              // quick announcements left
	left      bool             // we said good-bye
	answers   admission.Bucket // for answers to announcements
	nextID    uint32
}

type counters struct {
	received, sent, sendFailed, sealFailed atomic.Uint64
	turns, waiting, refused                atomic.Uint64 // of strangers, now
	dropped                                [dropCount]atomic.Uint64
}

func (p *Participant) drop(reason int) { p.stats.dropped[reason].Add(1) }

// Start makes a participant and lets it take part.
func Start(cfg Config) (*Participant, error) {
	var candidate rtps.GUID
	_, _ = rand.Read(candidate.Prefix[:])
	candidate.Prefix[0], candidate.Prefix[1] = rtps.VendorSecdds[0], rtps.VendorSecdds[1]
	candidate.Entity = rtps.EntityParticipant
	p := &Participant{
		cfg: cfg, guid: candidate, log: cfg.Logger,
		calls:   make(chan func()),
		wake:    make(chan struct{}, 1),
		done:    make(chan struct{}),
		ended:   make(chan struct{}),
		workers: make(chan struct{}, 2),
		local:   make(map[rtps.GUID]*endpoint),
		pairs:   make(map[pairKey]*pair),
		clocks:  newClocks(),
	}
	started := false
	if cfg.Security != nil {
		p.audit = newAudit(p, cfg.Security.Logging)
		defer func() {
			if !started {
				p.audit.close()
			}
		}()
		if err := p.secure(); err != nil {
			return nil, err
		}
	}
	conn, err := cfg.Transport.Listen(spi.ListenConfig{
		Domain: cfg.Domain, ParticipantID: cfg.ParticipantID, NoMulticast: cfg.NoMulticast, Logger: cfg.Logger,
	})
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	p.conn = conn
	if !cfg.NoMulticast {
		p.initial = append(p.initial, conn.SPDPMulticast()...)
	}
	for _, address := range cfg.Peers {
		locs, err := conn.Peer(address)
		if err != nil {
			_ = conn.Close()
			return nil, fmt.Errorf("initial peer %q: %w", address, err)
		}
		p.initial = append(p.initial, locs...)
	}
	p.maxMessage = conn.MaxMessage()
	if p.maxMessage < leastMessage {
		_ = conn.Close()
		return nil, fmt.Errorf("the transport carries messages of %d octets, at least %d are needed", p.maxMessage, leastMessage)
	}
	if err := p.participantData().Fits(); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("announcement: %w: %w", ErrBadParameter, err)
	}
	p.pack = min(p.maxMessage, conn.Unfragmented(rtps.Locator{}))
	p.fragmentSize = fragmentSize(p.pack, reserveOf(p.pack, p.secured()))
	p.lanes = newLanePool(p)
	p.sched = newScheduler()
	p.peers.Store(&map[rtps.GUIDPrefix]*peer{})
	p.writers.Store(&map[rtps.EntityID]*Writer{})
	var limits discovery.Limits
	if p.security != nil {
		limits = strangerLimits
	}
	p.answers = admission.Bucket{Rate: answerRate, Burst: answerBurst}
	p.dir = discovery.NewDirectory(p.guid, cfg.Domain, "", limits)
	if p.builtin, err = newBuiltin(p); err != nil {
		p.sched.close()
		_ = conn.Close()
		return nil, err
	}
	now := time.Now()
	p.announced, p.burst = now, 10
	p.admitSelf(now)
	for _, in := range conn.Receivers() {
		p.readers.Go(func() { p.readLoop(in) })
	}
	go p.control()
	started = true
	p.openLogTopic()
	p.watch()
	return p, nil
}

// packTo returns up to how many octets submessages to the locators are put
// together: what the network carries in one piece.
func (p *Participant) packTo(locs []rtps.Locator) int {
	n := p.maxMessage
	for _, l := range locs {
		n = min(n, p.conn.Unfragmented(l))
	}
	return n
}

// widestReserve is what reserveOf is at most.
const widestReserve = 1024

// reserveOf is how many octets of a message are kept for the headers and for
// what three levels of protection add, with the MACs of a few receivers. Where
// the network carries little in one piece, it is not much more than they need.
func reserveOf(pack int, secured bool) int {
	switch {
	case pack >= leastMessage:
		return widestReserve
	case secured:
		return 448
	}
	return 128
}

// fragmentSize is how much of a payload goes into one message.
func fragmentSize(pack, reserve int) int {
	return min(max(pack-reserve, leastFragment)&^7, 63_000)
}

// leastFragment is made, in octets, where hardly anything is left for a payload.
const leastFragment = 64

// leastMessage is the smallest message a transport may be limited to: a
// fragment of some use and what three levels of protection add to it.
const leastMessage = 2048

// GUID returns the participant's GUID.
func (p *Participant) GUID() rtps.GUID { return p.guid }

// leave says farewell. Whatever is still asked for after that, nobody hears of
// us again.
func (p *Participant) leave() {
	for _, w := range *p.writers.Load() {
		if w.hist != nil {
			w.stop() // what was written goes before the good-bye
		}
	}
	p.farewell()
	p.left = true
}

// Close says farewell, stops everything and waits for every goroutine.
func (p *Participant) Close() error {
	p.closing.Do(func() {
		p.audit.flush() // while there is a log topic to publish on
		p.call(p.leave)
		close(p.done)
		<-p.ended
		for _, w := range *p.writers.Load() {
			w.stop()
		}
		for _, e := range p.local {
			if e.reader != nil {
				e.reader.stop()
			}
		}
		for _, r := range p.builtin.readers {
			r.stop()
		}
		p.sched.close()
		_ = p.conn.Close()
		p.readers.Wait()
		p.jobs.Wait()
		p.audit.close()
	})
	return nil
}

// call runs f on the control loop and waits for it. It reports false, without
// running f, when the participant is closed.
func (p *Participant) call(f func()) bool {
	ran := make(chan struct{})
	select {
	case p.calls <- func() { f(); close(ran) }:
		<-ran
		return true
	case <-p.ended:
		return false
	}
}

func (p *Participant) peer(prefix rtps.GUIDPrefix) *peer { return (*p.peers.Load())[prefix] }

// Stats are counters since the participant started.
type Stats struct {
	Received   uint64            // datagrams
	Sent       uint64            // datagrams
	SendFailed uint64            // batches of which something could not be sent
	SealFailed uint64            // messages not sent because they could not be protected
	Dropped    map[string]uint64 // what was received and dropped, by reason

	// Participants not authenticated, now: those whose turn it is, those that
	// wait for theirs, and those remembered as refused. See admission.Bounds.
	Handshakes, Waiting, Refused uint64
}

// Stats returns the counters.
func (p *Participant) Stats() Stats {
	s := Stats{
		Received: p.stats.received.Load(), Sent: p.stats.sent.Load(),
		SendFailed: p.stats.sendFailed.Load(), SealFailed: p.stats.sealFailed.Load(),
		Handshakes: p.stats.turns.Load(), Waiting: p.stats.waiting.Load(), Refused: p.stats.refused.Load(),
		Dropped: make(map[string]uint64),
	}
	for i := range p.stats.dropped {
		if n := p.stats.dropped[i].Load(); n > 0 {
			s.Dropped[dropNames[i]] = n
		}
	}
	return s
}
