package psk

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNoAllocations: sealing and opening, when dst has room and the session is known.
func TestNoAllocations(t *testing.T) {
	if raceEnabled {
		return // the race detector allocates
	}
	eachVariant(t, func(t *testing.T, v variant, a, b *participant) {
		msg := message(prefixA, 8, 1001)
		wire, plain := make([]byte, 0, 4096), make([]byte, 0, 4096)
		var failed error
		zero := func(what string, f func() error) {
			t.Helper()
			require.NoError(t, f(), what)
			require.Zero(t, testing.AllocsPerRun(50, func() {
				if err := f(); err != nil {
					failed = err
				}
			}), what)
			require.NoError(t, failed)
		}
		var sealed []byte
		zero("seal", func() (err error) { sealed, err = a.SealMessage(wire, msg, nil); return err })
		zero("open", func() error { _, err := b.OpenMessage(plain, sealed); return err })
		buf := make([]byte, a.Room(), 4096)
		zero("in place", func() error { _, err := a.SealMessageInPlace(append(buf, msg...), a.Room(), nil); return err })
		stranger := append([]byte{}, sealed...)
		stranger[headerLen+11]++
		zero("unknown passphrase id", func() error { _, _ = b.OpenMessage(plain, stranger); return nil })
	})
}
