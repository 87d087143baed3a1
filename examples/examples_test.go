// Package examples_test runs the programs of the examples as their users do.
package examples_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/security/keystore"
)

func TestQuickstart(t *testing.T) {
	p := start(t, "quickstart")
	require.Zero(t, p.status(), p.said())
	for _, line := range []string{
		`(?m)^keystore .*ENCRYPT`,
		`(?m)^refused +a certificate of another authority:\n.*expected the identity CA "CN=our CA" .*, found "CN=their CA"`,
		`(?m)^refused +a participant without credentials:\n.*expected an identity token .*, found none`,
		`(?m)^delivered +25 of 25 messages$`,
		`(?m)^left out +each stranger received only what it wrote itself`,
		`(?m)^recorded +[0-9]{2,} datagrams: the text of the messages is found 0 times$`,
		`(?m)^ +[0-9]{2,} of them sent by ours: the topic's name is found 0 times$`,
		`(?m)^in clear .*the text is found [0-9]{2,} times, the topic's name [1-9][0-9]* times$`,
		`(?m)^OK$`,
	} {
		require.Regexp(t, line, p.said())
	}
}

func TestPublisherAndSubscriber(t *testing.T) {
	withAndWithout(t, func(t *testing.T, option func(string) []string) {
		args := []string{"--domain", "71", "--topic", unique("Greetings")}
		sub := start(t, "subscriber", append(args, option("/listener")...)...)
		sub.expect("^waiting for a publisher$")
		pub := start(t, "publisher", append(append(args, "--count", "3", "--period", "1ms"), option("/talker")...)...)
		for i := 1; i <= 3; i++ {
			sub.expect(fmt.Sprintf("^received %d hello, world$", i))
		}
		require.Zero(t, pub.status(), pub.said())
		require.Contains(t, pub.said(), "sent 3 hello, world")
		sub.expect("^a publisher is gone$")
		sub.interrupt()
	})
}

// A plugin written outside the module's own folders is asked, on both sides, and
// heeded.
func TestCustomPlugin(t *testing.T) {
	rules := keystore.SROS2Governance(keystore.AllDomains)
	k, err := keystore.Create(t.TempDir(), keystore.Options{Governance: &rules})
	require.NoError(t, err)
	var dirs []string
	for _, name := range []string{"/talker", "/listener"} {
		dir, err := k.CreateEnclave(name, keystore.EnclaveOptions{})
		require.NoError(t, err)
		dirs = append(dirs, dir)
	}
	unique := unique("")
	p := start(t, "customplugin", append([]string{"--domain", "71", "--prefix", unique}, dirs...)...)
	require.Zero(t, p.status(), p.said())
	for _, line := range []string{
		`the talker asks about its own writer of "` + unique + `Status", by CN=/talker: allowed`,
		`the talker asks about its own writer of "` + unique + `Orders", by CN=/talker: refused: the policy.*forbidden topics`,
		`the talker asks about its own writer of "` + unique + `Gossip", by CN=/talker: allowed`,
		`the listener asks about its remote writer of "` + unique + `Status", by CN=/talker: allowed`,
		`the listener asks about its remote writer of "` + unique + `Gossip", by CN=/talker: refused: the policy.*forbidden topics`,
		`received "all is well"`,
		`OK`,
	} {
		require.Regexp(t, "(?m)^"+line, p.said())
	}
	require.NotContains(t, p.said(), `remote writer of "`+unique+`Orders"`)
}

// Both end cleanly while they wait, and while there is traffic.
func TestInterrupt(t *testing.T) {
	args := []string{"--domain", "71", "--topic", unique("Interrupted")}
	sub := start(t, "subscriber", args...)
	sub.expect("^waiting for a publisher$")
	pub := start(t, "publisher", append(args, "--period", "1ms")...)
	sub.expect("^received 5")
	pub.interrupt()
	sub.interrupt()

	pub = start(t, "publisher", args...)
	pub.expect("^waiting for a subscriber$")
	pub.interrupt()
}

func TestBadArguments(t *testing.T) {
	for _, name := range []string{"publisher", "subscriber"} {
		p := start(t, name, "--enclave", t.TempDir())
		require.Equal(t, 1, p.status())
		require.Contains(t, p.said(), "identity_ca.cert.pem")
		p = start(t, name, "--domain", "233")
		require.Equal(t, 1, p.status())
		require.Contains(t, p.said(), "the highest is 232")
	}
}

// The smallest useful programs stay small.
func TestSmallExamplesAreSmall(t *testing.T) {
	for name, lines := range map[string]int{"publisher": 100, "subscriber": 100, "customplugin": 150, "psk": 150} {
		b, err := os.ReadFile(filepath.Join(name, "main.go"))
		require.NoError(t, err)
		require.Less(t, bytes.Count(b, []byte("\n")), lines, name)
	}
}
