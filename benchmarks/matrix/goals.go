package main

import (
	"fmt"
	"math"
	"strings"
)

// A goal is one line of the goals with what was found.
type goal struct {
	what  string
	want  string
	got   float64 // NaN: not measured
	limit float64
	most  bool // got is to be at most the limit, rather than at least
	unit  string
}

// verdict tells whether it is met.
func (g goal) verdict() string {
	switch {
	case math.IsNaN(g.got) || math.IsNaN(g.limit):
		return "not measured"
	case g.most && g.got <= g.limit, !g.most && g.got >= g.limit:
		return "met"
	}
	return "not met"
}

// bare is how much a round trip may take beyond 1.1 times the bare one, µs.
const bare = 10

// A pace is how many times as fast as others ours is to be.
type pace struct {
	size           int
	figure         func(result) float64
	plain, encrypt float64
	cycloneOnly    bool // plain is against Cyclone, whatever Fast does
}

func (p pace) row(protection string) row {
	return row{kind: throughput, size: p.size, protection: protection}
}

// goals holds the results against what is wanted.
func goals(r *results) []goal {
	var out []goal
	for _, t := range []pace{
		{64, rate, 5, 5, false}, {1024, rate, 3, 4, false},
		{16384, mb, 2.5, 2.5, true}, {1e6, mb, 2, 2, true},
	} {
		for _, prot := range []string{"plain", "encrypt"} {
			want, against, other := t.plain, "the better vendor", r.of(t.row(prot), "fast", t.figure)
			if prot == "encrypt" {
				want = t.encrypt
			} else if t.cycloneOnly {
				against, other = "Cyclone", math.NaN()
			}
			than := best(false, r.of(t.row(prot), "cyclone", t.figure), other)
			out = append(out, goal{
				what: fmt.Sprintf("throughput %s %s", sizeText(t.size), prot), want: fmt.Sprintf("≥ %g× %s", want, against),
				got: ratio(r.of(t.row(prot), "ours", t.figure), than), limit: want, unit: "×",
			})
		}
	}
	return append(append(out, tripGoals(r)...), costGoals(r)...)
}

func tripGoals(r *results) []goal {
	var out []goal
	for _, k := range []kind{roundTrip, apartTrip} {
		for _, n := range []int{64, 1024, 16384} {
			plain, encrypt := row{kind: k, size: n, protection: "plain"}, row{kind: k, size: n, protection: "encrypt"}
			out = append(out, goal{
				what: plain.trip() + " p50", want: "≤ 1.1× bare echo + 10 µs",
				got: r.of(plain, "ours", p50), limit: 1.1*median(r.echo[echo{k, n}]) + bare, most: true, unit: " µs",
			}, goal{
				what: plain.trip() + " p50", want: "≤ Cyclone",
				got: ratio(r.of(plain, "ours", p50), r.of(plain, "cyclone", p50)), limit: 1, most: true, unit: "×",
			}, goal{
				what: encrypt.trip() + " p50", want: "≤ 0.7× Cyclone",
				got: ratio(r.of(encrypt, "ours", p50), r.of(encrypt, "cyclone", p50)), limit: 0.7, most: true, unit: "×",
			})
		}
	}
	for _, prot := range []string{"plain", "encrypt"} {
		w := row{kind: busyTrip, size: 64, protection: prot}
		out = append(out, goal{
			what: w.trip() + " p99.9", want: "≤ Cyclone",
			got: ratio(r.of(w, "ours", p999), r.of(w, "cyclone", p999)), limit: 1, most: true, unit: "×",
		})
	}
	return out
}

// allocsLimit is how many allocations per sample count as none: what happens
// now and then, such as growth, is not per sample.
const allocsLimit = 0.01

func costGoals(r *results) []goal {
	small, large := math.NaN(), math.NaN()
	for name, v := range r.crypto {
		if strings.HasSuffix(name, "/64") {
			small = best(false, small, median(v))
		} else if !strings.HasSuffix(name, "/256") {
			large = best(false, large, median(v))
		}
	}
	out := []goal{
		{what: "transform alone, ≥ 1 KiB, the slowest", want: "≤ 1.1× bare AEAD", got: large, limit: 1.1, most: true, unit: "×"},
		{what: "transform alone, 64 B, the slowest", want: "≤ 1.3× bare AEAD", got: small, limit: 1.3, most: true, unit: "×"},
	}
	for _, prot := range []string{"plain", "encrypt"} {
		worst := math.NaN()
		for _, c := range r.gc {
			if c.row.protection == prot && (c.program == "pub" || c.program == "sub") && c.garbage.N > 0 {
				worst = best(false, worst, c.garbage.GC.Allocs/c.garbage.N)
			}
		}
		out = append(out, goal{
			what: "allocations per sample, write to take, " + prot + ", the most", want: "0",
			got: worst, limit: allocsLimit, most: true,
		})
	}
	return out
}
