//go:build interop && !standin

package conformance

import (
	"crypto/rand"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/secdds/dds/conformance/peer"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/spi"
)

var (
	matrixOut     = flag.String("matrix.out", "", "write the matrix' table to this file (Markdown)")
	matrixVendors = flag.Bool("matrix.vendors", false, "run the matrix between the vendors, too: minutes more")
)

// The samples of a run: small, of several datagrams at the vendors, such that
// sealed they still go as one datagram from us, and just under and over 64 KiB.
var matrixSizes = []int{100, 20_000, 62_900, 65_000, 66_000}

// livelinessLease is what a writer of the matrix has to be asserted within, in
// ms, for its reader to go on.
const livelinessLease = 1000

// TestMatrix runs every row with each vendor, in both directions, and demands
// that the samples come and that on the wire everything is as the row says.
func TestMatrix(t *testing.T) {
	rings := map[keystore.KeyKind]keyring{}
	for _, key := range []keystore.KeyKind{keystore.P256, keystore.RSA2048} {
		rings[key] = newKeyring(t, key)
	}
	results := &table{cells: make(map[row]map[column]string)}
	t.Cleanup(func() {
		t.Log("\n" + results.String())
		if *matrixOut != "" {
			if err := os.WriteFile(*matrixOut, []byte(results.document()), 0o644); err != nil {
				t.Error(err)
			}
		}
	})
	for _, r := range matrix() {
		t.Run(r.String(), func(t *testing.T) {
			t.Parallel()
			first, second := rings[r.key].enclaves(t, r)
			for _, c := range columns() {
				t.Run(c.String(), func(t *testing.T) {
					t.Parallel()
					p, s := side{vendor: c.pub, enclave: second}, side{vendor: c.sub, enclave: first}
					if c.pubBegins(r) {
						p, s = side{vendor: c.pub, enclave: first}, side{vendor: c.sub, enclave: second}
					}
					problem, _ := r.attempt(t, p, s)
					results.note(r, c, problem)
					if problem != "" && c.ours() {
						t.Error(problem)
					}
				})
			}
		})
	}
}

// attempt is run, but for liveliness lost: where the machine stood still for a
// lease, that says nothing. It is tried again; a peer that cannot open the
// assertions fails each time.
func (r row) attempt(t *testing.T, pub, sub side) (problem string, list []datagram) {
	for range 3 {
		problem = trial(t, func(t testing.TB, stage func(string)) { list = r.run(t, pub, sub, stage) })
		if !strings.HasPrefix(problem, "liveliness") {
			break
		}
	}
	return problem, list
}

// A trialTest is a test that may fail without the one it is part of.
type trialTest struct {
	testing.TB
	failed bool
	reason string
}

func (t *trialTest) Helper()      {}
func (t *trialTest) Failed() bool { return t.failed }
func (t *trialTest) Errorf(format string, args ...any) {
	t.failed, t.reason = true, t.reason+fmt.Sprintf(format, args...)
}
func (t *trialTest) FailNow() { t.failed = true; runtime.Goexit() }
func (t *trialTest) Fatalf(format string, args ...any) {
	t.Errorf(format, args...)
	runtime.Goexit()
}

// trial runs f and returns at which stage it failed and why; "" if it did not.
func trial(t *testing.T, f func(t testing.TB, stage func(string))) string {
	b, at := &trialTest{TB: t}, ""
	var done sync.WaitGroup
	done.Go(func() { f(b, func(s string) { at = s }) })
	done.Wait()
	if !b.failed {
		return ""
	}
	t.Log(b.reason)
	return at
}

// run sends samples of every size from pub to sub. It returns what passed
// between us and the peer; nothing if neither side is ours.
func (r row) run(t testing.TB, pub, sub side, stage func(string)) []datagram {
	stage("start")
	topic := "Matrix" + rand.Text()
	var sizes []string
	total := 0
	for _, n := range matrixSizes {
		sizes = append(sizes, strconv.Itoa(n))
		total += n
	}
	args := []string{
		"--domain", strconv.Itoa(peer.Domain(t)), "--topic", topic, "--transient-local", "--liveliness", strconv.Itoa(livelinessLease),
		"--count", strconv.Itoa(len(sizes)), "--size", strings.Join(sizes, ","), "--instances", "2", "--key", "7",
	}
	if pub.vendor != peer.Ours && sub.vendor != peer.Ours {
		args = append(args, "--timeout", "8") // much of it is in vain
	}
	tape := ""
	for _, s := range []*side{&pub, &sub} {
		if s.vendor == peer.Ours {
			tape = filepath.Join(t.TempDir(), "tape")
			s.args = append(slices.Clip(s.args), "--record", tape)
		}
	}
	s := sub.start(t, "sub", args...)
	p := pub.start(t, "pub", append(args, "--wait-ack", "--linger", "60000")...)
	stage("samples")
	s.Expect("^(ALIVE|TIMEOUT liveliness)$", limit)
	for i, size := range matrixSizes { // Fast DDS gives them instance by instance
		stage(fmt.Sprintf("sample of %d", size))
		if n := s.Count(fmt.Sprintf("^SAMPLE seq=%d size=%d ok key=%d$", i+1, size, 7+i%2)); n != 1 {
			t.Fatalf("sample %d came %d times", i+1, n)
		}
	}
	stage("acknowledgement")
	p.Expect("^ACKED$", limit)
	stage("liveliness")
	// Interop: Cyclone DDS 0.10 asserts its writers in clear, whatever the
	// governance says. We do not take that.
	asserted := pub.vendor != peer.Cyclone || r.liveliness == spi.ProtectNone
	if alive := s.Count("^ALIVE$") == 1; alive != asserted {
		t.Fatalf("a lease after its last sample the writer was alive: %t", alive)
	}
	stage("end")
	want := 0
	if !asserted {
		want = 1
	}
	if code := s.Wait(limit); code != want || s.Count("^SAMPLE ") != len(matrixSizes) {
		t.Fatalf("the subscriber ended with code %d and %d samples", code, s.Count("^SAMPLE "))
	}
	if code := p.Stop(); code != 0 {
		t.Fatalf("the publisher ended with code %d", code)
	}
	if tape == "" {
		return nil
	}
	stage("wire")
	list, err := recording(tape)
	if err != nil {
		t.Fatalf("%v", err)
	}
	d := demand{
		rtps: r.rtps, discovery: r.discovery, liveliness: r.liveliness, metadata: r.metadata, data: r.data,
		published: pub.vendor == peer.Ours, topic: topic, octets: total, whole: 1,
		cyclone: pub.vendor == peer.Cyclone || sub.vendor == peer.Cyclone,
	}
	for i := range matrixSizes {
		d.markers = append(d.markers, blobStart(i+1))
	}
	if problems := d.broken(list); len(problems) > 0 {
		t.Fatalf("of %d datagrams:\n%s", len(list), strings.Join(problems, "\n"))
	}
	return list
}

// blobStart is how the contents of sample seq of a blob begin. See samples.idl.
func blobStart(seq int) []byte {
	b := make([]byte, 16)
	for i := range b {
		b[i] = byte(i*31 + seq)
	}
	return b
}
