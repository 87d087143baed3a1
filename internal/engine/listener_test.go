package engine

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func (l *listener) set(f func()) { l.f.Store(&f) }

// What comes during a call leads to another one, by whoever makes the first.
func TestListenerIsToldAgain(t *testing.T) {
	var l listener
	require.False(t, l.tell(listenRounds), "nobody listens")
	calls := 0
	l.set(func() {
		if calls++; calls < 3 {
			l.note()
			require.False(t, l.tell(listenRounds), "a call is under way")
			require.False(t, l.tell(0), "whoever makes it sees to the rest")
		}
	})
	require.False(t, l.tell(listenRounds))
	require.Zero(t, calls, "nothing has come")
	l.note()
	l.note()
	require.False(t, l.tell(listenRounds))
	require.Equal(t, 3, calls)
}

// A goroutine with other things to do does not call for ever.
func TestListenerLetsGo(t *testing.T) {
	var l listener
	calls := 0
	l.set(func() { calls++; l.note() })
	l.note()
	require.True(t, l.tell(0))
	require.Zero(t, calls)
	require.True(t, l.tell(2))
	require.Equal(t, 2, calls)
	l.f.Store(nil)
	require.False(t, l.tell(2), "what came for a listener that is gone is forgotten")
	l.set(func() { calls++ })
	require.False(t, l.tell(2))
	require.Equal(t, 2, calls)
}
