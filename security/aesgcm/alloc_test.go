package aesgcm

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/spi"
)

// TestNoAllocations: sealing and opening at every level, with and without
// receivers, when dst has room and the session is known.
func TestNoAllocations(t *testing.T) {
	if raceEnabled {
		return // the race detector allocates
	}
	for _, p := range []spi.Protection{spi.ProtectSign, spi.ProtectEncrypt, spi.ProtectSignOrigin, spi.ProtectEncryptOrigin} {
		pay := spi.ProtectSign
		if p.IsEncrypt() {
			pay = spi.ProtectEncrypt
		}
		w := newWorld(t, p, p, pay)
		activate := revise(t, w.a) // no key is the first one
		w.give(t)
		activate()
		var toMessage, toSubmessage []spi.Receiver
		if p.IsOrigin() {
			toMessage = []spi.Receiver{w.ab.Receiver()}
			toSubmessage = []spi.Receiver{w.wr.Receiver()}
		}
		payloads, submessages, messages := w.w.Payload(), w.w.Submessage(), w.a.Message()
		opener := w.rw.Payload()
		sealed, opened := make([]byte, 0, 4096), make([]byte, 0, 4096)
		plain, sub, msg := count(0, 1001), data(1001), message(data(8), data(1001))
		var err error

		allocs := func(what string, f func() error) {
			t.Helper()
			require.NoError(t, f(), "%v %s", p, what)
			require.Zero(t, testing.AllocsPerRun(50, func() {
				if e := f(); e != nil {
					err = e
				}
			}), "%v %s", p, what)
			require.NoError(t, err)
		}
		var b []byte
		allocs("seal payload", func() error { b, err = payloads.SealPayload(sealed, plain); return err })
		allocs("open payload", func() error { _, err = opener.OpenPayload(opened, b); return err })
		allocs("seal submessage", func() error { b, err = submessages.SealSubmessage(sealed, sub, toSubmessage); return err })
		allocs("open submessage", func() error { _, _, err = w.ba.OpenSubmessage(opened, b); return err })
		allocs("seal message", func() error { b, err = messages.SealMessage(sealed, msg, toMessage); return err })
		allocs("open message", func() error { _, err = w.ba.OpenMessage(opened, b); return err })
		for i, in := range inPlaces {
			plain := levels[i].size(1001)
			room := in.room(w)
			buf := make([]byte, room+len(plain), 4096)
			allocs("in place: "+levels[i].name, func() error {
				copy(buf[room:], plain)
				b, err := in.seal(w, buf, room)
				if err == nil && !p.IsOrigin() {
					_, err = in.open(w, b)
				}
				return err
			})
		}
		kx := w.ab.Kx()
		allocs("seal with Kx", func() error { b, err = kx.SealSubmessage(sealed, sub, nil); return err })
		allocs("open with Kx", func() error { _, _, err = w.ba.OpenSubmessage(opened, b); return err })
	}
}
