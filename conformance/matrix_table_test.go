//go:build interop && !standin

package conformance

import (
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/secdds/dds/conformance/peer"
	"github.com/secdds/dds/spi"
)

// A column of the table is who writes and who reads; between the vendors also
// who begins the handshake, for not every order works.
type column struct {
	pub, sub peer.Vendor
	begins   peer.Vendor // Ours: as the row says
}

// columns returns those that are run.
func columns() []column {
	c := []column{
		{peer.Ours, peer.Cyclone, peer.Ours}, {peer.Cyclone, peer.Ours, peer.Ours},
		{peer.Ours, peer.Fast, peer.Ours}, {peer.Fast, peer.Ours, peer.Ours},
	}
	if *matrixVendors {
		c = append(c, column{peer.Cyclone, peer.Fast, peer.Cyclone}, column{peer.Cyclone, peer.Fast, peer.Fast},
			column{peer.Fast, peer.Cyclone, peer.Cyclone}, column{peer.Fast, peer.Cyclone, peer.Fast})
	}
	return c
}

func (c column) ours() bool { return c.pub == peer.Ours || c.sub == peer.Ours }

// pubBegins reports whether the publisher begins the handshake.
func (c column) pubBegins(r row) bool {
	if c.ours() {
		return r.first == (c.pub == peer.Ours)
	}
	return c.begins == c.pub
}

func (c column) String() string {
	s := fmt.Sprintf("%v to %v", c.pub, c.sub)
	if !c.ours() {
		s += fmt.Sprintf(", %v begins", c.begins)
	}
	return s
}

// A table is what became of each row in each column: "" is good.
type table struct {
	mu    sync.Mutex
	cells map[row]map[column]string
}

func (t *table) note(r row, c column, problem string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cells[r] == nil {
		t.cells[r] = make(map[column]string)
	}
	t.cells[r][c] = problem
}

func (t *table) cell(r row, c column) string {
	problem, run := t.cells[r][c]
	switch {
	case !run:
		return "not run"
	case problem == "" && c == column{peer.Cyclone, peer.Ours, peer.Ours} && r.liveliness != spi.ProtectNone:
		return "ok, but liveliness"
	case problem == "":
		return "ok"
	}
	return "no: " + problem
}

// String is the table in Markdown.
func (t *table) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b strings.Builder
	b.WriteString("| rtps | discovery | liveliness | metadata | data | keys | begins |")
	for _, c := range columns() {
		fmt.Fprintf(&b, " %v |", c)
	}
	b.WriteString("\n|" + strings.Repeat("---|", 7+len(columns())) + "\n")
	for _, r := range matrix() {
		if t.cells[r] == nil {
			continue // left out by -run
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |", short(r.rtps), short(r.discovery), short(r.liveliness),
			short(r.metadata), short(r.data), r.keyName(), r.begins())
		for _, c := range columns() {
			fmt.Fprintf(&b, " %s |", t.cell(r, c))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// tally says how many rows each column passed, and in how many rows the vendors
// fail between themselves where each of them talks to us.
func (t *table) tally() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b strings.Builder
	apart := 0
	for _, r := range matrix() {
		us, them := true, true
		for _, c := range columns() {
			if c.ours() {
				us = us && strings.HasPrefix(t.cell(r, c), "ok")
			} else {
				them = them && t.cell(r, c) == "ok"
			}
		}
		if us && !them {
			apart++
		}
	}
	for _, c := range columns() {
		n := 0
		for _, r := range matrix() {
			if strings.HasPrefix(t.cell(r, c), "ok") {
				n++
			}
		}
		fmt.Fprintf(&b, "- %v: %d of %d rows\n", c, n, len(matrix()))
	}
	fmt.Fprintf(&b, "\nIn %d rows the vendors fail between themselves, in one direction or order at least, where both talk to us in both.\n", apart)
	return b.String()
}

// document is the table with what it needs to be understood.
func (t *table) document() string {
	versions, err := exec.Command("dpkg-query", "-W", "-f", "${Package} ${Version}\n", "cyclonedds-dev", "libfastrtps-dev").Output()
	if err != nil && len(versions) == 0 {
		versions = []byte(err.Error())
	}
	return fmt.Sprintf(matrixText, time.Now().UTC().Format(time.DateOnly), strings.ReplaceAll(strings.TrimSpace(string(versions)), "\n", ", ")) + t.tally() + "\n" + t.String()
}

const matrixText = `# The matrix of protections

Written by ` + "`go test -tags interop -run 'TestMatrix$' -parallel 8 ./conformance -args -matrix.vendors -matrix.out MATRIX.md`" + ` on %s
with %s.

Rows: pairwise over the protection kinds of rtps, discovery, liveliness, metadata and data, the kind of keys and who
begins the handshake ("we": in a run with us, our side), and behind them sros2's default and NONE everywhere. "+" is
WITH_ORIGIN_AUTHENTICATION.

"ok" is: samples of 100, 20,000, 62,900, 65,000 and 66,000 octets, of two instances, came with their contents and once;
all were acknowledged; the writer stayed alive for longer than its lease after the last one; and, where one side is ours,
every datagram that it sent or received was as the row demands: nothing in clear that is to be hidden, every level sealed
by the right transformation, with receiver-specific MACs where the origin is authenticated and only there. Under rtps
encrypt and encrypt+ what is inside the messages does not show. "no" says how far it got.

Cyclone DDS asserts liveliness in clear whatever the governance says, and we do not take that where liveliness is
protected: "ok, but liveliness" is everything else, and that its writer counts as no longer alive after its lease. It
also announces endpoints outside sealed messages where discovery is none; we do not.

Why the vendors fail between themselves: Fast DDS begins with DH+MODP-2048-256 and sends its public key raw, where
Cyclone DDS wants a DER INTEGER ("fast begins"); Fast DDS does not take liveliness in clear either ("no: liveliness");
and from Fast DDS to Cyclone DDS nothing comes where data is protected and metadata is not.

`
