package attack

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/security"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/spi"
	"github.com/secdds/dds/transport/memnet"
)

// Security that was asked for but cannot be had makes no participant: not one
// octet is sent.
func TestItem21_NoParticipantWithoutItsSecurity(t *testing.T) {
	for name, spoil := range map[string]func(w *world, dir string) (*spi.Security, error){
		"no plugins":        func(*world, string) (*spi.Security, error) { return &spi.Security{}, nil },
		"no authentication": without(func(s *spi.Security) { s.Authentication = nil }),
		"no access control": without(func(s *spi.Security) { s.AccessControl = nil }),
		"no cryptography":   without(func(s *spi.Security) { s.Cryptography = nil }),
		"no passphrase": func(w *world, _ string) (*spi.Security, error) {
			g := keystore.SROS2Governance()
			g.PSK = spi.ProtectEncrypt
			dir, err := w.keystoreOf(g).CreateEnclave("/a", keystore.EnclaveOptions{})
			require.NoError(w, err)
			return security.FromEnclave(dir)
		},
		"no files":  func(*world, string) (*spi.Security, error) { return security.New(security.Config{}) },
		"no folder": func(_ *world, dir string) (*spi.Security, error) { return security.FromEnclave(dir + "x") },
		"another's folder": func(w *world, dir string) (*spi.Security, error) {
			other, err := w.keystoreOf(keystore.SROS2Governance()).CreateEnclave("/a", keystore.EnclaveOptions{})
			require.NoError(w, err)
			b, err := os.ReadFile(filepath.Join(other, "cert.pem"))
			require.NoError(w, err)
			require.NoError(w, os.WriteFile(filepath.Join(dir, "cert.pem"), b, 0o600))
			return security.FromEnclave(dir)
		},
		"no identity_ca.cert.pem": missing, "no cert.pem": missing, "no key.pem": missing,
		"no permissions_ca.cert.pem": missing, "no governance.p7s": missing, "no permissions.p7s": missing,
		"empty key.pem": empty, "empty governance.p7s": empty, "empty permissions.p7s": empty, "empty crl.pem": empty,
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				rec := w.record()
				dir, err := w.keystoreOf(keystore.SROS2Governance()).CreateEnclave("/a", keystore.EnclaveOptions{})
				require.NoError(w, err)
				file := filepath.Join(dir, name[strings.LastIndexByte(name, ' ')+1:])
				if strings.HasPrefix(name, "no ") && strings.Contains(name, ".") {
					require.NoError(w, os.Remove(file))
				}
				if strings.HasPrefix(name, "empty ") {
					_ = os.Remove(file)
					require.NoError(w, os.WriteFile(file, nil, 0o600))
				}
				sec, err := spoil(w, dir)
				if err == nil {
					var p *dds.Participant
					p, err = dds.NewParticipant(0, &dds.Config{Transport: w.net.Host("a"), Security: sec})
					require.Nil(w, p)
				}
				require.Error(w, err)
				w.settle(time.Minute)
				require.Empty(w, rec.take())
			})
		})
	}
}

func missing(_ *world, dir string) (*spi.Security, error) { return security.FromEnclave(dir) }
func empty(_ *world, dir string) (*spi.Security, error)   { return security.FromEnclave(dir) }

func without(change func(*spi.Security)) func(*world, string) (*spi.Security, error) {
	return func(w *world, dir string) (*spi.Security, error) {
		s := *w.plugins(dir)
		change(&s)
		return &s, nil
	}
}

func must(dir string, err error) string {
	if err != nil {
		panic(err)
	}
	return dir
}

// quiet logs nothing.
var quiet = slog.New(slog.DiscardHandler)

// cycles is how often somebody comes and goes.
const cycles = 500

// Whoever comes and goes, hundreds of times, authenticated each time, with and
// without farewell, leaves nothing behind: not a goroutine, and no memory.
func TestItem22_ComingAndGoing(t *testing.T) {
	inWorld(t, func(w *world) {
		k := w.keystoreOf(keystore.SROS2Governance())
		a, err := dds.NewParticipant(0, &dds.Config{Transport: w.net.Host("a"), Security: w.plugins(must(k.CreateEnclave("/a", keystore.EnclaveOptions{}))), Logger: quiet})
		require.NoError(w, err)
		defer a.Close()
		asB := w.enclave(k, "/b", keystore.EnclaveOptions{})
		wr := writerOf[shape](w, a, "Square", qos.KeepLast(1))
		cycle := func(i int) {
			cfg := dds.Config{Transport: w.net.Host("b"), Name: "b", Logger: quiet}
			asB(&cfg)
			b, err := dds.NewParticipant(0, &cfg)
			require.NoError(w, err)
			r := readerOf[shape](w, b, "Square", qosReliable)
			ctx, done := context.WithTimeout(w.Context(), time.Minute)
			defer done() // w.soon would keep it until the end of the test
			require.NoError(w, r.WaitForMatched(ctx, 1))
			require.NoError(w, wr.WaitForMatched(ctx, 1))
			require.NoError(w, wr.Write(ctx, &shape{"RED", int32(i), 1}))
			s, err := r.Next(ctx)
			require.NoError(w, err)
			require.EqualValues(w, i, s.Value.X)
			if i%10 == 0 {
				w.net.Cut("b", "a")
			}
			require.NoError(w, b.Close())
			w.net.Heal()
			if i%10 == 0 {
				w.settle(time.Minute) // its lease ends
			}
			w.settle(100 * time.Millisecond)
		}
		for i := range cycles / 10 {
			cycle(i)
		}
		w.settle(10 * time.Minute)
		before, goroutines := heap(), runtime.NumGoroutine()
		for i := range cycles {
			cycle(i)
		}
		w.settle(10 * time.Minute)
		require.Empty(w, a.Peers())
		require.Zero(w, wr.Matched().Current)
		// One that stays behind would be there hundreds of times; the runtime has
		// one of its own now and then, to run finalizers.
		require.Less(w, runtime.NumGoroutine(), goroutines+cycles/10)
		require.Less(w, heap(), before+1<<20, "%d octets a cycle", (heap()-before)/cycles)
	})
}

// Under attack the log stays short, and in it is nothing of what was protected or
// protects; that none of the sinks shows a secret is tested in package dds.
func TestItem23_TheLogUnderAttack(t *testing.T) {
	underAttack(t, func(v *victim) {
		before := strings.Count(v.log.String(), "\n")
		rng := rand.New(rand.NewPCG(3, 1))
		all := v.rec.take()
		for range 10_000 {
			d := all[rng.IntN(len(all))]
			if announces(d.data) {
				continue // of strangers each is told of
			}
			b := slices.Clone(d.data)
			b[rng.IntN(len(b))] ^= 1 << rng.IntN(8)
			v.inject(d, b)
		}
		v.settle(time.Second)
		v.unharmed()
		require.Less(v, strings.Count(v.log.String(), "\n"), before+200, "a line for each packet")
		for _, file := range []string{"a/key.pem", "b/key.pem"} {
			key, err := os.ReadFile(filepath.Join(v.k.Dir, "enclaves", file))
			require.NoError(v, err)
			for line := range strings.Lines(string(key)) {
				if line = strings.TrimSpace(line); len(line) >= 60 {
					require.NotContains(v, v.log.String(), line[8:])
				}
			}
		}
	})
}

// Traffic that is spliced and mutated at random, a few thousand times, harms
// nobody: what the fuzz targets do to each parser, to all at once.
func TestItem24_MutatedTraffic(t *testing.T) {
	for name, g := range protected() {
		t.Run(name, func(t *testing.T) {
			inWorldOf(t, memnet.Config{QueueLimit: 1 << 16}, func(w *world) {
				v := newVictim(w, g)
				rng := rand.New(rand.NewPCG(2, 4))
				all := slices.DeleteFunc(v.rec.take(), func(d datagram) bool { return announces(d.data) })
				for i := range 4000 {
					d := all[rng.IntN(len(all))]
					v.inject(d, mutated(rng, d.data, all[rng.IntN(len(all))].data))
					if i%50 == 0 {
						synctest.Wait()
					}
				}
				v.settle(10 * time.Second)
				v.unharmed()
			})
		})
	}
}

// mutated is a message with pieces of another in it, cut, doubled and changed.
func mutated(rng *rand.Rand, msg, other []byte) []byte {
	b := slices.Clone(msg)
	for range 1 + rng.IntN(4) {
		at := rng.IntN(len(b) + 1)
		switch rng.IntN(5) {
		case 0:
			b = append(b[:at], other[min(at, len(other)):]...)
		case 1:
			b = slices.Insert(b, at, other[rng.IntN(len(other)):]...)
		case 2:
			b = append(b, b[at:]...)
		case 3:
			b = b[:max(at, 1)]
		default:
			b[rng.IntN(len(b))] = []byte{0, 1, 0x7f, 0x80, 0xff, byte(rng.Uint32())}[rng.IntN(6)]
		}
		b = b[:min(len(b), 60000)]
	}
	return b
}
