package pkidh

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// Begin implements spi.Handshake. Once begun, it returns the same request again.
// DDS-Security 1.1, 9.3.4 (begin_handshake_request).
func (h *handshake) Begin(now time.Time, pdata []byte) (spi.Token, error) {
	if !h.initiator {
		return spi.Token{}, errors.New("pkidh: a replier does not begin a handshake")
	}
	if len(h.requests) > 0 {
		return h.requests[0].requestToken, nil
	}
	if now.After(h.id.v.notAfter) {
		return spi.Token{}, h.expired()
	}
	agree := h.proposal(h.remote.Algorithms)
	key, err := h.key(agree)
	if err != nil {
		return spi.Token{}, err
	}
	x := &exchange{
		agree: agree,
		c1:    h.id.credential(bytes.Clone(pdata), agree, false, wantsNUL(h.remote.Vendor)),
		dh1:   key.public(h.remote.Vendor == rtps.VendorCyclone), // Interop: it knows no other form
		ch1:   h.challenge,
	}
	x.requestToken = spi.Token{
		ClassID: h.class + suffixReq,
		BinaryProperties: append(slices.Clone(x.c1.props),
			rtps.BinaryProperty{Name: propHash1, Value: x.c1.hash[:]},
			rtps.BinaryProperty{Name: propDH1, Value: x.dh1},
			rtps.BinaryProperty{Name: propChallenge1, Value: x.ch1[:]},
		),
	}
	h.requests = []*exchange{x}
	return x.requestToken, nil
}

// proposal returns the key agreement we propose to a peer that announces theirs.
func (h *handshake) proposal(theirs *rtps.SecurityAlgorithms) string {
	pref := h.id.p.cfg.KeyAgreement
	if pref == "" && keyBit(h.id.p.key.Public()) == rtps.SignECDSAP384 {
		pref = agreeP384
	}
	var mask rtps.AlgorithmMask
	if theirs != nil {
		mask = theirs.Agreement
	}
	insists := mask.Required&rtps.AgreeP384 != 0 && mask.Required&rtps.AgreeP256 == 0
	switch {
	case mask.Supported&rtps.AgreeP384 != 0 && (pref == agreeP384 || insists):
		return agreeP384
	case pref == agreeDH:
		return agreeDH
	}
	return agreeECDH
}

// wantsNUL reports whether the names of algorithms in a request to that vendor
// end with a NUL.
//
// Interop: no one form serves all. OpenDDS wants the NUL, RustDDS refuses it,
// Fast DDS refuses it in a reply; Cyclone DDS takes both and sends it.
func wantsNUL(v rtps.VendorID) bool {
	return v == rtps.VendorOpenDDS || v == rtps.VendorCyclone || v == rtps.VendorRTI
}

// processReply verifies the reply and makes the final message.
// DDS-Security 1.1, 9.3.4 (process_handshake on a reply).
func (h *handshake) processReply(now time.Time, t *spi.Token, digest [32]byte) (*spi.Token, error) {
	x := *h.requests[0] // a copy: what is refused changes nothing
	ch1, err := challengeIn(t, propChallenge1)
	if err != nil {
		return nil, err
	}
	if ch1 != x.ch1 {
		return nil, at("handshake token", unlike(propChallenge1, "ours", "another: a reply to somebody else, or an old one"))
	}
	if x.ch2, err = challengeIn(t, propChallenge2); err != nil {
		return nil, err
	}
	if err := h.checkFuture(x.ch2); err != nil {
		return nil, err
	}
	if x.dh2, err = publicIn(t, propDH2); err != nil {
		return nil, err
	}
	if x.peer, err = h.checkCredential(now, t); err != nil {
		return nil, err
	}
	if x.peer.agree != x.agree {
		return nil, at("handshake token", unlike(propAgree, fmt.Sprintf("%q, which we asked for", x.agree), "%q", x.peer.agree))
	}
	// Announcements can be altered on the way. What the peer signs cannot.
	if better := h.proposal(pdataAlgorithms(x.peer.pdata)); better == agreeP384 && x.agree != agreeP384 {
		return nil, at(propPData, unlike("algorithms", "those of its announcement", "%s, too: somebody has left it out there", better))
	}
	x.c2 = x.peer.credential
	if err := x.checkEchoes(t); err != nil {
		return nil, err
	}
	signature, _ := find(t, propSignature)
	if err := verifySignature(x.peer.leaf.PublicKey, x.signedByReplier(), signature); err != nil {
		return nil, badSignature(err)
	}
	key, err := h.key(x.agree)
	if err != nil {
		return nil, err
	}
	secret, err := key.secret(x.dh2)
	if err != nil {
		return nil, at("handshake token", &spi.Refusal{Rule: propDH2, Err: err})
	}
	mine, err := sign(h.id.p.key, x.signedByInitiator())
	if err != nil {
		return nil, err
	}

	x.dh2 = bytes.Clone(x.dh2)
	final := &spi.Token{
		ClassID: classOf(t.ClassID, suffixReply) + suffixFinal,
		BinaryProperties: []rtps.BinaryProperty{
			{Name: propHash1, Value: x.c1.hash[:]},
			{Name: propDH1, Value: x.dh1},
			{Name: propHash2, Value: x.c2.hash[:]},
			{Name: propDH2, Value: x.dh2},
			{Name: propChallenge1, Value: x.ch1[:]},
			{Name: propChallenge2, Value: x.ch2[:]},
			{Name: propSignature, Value: mine},
		},
	}
	h.answered = append(h.answered, answer{digest, final})
	h.finish(&x, secret)
	return final, nil
}

// checkEchoes compares what t repeats of the exchange, where it does.
func (x *exchange) checkEchoes(t *spi.Token) error {
	return errors.Join(
		checkEcho(t, propHash1, x.c1.hash[:]),
		checkEcho(t, propHash2, x.c2.hash[:]),
		checkEcho(t, propDH1, x.dh1),
		checkEcho(t, propDH2, x.dh2),
	)
}
