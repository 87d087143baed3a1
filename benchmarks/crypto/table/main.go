// Command table writes benchmarks/CRYPTO.md from what `go test -bench` prints of
// BenchmarkTable in benchmarks/crypto. It is a tool; `make bench-crypto` runs it:
//
//	go test -bench Table -count 3 ./benchmarks/crypto | go run ./benchmarks/crypto/table -o benchmarks/CRYPTO.md
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"runtime"
	"time"
)

func main() {
	out := flag.String("o", "", "file to write; none: standard output")
	flag.Parse()
	if err := run(*out); err != nil {
		fmt.Fprintln(os.Stderr, "table:", err)
		os.Exit(1)
	}
}

func run(out string) error {
	r, err := parse(os.Stdin)
	if err != nil {
		return err
	}
	r.when, r.version, r.cores = time.Now().UTC(), runtime.Version(), runtime.NumCPU()
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		_, _ = fmt.Sscan(string(load), &r.load)
	}
	if out == "" {
		return r.write(os.Stdout)
	}
	var b bytes.Buffer
	if err := r.write(&b); err != nil {
		return err
	}
	return os.WriteFile(out, b.Bytes(), 0o644)
}
