package rtps

import "time"

// A Time is seconds and 2^-32 fractions since the Unix epoch. DDSI-RTPS 2.5, 9.3.2.
//
// On the wire the seconds are unsigned and last until 2106: after 2038 Sec is
// negative.
type Time struct {
	Sec  int32
	Frac uint32
}

// TimeInvalid means that no time is known.
var TimeInvalid = Time{-1, 0xffffffff}

// TimeOf converts t.
func TimeOf(t time.Time) Time {
	return Time{int32(t.Unix()), uint32((uint64(t.Nanosecond()) << 32) / 1e9)}
}

// Time converts t. The conversion is exact to a nanosecond.
func (t Time) Time() time.Time {
	return time.Unix(int64(uint32(t.Sec)), int64((uint64(t.Frac)*1e9+1<<31)>>32))
}

// A Duration is seconds and 2^-32 fractions. DDSI-RTPS 2.5, 9.3.2.
type Duration struct {
	Sec  int32
	Frac uint32
}

// DurationInfinite is without end.
var DurationInfinite = Duration{0x7fffffff, 0xffffffff}

// Infinite is the time.Duration that stands for DurationInfinite.
const Infinite time.Duration = 1<<63 - 1

// DurationOf converts d; what does not fit in 31 bits of seconds is infinite,
// and a negative d is zero.
func DurationOf(d time.Duration) Duration {
	if d < 0 {
		return Duration{}
	}
	if d/time.Second >= 0x7fffffff {
		return DurationInfinite
	}
	return Duration{int32(d / time.Second), uint32((uint64(d%time.Second) << 32) / 1e9)}
}

// Duration converts d; negative durations are zero, infinite ones Infinite.
func (d Duration) Duration() time.Duration {
	switch {
	case d.Sec < 0:
		return 0
	case d.Sec == 0x7fffffff:
		return Infinite
	}
	return time.Duration(d.Sec)*time.Second + time.Duration((uint64(d.Frac)*1e9+1<<31)>>32)
}
