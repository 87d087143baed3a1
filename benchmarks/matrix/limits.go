package main

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// bareRuns are the bare limits that peers/limits.c measures.
var bareRuns = []struct{ name, args string }{
	{"UDP echo, 64 B", "udp_echo 64"},
	{"UDP echo, 1 KiB", "udp_echo 1024"},
	{"UDP echo, 16 KiB", "udp_echo 16384"},
	{"UDP echo, 64 B, a core each", "udp_echo 64 apart"},
	{"UDP echo, 1 KiB, a core each", "udp_echo 1024 apart"},
	{"UDP echo, 16 KiB, a core each", "udp_echo 16384 apart"},
	{"sendto 128 B", "sendto 128"},
	{"sendto 1400 B", "sendto 1400"},
	{"sendto 65,000 B", "sendto 65000"},
	{"sendmmsg 64 × 128 B", "sendmmsg 128 64"},
	{"UDP_SEGMENT 60 × 128 B", "segment 128 60"},
	{"UDP_SEGMENT 45 × 1400 B", "segment 1400 45"},
}

// aeadSizes are of the bare AEAD, in octets.
var aeadSizes = []int{64, 1024, 16384, 65536}

// bare measures every limit once more: the rates with nobody who reads and with
// a reader.
func (b *bench) bare(ctx context.Context, r *results) {
	const each = "0.3" // seconds
	at := 0
	run := func(name, what string, args ...string) (figures, bool) {
		if at == len(r.limits) {
			r.limits = append(r.limits, limit{name: name})
		}
		l := &r.limits[at]
		at++
		p, err := start(ctx, 20*time.Second, filepath.Join(b.bin, "limits"), args...)
		if err == nil {
			var f figures
			if f, err = p.wait(what); err == nil {
				l.results = append(l.results, f)
				return f, true
			}
		}
		l.failed = err.Error()
		return figures{}, false
	}
	for _, l := range bareRuns {
		args := strings.Fields(l.args)
		if args[0] == "udp_echo" {
			size, _ := strconv.Atoi(args[1]) // from the table above
			e := echo{roundTrip, size}
			if len(args) == 3 {
				e.kind = apartTrip
			}
			if f, ok := run(l.name, "RTT", slices.Insert(args, 2, "5000")...); ok {
				r.echo[e] = append(r.echo[e], f.p50)
			}
			continue
		}
		run(l.name, "SEND", append(args, each)...)
		run(l.name+", with a reader", "SEND", append(args, each, "read")...)
	}
	for _, n := range aeadSizes {
		r.aead[n] = append(r.aead[n], sealTime(n))
	}
}

// sealTime is how long Go's AES-256-GCM takes for n octets, in ns.
func sealTime(n int) float64 {
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		panic("BUG: " + err.Error())
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	var nonce [12]byte
	plain, sealed := make([]byte, n), make([]byte, 0, n+16)
	start, count := time.Now(), 0
	for ; time.Since(start) < 50*time.Millisecond; count += 64 {
		for range 64 {
			aead.Seal(sealed, nonce[:], plain, nil)
		}
	}
	return float64(time.Since(start)) / float64(count)
}

// transform measures ours against the bare AEAD, by benchmarks/crypto.
func transform(ctx context.Context, root string) (map[string][]float64, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "^Benchmark(Seal|Open)InPlace$/./^ENCRYPT$/.",
		"-benchtime", "100ms", "-count", "3", "./benchmarks/crypto")
	cmd.Dir = root
	out, err := cmd.Output()
	return parseBench(string(out)), err
}
