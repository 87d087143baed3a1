package aesgcm

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
)

func testMaster(k kind, recv bool) masterKey {
	m := masterKey{kind: k, id: [4]byte{9, 8, 7, 6}, saltLen: uint8(k.keyLen())}
	copy(m.salt[:k.keyLen()], count(1, 32))
	copy(m.key[:k.keyLen()], count(0x41, 32))
	if recv {
		m.recvID = [4]byte{1, 1, 1, 1}
		copy(m.recvKey[:k.keyLen()], count(0x81, 32))
	}
	return m
}

var allKinds = []kind{kindAES128GMAC, kindAES128GCM, kindAES256GMAC, kindAES256GCM}

func TestKeymatRoundTrip(t *testing.T) {
	size := map[bool]map[int]int{false: {16: 56, 32: 88}, true: {16: 72, 32: 120}}
	for _, k := range allKinds {
		for _, recv := range []bool{false, true} {
			m := testMaster(k, recv)
			if recv {
				m.revision = maxRevision - 2
			}
			b := m.append(nil)
			require.Equal(t, uint32(m.ref()>>32), binary.BigEndian.Uint32(b))
			require.Len(t, b, size[recv][k.keyLen()])
			got, err := parseKeymat(b)
			require.NoError(t, err)
			require.Equal(t, m, got)

			got, err = parseKeymat(append(b, 1, 2, 3)) // trailing octets
			require.NoError(t, err)
			require.Equal(t, m, got)
			for i := range b {
				_, err := parseKeymat(b[:i])
				require.Error(t, err, "truncated to %d", i)
			}
		}
	}
}

func TestKeymatNone(t *testing.T) {
	b := (&masterKey{}).append(nil)
	require.Equal(t, make([]byte, noneLen), b)
	for _, n := range []int{noneLen, 44} { // Cyclone DDS, Fast DDS
		m, err := parseKeymat(make([]byte, n))
		require.NoError(t, err)
		require.Equal(t, masterKey{}, m)
	}
}

func TestKeymatRefused(t *testing.T) {
	m := testMaster(kindAES256GCM, true)
	good := m.append(nil)
	for name, edit := range map[string]func(b []byte) []byte{
		"revision of kind NONE":  func(b []byte) []byte { b[0], b[3] = 1, 0; return b },
		"unknown kind":           func(b []byte) []byte { b[3] = 5; return b },
		"salt too long":          func(b []byte) []byte { b[7] = 33; return b },
		"salt length huge":       func(b []byte) []byte { b[4] = 0xff; return b },
		"key id zero":            func(b []byte) []byte { clear(b[40:44]); return b },
		"key zero":               func(b []byte) []byte { clear(b[48:80]); return b },
		"receiver key zero":      func(b []byte) []byte { clear(b[88:120]); return b },
		"kind of shorter keys":   func(b []byte) []byte { b[3] = 2; return b },
		"receiver key too short": func(b []byte) []byte { b[87] = 16; return b },
	} {
		_, err := parseKeymat(edit(bytes.Clone(good)))
		require.Error(t, err, name)
	}
}

func FuzzKeymat(f *testing.F) {
	for _, k := range allKinds {
		for _, recv := range []bool{false, true} {
			m := testMaster(k, recv)
			f.Add(m.append(nil))
		}
	}
	f.Add(make([]byte, 24))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parseKeymat(b)
		if err != nil {
			return
		}
		again, err := parseKeymat(m.append(nil))
		require.NoError(t, err)
		require.Equal(t, m, again)
	})
}
