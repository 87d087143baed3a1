package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

const maxSize = 1 << 30 // octets of a sample's data

// parseSize reads a size in octets: 64, 16K, 1M.
func parseSize(s string) (int, error) {
	digits, unit := s, 1
	switch {
	case strings.HasSuffix(s, "K"), strings.HasSuffix(s, "k"):
		digits, unit = s[:len(s)-1], 1<<10
	case strings.HasSuffix(s, "M"):
		digits, unit = s[:len(s)-1], 1<<20
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || n > maxSize/uint64(unit) {
		return 0, fmt.Errorf("SIZE %q: want octets, 0 to 1024M, such as 64, 16K or 1M", s)
	}
	return int(n) * unit, nil
}

// parseSeconds reads a time in seconds: 10, 0.5.
func parseSeconds(s string) (time.Duration, error) {
	x, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(x) || x <= 0 || x > 86400 {
		return 0, fmt.Errorf("SECONDS %q: want more than 0 and at most 86400", s)
	}
	return time.Duration(x * float64(time.Second)), nil
}

const maxCount = 100_000_000 // round trips; each takes 8 octets

func parseCount(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > maxCount {
		return 0, fmt.Errorf("COUNT %q: want 1 to %d", s, maxCount)
	}
	return n, nil
}

// period is the time between samples that --gap or --rate asks for; 0: none.
func period(gap time.Duration, rate float64) (time.Duration, error) {
	switch {
	case gap < 0:
		return 0, fmt.Errorf("--gap %v: want 0 or more", gap)
	case math.IsNaN(rate) || rate < 0 || rate > 1e9 || rate > 0 && rate < 1e-5:
		return 0, fmt.Errorf("--rate %v: want 0, or 0.00001 to 1e9 samples/s", rate)
	case rate > 0:
		return time.Duration(float64(time.Second) / rate), nil
	}
	return gap, nil
}
