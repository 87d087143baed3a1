package pkidh

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// forge returns token with the octets of with at a place of one property, or
// instead of what follows there, and with the properties that raw holds.
func forge(token spi.Token, which uint8, at uint16, cut bool, with, raw []byte) spi.Token {
	forged := token
	forged.BinaryProperties = slices.Clone(token.BinaryProperties)
	p := &forged.BinaryProperties[int(which)%len(forged.BinaryProperties)]
	v := bytes.Clone(p.Value)
	i := int(at) % (len(v) + 1)
	if rest := v[min(i+len(with), len(v)):]; cut {
		v = append(v[:i:i], with...)
	} else {
		v = append(append(v[:i:i], with...), rest...)
	}
	p.Value = v
	if h, err := rtps.ParseDataHolder(raw, true); err == nil {
		forged.BinaryProperties = append(h.BinaryProperties, forged.BinaryProperties...)
		if h.ClassID != "" {
			forged.ClassID = h.ClassID
		}
	}
	return forged
}

func seed(f *testing.F) {
	for which := range uint8(12) {
		f.Add(which, uint16(0), false, []byte{0xff}, []byte{})
		f.Add(which, uint16(20), true, []byte{}, []byte{})
		f.Add(which, uint16(3), false, bytes.Repeat([]byte{0}, 40), []byte{})
	}
	other := spi.Token{ClassID: "DDS:Auth:PKI-DH:1.0+Final", BinaryProperties: []rtps.BinaryProperty{{Name: "hash_c1", Value: []byte{1}}}}
	f.Add(uint8(1), uint16(0), true, []byte("x"), rtps.AppendDataHolder(nil, true, &other))
}

// FuzzReplier sends a forged request and a forged final, and then the real ones.
func FuzzReplier(f *testing.F) {
	seed(f)
	i, r := newPair(f, newEC(f), newEC(f))
	f.Fuzz(func(t *testing.T, which uint8, at uint16, cut bool, with, raw []byte) {
		meet(t, i, r, rtps.VendorSecdds, rtps.VendorSecdds)
		req, err := i.h.Begin(now, i.pdata)
		require.NoError(t, err)
		_, done, _ := r.h.Process(now, r.pdata, forge(req, which, at, cut, with, raw))
		require.False(t, done)

		reply := r.step(t, wire(t, &req), false)
		final := i.step(t, wire(t, reply), true)
		_, done, err = r.h.Process(now, r.pdata, forge(*final, which, at, cut, with, raw))
		require.Equal(t, err == nil, done) // good if what was changed means nothing
		if !done {
			require.Nil(t, r.step(t, wire(t, final), true))
		}
		agreed(t, i, r)
	})
}

// FuzzInitiator sends a forged reply, and then the real one.
func FuzzInitiator(f *testing.F) {
	seed(f)
	i, r := newPair(f, newEC(f), newEC(f))
	f.Fuzz(func(t *testing.T, which uint8, at uint16, cut bool, with, raw []byte) {
		meet(t, i, r, rtps.VendorSecdds, rtps.VendorSecdds)
		req, err := i.h.Begin(now, i.pdata)
		require.NoError(t, err)
		reply := r.step(t, wire(t, &req), false)
		final, done, err := i.h.Process(now, i.pdata, forge(*reply, which, at, cut, with, raw))
		require.Equal(t, err == nil, done)
		if err != nil {
			final = i.step(t, wire(t, reply), true)
		}
		require.Nil(t, r.step(t, wire(t, final), true))
		agreed(t, i, r)
	})
}

func FuzzPData(f *testing.F) {
	f.Add(pdataOf(candidate))
	f.Add([]byte{0, 0x50, 0, 16})
	f.Fuzz(func(t *testing.T, b []byte) {
		if g, ok := pdataGUID(b); ok {
			got, ok := pdataGUID(pdataOf(g))
			require.True(t, ok)
			require.Equal(t, g, got)
		}
	})
}
