package aesgcm

import (
	"errors"
	"fmt"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// DDS-Security 1.1, 9.5.2.2.
const (
	tokenClass  = "DDS:Crypto:AES_GCM_GMAC"
	tokenKeymat = "dds.cryp.keymat"
)

// maxTokens bounds how many tokens one SetTokens takes. Nobody sends more than two.
const maxTokens = 8

func tokenOf(m *masterKey) spi.Token {
	return spi.Token{
		ClassID:          tokenClass,
		BinaryProperties: []rtps.BinaryProperty{{Name: tokenKeymat, Value: m.append(nil)}},
	}
}

// parseTokens decodes what one crypto token message carries. revisions reports
// whether the participants have agreed on key revision: DDS-Security 1.1 knows
// none, and all who match us have the same setting.
func parseTokens(tokens []spi.Token, revisions bool) ([]masterKey, error) {
	if len(tokens) == 0 || len(tokens) > maxTokens {
		return nil, fmt.Errorf("aesgcm: %d crypto tokens, want 1 or 2", len(tokens))
	}
	keys := make([]masterKey, 0, len(tokens))
	for i := range tokens {
		if c := tokens[i].ClassID; c != tokenClass {
			return nil, fmt.Errorf("aesgcm: crypto token of class %.64q, want %q", c, tokenClass)
		}
		m, err := parseKeymat(tokens[i].Binary(tokenKeymat))
		if err != nil {
			return nil, err
		}
		if m.revision != 0 && !revisions {
			return nil, fmt.Errorf("aesgcm: key of revision %d from a peer, but enable_key_revision is false here", m.revision)
		}
		keys = append(keys, m)
	}
	return keys, nil
}

// checkKey reports why m cannot be the peer's key for something protected by p.
func checkKey(m *masterKey, p spi.Protection) error {
	switch {
	case !m.kind.fits(p):
		return fmt.Errorf("aesgcm: key of transformation kind %d from a peer, but the protection kind here is %v", m.kind, p)
	case p.IsOrigin() && m.recvID == [4]byte{}:
		return errors.New("aesgcm: no receiver-specific key from a peer, but the protection kind here is " + p.String())
	}
	return nil
}
