package rtps

// An AlgorithmMask says of one kind of algorithm which ones a participant can do
// and which ones its peers must be able to do. DDS-Security 1.2.
type AlgorithmMask struct{ Supported, Required uint32 }

// Bits of the masks of SecurityAlgorithms. DDS-Security 1.2.
const (
	SignRSA2048PSS   uint32 = 1 << 0 // RSASSA-PSS-MGF1SHA256+2048+SHA256
	SignRSA2048PKCS1 uint32 = 1 << 1 // RSASSA-PKCS1-V1_5+2048+SHA256: in chains of certificates only
	SignECDSAP256    uint32 = 1 << 2 // ECDSA+P256+SHA256
	SignECDSAP384    uint32 = 1 << 3 // ECDSA+P384+SHA384

	AgreeMODP2048 uint32 = 1 << 0 // DHE+MODP-2048-256
	AgreeP256     uint32 = 1 << 1 // ECDHE-CEUM+P256
	AgreeP384     uint32 = 1 << 2 // ECDHE-CEUM+P384

	CipherAES128 uint32 = 1 << 0
	CipherAES256 uint32 = 1 << 1

	// AlgorithmsCompatible, in a mask of required algorithms, says that one of
	// them is enough.
	AlgorithmsCompatible uint32 = 1 << 31
)

// SecurityAlgorithms are the masks a participant of DDS-Security 1.2 announces:
// PIDs 0x1010 to 0x1012. It is comparable.
type SecurityAlgorithms struct {
	TrustChain  AlgorithmMask // signatures of certificates
	MessageAuth AlgorithmMask // signatures of handshakes
	Agreement   AlgorithmMask // of keys

	CipherSupported   uint32
	CipherBuiltin     uint32 // required for the built-in endpoints
	CipherKeyExchange uint32 // required for the exchange of keys
	CipherUser        uint32 // required for endpoints that announce nothing else
}

// DefaultSecurityAlgorithms is what a participant has that announces none, and
// what of the masks it leaves out. DDS-Security 1.2.
func DefaultSecurityAlgorithms() SecurityAlgorithms {
	return SecurityAlgorithms{
		TrustChain:        AlgorithmMask{SignRSA2048PSS | SignRSA2048PKCS1 | SignECDSAP256, SignECDSAP256},
		MessageAuth:       AlgorithmMask{SignRSA2048PSS | SignECDSAP256, SignECDSAP256},
		Agreement:         AlgorithmMask{AgreeMODP2048 | AgreeP256, AgreeP256},
		CipherSupported:   CipherAES128 | CipherAES256,
		CipherBuiltin:     CipherAES256,
		CipherKeyExchange: CipherAES256,
		CipherUser:        CipherAES256,
	}
}

// AppendParameters appends a as the three parameters of a participant.
func (a *SecurityAlgorithms) AppendParameters(b []byte, littleEndian bool) []byte {
	put := func(id ParameterID, words ...uint32) {
		var mark int
		b, mark = BeginParameter(b, littleEndian, id)
		for _, w := range words {
			b = AppendUint32(b, littleEndian, w)
		}
		b = EndParameter(b, littleEndian, mark)
	}
	put(PIDParticipantSignatureAlgorithms, a.TrustChain.Supported, a.TrustChain.Required, a.MessageAuth.Supported, a.MessageAuth.Required)
	put(PIDParticipantKeyEstablishmentAlgorithms, a.Agreement.Supported, a.Agreement.Required)
	put(PIDParticipantCipherAlgorithms, a.CipherSupported, a.CipherBuiltin, a.CipherKeyExchange, a.CipherUser)
	return b
}

// ReadParameter takes p if it is one of the three parameters, and reports
// whether it is. A parameter that is too short is not one: other vendors had
// other uses for these ids.
func (a *SecurityAlgorithms) ReadParameter(p Parameter, littleEndian bool) bool {
	c := NewCursor(p.Value, littleEndian)
	n := *a
	switch p.ID {
	case PIDParticipantSignatureAlgorithms:
		n.TrustChain = AlgorithmMask{c.Uint32(), c.Uint32()}
		n.MessageAuth = AlgorithmMask{c.Uint32(), c.Uint32()}
	case PIDParticipantKeyEstablishmentAlgorithms:
		n.Agreement = AlgorithmMask{c.Uint32(), c.Uint32()}
	case PIDParticipantCipherAlgorithms:
		n.CipherSupported, n.CipherBuiltin = c.Uint32(), c.Uint32()
		n.CipherKeyExchange, n.CipherUser = c.Uint32(), c.Uint32()
	default:
		return false
	}
	if c.Short() {
		return false
	}
	*a = n
	return true
}
