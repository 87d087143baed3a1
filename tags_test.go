package dds_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/security/tagging"
	"github.com/secdds/dds/spi"
	"github.com/secdds/dds/transport/memnet"
)

var secret = qos.DataTags{{Name: "classification", Value: "secret"}}

// cleared are permissions to publish everything, and to subscribe to Square
// with readers that carry the tag.
func cleared() keystore.EnclaveOptions {
	rule := keystore.AllowAll()
	rule.Publish = append(rule.Publish, keystore.Criteria{Topics: []string{"*"}, Tags: [][2]string{{"classification", "secret"}}})
	rule.Subscribe = []keystore.Criteria{{Topics: []string{"Square"}, Tags: [][2]string{{"classification", "secret"}}}}
	return keystore.EnclaveOptions{Rules: []keystore.Rule{rule}}
}

// Data tags of the QoS travel in protected discovery and permissions decide on
// them, on the side that makes the endpoint and on the other.
func TestDataTagsDecide(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		k := w.keystoreOf(keystore.SROS2Governance())
		a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}))
		b := w.participant("b", w.enclave(k, "/b", cleared()))
		wr := writerOf[shape](w, a, "Square", qos.KeepAll())

		// Without the tag b cannot make the reader, and is told which rule says so.
		for _, policies := range [][]qos.ReaderPolicy{nil, {qos.DataTags{{Name: "classification", Value: "open"}}}} {
			_, err := dds.NewReader(b.Subscriber(), topicOf[shape](w, b, "Square"), policies...)
			require.ErrorIs(w, err, dds.ErrNotAllowed)
			var why *spi.Refusal
			require.ErrorAs(w, err, &why)
			require.Contains(w, why.Document, "permissions.p7s")
			require.Equal(w, `grant "/b" for CN=/b, rule 1 (allow_rule), subscribe`, why.Rule)
			require.Positive(w, why.Line)
			require.Equal(w, `one or more of data tags "classification=secret" and no other`, why.Expected)
			require.NotEmpty(w, why.Found)
			require.NotEmpty(w, why.Remedy)
		}
		r := readerOf[shape](w, b, "Square", qos.Reliable(0), qos.KeepAll(), secret)
		require.Equal(w, []qos.DataTag(secret), r.QoS().DataTags)
		matched(w, wr, r)
		write(w, wr, shape{"RED", 1, 2})
		require.Equal(w, shape{"RED", 1, 2}, next(w, r).Value)

		// A tag that cannot be is no question of access.
		_, err := dds.NewReader(b.Subscriber(), topicOf[shape](w, b, "Square"), qos.DataTags{{}})
		require.Equal(w, dds.CodeBadParameter, dds.ReturnCode(err))
	})
}

// A peer that makes a reader without the tag against its permissions is not
// matched: the other side judges by what discovery says.
func TestDataTagsDecideOnPeers(t *testing.T) {
	for _, tt := range []struct {
		name  string
		tags  qos.DataTags
		match bool
	}{
		{"tagged", secret, true},
		{"not tagged", nil, false},
		{"another value", qos.DataTags{{Name: "classification", Value: "Secret"}}, false},
		{"another tag beside it", qos.DataTags{secret[0], {Name: "x", Value: "y"}}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, memnet.Config{}, func(w *world) {
				k := w.keystoreOf(keystore.SROS2Governance())
				a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}))
				b := w.participant("b", w.enclave(k, "/b", cleared()), lenient)
				wr := writerOf[shape](w, a, "Square", qos.KeepAll(), qos.TransientLocal)
				r := readerOf[shape](w, b, "Square", qos.Reliable(0), qos.TransientLocal, tt.tags)
				write(w, wr, shape{"RED", 1, 2})
				w.settle(20 * time.Second)
				if tt.match {
					require.Equal(w, 1, wr.Matched().Total)
					next(w, r)
					return
				}
				require.Zero(w, wr.Matched().Total)
				require.Empty(w, r.Take(0, dds.Query{}))
				require.Contains(w, w.log.String(), "endpoint refused")
				require.Contains(w, w.log.String(), "rule 1 (allow_rule), subscribe")
			})
		})
	}
}

// A tagging plugin has the last word on the tags.
func TestTaggingPlugin(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		k := w.keystoreOf(keystore.SROS2Governance())
		tagger := func(tags spi.DataTagging) func(*dds.Config) {
			return func(c *dds.Config) {
				s := *c.Security
				s.Tagging = tags
				c.Security = &s
			}
		}
		a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}))
		b := w.participant("b", w.enclave(k, "/b", cleared()), tagger(tagging.Map{"Square": {{Name: "classification", Value: "secret"}}}))
		wr := writerOf[shape](w, a, "Square", qos.KeepAll())
		r := readerOf[shape](w, b, "Square", qos.Reliable(0))
		matched(w, wr, r)

		c := w.participant("c", w.enclave(k, "/c", cleared()), tagger(tagging.Func(func(string, bool, []rtps.Property) []rtps.Property {
			return []rtps.Property{{Name: "", Value: "secret"}}
		})))
		_, err := dds.NewReader(c.Subscriber(), topicOf[shape](w, c, "Square"), secret)
		require.ErrorContains(w, err, "data tags of the tagging plugin")
		require.Equal(w, dds.CodeBadParameter, dds.ReturnCode(err))
	})
}

// Where discovery is not protected tags do not travel, and nobody judges by
// those anybody may have put there.
func TestDataTagsStayInProtectedDiscovery(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		g := keystore.SROS2Governance()
		g.Topics = []keystore.TopicRule{
			{Expression: "Open"},
			{Expression: "*", ReadAccessControl: true, WriteAccessControl: true},
		}
		k := w.keystoreOf(g)
		a := w.participant("a", w.enclave(k, "/a", keystore.EnclaveOptions{}))
		b := w.participant("b", w.enclave(k, "/b", cleared()))
		wr := writerOf[shape](w, a, "Open", qos.KeepAll(), secret)
		r := readerOf[shape](w, b, "Open", qos.Reliable(0), secret)
		matched(w, wr, r)
		_, err := dds.NewReader(b.Subscriber(), topicOf[shape](w, b, "Square"), secret)
		require.ErrorIs(w, err, dds.ErrNotAllowed)
		require.ErrorContains(w, err, "enable_discovery_protection: expected true")
	})
}
