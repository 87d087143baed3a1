package attack

import (
	"slices"
	"sync"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// An insider knows the keys of an authenticated participant and seals with them
// what it likes: the strongest outsider there is, less one octet, and the
// hostile participant itself.
type insider struct {
	spi.Cryptography
	weaken func(*spi.EndpointAttributes) // if not nil, changes how its endpoints protect
	keeps  bool                          // never forgets what a peer gave it

	mu        sync.Mutex
	message   spi.MessageSealer
	peers     map[rtps.GUIDPrefix]spi.PeerCrypto
	all       []spi.PeerCrypto // of all times, with keeps
	endpoints map[rtps.EntityID]*insiderEndpoint
}

// join has the insider sit between a participant and its plugin.
func (i *insider) join(c *dds.Config) {
	s := *c.Security
	i.Cryptography, s.Cryptography = s.Cryptography, i
	i.peers, i.endpoints = make(map[rtps.GUIDPrefix]spi.PeerCrypto), make(map[rtps.EntityID]*insiderEndpoint)
	c.Security = &s
}

func (i *insider) NewParticipant(a spi.ParticipantAttributes) (spi.ParticipantCrypto, error) {
	c, err := i.Cryptography.NewParticipant(a)
	if err != nil {
		return nil, err
	}
	i.message = c.Message()
	if r, ok := c.(spi.Reviser); ok {
		return insiderReviser{insiderParticipant{c, i}, r}, nil
	}
	return insiderParticipant{c, i}, nil
}

type insiderParticipant struct {
	spi.ParticipantCrypto
	i *insider
}

type insiderReviser struct {
	insiderParticipant
	spi.Reviser
}

func (p insiderParticipant) NewPeer(g rtps.GUID, secret spi.SharedSecret) (spi.PeerCrypto, error) {
	c, err := p.ParticipantCrypto.NewPeer(g, secret)
	p.i.mu.Lock()
	defer p.i.mu.Unlock()
	p.i.peers[g.Prefix] = c
	if p.i.keeps && err == nil {
		p.i.all = append(p.i.all, c)
		return keptPeer{c}, nil
	}
	return c, err
}

// A keptPeer is not closed, and does not open in place: what it opens stays.
type keptPeer struct{ spi.PeerCrypto }

func (keptPeer) Close() {}

// opens reports whether any key the insider ever had opens a message.
func (i *insider) opens(msg []byte) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, c := range i.all {
		if _, err := c.OpenMessage(nil, msg); err == nil {
			return true
		}
	}
	return false
}

func (p insiderParticipant) NewEndpoint(id rtps.EntityID, a spi.EndpointAttributes) (spi.EndpointCrypto, error) {
	if p.i.weaken != nil {
		p.i.weaken(&a)
	}
	c, err := p.ParticipantCrypto.NewEndpoint(id, a)
	if c == nil || err != nil {
		return nil, err
	}
	e := &insiderEndpoint{EndpointCrypto: c, i: p.i, pairs: make(map[rtps.EntityID]spi.PairCrypto)}
	p.i.mu.Lock()
	defer p.i.mu.Unlock()
	p.i.endpoints[id] = e
	return e, nil
}

type insiderEndpoint struct {
	spi.EndpointCrypto
	i     *insider
	pairs map[rtps.EntityID]spi.PairCrypto
}

func (e *insiderEndpoint) Match(p spi.PeerCrypto, remote rtps.EntityID) (spi.PairCrypto, error) {
	if k, ok := p.(keptPeer); ok {
		p = k.PeerCrypto
	}
	c, err := e.EndpointCrypto.Match(p, remote)
	e.i.mu.Lock()
	defer e.i.mu.Unlock()
	e.pairs[remote] = c
	return c, err
}

// submessage protects a submessage as its endpoint would.
func (i *insider) submessage(t require.TestingT, from rtps.EntityID, plain []byte) []byte {
	i.mu.Lock()
	defer i.mu.Unlock()
	e := i.endpoints[from]
	if e == nil || e.Submessage() == nil {
		return plain
	}
	var to []spi.Receiver
	for _, p := range e.pairs {
		if r := p.Receiver(); r != nil {
			to = append(to, r)
		}
	}
	sealed, err := e.Submessage().SealSubmessage(nil, plain, to)
	require.NoError(t, err)
	return sealed
}

// datagram makes a message of protected submessages and protects it as its
// participant would, for those participants.
func (i *insider) datagram(t require.TestingT, header []byte, submessages []byte, to ...*dds.Participant) []byte {
	i.mu.Lock()
	defer i.mu.Unlock()
	msg := slices.Concat(header, submessages)
	if i.message == nil {
		return msg
	}
	var macs []spi.Receiver
	for _, q := range to {
		if r := i.peers[q.GUID().Prefix].Receiver(); r != nil {
			macs = append(macs, r)
		}
	}
	sealed, err := i.message.SealMessage(nil, msg, macs)
	require.NoError(t, err)
	return sealed
}

// payload protects a sample as a writer would.
func (i *insider) payload(t require.TestingT, from rtps.EntityID, plain []byte) (sealed []byte, nonStandard bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	e := i.endpoints[from]
	if e == nil || e.Payload() == nil {
		return plain, false
	}
	sealed, err := e.Payload().SealPayload(nil, plain)
	require.NoError(t, err)
	return sealed, true
}

// An appender is a submessage of package rtps.
type appender interface{ Append([]byte) []byte }

// forge is what the insider's participant would send if it meant s.
func (i *insider) forge(t require.TestingT, as *dds.Participant, from rtps.EntityID, s appender, to ...*dds.Participant) []byte {
	return i.datagram(t, message(as), i.submessage(t, from, s.Append(nil)), to...)
}
