package main

import (
	"flag"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestParseLine(t *testing.T) {
	for _, tt := range []struct {
		name, line, what string
		want             figures
	}{
		{"pub", "PUB 425 samples/s 27.25 MB/s cpu 2.35 us/sample\n", "PUB", figures{rate: 425, mb: 27.25, cpu: 2.35}},
		{"sub", "SUB 4e2 samples/s 27 MB/s n 800 lost 3 cpu 1.5 us/sample", "SUB", figures{rate: 400, mb: 27, n: 800, lost: 3, cpu: 1.5}},
		{
			"of ours with the collector's", "SUB 1 samples/s 2 MB/s n 3 lost 0 cpu 4.00 us/sample gc 1 pause us total 7.0 max 8.0 heap MB 9.0 allocs 10",
			"SUB", figures{rate: 1, mb: 2, n: 3, cpu: 4},
		},
		{"trip", "RTT us p50 8.4 p90 8.9 p99 10.1 p99.9 45.0 max 1937.6", "RTT", figures{p50: 8.4, p90: 8.9, p99: 10.1, p999: 45, max: 1937.6}},
		{"limits", "SEND 10 datagrams/s 20 MB/s cpu 0.5 us/datagram read 9 datagrams/s", "SEND", figures{rate: 10, mb: 20, cpu: 0.5, read: 9}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			what, f, ok := parseLine(tt.line)
			require.True(t, ok)
			require.Equal(t, tt.what, what)
			require.Equal(t, tt.want, f)
			// Every word that is missing is noticed.
			words := strings.Fields(tt.line)
			for i := range 5 {
				_, _, ok := parseLine(strings.Join(words[:i], " "))
				require.False(t, ok, words[:i])
			}
		})
	}
	for _, bad := range []string{"", "\n", "1795361350.3 [76] dq.builtin: not allowed", "PUB x samples/s 1 MB/s cpu 1 us/sample", "samples/s PUB 3"} {
		_, _, ok := parseLine(bad)
		require.False(t, ok, bad)
	}
}

func TestFind(t *testing.T) {
	out := "noise\nPUB 1 samples/s 2 MB/s cpu 3 us/sample\nSUB 4 samples/s 5 MB/s n 6 lost 0 cpu 7 us/sample\n"
	f, err := find(out, "SUB")
	require.NoError(t, err)
	require.Equal(t, 4.0, f.rate)
	_, err = find(out, "RTT")
	require.EqualError(t, err, "printed no line RTT")
}

func TestParseBench(t *testing.T) {
	got := parseBench(`goos: linux
BenchmarkSealInPlace/payload/ENCRYPT/64-2     	 403	 107.6 ns/op	 595.03 MB/s	 96.25 bare-ns/op	 1.117 x-bare
BenchmarkSealInPlace/payload/ENCRYPT/64-2     	 403	 107.6 ns/op	 595.03 MB/s	 96.25 bare-ns/op	 1.200 x-bare
BenchmarkOpenInPlace/message/ENCRYPT/1024 	 403	 107.6 ns/op	 595.03 MB/s	 96.25 bare-ns/op	 1.05 x-bare
PASS
`)
	require.Equal(t, map[string][]float64{
		"SealInPlace/payload/ENCRYPT/64": {1.117, 1.2}, "OpenInPlace/message/ENCRYPT/1024": {1.05},
	}, got)
}

func TestMedianAndRatio(t *testing.T) {
	require.True(t, math.IsNaN(median(nil)))
	v := []float64{9, 1, 5}
	require.Equal(t, 5.0, median(v))
	require.Equal(t, []float64{9, 1, 5}, v) // as it was
	require.Equal(t, 3.0, median([]float64{1, 9, 5, 1}))
	require.Equal(t, 2.5, ratio(5, 2))
	require.True(t, math.IsNaN(ratio(1, 0)))
	require.True(t, math.IsNaN(ratio(math.NaN(), 2)))
	require.Equal(t, 3.0, best(false, 1, math.NaN(), 3))
	require.Equal(t, 1.0, best(true, 1, math.NaN(), 3))
	require.True(t, math.IsNaN(best(true, math.NaN())))
}

func TestNumber(t *testing.T) {
	for want, x := range map[string]float64{
		"–": math.NaN(), "0.00": 0, "2.50": 2.5, "12.3": 12.34, "123": 123.4, "1235": 1234.6, "12.3 k": 12345, "123 k": 123456, "1.23 M": 1234567,
	} {
		require.Equal(t, want, number(x))
	}
}

func TestSizeText(t *testing.T) {
	for n, want := range map[int]string{64: "64B", 1000: "1000B", 1024: "1KiB", 16384: "16KiB", 1e6: "1MB"} {
		require.Equal(t, want, sizeText(n))
	}
}

func TestStripLeavesTheFunctions(t *testing.T) {
	require.Equal(t, `File: secdds
Type: cpu
Duration: 2s, Total samples = 1s (50%)
Showing nodes accounting for 1s, 100% of 1s total
      flat  flat%   sum%        cum   cum%
      0.5s 50.00% 50.00%       0.5s 50.00%  github.com/secdds/dds/rtps.Data.Append
`, strip(`File: /tmp/secdds-bench1/secdds
Build ID: 0123456789abcdef
Type: cpu
Time: 2026-11-22 15:00:00 UTC
Duration: 2s, Total samples = 1s (50%)
Showing nodes accounting for 1s, 100% of 1s total
      flat  flat%   sum%        cum   cum%
      0.5s 50.00% 50.00%       0.5s 50.00%  github.com/secdds/dds/rtps.Data.Append
`))
	require.Equal(t, ": cannot open cert.pem", lastLine("x\ncannot open /home/a/b/cert.pem\n"))
	require.Empty(t, lastLine(" \n"))
}

func TestParse(t *testing.T) {
	o, err := parse([]string{"-quick", "-rounds", "2", "-sizes", "64,100", "-pairs", "ours,fast", "-protections", "sros2", "-readers", "0"})
	require.NoError(t, err)
	require.Equal(t, plan{rounds: 2, seconds: quick.seconds, sizes: []int{64, 100}, protections: []string{"sros2"}, pairs: []string{"ours", "fast"}}, o.plan)
	require.Len(t, o.rows(), 4)
	for _, bad := range []string{"-sizes=x", "-sizes=-1", "-pairs=mine", "-protections=all", "-readers=1;2", "-what"} {
		_, err := parse([]string{bad})
		require.Error(t, err, bad)
	}
}

func TestRowsAndStacks(t *testing.T) {
	p := everything
	rows := p.rows()
	// Throughputs, round trips; and, sros2 left out, busy trips and fan-outs.
	require.Len(t, rows, 3*(4+3)+2*(3+1+3))
	for _, w := range rows {
		want := map[kind]int{throughput: 7, roundTrip: 3, apartTrip: 3, busyTrip: 3, fanOut: 2}[w.kind]
		require.Len(t, p.stacks(w), want, w.what())
		require.Equal(t, "ours", p.stacks(w)[0].name)
	}
}

// sample fills in results such that goals are met, not met and not measured.
func sample() ([]row, *results) {
	r := newResults()
	put := func(w row, stack string, f ...figures) {
		for _, f := range f {
			c := r.at(w, stack)
			c.results = append(c.results, result{main: f})
		}
	}
	tput := row{kind: throughput, size: 64, protection: "plain"}
	put(tput, "ours", figures{rate: 900e3}, figures{rate: 1e6}, figures{rate: 2e6})
	put(tput, "cyclone", figures{rate: 100e3, lost: 2})
	put(tput, "fast", figures{rate: 210e3})
	big := row{kind: throughput, size: 1e6, protection: "plain"}
	put(big, "ours", figures{rate: 3000, mb: 3000})
	put(big, "cyclone", figures{rate: 1500, mb: 1500})
	put(big, "fast", figures{rate: 9000, mb: 9000}) // plain is against Cyclone
	r.at(big, "fast-shm").failed = []string{"fast_perf: signal: aborted", "no match"}
	secret := row{kind: throughput, size: 1e6, protection: "encrypt"}
	put(secret, "ours", figures{mb: 3000})
	put(secret, "cyclone", figures{mb: 400})
	put(secret, "fast", figures{mb: 2000})
	trip := row{kind: roundTrip, size: 64, protection: "plain"}
	put(trip, "ours", figures{p50: 14.4, p99: 20, p999: 60})
	put(trip, "cyclone", figures{p50: 10, p99: 12, p999: 50})
	busy := row{kind: busyTrip, size: 64, protection: "encrypt"}
	put(busy, "ours", figures{p50: 20, p999: 100})
	put(busy, "cyclone", figures{p50: 30, p999: 120})
	many := row{kind: fanOut, size: 1024, protection: "plain", readers: 4}
	put(many, "ours", figures{rate: 2e6, lost: 1})
	r.echo[echo{roundTrip, 64}] = []float64{4, 4}
	r.limits = []limit{
		{name: "UDP echo, 64 B", results: []figures{{p50: 4, p999: 40}}},
		{name: "sendto 128 B", results: []figures{{rate: 1e6, mb: 128, cpu: 0.8, read: 5e5}}},
		{name: "UDP_SEGMENT", failed: "limits: exit status 2"},
	}
	r.aead[64] = []float64{100}
	r.crypto = map[string][]float64{"Seal/64": {1.2}, "Open/64": {1.31}, "Open/256": {9}, "Open/1024": {1.05}}
	c := collection{row: tput, program: "sub"}
	c.garbage.N, c.garbage.GC.Allocs, c.garbage.GC.Heap, c.garbage.GC.Count, c.garbage.GC.PauseMax = 1e6, 1000, 16e6, 11, 80
	r.gc = []collection{c}
	apart := row{kind: apartTrip, size: 64, protection: "encrypt"}
	put(apart, "ours", figures{p50: 70, p99: 90, p999: 100})
	put(apart, "cyclone", figures{p50: 100, p99: 120, p999: 300})
	return []row{tput, big, secret, trip, apart, busy, many}, r
}

func TestGoals(t *testing.T) {
	_, r := sample()
	verdicts := make(map[string]string)
	for _, g := range goals(r) {
		verdicts[g.what+" "+g.want] = g.verdict()
	}
	for what, want := range map[string]string{
		"throughput 64B plain ≥ 5× the better vendor":                  "not met", // 4.76: of the better one
		"throughput 1MB plain ≥ 2× Cyclone":                            "met",
		"throughput 1MB encrypt ≥ 2× the better vendor":                "not met",
		"throughput 1KiB plain ≥ 3× the better vendor":                 "not measured",
		"round trip 64B plain p50 ≤ 1.1× bare echo + 10 µs":            "met", // exactly
		"round trip 64B plain p50 ≤ Cyclone":                           "not met",
		"round trip 64B encrypt p50 ≤ 0.7× Cyclone":                    "not measured",
		"round trip 64B encrypt beside 10 k samples/s p99.9 ≤ Cyclone": "met",
		"round trip 64B encrypt, a core each p50 ≤ 0.7× Cyclone":       "met",
		"round trip 64B plain beside 10 k samples/s p99.9 ≤ Cyclone":   "not measured",
		"transform alone, ≥ 1 KiB, the slowest ≤ 1.1× bare AEAD":       "met",
		"transform alone, 64 B, the slowest ≤ 1.3× bare AEAD":          "not met",
		"allocations per sample, write to take, plain, the most 0":     "met",
		"allocations per sample, write to take, encrypt, the most 0":   "not measured",
	} {
		require.Equal(t, want, verdicts[what], what)
	}
	require.Len(t, verdicts, 8+2*9+2+2+2)
}

func TestDocument(t *testing.T) {
	rows, r := sample()
	var out strings.Builder
	write(&out, machine{cpu: "Z80", cores: 2, kernel: "6.1", commit: "abc", versions: []string{"Go 1.26", "Cyclone DDS 0.10.2"}, settings: "1 round"}, rows, r)
	const golden = "testdata/results.md"
	if *update {
		require.NoError(t, writeText(golden, out.String()))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), out.String())
}
