//go:build interop && !standin

package conformance

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/conformance/peer"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/spi"
)

const (
	agreeECDH = "ECDH+prime256v1-CEUM"
	agreeDH   = "DH+MODP-2048-256"
)

// Every way to agree on a key, whoever begins. Fast 2.9 begins with DH, and
// sends its public key raw; Cyclone begins with ECDH, but takes DH, with a DER
// INTEGER for a public key. We begin as we are told.
func TestKeyAgreement(t *testing.T) {
	type setting struct {
		key    keystore.KeyKind
		begins peer.Vendor
		told   string
	}
	theirs := map[peer.Vendor]string{peer.Cyclone: agreeECDH, peer.Fast: agreeDH}
	for _, v := range peer.Vendors() {
		for s, agreed := range map[setting]string{
			{keystore.P256, peer.Ours, ""}:         agreeECDH,
			{keystore.P256, peer.Ours, agreeDH}:    agreeDH,
			{keystore.RSA2048, peer.Ours, ""}:      agreeECDH,
			{keystore.RSA2048, peer.Ours, agreeDH}: agreeDH,
			{keystore.P256, v, ""}:                 theirs[v],
			{keystore.RSA2048, v, ""}:              theirs[v],
		} {
			r := row{name: "none", key: s.key, first: s.begins == peer.Ours}
			t.Run(fmt.Sprintf("%v/%s, %v begins, told %q", v, r.keyName(), s.begins, s.told), func(t *testing.T) {
				first, second := newKeyring(t, s.key).enclaves(t, r)
				if !r.first {
					first, second = second, first
				}
				us, them := side{vendor: peer.Ours, enclave: first}, side{vendor: v, enclave: second}
				if s.told != "" {
					us.args = []string{"--agreement", s.told}
				}
				t.Parallel()
				problem, list := r.attempt(t, us, them)
				require.Empty(t, problem)
				for _, sent := range []bool{true, false} {
					require.Equal(t, agreed == agreeDH, said(list, sent, agreeDH), "sent by us: %t", sent)
					require.Equal(t, agreed == agreeECDH, said(list, sent, agreeECDH), "sent by us: %t", sent)
				}
			})
		}
	}
}

// said reports whether one side sent a text.
func said(list []datagram, sent bool, text string) bool {
	for _, d := range list {
		if d.sent == sent && bytes.Contains(d.b, []byte(text)) {
			return true
		}
	}
	return false
}

// Keys of 128 bits on either side, or on both: whose keys they are shows in what
// that side sends.
func TestKeySizes(t *testing.T) {
	const none, sign, encrypt = spi.ProtectNone, spi.ProtectSign, spi.ProtectEncrypt
	for _, r := range []row{
		{name: "sign", rtps: sign, discovery: sign, liveliness: sign, metadata: sign, data: sign, first: true},
		{name: "data", data: encrypt, first: true},
		{name: "encrypt", rtps: encrypt, discovery: encrypt, liveliness: encrypt, metadata: encrypt, data: encrypt, first: true},
	} {
		ring := newKeyring(t, keystore.P256)
		for _, bits := range [][2]int{{128, 256}, {256, 128}, {128, 128}} {
			t.Run(fmt.Sprintf("%s/ours %d, theirs %d", r.name, bits[0], bits[1]), func(t *testing.T) {
				first, second := ring.enclaves(t, r)
				eachSide(t, func(t *testing.T, _ string, pub, sub peer.Vendor) {
					p, s := side{vendor: pub, enclave: first}, side{vendor: sub, enclave: second}
					if sub == peer.Ours {
						p.enclave, s.enclave = second, first
					}
					for _, of := range []*side{&p, &s} {
						of.args = []string{"--key-size", fmt.Sprint(bits[1])}
						if of.vendor == peer.Ours {
							of.args = []string{"--key-size", fmt.Sprint(bits[0])}
						}
					}
					problem, list := r.attempt(t, p, s)
					require.Empty(t, problem)
					for i, sent := range []bool{true, false} {
						them := pub
						if pub == peer.Ours {
							them = sub
						}
						messages, inner := kinds(t, list, sent)
						ofMessages := bits[i]
						if !sent && them == peer.Cyclone {
							ofMessages = 256 // Interop: it heeds the property of endpoints only
						}
						// DDS-Security 1.1, 9.5.2.1.1: GMAC and GCM of 128 bits are 1 and 2, of 256 bits 3 and 4.
						want := func(bits int) map[byte]bool {
							kind := byte(bits/128*2 - 1)
							if r.name != "sign" {
								kind++
							}
							return map[byte]bool{kind: true}
						}
						none := map[byte]bool{}
						switch {
						case r.name == "sign":
							require.Equal(t, want(ofMessages), messages, "sent by us: %t", sent)
							require.Equal(t, want(bits[i]), inner, "sent by us: %t", sent)
						case r.name == "encrypt":
							require.Equal(t, want(ofMessages), messages, "sent by us: %t", sent)
							require.Equal(t, none, inner)
						case sent == (pub == peer.Ours):
							require.Equal(t, want(bits[i]), inner, "sent by us: %t", sent)
						default: // who reads seals nothing
							require.Equal(t, none, inner)
						}
					}
				})
			})
		}
	}
}

// kinds returns the transformations one side used, of messages and, as far as
// they can be seen, of what has to do with the topic.
func kinds(t *testing.T, list []datagram, sent bool) (messages, inner map[byte]bool) {
	messages, inner = make(map[byte]bool), make(map[byte]bool)
	for _, d := range list {
		if d.sent != sent || len(d.b) == 1 {
			continue
		}
		all, err := sights(d)
		require.NoError(t, err)
		for _, s := range all {
			messages[s.message.kind] = true
			if s.user() {
				inner[s.sub.kind] = true
				if s.first && s.payload != nil {
					inner[payloadSeal(s.payload).kind] = true
				}
			}
		}
	}
	delete(messages, 0)
	delete(inner, 0)
	return messages, inner
}
