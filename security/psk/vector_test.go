package psk

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/spi"
)

// The vectors were computed by other code from the formulas that a decoder of
// another vendor's messages follows; they were not captured.
const (
	vecHeader = "52545053 0205 0101 0102030405060708090a0b0c"
	vecPlain  = "0c01140000000000020501010102030405060708090a0b0c090108000100000000000080"
	vecCipher = "b79c22f1ca768e4668ff5e1e4e6b68862d7ca53dbc443ad8537c4e8467a7a63e9054d647"

	vecFront = "1400 00000004 00000005 00000000 1112131415161718 30012800 00000024"
	vecWhole = vecHeader + "3305" + vecFront + vecCipher + "34011400 fa6fabe6924546d5aa3bd0c44323df5b 00000000"
	vecAAD   = vecHeader + "3307" + vecFront + vecCipher + "34011400 4b698bd7f2774cbf52b31b2e709a409d 00000000"

	vecExtension = "00230800 7c000000 be3f1ba3"
	vecExtended  = vecHeader + vecExtension + "3307" + vecFront + vecCipher +
		"34011400 df0cb368c1a8eb0617b775d876b5c48b 00000000"

	vecCipher128 = "7b55479ef98b43305d739358b41c2f2b7d015f3c301cde5b03002df7b19d92890a81fa03"
	vecFront128  = "1400 00000002 00000005 00000000 1112131415161718 30012800 00000024"
	vecWhole128  = vecHeader + "3305" + vecFront128 + vecCipher128 + "34011400 5bc0ead67a62cb7b0743f301e011d306 00000000"
	vecAAD128    = vecHeader + "3307" + vecFront128 + vecCipher128 + "34011400 ca1e22fcd724c0d82c8b897a82121493 00000000"

	vecSigned = vecHeader + "3305 1400 00000003 00000005 00000000 1112131415161718" + vecPlain +
		"34011400 b1bc69a6e32a8698c91bd32db7f94ffc 00000000"
)

func vecDerivation(t testing.TB, keyLen uint8) *derivation {
	return &derivation{
		seed: &seed{5, []byte(seedA)}, header: [headerLen]byte(unhex(t, vecHeader)),
		keyID: [4]byte{0, 0, 0, 5}, keyLen: keyLen,
	}
}

func TestDerivationVectors(t *testing.T) {
	d := vecDerivation(t, 32)
	require.Equal(t, unhex(t, "50534b2d534b45590000000552545053020501010102030405060708090a0b0c"), d.publicSalt("PSK-SKEY"))
	require.Equal(t, unhex(t, "50534b2d53414c540000000552545053020501010102030405060708090a0b0c"), d.publicSalt("PSK-SALT"))
	for label, want := range map[string]string{
		"PSK-SKEY": "0b00e10e8e13033f5659ea7cb97b932e585319edfd44ca1b83e25c11978d0361",
		"PSK-SALT": "c61270b9f19f12f9f515dcf90032c7d63358858e3a2777b62ac54b7e186cbee9",
	} {
		prk, err := hkdf.Extract(sha256.New, d.seed.secret, d.publicSalt(label))
		require.NoError(t, err)
		require.Equal(t, unhex(t, want), prk, label)
	}
	key, salt := d.master()
	require.Equal(t, unhex(t, "f61c0fe3f9babc969aacbe8ce8e96f9285577a872a219395438db27b336308a3"), key)
	require.Equal(t, unhex(t, "fdfb7c3c024d185544e9f01e7cb0dfda82abe8b8ce62f9fc5c95e3bc2aed86db"), salt)
	require.Equal(t, unhex(t, "a537254a05797fd47701fc0eb40ed75737a29b4af3edc5dbe9e1c820cacd9b29"), d.sessionKey())
	require.Equal(t, unhex(t, "457f586a4733d240fb04ad8f5950a7d1"), vecDerivation(t, 16).sessionKey())
}

func TestTransformVectors(t *testing.T) {
	iv, plain, header := unhex(t, "000000001112131415161718"), unhex(t, vecPlain), unhex(t, vecHeader)
	extended := unhex(t, "52545053020501010102030405060708090a0b0c002308000000000000000000")
	require.Equal(t, extended, appendExtension(header[:headerLen:headerLen], unhex(t, vecExtension)))

	for _, row := range []struct {
		keyLen              uint8
		aad                 []byte
		wantCipher, wantTag string
	}{
		{32, nil, vecCipher, "fa6fabe6924546d5aa3bd0c44323df5b"},
		{32, header, vecCipher, "4b698bd7f2774cbf52b31b2e709a409d"},
		{32, extended, vecCipher, "df0cb368c1a8eb0617b775d876b5c48b"},
		{16, nil, vecCipher128, "5bc0ead67a62cb7b0743f301e011d306"},
		{16, header, vecCipher128, "ca1e22fcd724c0d82c8b897a82121493"},
	} {
		out := vecDerivation(t, row.keyLen).aead().Seal(nil, iv, plain, row.aad)
		require.Equal(t, unhex(t, row.wantCipher), out[:len(plain)])
		require.Equal(t, unhex(t, row.wantTag), out[len(plain):])
	}
	require.Equal(t, unhex(t, "b1bc69a6e32a8698c91bd32db7f94ffc"), vecDerivation(t, 32).aead().Seal(nil, iv, nil, plain))
}

var wholeVectors = []struct {
	name, msg string
	cfg       Config
	kind      spi.Protection
}{
	{"AES256", vecWhole, Config{}, spi.ProtectEncrypt},
	{"AES256 AAD", vecAAD, Config{HeaderAAD: true}, spi.ProtectEncrypt},
	{"AES256 AAD extension", vecExtended, Config{}, spi.ProtectEncrypt},
	{"AES128", vecWhole128, Config{Cipher: AES128}, spi.ProtectEncrypt},
	{"AES128 AAD", vecAAD128, Config{Cipher: AES128, HeaderAAD: true}, spi.ProtectEncrypt},
	{"AES256 GMAC", vecSigned, Config{}, spi.ProtectSign},
}

// TestWholeVectors opens the messages, and, where we would send such a one,
// makes them.
func TestWholeVectors(t *testing.T) {
	for _, v := range wholeVectors {
		t.Run(v.name, func(t *testing.T) {
			a, b := pair(t, v.cfg, v.kind)
			msg := unhex(t, v.msg)
			want := unhex(t, vecHeader+vecPlain)
			got, err := b.OpenMessage(nil, msg)
			require.NoError(t, err)
			require.Equal(t, want, got)

			// Without the count of receiver-specific MACs.
			short := bytes.Clone(msg[:len(msg)-countLen])
			short[len(short)-tagLen-2] = tagLen
			got, err = b.OpenMessage([]byte("dst"), short)
			require.NoError(t, err)
			require.Equal(t, "dst"+string(want), string(got))

			if v.msg == vecExtended {
				return // we send no header extension
			}
			header := [headerLen]byte(msg)
			s := a.newSession(a.plugin.keys.Load(), &header, 0)
			s.start = 0x1112131415161718 - 3 // three blocks from here
			s.suffix.Store(s.start)
			a.sending.Store(s)
			plain := append(bytes.Clone(msg[:headerLen]), unhex(t, vecPlain)[infoSrcLen:]...)
			require.Equal(t, msg, seal(t, a, plain))
			require.Equal(t, s.start+3, s.suffix.Load())
		})
	}
}

// TestVectorsFlipped gives every octet of every vector every other value. Only
// the header extension's length and checksum, which are written once the message
// is sealed, are not bound: they are not read, either.
func TestVectorsFlipped(t *testing.T) {
	for _, v := range wholeVectors {
		_, b := pair(t, v.cfg, v.kind)
		msg := unhex(t, v.msg)
		free := func(i int) bool { return v.msg == vecExtended && i >= 24 && i < 32 }
		for i := range msg {
			was := msg[i]
			for x := 1; x < 256; x++ {
				msg[i] = was ^ byte(x)
				got, err := b.OpenMessage([]byte("dst"), msg)
				if free(i) {
					require.NoError(t, err)
					continue
				}
				require.Error(t, err, "%s: octet %d ^ %#x", v.name, i, x)
				require.Equal(t, "dst", string(got))
			}
			msg[i] = was
		}
		_, err := b.OpenMessage(nil, msg)
		require.NoError(t, err)
		for n := range len(msg) {
			_, err := b.OpenMessage(nil, msg[:n])
			require.Error(t, err, "%s: truncated to %d", v.name, n)
		}
		_, err = b.OpenMessage(nil, append(msg, 0, 0, 0, 0))
		require.Error(t, err)
	}
}

// TestChecksumSpan: what is zeroed is what has to be.
func TestChecksumSpan(t *testing.T) {
	msg := unhex(t, vecExtended)
	require.EqualValues(t, len(msg), binary.LittleEndian.Uint32(msg[24:]))
	for _, row := range []struct {
		flags    byte
		from, to int
	}{
		{0x01, 0, 0}, {0x03, 4, 4}, {0x23, 4, 8}, {0x21, 0, 4}, {0x3f, 24, 28}, {0x41, 0, 8}, {0x61, 0, 16}, {0x7f, 24, 40},
	} {
		from, to := checksumSpan(row.flags)
		require.Equal(t, []int{row.from, row.to}, []int{from, to}, "flags %#x", row.flags)
	}
}
