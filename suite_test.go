package dds_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/spi"
	"github.com/secdds/dds/transport/memnet"
)

// The 275 combinations of the OMG's suite for DDS-Security
// (github.com/omg-dds/dds-security): 11 topics, 5 permissions of the publisher,
// 5 of the subscriber. The documents are made here, to the same effect.

// A topic's name says how it is protected: open or protected discovery; read,
// write or read-write access control; open, signed or encrypted metadata; the
// same for data.
var suiteTopics = []struct {
	name           string
	read, write    bool
	metadata, data spi.Protection
}{
	{"PD_RA_OM_OD", true, false, spi.ProtectNone, spi.ProtectNone},
	{"PD_WA_OM_OD", false, true, spi.ProtectNone, spi.ProtectNone},
	{"PD_RWA_OM_OD", true, true, spi.ProtectNone, spi.ProtectNone},
	{"PD_RWA_SM_OD", true, true, spi.ProtectSign, spi.ProtectNone},
	{"PD_RWA_EM_OD", true, true, spi.ProtectEncrypt, spi.ProtectNone},
	{"PD_RWA_OM_SD", true, true, spi.ProtectNone, spi.ProtectSign},
	{"PD_RWA_SM_SD", true, true, spi.ProtectSign, spi.ProtectSign},
	{"PD_RWA_EM_SD", true, true, spi.ProtectEncrypt, spi.ProtectSign},
	{"PD_RWA_OM_ED", true, true, spi.ProtectNone, spi.ProtectEncrypt},
	{"PD_RWA_SM_ED", true, true, spi.ProtectSign, spi.ProtectEncrypt},
	{"PD_RWA_EM_ED", true, true, spi.ProtectEncrypt, spi.ProtectEncrypt},
}

var suitePermissions = []string{"join", "read", "write", "readwrite", "allowall"}

// What is to happen, by the meaning of the documents: D, data arrives; W, the
// publisher may not make its writer; R, the subscriber may not make its reader;
// B, neither. Rows are the publisher's permissions, columns the subscriber's, in
// the order of suitePermissions.
var (
	// Whoever is in the domain may write; who may not subscribe is kept out.
	readOnly = [5]string{
		"R D R D D", // join
		"R D R D D", // read
		"R D R D D", // write
		"R D R D D", // readwrite
		"R D R D D", // allowall
	}
	// Whoever is in the domain may read; who may not publish is kept out.
	writeOnly = [5]string{
		"W W W W W", // join
		"W W W W W", // read
		"D D D D D", // write
		"D D D D D", // readwrite
		"D D D D D", // allowall
	}
	readWrite = [5]string{
		"B W B W W", // join
		"B W B W W", // read
		"R D R D D", // write
		"R D R D D", // readwrite
		"R D R D D", // allowall
	}
	suiteOutcome = map[string][5]string{
		"PD_RA_OM_OD":  readOnly,
		"PD_WA_OM_OD":  writeOnly,
		"PD_RWA_OM_OD": readWrite, "PD_RWA_SM_OD": readWrite, "PD_RWA_EM_OD": readWrite,
		"PD_RWA_OM_SD": readWrite, "PD_RWA_SM_SD": readWrite, "PD_RWA_EM_SD": readWrite,
		"PD_RWA_OM_ED": readWrite, "PD_RWA_SM_ED": readWrite, "PD_RWA_EM_ED": readWrite,
	}
)

func suiteGovernance() keystore.Governance {
	g := keystore.Governance{
		Domains: []keystore.Domains{{}}, JoinAccessControl: true,
		Discovery: spi.ProtectEncrypt, Liveliness: spi.ProtectEncrypt, RTPS: spi.ProtectNone,
	}
	for _, t := range suiteTopics {
		g.Topics = append(g.Topics, keystore.TopicRule{
			Expression: t.name, DiscoveryProtection: true, LivelinessProtection: true,
			ReadAccessControl: t.read, WriteAccessControl: t.write, Metadata: t.metadata, Data: t.data,
		})
	}
	return g
}

// suiteRules returns one of the five permissions: for domain 0, and the topics
// under access control by name.
func suiteRules(kind string) keystore.EnclaveOptions {
	var readable, writable []string
	for _, t := range suiteTopics {
		if t.read {
			readable = append(readable, t.name)
		}
		if t.write {
			writable = append(writable, t.name)
		}
	}
	rule := keystore.Rule{Domains: []keystore.Domains{{}}}
	if kind == "read" || kind == "readwrite" {
		rule.Subscribe = keystore.Topics(readable...)
	}
	if kind == "write" || kind == "readwrite" {
		rule.Publish = keystore.Topics(writable...)
	}
	if kind == "allowall" {
		rule.Publish, rule.Subscribe = keystore.Topics("*"), keystore.Topics("*")
	}
	return keystore.EnclaveOptions{Rules: []keystore.Rule{rule}}
}

func TestSuiteOf275(t *testing.T) {
	ran := 0
	for i, pub := range suitePermissions {
		for j, sub := range suitePermissions {
			for _, liar := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s to %s, liars %t", pub, sub, liar), func(t *testing.T) {
					inWorld(t, memnet.Config{}, func(w *world) {
						w.suite(i, j, liar)
					})
				})
			}
			ran += len(suiteTopics)
		}
	}
	require.Equal(t, 275, ran)
}

// suite runs the eleven topics between one publisher and one subscriber. Liars
// make the endpoints they may not: then it is the other side that refuses.
func (w *world) suite(pub, sub int, liar bool) {
	k := w.keystoreOf(suiteGovernance())
	with := []func(*dds.Config){w.enclave(k, "/pub", suiteRules(suitePermissions[pub]))}
	to := []func(*dds.Config){w.enclave(k, "/sub", suiteRules(suitePermissions[sub]))}
	if liar {
		with, to = append(with, lenient), append(to, lenient)
	}
	a, b := w.participant("pub", with...), w.participant("sub", to...)
	writers, readers := map[string]*dds.Writer[shape]{}, map[string]*dds.Reader[shape]{}
	for n, t := range suiteTopics {
		outcome := suiteOutcome[t.name][pub][2*sub]
		wr, err := dds.NewWriter(a.Publisher(), topicOf[shape](w, a, t.name), qos.KeepAll(), qos.TransientLocal)
		if refused := strings.ContainsRune("WB", rune(outcome)); refused && !liar {
			require.ErrorIs(w, err, dds.ErrNotAllowed, "%s: writer", t.name)
		} else {
			require.NoError(w, err, "%s: writer", t.name)
			writers[t.name] = wr
			write(w, wr, shape{t.name, int32(n), 1})
		}
		r, err := dds.NewReader(b.Subscriber(), topicOf[shape](w, b, t.name), qos.Reliable(0), qos.KeepAll(), qos.TransientLocal)
		if refused := strings.ContainsRune("RB", rune(outcome)); refused && !liar {
			require.ErrorIs(w, err, dds.ErrNotAllowed, "%s: reader", t.name)
		} else {
			require.NoError(w, err, "%s: reader", t.name)
			readers[t.name] = r
		}
	}
	w.settle(10 * time.Second)
	require.Len(w, a.Peers(), 1)
	require.True(w, a.Peers()[0].Authenticated, "all five permissions let one join")
	for n, t := range suiteTopics {
		outcome := suiteOutcome[t.name][pub][2*sub]
		wr, r := writers[t.name], readers[t.name]
		if outcome == 'D' {
			require.Equal(w, 1, wr.Matched().Current, "%s: writer: %s", t.name, w.log)
			require.Equal(w, 1, r.Matched().Current, "%s: reader: %s", t.name, w.log)
			require.Equal(w, shape{t.name, int32(n), 1}, next(w, r).Value)
			continue
		}
		if r != nil {
			require.Empty(w, r.Take(0, dds.Query{}), t.name)
		}
		if wr != nil && (!liar || outcome != 'W') { // a writer that lies meets readers that do not
			require.Zero(w, wr.Matched().Total, "%s: writer", t.name)
		}
		if r != nil && (!liar || outcome != 'R') {
			require.Zero(w, r.Matched().Total, "%s: reader", t.name)
		}
	}
}
