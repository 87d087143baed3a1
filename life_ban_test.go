package dds_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/transport/memnet"
)

// A certificate that is banned is banned for all who have it, also for those who
// came before the ban: the new keys are not for them.
func TestBanSharedSubject(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		k := w.keystoreOf(keystore.SROS2Governance())
		as := func(path string) func(*dds.Config) { return w.enclave(k, path, keystore.EnclaveOptions{}) }
		shared := as("/b")
		a, c := w.participant("a", as("/a")), w.participant("c", as("/c"))
		b1, b2 := w.participant("b1", shared), w.participant("b2", shared)
		wr := writerOf[shape](w, a, "Square")
		for _, p := range []*dds.Participant{b1, b2, c} {
			readerOf[shape](w, p, "Square", qos.Reliable(0))
		}
		require.NoError(w, wr.WaitForMatched(w.soon(), 3))

		require.NoError(w, a.Ban(b1.GUID(), "it was stolen"))
		w.settle(10 * time.Second)
		require.Equal(w, 1, wr.Matched().Current)
		refused := map[rtps.GUID]bool{}
		for _, q := range a.Peers() {
			if q.Refusal != nil {
				require.ErrorContains(w, q.Refusal, "it was stolen")
				refused[q.GUID] = true
			}
		}
		require.Equal(w, map[rtps.GUID]bool{b1.GUID(): true, b2.GUID(): true}, refused)

		a.Unban(b1.GUID())
		require.NoError(w, wr.WaitForMatched(w.soon(), 3), "%s", w.log)
	})
}

// Unban takes back all of a ban, however often it was said, and nothing else.
func TestUnban(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		k := w.keystoreOf(keystore.SROS2Governance())
		as := func(path string) func(*dds.Config) { return w.enclave(k, path, keystore.EnclaveOptions{}) }
		shared := as("/b")
		a := w.participant("a", as("/a"))
		b, c := w.participant("b", shared), w.participant("c", as("/c"))
		wr := writerOf[shape](w, a, "Square")
		readerOf[shape](w, b, "Square", qos.Reliable(0))
		readerOf[shape](w, c, "Square", qos.Reliable(0))
		require.NoError(w, wr.WaitForMatched(w.soon(), 2))
		require.NoError(w, a.Ban(b.GUID(), "once"))
		require.NoError(w, a.Ban(c.GUID(), "another"))
		w.settle(10 * time.Second)
		require.NoError(w, a.Ban(b.GUID(), "twice"))
		w.settle(10 * time.Second)
		require.Zero(w, wr.Matched().Current)
		require.Contains(w, explain(w, a, b.GUID()).String(), "twice")
		again := w.participant("b2", shared)
		readerOf[shape](w, again, "Square", qos.Reliable(0))
		w.settle(10 * time.Second)
		require.Zero(w, wr.Matched().Current)
		require.Contains(w, explain(w, a, again.GUID()).String(), "twice")

		a.Unban(rtps.GUID{Prefix: rtps.GUIDPrefix{9}, Entity: rtps.EntityParticipant}) // nobody
		a.Unban(b.GUID())
		w.settle(10 * time.Second)
		require.Equal(w, 2, wr.Matched().Current, "%s", w.log)
		require.Contains(w, explain(w, a, c.GUID()).String(), "another")
	})
}

// Who is banned while it authenticates itself does not get in, whatever was
// already under way for it, nor does who is banned before it comes.
func TestBanOfThoseWhoCome(t *testing.T) {
	for name, known := range map[string]bool{"unknown": false, "authenticating": true} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, memnet.Config{}, func(w *world) {
				k := w.keystoreOf(keystore.SROS2Governance())
				as := func(path string) func(*dds.Config) { return w.enclave(k, path, keystore.EnclaveOptions{}) }
				gate := &slowly{wait: time.Second}
				a := w.participant("a", as("/a"), gate.slow)
				b := w.participant("b", as("/b"))
				wr := writerOf[shape](w, a, "Square")
				readerOf[shape](w, b, "Square", qos.Reliable(0))
				if known {
					require.Eventually(w, func() bool { return gate.asked.Load() > 0 }, time.Minute, time.Millisecond)
					require.Equal(w, dds.StageAuthenticating, explain(w, a, b.GUID()).Stage)
				}
				require.NoError(w, a.Ban(b.GUID(), "test"))
				w.settle(time.Minute)
				require.Zero(w, wr.Matched().Total)
				x := explain(w, a, b.GUID())
				require.Equal(w, dds.StageRefused, x.Stage)
				require.Contains(w, x.String(), "ban of")
				a.Unban(b.GUID())
				require.NoError(w, wr.WaitForMatched(w.soon(), 1), "%s", w.log)
			})
		})
	}
}
