package aesgcm

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/spi"
)

// A nistVector is one of NIST's CAVP test vectors: gcmEncryptExtIV128.rsp,
// gcmEncryptExtIV256.rsp and gcmDecrypt256.rsp, of 96-bit IVs and 128-bit tags.
// DDS-Security never has a plaintext and additional data at once: with aad, it is
// a GMAC.
type nistVector struct{ key, iv, plain, aad, cipher, tag string }

var nistVectors = []nistVector{
	{"11754cd72aec309bf52f7687212e8957", "3c819d9a9bed087615030b65", "", "", "", "250327c674aaf477aef2675748cf6971"},
	{"ca47248ac0b6f8372a97ac43508308ed", "ffd2b598feabc9019262d2be", "", "", "", "60d20404af527d248d893ae495707d1a"},
	{"7fddb57453c241d03efbed3ac44e371c", "ee283a3fc75575e33efd4887", "d5de42b461646c255c87bd2962d3b9a2", "", "2ccda4a5415cb91e135c2a0f78c9b2fd", "b36d1df9b9d5e596f83e8b7f52971cb3"},
	{"ab72c77b97cb5fe9a382d9fe81ffdbed", "54cc7dc2c37ec006bcc6d1da", "007c5e5b3e59df24a7c355584fc1518d", "", "0e1bde206a07a9c2c1b65300f8c64997", "2b4401346697138c7a4891ee59867d0c"},
	{"77be63708971c4e240d1cb79e8d77feb", "e0e00f19fed7ba0136a797f3", "", "7a43ec1d9c0a5a78a0b16533a6213cab", "", "209fcc8d3675ed938e9c7166709dd946"},
	{"7680c5d3ca6154758e510f4d25b98820", "f8f105f9c3df4965780321f8", "", "c94c410194c765e3dcc7964379758ed3", "", "94dca8edfcf90bb74b153c8d48a17930"},
	{"2fb45e5b8f993a2bfebc4b15b533e0b4", "5b05755f984d2b90f94b8027", "", "e85491b2202caf1d7dce03b97e09331c32473941", "", "c75b7832b2a2d9bd827412b6ef5769db"},
	{"99e3e8793e686e571d8285c564f75e2b", "c2dd0ab868da6aa8ad9c0d23", "", "b668e42d4e444ca8b23cfdd95a9fedd5178aa521144890b093733cf5cf22526c5917ee476541809ac6867a8c399309fc", "", "3f4fba100eaf1f34b0baadaae9995d85"},

	{"b52c505a37d78eda5dd34f20c22540ea1b58963cf8e5bf8ffa85f9f2492505b4", "516c33929df5a3284ff463d7", "", "", "", "bdc1ac884d332457a1d2664f168c76f0"},
	{"f5a2b27c74355872eb3ef6c5feafaa740e6ae990d9d48c3bd9bb8235e589f010", "58d2240f580a31c1d24948e9", "", "", "", "15e051a5e4a5f5da6cea92e2ebee5bac"},
	{"31bdadd96698c204aa9ce1448ea94ae1fb4a9a0b3c9d773b51bb1822666b8f22", "0d18e06c7c725ac9e362e1ce", "2db5168e932556f8089a0622981d017d", "", "fa4362189661d163fcd6a56d8bf0405a", "d636ac1bbedd5cc3ee727dc2ab4a9489"},
	{"4c8ebfe1444ec1b2d503c6986659af2c94fafe945f72c1e8486a5acfedb8a0f8", "473360e0ad24889959858995", "7789b41cb3ee548814ca0b388c10b343", "", "d2c78110ac7e8f107c0df0570bd7c90c", "c26a379b6d98ef2852ead8ce83a833a7"},
	{"1fded32d5999de4a76e0f8082108823aef60417e1896cf4218a2fa90f632ec8a", "1f3afa4711e9474f32e70462", "06b2c75853df9aeb17befd33cea81c630b0fc53667ff45199c629c8e15dce41e530aa792f796b8138eeab2e86c7b7bee1d40b0", "", "91fbd061ddc5a7fcc9513fcdfdc9c3a7c5d4d64cedf6a9c24ab8a77c36eefbf1c5dc00bc50121b96456c8cd8b6ff1f8b3e480f", "30096d340f3d5c42d82a6f475def23eb"},
	{"4433db5fe066960bdd4e1d4d418b641c14bfcef9d574e29dcd0995352850f1eb", "0e396446655582838f27f72f", "d602c06b947abe06cf6aa2c5c1562e29062ad6220da9bc9c25d66a60bd85a80d4fbcc1fb4919b6566be35af9819aba836b8b47", "", "b0d254abe43bdb563ead669192c1e57e9a85c51dba0f1c8501d1ce92273f1ce7e140dcfac94757fabb128caad16912cead0607", "ffd0b02c92dbfcfbe9d58f7ff9e6f506"},
	{"78dc4e0aaf52d935c3c01eea57428f00ca1fd475f5da86a49c8dd73d68c8e223", "d79cf22d504cc793c3fb6c8a", "", "b96baa8c1c75a671bfb2d08d06be5f36", "", "3e5d486aa2e30b22e040b85723a06e76"},
	{"4457ff33683cca6ca493878bdc00373893a9763412eef8cddb54f91318e0da88", "699d1f29d7b8c55300bb1fd2", "", "6749daeea367d0e9809e2dc2f309e6e3", "", "d60c74d2517fde4a74e0cd4709ed43a9"},
}

// fixed returns a sender whose next IV is iv, and the other side of it. Both have
// key as their session key, which nothing leads to otherwise.
func fixed(t *testing.T, k kind, key, iv []byte, octets int) (*sender, *recvKey) {
	require.Len(t, key, k.keyLen())
	m := testMaster(k, false)
	id := sessionID(binary.BigEndian.Uint32(iv))
	sk := newSendKey(m, 1<<20)
	s := sk.newSession(id)
	s.aead = newAEAD(key)
	s.start = binary.BigEndian.Uint64(iv[4:]) - uint64(octets)/16 - 1
	s.suffix.Store(s.start)
	sk.current.Store(s)
	c := &sender{kind: k}
	c.active.Store(sk)
	c.offered.Store(sk)
	rk := &recvKey{master: m}
	rk.sessions.add(session{id, newAEAD(key)})
	return c, rk
}

// TestAttack16_NIST takes the vectors through the transforms, sealing and
// opening: as payloads, as submessages, and as receiver-specific MACs where they
// are of that form.
func TestAttack16_NIST(t *testing.T) {
	for _, v := range nistVectors {
		key, iv, tag := unhex(t, v.key), unhex(t, v.iv), unhex(t, v.tag)
		body, want := unhex(t, v.plain), unhex(t, v.cipher)
		k := kindAES256GCM
		switch {
		case len(key) == 16 && v.aad != "":
			k = kindAES128GMAC
		case len(key) == 16:
			k = kindAES128GCM
		case v.aad != "":
			k = kindAES256GMAC
		}
		if v.aad != "" {
			body = unhex(t, v.aad)
			want = body
		}
		head := append([]byte{0, 0, 0, byte(k), 9, 8, 7, 6}, iv...)
		pad := pad4(len(want))

		// The payload: CryptoHeader, length, ciphertext, MAC, alignment, count.
		c, rk := fixed(t, k, key, iv, len(body))
		wire, err := payloadSealer{c}.SealPayload(nil, body)
		require.NoError(t, err)
		layout := bytes.Clone(head)
		if k.encrypts() {
			layout = binary.BigEndian.AppendUint32(layout, uint32(len(body)))
		}
		require.Equal(t, join(layout, want, tag, make([]byte, pad+4)), wire)
		q := &pair{}
		q.payloads.Store(&[]*recvKey{rk})
		out, err := q.OpenPayload(nil, wire)
		require.NoError(t, err)
		require.Equal(t, body, append([]byte{}, out...))
		out, err = q.OpenPayloadInPlace(bytes.Clone(wire))
		require.NoError(t, err)
		require.Equal(t, body, append([]byte{}, out...))
		wire[len(layout)+len(want)] ^= 1
		_, err = q.OpenPayload(nil, wire)
		require.ErrorIs(t, err, errTag)

		// The submessage: prefix, body, postfix. What is signed has to be whole
		// submessages for split, so that it is opened behind that.
		c, _ = fixed(t, k, key, iv, len(body))
		b := make([]byte, c.room(), overhead(0)+len(body)+3)
		wire, err = c.seal(b, subSecPrefix, subSecPostfix, body, nil)
		require.NoError(t, err)
		layout = append([]byte{subSecPrefix, flagE, cryptoHeaderLen, 0}, head...)
		if k.encrypts() {
			layout = append(layout, subSecBody, flagE, byte(4+len(body)+pad), 0)
			layout = binary.BigEndian.AppendUint32(layout, uint32(len(body)))
		}
		require.Equal(t, join(layout, want, make([]byte, pad), []byte{subSecPostfix, flagE, 20, 0}, tag, make([]byte, 4)), wire)
		s := &sealed{crypto: head, body: want, tag: tag}
		out, err = rk.open(nil, s)
		require.NoError(t, err)
		require.Equal(t, body, append([]byte{}, out...))

		// A receiver-specific MAC is a GMAC of 16 octets.
		if len(v.aad) == 32 {
			r := &recvMAC{pair: q, id: [4]byte{1, 2, 3, 4}}
			r.sessions.add(session{sessionID(binary.BigEndian.Uint32(iv)), newAEAD(key)})
			require.True(t, rk.verify(r, s, body, tag))
			tag[3] ^= 1
			require.False(t, rk.verify(r, s, body, tag))
		}
	}
}

// TestAttack16_Submessages seals whole submessages around the vectors of the
// derivation: with the key exchange's key, a receiver-specific key beside it, and
// the signing kind. The opposite of TestAttack16_OpenSubmessage.
func TestAttack16_Submessages(t *testing.T) {
	secret := testSecret()
	m := kxKey(&secret)
	id := sessionID(0x01020304)
	seal := func(k kind, m masterKey, key []byte, withReceiver bool) []byte {
		c, _ := fixed(t, k, key, unhex(t, "010203041112131415161718"), 20)
		sk := c.active.Load()
		sk.master = m
		s := sk.newSession(id) // derives the key itself
		s.start = sk.current.Load().start
		s.suffix.Store(s.start)
		sk.current.Store(s)
		var to []spi.Receiver
		if withReceiver {
			to = append(to, &receiver{of: c, keys: []receiverKey{{of: sk, id: [4]byte{0xa, 0xb, 0xc, 0xd}, secret: [32]byte(count(0x60, 32))}}})
		}
		b, err := c.seal(make([]byte, c.room(), 512), subSecPrefix, subSecPostfix, count(0, 20), to)
		require.NoError(t, err)
		return b
	}
	require.Equal(t, unhex(t, ""+
		"31011400"+"00000004"+"00000000"+"01020304"+"1112131415161718"+
		"30011800"+"00000014"+"efd2a4bc54b2e610c39392511542cf6e00e04dff"+
		"32012800"+"50e64bb71044b5cf8ce16075b1ee0651"+"00000001"+"0a0b0c0d"+"82ab502efac95480e9ddf96a36b9c5ec"),
		seal(kindAES256GCM, m, make([]byte, 32), true))

	m.kind = kindAES256GMAC
	require.Equal(t, unhex(t, ""+
		"31011400"+"00000003"+"00000000"+"01020304"+"1112131415161718"+
		"000102030405060708090a0b0c0d0e0f10111213"+
		"32011400"+"3c69fe92b8a14aeeb51e2e127f2edb0b"+"00000000"),
		seal(kindAES256GMAC, m, make([]byte, 32), false))
}
