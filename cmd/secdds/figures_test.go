package main

import (
	"encoding/json"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
)

func TestTypeIsThatOfTheOthers(t *testing.T) {
	name, err := dds.TypeNameOf[Perf]()
	require.NoError(t, err)
	require.Equal(t, "Perf", name)
}

func TestTally(t *testing.T) {
	for _, tt := range []struct {
		name    string
		seqs    [][]uint64
		n, lost uint64
	}{
		{"none", nil, 0, 0},
		{"complete", [][]uint64{{1, 2, 3}, {4}}, 4, 0},
		{"begins anywhere", [][]uint64{{1000, 1001}}, 2, 0},
		{"gap within", [][]uint64{{1, 2, 5}}, 3, 2},
		{"gap between", [][]uint64{{0}, {4, 5, 9}}, 4, 6},
		{"a second run", [][]uint64{{7, 8}, {1, 2}}, 4, 0},
	} {
		var got tally
		for _, seqs := range tt.seqs {
			for _, n := range seqs {
				got.add(&Perf{Seq: n, Data: make([]byte, 10)}, &dds.SampleInfo{ValidData: true})
			}
		}
		require.Equal(t, tt.n, got.n, tt.name)
		require.Equal(t, tt.lost, got.lost, tt.name)
		require.Equal(t, tt.n*10, got.octets, tt.name)
	}
	var got tally
	got.add(&Perf{}, &dds.SampleInfo{})
	require.Zero(t, got.n)
}

func TestQuantiles(t *testing.T) {
	times := make([]time.Duration, 0, 1000)
	for i := range 1000 {
		times = append(times, time.Duration((i*7)%1000+1)*time.Microsecond) // 1 to 1000, not in order
	}
	f := figuresOf(times, 3, nil)
	require.Equal(t, pingFigures{Program: "ping", N: 1000, Lost: 3, P50: 500, P90: 900, P99: 990, P999: 999, Max: 1000}, f)
	f = figuresOf([]time.Duration{5 * time.Microsecond}, 0, nil)
	require.Equal(t, pingFigures{Program: "ping", N: 1, P50: 5, P90: 5, P99: 5, P999: 5, Max: 5}, f)
}

func TestSpent(t *testing.T) {
	from := mark{cpu: time.Second, mem: &runtime.MemStats{NumGC: 300, PauseTotalNs: 1000, Mallocs: 5}}
	to := mark{cpu: 2 * time.Second, mem: &runtime.MemStats{NumGC: 302, PauseTotalNs: 8000, Mallocs: 9, HeapInuse: 1 << 20}}
	to.mem.PauseNs[(300+255)%256] = 90_000 // before
	to.mem.PauseNs[(301+255)%256] = 4000
	to.mem.PauseNs[(302+255)%256] = 3000
	c := spent(from, to, 1000)
	require.Equal(t, cost{CPU: 1000, GC: &garbage{Count: 2, PauseTotal: 7, PauseMax: 4, Heap: 1 << 20, Allocs: 4}}, c)
	require.Equal(t, "cpu 1000.00 us/sample gc 2 pause us total 7.0 max 4.0 heap MB 1.0 allocs 4", c.String())

	to.mem.NumGC = 3000 // more than are remembered
	require.Equal(t, 90.0, spent(from, to, 1).GC.PauseMax)
	require.Equal(t, cost{}, spent(mark{}, mark{cpu: 1}, 0))
}

func TestCPUTimeCounts(t *testing.T) {
	before := cpuTime()
	for x := 0; cpuTime() == before; x++ {
		_ = x // burn
	}
	require.Greater(t, cpuTime(), before)
}

func TestFiguresAsTextAndJSON(t *testing.T) {
	c := cost{CPU: 1.234}
	for _, tt := range []struct {
		figures    any
		text, json string
	}{
		{pubFigures{"pub", 20, 10.4, 0.64, c}, "PUB 10 samples/s 0.64 MB/s cpu 1.23 us/sample",
			`{"program":"pub","n":20,"samples_per_s":10.4,"mb_per_s":0.64,"cpu_us_per_sample":1.234}`},
		{subFigures{"sub", 20, 1, 10, 1.5, c}, "SUB 10 samples/s 1.50 MB/s n 20 lost 1 cpu 1.23 us/sample",
			`{"program":"sub","n":20,"lost":1,"samples_per_s":10,"mb_per_s":1.5,"cpu_us_per_sample":1.234}`},
		{pingFigures{"ping", 9, 0, 1, 2, 3, 4, 5, nil}, "RTT us p50 1.0 p90 2.0 p99 3.0 p99.9 4.0 max 5.0",
			`{"program":"ping","n":9,"lost":0,"p50_us":1,"p90_us":2,"p99_us":3,"p99_9_us":4,"max_us":5}`},
		{pongFigures{"pong", 9, c}, "PONG n 9 cpu 1.23 us/sample", `{"program":"pong","n":9,"cpu_us_per_sample":1.234}`},
	} {
		require.Equal(t, tt.text, tt.figures.(interface{ String() string }).String())
		b, err := json.Marshal(tt.figures)
		require.NoError(t, err)
		require.JSONEq(t, tt.json, string(b))
	}
}
