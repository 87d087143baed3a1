package dds_test

import (
	"bytes"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/transport/memnet"
)

// Memory of samples is used again. Whatever is lost, repaired, replaced or
// written at the same time, no sample shows another's octets.
func TestSamplesKeepTheirOctets(t *testing.T) {
	for name, tt := range map[string]struct {
		policies []qos.WriterPolicy
		secured  bool
	}{
		"keep last":       {policies: []qos.WriterPolicy{qos.KeepLast(3)}},
		"keep all":        {policies: []qos.WriterPolicy{qos.KeepAll()}},
		"transient local": {policies: []qos.WriterPolicy{qos.KeepLast(40), qos.TransientLocal}},
		"secured":         {policies: []qos.WriterPolicy{qos.KeepLast(5)}, secured: true},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, memnet.Config{Seed: 9, Loss: 0.2, Duplicate: 0.2, Reorder: 0.2, MaxDelay: 3 * time.Millisecond}, func(w *world) {
				var a, b *dds.Participant
				if tt.secured {
					a, b = w.securedPair(keystore.SROS2Governance())
				} else {
					a, b = w.participant("a"), w.participant("b")
				}
				wr := writerOf[plainValue](w, a, "Octets", tt.policies...)
				r := readerOf[plainValue](w, b, "Octets", qos.Reliable(0), qos.KeepAll())
				matched(w, wr, r)
				var writers sync.WaitGroup
				const each = 300
				for g := range 4 {
					writers.Go(func() {
						for i := range each {
							n := int32(g*each + i)
							size := int(n*7)%200 + 1
							if i%50 == 0 {
								size = 150_000
							}
							_ = wr.Write(w.Context(), &plainValue{n, bytes.Repeat([]byte{byte(n), byte(n >> 8)}, size)})
							if i%5 == 0 {
								time.Sleep(time.Millisecond)
							}
						}
					})
				}
				done := make(chan struct{})
				go func() { writers.Wait(); close(done) }()
				seen := make(map[int32]bool)
				take := func() {
					for _, s := range r.Take(0, dds.Query{}) {
						n := s.Value.N
						require.False(w, seen[n])
						seen[n] = true
						require.Equal(w, bytes.Repeat([]byte{byte(n), byte(n >> 8)}, len(s.Value.Data)/2), s.Value.Data)
						if len(s.Value.Data) != 300_000 {
							require.Len(w, s.Value.Data, 2*(int(n*7)%200+1))
						}
					}
				}
				for running := true; running; {
					select {
					case <-done:
						running = false
					case <-time.After(time.Millisecond):
					}
					take()
				}
				require.NoError(w, wr.WaitForAcks(w.soon()))
				take()
				require.Zero(w, r.Undecodable())
				if name == "keep all" {
					require.Len(w, seen, 4*each)
				}
				require.NotEmpty(w, seen)
			})
		})
	}
}
