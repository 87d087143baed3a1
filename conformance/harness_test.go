//go:build interop || standin

package conformance

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/conformance/peer"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/spi"
)

// limit bounds every wait. Discovery and handshake take 0.1 to 2 s.
const limit = 30 * time.Second

// Interop: Cyclone 0.10.2 refuses a document with a domain id above 230.
var domains = keystore.Domains{Min: 0, Max: 230}

// A form is one way to protect a domain.
type form struct {
	name       string
	governance *keystore.Governance // nil: no security
}

func uniform(p spi.Protection) *keystore.Governance {
	g := keystore.UniformGovernance(p, domains)
	return &g
}

func sros2() *keystore.Governance {
	g := keystore.SROS2Governance(domains)
	return &g
}

var forms = []form{{"plain", nil}, {"encrypt", uniform(spi.ProtectEncrypt)}, {"sros2", sros2()}}

// credentials makes one enclave for whoever begins the handshake and one for
// whoever answers; both are "" in the plain form.
func (f form) credentials(t *testing.T, key keystore.KeyKind) (first, second string) {
	if f.governance == nil {
		return "", ""
	}
	k := newKeystore(t, f.governance, key)
	e := peer.ByRole(t, enclave(t, k, "/a", keystore.EnclaveOptions{}), enclave(t, k, "/b", keystore.EnclaveOptions{}))
	return e[0], e[1]
}

func newKeystore(t *testing.T, g *keystore.Governance, key keystore.KeyKind) *keystore.Keystore {
	k, err := keystore.Create(t.TempDir(), keystore.Options{Governance: g, Key: key})
	require.NoError(t, err)
	return k
}

// enclave makes credentials that allow everything, unless o has other rules.
func enclave(t *testing.T, k *keystore.Keystore, name string, o keystore.EnclaveOptions) string {
	if o.Rules == nil {
		o.Rules = []keystore.Rule{keystore.AllowAll()}
	}
	for i := range o.Rules {
		o.Rules[i].Domains = []keystore.Domains{domains}
	}
	dir, err := k.CreateEnclave(name, o)
	require.NoError(t, err)
	return dir
}

// A side is one end of a test: who it is and under which credentials.
type side struct {
	vendor  peer.Vendor
	enclave string // "": not secured
	args    []string
}

func (s side) start(t testing.TB, role string, args ...string) *peer.Process {
	all := slices.Concat([]string{role}, args, s.args)
	if s.enclave != "" {
		all = append(all, "--enclave", s.enclave)
	}
	return peer.Start(t, s.vendor, all...)
}

// eachSide runs test with us as publisher and as subscriber of every vendor,
// each in a domain of its own, at the same time.
func eachSide(t *testing.T, test func(t *testing.T, domain string, pub, sub peer.Vendor)) {
	for _, v := range peer.Vendors() {
		for _, pair := range [][2]peer.Vendor{{us, v}, {v, us}} {
			t.Run(fmt.Sprintf("%v to %v", pair[0], pair[1]), func(t *testing.T) {
				t.Parallel()
				test(t, strconv.Itoa(peer.Domain(t)), pair[0], pair[1])
			})
		}
	}
}

// roles gives each side its credentials: the first begins the handshake. The
// vendors manage only one order among themselves (see TestHandshakeRoles), so
// where roles do not matter Cyclone begins with Fast, and we begin with Cyclone.
func roles(pub, sub peer.Vendor, first, second string) (p, s side) {
	rank := func(v peer.Vendor) int { return slices.Index([]peer.Vendor{peer.Ours, peer.Cyclone, peer.Fast}, v) }
	if rank(pub) <= rank(sub) {
		return side{vendor: pub, enclave: first}, side{vendor: sub, enclave: second}
	}
	return side{vendor: pub, enclave: second}, side{vendor: sub, enclave: first}
}

// exchange lets pub send count samples of size bytes reliably to sub. The
// samples are transient-local: what a volatile writer sends between its own
// match and that of the reader is lost at Cyclone, which acknowledges it unseen.
func exchange(t *testing.T, domain string, pub, sub side, count, size int, args ...string) {
	args = append([]string{"--transient-local", "--domain", domain, "--count", strconv.Itoa(count), "--size", strconv.Itoa(size)}, args...)
	s := sub.start(t, "sub", args...)
	p := pub.start(t, "pub", append(args, "--wait-ack")...)
	for seq := 1; seq <= count; seq++ {
		s.Expect(fmt.Sprintf(`^SAMPLE seq=%d size=\d+ ok `, seq), limit)
	}
	p.Expect("^ACKED$", limit)
	require.Equal(t, 0, p.Wait(limit))
	require.Equal(t, 0, s.Wait(limit))
	require.Equal(t, count, s.Count("^SAMPLE "), "a sample came twice")
}
