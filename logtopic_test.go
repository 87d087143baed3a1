package dds_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/security/seclog"
	"github.com/secdds/dds/spi"
	"github.com/secdds/dds/transport/memnet"
)

// logGovernance is sros2's, with the rule for the log topic that the
// documentation recommends: everyone may write it.
func logGovernance() keystore.Governance {
	g := keystore.SROS2Governance()
	g.Topics = append([]keystore.TopicRule{{
		Expression: spi.LogTopicName, DiscoveryProtection: true, ReadAccessControl: true,
		Metadata: spi.ProtectSign, Data: spi.ProtectEncrypt,
	}}, g.Topics...)
	return g
}

var (
	noLog   = keystore.EnclaveOptions{Rules: []keystore.Rule{keystore.Allow([]string{"Square"}, []string{"Square"})}}
	readLog = keystore.EnclaveOptions{Rules: []keystore.Rule{keystore.Allow(nil, []string{spi.LogTopicName})}}
)

func logReader(w *world, p *dds.Participant) *dds.Reader[seclog.Entry] {
	w.Helper()
	return readerOf[seclog.Entry](w, p, spi.LogTopicName, qos.Reliable(0), qos.TransientLocal, qos.KeepAll())
}

// A participant that may subscribe the log topic receives what another one
// decided, encrypted; one that may not can neither make a reader nor, if its own
// side does not check, be matched.
func TestLogTopic(t *testing.T) {
	for _, raw := range []bool{false, true} {
		inWorld(t, memnet.Config{}, func(w *world) {
			k := w.keystoreOf(logGovernance())
			x, y := &witness{}, &witness{}
			l := seclog.Combine(x, seclog.AtLeast(spi.SeverityNotice, seclog.Distribute(seclog.Options{HostName: "host", AppName: "app"})))
			a := w.participant("a", logged(l, w.enclave(k, "/a", noLog)))
			rec := w.record()

			asEve := w.enclave(k, "/eve", keystore.EnclaveOptions{Rules: []keystore.Rule{keystore.Allow(nil, []string{"Square"})}})
			eve := w.participant("eve", asEve)
			_, err := dds.NewReader(eve.Subscriber(), topicOf[seclog.Entry](w, eve, spi.LogTopicName))
			require.ErrorIs(w, err, dds.ErrNotAllowed)
			require.NoError(w, eve.Close())
			eve = w.participant("eve", asEve, lenient)
			spying := logReader(w, eve)

			// Eve writes what she may only read.
			r := readerOf[shape](w, a, "Square")
			evil := writerOf[shape](w, eve, "Square")
			w.settle(10 * time.Second)
			require.Len(w, x.of("endpoint refused"), 2, "her writer of Square, her reader of the log")

			// The monitor comes late.
			m := w.participant("m", logged(y, w.enclave(k, "/m", readLog)))
			watch := logReader(w, m)
			require.Empty(w, y.of("log topic refused"))
			var got []seclog.Entry
			for len(got) == 0 || got[len(got)-1].MsgID != "endpoint refused" {
				if raw {
					w.settle(time.Second)
					for p := range watch.TakeRaw(1, dds.Query{}) {
						e, err := seclog.Parse(p)
						require.NoError(w, err)
						got = append(got, e)
					}
				} else {
					got = append(got, next(w, watch).Value)
				}
			}
			require.Equal(w, "local identity validated", got[0].MsgID, "what was before there was a writer is not lost")
			e := got[len(got)-1]
			require.Equal(w, uint8(10), e.Facility)
			require.Equal(w, spi.SeverityWarning, e.Level())
			require.Equal(w, "host app", e.HostName+" "+e.AppName)
			require.Equal(w, r.GUID().String(), e.Value(seclog.ElementDDS, "guid"))
			require.Equal(w, "0", e.Value(seclog.ElementDDS, "domain_id"))
			require.Equal(w, "AccessControl", e.Value(seclog.ElementDDS, "plugin_class"))
			require.Equal(w, evil.GUID().String(), e.Value(seclog.ElementFields, "remote"))
			require.Equal(w, "CN=/eve", e.Value(seclog.ElementFields, "subject"))
			require.Equal(w, "Square", e.Value(seclog.ElementFields, "topic"))
			refused := x.of("endpoint refused")
			for _, o := range refused {
				if o.Topic == "Square" {
					require.NotEmpty(w, o.Document)
					require.Equal(w, o.Document, e.Value(seclog.ElementFields, "document"))
					require.Equal(w, o.Rule, e.Value(seclog.ElementFields, "rule"))
					require.Equal(w, o.Expected, e.Value(seclog.ElementFields, "expected"))
					require.Equal(w, o.Found, e.Value(seclog.ElementFields, "found"))
				}
			}
			for _, e := range got {
				require.NotEqual(w, spi.LogTopicName, e.Value(seclog.ElementFields, "topic"), "the log is not about itself")
			}

			// Eve has nothing, and nothing of it was on the network in clear.
			w.settle(10 * time.Second)
			require.Zero(w, spying.Matched().Total)
			require.Empty(w, spying.Take(0, dds.Query{}))
			for _, d := range rec.take() {
				require.NotContains(w, string(d.data), "endpoint refused")
			}
		})
	}
}

// Where the log topic is refused, the participant works, and the other plugins
// are told why.
func TestLogTopicRefused(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		k, x := w.keystoreOf(keystore.SROS2Governance()), &witness{}
		l := seclog.Combine(x, seclog.Distribute(seclog.Options{}))
		a := w.participant("a", logged(l, w.enclave(k, "/a", noLog)))
		b := w.participant("b", w.enclave(k, "/b", keystore.EnclaveOptions{}))
		wr, r := writerOf[shape](w, a, "Square", qos.KeepAll(), qos.TransientLocal), readerOf[shape](w, b, "Square", qos.Reliable(0), qos.TransientLocal)
		matched(w, wr, r)
		write(w, wr, shape{"RED", 1, 2})
		require.Equal(w, int32(1), next(w, r).Value.X)
		e := x.one(w, "log topic refused")
		require.Equal(w, spi.SeverityError, e.Severity)
		require.Equal(w, "logging", e.Plugin)
		require.Equal(w, spi.LogTopicName, e.Topic)
		require.NotEmpty(w, e.Document, "it says which rule is in the way")
	})
}

// Two participants that distribute and read each other's logs do not keep each
// other busy: with nothing to decide, nothing is published.
func TestLogsDoNotFeedEachOther(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		k := w.keystoreOf(logGovernance())
		var rs []*dds.Reader[seclog.Entry]
		for _, name := range []string{"a", "b"} {
			l := seclog.Distribute(seclog.Options{})
			p := w.participant(name, logged(l, w.enclave(k, "/"+name, keystore.EnclaveOptions{})))
			rs = append(rs, logReader(w, p))
		}
		w.settle(time.Minute)
		for _, r := range rs {
			require.NotEmpty(w, r.Take(0, dds.Query{}))
		}
		w.settle(time.Hour)
		for _, r := range rs {
			require.Empty(w, r.Take(0, dds.Query{}))
		}
	})
}
