package peer_test

import (
	"fmt"
	"regexp"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/conformance/peer"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/spi"
)

const limit = 20 * time.Second

// Interop: Cyclone 0.10.2 refuses a document with a domain id above 230.
var domains = keystore.Domains{Min: 0, Max: 230}

// eachPair runs test for every vendor's publisher with every vendor's subscriber.
func eachPair(t *testing.T, test func(t *testing.T, pub, sub peer.Vendor)) {
	for _, pub := range peer.Vendors() {
		for _, sub := range peer.Vendors() {
			t.Run(fmt.Sprintf("%v to %v", pub, sub), func(t *testing.T) {
				t.Parallel()
				test(t, pub, sub)
			})
		}
	}
}

// exchange lets a publisher send three samples of size bytes to a subscriber.
func exchange(t *testing.T, pub, sub peer.Vendor, size int, pubArgs, subArgs []string) {
	// Transient local: one side can match before the other, and what a volatile
	// writer sent meanwhile is lost to a reader that joins later.
	args := []string{"--domain", strconv.Itoa(peer.Domain(t)), "--count", "3", "--size", strconv.Itoa(size), "--transient-local"}
	s := peer.Start(t, sub, append(append([]string{"sub"}, args...), subArgs...)...)
	p := peer.Start(t, pub, append(append([]string{"pub", "--wait-ack"}, args...), pubArgs...)...)
	require.NotEqual(t, s.GUID(limit), p.GUID(limit))
	for seq := 1; seq <= 3; seq++ {
		p.Expect(fmt.Sprintf("^SENT %d$", seq), limit)
		s.Expect(fmt.Sprintf("^SAMPLE seq=%d size=%d ok key=1$", seq, size), limit)
	}
	p.Expect("^ACKED$", limit)
	require.Equal(t, 0, p.Wait(limit))
	require.Equal(t, 0, s.Wait(limit))
	require.Equal(t, 3, s.Count("^SAMPLE "))
}

func TestPeersExchange(t *testing.T) {
	for _, size := range []int{10, 5_000_000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			eachPair(t, func(t *testing.T, pub, sub peer.Vendor) {
				exchange(t, pub, sub, size, nil, nil)
			})
		})
	}
}

func TestPeersExchangeSecured(t *testing.T) {
	governances := map[string]keystore.Governance{
		"encrypt": keystore.UniformGovernance(spi.ProtectEncrypt, domains),
		"sros2":   keystore.SROS2Governance(domains),
	}
	for name, g := range governances {
		t.Run(name, func(t *testing.T) {
			k, err := keystore.Create(t.TempDir(), keystore.Options{Governance: &g})
			require.NoError(t, err)
			e := peer.ByRole(t, enclave(t, k, "/a"), enclave(t, k, "/b"))
			eachPair(t, func(t *testing.T, pub, sub peer.Vendor) {
				first, second := e[0], e[1]
				// Interop: Fast begins with DH+MODP-2048-256, whose public key Cyclone
				// wants as a DER INTEGER: so let Cyclone begin.
				if sub == peer.Cyclone {
					first, second = second, first
				}
				exchange(t, pub, sub, 100_000, []string{"--enclave", first}, []string{"--enclave", second})
			})
		})
	}
}

func enclave(t *testing.T, k *keystore.Keystore, name string) string {
	allow := keystore.AllowAll()
	allow.Domains = []keystore.Domains{domains}
	dir, err := k.CreateEnclave(name, keystore.EnclaveOptions{Rules: []keystore.Rule{allow}})
	require.NoError(t, err)
	return dir
}

func TestRoleFollowsTheSubject(t *testing.T) {
	g := keystore.SROS2Governance(domains)
	k, err := keystore.Create(t.TempDir(), keystore.Options{Governance: &g})
	require.NoError(t, err)
	dirs := []string{enclave(t, k, "/a"), enclave(t, k, "/b"), enclave(t, k, "/c")}
	last := ""
	for _, dir := range peer.ByRole(t, dirs...) {
		for _, v := range peer.Vendors() {
			p := peer.Start(t, v, "sub", "--domain", strconv.Itoa(peer.Domain(t)), "--enclave", dir)
			g := p.GUID(limit)
			require.Less(t, last, g)
			if v == peer.Fast {
				last = g[:13] // up to byte 5: the vendors share them
			}
			p.Kill()
		}
	}
}

func TestStopEndsAPeer(t *testing.T) {
	for _, v := range peer.Vendors() {
		p := peer.Start(t, v, "sub", "--domain", strconv.Itoa(peer.Domain(t)))
		p.GUID(limit)
		require.Equal(t, 3, p.Stop(), v)
	}
}

func TestRefusesBadCredentials(t *testing.T) {
	for _, v := range peer.Vendors() {
		p := peer.Start(t, v, "sub", "--domain", strconv.Itoa(peer.Domain(t)), "--enclave", t.TempDir())
		p.Expect("^FAILED create participant", limit)
		require.Equal(t, 2, p.Wait(limit), v)
	}
}

// A brokenTest records the failure that the harness reports to it.
type brokenTest struct {
	testing.TB
	reason string
}

func (b *brokenTest) Helper() {}

func (b *brokenTest) Fatalf(format string, args ...any) {
	b.reason = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// failure returns how the harness fails the test that does f.
func failure(t *testing.T, f func(t testing.TB)) string {
	b := &brokenTest{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(b)
	}()
	<-done
	return b.reason
}

func TestExpectFails(t *testing.T) {
	sub := []string{"sub", "--domain", strconv.Itoa(peer.Domain(t))}
	require.Regexp(t, `no "\^SAMPLE" within 10ms$`, failure(t, func(t testing.TB) {
		peer.Start(t, peer.Cyclone, sub...).Expect("^SAMPLE", 10*time.Millisecond)
	}))
	require.Regexp(t, `ended with code 1, without "\^SAMPLE"$`, failure(t, func(t testing.TB) {
		peer.Start(t, peer.Cyclone, append(sub, "--timeout", "1")...).Expect("^SAMPLE", limit)
	}))
	require.Regexp(t, regexp.QuoteMeta("still running after 10ms"), failure(t, func(t testing.TB) {
		peer.Start(t, peer.Cyclone, sub...).Wait(10 * time.Millisecond)
	}))
	require.Regexp(t, `ended with code 2, without "\^READY`, failure(t, func(t testing.TB) {
		peer.Start(t, peer.Fast, "sub", "--no-such-option").GUID(limit)
	}))
}

func TestDomainsDiffer(t *testing.T) {
	seen := make(map[int]bool)
	for range 20 {
		seen[peer.Domain(t)] = true
	}
	require.Len(t, seen, 20)
}
