package examples_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Two who know the passphrase talk, also while another one takes its place; one
// who knows another is left out until that one is brought in.
func TestPSK(t *testing.T) {
	dir := t.TempDir()
	put := func(file, content string) string {
		name := filepath.Join(dir, file)
		// In one step: a file that is half written would be a refusal in the log.
		require.NoError(t, os.WriteFile(name+".new", []byte(content), 0o600))
		require.NoError(t, os.Rename(name+".new", name))
		return "file:" + name
	}
	const first, second = "1:the passphrase they have at first\n", "2:the passphrase that comes later\n"
	args := []string{"--domain", "72", "--topic", unique("Conversation"), "--period", "20ms"}
	join := func(name, primary, more string) *process {
		return start(t, "psk", append(args, "--name", name, "--passphrase", put(name+".psk", primary), "--extra", put(name+".more", more))...)
	}
	alice, bob := join("alice", first, ""), join("bob", first, "")
	eve := join("eve", second, "")
	alice.expect("^passphrase 1 of \\[1\\]$")
	alice.expect("^bob says")
	bob.expect("^alice says")
	eve.expect("^passphrase 2 of \\[2\\]$")
	for _, step := range []struct{ primary, more, id, ids string }{
		{first, second, "1", "1 2"}, {second, first, "2", "1 2"}, {second, "", "2", "2"},
	} {
		for name, p := range map[string]*process{"alice": alice, "bob": bob} {
			put(name+".more", step.more+step.primary) // so that nothing is missing between the two
			put(name+".psk", step.primary)
			put(name+".more", step.more)
			p.expect("^passphrase " + step.id + " of \\[" + step.ids + "\\]$")
		}
		alice.expect("^bob says")
		bob.expect("^alice says")
		if step.id == "1" {
			require.NotContains(t, alice.said()+bob.said(), "eve says")
			require.NotContains(t, eve.said(), "says")
		}
	}
	// Now she knows the passphrase in use.
	eve.expect("^alice says")
	alice.expect("^eve says")
	for _, p := range []*process{alice, bob, eve} {
		p.interrupt()
	}

	p := start(t, "psk", "--passphrase", "correct horse battery staple")
	require.Equal(t, 1, p.status())
	require.Contains(t, p.said(), `expected "data:,<id>:<seed>" or "file:<path>"`)
	require.NotContains(t, p.said(), "horse")
}
