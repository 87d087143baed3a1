package dds_test

import (
	"crypto/x509/pkix"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/internal/discovery"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/security"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/spi"
	"github.com/secdds/dds/transport/memnet"
)

func explain(w *world, p *dds.Participant, remote rtps.GUID) *dds.Explanation {
	w.Helper()
	x, err := p.Explain(remote)
	require.NoError(w, err)
	return x
}

// kinds are the kinds of reasons, in order.
func kinds(rs []dds.Reason) (k []string) {
	for _, r := range rs {
		k = append(k, r.Kind)
	}
	return k
}

// All policies that keep two endpoints apart are told at once, with the type and
// the partition, and what both sides have.
func TestExplainPolicies(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		a, b := w.participant("a"), w.participant("b")
		wr := writerOf[shape](w, a, "Square", qos.BestEffort(), qos.Partition("x"), qos.Deadline(2*time.Second))
		fits := writerOf[plainValue](w, a, "Circle")
		readerOf[plainValue](w, b, "Square", qos.Reliable(0), qos.TransientLocal, qos.Deadline(time.Second))
		r := readerOf[plainValue](w, b, "Circle")
		matched(w, fits, r)
		w.settle(5 * time.Second)

		x := explain(w, a, b.GUID())
		require.Equal(w, dds.StageAdmitted, x.Stage)
		require.Empty(w, x.Reasons)
		require.Len(w, x.Pairs, 2)
		require.True(w, x.Pairs[0].Matched)
		require.Empty(w, x.Pairs[0].Reasons)
		p := x.Pairs[1]
		require.Equal(w, wr.GUID(), p.Local)
		require.False(w, p.Matched)
		require.Equal(w, []string{"type", "type", "DURABILITY", "DEADLINE", "RELIABILITY", "partition"}, kinds(p.Reasons))
		require.Equal(w, "DEADLINE: ours offered 2s, theirs requested 1s", p.Reasons[3].Text)
		require.Equal(w, `"x"`, p.Reasons[5].Ours)
		require.Contains(w, x.String(), "RELIABILITY: RELIABILITY: ours offered BEST_EFFORT, theirs requested RELIABLE")

		// The other side sees the same the other way round; one endpoint alone can be asked for.
		y := explain(w, b, wr.GUID())
		require.Len(w, y.Pairs, 1)
		require.Equal(w, "requested 1s", y.Pairs[0].Reasons[3].Ours)
	})
}

// Why a participant is kept out: one case for each kind of reason.
func TestExplainParticipants(t *testing.T) {
	sros2 := keystore.SROS2Governance()
	for _, tt := range []struct {
		name  string
		make  func(w *world) (a, b func(*dds.Config))
		check func(w *world, x *dds.Explanation)
	}{
		{"certificate chain", func(w *world) (a, b func(*dds.Config)) {
			return w.enclave(w.keystoreOf(sros2), "/a", keystore.EnclaveOptions{}), w.enclave(w.keystoreOf(sros2), "/b", keystore.EnclaveOptions{})
		}, func(w *world, x *dds.Explanation) {
			require.Contains(w, x.String(), "unknown authority")
		}},
		{"no tokens", func(w *world) (a, b func(*dds.Config)) {
			return w.enclave(w.keystoreOf(sros2), "/a", keystore.EnclaveOptions{}), func(*dds.Config) {}
		}, func(w *world, x *dds.Explanation) {
			require.Equal(w, dds.StageRefused, x.Stage)
			require.Contains(w, x.String(), "allow_unauthenticated_participants")
		}},
		{"governance, field by field", func(w *world) (a, b func(*dds.Config)) {
			k := w.keystoreOf(sros2)
			a = w.enclave(k, "/a", keystore.EnclaveOptions{})
			require.NoError(w, k.SetGovernance(keystore.UniformGovernance(spi.ProtectEncryptOrigin).XML()))
			return a, w.enclave(k, "/b", keystore.EnclaveOptions{})
		}, func(w *world, x *dds.Explanation) {
			require.Equal(w, dds.StageRefused, x.Stage)
			require.Equal(w, []string{"governance", "governance", "governance"}, kinds(x.Reasons))
			var rules []string
			for _, r := range x.Reasons {
				rules = append(rules, r.Rule+": "+r.Ours+" / "+r.Theirs)
			}
			require.ElementsMatch(w, []string{
				"rtps_protection_kind: SIGN / ENCRYPT_WITH_ORIGIN_AUTHENTICATION",
				"discovery_protection_kind: ENCRYPT / ENCRYPT_WITH_ORIGIN_AUTHENTICATION",
				"liveliness_protection_kind: ENCRYPT / ENCRYPT_WITH_ORIGIN_AUTHENTICATION",
			}, rules)
		}},
		{"permissions CA", func(w *world) (a, b func(*dds.Config)) {
			k, other := w.keystoreOf(sros2), w.keystoreOf(sros2)
			a = w.enclave(k, "/a", keystore.EnclaveOptions{})
			return a, func(c *dds.Config) {
				w.enclave(k, "/b", keystore.EnclaveOptions{})(c)
				var o dds.Config
				w.enclave(other, "/b", keystore.EnclaveOptions{})(&o)
				s := *c.Security
				s.AccessControl = o.Security.AccessControl
				c.Security = &s
			}
		}, func(w *world, x *dds.Explanation) {
			require.Equal(w, dds.StageRefused, x.Stage)
			require.Equal(w, []string{"access control"}, kinds(x.Reasons))
			require.Contains(w, x.String(), "permissions CA")
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, memnet.Config{}, func(w *world) {
				asA, asB := tt.make(w)
				a, b := w.participant("a", asA), w.participant("b", asB)
				w.settle(20 * time.Second)
				tt.check(w, explain(w, a, b.GUID()))
			})
		})
	}
}

// Why two endpoints of authenticated participants do not match: the rule of the
// permissions and its line, and the fields of the governance.
func TestExplainEndpoints(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		k := w.keystoreOf(keystore.SROS2Governance())
		a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}))
		// The same but for one topic.
		g := keystore.SROS2Governance()
		odd := keystore.Protected("Circle", spi.ProtectSign, spi.ProtectNone)
		odd.ReadAccessControl = false
		g.Topics = append([]keystore.TopicRule{odd}, g.Topics...)
		require.NoError(w, k.SetGovernance(g.XML()))
		o := keystore.EnclaveOptions{Rules: []keystore.Rule{{Deny: true, Publish: keystore.Topics("Square"), Subscribe: keystore.Topics("Square")}, keystore.AllowAll()}}
		b := w.participant("b", w.enclave(k, "/b", o), lenient)
		writerOf[shape](w, a, "Circle")
		writerOf[shape](w, a, "Square")
		readerOf[shape](w, b, "Circle")
		readerOf[shape](w, b, "Square", qos.Partition("elsewhere"))
		w.settle(10 * time.Second)

		x := explain(w, a, b.GUID())
		require.Equal(w, dds.StageAuthenticated, x.Stage)
		require.Equal(w, "CN=/b", x.Subject)
		require.Len(w, x.Pairs, 2, x)
		circle, square := x.Pairs[0], x.Pairs[1]
		require.Equal(w, []string{"governance", "governance", "governance"}, kinds(circle.Reasons), x)
		require.Contains(w, x.String(), "metadata_protection_kind: ours ENCRYPT, theirs SIGN")
		require.Contains(w, x.String(), "data_protection_kind: ours ENCRYPT, theirs NONE")
		require.Contains(w, x.String(), "enable_read_access_control: ours true, theirs false")
		require.Equal(w, []string{"partition", "access control"}, kinds(square.Reasons), x)
		denied := square.Reasons[1]
		require.NotZero(w, denied.Line)
		require.Contains(w, denied.Rule, "deny_rule")
		require.NotEmpty(w, denied.Document)
	})
}

// Of participants that are not there the reason is told as far as it is known.
func TestExplainUnknown(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		rec := w.record()
		k := w.keystoreOf(keystore.SROS2Governance())
		as := func(path string) func(*dds.Config) { return w.enclave(k, path, keystore.EnclaveOptions{}) }
		a, b := w.participant("a", as("/a")), w.participant("b", as("/b"))
		w.settle(5 * time.Second)
		nobody := rtps.GUID{Prefix: rtps.GUIDPrefix{1, 2, 3}, Entity: rtps.EntityParticipant}
		x := explain(w, a, nobody)
		require.Equal(w, dds.StageUnknown, x.Stage)
		require.Equal(w, []string{"discovery"}, kinds(x.Reasons))

		seven := uint32(7)
		v := &victim{world: w, rec: rec}
		h := rtps.Header{Version: rtps.ProtocolVer2_5, Vendor: rtps.VendorRTI, Prefix: nobody.Prefix}.Append(nil)
		v.strike(rtps.Data{Writer: rtps.EntitySPDPWriter, SN: 1, Payload: discovery.AppendParticipantPayload(nil, &discovery.ParticipantData{
			GUID: nobody, Version: rtps.ProtocolVer2_5, Vendor: rtps.VendorRTI, DomainID: &seven, DomainTag: "blue", Lease: time.Minute,
		})}.Append(h))
		x = explain(w, a, nobody)
		require.Equal(w, []string{"domain"}, kinds(x.Reasons))
		require.Equal(w, `domain 7 with tag "blue"`, x.Reasons[0].Theirs)

		require.NoError(w, a.Ban(b.GUID(), "stolen"))
		x = explain(w, a, b.GUID())
		require.Equal(w, dds.StageRefused, x.Stage)
		require.Contains(w, x.String(), "stolen")
		require.NoError(w, a.Close())
		_, err := a.Explain(b.GUID())
		require.ErrorIs(w, err, dds.ErrClosed)
	})
}

// A silent plugin keeps its endpoints' keys to itself.
type silent struct{ spi.Cryptography }

type silentParticipant struct{ spi.ParticipantCrypto }

type silentEndpoint struct{ spi.EndpointCrypto }

type silentPair struct{ spi.PairCrypto }

func (s silent) NewParticipant(a spi.ParticipantAttributes) (spi.ParticipantCrypto, error) {
	p, err := s.Cryptography.NewParticipant(a)
	return silentParticipant{p}, err
}

func (p silentParticipant) NewEndpoint(id rtps.EntityID, a spi.EndpointAttributes) (spi.EndpointCrypto, error) {
	e, err := p.ParticipantCrypto.NewEndpoint(id, a)
	if id[0] == 0xff || e == nil || err != nil {
		return e, err
	}
	return silentEndpoint{e}, nil
}

func (e silentEndpoint) Match(q spi.PeerCrypto, remote rtps.EntityID) (spi.PairCrypto, error) {
	p, err := e.EndpointCrypto.Match(q, remote)
	return silentPair{p}, err
}

func (silentPair) Tokens() ([]spi.Token, error) { return nil, nil }

// Two endpoints that may meet and do not have each other's keys: that, too, is told.
func TestExplainMissingKeys(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		k := w.keystoreOf(keystore.SROS2Governance())
		a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}))
		b := w.participant("b", w.enclave(k, "/b", keystore.EnclaveOptions{}), func(c *dds.Config) {
			s := *c.Security
			s.Cryptography = silent{s.Cryptography}
			c.Security = &s
		})
		writerOf[shape](w, a, "Square")
		readerOf[shape](w, b, "Square", qos.Reliable(0))
		w.settle(10 * time.Second)
		x := explain(w, a, b.GUID())
		require.Len(w, x.Pairs, 1)
		require.False(w, x.Pairs[0].Matched)
		require.Equal(w, []string{"keys"}, kinds(x.Pairs[0].Reasons), x)
	})
}

// A grant for the same attributes in another order is named as just that.
func TestExplainSubjectName(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		k := w.keystoreOf(keystore.SROS2Governance())
		a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}))
		o := keystore.EnclaveOptions{
			Subject:     pkix.Name{CommonName: "b", Organization: []string{"secdds"}, Country: []string{"DE"}},
			Permissions: keystore.PermissionsXML(keystore.Grant{Subject: "C=DE,CN=b,O=secdds", NotBefore: start.Add(-time.Hour), NotAfter: start.Add(1000 * time.Hour), Rules: []keystore.Rule{keystore.AllowAll()}}),
		}
		dir, err := k.CreateEnclave("/b", o)
		require.NoError(w, err)
		sec, err := security.FromEnclave(dir)
		require.NoError(w, err)
		_, err = dds.NewParticipant(0, &dds.Config{Transport: w.net.Host("b"), Security: sec})
		if err == nil {
			t.Fatal("it may not join")
		}
		require.ErrorContains(w, err, "same attributes")
		_ = a
	})
}
