package pkidh

import (
	"crypto/sha256"

	"github.com/secdds/dds/rtps"
)

// adjustGUID binds a participant's GUID to its certificate: 47 bits of the
// subject's hash, then 48 bits of the candidate's. DDS-Security 1.1, 9.3.3.
func adjustGUID(subjectDER []byte, candidate rtps.GUID) rtps.GUID {
	g := candidate
	id := subjectPrefix(subjectDER)
	copy(g.Prefix[:6], id[:])

	octets := append(candidate.Prefix[:], candidate.Entity[:]...)
	hash := sha256.Sum256(octets)
	copy(g.Prefix[6:], hash[:6])
	return g
}

// subjectPrefix returns a one bit and the first 47 bits of the subject's hash.
func subjectPrefix(subjectDER []byte) (p [6]byte) {
	s := sha256.Sum256(subjectDER)
	p[0] = 0x80 | s[0]>>1
	for i := 1; i < len(p); i++ {
		p[i] = s[i-1]<<7 | s[i]>>1
	}
	return p
}

// guidFits reports whether g may belong to whoever has that subject.
func guidFits(g rtps.GUID, subjectDER []byte) bool {
	return [6]byte(g.Prefix[:6]) == subjectPrefix(subjectDER)
}

// pdataGUID returns the participant GUID in a big-endian parameter list, which
// is to hold exactly one.
func pdataGUID(pdata []byte) (g rtps.GUID, ok bool) {
	for rest := pdata; ; {
		p, next, more, err := rtps.NextParameter(rest, false)
		if err != nil {
			return rtps.GUID{}, false
		}
		if !more {
			return g, ok
		}
		if p.ID == rtps.PIDParticipantGUID {
			if ok || len(p.Value) != 16 {
				return rtps.GUID{}, false
			}
			g, ok = rtps.GUID{Prefix: [12]byte(p.Value), Entity: [4]byte(p.Value[12:])}, true
		}
		rest = next
	}
}

// pdataAlgorithms returns the algorithm masks in a big-endian parameter list;
// nil when there are none.
func pdataAlgorithms(pdata []byte) *rtps.SecurityAlgorithms {
	a, found := rtps.DefaultSecurityAlgorithms(), false
	for rest := pdata; ; {
		p, next, more, err := rtps.NextParameter(rest, false)
		switch {
		case err == nil && more:
			found = a.ReadParameter(p, false) || found
			rest = next
			continue
		case found:
			return &a
		}
		return nil
	}
}
