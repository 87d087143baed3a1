//go:build interop || standin

package conformance

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/conformance/peer"
	"github.com/secdds/dds/security/keystore"
)

// How a judge says that it refused the other side, by the reason.
var verdicts = map[string]map[peer.Vendor]string{
	"other CA": {
		peer.Cyclone: `^stderr: .*Certificate not valid`,
		peer.Fast:    `^UNAUTHORIZED peer=`,
		peer.Ours:    `^UNAUTHORIZED peer=`,
	},
	"no credentials": {
		peer.Cyclone: `^stderr: .*Non secure remote (reader|writer) .* is not allowed`, // in the trace
		peer.Fast:    `^UNAUTHORIZED peer=`,
		peer.Ours:    `^UNAUTHORIZED peer=`,
	},
	"lapsed": {
		peer.Cyclone: `^stderr: .*(expired|does not allow remote participant|not allowed)`,
		peer.Fast:    `^(UNAUTHORIZED peer=|stderr: .*Error validating remote permissions)`,
		peer.Ours:    `^UNAUTHORIZED peer=`,
	},
	"topic": {
		peer.Cyclone: `^stderr: .*Access control does not allow remote (reader|writer)`,
		peer.Fast:    `^stderr: .*Error checking create remote (reader|writer)`,
	},
}

// refused starts both sides and waits until the judge has refused the other.
func refused(t *testing.T, reason string, judge, other side) {
	for _, roles := range [][2]string{{"sub", "pub"}, {"pub", "sub"}} {
		t.Run("judge is "+roles[0], func(t *testing.T) {
			t.Parallel()
			args := []string{"--domain", strconv.Itoa(peer.Domain(t)), "--timeout", "60"}
			judgeArgs := args
			if judge.vendor == peer.Cyclone {
				judgeArgs = append(args[:len(args):len(args)], "--verbose")
			}
			j := judge.start(t, roles[0], judgeArgs...)
			o := other.start(t, roles[1], args...)
			o.Expect("^READY ", limit)
			j.Expect(verdicts[reason][judge.vendor], limit)
			require.Zero(t, j.Count("^(MATCHED|SAMPLE) "), "the judge matched")
			require.Zero(t, o.Count("^SAMPLE "))
		})
	}
}

// eachJudge runs test with us judging every vendor, and every vendor judging us.
func eachJudge(t *testing.T, test func(t *testing.T, judge, other peer.Vendor)) {
	for _, v := range peer.Vendors() {
		t.Run("we judge "+v.String(), func(t *testing.T) { test(t, us, v) })
		t.Run(v.String()+" judges us", func(t *testing.T) { test(t, v, us) })
	}
}

// The judge answers the handshake: so it sees the bad certificate first.
func TestRefuseOtherAuthority(t *testing.T) {
	good, bad := newKeystore(t, sros2(), keystore.P256), newKeystore(t, sros2(), keystore.P256)
	e := peer.ByRole(t, enclave(t, good, "/a", keystore.EnclaveOptions{}), enclave(t, good, "/b", keystore.EnclaveOptions{}))
	// The same names from the other authority, for the same roles.
	o := peer.ByRole(t, enclave(t, bad, "/a", keystore.EnclaveOptions{}), enclave(t, bad, "/b", keystore.EnclaveOptions{}))
	eachJudge(t, func(t *testing.T, judge, other peer.Vendor) {
		refused(t, "other CA", side{vendor: judge, enclave: e[1]}, side{vendor: other, enclave: o[0]})
	})
}

func TestRefuseWithoutCredentials(t *testing.T) {
	k := newKeystore(t, sros2(), keystore.P256)
	e := enclave(t, k, "/a", keystore.EnclaveOptions{})
	eachJudge(t, func(t *testing.T, judge, other peer.Vendor) {
		refused(t, "no credentials", side{vendor: judge, enclave: e}, side{vendor: other})
	})
}

// A vendor does not start with permissions that have lapsed. So the clock of
// our access control is set: behind, for us to start with lapsed ones, or
// ahead, for those of the vendor to have lapsed.
func TestRefuseLapsed(t *testing.T) {
	now := time.Now()
	long := keystore.EnclaveOptions{PermissionsNotBefore: now.AddDate(-9, 0, 0), PermissionsNotAfter: now.AddDate(30, 0, 0)}
	short := long
	short.PermissionsNotAfter = now.AddDate(1, 0, 0)
	past := long
	past.PermissionsNotAfter = now.AddDate(-1, 0, 0)
	// The authority is older than the clocks are set back.
	k, err := keystore.Create(t.TempDir(), keystore.Options{Governance: sros2(), Now: now.AddDate(-4, 0, 0)})
	require.NoError(t, err)
	for _, v := range peer.Vendors() {
		t.Run("we judge "+v.String(), func(t *testing.T) {
			refused(t, "lapsed", side{vendor: us, enclave: enclave(t, k, "/a", long), args: []string{"--access-clock", "17520h"}},
				side{vendor: v, enclave: enclave(t, k, "/b", short)})
		})
		t.Run(v.String()+" judges us", func(t *testing.T) {
			refused(t, "lapsed", side{vendor: v, enclave: enclave(t, k, "/a", long)},
				side{vendor: us, enclave: enclave(t, k, "/b", past), args: []string{"--access-clock", "-17520h"}})
		})
	}
}

// Nobody makes an endpoint he has no right to, so we are told not to look.
func TestRefuseTopic(t *testing.T) {
	k := newKeystore(t, sros2(), keystore.P256)
	good := enclave(t, k, "/a", keystore.EnclaveOptions{})
	bad := enclave(t, k, "/b", keystore.EnclaveOptions{Rules: []keystore.Rule{keystore.Allow([]string{"Other"}, []string{"Other"})}})
	for _, v := range peer.Vendors() {
		t.Run(v.String()+" judges us", func(t *testing.T) {
			refused(t, "topic", side{vendor: v, enclave: good}, side{vendor: us, enclave: bad, args: []string{"--trust-self"}})
		})
	}
}

// We do not start what we have no right to.
func TestRefuseOurselves(t *testing.T) {
	k := newKeystore(t, sros2(), keystore.P256)
	now := time.Now()
	for name, o := range map[string]keystore.EnclaveOptions{
		"lapsed": {PermissionsNotBefore: now.AddDate(-9, 0, 0), PermissionsNotAfter: now.AddDate(-1, 0, 0)},
		"topic":  {Rules: []keystore.Rule{keystore.Allow([]string{"Other"}, []string{"Other"})}},
	} {
		t.Run(name, func(t *testing.T) {
			p := side{vendor: us, enclave: enclave(t, k, "/"+name, o)}.start(t, "pub", "--domain", strconv.Itoa(peer.Domain(t)))
			p.Expect("^FAILED ", limit)
			require.Equal(t, 2, p.Wait(limit))
		})
	}
}
