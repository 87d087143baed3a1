package dds_test

import (
	"fmt"
	"os"
	"path/filepath"
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

// keystoreOf makes a keystore that is valid at the world's time.
func (w *world) keystoreOf(g keystore.Governance) *keystore.Keystore {
	w.Helper()
	k, err := keystore.Create(w.TempDir(), keystore.Options{Governance: &g, Now: time.Now()})
	require.NoError(w, err)
	return k
}

// enclave makes credentials and returns the plugins that use them.
func (w *world) enclave(k *keystore.Keystore, path string, o keystore.EnclaveOptions) func(*dds.Config) {
	w.Helper()
	dir, err := k.CreateEnclave(path, o)
	require.NoError(w, err)
	return w.credentials(dir)
}

func (w *world) credentials(dir string) func(*dds.Config) {
	w.Helper()
	sec, err := security.FromEnclave(dir)
	require.NoError(w, err)
	return func(c *dds.Config) { c.Security = sec }
}

// securedPair makes two participants of one keystore.
func (w *world) securedPair(g keystore.Governance) (a, b *dds.Participant) {
	w.Helper()
	k := w.keystoreOf(g)
	return w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{})),
		w.participant("b", w.enclave(k, "/b", keystore.EnclaveOptions{}))
}

func topicGovernance(metadata, data spi.Protection) keystore.Governance {
	g := keystore.OpenGovernance()
	g.Topics = []keystore.TopicRule{{Metadata: metadata, Data: data}}
	return g
}

// governances are the kinds of protection and their combinations.
func governances() map[string]keystore.Governance {
	gs := map[string]keystore.Governance{
		"open":          keystore.OpenGovernance(),
		"sros2":         keystore.SROS2Governance(),
		"data only":     topicGovernance(spi.ProtectNone, spi.ProtectEncrypt),
		"metadata only": topicGovernance(spi.ProtectEncryptOrigin, spi.ProtectNone),
		"data signed":   topicGovernance(spi.ProtectNone, spi.ProtectSign),
	}
	for _, p := range []spi.Protection{spi.ProtectSign, spi.ProtectEncrypt, spi.ProtectSignOrigin, spi.ProtectEncryptOrigin} {
		gs["all "+p.String()] = keystore.UniformGovernance(p)
		g := keystore.OpenGovernance()
		g.RTPS = p
		gs["rtps "+p.String()] = g
	}
	mixed := keystore.SROS2Governance()
	mixed.RTPS, mixed.Discovery, mixed.Liveliness = spi.ProtectEncryptOrigin, spi.ProtectSign, spi.ProtectNone
	mixed.Topics = []keystore.TopicRule{
		{Expression: "Sq*", Metadata: spi.ProtectSignOrigin, Data: spi.ProtectEncrypt, DiscoveryProtection: true, ReadAccessControl: true},
		{Expression: "*"},
	}
	gs["mixed"] = mixed
	revised := keystore.UniformGovernance(spi.ProtectEncryptOrigin)
	revised.KeyRevision = true
	gs["key revision"] = revised
	return gs
}

// Data flows both ways under every governance, and nothing is dropped for its
// protection.
func TestSecuredExchange(t *testing.T) {
	for name, g := range governances() {
		t.Run(name, func(t *testing.T) {
			inWorld(t, memnet.Config{}, func(w *world) {
				a, b := w.securedPair(g)
				w1 := writerOf[shape](w, a, "Square", qos.KeepAll())
				r1 := readerOf[shape](w, b, "Square", qos.Reliable(0), qos.KeepAll())
				w2 := writerOf[plainValue](w, b, "Circle", qos.KeepAll(), qos.TransientLocal)
				r2 := readerOf[plainValue](w, a, "Circle", qos.Reliable(0), qos.KeepAll(), qos.TransientLocal)
				matched(w, w1, r1)
				matched(w, w2, r2)
				w.settle(time.Second) // what was sealed before its key arrived is dropped and sent again
				before := map[*dds.Participant]dds.Stats{a: a.Stats(), b: b.Stats()}
				for i := range 50 {
					write(w, w1, shape{"RED", int32(i), 3})
					write(w, w2, plainValue{int32(i), make([]byte, 3*i+1)})
				}
				big := make([]byte, 300_000)
				big[299_999] = 9
				write(w, w2, plainValue{50, big})
				for i := range 50 {
					require.Equal(w, shape{"RED", int32(i), 3}, next(w, r1).Value)
					require.Equal(w, plainValue{int32(i), make([]byte, 3*i+1)}, next(w, r2).Value)
				}
				require.Equal(w, plainValue{50, big}, next(w, r2).Value)
				require.NoError(w, w1.Dispose(w.soon(), &shape{Color: "RED"}))
				require.Equal(w, dds.Disposed, next(w, r1).Info.InstanceState)
				require.NoError(w, w1.WaitForAcks(w.soon()))
				require.NoError(w, w2.WaitForAcks(w.soon()))
				for _, p := range []*dds.Participant{a, b} {
					require.Zero(w, p.Stats().SealFailed)
					require.Equal(w, before[p].Dropped, p.Stats().Dropped)
					require.Len(w, p.Peers(), 1)
					require.True(w, p.Peers()[0].Authenticated)
				}
				require.Equal(w, "CN=/b", a.Peers()[0].Subject)
			})
		})
	}
}

// Endpoints of one secured participant meet each other, too.
func TestSecuredSelfMatch(t *testing.T) {
	for name, g := range governances() {
		t.Run(name, func(t *testing.T) {
			inWorld(t, memnet.Config{}, func(w *world) {
				testSelfMatch(w, w.participant("a", w.enclave(w.keystoreOf(g), "/a", keystore.EnclaveOptions{})))
			})
		})
	}
}

// Which side starts the handshake depends on the GUIDs; both orders work, over
// loss as well.
func TestHandshakeOrdersAndLoss(t *testing.T) {
	for _, loss := range []float64{0, 0.3} {
		for first := range 2 {
			for seed := range 3 {
				t.Run(fmt.Sprint(loss, first, seed), func(t *testing.T) {
					inWorld(t, memnet.Config{Seed: uint64(seed), Loss: loss}, func(w *world) {
						k := w.keystoreOf(keystore.SROS2Governance())
						names := [2]string{"a", "b"}
						var ps [2]*dds.Participant
						for i := range ps {
							n := names[(i+first)%2]
							ps[i] = w.participant(n, w.enclave(k, "/"+n, keystore.EnclaveOptions{}))
							w.settle(time.Duration(seed) * 700 * time.Millisecond)
						}
						wr := writerOf[shape](w, ps[0], "Square", qos.KeepAll())
						r := readerOf[shape](w, ps[1], "Square", qos.Reliable(0), qos.KeepAll())
						matched(w, wr, r)
						for i := range 20 {
							write(w, wr, shape{"RED", int32(i), 3})
						}
						for i := range 20 {
							require.Equal(w, int32(i), next(w, r).Value.X)
						}
					})
				})
			}
		}
	}
}

// A side that starts anew, with or without farewell, is met again. The GUID
// may be the same, as it follows from the certificate in part.
func TestRestartOfOneSide(t *testing.T) {
	for _, farewell := range []bool{true, false} {
		t.Run(fmt.Sprintf("farewell=%v", farewell), func(t *testing.T) {
			inWorld(t, memnet.Config{}, func(w *world) {
				k := w.keystoreOf(keystore.UniformGovernance(spi.ProtectEncrypt))
				asA, asB := w.enclave(k, "/a", keystore.EnclaveOptions{}), w.enclave(k, "/b", keystore.EnclaveOptions{})
				a, b := w.participant("a", asA), w.participant("b", asB)
				wr := writerOf[shape](w, a, "Square", qos.KeepAll(), qos.TransientLocal)
				r := readerOf[shape](w, b, "Square", qos.Reliable(0), qos.KeepAll(), qos.TransientLocal)
				matched(w, wr, r)
				write(w, wr, shape{"RED", 1, 3})
				next(w, r)
				if !farewell {
					w.net.Partition("a", "b")
				}
				require.NoError(w, b.Close())
				w.net.Heal()
				b = w.participant("b", asB)
				r = readerOf[shape](w, b, "Square", qos.Reliable(0), qos.KeepAll(), qos.TransientLocal)
				require.NoError(w, r.WaitForMatched(w.soon(), 1), "%s", w.log)
				require.Equal(w, int32(1), next(w, r).Value.X)
				write(w, wr, shape{"RED", 2, 3})
				require.Equal(w, int32(2), next(w, r).Value.X)
			})
		})
	}
}

// A participant whose credentials or documents are wrong does not start, and
// the error names the file at fault.
func TestWrongDocumentsDoNotStart(t *testing.T) {
	for _, tt := range []struct {
		name   string
		spoil  func(w *world, k *keystore.Keystore, dir string)
		opt    keystore.EnclaveOptions
		domain uint32
		want   string
	}{
		{name: "no key", want: "key.pem", spoil: func(w *world, k *keystore.Keystore, dir string) {
			require.NoError(w, os.Remove(filepath.Join(dir, "key.pem")))
		}},
		{name: "another's key", want: "key.pem", spoil: func(w *world, k *keystore.Keystore, dir string) {
			other, err := k.CreateEnclave("/other", keystore.EnclaveOptions{})
			require.NoError(w, err)
			copyFile(w, filepath.Join(other, "key.pem"), filepath.Join(dir, "key.pem"))
		}},
		{name: "another's permissions", want: "permissions.p7s", spoil: func(w *world, k *keystore.Keystore, dir string) {
			other, err := k.CreateEnclave("/other", keystore.EnclaveOptions{})
			require.NoError(w, err)
			copyFile(w, filepath.Join(other, "permissions.p7s"), filepath.Join(dir, "permissions.p7s"))
		}},
		{name: "unsigned governance", want: "governance.p7s", spoil: func(w *world, k *keystore.Keystore, dir string) {
			f := filepath.Join(dir, "governance.p7s")
			require.NoError(w, os.Remove(f))
			require.NoError(w, os.WriteFile(f, keystore.OpenGovernance().XML(), 0o600))
		}},
		{name: "altered permissions", want: "permissions.p7s", spoil: func(w *world, k *keystore.Keystore, dir string) {
			f := filepath.Join(dir, "permissions.p7s")
			b, err := os.ReadFile(f)
			require.NoError(w, err)
			b[len(b)/3] ^= 1
			require.NoError(w, os.WriteFile(f, b, 0o600))
		}},
		{name: "lapsed permissions", want: "permissions.p7s", opt: keystore.EnclaveOptions{PermissionsNotAfter: worldStart.Add(-time.Hour)}},
		{name: "lapsed certificate", want: "cert.pem", opt: keystore.EnclaveOptions{NotAfter: worldStart.Add(-time.Hour)}},
		{name: "certificate not valid yet", want: "cert.pem", opt: keystore.EnclaveOptions{NotBefore: worldStart.Add(time.Hour)}},
		{name: "domain not governed", want: "governance.p7s", domain: 3},
		{name: "foreign identity CA", want: "cert.pem", opt: keystore.EnclaveOptions{IdentityCA: strangeCA(t)}},
		{name: "foreign permissions CA", want: "permissions.p7s", opt: keystore.EnclaveOptions{PermissionsCA: strangeCA(t)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, memnet.Config{}, func(w *world) {
				k := w.keystoreOf(keystore.SROS2Governance(keystore.Domains{}))
				dir, err := k.CreateEnclave("/a", tt.opt)
				require.NoError(w, err)
				if tt.spoil != nil {
					tt.spoil(w, k, dir)
				}
				sec, err := security.FromEnclave(dir)
				if err == nil {
					_, err = dds.NewParticipant(tt.domain, &dds.Config{Transport: w.net.Host("a"), Security: sec})
				}
				require.ErrorContains(w, err, tt.want)
			})
		})
	}
}

// worldStart is when virtual time begins.
var worldStart = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func strangeCA(t *testing.T) *keystore.Authority {
	ca, err := keystore.NewAuthority("strange", worldStart, keystore.P256)
	require.NoError(t, err)
	return ca
}

func copyFile(t require.TestingT, from, to string) {
	b, err := os.ReadFile(from)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(to, b, 0o600))
}
