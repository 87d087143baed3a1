package main

import (
	"fmt"
	"slices"
)

// A stack is who publishes and who subscribes, and how. It heads a column.
type stack struct {
	name     string
	pub, sub string   // programs
	flags    []string // of both
}

// The programs.
const (
	ours    = "secdds"
	cyclone = "cyclone_perf"
	fast    = "fast_perf"
)

// stacks are all columns. The goals are against cyclone and fast, which send a
// sample when it is written, as ours does; batching and shared memory are what
// their users can have beyond that.
var stacks = []stack{
	{name: "ours", pub: ours, sub: ours},
	{name: "cyclone", pub: cyclone, sub: cyclone},
	{name: "cyclone-batch", pub: cyclone, sub: cyclone, flags: []string{"--batch"}},
	{name: "fast", pub: fast, sub: fast},
	{name: "fast-shm", pub: fast, sub: fast, flags: []string{"--data-sharing"}},
	{name: "ours>cyclone", pub: ours, sub: cyclone},
	{name: "cyclone>ours", pub: cyclone, sub: ours},
}

// A kind is what a row is about.
type kind string

const (
	throughput kind = "throughput" // pub and sub, as fast as they can
	roundTrip  kind = "round trip" // ping and pong
	apartTrip  kind = "apart"      // the same, each process on a core of its own
	busyTrip   kind = "busy trip"  // ping and pong, with a steady pub and sub beside them
	fanOut     kind = "fan-out"    // one pub, several subs
)

// A row is one measurement that every stack in question makes.
type row struct {
	kind       kind
	size       int    // octets of data
	protection string // of protections
	readers    int    // fanOut
}

// protections name governances: see keystores.
var protections = []string{"plain", "sros2", "encrypt"}

// A plan is what is to be measured.
type plan struct {
	rounds      int
	seconds     float64 // of a throughput
	sizes       []int
	protections []string
	pairs       []string // names of stacks
	readers     []int
}

// rows returns what is measured in each round, in order.
func (p plan) rows() []row {
	var out []row
	for _, prot := range p.protections {
		for _, n := range p.sizes {
			out = append(out, row{kind: throughput, size: n, protection: prot})
		}
		for _, n := range p.sizes {
			if n <= 16384 {
				out = append(out, row{kind: roundTrip, size: n, protection: prot})
			}
		}
		if prot == "sros2" {
			continue
		}
		for _, n := range p.sizes {
			if n <= 16384 {
				out = append(out, row{kind: apartTrip, size: n, protection: prot})
			}
		}
		out = append(out, row{kind: busyTrip, size: 64, protection: prot})
		for _, n := range p.readers {
			out = append(out, row{kind: fanOut, size: 1024, protection: prot, readers: n})
		}
	}
	return out
}

// stacks returns who measures r.
func (p plan) stacks(r row) []stack {
	names := map[kind][]string{
		roundTrip: {"ours", "cyclone", "fast"},
		apartTrip: {"ours", "cyclone", "fast"},
		busyTrip:  {"ours", "cyclone", "fast"},
		fanOut:    {"ours", "cyclone"},
	}[r.kind]
	var out []stack
	for _, s := range stacks {
		if slices.Contains(p.pairs, s.name) && (names == nil || slices.Contains(names, s.name)) {
			out = append(out, s)
		}
	}
	return out
}

// check refuses what is not known, before hours are spent.
func (p plan) check() error {
	for _, name := range p.protections {
		if !slices.Contains(protections, name) {
			return fmt.Errorf("protection %q: want some of %v", name, protections)
		}
	}
	for _, name := range p.pairs {
		if !slices.ContainsFunc(stacks, func(s stack) bool { return s.name == name }) {
			return fmt.Errorf("pair %q: there is no such stack", name)
		}
	}
	if p.rounds < 1 || p.seconds <= 0 || len(p.sizes) == 0 {
		return fmt.Errorf("want a round, seconds and a size at least")
	}
	return nil
}

// sizeText is a size as the tables and file names have it: 64B, 16KiB, 1MB.
func sizeText(n int) string {
	switch {
	case n >= 1e6 && n%1e6 == 0:
		return fmt.Sprintf("%dMB", n/1e6)
	case n >= 1024 && n%1024 == 0:
		return fmt.Sprintf("%dKiB", n/1024)
	}
	return fmt.Sprintf("%dB", n)
}
