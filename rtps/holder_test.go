package rtps

import (
	"crypto/sha256"
	"encoding/hex"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

var holderTests = []struct {
	name   string
	le     bool
	holder DataHolder
	wire   string
	in     bool
}{{
	name:   "empty",
	le:     true,
	holder: DataHolder{},
	wire:   "01000000 00 000000 00000000 00000000",
}, {
	name: "identity token",
	le:   true,
	holder: DataHolder{
		ClassID:    "DDS:Auth:PKI-DH:1.0",
		Properties: []Property{{"dds.cert.sn", "CN=A"}, {"dds.cert.algo", "EC-prime256v1"}},
	},
	wire: `
		14000000 4444533a417574683a504b492d44483a312e3000 // class_id, 20 octets
		02000000                                          // two properties
		0c000000 6464732e636572742e736e00                 // dds.cert.sn
		05000000 434e3d4100 000000                        // CN=A, padding
		0e000000 6464732e636572742e616c676f00 0000        // dds.cert.algo
		0e000000 45432d7072696d65323536763100 0000        // EC-prime256v1
		00000000                                          // no binary properties
	`,
}, {
	name: "binary property, big-endian",
	holder: DataHolder{
		ClassID:          "DDS:Crypto:AES_GCM_GMAC",
		BinaryProperties: []BinaryProperty{{"dds.cryp.keymat", []byte{1, 2, 3, 4, 5}}, {"", []byte{}}},
	},
	wire: `
		00000018 4444533a43727970746f3a4145535f47434d5f474d414300
		00000000
		00000002
		00000010 6464732e637279702e6b65796d617400
		00000005 0102030405 000000     // padded: what follows is aligned
		00000001 00 000000 00000000
	`,
}, {
	name:   "something follows; strings of length 0",
	le:     true,
	holder: DataHolder{Properties: []Property{{}}, BinaryProperties: []BinaryProperty{{Value: []byte{7}}}},
	wire:   "00000000 01000000 00000000 00000000 01000000 00000000 01000000 07 000000 deadbeef",
	in:     true,
}}

func TestDataHolder(t *testing.T) {
	for _, tt := range holderTests {
		t.Run(tt.name, func(t *testing.T) {
			wire := unhex(t, tt.wire)
			h, err := ParseDataHolder(wire, tt.le)
			require.NoError(t, err)
			require.Equal(t, tt.holder, h)
			if tt.in {
				return
			}
			require.Equal(t, wire, AppendDataHolder(nil, tt.le, &tt.holder))
			for n := range len(wire) {
				_, err := ParseDataHolder(wire[:n], tt.le)
				require.ErrorIs(t, err, ErrMalformed, "%d octets", n)
			}
		})
	}
}

// A holder does not change when the datagram it came in is used again.
func TestDataHolderBorrowsNothing(t *testing.T) {
	wire := unhex(t, holderTests[2].wire)
	h, err := ParseDataHolder(wire, false)
	require.NoError(t, err)
	clear(wire)
	require.Equal(t, holderTests[2].holder, h)
	require.Equal(t, []byte{1, 2, 3, 4, 5}, h.Binary("dds.cryp.keymat"))
	require.Nil(t, h.Binary("dds.cryp"))
	_, ok := h.Property("dds.cryp.keymat")
	require.False(t, ok)
}

// Lengths and counts that the input does not hold are refused before anything
// is allocated for them (CVE-2025-62599 and its siblings).
func TestDataHolderBounds(t *testing.T) {
	for _, tt := range []struct{ name, wire string }{
		{"class id", "ffffffff 41000000 00000000 00000000"},
		{"property count", "02000000 41000000 ffffffff 00000000"},
		{"property count that overflows", "02000000 41000000 00000020 00000000 00000000"},
		{"one property too many", "02000000 41000000 02000000 00000000 00000000 00000000"},
		{"property name", "02000000 41000000 01000000 ffffff7f 00000000 00000000"},
		{"property value", "02000000 41000000 01000000 00000000 ffffffff 00000000"},
		{"binary property count", "02000000 41000000 00000000 ffffffff 00000000"},
		{"binary property value", "02000000 41000000 00000000 01000000 00000000 fdffffff 00000000"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := unhex(t, tt.wire)
			_, err := ParseDataHolder(b, true)
			require.ErrorIs(t, err, ErrMalformed)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for range 100 {
				_, _ = ParseDataHolder(b, true)
			}
			runtime.ReadMemStats(&after)
			require.Less(t, (after.TotalAlloc-before.TotalAlloc)/100, uint64(512))
		})
	}
}

func TestPropertyList(t *testing.T) {
	props := []Property{{"a", "b"}, {"dds.sys.hostname", "x"}}
	bin := []BinaryProperty{{"c", []byte{1, 2, 3}}}
	for _, le := range []bool{true, false} {
		b := AppendPropertyList(nil, le, props, bin)
		p, q, err := ParsePropertyList(b, le)
		require.NoError(t, err)
		require.Equal(t, props, p)
		require.Equal(t, bin, q)

		// The first edition had no binary properties.
		old := AppendPropertyList(nil, le, props, nil)
		old = old[:len(old)-4]
		for pad := range 4 {
			p, q, err = ParsePropertyList(append(old, make([]byte, pad)...), le)
			require.NoError(t, err)
			require.Equal(t, props, p)
			require.Nil(t, q)
		}
		for n := range len(old) - 3 { // the last three are padding
			_, _, err := ParsePropertyList(old[:n], le)
			require.ErrorIs(t, err, ErrMalformed, "%d octets", n)
		}
	}
	_, _, err := ParsePropertyList(unhex(t, "00000000 ffffffff"), true)
	require.ErrorIs(t, err, ErrMalformed)
}

func TestAppendCanonical(t *testing.T) {
	props := []BinaryProperty{
		{"c.id", []byte("ABC")}, {"c.perm", nil}, {"c.pdata", []byte{1, 2, 3, 4, 5}},
		{"c.dsign_algo", []byte("ECDSA-SHA256")}, {"c.kagree_algo", []byte("ECDH+prime256v1-CEUM")},
	}
	want := unhex(t, `
		00000005
		00000005 632e696400 000000 00000003 414243 00
		00000007 632e7065726d00 00 00000000
		00000008 632e706461746100 00000005 0102030405 000000
		0000000d 632e647369676e5f616c676f00 000000 0000000c 45434453412d534841323536
		0000000e 632e6b61677265655f616c676f00 0000 00000014 454344482b7072696d6532353676312d4345554d
	`)
	got := AppendCanonical(nil, props)
	require.Equal(t, want, got)
	require.Len(t, got, 144)
	sum := sha256.Sum256(got)
	require.Equal(t, "ca0c3631dc7eec7e337c13524e270735871c76a2366fdc948a8ac01567bad361", hex.EncodeToString(sum[:]))

	// The last value is not padded, wherever in b it all begins.
	got = AppendCanonical([]byte{9}, []BinaryProperty{{"a", []byte{1}}, {"b", []byte{2}}})
	require.Equal(t, unhex(t, "09 00000002 00000002 6100 0000 00000001 01 000000 00000002 6200 0000 00000001 02"), got)
	require.Equal(t, []byte{0, 0, 0, 0}, AppendCanonical(nil, nil))
}

func FuzzDataHolder(f *testing.F) {
	for _, tt := range holderTests {
		f.Add(unhex(f, tt.wire), tt.le)
	}
	f.Fuzz(func(t *testing.T, b []byte, le bool) {
		h, err := ParseDataHolder(b, le)
		if err != nil {
			require.ErrorIs(t, err, ErrMalformed)
			require.Zero(t, h)
			return
		}
		for _, le := range []bool{true, false} {
			wire := AppendDataHolder(nil, le, &h)
			require.Zero(t, len(wire)%4)
			again, err := ParseDataHolder(wire, le)
			require.NoError(t, err)
			require.Equal(t, h, again)
		}
	})
}

func FuzzPropertyList(f *testing.F) {
	f.Add(AppendPropertyList(nil, true, []Property{{"a", "b"}}, []BinaryProperty{{"c", []byte{1}}}), true)
	f.Add(AppendPropertyList(nil, false, []Property{{"a", "b"}}, nil), false)
	f.Fuzz(func(t *testing.T, b []byte, le bool) {
		p, q, err := ParsePropertyList(b, le)
		if err != nil {
			require.ErrorIs(t, err, ErrMalformed)
			return
		}
		p2, q2, err := ParsePropertyList(AppendPropertyList(nil, le, p, q), le)
		require.NoError(t, err)
		require.Equal(t, p, p2)
		require.Equal(t, q, q2)
	})
}
