package rtps

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSequenceNumberSet(t *testing.T) {
	s := SequenceNumberSet{Base: 10}
	for _, sn := range []SequenceNumber{10, 41, 42, 265} {
		require.True(t, s.Add(sn))
	}
	require.False(t, s.Add(9))
	require.False(t, s.Add(266))
	require.EqualValues(t, 256, s.NumBits)

	got, err := ackNackCodec.parseOne(t, AckNack{State: s}.Append(nil))
	require.NoError(t, err)
	require.Equal(t, s, got.State)
	for sn := range SequenceNumber(300) {
		require.Equal(t, sn == 10 || sn == 41 || sn == 42 || sn == 265, got.State.Has(sn), "%d", sn)
	}
}

func TestFragmentNumberSet(t *testing.T) {
	s := FragmentNumberSet{Base: 1}
	for _, n := range []FragmentNumber{1, 32, 33} {
		require.True(t, s.Add(n))
	}
	require.False(t, s.Add(0))
	require.False(t, s.Add(257))
	require.EqualValues(t, 33, s.NumBits)

	got, err := nackFragCodec.parseOne(t, NackFrag{SN: 1, State: s}.Append(nil))
	require.NoError(t, err)
	require.Equal(t, s, got.State)
	for n := range FragmentNumber(300) {
		require.Equal(t, n == 1 || n == 32 || n == 33, got.State.Has(n), "%d", n)
	}
}

// At the largest base let through nothing overflows.
func TestSetAtTheEnd(t *testing.T) {
	s := SequenceNumberSet{Base: MaxSequenceNumber}
	require.True(t, s.Add(MaxSequenceNumber+255))
	require.True(t, s.Has(MaxSequenceNumber+255))
	require.Greater(t, s.Base+SequenceNumber(s.NumBits), s.Base)

	f := FragmentNumberSet{Base: MaxFragmentNumber}
	require.True(t, f.Add(MaxFragmentNumber+255))
	require.True(t, f.Has(MaxFragmentNumber+255))
	require.Greater(t, f.Base+FragmentNumber(f.NumBits), f.Base)
}
