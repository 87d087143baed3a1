package engine

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/internal/history"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
	plugins "github.com/secdds/dds/security"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/spi"
	"github.com/secdds/dds/transport/memnet"
)

// A stage is two participants with a matched writer and reader, and what
// passed between them.
type stage struct {
	a, b *Participant
	w    *Writer
	r    *Reader

	mu     sync.Mutex
	passed [][]byte
}

func newStage(t testing.TB, g *keystore.Governance) *stage {
	s := &stage{}
	network := memnet.New(memnet.Config{})
	network.Tap(func(_, _ rtps.Locator, data []byte) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.passed = append(s.passed, slices.Clone(data))
	})
	start := func(name string, k *keystore.Keystore) *Participant {
		cfg := Config{
			Transport: network.Host(name), ParticipantID: -1, Logger: slog.New(slog.DiscardHandler),
			Lease: time.Hour, Announce: time.Minute,
		}
		if k != nil {
			dir, err := k.CreateEnclave("/"+name, keystore.EnclaveOptions{})
			require.NoError(t, err)
			cfg.Security, err = plugins.FromEnclave(dir)
			require.NoError(t, err)
		}
		p, err := Start(cfg)
		require.NoError(t, err)
		t.Cleanup(func() { _ = p.Close() })
		return p
	}
	var k *keystore.Keystore
	if g != nil {
		var err error
		k, err = keystore.Create(t.TempDir(), keystore.Options{Governance: g})
		require.NoError(t, err)
	}
	s.a, s.b = start("a", k), start("b", k)
	var err error
	s.w, err = s.a.NewWriter(WriterSpec{Topic: "T", Type: "T", Keyed: true, QoS: qos.NewWriter(qos.KeepLast(4))})
	require.NoError(t, err)
	keyOf := func(payload []byte, _, _ bool) (k rtps.KeyHash, err error) { copy(k[:], payload); return k, nil }
	s.r, err = s.b.NewReader(ReaderSpec{
		Topic: "T", Type: "T", Keyed: true, KeyOf: keyOf,
		KeyPayload: func(payload []byte, _ bool) ([]byte, error) { return slices.Clone(payload), nil },
		QoS:        qos.NewReader(qos.Reliable(0), qos.KeepLast(4)),
	})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	require.NoError(t, s.w.WaitMatched(ctx, 1))
	require.NoError(t, s.r.WaitMatched(ctx, 1))
	for i := range 3 {
		require.NoError(t, s.w.Write(ctx, Change{Time: time.Now(), Payload: []byte{0, 1, 0, 0, byte(i)}}))
	}
	require.NoError(t, s.w.WaitAcks(ctx))
	return s
}

// message is a datagram for b in the way that how says: as it is, under a's
// name, or sealed by a's keys, so that fuzzing gets behind the seals.
func (s *stage) message(how byte, data []byte) []byte {
	header := rtps.Header{Version: rtps.ProtocolVer2_5, Vendor: rtps.VendorSecdds, Prefix: s.a.guid.Prefix}.Append(nil)
	switch how % 4 {
	case 0:
		return data
	case 1:
		return append(header, data...)
	}
	if how&4 != 0 && s.w.submsg != nil {
		sealed, err := s.w.submsg.SealSubmessage(nil, data, recvOf(s.w))
		if err == nil {
			data = sealed
		}
	}
	if how%4 == 3 && s.a.sealing != nil {
		to := s.a.peer(s.b.guid.Prefix).recv()
		if sealed, err := s.a.sealing.sealer.SealMessage(nil, append(header, data...), to); err == nil {
			return sealed
		}
	}
	return append(header, data...)
}

func recvOf(w *Writer) []spi.Receiver {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fan.all[0].subs
}

// No datagram, from a stranger or sealed by an authenticated peer, makes a
// participant panic or hang.
func FuzzReceive(f *testing.F) {
	sros2, origin := keystore.SROS2Governance(), keystore.UniformGovernance(spi.ProtectSignOrigin)
	stages := []*stage{newStage(f, nil), newStage(f, &sros2), newStage(f, &origin)}
	for i, s := range stages {
		s.mu.Lock()
		for _, d := range s.passed {
			f.Add(byte(i), byte(0), d)
			if _, rest, err := rtps.ParseHeader(d); err == nil {
				f.Add(byte(i), byte(1), rest)
				f.Add(byte(i), byte(3), rest)
				f.Add(byte(i), byte(7), rest)
			}
		}
		s.mu.Unlock()
	}
	f.Fuzz(func(t *testing.T, which, how byte, data []byte) {
		if len(data) > maxDatagram/2 {
			return
		}
		s := stages[int(which)%len(stages)]
		r := &receiver{p: s.b, plain: make([]byte, 0, maxDatagram), sub: make([]byte, 0, maxDatagram)}
		r.message(time.Now(), s.message(how, data))
		s.b.call(func() { s.b.turn() })
		s.r.Take(nil, 0, history.Query{})
	})
}
