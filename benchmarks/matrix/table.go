package main

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// A machine is where and of what the results were made.
type machine struct {
	cpu      string
	cores    int
	kernel   string
	commit   string
	versions []string
	settings string // of the run
}

const dash = "–"

// number writes x with three digits that count.
func number(x float64) string {
	switch a := math.Abs(x); {
	case math.IsNaN(x) || math.IsInf(x, 0):
		return dash
	case a >= 1e6:
		return fmt.Sprintf("%.3g M", x/1e6)
	case a >= 1e5:
		return fmt.Sprintf("%.0f k", x/1e3)
	case a >= 1e4:
		return fmt.Sprintf("%.1f k", x/1e3)
	case a >= 100:
		return fmt.Sprintf("%.0f", x)
	case a >= 10:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.2f", x)
}

func times(x float64) string {
	if math.IsNaN(x) {
		return dash
	}
	return number(x) + "×"
}

// what names a row, and the unit of its figures.
func (w row) what() string {
	switch w.kind {
	case throughput:
		return fmt.Sprintf("%s %s, %s", sizeText(w.size), w.protection, w.unit())
	case fanOut:
		return fmt.Sprintf("%s %s to %d readers, samples/s in all", sizeText(w.size), w.protection, w.readers)
	case busyTrip:
		return w.trip() + ", p99.9 (p50) µs"
	}
	return w.trip() + ", p50 (p99, p99.9) µs"
}

// trip names a row of round trips.
func (w row) trip() string {
	where := map[kind]string{apartTrip: ", a core each", busyTrip: " beside 10 k samples/s"}[w.kind]
	return fmt.Sprintf("round trip %s %s%s", sizeText(w.size), w.protection, where)
}

func (w row) unit() string {
	if w.size >= 16384 {
		return "MB/s"
	}
	return "samples/s"
}

// figure is what counts in a row, and least whether less of it is better.
func (w row) figure() (f func(result) float64, least bool) {
	switch {
	case w.kind == roundTrip || w.kind == apartTrip:
		return p50, true
	case w.kind == busyTrip:
		return p999, true
	case w.kind == throughput && w.unit() == "MB/s":
		return mb, false
	}
	return rate, false
}

// text is a cell of row w.
func (w row) text(c *cell) string {
	if c == nil {
		return ""
	}
	if len(c.results) == 0 {
		return dash
	}
	f, _ := w.figure()
	s := number(c.of(f))
	switch w.kind {
	case roundTrip, apartTrip:
		s += fmt.Sprintf(" (%s, %s)", number(c.of(p99)), number(c.of(p999)))
	case busyTrip:
		s += fmt.Sprintf(" (%s)", number(c.of(p50)))
	default:
		if n := c.of(lost); n > 0 {
			s += fmt.Sprintf(", lost %.0f", n)
		}
	}
	return s
}

// line writes a row of a table.
func line(out io.Writer, cells ...string) {
	fmt.Fprintf(out, "| %s |\n", strings.Join(cells, " | "))
}

func head(out io.Writer, cells ...string) {
	line(out, cells...)
	fmt.Fprintf(out, "|%s\n", strings.Repeat("---|", len(cells)))
}

// write writes the document.
func write(out io.Writer, m machine, rows []row, r *results) {
	fmt.Fprintf(out, "# Results\n\nWritten by `make bench`; medians of the rounds. MB are 10^6 octets of data. "+
		"The programs and their settings are in [peers](peers/README.md).\n\n")
	fmt.Fprintf(out, "- machine: %s, %d cores, Linux %s\n- commit: %s\n- versions: %s\n- run: %s\n",
		m.cpu, m.cores, m.kernel, m.commit, strings.Join(m.versions, ", "), m.settings)
	writeGoals(out, r)
	writeMatrix(out, rows, r)
	writeLimits(out, r)
	writeGarbage(out, r)
	writeFailures(out, rows, r)
}

func writeGoals(out io.Writer, r *results) {
	fmt.Fprint(out, "\n## Goals\n\nAgainst the better of Cyclone and Fast over UDP, without batching in the application, unless it says otherwise.\n\n")
	head(out, "goal", "wanted", "found", "")
	for _, g := range goals(r) {
		found := dash
		if !math.IsNaN(g.got) {
			found = number(g.got) + g.unit
		}
		want := g.want
		if g.unit == " µs" && !math.IsNaN(g.limit) {
			want += fmt.Sprintf(" = %s µs", number(g.limit))
		}
		line(out, g.what, want, found, g.verdict())
	}
}

func writeMatrix(out io.Writer, rows []row, r *results) {
	fmt.Fprint(out, "\n## Side by side\n\n"+
		"Two processes, UDP on loopback, reliable; keep all and 4,000 samples at most, round trips keep last 1. "+
		"cyclone-batch: the application switched write batching on. fast-shm: Fast may use shared memory. "+
		"`a>b`: a publishes to b. better: of cyclone and fast. "+
		"A core each: ping's process may use the first core only and pong's the last; otherwise the scheduler places them, "+
		"and on one core a round trip is a few µs where between two it is tens, for a sleeping core has to be woken.\n\n")
	names := []string{""}
	for _, s := range stacks {
		names = append(names, s.name)
	}
	head(out, append(names, "ours / better", "ours / cyclone", "ours / cyclone-batch")...)
	for _, w := range rows {
		f, least := w.figure()
		cells := []string{w.what()}
		for _, s := range stacks {
			cells = append(cells, w.text(r.cells[w][s.name]))
		}
		us, them := r.of(w, "ours", f), r.of(w, "cyclone", f)
		line(out, append(cells, times(ratio(us, best(least, them, r.of(w, "fast", f)))), times(ratio(us, them)),
			times(ratio(us, r.of(w, "cyclone-batch", f))))...)
	}
}

func writeLimits(out io.Writer, r *results) {
	fmt.Fprint(out, "\n## Bare limits\n\nThe same machine in the same run, without DDS: see `peers/limits.c`; the AEAD is Go's AES-256-GCM.\n\n")
	head(out, "", "datagrams/s or p50 µs", "MB/s or p99.9 µs", "cpu µs", "read, datagrams/s")
	for _, l := range r.limits {
		of := func(f func(figures) float64) string {
			var v []float64
			for _, x := range l.results {
				v = append(v, f(x))
			}
			return number(median(v))
		}
		switch {
		case len(l.results) == 0:
			line(out, l.name, dash, dash, dash, l.failed)
		case l.results[0].p50 > 0:
			line(out, l.name, of(func(f figures) float64 { return f.p50 }), of(func(f figures) float64 { return f.p999 }), "", "")
		default:
			line(out, l.name, of(func(f figures) float64 { return f.rate }), of(func(f figures) float64 { return f.mb }),
				of(func(f figures) float64 { return f.cpu }), of(func(f figures) float64 { return f.read }))
		}
	}
	for _, n := range aeadSizes {
		ns := median(r.aead[n])
		if math.IsNaN(ns) {
			continue
		}
		line(out, fmt.Sprintf("AEAD seal %d B", n), fmt.Sprintf("%.0f ns", ns), number(float64(n)/ns*1e3), number(ns/1e3), "")
	}
}

func writeGarbage(out io.Writer, r *results) {
	fmt.Fprint(out, "\n## Garbage collection\n\nOurs, one run of each with a CPU profile ([profiles](profiles)).\n\n")
	head(out, "", "heap in use, MB", "collections", "longest pause, µs", "samples", "allocations per sample")
	for _, c := range r.gc {
		g := c.garbage
		line(out, fmt.Sprintf("%s %s %s", sizeText(c.row.size), c.row.protection, c.program), number(g.GC.Heap/1e6),
			fmt.Sprintf("%.0f", g.GC.Count), number(g.GC.PauseMax), number(g.N), fmt.Sprintf("%.4f", ratio(g.GC.Allocs, g.N)))
	}
}

// writeFailures tells why there are dashes.
func writeFailures(out io.Writer, rows []row, r *results) {
	title := "\n## Failures\n\n"
	for _, w := range rows {
		for _, s := range stacks {
			c := r.cells[w][s.name]
			if c == nil || len(c.failed) == 0 {
				continue
			}
			fmt.Fprint(out, title)
			title = ""
			fmt.Fprintf(out, "- %s, %s: %d of %d rounds: %s\n", w.what(), s.name, len(c.failed), len(c.failed)+len(c.results), c.failed[0])
		}
	}
}
