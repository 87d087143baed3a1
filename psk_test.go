package dds_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/security"
	"github.com/secdds/dds/security/psk"
	"github.com/secdds/dds/spi"
	"github.com/secdds/dds/transport/memnet"
)

const (
	pskOld = "data:,1:the seed that is in use at first"
	pskNew = "data:,2:the seed that takes its place"
)

// presharing configures a participant with a passphrase and nothing else.
func (w *world) presharing(cfg psk.Config) (join func(*dds.Config), plugin *psk.Plugin) {
	w.Helper()
	sec, err := security.PSK(cfg)
	require.NoError(w, err)
	return func(c *dds.Config) { c.Security = sec }, sec.PreSharedKey.(*psk.Plugin)
}

func (w *world) knowing(passphrase string) func(*dds.Config) {
	w.Helper()
	join, _ := w.presharing(psk.Config{Passphrase: passphrase})
	return join
}

// sealedBy says what protects a message that was on the network.
func sealedBy(t testing.TB, msg []byte) string {
	t.Helper()
	_, rest, err := rtps.ParseHeader(msg)
	require.NoError(t, err)
	s, _, err := rtps.Next(rest)
	require.NoError(t, err)
	switch {
	case s.Kind != rtps.SubSRTPSPrefix:
		return "nothing"
	case s.Flags&0x04 != 0:
		return "passphrase"
	}
	return "participant"
}

// A passphrase is all that a domain needs: data flows both ways, in one piece
// and in fragments, and nothing that is sent is in clear.
func TestPSKDomain(t *testing.T) {
	for name, cfg := range map[string]psk.Config{
		"encrypt":     {},
		"sign":        {Kind: spi.ProtectSign},
		"AES128, AAD": {Cipher: psk.AES128, HeaderAAD: true},
		"sign, AAD":   {Kind: spi.ProtectSign, HeaderAAD: true},
		"sessions":    {MaxBlocksPerSession: 100},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, memnet.Config{}, func(w *world) {
				rec := w.record()
				cfg.Passphrase = pskOld
				joinA, _ := w.presharing(cfg)
				joinB, _ := w.presharing(cfg)
				a, b := w.participant("a", joinA), w.participant("b", joinB)
				w1 := writerOf[shape](w, a, "Square", qos.KeepAll())
				r1 := readerOf[shape](w, b, "Square", qos.Reliable(0), qos.KeepAll())
				w2 := writerOf[plainValue](w, b, "Circle", qos.KeepAll(), qos.TransientLocal)
				r2 := readerOf[plainValue](w, a, "Circle", qos.Reliable(0), qos.KeepAll(), qos.TransientLocal)
				matched(w, w1, r1)
				matched(w, w2, r2)
				for i := range 50 {
					write(w, w1, shape{"TURQUOISE", int32(i), 3})
					write(w, w2, plainValue{int32(i), make([]byte, 3*i+1)})
				}
				big := bytes.Repeat([]byte("TURQUOISE"), 30_000)
				write(w, w2, plainValue{50, big})
				for i := range 50 {
					require.Equal(w, shape{"TURQUOISE", int32(i), 3}, next(w, r1).Value)
					require.Equal(w, plainValue{int32(i), make([]byte, 3*i+1)}, next(w, r2).Value)
				}
				require.Equal(w, plainValue{50, big}, next(w, r2).Value)
				require.NoError(w, w1.Dispose(w.soon(), &shape{Color: "TURQUOISE"}))
				require.Equal(w, dds.Disposed, next(w, r1).Info.InstanceState)
				require.NoError(w, w1.WaitForAcks(w.soon()))
				require.NoError(w, w2.WaitForAcks(w.soon()))
				for _, p := range []*dds.Participant{a, b} {
					require.Zero(w, p.Stats().SealFailed)
					require.Zero(w, p.Stats().Dropped["bad_message"])
					require.Zero(w, p.Stats().Dropped["unprotected"])
					require.Zero(w, p.Stats().Dropped["malformed"])
					require.Len(w, p.Peers(), 1)
				}
				require.NoError(w, a.Close())
				seen := rec.take()
				require.NotEmpty(w, seen)
				clear := 0
				for _, d := range seen {
					require.Equal(w, "passphrase", sealedBy(w, d.data))
					if bytes.Contains(d.data, []byte("TURQUOISE")) || bytes.Contains(d.data, []byte("Square")) {
						clear++
					}
				}
				require.Equal(w, cfg.Kind == spi.ProtectSign, clear > 0, "in clear: %d", clear)
				w.settle(time.Second)
				require.Empty(w, b.Peers(), "the farewell is sealed as well")
			})
		})
	}
}

// Who does not know the passphrase neither sees anybody nor is seen.
func TestPSKStrangers(t *testing.T) {
	for name, join := range map[string]func(w *world) func(*dds.Config){
		"no security":          func(w *world) func(*dds.Config) { return func(*dds.Config) {} },
		"another passphrase":   func(w *world) func(*dds.Config) { return w.knowing("data:,1:another seed of the same id") },
		"another id":           func(w *world) func(*dds.Config) { return w.knowing("data:,2:the seed that is in use at first") },
		"signs and shall hide": func(w *world) func(*dds.Config) { return w.signing(pskOld) },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, memnet.Config{}, func(w *world) {
				a, b := w.participant("a", w.knowing(pskOld)), w.participant("b", w.knowing(pskOld))
				c := w.participant("c", join(w))
				wr := writerOf[shape](w, a, "Square", qos.KeepAll(), qos.TransientLocal)
				r := readerOf[shape](w, b, "Square", qos.Reliable(0), qos.KeepAll(), qos.TransientLocal)
				strangeW := writerOf[shape](w, c, "Square", qos.KeepAll(), qos.TransientLocal)
				strangeR := readerOf[shape](w, c, "Square", qos.Reliable(0), qos.KeepAll(), qos.TransientLocal)
				matched(w, wr, r)
				write(w, wr, shape{"RED", 1, 1})
				write(w, strangeW, shape{"BLUE", 2, 2})
				require.Equal(w, "RED", next(w, r).Value.Color)
				require.Equal(w, "BLUE", next(w, strangeR).Value.Color, "its own")
				w.settle(time.Minute)
				require.Empty(w, r.Take(0, dds.Query{}))
				require.Empty(w, strangeR.Take(0, dds.Query{}))
				require.Empty(w, c.Peers())
				for _, p := range []*dds.Participant{a, b} {
					require.Len(w, p.Peers(), 1)
					require.NotZero(w, p.Stats().Dropped["bad_message"]+p.Stats().Dropped["unprotected"])
				}
				require.NotZero(w, c.Stats().Dropped["bad_message"]+c.Stats().Dropped["unknown_peer"])
			})
		})
	}
}

func (w *world) signing(passphrase string) func(*dds.Config) {
	w.Helper()
	join, _ := w.presharing(psk.Config{Passphrase: passphrase, Kind: spi.ProtectSign})
	return join
}

// A new passphrase comes in while samples flow, in three steps for each
// participant, and not one message is lost on the way; without those steps,
// some are.
func TestPSKRotation(t *testing.T) {
	for name, gap := range map[string]bool{"in steps": false, "at once": true} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, memnet.Config{}, func(w *world) {
				joinA, keysA := w.presharing(psk.Config{Passphrase: pskOld})
				joinB, keysB := w.presharing(psk.Config{Passphrase: pskOld})
				a, b := w.participant("a", joinA), w.participant("b", joinB)
				wr := writerOf[shape](w, a, "Square", qos.KeepAll())
				r := readerOf[shape](w, b, "Square", qos.Reliable(0), qos.KeepAll())
				matched(w, wr, r)
				rec := w.record()
				n, m := int32(0), int32(0)
				flow := func() { // until what is under way is there
					for range 200 {
						write(w, wr, shape{"RED", n, 1})
						n++
						w.settle(10 * time.Millisecond)
					}
				}
				flow()
				if gap {
					require.NoError(w, keysA.Update(pskNew))
					flow()
					require.NoError(w, keysB.Update(pskNew))
					flow()
				} else {
					for _, step := range []struct {
						plugin  *psk.Plugin
						primary string
						extra   []string
					}{
						{keysA, pskOld, []string{pskNew}}, {keysB, pskOld, []string{pskNew}},
						{keysB, pskNew, []string{pskOld}}, {keysA, pskNew, []string{pskOld}},
						{keysA, pskNew, nil}, {keysB, pskNew, nil},
					} {
						require.NoError(w, step.plugin.Update(step.primary, step.extra...))
						flow()
					}
				}
				for range n {
					require.Equal(w, m, next(w, r).Value.X)
					m++
				}
				require.Zero(w, r.Lost())
				require.Equal(w, 1, r.Matched().Total, "never lost sight of it")
				require.Equal(w, gap, a.Stats().Dropped["bad_message"]+b.Stats().Dropped["bad_message"] > 0)

				rec.take()
				flow()
				for _, d := range rec.take() {
					require.Equal(w, []byte{0, 0, 0, 2}, d.data[rtps.HeaderLen+8:rtps.HeaderLen+12], "the new one's id")
				}
			})
		})
	}
}
