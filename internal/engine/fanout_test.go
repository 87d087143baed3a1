package engine

import (
	"encoding/binary"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/internal/reliable"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/spi"
)

// crowd makes the lab's one reader into so many, of that many participants.
func (x *lab) crowd(readers, participants int) *fanout {
	var one *dest
	for d := range maps.Values(x.w.fan.dests) {
		one = d
	}
	peers := make([]*peer, participants)
	for i := range peers {
		q := &peer{prefix: one.peer.prefix}
		binary.BigEndian.PutUint32(q.prefix[8:], uint32(i))
		peers[i] = q
	}
	f := &fanout{dests: map[rtps.GUID]*dest{}}
	for i := range readers {
		d := *one
		d.peer = peers[i%participants]
		d.guid = rtps.GUID{Prefix: d.peer.prefix}
		binary.BigEndian.PutUint32(d.guid.Entity[:], uint32(i))
		f.dests[d.guid] = &d
	}
	f.plan(x.w)
	return f
}

// However many readers there are, MACs take no more than half of a message, and
// each reader is in one group.
func TestGroupsLeaveHalfOfAMessage(t *testing.T) {
	origin := keystore.UniformGovernance(spi.ProtectEncryptOrigin)
	encrypt := keystore.UniformGovernance(spi.ProtectEncrypt)
	for name, g := range map[string]*keystore.Governance{"plain": nil, "encrypt": &encrypt, "origin": &origin} {
		x := newLab(t, g)
		for _, pack := range []int{576, 1472, 2048, 9000, 65507} {
			for d := range maps.Values(x.w.fan.dests) {
				d.target.pack = pack
			}
			for _, n := range []int{1, 2, 10, 100, 3000} {
				f := x.crowd(n, (n+9)/10)
				seen := map[rtps.GUID]bool{}
				for i := range f.all {
					group := &f.all[i]
					if len(group.dests) > 1 && len(f.all) > 1 {
						require.LessOrEqual(t, group.adds(x.w), max(pack/2, reserveOf(pack, true)), "%s: %d readers, %d octets", name, n, pack)
					}
					prefixes := map[rtps.GUIDPrefix]bool{}
					for _, d := range group.dests {
						require.False(t, seen[d.guid])
						seen[d.guid], prefixes[d.guid.Prefix] = true, true
					}
					require.Equal(t, len(prefixes) == 1, group.target.prefix != rtps.GUIDPrefix{})
					if g == &origin {
						require.Len(t, group.target.recv, len(prefixes))
						require.Len(t, group.subs, len(group.dests))
					}
				}
				require.Len(t, seen, n)
				several := g == &origin && (n == 3000 || n == 100 && pack < 9000 || n == 10 && pack == 576)
				require.Equal(t, several, len(f.all) > 1, "%s: %d readers, %d octets", name, n, pack)
			}
		}
	}
}

// What was cut into fragments for a few readers, and is sent when there are
// many, goes to each of them alone rather than be too long for the transport.
func TestFragmentsCutBeforeReadersCame(t *testing.T) {
	origin := keystore.UniformGovernance(spi.ProtectEncryptOrigin)
	x := newLab(t, &origin)
	x.w.fan = x.crowd(300, 3)
	for octets, kind := range map[int]reliable.SendKind{64_000: reliable.SendFrag, 62_900: reliable.SendData} {
		x.order(lot{octets, 1}, payloadOf(octets))
		require.Equal(t, kind, x.out.Sends[0].Kind)
		x.record()
		most := 0
		for _, d := range x.sink.wire[:x.sink.n] {
			most = max(most, len(d))
		}
		require.LessOrEqual(t, most, x.p.maxMessage)
		require.GreaterOrEqual(t, x.sink.n, 300, "each alone")
	}
	require.Zero(t, x.p.Stats().SealFailed)

	x.w.fan = x.crowd(300, 3)
	x.w.mu.Lock()
	x.w.fitFragments()
	var out reliable.Outbox
	x.w.m.Write(time.Now(), &reliable.Change{Payload: payloadOf(200_000)}, &out)
	x.w.mu.Unlock()
	require.Equal(t, reliable.SendFrag, out.Sends[0].Kind)
	require.True(t, x.w.fan.all[0].fits(x.w, &out.Sends[0]), "what is cut from now on goes to all at once")

	x.w.fan = x.crowd(10, 2)
	x.order(lot{64_000, 1}, payloadOf(64_000))
	x.record()
	require.Equal(t, 1, x.sink.n, "few readers get the same message")
}
