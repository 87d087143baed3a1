package dds_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/security/psk"
	"github.com/secdds/dds/transport/memnet"
)

// Passphrases in files are read again while participants work: that is all that
// bringing in a new one takes.
func TestPSKFilesAreWatched(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		dir := w.TempDir()
		put := func(name, content string) string {
			name = filepath.Join(dir, name)
			require.NoError(w, os.WriteFile(name, []byte(content), 0o600))
			return "file:" + name
		}
		const first, second = "1:the seed that is in use at first", "2:the seed that takes its place"
		cfg := psk.Config{Passphrase: put("psk", first), Extra: []string{put("more", "")}}
		joinA, keysA := w.presharing(cfg)
		joinB, keysB := w.presharing(cfg)
		a, b := w.participant("a", joinA), w.participant("b", joinB)
		wr := writerOf[shape](w, a, "Square", qos.KeepAll())
		r := readerOf[shape](w, b, "Square", qos.Reliable(0), qos.KeepAll())
		matched(w, wr, r)
		n := int32(0)
		flow := func(sealing uint8) {
			w.settle(2 * time.Second)
			for _, k := range []*psk.Plugin{keysA, keysB} {
				s, _ := k.IDs()
				require.Equal(w, sealing, s)
			}
			for range 50 {
				write(w, wr, shape{"RED", n, 1})
				require.Equal(w, n, next(w, r).Value.X)
				n++
			}
		}
		flow(1)
		put("more", first+"\n"+second)
		flow(1)
		put("psk", second)
		flow(2)
		put("more", "")
		flow(2)
		require.Equal(w, 1, r.Matched().Total)
		require.Zero(w, a.Stats().Dropped["bad_message"]+b.Stats().Dropped["bad_message"])

		// What is no passphrase changes nothing, and is logged; but not itself.
		require.NotContains(w, w.log.String(), "passphrase file")
		put("psk", "the passphrase without a number, by mistake")
		flow(2)
		require.Contains(w, w.log.String(), "passphrase file "+filepath.Join(dir, "psk"))
		require.NotContains(w, w.log.String(), "by mistake")
		require.NotContains(w, w.log.String(), "takes its place")
	})
}
