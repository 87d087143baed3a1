package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
)

// The key of a new instance is learned, be it of zeros and its sample behind
// one that is not wanted.
func TestKeyBehindADuplicate(t *testing.T) {
	s := newStage(t, nil)
	w := s.w.guid.Entity
	zero := make([]byte, 16)                                                        // of which newStage makes the key hash
	data := rtps.Data{Writer: w, SN: 3, Payload: []byte{0, 1, 0, 0, 2}}.Append(nil) // a duplicate
	data = rtps.Data{Writer: w, SN: 4, Payload: zero}.Append(data)
	newReceiver(s.b).message(time.Now(), s.message(1, data))
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	require.Equal(t, zero, s.r.keys[rtps.KeyHash{}])
}
