package main

import (
	"math"
	"slices"
)

// median returns the middle of v, and NaN of nothing.
func median(v []float64) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	v = slices.Sorted(slices.Values(v))
	mid := len(v) / 2
	if len(v)%2 == 1 {
		return v[mid]
	}
	return (v[mid-1] + v[mid]) / 2
}

// ratio is a/b, and NaN if either is not known.
func ratio(a, b float64) float64 {
	if b == 0 {
		return math.NaN()
	}
	return a / b
}

// best is the largest, or with least the smallest, of what is known of v.
func best(least bool, v ...float64) float64 {
	v = slices.DeleteFunc(v, math.IsNaN)
	switch {
	case len(v) == 0:
		return math.NaN()
	case least:
		return slices.Min(v)
	}
	return slices.Max(v)
}

// A result is what one round of one cell gave.
type result struct {
	main figures // SUB or RTT; of a fan-out, the sum over the readers
	pub  figures // PUB, if there is one
}

// A cell is one stack in one row, over the rounds.
type cell struct {
	results []result
	failed  []string // a reason for each round that failed
}

// of returns the median of one figure.
func (c *cell) of(figure func(result) float64) float64 {
	if c == nil {
		return math.NaN()
	}
	v := make([]float64, len(c.results))
	for i, r := range c.results {
		v[i] = figure(r)
	}
	return median(v)
}

func rate(r result) float64 { return r.main.rate }
func mb(r result) float64   { return r.main.mb }
func lost(r result) float64 { return r.main.lost }
func p50(r result) float64  { return r.main.p50 }
func p99(r result) float64  { return r.main.p99 }
func p999(r result) float64 { return r.main.p999 }

// A collection is gc of one of our programs.
type collection struct {
	row     row
	program string // pub, sub, ping
	garbage garbage
}

// limit is one line of the bare limits.
type limit struct {
	name    string
	results []figures
	failed  string
}

// An echo is a bare UDP echo: of what, and where.
type echo struct {
	kind kind // roundTrip or apartTrip
	size int
}

// results are all a run has found.
type results struct {
	cells  map[row]map[string]*cell // by stack
	limits []limit
	echo   map[echo][]float64   // p50, µs
	aead   map[int][]float64    // AES-256-GCM seal, ns, by size
	crypto map[string][]float64 // ratio to the bare cipher
	gc     []collection
}

func newResults() *results {
	return &results{
		cells: make(map[row]map[string]*cell), echo: make(map[echo][]float64),
		aead: make(map[int][]float64), crypto: make(map[string][]float64),
	}
}

// at returns the cell of a stack, made when it is not there.
func (r *results) at(w row, stack string) *cell {
	if r.cells[w] == nil {
		r.cells[w] = make(map[string]*cell)
	}
	if r.cells[w][stack] == nil {
		r.cells[w][stack] = new(cell)
	}
	return r.cells[w][stack]
}

// of is the median of a figure in one cell, NaN if it was not measured.
func (r *results) of(w row, stack string, figure func(result) float64) float64 {
	return r.cells[w][stack].of(figure)
}
