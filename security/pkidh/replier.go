package pkidh

import (
	"bytes"
	"slices"
	"time"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// processRequest checks the request and makes the reply. A request proves
// nothing yet: anybody may have copied the certificate in it.
// DDS-Security 1.1, 9.3.4 (begin_handshake_reply).
func (h *handshake) processRequest(now time.Time, pdata []byte, t *spi.Token, digest [32]byte) (*spi.Token, error) {
	x := &exchange{request: digest, ch2: h.challenge, class: classOf(t.ClassID, suffixReq)}
	var err error
	if x.ch1, err = challengeIn(t, propChallenge1); err != nil {
		return nil, err
	}
	if err := h.checkFuture(x.ch1); err != nil {
		return nil, err
	}
	if x.dh1, err = publicIn(t, propDH1); err != nil {
		return nil, err
	}
	if x.peer, err = h.checkCredential(now, t); err != nil {
		return nil, err
	}
	x.c1, x.agree = x.peer.credential, x.peer.agree
	if err := checkEcho(t, propHash1, x.c1.hash[:]); err != nil {
		return nil, err
	}
	key, err := h.key(x.agree)
	if err != nil {
		return nil, err
	}
	if _, err := key.secret(x.dh1); err != nil { // before anything is signed
		return nil, at("handshake token", &spi.Refusal{Rule: propDH1, Err: err})
	}

	// Interop: algorithm names are written as the initiator wrote them: see wantsNUL.
	x.c2 = h.id.credential(bytes.Clone(pdata), x.agree, x.peer.new12, x.peer.nul)
	x.dh2 = key.public(isDERInteger(x.dh1))
	x.dh1 = bytes.Clone(x.dh1)
	signature, err := sign(h.id.p.key, x.signedByReplier())
	if err != nil {
		return nil, err
	}
	// Interop: Fast DDS and RustDDS want the optional ones too.
	x.reply = spi.Token{
		ClassID: x.class + suffixReply,
		BinaryProperties: append(slices.Clone(x.c2.props),
			rtps.BinaryProperty{Name: propHash1, Value: x.c1.hash[:]},
			rtps.BinaryProperty{Name: propDH1, Value: x.dh1},
			rtps.BinaryProperty{Name: propHash2, Value: x.c2.hash[:]},
			rtps.BinaryProperty{Name: propDH2, Value: x.dh2},
			rtps.BinaryProperty{Name: propChallenge1, Value: x.ch1[:]},
			rtps.BinaryProperty{Name: propChallenge2, Value: x.ch2[:]},
			rtps.BinaryProperty{Name: propSignature, Value: signature},
		),
	}
	if len(h.requests) == maxExchanges {
		h.requests = slices.Delete(h.requests, 0, 1)
	}
	h.requests = append(h.requests, x)
	return &x.reply, nil
}

// processFinal verifies the final message against every request replied to
// that it may belong to. DDS-Security 1.1, 9.3.4 (process_handshake on a final).
func (h *handshake) processFinal(now time.Time, t *spi.Token, digest [32]byte) error {
	ch1, err := challengeIn(t, propChallenge1)
	if err != nil {
		return err
	}
	ch2, err := challengeIn(t, propChallenge2)
	if err != nil {
		return err
	}
	if ch2 != h.challenge {
		return at("handshake token", unlike(propChallenge2, "ours", "another: an answer to somebody else, or an old one"))
	}
	signature, _ := find(t, propSignature)
	err = at("handshake token", unlike(propChallenge1, "that of a request", "another"))
	for _, x := range h.requests {
		if x.ch1 != ch1 {
			continue
		}
		var secret [32]byte
		if secret, err = h.checkFinal(now, x, t, signature); err == nil {
			h.requests = []*exchange{x}
			h.answered = append(h.answered, answer{digest, nil})
			h.finish(x, secret)
			return nil
		}
	}
	return err
}

// checkFinal returns the shared secret of x if t finishes it.
func (h *handshake) checkFinal(now time.Time, x *exchange, t *spi.Token, signature []byte) (secret [32]byte, err error) {
	if err := x.checkEchoes(t); err != nil {
		return secret, err
	}
	if now.After(x.peer.notAfter) {
		return secret, at(propID, unlike("validity of "+quoteName(x.peer.leaf.RawSubject), "a certificate in force", "one that has expired on %s, since the request", stamp(x.peer.notAfter)))
	}
	if err := verifySignature(x.peer.leaf.PublicKey, x.signedByInitiator(), signature); err != nil {
		return secret, badSignature(err)
	}
	key, err := h.key(x.agree)
	if err != nil {
		return secret, err
	}
	return key.secret(x.dh1)
}
