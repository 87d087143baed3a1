package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// results are what the benchmarks said, and where.
type results struct {
	cpu, version string
	load         float64 // average of the last minute, the benchmarks themselves included
	cores        int
	when         time.Time

	rows  []string // in the order they came
	sizes []int
	cells map[cell]*figures
}

// A cell is a way, seal or open, of a row and a size in octets.
type cell struct {
	way, row string
	size     int
}

// figures are the values of several runs.
type figures struct{ plugin, bare, ratio []float64 }

// parse reads the output of go test. Anything failed, or missing of a line, is
// an error: half a table says nothing.
func parse(in io.Reader) (*results, error) {
	r := &results{cells: make(map[cell]*figures)}
	passed := false
	for s := bufio.NewScanner(in); s.Scan(); {
		line := s.Text()
		words := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "cpu: "):
			r.cpu = strings.TrimPrefix(line, "cpu: ")
		case line == "PASS":
			passed = true
		case len(words) > 2 && strings.HasPrefix(words[0], "BenchmarkTable/"):
			if err := r.add(words); err != nil {
				return nil, fmt.Errorf("line %q: %w", line, err)
			}
		}
	}
	if !passed || len(r.rows) == 0 {
		return nil, errors.New("the benchmarks did not end with PASS")
	}
	return r, nil
}

func (r *results) add(words []string) error {
	parts := strings.Split(words[0], "/") // the row has no slash
	if len(parts) != 4 {
		return errors.New("want BenchmarkTable/way/row/size")
	}
	digits, _, _ := strings.Cut(parts[3], "-") // the number of cores follows
	size, err := strconv.Atoi(digits)
	if err != nil {
		return err
	}
	c := cell{parts[1], strings.ReplaceAll(parts[2], "_", " "), size}
	if !slices.Contains(r.rows, c.row) {
		r.rows = append(r.rows, c.row)
	}
	if !slices.Contains(r.sizes, size) {
		r.sizes = append(r.sizes, size)
	}
	f := r.cells[c]
	if f == nil {
		f = &figures{}
		r.cells[c] = f
	}
	for _, v := range []struct {
		unit string
		into *[]float64
	}{{"ns/op", &f.plugin}, {"bare-ns/op", &f.bare}, {"x-bare", &f.ratio}} {
		i := slices.Index(words, v.unit)
		if i < 1 {
			return fmt.Errorf("no %s", v.unit)
		}
		x, err := strconv.ParseFloat(words[i-1], 64)
		if err != nil {
			return err
		}
		*v.into = append(*v.into, x)
	}
	return nil
}

func (r *results) write(out io.Writer) error {
	runs := 0
	for _, f := range r.cells {
		runs = max(runs, len(f.plugin))
	}
	others := ""
	if r.load > float64(r.cores) {
		others = ": other programs ran at the same time"
	}
	w := bufio.NewWriter(out)
	fmt.Fprintf(w, `# What protection costs

Written by `+"`make bench-crypto`"+`; medians of %d runs. What is measured, and how, is in the
documentation of the package benchmarks/crypto.

- machine: %s, %d cores; load average at the end %.2f%s
- version: %s
- run: %s

Each cell: what the plugin takes / what Go's AES-256-GCM alone takes for the calls that the protection
asks of it, on the same octets = the ratio. The two take turns, so that the ratio hardly depends on
what else the machine does; times do. GMAC is SIGN, GCM is ENCRYPT; receivers are those of origin
authentication, each a MAC more to seal, of which one is checked to open. sros2 is its default: payload
and submessage encrypted, then the message signed. Everything is sealed and opened in place, but that
the payload of sros2 is opened to where the sample is kept, and messages with a pre-shared key into
another buffer.
`, runs, r.cpu, r.cores, r.load, others, r.version, r.when.Format("2006-01-02 15:04 UTC"))
	for _, way := range []string{"seal", "open"} {
		fmt.Fprintf(w, "\n## To %s\n\n|  |", way)
		for _, n := range r.sizes {
			fmt.Fprintf(w, " %s |", octets(n))
		}
		fmt.Fprintf(w, "\n|---|%s\n", strings.Repeat("---|", len(r.sizes)))
		for _, row := range r.rows {
			fmt.Fprintf(w, "| %s |", row)
			for _, n := range r.sizes {
				f := r.cells[cell{way, row, n}]
				if f == nil {
					return fmt.Errorf("%s of %s, %d octets, was not measured", way, row, n)
				}
				fmt.Fprintf(w, " %s / %s = %.2f× |", duration(median(f.plugin)), duration(median(f.bare)), median(f.ratio))
			}
			fmt.Fprintln(w)
		}
	}
	return w.Flush()
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

// duration says ns in three digits.
func duration(ns float64) string {
	switch {
	case ns < 1e3:
		return fmt.Sprintf("%.0f ns", ns)
	case ns < 1e4:
		return fmt.Sprintf("%.2f µs", ns/1e3)
	}
	return fmt.Sprintf("%.1f µs", ns/1e3)
}

func octets(n int) string {
	if n%1024 == 0 {
		return fmt.Sprintf("%d KiB", n/1024)
	}
	return fmt.Sprintf("%d B", n)
}
