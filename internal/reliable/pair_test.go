package reliable

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
)

func randomPayload(n int) []byte {
	b := make([]byte, n)
	rnd := rand.NewChaCha8([32]byte{7})
	_, _ = rnd.Read(b)
	return b
}

func TestLargeSampleCrossesBadLink(t *testing.T) {
	for name, cfg := range map[string]WriterConfig{
		"64 KiB fragments":  {Reliable: true},
		"small fragments":   {Reliable: true, FragmentSize: 8192},
		"tiny budget":       {Reliable: true, Budget: 1},
		"collected answers": {Reliable: true, NackDelay: 5 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			d := newWorld(t, cfg, bad(1, 0.3, 0.1, 2*time.Millisecond))
			s := d.join(ReaderConfig{Reliable: true, AckDelay: time.Millisecond}, false)
			s.keep = true
			d.pass(time.Second)
			payload := randomPayload(20 << 20)
			d.write(&Change{Payload: payload})
			d.run(20 * time.Second)
			require.Len(t, s.got, 1)
			require.True(t, bytes.Equal(payload, s.got[0].Payload), "damaged")
			require.Less(t, d.maxMem, 24<<20)
			require.Zero(t, d.w.Held())
			t.Log("took", d.now.Sub(epoch)-time.Second, "sends", d.sends)
		})
	}
}

func TestManySamplesCrossBadLink(t *testing.T) {
	d := newWorld(t, WriterConfig{Reliable: true}, bad(2, 0.3, 0.1, 2*time.Millisecond))
	a := d.join(ReaderConfig{Reliable: true}, false)
	b := d.join(ReaderConfig{Reliable: true, AckDelay: 2 * time.Millisecond}, false)
	c := d.join(ReaderConfig{}, false)
	for n := range 10_000 {
		d.write(&Change{Payload: numbered(n + 1)})
		d.pass(20 * time.Microsecond)
	}
	d.run(60 * time.Second)
	a.wantAll(t, 1, 10_000)
	b.wantAll(t, 1, 10_000)
	require.Zero(t, a.lost+b.lost)
	require.Zero(t, d.w.Held())
	for i := 1; i < len(c.got); i++ { // best effort: in order, not all
		require.Less(t, c.got[i-1].SN, c.got[i].SN)
	}
	require.InDelta(t, 5000, len(c.got), 4900)
	t.Log("took", d.now.Sub(epoch), "sends", d.sends, "best effort", len(c.got), "lost", c.lost)
}

func TestBestEffortPair(t *testing.T) {
	d := newWorld(t, WriterConfig{}, perfect)
	s := d.join(ReaderConfig{}, false)
	d.write(&Change{Payload: numbered(1)})
	d.write(&Change{Payload: append(numbered(2), make([]byte, 1<<20)...)})
	d.write(&Change{Payload: numbered(3)})
	d.run(time.Second)
	s.wantAll(t, 1, 3)
	require.Zero(t, d.w.Held())
}

func TestLateJoiners(t *testing.T) {
	for seed := range uint64(5) {
		d := newWorld(t, WriterConfig{Reliable: true, TransientLocal: true}, bad(seed, 0.3, 0.1, time.Millisecond))
		early := d.join(ReaderConfig{Reliable: true}, true)
		for n := range 1000 {
			d.write(&Change{Payload: numbered(n + 1)})
		}
		d.pass(5 * time.Millisecond)
		history := d.join(ReaderConfig{Reliable: true}, true)
		newOnly := d.join(ReaderConfig{Reliable: true}, false)
		for n := range 500 {
			d.write(&Change{Payload: numbered(n + 1001)})
		}
		d.run(30 * time.Second)
		early.wantAll(t, 1, 1500)
		history.wantAll(t, 1, 1500)
		require.Equal(t, rtps.SequenceNumber(1500), newOnly.got[len(newOnly.got)-1].SN)
		require.GreaterOrEqual(t, len(newOnly.got), 500)
		require.Equal(t, 1500, d.w.Held())
	}
}

// The volatile-secure channel: every change is for one reader, and some for all.
func TestAddressedChanges(t *testing.T) {
	for seed := range uint64(5) {
		d := newWorld(t, WriterConfig{Reliable: true}, bad(seed, 0.3, 0.1, time.Millisecond))
		var want [4][]rtps.SequenceNumber
		rnd := rand.New(rand.NewPCG(seed, 2))
		for range want {
			d.join(ReaderConfig{Reliable: true}, false)
		}
		for range 400 {
			to := rnd.IntN(len(want) + 1)
			c := &Change{Payload: make([]byte, 8)}
			if to < len(want) {
				c.To = readerGUID(to)
			}
			sn := d.write(c)
			for i := range want {
				if to == i || to == len(want) {
					want[i] = append(want[i], sn)
				}
			}
			d.pass(100 * time.Microsecond)
		}
		d.run(30 * time.Second)
		for i, s := range d.readers {
			var got []rtps.SequenceNumber
			for _, x := range s.got {
				got = append(got, x.SN)
			}
			require.Equal(t, want[i], got)
			require.Zero(t, s.lost)
		}
		require.Zero(t, d.w.Held())
		require.True(t, d.w.AckedAll(d.w.Last()))
	}
}

func TestKeepLastOverBadLink(t *testing.T) {
	d := newWorld(t, WriterConfig{Reliable: true}, bad(3, 0.3, 0.1, time.Millisecond))
	s := d.join(ReaderConfig{Reliable: true}, false)
	for n := range 2000 {
		sn := d.write(&Change{Payload: numbered(n + 1)})
		d.w.Remove(sn - 5) // keep last 5
		d.pass(50 * time.Microsecond)
	}
	d.run(10 * time.Second)
	require.Equal(t, rtps.SequenceNumber(2000), s.got[len(s.got)-1].SN)
	for i := 1; i < len(s.got); i++ {
		require.Less(t, s.got[i-1].SN, s.got[i].SN)
	}
}

func TestSlowConsumer(t *testing.T) {
	d := newWorld(t, WriterConfig{Reliable: true}, bad(4, 0.2, 0.1, time.Millisecond))
	s := d.join(ReaderConfig{Reliable: true, Window: 64}, false)
	s.r.SetRoom(10)
	for n := range 500 {
		d.write(&Change{Payload: numbered(n + 1)})
	}
	for taken := 0; len(s.got) < 500; taken = len(s.got) {
		d.pass(10 * time.Millisecond)
		require.LessOrEqual(t, len(s.got)-taken, 10)
		require.Less(t, d.now.Sub(epoch), 60*time.Second)
		s.r.SetRoom(10)
	}
	d.run(10 * time.Second)
	s.wantAll(t, 1, 500)
}

// FuzzReliablePair lets the input decide what the link does to each datagram
// until the input ends; from then on the link is perfect. Whatever happened,
// every reader has every sample once and in order, and both sides fall silent.
func FuzzReliablePair(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 0xff, 0xfe, 0x80, 0x41})
	f.Add(bytes.Repeat([]byte{0}, 200))           // nothing comes through for long
	f.Add(bytes.Repeat([]byte{1, 0x87, 0}, 100))  // two of three come, one late
	f.Add(bytes.Repeat([]byte{2, 0xf3, 33}, 100)) // doubled and out of order
	f.Fuzz(func(t *testing.T, schedule []byte) {
		fate := func() []time.Duration {
			if len(schedule) == 0 {
				return perfect()
			}
			b := schedule[0]
			schedule = schedule[1:]
			delay := time.Duration(b>>2) * 100 * time.Microsecond
			switch b & 3 {
			case 0:
				return nil
			case 1:
				return []time.Duration{delay, 2*delay + time.Millisecond}
			}
			return []time.Duration{delay}
		}
		d := newWorld(t, WriterConfig{Reliable: true, FragmentSize: 100, Budget: 500}, fate)
		s := d.join(ReaderConfig{Reliable: true}, false)
		u := d.join(ReaderConfig{Reliable: true, AckDelay: time.Millisecond}, false)
		for n := range 40 {
			d.write(&Change{Payload: append(numbered(n+1), make([]byte, n%5*90)...)})
			d.pass(time.Duration(n%4) * time.Millisecond)
		}
		d.run(30 * time.Second)
		s.wantAll(t, 1, 40)
		u.wantAll(t, 1, 40)
		require.Zero(t, s.lost+u.lost)
		require.Zero(t, d.w.Held())
	})
}
