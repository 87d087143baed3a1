package admission

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

var epoch = time.Unix(1_700_000_000, 0)

// The messages of an exchange, in the order they are sent. Authentication
// requests are sent by both sides, also by the fakes.
var kinds = []string{
	"a authreq", "b authreq", "a req", "b reply", "a final",
	"a participant_crypto_tokens", "b participant_crypto_tokens",
	"a datawriter_crypto_tokens", "b datawriter_crypto_tokens",
	"a datareader_crypto_tokens", "b datareader_crypto_tokens",
}

// fates are what can become of a message: they return what flies in its place.
var fates = map[string]struct {
	within time.Duration // the time it may take until all is done
	fate   func(s *stage, nth int, f *flight) []*flight
}{
	"lost once": {3 * time.Second, func(s *stage, nth int, f *flight) []*flight {
		if nth == 1 {
			return nil
		}
		return []*flight{f}
	}},
	"lost three times": {9 * time.Second, func(s *stage, nth int, f *flight) []*flight {
		if nth <= 3 {
			return nil
		}
		return []*flight{f}
	}},
	"repeated at once": {time.Second, func(s *stage, nth int, f *flight) []*flight {
		again := *f
		return []*flight{f, &again}
	}},
	"repeated late": {time.Second, func(s *stage, nth int, f *flight) []*flight {
		again := *f
		again.at = f.at.Add(10 * time.Second)
		return []*flight{f, &again}
	}},
	"repeated late and often": {time.Second, func(s *stage, nth int, f *flight) []*flight {
		r := []*flight{f}
		for i := range 5 {
			again := *f
			again.at = f.at.Add(5*time.Second + time.Duration(i)*30*time.Millisecond)
			r = append(r, &again)
		}
		return r
	}},
	"after the next resend": {3 * time.Second, func(s *stage, nth int, f *flight) []*flight {
		if nth == 1 {
			f.at = f.at.Add(resendFirst + 100*time.Millisecond)
			if f.volatile {
				f.at = f.at.Add(tokenResend)
			}
		}
		return []*flight{f}
	}},
	"after the next message": {3 * time.Second, func(s *stage, nth int, f *flight) []*flight {
		if nth == 1 {
			f.at = f.at.Add(flightTime + flightTime/2)
		}
		return []*flight{f}
	}},
	"every second one lost": {9 * time.Second, func(s *stage, nth int, f *flight) []*flight {
		if nth%2 == 1 {
			return nil
		}
		return []*flight{f}
	}},
}

// Whatever becomes of a message, be it of the handshake or of the key exchange,
// the participants authenticate each other and have each other's keys within
// the time stated, once. DDS-Security 1.1, 8.3.2.11 and 8.8.
func TestEveryMessageUnderEveryFate(t *testing.T) {
	for name, c := range casts(t) {
		for _, kind := range kinds {
			for fate, f := range fates {
				t.Run(fmt.Sprintf("%s/%s/%s", name, kind, fate), func(t *testing.T) {
					s, met := newStage(t, c), 0
					s.script = func(k string, nth int, x *flight) []*flight {
						if k != kind {
							return []*flight{x}
						}
						met++
						return f.fate(s, nth, x)
					}
					s.wantMet(f.within)
					s.wantUndisturbed()
					require.Positive(t, met, "the message was not sent at all")
				})
			}
		}
	}
}

// A participant that starts anew, whatever was said before, is authenticated
// anew: with its old GUID, or with a new one (then what it was is forgotten when
// its lease has run out, not before).
func TestRestartAtEveryStep(t *testing.T) {
	for name, c := range casts(t) {
		for _, kind := range kinds {
			for _, when := range []string{"sent", "delivered"} {
				for _, who := range []string{"a", "b", "ab"} {
					for _, same := range []bool{true, false} {
						t.Run(fmt.Sprintf("%s/%s/%s/%s/same=%v", name, kind, when, who, same), func(t *testing.T) {
							restartAt(t, c, kind, when, who, same)
						})
					}
				}
			}
		}
	}
}

func restartAt(t *testing.T, c cast, kind, when, who string, same bool) {
	s, done := newStage(t, c), false
	restart := func() {
		done = true
		for _, r := range who {
			x := s.a
			if r == 'b' {
				x = s.b
			}
			again := rtps.GUID{}
			if same {
				again = x.guid
			}
			x.enter(again)
		}
	}
	switch when {
	case "sent":
		s.script = func(k string, nth int, f *flight) []*flight {
			if k == kind && !done {
				done = true
				s.inAir = append(s.inAir, &flight{at: s.now, kind: "restart"}) // not in the middle of a step
			}
			return []*flight{f}
		}
		s.restart = restart
	default:
		s.after = func(k string, nth int) {
			if k == kind && !done {
				restart()
			}
		}
	}
	s.until(time.Second, func() bool { return done })
	require.True(t, done)
	s.wantMet(15 * time.Second)
	if !same {
		s.wantUndisturbed()
	}
}

// Both begin at the same instant, or one long before the other.
func TestBothBegin(t *testing.T) {
	for name, c := range casts(t) {
		for _, apart := range []time.Duration{0, flightTime / 2, flightTime, 100 * time.Millisecond, 2 * giveUp} {
			for _, first := range []byte("ab") {
				t.Run(fmt.Sprint(name, apart, string(first)), func(t *testing.T) {
					s := newStage(t, c)
					late := s.a
					if first == 'a' {
						late = s.b
					}
					late.announce = s.now.Add(apart)
					other := s.other(late)
					_ = other
					s.run(apart)
					s.wantMet(10 * time.Second)
				})
			}
		}
	}
}

// Interop: Fast DDS wants an answer to quote the copy it answers, OpenDDS wants
// numbers that grow with each copy. Everything an initiator sends first quotes
// nothing. DDS-Security 1.1, 7.4.3.4.
func TestEachCopyIsNumberedAndQuotesWhatItAnswers(t *testing.T) {
	for name, c := range casts(t) {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, c)
			last := map[byte]int64{}
			delivered := map[byte]rtps.MessageIdentity{}
			copies := 0
			s.script = func(kind string, nth int, f *flight) []*flight {
				from := kind[0]
				if f.volatile {
					return []*flight{f}
				}
				require.Greater(t, f.m.Identity.SN, last[from])
				last[from] = f.m.Identity.SN
				switch kind[2:] {
				case "authreq", "req":
					require.Zero(t, f.m.Related)
				default:
					require.Equal(t, delivered[f.to.name], f.m.Related)
					copies++
				}
				if kind[2:] != "authreq" {
					if nth <= 2 && kind != "a req" {
						return nil // the answer is lost
					}
					delivered[from] = f.m.Identity
				}
				return []*flight{f}
			}
			s.wantMet(9 * time.Second)
			require.GreaterOrEqual(t, copies, 6)
		})
	}
}

// A message of any kind that is not authentic changes nothing, at any step: no
// handshake is spoilt, no session ends. DDS-Security 1.1, 8.3.2.11.
func TestGarbageAtEveryStep(t *testing.T) {
	for name, c := range casts(t) {
		t.Run(name, func(t *testing.T) {
			// What a session of these two consists of, and of others.
			var past []rtps.GenericMessage
			for range 2 {
				old := newStage(t, c)
				old.script = func(_ string, _ int, f *flight) []*flight {
					if !f.volatile {
						past = append(past, f.m)
					}
					return []*flight{f}
				}
				old.wantMet(time.Second)
			}
			s := newStage(t, c)
			s.script = func(kind string, nth int, f *flight) []*flight {
				r := []*flight{}
				if nth == 1 && !f.volatile {
					for _, to := range []*actor{s.a, s.b} {
						for _, g := range append(garbage(), past...) {
							for _, class := range []string{g.ClassID, spi.ClassAuth, spi.ClassAuthRequest} {
								m := g
								m.ClassID = class
								m.DestinationParticipant = to.guid
								m.Identity = rtps.MessageIdentity{Source: rtps.GUID{Prefix: s.other(to).guid.Prefix, Entity: rtps.EntityStatelessWriter}, SN: 1 << 40}
								r = append(r, &flight{at: s.now, to: to, kind: "garbage", m: m})
							}
						}
					}
				}
				if kind == "a final" {
					last := *f
					last.at = f.at.Add(5 * time.Millisecond)
					return append(r, f, &last)
				}
				return append(r, f)
			}
			s.wantMet(9 * time.Second)
			s.wantUndisturbed()
		})
	}
}

// garbage is what does not even look like a handshake, and what does.
func garbage() []rtps.GenericMessage {
	g := []rtps.GenericMessage{{ClassID: "?"}, {ClassID: spi.ClassAuth}, {ClassID: spi.ClassAuth, Data: make([]rtps.DataHolder, 2)}}
	for _, class := range []string{"", "x", "req", "reply", "final", "authreq", "DDS:Auth:PKI-DH:1.0+Req", "DDS:Auth:PKI-DH:1.0+Reply", "DDS:Auth:PKI-DH:1.0+Final", "DDS:Auth:PKI-DH:1.0+AuthReq"} {
		for _, props := range [][]rtps.BinaryProperty{
			nil, {{Name: "c"}}, {{Name: "c", Value: []byte{9}}, {Name: "c", Value: []byte{9, 9}}},
			{{Name: "challenge1", Value: make([]byte, 32)}, {Name: "challenge2", Value: make([]byte, 32)}, {Name: "signature", Value: make([]byte, 70)}},
			{{Name: "future_challenge", Value: make([]byte, 32)}}, {{Name: "future_challenge"}},
		} {
			g = append(g, rtps.GenericMessage{ClassID: spi.ClassAuth, Data: []rtps.DataHolder{{ClassID: class, BinaryProperties: props}}})
		}
	}
	return g
}
