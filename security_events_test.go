package dds_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/spi"
	"github.com/secdds/dds/transport/memnet"
)

// A witness is a logging plugin that keeps what it is told.
type witness struct {
	mu     sync.Mutex
	events []spi.SecurityEvent
}

func (x *witness) Log(e spi.SecurityEvent) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.events = append(x.events, e)
}

func (x *witness) all() []spi.SecurityEvent {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.events)
}

// of returns the events of a kind.
func (x *witness) of(what string) []spi.SecurityEvent {
	return slices.DeleteFunc(x.all(), func(e spi.SecurityEvent) bool { return e.What != what })
}

// one returns the only event of a kind, which every event of a test about one
// decision must be.
func (x *witness) one(t require.TestingT, what string) spi.SecurityEvent {
	es := x.of(what)
	require.Len(t, es, 1, "%s: %v", what, x.kinds())
	return es[0]
}

func (x *witness) kinds() (ks []string) {
	for _, e := range x.all() {
		ks = append(ks, e.Severity.String()+" "+e.What)
	}
	return ks
}

// logged has a participant's events go to l.
func logged(l spi.Logging, with func(*dds.Config)) func(*dds.Config) {
	return func(c *dds.Config) {
		with(c)
		s := *c.Security
		s.Logging = l
		c.Security = &s
	}
}

// A session without trouble: each step is one event, in order, and says who.
func TestEventsOfASession(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		k, x := w.keystoreOf(keystore.SROS2Governance()), &witness{}
		a := w.participant("a", logged(x, w.enclave(k, "/a", keystore.EnclaveOptions{})))
		b := w.participant("b", w.enclave(k, "/b", keystore.EnclaveOptions{}))
		wr, r := writerOf[shape](w, a, "Square"), readerOf[shape](w, b, "Square")
		matched(w, wr, r)
		require.NoError(w, b.Close())
		w.settle(time.Second)
		require.NoError(w, a.Close())

		var got []string
		for _, e := range x.all() {
			require.Equal(w, a.GUID().Prefix, e.Local.Prefix)
			require.False(w, e.Time.IsZero())
			switch e.What {
			case "messages dropped": // what was sealed before its key arrived is sent again
			case "participant doubted": // its two farewells, in clear and protected, race
			case "built-in endpoint matched":
				require.Equal(w, spi.SeverityDebug, e.Severity)
			default:
				got = append(got, e.Severity.String()+" "+e.Plugin+": "+e.What)
			}
		}
		require.Equal(w, []string{
			"NOTICE authentication: local identity validated",
			"NOTICE access control: local permissions validated",
			"INFORMATIONAL access control: local writer allowed",
			"INFORMATIONAL authentication: handshake begun",
			"NOTICE authentication: participant authenticated",
			"INFORMATIONAL access control: permissions accepted",
			"INFORMATIONAL cryptography: participant keys received",
			"INFORMATIONAL access control: endpoint matched",
			"NOTICE authentication: participant gone",
			"NOTICE cryptography: keys renewed",
		}, got)
		require.Equal(w, "CN=/a", x.one(w, "local identity validated").Subject)
		e := x.one(w, "local permissions validated")
		require.Contains(w, e.Found, "rtps SIGN")
		require.Contains(w, e.Document, "permissions.p7s")
		require.Equal(w, `grant "/a"`, e.Rule)
		require.Positive(w, e.Line)
		e = x.one(w, "permissions accepted")
		require.Equal(w, `grant "/b"`, e.Rule)
		require.Positive(w, e.Line)
		e = x.one(w, "participant authenticated")
		require.Equal(w, "CN=/b", e.Subject)
		require.Equal(w, b.GUID(), e.Remote)
		e = x.one(w, "endpoint matched")
		require.Equal(w, wr.GUID(), e.Local)
		require.Equal(w, r.GUID(), e.Remote)
		require.Equal(w, "Square", e.Topic)
		require.Contains(w, e.Found, "data ENCRYPT")
	})
}

// What may not be is one event that says which document and rule, what was
// expected and what was found.
func TestEventsOfRefusals(t *testing.T) {
	t.Run("governance differs", func(t *testing.T) {
		inWorld(t, memnet.Config{}, func(w *world) {
			k, x := w.keystoreOf(keystore.SROS2Governance()), &witness{}
			asA := logged(x, w.enclave(k, "/a", keystore.EnclaveOptions{}))
			require.NoError(w, k.SetGovernance(keystore.UniformGovernance(spi.ProtectEncrypt).XML()))
			b := w.participant("b", w.enclave(k, "/b", keystore.EnclaveOptions{}))
			w.participant("a", asA)
			w.settle(10 * time.Second)
			e := x.one(w, "participant refused")
			require.Equal(w, spi.SeverityWarning, e.Severity)
			require.Equal(w, "access control", e.Plugin)
			require.Equal(w, b.GUID(), e.Remote)
			require.Equal(w, "governance", e.Document)
			require.Equal(w, "rtps_protection_kind", e.Rule)
			require.Equal(w, "SIGN", e.Expected)
			require.Equal(w, "ENCRYPT", e.Found)
		})
	})
	t.Run("no credentials", func(t *testing.T) {
		inWorld(t, memnet.Config{}, func(w *world) {
			x := &witness{}
			w.participant("b")
			w.participant("a", logged(x, w.enclave(w.keystoreOf(keystore.SROS2Governance()), "/a", keystore.EnclaveOptions{})))
			w.settle(10 * time.Second)
			e := x.one(w, "participant refused")
			require.Equal(w, "authentication", e.Plugin)
			require.Equal(w, "allow_unauthenticated_participants", e.Rule)
		})
	})
	t.Run("no credentials, allowed", func(t *testing.T) {
		inWorld(t, memnet.Config{}, func(w *world) {
			g, x := keystore.SROS2Governance(), &witness{}
			g.AllowUnauthenticated, g.RTPS = true, spi.ProtectNone
			w.participant("b")
			w.participant("a", logged(x, w.enclave(w.keystoreOf(g), "/a", keystore.EnclaveOptions{})))
			w.settle(10 * time.Second)
			require.Equal(w, spi.SeverityNotice, x.one(w, "participant admitted without credentials").Severity)
		})
	})
	t.Run("foreign CA", func(t *testing.T) {
		inWorld(t, memnet.Config{}, func(w *world) {
			x := &witness{}
			k1, k2 := w.keystoreOf(keystore.SROS2Governance()), w.keystoreOf(keystore.SROS2Governance())
			w.participant("b", w.enclave(k2, "/b", keystore.EnclaveOptions{}))
			w.participant("a", logged(x, w.enclave(k1, "/a", keystore.EnclaveOptions{})))
			w.settle(70 * time.Second)
			kinds := strings.Join(x.kinds(), "\n")
			require.Regexp(w, "WARNING handshake (message refused|unanswered)", kinds)
			require.Contains(w, kinds, "WARNING handshake timed out")
			require.Equal(w, "authentication", x.of("handshake timed out")[0].Plugin)
		})
	})
	t.Run("permissions of the peer lapsed", func(t *testing.T) {
		inWorld(t, memnet.Config{}, func(w *world) {
			k, x := w.keystoreOf(keystore.SROS2Governance()), &witness{}
			w.participant("b", w.enclave(k, "/b", keystore.EnclaveOptions{PermissionsNotAfter: time.Now().Add(time.Hour)}), lenient)
			w.settle(2 * time.Hour)
			w.participant("a", logged(x, w.enclave(k, "/a", keystore.EnclaveOptions{})))
			w.settle(10 * time.Second)
			e := x.one(w, "participant refused")
			require.Equal(w, "access control", e.Plugin)
			require.Equal(w, "CN=/b", e.Subject)
			require.ErrorContains(w, e.Err, "not_after")
		})
	})
	t.Run("topic", func(t *testing.T) {
		inWorld(t, memnet.Config{}, func(w *world) {
			k, x, y := w.keystoreOf(keystore.SROS2Governance()), &witness{}, &witness{}
			some := keystore.EnclaveOptions{Rules: []keystore.Rule{keystore.Allow([]string{"Circle"}, nil)}}
			asB := w.enclave(k, "/b", some)
			b := w.participant("b", logged(x, asB))
			_, err := dds.NewWriter(b.Publisher(), topicOf[shape](w, b, "Square"))
			require.ErrorIs(w, err, dds.ErrNotAllowed)
			_, err = dds.NewReader(b.Subscriber(), topicOf[shape](w, b, "Circle"))
			require.ErrorIs(w, err, dds.ErrNotAllowed)
			w.settle(0)
			e := x.one(w, "local writer refused")
			require.Equal(w, spi.SeverityError, e.Severity)
			require.Equal(w, "access control", e.Plugin)
			require.Equal(w, "Square", e.Topic)
			require.NotEmpty(w, e.Document)
			require.Equal(w, "Circle", x.one(w, "local reader refused").Topic)
			require.NoError(w, b.Close())

			b = w.participant("b", asB, lenient)
			a := w.participant("a", logged(y, w.enclave(k, "/a", keystore.EnclaveOptions{})))
			r, wr := readerOf[shape](w, a, "Square"), writerOf[shape](w, b, "Square")
			w.settle(10 * time.Second)
			e = y.one(w, "endpoint refused")
			require.Equal(w, spi.SeverityWarning, e.Severity)
			require.Equal(w, wr.GUID(), e.Remote)
			require.Equal(w, r.GUID(), e.Local)
			require.Equal(w, "CN=/b", e.Subject)
			require.NotEmpty(w, e.Document)
			require.NotEmpty(w, e.Expected+e.Found)
		})
	})
	t.Run("ourselves", func(t *testing.T) {
		inWorld(t, memnet.Config{}, func(w *world) {
			k, x := w.keystoreOf(keystore.SROS2Governance()), &witness{}
			with := logged(x, w.enclave(k, "/a", keystore.EnclaveOptions{PermissionsNotAfter: time.Now().Add(time.Hour)}))
			w.settle(2 * time.Hour)
			cfg := dds.Config{Transport: w.net.Host("a")}
			with(&cfg)
			_, err := dds.NewParticipant(0, &cfg)
			require.Error(w, err)
			e := x.one(w, "local participant refused") // it was flushed
			require.Equal(w, spi.SeverityCritical, e.Severity)
			require.Equal(w, "access control", e.Plugin)
			require.ErrorContains(w, err, e.Err.Error())
		})
	})
}

// Messages without the protection they must have are dropped without a word,
// and told of in one event, with how many there were.
func TestEventsOfDroppedMessages(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		k, x := w.keystoreOf(keystore.UniformGovernance(spi.ProtectEncrypt)), &witness{}
		a := w.participant("a", logged(x, w.enclave(k, "/a", keystore.EnclaveOptions{})))
		b := w.participant("b", w.enclave(k, "/b", keystore.EnclaveOptions{}))
		wr, r := writerOf[shape](w, b, "Square", qos.KeepAll()), readerOf[shape](w, a, "Square", qos.Reliable(0), qos.KeepAll())
		matched(w, wr, r)
		w.settle(30 * time.Second)
		for _, e := range x.of("messages dropped") {
			require.Equal(w, spi.SeverityInfo, e.Severity, "keys were exchanged")
		}
		before := len(x.of("messages dropped"))
		tampered := 0
		w.net.Filter(func(p *memnet.Packet) bool {
			if len(p.Data) > 60 && tampered < 5 {
				tampered++
				p.Data[len(p.Data)-1] ^= 1
			}
			return true
		})
		for i := range 20 {
			write(w, wr, shape{"RED", int32(i), 3})
		}
		w.settle(20 * time.Second)
		w.net.Filter(nil)
		es := x.of("messages dropped")[before:]
		require.Len(w, es, 1, "%v", x.kinds())
		require.Equal(w, spi.SeverityWarning, es[0].Severity)
		require.Equal(w, "bad_message", es[0].Rule)
		require.GreaterOrEqual(w, es[0].Count, uint64(2))
	})
}
