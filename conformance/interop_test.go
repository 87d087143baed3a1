//go:build interop || standin

// The matrix of interoperability. With the tag standin Cyclone stands in for
// us; what fails then is what the vendors cannot do among themselves:
//   - TestHandshakeRoles where Fast begins with Cyclone: it sends its
//     DH+MODP-2048-256 key raw, Cyclone wants a DER INTEGER
//   - TestInstanceStates with a string key from Fast: it sends an MD5 key hash
//     only; and UNREGISTERED from Cyclone to Fast in the plain form: Fast 2.9.1
//     takes a key payload of at most 16 octets, header included, for the key hash
//   - TestUnmatch and TestClose where Cyclone leaves Fast: it sends no key hash
//     with the disposal of an endpoint, which Fast wants
//   - TestInstances, for reasons of the same kind: Fast does not know what
//     Cyclone disposes in clear, nor Cyclone what Fast disposes under ENCRYPT
//   - TestRefuseTopic where Fast judges and has to begin the handshake
//   - TestRepresentations of notes between them: Cyclone has no XCDR1 for it, Fast no XCDR2
//   - TestProtections/data and /data_signed from Fast to Cyclone: Fast does not match

package conformance

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/conformance/peer"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/spi"
)

func TestReliable(t *testing.T) {
	for _, f := range forms {
		for _, size := range []int{10, 100_000, 5_000_000} {
			t.Run(fmt.Sprintf("%s/%d", f.name, size), func(t *testing.T) {
				first, second := f.credentials(t, keystore.P256)
				eachSide(t, func(t *testing.T, domain string, pub, sub peer.Vendor) {
					p, s := roles(pub, sub, first, second)
					exchange(t, domain, p, s, 3, size)
				})
			})
		}
	}
}

func TestBestEffort(t *testing.T) {
	for _, f := range forms {
		for _, size := range []int{10, 100_000} { // 5 MB overrun the buffers of the sockets
			t.Run(fmt.Sprintf("%s/%d", f.name, size), func(t *testing.T) {
				first, second := f.credentials(t, keystore.P256)
				eachSide(t, func(t *testing.T, domain string, pub, sub peer.Vendor) {
					p, s := roles(pub, sub, first, second)
					args := []string{"--domain", domain, "--best-effort", "--size", strconv.Itoa(size)}
					reader := s.start(t, "sub", append(args, "--count", "5")...)
					writer := p.start(t, "pub", append(args, "--count", "100000", "--period", "10")...)
					last := 0
					for range 5 {
						seq, err := strconv.Atoi(reader.Expect(fmt.Sprintf(`^SAMPLE seq=(\d+) size=%d ok key=1$`, size), limit)[1])
						require.NoError(t, err)
						require.Greater(t, seq, last)
						last = seq
					}
					require.Equal(t, 0, reader.Wait(limit))
					require.Zero(t, reader.Count("BAD"))
					writer.Stop()
				})
			})
		}
	}
}

// A reader that comes late is given what a transient-local writer keeps.
func TestLateJoiner(t *testing.T) {
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			first, second := f.credentials(t, keystore.P256)
			eachSide(t, func(t *testing.T, domain string, pub, sub peer.Vendor) {
				p, s := roles(pub, sub, first, second)
				args := []string{"--domain", domain, "--transient-local", "--keep-last", "3", "--size", "100000"}
				writer := p.start(t, "pub", append(args, "--count", "5", "--wait-match", "0", "--linger", "60000")...)
				writer.Expect("^DONE$", limit)
				reader := s.start(t, "sub", append(args, "--count", "3")...)
				for seq := 3; seq <= 5; seq++ {
					reader.Expect(fmt.Sprintf(`^SAMPLE seq=%d size=100000 ok `, seq), limit)
				}
				require.Equal(t, 0, reader.Wait(limit))
				require.Equal(t, 3, reader.Count("^SAMPLE "))
				require.Equal(t, 0, writer.Stop())
			})
		})
	}
}

// Each side sees that the other disposes of and unregisters an instance. A
// string key does not fit a key hash (DDSI-RTPS 2.5, 9.6.4.8): that is an MD5 then.
func TestInstanceStates(t *testing.T) {
	types := map[string][]string{
		"number": {"--type", "blob", "--key", "7"},
		"string": {"--type", "shape", "--key", "a colour longer than sixteen bytes"},
		"short":  {"--type", "shape", "--key", "BLUE"}, // MD5 too, for its bound; the payload has 16 octets
	}
	states := map[string]string{"--dispose": "DISPOSED", "--unregister": "UNREGISTERED"}
	for _, f := range forms {
		for name, typ := range types {
			for flag, line := range states {
				t.Run(f.name+"/"+name+"/"+line, func(t *testing.T) {
					first, second := f.credentials(t, keystore.P256)
					eachSide(t, func(t *testing.T, domain string, pub, sub peer.Vendor) {
						p, s := roles(pub, sub, first, second)
						args := append([]string{"--transient-local", "--domain", domain, "--count", "2", flag}, typ...)
						reader := s.start(t, "sub", args...)
						writer := p.start(t, "pub", append(args, "--wait-ack", "--linger", "60000")...)
						reader.Expect("^SAMPLE seq=2 ", limit)
						reader.Expect("^"+line+" key="+typ[3]+"$", limit)
						require.Equal(t, 0, reader.Wait(limit))
						writer.Expect("^ACKED$", limit)
						require.Equal(t, 0, writer.Stop())
					})
				})
			}
		}
	}
}

// Every encoding a vendor has. Appendable types: Cyclone writes them as XCDR2
// with a delimiter header only, Fast 2.9 as XCDR1 only.
func TestRepresentations(t *testing.T) {
	types := map[peer.Vendor][][]string{
		peer.Cyclone: {
			{"--type", "blob", "--representation", "1"},
			{"--type", "blob", "--representation", "2"},
			{"--type", "shape", "--representation", "2"},
			{"--type", "note", "--representation", "2"},
		},
		peer.Fast: {
			{"--type", "blob", "--representation", "1"},
			{"--type", "shape"},
			{"--type", "note", "--representation", "1"},
			{"--type", "note"},
		},
	}
	for _, f := range forms[:2] {
		for i := range 4 {
			t.Run(fmt.Sprintf("%s/%d", f.name, i), func(t *testing.T) {
				first, second := f.credentials(t, keystore.P256)
				eachSide(t, func(t *testing.T, domain string, pub, sub peer.Vendor) {
					other := pub
					if pub == us {
						other = sub
					}
					p, s := roles(pub, sub, first, second)
					exchange(t, domain, p, s, 3, 1000, types[other][i]...)
				})
			})
		}
	}
}

// Each side begins the handshake once, with both kinds of certificates.
func TestHandshakeRoles(t *testing.T) {
	for name, key := range map[string]keystore.KeyKind{"P-256": keystore.P256, "RSA": keystore.RSA2048} {
		for _, begins := range []string{"publisher begins", "subscriber begins"} {
			t.Run(name+"/"+begins, func(t *testing.T) {
				first, second := forms[1].credentials(t, key)
				if begins == "subscriber begins" {
					first, second = second, first
				}
				eachSide(t, func(t *testing.T, domain string, pub, sub peer.Vendor) {
					exchange(t, domain, side{vendor: pub, enclave: first}, side{vendor: sub, enclave: second}, 1, 10)
				})
			})
		}
	}
}

// The other kinds of protection, which TestReliable has not.
func TestProtections(t *testing.T) {
	only := func(metadata, data spi.Protection) *keystore.Governance {
		return &keystore.Governance{
			Domains: []keystore.Domains{domains}, JoinAccessControl: true,
			Topics: []keystore.TopicRule{keystore.Protected("*", metadata, data)},
		}
	}
	rtps := only(spi.ProtectNone, spi.ProtectNone)
	rtps.RTPS = spi.ProtectEncrypt
	for _, f := range []form{
		{"sign", uniform(spi.ProtectSign)},
		{"sign with origin", uniform(spi.ProtectSignOrigin)},
		{"encrypt with origin", uniform(spi.ProtectEncryptOrigin)},
		{"message", rtps},
		{"metadata", only(spi.ProtectEncrypt, spi.ProtectNone)},
		{"data", only(spi.ProtectNone, spi.ProtectEncrypt)},
		{"data signed", only(spi.ProtectNone, spi.ProtectSign)},
		{"authentication", only(spi.ProtectNone, spi.ProtectNone)},
	} {
		t.Run(f.name, func(t *testing.T) {
			first, second := f.credentials(t, keystore.P256)
			eachSide(t, func(t *testing.T, domain string, pub, sub peer.Vendor) {
				p, s := roles(pub, sub, first, second)
				exchange(t, domain, p, s, 2, 100_000)
			})
		})
	}
}

// Both sides say why they do not match. But Fast does not look at
// representations: there we are the only one to say.
func TestIncompatible(t *testing.T) {
	for _, tt := range []struct {
		policy   string
		pub, sub []string
	}{
		{"RELIABILITY", []string{"--best-effort"}, []string{"--reliable"}},
		{"DURABILITY", []string{"--volatile"}, []string{"--transient-local"}},
		{"DATA_REPRESENTATION", []string{"--representation", "2"}, []string{"--representation", "1"}},
	} {
		t.Run(tt.policy, func(t *testing.T) {
			eachSide(t, func(t *testing.T, domain string, pub, sub peer.Vendor) {
				pubArgs, subArgs := tt.pub, tt.sub
				if tt.policy == "DATA_REPRESENTATION" && pub == peer.Fast {
					pubArgs, subArgs = tt.sub, tt.pub // it has the old one only
				}
				args := []string{"--domain", domain, "--linger", "60000"}
				s := side{vendor: sub}.start(t, "sub", append(args, subArgs...)...)
				p := side{vendor: pub}.start(t, "pub", append(args, pubArgs...)...)
				for v, process := range map[peer.Vendor]*peer.Process{pub: p, sub: s} {
					if v != peer.Fast || tt.policy != "DATA_REPRESENTATION" {
						process.Expect("^INCOMPATIBLE policy="+tt.policy+"$", limit)
						require.Zero(t, process.Count("^MATCHED"))
					}
				}
			})
		})
	}
}

// A side that closes an endpoint, and stays, is missed.
func TestClose(t *testing.T) {
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			first, second := f.credentials(t, keystore.P256)
			eachSide(t, func(t *testing.T, domain string, pub, sub peer.Vendor) {
				p, s := roles(pub, sub, first, second)
				args := []string{"--domain", domain, "--transient-local", "--linger", "60000", "--count", "1"}
				for _, closes := range []string{"pub", "sub"} {
					pubArgs, subArgs := append(args, "--wait-ack"), args
					if closes == "pub" {
						pubArgs = append(pubArgs, "--close")
					} else {
						subArgs = append(subArgs[:len(subArgs):len(subArgs)], "--close")
					}
					reader := s.start(t, "sub", subArgs...)
					writer := p.start(t, "pub", pubArgs...)
					gone, stays := writer, reader
					if closes == "sub" {
						gone, stays = reader, writer
					}
					gone.Expect("^CLOSED$", limit)
					stays.Expect("^MATCHED 1 ", limit)
					stays.Expect("^UNMATCHED 0 ", limit)
					require.Zero(t, stays.Count("^GONE "))
					gone.Stop()
					stays.Stop()
				}
			})
		})
	}
}

// A side that leaves in order is missed at once, not when its lease is over.
func TestUnmatch(t *testing.T) {
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			first, second := f.credentials(t, keystore.P256)
			eachSide(t, func(t *testing.T, domain string, pub, sub peer.Vendor) {
				p, s := roles(pub, sub, first, second)
				reader := s.start(t, "sub", "--domain", domain, "--count", "0")
				writer := p.start(t, "pub", "--domain", domain, "--count", "0", "--linger", "60000")
				reader.Expect("^MATCHED 1 ", limit)
				writer.Expect("^MATCHED 1 ", limit)
				writer.Stop()
				reader.Expect("^UNMATCHED 0 ", limit/6)
				again := p.start(t, "pub", "--domain", domain, "--count", "0", "--linger", "60000")
				reader.Expect("^MATCHED 1 ", limit)
				again.Expect("^MATCHED 1 ", limit)
				reader.Stop()
				again.Expect("^UNMATCHED 0 ", limit/6)
				again.Stop()
			})
		})
	}
}
