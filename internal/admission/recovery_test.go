package admission

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

func eachCast(t *testing.T, f func(t *testing.T, s *stage)) {
	for name, c := range casts(t) {
		t.Run(name, func(t *testing.T) { f(t, newStage(t, c)) })
	}
}

// inject delivers a stateless message as if the other side had sent it.
func (s *stage) inject(to *actor, m rtps.GenericMessage) {
	m.DestinationParticipant = to.guid
	m.Identity.Source = rtps.GUID{Prefix: s.other(to).guid.Prefix, Entity: rtps.EntityStatelessWriter}
	s.inAir = append(s.inAir, &flight{at: s.now, to: to, kind: "injected", m: m})
}

// record keeps what is said on the stateless topic.
func (s *stage) record(to *[]*flight) {
	s.script = func(_ string, _ int, f *flight) []*flight {
		if !f.volatile {
			c := *f
			*to = append(*to, &c)
		}
		return []*flight{f}
	}
}

// A participant that starts anew when all is done is authenticated anew, and
// what it was is not forgotten on the word of someone unauthenticated.
func TestRestartAfterwards(t *testing.T) {
	for name, c := range casts(t) {
		for _, who := range []string{"a", "b", "ab"} {
			for _, same := range []bool{true, false} {
				for _, after := range []time.Duration{0, time.Second, time.Minute} {
					t.Run(fmt.Sprint(name, who, same, after), func(t *testing.T) {
						s := newStage(t, c)
						s.wantMet(time.Second)
						s.run(after)
						for _, r := range who {
							x := map[rune]*actor{'a': s.a, 'b': s.b}[r]
							again := rtps.GUID{}
							if same {
								again = x.guid
							}
							x.enter(again)
						}
						s.wantMet(10 * time.Second)
						if !same {
							s.wantUndisturbed()
						}
					})
				}
			}
		}
	}
}

// What was said before, said again by someone to an authenticated peer, changes
// nothing: neither in the order it was said in nor in another.
func TestReplayAgainstASession(t *testing.T) {
	eachCast(t, func(t *testing.T, s *stage) {
		var said []*flight
		// An earlier session of the same two, then the one that is attacked.
		s.record(&said)
		s.wantMet(time.Second)
		s.a.enter(s.a.guid)
		s.record(&said)
		s.wantMet(10 * time.Second)
		s.a.resets, s.b.resets, s.a.doubted, s.b.doubted = 0, 0, 0, 0
		require.Greater(t, len(said), 8)
		secret := s.b.peers[s.a.guid].Result.Secret
		replies := s.count["b reply"]
		for i := range said[len(said)-5:] {
			s.inject(said[len(said)-5+i].to, said[len(said)-5+i].m)
		}
		s.run(time.Second)
		require.Equal(t, replies, s.count["b reply"], "what is over needs no answer")
		for _, apart := range []time.Duration{0, 30 * time.Millisecond} {
			for i := range said {
				s.inject(said[i].to, said[i].m)
				s.run(apart)
			}
			for i := range said {
				s.inject(said[len(said)-1-i].to, said[len(said)-1-i].m)
				s.run(apart)
			}
			s.wantMet(time.Second)
		}
		s.wantUndisturbed()
		require.Equal(t, secret, s.b.peers[s.a.guid].Result.Secret)
	})
}

// A request of an earlier handshake, said again while the replier waits for the
// final message, does not keep the handshake from its end although both replies
// stand: they are sent in turns.
func TestReplayOfARequestDuringTheHandshake(t *testing.T) {
	eachCast(t, func(t *testing.T, s *stage) {
		var said []*flight
		s.record(&said)
		s.until(time.Second, s.met)
		s.a.enter(s.a.guid)
		s.b.enter(s.b.guid)
		s.count = map[string]int{}
		quoted := map[int64]bool{}
		s.script = func(kind string, nth int, f *flight) []*flight {
			again := quoted[f.m.Related.SN] // sent without being asked, as not everyone does
			quoted[f.m.Related.SN] = true
			switch {
			case kind == "b authreq", kind == "a authreq":
				return nil // a challenge that was announced would give the replay away
			case kind == "a final" && nth == 1:
				for _, x := range said {
					if x.kind == "a req" {
						s.inject(s.b, x.m)
					}
				}
				return nil
			case kind == "a final" && again:
				return nil
			}
			return []*flight{f}
		}
		s.wantMet(5 * time.Second)
	})
}

// Interop: Fast DDS sends no authentication request, its reply only when it is
// asked and its final message once.
func TestPeerThatDoesNotRepeatItself(t *testing.T) {
	for name, c := range casts(t) {
		for _, quiet := range []byte("ab") {
			t.Run(fmt.Sprint(name, string(quiet)), func(t *testing.T) {
				s := newStage(t, c)
				finals := 0
				s.script = func(kind string, nth int, f *flight) []*flight {
					switch {
					case kind == string(quiet)+" authreq":
						return nil
					case kind == "b reply" && quiet == 'b' && nth > 1:
						return nil
					case kind == "a final":
						if finals++; finals == 1 {
							return nil
						}
						if quiet == 'a' && finals > 2 {
							return nil
						}
					}
					return []*flight{f}
				}
				s.wantMet(4 * time.Second)
				s.wantUndisturbed()
			})
		}
	}
}

// A participant restarts during the handshake and what told of its new
// challenge is lost, so that it contradicts the one that was announced: that
// is not for ever. DDS-Security 1.1, 9.3.4; seen as cyclonedds issue 1895.
func TestStaleChallenge(t *testing.T) {
	for name, c := range casts(t) {
		for _, who := range []byte("ab") {
			t.Run(fmt.Sprint(name, string(who)), func(t *testing.T) {
				s := newStage(t, c)
				cut := true
				s.script = func(kind string, nth int, f *flight) []*flight {
					switch {
					case cut && kind[2:] != "authreq", !cut && kind == string(who)+" authreq":
						return nil
					}
					return []*flight{f}
				}
				s.run(100 * time.Millisecond) // the challenges are announced, no more
				x := s.a
				if who == 'b' {
					x = s.b
				}
				cut = false
				x.enter(x.guid)
				s.wantMet(2*startOver + 2*resendMax)
			})
		}
	}
}

// When garbage makes a handshake start over, what was under way can still end
// well: the final message, on its way for long, is taken.
func TestStartingOverKeepsWhatIsUnderWay(t *testing.T) {
	eachCast(t, func(t *testing.T, s *stage) {
		requests := 0
		s.script = func(kind string, nth int, f *flight) []*flight {
			if kind == "b authreq" {
				requests = nth
			}
			if kind == "a final" && requests < 2 {
				return nil
			}
			return []*flight{f}
		}
		for i := range 20 {
			s.inject(s.b, rtps.GenericMessage{ClassID: spi.ClassAuth, Data: []rtps.DataHolder{tok("final", []byte{byte(i)}, []byte{1})}})
			s.run(time.Second)
		}
		require.Equal(t, 2, requests, "it has started over")
		s.wantMet(time.Second)
		s.wantUndisturbed()
	})
}

// Ten minutes of silence. If both slept, nothing has changed for them; if one
// did, the other has forgotten it meanwhile.
func TestSuspend(t *testing.T) {
	eachCast(t, func(t *testing.T, s *stage) {
		s.wantMet(time.Second)
		s.asleep = true
		s.run(10 * time.Minute)
		s.asleep = false
		for _, a := range []*actor{s.a, s.b} {
			s.other(a).peers[a.guid].seen = s.now
		}
		s.wantMet(time.Second)
		s.wantUndisturbed()

		for _, awake := range []*actor{s.a, s.b} {
			sleeper := s.other(awake)
			s.asleep = true
			s.run(10 * time.Minute)
			awake.peers[sleeper.guid].Close()
			delete(awake.peers, sleeper.guid)
			s.asleep = false
			sleeper.peers[awake.guid].seen = s.now
			// Nor does it help that the first announcement of a challenge is lost.
			n := 0
			s.script = func(kind string, nth int, f *flight) []*flight {
				if kind[2:] == "authreq" {
					if n++; n == 1 {
						return nil
					}
				}
				return []*flight{f}
			}
			s.wantMet(12 * time.Second)
		}
	})
}

// A handshake is suspended in the middle, for so long that both give up.
func TestSuspendDuringTheHandshake(t *testing.T) {
	for name, c := range casts(t) {
		for _, kind := range kinds[:5] {
			t.Run(fmt.Sprint(name, kind), func(t *testing.T) {
				s := newStage(t, c)
				lost := false
				s.script = func(k string, nth int, f *flight) []*flight {
					if lost = lost || k == kind; lost {
						return nil
					}
					return []*flight{f}
				}
				s.run(time.Second)
				s.asleep = true
				s.run(10 * time.Minute)
				s.asleep, s.script = false, nil
				s.wantMet(12 * time.Second)
			})
		}
	}
}

// A job that ends when its peer is gone already leaves nothing behind.
func TestJobThatEndsTooLate(t *testing.T) {
	eachCast(t, func(t *testing.T, s *stage) {
		s.script = func(kind string, _ int, f *flight) []*flight {
			if kind == "a req" || kind == "b reply" {
				return nil
			}
			return []*flight{f}
		}
		s.run(100 * time.Millisecond)
		q := s.b.peers[s.a.guid]
		p := s.a.peers[s.b.guid]
		q.HandleStateless(s.now, s.stray(p, s.b), &s.b.out)
		require.Len(t, s.b.out.Jobs, 1)
		j := s.b.out.Jobs[0]
		s.b.out = Outbox{}
		q.Close()
		j.Run()
		q.Finish(s.now, &s.b.out)
		require.True(t, s.b.out.Empty())
		require.Nil(t, q.Crypto)
	})
}

// stray is the last handshake message p sent, addressed to to.
func (s *stage) stray(p *acquaintance, to *actor) *rtps.GenericMessage {
	m := *p.last
	require.Equal(s.t, spi.ClassAuth, m.ClassID)
	m.DestinationParticipant = to.guid
	return &m
}
