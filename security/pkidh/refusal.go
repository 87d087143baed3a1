package pkidh

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/secdds/dds/spi"
)

// at returns err with the document that it is about. A refusal that names one
// already keeps it.
func at(document string, err error) error {
	if r, ok := err.(*spi.Refusal); ok {
		if r.Document == "" {
			r.Document = document
		}
		return r
	}
	if err == nil {
		return nil
	}
	return &spi.Refusal{Document: document, Err: err}
}

// unlike is the refusal of a property that is not what it is to be.
func unlike(rule, expected, found string, args ...any) *spi.Refusal {
	return &spi.Refusal{Rule: rule, Expected: expected, Found: fmt.Sprintf(found, args...)}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// nameText returns the RFC 4514 text of a name in DER.
func nameText(der []byte) string {
	var name pkix.RDNSequence
	if rest, err := asn1.Unmarshal(der, &name); err != nil || len(rest) > 0 {
		return ""
	}
	return name.String()
}

// nearly says how two names in DER are alike though they are not the same; ""
// when they are not alike. Names are compared as octets, as x509 does and as
// the GUID's hash asks for.
func nearly(a, b []byte) string {
	var an, bn pkix.RDNSequence
	if _, err := asn1.Unmarshal(a, &an); err != nil {
		return ""
	}
	if _, err := asn1.Unmarshal(b, &bn); err != nil {
		return ""
	}
	if string(a) == string(b) {
		return ""
	}
	if an.String() == bn.String() {
		return "the same text in another encoding"
	}
	set := func(n pkix.RDNSequence) []string {
		var out []string
		for _, rdn := range n {
			for _, v := range rdn {
				out = append(out, fmt.Sprintf("%s=%v", v.Type, v.Value))
			}
		}
		slices.Sort(out)
		return out
	}
	as, bs := set(an), set(bn)
	if slices.Equal(as, bs) {
		return "the same attributes in another order"
	}
	if slices.EqualFunc(as, bs, strings.EqualFold) {
		return "the same attributes but for capital letters"
	}
	return ""
}

// quoteName returns a name for the text of an error.
func quoteName(der []byte) string { return fmt.Sprintf("%q", nameText(der)) }
