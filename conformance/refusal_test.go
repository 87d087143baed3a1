//go:build interop || standin

package conformance

import (
	"path/filepath"
	"slices"
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
		peer.Ours:    `^REFUSED peer=\S+ reason=.*unknown authority`,
	},
	"no credentials": {
		peer.Cyclone: `^stderr: .*Non secure remote (reader|writer) .* is not allowed`, // in the trace
		peer.Fast:    `^UNAUTHORIZED peer=`,
		peer.Ours:    `^REFUSED peer=\S+ reason=.*allow_unauthenticated_participants`,
	},
	"lapsed": {
		peer.Cyclone: `^stderr: .*(expired|does not allow remote participant|not allowed)`,
		peer.Fast:    `^(UNAUTHORIZED peer=|stderr: .*Error validating remote permissions)`,
		peer.Ours:    `^REFUSED peer=\S+ reason=.*not_after`,
	},
	"topic": {
		peer.Cyclone: `^stderr: .*Access control does not allow remote (reader|writer)`,
		peer.Fast:    `^stderr: .*Error checking create remote (reader|writer)`,
		peer.Ours:    `^stderr: .*endpoint refused.* topic=Blob reason=`,
	},
}

// Who is refused in the handshake he began hears nothing more: it fails closed
// for want of an answer. We tell our user.
const unanswered = `^REFUSED peer=\S+ reason=.*not answered`

// The vendors look at permissions after the handshake only, and do not tell
// whom they refuse then.
const authenticated = `^AUTHENTICATED peer=`

// refused starts both sides and waits until the judge has refused the other,
// and a third one with the good credentials has met the judge: by then whatever
// would have gone between the two had. heard is what the refused one says, if
// that is us; "" if it cannot know.
func refused(t *testing.T, reason string, judge, other, good side, heard string) {
	for _, roles := range [][2]string{{"sub", "pub"}, {"pub", "sub"}} {
		t.Run("judge is "+roles[0], func(t *testing.T) {
			t.Parallel()
			args := []string{"--domain", strconv.Itoa(peer.Domain(t)), "--timeout", "60", "--transient-local", "--size", "1000"}
			pub := []string{"--wait-match", "0", "--linger", "60000"} // writes at once, for whoever comes
			sub := []string{"--count", "0"}
			judgeArgs, otherArgs, goodArgs := pub, sub, []string{"--count", "1", "--linger", "60000"}
			if roles[0] == "sub" {
				judgeArgs, otherArgs, goodArgs = sub, append(pub, "--key", "7"), []string{"--wait-ack", "--linger", "60000", "--key", "9"}
			}
			if judge.vendor == peer.Cyclone {
				judgeArgs = append([]string{"--verbose"}, judgeArgs...)
			}
			j := judge.start(t, roles[0], slices.Concat(args, judgeArgs)...)
			o := other.start(t, roles[1], slices.Concat(args, otherArgs)...)
			o.Expect("^READY ", limit)
			j.Expect(verdicts[reason][judge.vendor], limit)
			if other.vendor == peer.Ours && heard != "" {
				o.Expect(heard, limit)
			}
			require.Zero(t, j.Count("^(MATCHED|SAMPLE) "), "the judge matched")

			g := good.start(t, roles[1], slices.Concat(args, goodArgs)...)
			if roles[0] == "sub" {
				j.Expect("^SAMPLE seq=1 size=1000 ok key=9$", limit)
				require.Equal(t, 1, j.Count("^SAMPLE "))
			} else {
				g.Expect("^SAMPLE seq=1 size=1000 ok key=1$", limit)
			}
			g.Expect("^DONE$", limit)
			// Ours prints it a little later.
			require.Eventually(t, func() bool { return j.Count("^MATCHED 1 ") == 1 }, limit, time.Millisecond)
			require.Zero(t, j.Count("^MATCHED 2 "))
			require.Zero(t, o.Count("^SAMPLE "))
			require.Equal(t, 0, g.Stop())
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
		refused(t, "other CA", side{vendor: judge, enclave: e[1]}, side{vendor: other, enclave: o[0]}, side{vendor: us, enclave: e[0]}, unanswered)
	})
}

func TestRefuseWithoutCredentials(t *testing.T) {
	k := newKeystore(t, sros2(), keystore.P256)
	e := peer.ByRole(t, enclave(t, k, "/a", keystore.EnclaveOptions{}), enclave(t, k, "/b", keystore.EnclaveOptions{}))
	eachJudge(t, func(t *testing.T, judge, other peer.Vendor) {
		refused(t, "no credentials", side{vendor: judge, enclave: e[1]}, side{vendor: other}, side{vendor: us, enclave: e[0]}, "")
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
				side{vendor: v, enclave: enclave(t, k, "/b", short)}, side{vendor: us, enclave: enclave(t, k, "/c", long)}, "")
		})
		t.Run(v.String()+" judges us", func(t *testing.T) {
			e := peer.ByRole(t, enclave(t, k, "/a", past), enclave(t, k, "/b", past))
			enclave(t, k, "/"+filepath.Base(e[1]), long)
			refused(t, "lapsed", side{vendor: v, enclave: e[1]},
				side{vendor: us, enclave: e[0], args: []string{"--access-clock", "-17520h"}},
				side{vendor: us, enclave: enclave(t, k, "/c", long)}, authenticated)
		})
	}
}

// Nobody makes an endpoint he has no right to, so the other is told not to look.
func TestRefuseTopic(t *testing.T) {
	k := newKeystore(t, sros2(), keystore.P256)
	e := peer.ByRole(t, enclave(t, k, "/a", keystore.EnclaveOptions{}), enclave(t, k, "/b", keystore.EnclaveOptions{}))
	bad := enclave(t, k, "/c", keystore.EnclaveOptions{Rules: []keystore.Rule{keystore.Allow([]string{"Other"}, []string{"Other"})}})
	eachJudge(t, func(t *testing.T, judge, other peer.Vendor) {
		refused(t, "topic", side{vendor: judge, enclave: e[1]},
			side{vendor: other, enclave: bad, args: []string{"--trust-self"}}, side{vendor: us, enclave: e[0]}, "")
	})
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
