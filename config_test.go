package dds_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/transport/memnet"
)

// What does not fit an announcement is refused when it is configured, by name.
func TestTooLargeToAnnounce(t *testing.T) {
	long := strings.Repeat("x", 70_000)
	inWorld(t, memnet.Config{}, func(w *world) {
		for name, cfg := range map[string]dds.Config{
			"name":     {Name: long},
			"propert":  {Properties: []rtps.Property{{Name: "a", Value: long}}},
			"UserData": {UserData: []byte(long)},
		} {
			cfg.Transport = w.net.Host("a")
			_, err := dds.NewParticipant(0, &cfg)
			require.ErrorIs(w, err, dds.ErrBadParameter, name)
			require.ErrorContains(w, err, name)
		}

		p := w.participant("a")
		_, err := p.NewPublisher(qos.Partition(long))
		require.Equal(w, dds.CodeBadParameter, dds.ReturnCode(err), "%v", err)
		_, err = dds.NewWriter(p.Publisher(), topicOf[shape](w, p, "Square"), qos.UserData(long))
		require.Equal(w, dds.CodeBadParameter, dds.ReturnCode(err), "%v", err)

		type Grown struct {
			A int32
		}
		wr := writerOf[Grown](w, p, "Square") // the participant still works
		require.NoError(w, wr.Close())
	})
}

// The fragments of a large sample fit whatever the transport carries, and a
// transport that carries too little is refused rather than used in vain.
func TestSmallMessages(t *testing.T) {
	inWorld(t, memnet.Config{MaxMessage: 2048}, func(w *world) {
		a, b := w.participant("a"), w.participant("b")
		wr := writerOf[plainValue](w, a, "Large", qos.KeepAll())
		r := readerOf[plainValue](w, b, "Large", qos.Reliable(0), qos.KeepAll())
		matched(w, wr, r)
		write(w, wr, plainValue{N: 1, Data: make([]byte, 100_000)})
		require.Len(w, next(w, r).Value.Data, 100_000)
		require.Zero(w, a.Stats().SendFailed)
	})
	inWorld(t, memnet.Config{MaxMessage: 1024}, func(w *world) {
		_, err := dds.NewParticipant(0, &dds.Config{Transport: w.net.Host("a")})
		require.ErrorContains(w, err, "1024 octets")
	})
}
