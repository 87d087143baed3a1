package aesgcm

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/spi"
)

// The vectors were computed from the specification's formulas, by other code.

func count(from byte, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = from + byte(i)
	}
	return b
}

func testSecret() spi.SharedSecret {
	return spi.SharedSecret{
		Challenge1: [32]byte(count(0, 32)),
		Challenge2: [32]byte(count(0x20, 32)),
		Secret:     [32]byte(count(0x40, 32)),
	}
}

func unhex(t testing.TB, s string) []byte {
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

func TestAttack16_KxVectors(t *testing.T) {
	secret := testSecret()
	m := kxKey(&secret)
	require.Equal(t, unhex(t, "93eca360848c498234bc73ccf632f784dd8fc6890f5ac00dba05914d83622471"), m.salt[:])
	require.Equal(t, unhex(t, "cd1ff920b75f74a73c2e30309872a04c273bbe8d7cfdfe918defbb03db1dad04"), m.key[:])
	require.Equal(t, kindAES256GCM, m.kind)
	require.Zero(t, m.id)
}

func TestAttack16_SessionKeyVectors(t *testing.T) {
	secret := testSecret()
	m := kxKey(&secret)
	id := sessionID(0x01020304)
	recv := [32]byte(count(0x60, 32))
	require.Equal(t, unhex(t, "ece04f5443097a7055289258cbb501084328839fccd717ef8154a3a680e0268f"), m.sessionKey(&m.key, "SessionKey", id))
	require.Equal(t, unhex(t, "3db1ee6fe9115e86dc60162e45055594132d12764b80a99361f8f9f5d770ad86"), m.sessionKey(&recv, "SessionReceiverKey", id))

	m.kind, m.saltLen = kindAES128GCM, 16
	require.Equal(t, unhex(t, "03f594182510f8fe435d8256f6997fae"), m.sessionKey(&m.key, "SessionKey", id))
}

func TestAttack16_TransformVectors(t *testing.T) {
	secret := testSecret()
	m := kxKey(&secret)
	id := sessionID(0x01020304)
	iv := unhex(t, "010203041112131415161718")
	plain := count(0, 20)

	out := m.senderAEAD(id).Seal(nil, iv, plain, nil)
	require.Equal(t, unhex(t, "efd2a4bc54b2e610c39392511542cf6e00e04dff"), out[:20])
	tag := unhex(t, "50e64bb71044b5cf8ce16075b1ee0651")
	require.Equal(t, tag, out[20:])

	recv := [32]byte(count(0x60, 32))
	require.Equal(t, unhex(t, "82ab502efac95480e9ddf96a36b9c5ec"), m.receiverAEAD(&recv, id).Seal(nil, iv, nil, tag))
	require.Equal(t, unhex(t, "3c69fe92b8a14aeeb51e2e127f2edb0b"), m.senderAEAD(id).Seal(nil, iv, nil, plain))
}

// TestAttack16_OpenSubmessage opens a whole submessage built by hand around the vectors.
func TestAttack16_OpenSubmessage(t *testing.T) {
	b := unhex(t, ""+
		"31011400"+"00000004"+"00000000"+"01020304"+"1112131415161718"+
		"30011800"+"00000014"+"efd2a4bc54b2e610c39392511542cf6e00e04dff"+
		"32011400"+"50e64bb71044b5cf8ce16075b1ee0651"+"00000000")
	p := newPeer(t, spi.ParticipantAttributes{})
	// The vector's plaintext is no submessage (00 01 0203 …), so it is refused
	// only after its tag was found good.
	_, _, err := p.OpenSubmessage(nil, b)
	require.ErrorIs(t, err, errMalformed)
	b[40]++
	_, _, err = p.OpenSubmessage(nil, b)
	require.ErrorIs(t, err, errTag)
}
