//go:build interop || standin

package conformance

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/conformance/peer"
	"github.com/secdds/dds/security/keystore"
)

// three makes credentials for us, Cyclone and Fast: each begins the handshake
// with those that follow (see roles).
func (f form) three(t *testing.T) [3]side {
	s := [3]side{{vendor: us}, {vendor: peer.Cyclone}, {vendor: peer.Fast}}
	if f.governance == nil {
		return s
	}
	k := newKeystore(t, f.governance, keystore.P256)
	var dirs []string
	for _, name := range []string{"/a", "/b", "/c"} {
		dirs = append(dirs, enclave(t, k, name, keystore.EnclaveOptions{}))
	}
	for i, dir := range peer.ByRole(t, dirs...) {
		s[i].enclave = dir
	}
	return s
}

func eachForm(t *testing.T, test func(t *testing.T, f form)) {
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			test(t, f)
		})
	}
}

// One writer of ours serves a reader of each vendor.
func TestToBothVendors(t *testing.T) {
	eachForm(t, func(t *testing.T, f form) {
		s := f.three(t)
		args := []string{"--domain", strconv.Itoa(peer.Domain(t)), "--transient-local", "--count", "5", "--size", "100000"}
		readers := []*peer.Process{s[1].start(t, "sub", args...), s[2].start(t, "sub", args...)}
		w := s[0].start(t, "pub", append(args, "--wait-match", "2", "--wait-ack")...)
		for _, r := range readers {
			for seq := 1; seq <= 5; seq++ {
				r.Expect(fmt.Sprintf("^SAMPLE seq=%d size=100000 ok key=1$", seq), limit)
			}
		}
		w.Expect("^ACKED$", limit)
		require.Equal(t, 0, w.Wait(limit))
		for _, r := range readers {
			require.Equal(t, 0, r.Wait(limit))
			require.Equal(t, 5, r.Count("^SAMPLE "))
		}
	})
}

// One reader of ours takes from a writer of each vendor.
func TestFromBothVendors(t *testing.T) {
	eachForm(t, func(t *testing.T, f form) {
		s := f.three(t)
		args := []string{"--domain", strconv.Itoa(peer.Domain(t)), "--transient-local", "--size", "100000"}
		r := s[0].start(t, "sub", append(args, "--count", "10")...)
		args = append(args, "--count", "5", "--wait-ack", "--linger", "60000")
		writers := []*peer.Process{s[1].start(t, "pub", append(args, "--key", "1")...), s[2].start(t, "pub", append(args, "--key", "2")...)}
		require.Equal(t, 0, r.Wait(limit))
		require.Equal(t, 10, r.Count("^SAMPLE "))
		for _, key := range []int{1, 2} {
			for seq := 1; seq <= 5; seq++ {
				require.Equal(t, 1, r.Count(fmt.Sprintf("^SAMPLE seq=%d size=100000 ok key=%d$", seq, key)))
			}
		}
		for _, w := range writers {
			w.Expect("^ACKED$", limit)
			require.Equal(t, 0, w.Stop())
		}
	})
}

// A writer keeps the last sample of each instance; only the one disposed of is
// disposed.
func TestInstances(t *testing.T) {
	for _, f := range forms[:2] {
		t.Run(f.name, func(t *testing.T) {
			first, second := f.credentials(t, keystore.P256)
			eachSide(t, func(t *testing.T, domain string, pub, sub peer.Vendor) {
				p, s := roles(pub, sub, first, second)
				args := []string{"--domain", domain, "--transient-local", "--instances", "3", "--key", "5"}
				live := s.start(t, "sub", append(args, "--count", "9", "--dispose")...)
				// It disposes when asked to: the late reader comes before.
				w := p.start(t, "pub", append(args, "--keep-last", "1", "--count", "9", "--period", "100", "--wait-ack", "--dispose", "--linger", "60000")...)
				for seq := 1; seq <= 9; seq++ {
					live.Expect(fmt.Sprintf("^SAMPLE seq=%d size=0 ok key=%d$", seq, 5+(seq-1)%3), limit)
				}
				live.Expect("^DISPOSED key=5$", limit)
				require.Equal(t, 0, live.Wait(limit))
				require.Equal(t, 9, live.Count("^SAMPLE "))
				require.Equal(t, 1, live.Count("^(DISPOSED|UNREGISTERED) "))

				w.Expect("^DONE$", limit)
				late := s.start(t, "sub", append(args, "--count", "2")...)
				late.Expect("^SAMPLE seq=8 size=0 ok key=6$", limit)
				late.Expect("^SAMPLE seq=9 size=0 ok key=7$", limit)
				require.Equal(t, 0, late.Wait(limit))
				require.Equal(t, 2, late.Count("^SAMPLE "))
				require.Equal(t, 0, w.Stop())
			})
		})
	}
}

// Only writers in a partition of the reader are heard.
func TestPartitions(t *testing.T) {
	for _, f := range forms[:2] {
		t.Run(f.name, func(t *testing.T) {
			first, second := f.credentials(t, keystore.P256)
			eachSide(t, func(t *testing.T, domain string, pub, sub peer.Vendor) {
				p, s := roles(pub, sub, first, second)
				args := []string{"--domain", domain, "--transient-local", "--count", "3"}
				writer := append(args, "--wait-match", "0", "--linger", "60000")
				apart := p.start(t, "pub", append(writer, "--partition", "b", "--key", "2")...)
				apart.Expect("^DONE$", limit)
				r := s.start(t, "sub", append(args, "--partition", "a*", "--partition", "c")...)
				both := p.start(t, "pub", append(writer, "--partition", "x", "--partition", "abc", "--key", "1")...)
				for seq := 1; seq <= 3; seq++ {
					r.Expect(fmt.Sprintf("^SAMPLE seq=%d size=0 ok key=1$", seq), limit)
				}
				require.Equal(t, 0, r.Wait(limit))
				require.Equal(t, 3, r.Count("^SAMPLE "))
				require.Zero(t, apart.Count("^MATCHED "))
				require.Equal(t, 0, both.Stop())
				require.Equal(t, 0, apart.Stop())
			})
		})
	}
}

// A volatile reader gets everything from the first sample it gets.
func TestVolatile(t *testing.T) {
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			first, second := f.credentials(t, keystore.P256)
			eachSide(t, func(t *testing.T, domain string, pub, sub peer.Vendor) {
				p, s := roles(pub, sub, first, second)
				args := []string{"--domain", domain, "--volatile", "--size", "20000"}
				w := p.start(t, "pub", append(args, "--count", "100000", "--period", "5")...)
				r := s.start(t, "sub", append(args, "--count", "50")...)
				from, err := strconv.Atoi(r.Expect(`^SAMPLE seq=(\d+) size=20000 ok key=1$`, limit)[1])
				require.NoError(t, err)
				require.Equal(t, 0, r.Wait(limit))
				for i := range 50 {
					require.Equal(t, 1, r.Count(fmt.Sprintf("^SAMPLE seq=%d ", from+i)))
				}
				w.Stop()
			})
		})
	}
}
