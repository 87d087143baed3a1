package pkidh

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A handshake implements spi.Handshake. DDS-Security 1.1, 8.3.2 and 9.3.4.
type handshake struct {
	// Immutable.
	id        *identity
	remote    spi.RemoteParticipant
	initiator bool
	challenge [32]byte // ours: challenge1 of an initiator, challenge2 of a replier
	class     string   // of our tokens, without suffix, until the peer's tokens say it

	futures  [][32]byte           // the challenges announced in the peer's name
	keys     map[string]agreement // by name of algorithm
	requests []*exchange          // of an initiator, the one it has begun; of a replier, what it replied to, oldest first
	answered []answer             // what else was answered, for when it comes again
	done     *spi.HandshakeResult
}

// maxProperties is how many properties a token may have. We know thirteen.
const maxProperties = 64

// checkBounds refuses tokens that are costly to look at, or that say something
// twice: what one reader of a property believes, another would not see.
func checkBounds(t *spi.Token) error {
	if n := len(t.Properties) + len(t.BinaryProperties); n > maxProperties {
		return at("handshake token", unlike("properties", fmt.Sprintf("at most %d", maxProperties), "%d", n))
	}
	size := 0
	for i, p := range t.BinaryProperties {
		size += len(p.Name) + len(p.Value)
		for _, q := range t.BinaryProperties[:i] {
			if p.Name == q.Name {
				return at("handshake token", unlike(fmt.Sprintf("%.32s", p.Name), "it once", "it twice"))
			}
		}
	}
	for _, p := range t.Properties {
		size += len(p.Name) + len(p.Value)
	}
	if limit := maxID + maxPerm + maxPData + 64<<10; size > limit {
		return at("handshake token", unlike("size", fmt.Sprintf("at most %d octets", limit), "%d", size))
	}
	return nil
}

// maxExchanges is how many different requests a replier keeps a reply to. A
// forged request must not keep the real one out, and is not known as forged
// before the final message.
const maxExchanges = 4

// An exchange is one request and the reply to it, of which both sides sign a
// part. Fields of the side that has not spoken yet are empty.
type exchange struct {
	c1, c2       credential
	dh1, dh2     []byte
	ch1, ch2     [32]byte
	agree        string
	class        string // of our answer, without suffix
	peer         *peerCredential
	request      [32]byte // digest of the token
	requestToken spi.Token
	reply        spi.Token
}

// An answer is what a token was answered with.
type answer struct {
	digest [32]byte
	token  *spi.Token
}

func newHandshake(id *identity, remote spi.RemoteParticipant, initiator bool) *handshake {
	h := &handshake{id: id, remote: remote, initiator: initiator, keys: map[string]agreement{}}
	// Interop: all vendors announce 1.0, and take only what they announce.
	if h.class = classOf(remote.IdentityToken.ClassID, ""); h.class == "" {
		h.class = classToken
	}
	rand.Read(h.challenge[:])
	h.challenge[0] |= 0x80 // Interop: Fast DDS sets this bit, and may expect it
	return h
}

// Initiator implements spi.Handshake.
func (h *handshake) Initiator() bool { return h.initiator }

// AuthRequest implements spi.Handshake. DDS-Security 1.1, 9.3.2.4.
func (h *handshake) AuthRequest() *spi.Token {
	return &spi.Token{
		ClassID:          h.class + suffixAuth,
		BinaryProperties: []rtps.BinaryProperty{{Name: propFuture, Value: bytes.Clone(h.challenge[:])}},
	}
}

// HandleAuthRequest implements spi.Handshake. Anyone may send one in the peer's
// name, before its own or after: the peer is held to one of them, and to none
// when there are more than maxExchanges.
func (h *handshake) HandleAuthRequest(token spi.Token) error {
	if !isClass(token.ClassID, suffixAuth) {
		return h.refused("authentication request", at("authentication request", unlike("class", classToken+suffixAuth, "%.64q", token.ClassID)))
	}
	c, err := challengeIn(&token, propFuture)
	if err != nil {
		return h.refused("authentication request", err)
	}
	if len(h.futures) <= maxExchanges && !slices.Contains(h.futures, c) {
		h.futures = append(h.futures, c)
	}
	return nil
}

// Process implements spi.Handshake.
func (h *handshake) Process(now time.Time, pdata []byte, token spi.Token) (*spi.Token, bool, error) {
	if h.initiator && len(h.requests) == 0 {
		return nil, false, errors.New("pkidh: the handshake has not begun")
	}
	if err := checkBounds(&token); err != nil {
		return nil, false, h.refused("a message", err)
	}
	digest := tokenDigest(&token)
	for _, a := range h.answered {
		if a.digest == digest {
			return a.token, h.done != nil, nil // lost on the way, and asked for again
		}
	}
	for _, x := range h.requests {
		if !h.initiator && x.request == digest {
			return &x.reply, h.done != nil, nil
		}
	}
	if h.done != nil {
		return nil, false, errors.New("pkidh: the handshake is over")
	}
	if now.After(h.id.v.notAfter) {
		return nil, false, h.expired()
	}

	what, do := "handshake message", func() (*spi.Token, error) {
		return nil, at("handshake token", unlike("class", "the next one", "%.64q", token.ClassID))
	}
	switch {
	case h.initiator && isClass(token.ClassID, suffixReply):
		what, do = "handshake reply", func() (*spi.Token, error) { return h.processReply(now, &token, digest) }
	case !h.initiator && isClass(token.ClassID, suffixReq):
		what, do = "handshake request", func() (*spi.Token, error) { return h.processRequest(now, pdata, &token, digest) }
	case !h.initiator && isClass(token.ClassID, suffixFinal):
		what, do = "handshake final", func() (*spi.Token, error) { return nil, h.processFinal(now, &token, digest) }
	}
	reply, err := do()
	if err != nil {
		return nil, false, h.refused(what, err)
	}
	return reply, h.done != nil, nil
}

// Result implements spi.Handshake. It is empty before the handshake is done.
func (h *handshake) Result() spi.HandshakeResult {
	if h.done == nil {
		return spi.HandshakeResult{}
	}
	return *h.done
}

// finish keeps what x has established. Everything of the peer has been verified.
func (h *handshake) finish(x *exchange, secret [32]byte) {
	p := x.peer
	r := &spi.HandshakeResult{
		Secret:        spi.SharedSecret{Secret: secret, Challenge1: x.ch1, Challenge2: x.ch2},
		Credential:    spi.Token{ClassID: classToken},
		SubjectName:   nameText(p.leaf.RawSubject),
		SubjectDER:    p.leaf.RawSubject,
		NotAfter:      p.notAfter,
		PData:         p.pdata,
		PermissionDoc: trimNUL(p.perm),
	}
	r.Credential.BinaryProperties = []rtps.BinaryProperty{
		{Name: propID, Value: p.id},
		{Name: propPerm, Value: p.perm},
	}
	h.done = r
	clear(h.keys)
}

// key returns our half of the key agreement of that name.
func (h *handshake) key(name string) (agreement, error) {
	if k := h.keys[name]; k != nil {
		return k, nil
	}
	k, err := newAgreement(name)
	if err == nil {
		h.keys[name] = k
	}
	return k, err
}

// checkFuture reports a challenge that is not the one announced. DDS-Security 1.1, 9.3.4.
func (h *handshake) checkFuture(c [32]byte) error {
	if n := len(h.futures); n > 0 && n <= maxExchanges && !slices.Contains(h.futures, c) {
		return at("handshake token", unlike("challenge", "the one that was announced", "another"))
	}
	return nil
}

// expired is why we do not go on when our own certificate has lapsed.
func (h *handshake) expired() error {
	return fmt.Errorf("pkidh: our own identity has expired: %w", at(h.id.p.files.CertificateFile, &spi.Refusal{
		Rule: "validity", Expected: "a certificate in force", Found: "one that has expired on " + stamp(h.id.v.notAfter), Remedy: "renew it"}))
}

func (h *handshake) refused(what string, err error) error {
	return fmt.Errorf("pkidh: %s of participant %v refused: %w", what, h.remote.GUID, err)
}

// signedByReplier returns what the reply's signature covers.
// DDS-Security 1.1, 9.3.2.5.
func (x *exchange) signedByReplier() []rtps.BinaryProperty {
	return []rtps.BinaryProperty{
		{Name: propHash2, Value: x.c2.hash[:]},
		{Name: propChallenge2, Value: x.ch2[:]},
		{Name: propDH2, Value: x.dh2},
		{Name: propChallenge1, Value: x.ch1[:]},
		{Name: propDH1, Value: x.dh1},
		{Name: propHash1, Value: x.c1.hash[:]},
	}
}

// signedByInitiator returns what the final message's signature covers.
// DDS-Security 1.1, 9.3.2.5.
func (x *exchange) signedByInitiator() []rtps.BinaryProperty {
	return []rtps.BinaryProperty{
		{Name: propHash1, Value: x.c1.hash[:]},
		{Name: propChallenge1, Value: x.ch1[:]},
		{Name: propDH1, Value: x.dh1},
		{Name: propChallenge2, Value: x.ch2[:]},
		{Name: propDH2, Value: x.dh2},
		{Name: propHash2, Value: x.c2.hash[:]},
	}
}

// tokenDigest tells tokens apart.
func tokenDigest(t *spi.Token) [32]byte {
	return sha256.Sum256(rtps.AppendDataHolder(nil, false, t))
}
