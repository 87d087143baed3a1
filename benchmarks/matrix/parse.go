package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// figures are what one line of a program says. What it does not say is 0.
type figures struct {
	rate, mb                 float64 // samples or datagrams per second; 10^6 octets per second
	n, lost                  float64
	cpu                      float64 // µs per sample
	read                     float64 // datagrams per second that a reader got
	p50, p90, p99, p999, max float64 // µs
}

// parseLine reads a line of `secdds perf`, of its twins or of limits. what is
// its first word: PUB, SUB, RTT, SEND; other lines are not ok.
func parseLine(line string) (what string, f figures, ok bool) {
	what, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	words := strings.Fields(rest)
	ok = true
	value := func(i int) float64 {
		if i < 0 || i >= len(words) {
			ok = false
			return 0
		}
		x, err := strconv.ParseFloat(words[i], 64)
		ok = ok && err == nil
		return x
	}
	after := func(word string) float64 {
		for i, w := range words {
			if w == word {
				return value(i + 1)
			}
		}
		ok = false
		return 0
	}
	before := func(unit string) float64 {
		for i, w := range words {
			if w == unit {
				return value(i - 1)
			}
		}
		ok = false
		return 0
	}
	switch what {
	case "PUB":
		f = figures{rate: before("samples/s"), mb: before("MB/s"), cpu: after("cpu")}
	case "SUB":
		f = figures{rate: before("samples/s"), mb: before("MB/s"), n: after("n"), lost: after("lost"), cpu: after("cpu")}
	case "RTT":
		f = figures{p50: after("p50"), p90: after("p90"), p99: after("p99"), p999: after("p99.9"), max: after("max")}
	case "SEND":
		f = figures{rate: before("datagrams/s"), mb: before("MB/s"), cpu: after("cpu"), read: after("read")}
	default:
		return what, figures{}, false
	}
	return what, f, ok
}

// find returns the figures of the line of output that begins with what.
func find(output, what string) (figures, error) {
	for line := range strings.Lines(output) {
		if w, f, ok := parseLine(line); ok && w == what {
			return f, nil
		}
	}
	return figures{}, fmt.Errorf("printed no line %s", what)
}

// garbage is what `secdds perf --gc --json` prints, as far as it is used.
type garbage struct {
	N  float64 `json:"n"`
	GC struct {
		Count    float64 `json:"count"`
		PauseMax float64 `json:"pause_max_us"`
		Heap     float64 `json:"heap_in_use"`
		Allocs   float64 `json:"allocs"`
	} `json:"gc"`
}

var benchLine = regexp.MustCompile(`^Benchmark(\S+?)(?:-\d+)?\s.*\s([0-9.]+) x-bare`)

// parseBench reads the ratios to the bare cipher that benchmarks/crypto prints:
// the values by name, without the number of cores.
func parseBench(output string) map[string][]float64 {
	out := make(map[string][]float64)
	for line := range strings.Lines(output) {
		if m := benchLine.FindStringSubmatch(line); m != nil {
			if x, err := strconv.ParseFloat(m[2], 64); err == nil {
				out[m[1]] = append(out[m[1]], x)
			}
		}
	}
	return out
}

var (
	machinePath = regexp.MustCompile(`(?:/[\w.+@-]+)*/([\w.+@-]+)`)
	profileHead = regexp.MustCompile(`^(File|Type|Duration|Showing|Dropped|\s+flat)`)
)

// strip takes out of a profile's text what tells of this machine: folders, the
// build and the time.
func strip(text string) string {
	var b strings.Builder
	head := true
	for line := range strings.Lines(text) {
		if head && !profileHead.MatchString(line) {
			continue // Build ID, Time
		}
		if head && strings.HasPrefix(line, "File:") {
			line = machinePath.ReplaceAllString(line, "$1")
		}
		head = head && !strings.Contains(line, "flat%")
		b.WriteString(line)
	}
	return b.String()
}
