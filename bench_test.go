//go:build !race

package dds_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/security"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/spi"
	"github.com/secdds/dds/transport/memnet"
)

// A perf is what the programs of benchmarks/peers exchange.
type perf struct {
	ID   int32 `dds:"key"`
	Seq  uint64
	Data []byte
}

// A benchPair is a writer and a reader, in one process, with a pipe between them.
type benchPair struct {
	w     *dds.Writer[perf]
	taken atomic.Int64
	came  chan struct{} // of one slot: something was taken
}

func newBenchPair(b *testing.B, g *keystore.Governance) *benchPair {
	network := memnet.New(memnet.Config{MaxMessage: 65500})
	on := &atomic.Bool{}
	ab, ba := newPipe(), newPipe()
	var k *keystore.Keystore
	if g != nil {
		var err error
		k, err = keystore.Create(b.TempDir(), keystore.Options{Governance: g})
		require.NoError(b, err)
	}
	var ps [2]*dds.Participant
	for i, h := range []*pipedHost{{network.Host("a"), ba, ab, on}, {network.Host("b"), ab, ba, on}} {
		cfg := dds.Config{Transport: h, LeaseDuration: time.Hour, Logger: slog.New(slog.DiscardHandler)}
		if k != nil {
			dir, err := k.CreateEnclave([]string{"/a", "/b"}[i], keystore.EnclaveOptions{})
			require.NoError(b, err)
			cfg.Security, err = security.FromEnclave(dir)
			require.NoError(b, err)
		}
		p, err := dds.NewParticipant(0, &cfg)
		require.NoError(b, err)
		b.Cleanup(func() { _ = p.Close() })
		ps[i] = p
	}
	ta, err := dds.NewTopic[perf](ps[0], "Perf")
	require.NoError(b, err)
	tb, err := dds.NewTopic[perf](ps[1], "Perf")
	require.NoError(b, err)
	x := &benchPair{came: make(chan struct{}, 1)}
	limit := qos.ResourceLimits{MaxSamples: 4000, MaxInstances: qos.LengthUnlimited, MaxSamplesPerInstance: qos.LengthUnlimited}
	x.w, err = dds.NewWriter(ps[0].Publisher(), ta, qos.KeepAll(), limit)
	require.NoError(b, err)
	r, err := dds.NewReader(ps[1].Subscriber(), tb, qos.Reliable(0), qos.KeepAll(), limit)
	require.NoError(b, err)
	ctx, cancel := context.WithTimeout(b.Context(), 20*time.Second)
	defer cancel()
	require.NoError(b, x.w.WaitForMatched(ctx, 1))
	require.NoError(b, r.WaitForMatched(ctx, 1))
	r.OnData(func(r *dds.Reader[perf]) {
		for range r.TakeEach(0, dds.Query{}) {
			x.taken.Add(1)
		}
		select {
		case x.came <- struct{}{}:
		default:
		}
	})
	on.Store(true)
	b.Cleanup(func() { on.Store(false) })
	return x
}

func (x *benchPair) write(b *testing.B, v *perf) {
	if err := x.w.Write(b.Context(), v); err != nil {
		b.Fatal(err)
	}
}

// await waits until n samples were taken.
func (x *benchPair) await(n int64) {
	for x.taken.Load() < n {
		<-x.came
	}
}

// The whole path but for the sockets, both sides in one process: a stream of
// samples, and one at a time, which is mostly two goroutines waking each other.
func BenchmarkWriteTake(b *testing.B) {
	encrypt := keystore.UniformGovernance(spi.ProtectEncrypt)
	for _, world := range []struct {
		name string
		gov  *keystore.Governance
	}{{"plain", nil}, {"encrypt", &encrypt}} {
		for _, size := range []int{64, 1 << 10, 16 << 10, 1 << 20} {
			x := newBenchPair(b, world.gov)
			v := perf{ID: 1, Data: make([]byte, size)}
			want := int64(0)
			b.Run(fmt.Sprintf("stream/%s/%dB", world.name, size), func(b *testing.B) {
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for range b.N {
					x.write(b, &v)
				}
				want += int64(b.N)
				x.await(want)
			})
			b.Run(fmt.Sprintf("lone/%s/%dB", world.name, size), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					x.write(b, &v)
					want++
					x.await(want)
				}
			})
		}
	}
}
