package rtps

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTimeIsExact(t *testing.T) {
	for _, at := range []time.Time{
		time.Unix(0, 0), time.Unix(0, 1), time.Unix(1, 999_999_999),
		time.Unix(1<<31-1, 123_456_789),
		time.Unix(1<<31, 1), // 2038 is no end
		time.Unix(1<<32-2, 5),
	} {
		require.True(t, at.Equal(TimeOf(at).Time()), "%v", at)
	}
	require.Equal(t, Time{1, 1 << 31}, TimeOf(time.Unix(1, 500_000_000)))
}

func TestDurationIsExact(t *testing.T) {
	for _, d := range []time.Duration{0, 1, 999_999_999, time.Second, time.Hour + 1, 0x7ffffffe * time.Second} {
		require.Equal(t, d, DurationOf(d).Duration())
	}
	require.Equal(t, Duration{}, DurationOf(-1))
	require.Equal(t, DurationInfinite, DurationOf(Infinite))
	require.Equal(t, Infinite, DurationInfinite.Duration())
	require.Zero(t, Duration{-1, 5}.Duration())
}
