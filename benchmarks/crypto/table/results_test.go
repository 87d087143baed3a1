package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const printed = `goos: linux
cpu: Z80
BenchmarkTable/seal/payload_GCM/64-2   	 100	  150 ns/op	 120 bare-ns/op	 1.3 x-bare	 427.0 MB/s
BenchmarkTable/open/payload_GCM/64-2   	 100	  1500 ns/op	 1200 bare-ns/op	 1.25 x-bare	 42.70 MB/s
BenchmarkTable/seal/payload_GCM/1024-2 	 100	  15000 ns/op	 12000 bare-ns/op	 1.25 x-bare	 4.270 MB/s
BenchmarkTable/open/payload_GCM/1024-2 	 100	  15000 ns/op	 12000 bare-ns/op	 1.25 x-bare	 4.270 MB/s
BenchmarkTable/seal/payload_GCM/64-2   	 100	  90 ns/op	 80 bare-ns/op	 1.1 x-bare	 711.0 MB/s
BenchmarkTable/seal/payload_GCM/64-2   	 100	  900 ns/op	 100 bare-ns/op	 1.2 x-bare	 71.00 MB/s
PASS
ok  	github.com/secdds/dds/benchmarks/crypto	1.0s
`

func TestTable(t *testing.T) {
	r, err := parse(strings.NewReader(printed))
	require.NoError(t, err)
	r.version, r.cores, r.load, r.when = "go1.26", 1, 1.5, time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC)
	var b bytes.Buffer
	require.NoError(t, r.write(&b))
	for _, want := range []string{
		"medians of 3 runs", "- machine: Z80, 1 cores; load average at the end 1.50: other programs ran at the same time\n", "- version: go1.26\n- run: 2026-01-02 03:04 UTC\n",
		"## To seal\n\n|  | 64 B | 1 KiB |\n|---|---|---|\n| payload GCM | 150 ns / 100 ns = 1.20× | 15.0 µs / 12.0 µs = 1.25× |\n",
		"## To open\n\n|  | 64 B | 1 KiB |\n|---|---|---|\n| payload GCM | 1.50 µs / 1.20 µs = 1.25× | 15.0 µs / 12.0 µs = 1.25× |\n",
	} {
		require.Contains(t, b.String(), want)
	}
}

// Nothing is written of a run that failed or was cut short.
func TestTableIsWhole(t *testing.T) {
	lines := strings.SplitAfter(printed, "\n")
	for name, in := range map[string]string{
		"nothing":   "",
		"no PASS":   strings.Replace(printed, "PASS", "FAIL", 1),
		"no rows":   lines[0] + "PASS\n",
		"no ratio":  strings.Replace(printed, " x-bare", " x", 1),
		"no number": strings.Replace(printed, "150 ns/op", "much ns/op", 1),
		"no size":   strings.Replace(printed, "/64-2", "/few-2", 1),
		"no way":    strings.Replace(printed, "/seal/", "/", 1),
	} {
		_, err := parse(strings.NewReader(in))
		require.Error(t, err, name)
	}
	r, err := parse(strings.NewReader(strings.Join(append(lines[:5:5], lines[6:]...), "")))
	require.NoError(t, err)
	require.ErrorContains(t, r.write(&bytes.Buffer{}), "open of payload GCM, 1024 octets, was not measured")
}
