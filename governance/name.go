package governance

import (
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
)

// A Name is a distinguished name: relative distinguished names, most specific
// first as RFC 4514 writes them.
type Name []RDN

// An RDN is a set of attributes; nearly always one.
type RDN []Attribute

// An Attribute is a type, as a dotted object identifier, and a value.
type Attribute struct{ Type, Value string }

var attributeTypes = map[string]string{
	"CN": "2.5.4.3", "SN": "2.5.4.4", "SERIALNUMBER": "2.5.4.5", "C": "2.5.4.6", "L": "2.5.4.7",
	"ST": "2.5.4.8", "S": "2.5.4.8", "STREET": "2.5.4.9", "O": "2.5.4.10", "OU": "2.5.4.11",
	"TITLE": "2.5.4.12", "POSTALCODE": "2.5.4.17", "NAME": "2.5.4.41", "GN": "2.5.4.42", "GIVENNAME": "2.5.4.42",
	"INITIALS": "2.5.4.43", "GENERATIONQUALIFIER": "2.5.4.44", "DNQUALIFIER": "2.5.4.46", "PSEUDONYM": "2.5.4.65",
	"COMMONNAME": "2.5.4.3", "SURNAME": "2.5.4.4", "COUNTRYNAME": "2.5.4.6", "LOCALITYNAME": "2.5.4.7",
	"STATEORPROVINCENAME": "2.5.4.8", "ORGANIZATIONNAME": "2.5.4.10", "ORGANIZATIONALUNITNAME": "2.5.4.11",
	"UID": "0.9.2342.19200300.100.1.1", "DC": "0.9.2342.19200300.100.1.25",
	"EMAILADDRESS": "1.2.840.113549.1.9.1", "EMAIL": "1.2.840.113549.1.9.1", "E": "1.2.840.113549.1.9.1",
}

var attributeNames = map[string]string{
	"2.5.4.3": "CN", "2.5.4.4": "SN", "2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST",
	"2.5.4.9": "STREET", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.12": "title", "2.5.4.42": "GN",
	"0.9.2342.19200300.100.1.1": "UID", "0.9.2342.19200300.100.1.25": "DC", "1.2.840.113549.1.9.1": "emailAddress",
}

// NameFromDER returns the name of a certificate's subject as it stands in it.
func NameFromDER(der []byte) (Name, error) {
	type attribute struct {
		Type  asn1.ObjectIdentifier
		Value asn1.RawValue
	}
	type attributesSET []attribute
	var seq []attributesSET
	if rest, err := asn1.Unmarshal(der, &seq); err != nil || len(rest) > 0 {
		return nil, errors.New("subject of the certificate: expected a DER sequence of names")
	}
	var n Name
	for _, set := range slices.Backward(seq) {
		var rdn RDN
		for _, a := range set {
			rdn = append(rdn, Attribute{a.Type.String(), stringValue(a.Value)})
		}
		n = append(n, rdn.sorted())
	}
	return n, nil
}

// stringValue decodes the string types of X.520; of others it returns the
// octets in hex, as RFC 4514, 2.4 does.
func stringValue(v asn1.RawValue) string {
	if v.Class != asn1.ClassUniversal || v.IsCompound {
		return "#" + hex.EncodeToString(v.FullBytes)
	}
	switch v.Tag {
	case asn1.TagUTF8String, asn1.TagPrintableString, asn1.TagIA5String, asn1.TagNumericString, asn1.TagT61String:
		return string(v.Bytes)
	case asn1.TagBMPString:
		var u []uint16
		for i := 0; i+1 < len(v.Bytes); i += 2 {
			u = append(u, uint16(v.Bytes[i])<<8|uint16(v.Bytes[i+1]))
		}
		return string(utf16.Decode(u))
	}
	return "#" + hex.EncodeToString(v.FullBytes)
}

// ParseName reads a name in text: RFC 4514 and 2253 ("CN=a,O=b"), OpenSSL's
// oneline form ("/O=b/CN=a") and its variant with spaces ("O = b, CN = a").
func ParseName(text string) (Name, error) {
	if len(text) > MaxExpression {
		return nil, fmt.Errorf("name of %d octets, expected at most %d", len(text), MaxExpression)
	}
	if strings.HasPrefix(text, "/") {
		return parseOneline(text[1:])
	}
	var n Name
	for _, part := range splitRDNs(text, ",;") {
		var rdn RDN
		for _, a := range splitRDNs(part, "+") {
			typ, value, err := cutAttribute(a)
			if err != nil {
				return nil, err
			}
			if value, err = unescape(value); err != nil {
				return nil, err
			}
			rdn = append(rdn, Attribute{typ, value})
		}
		n = append(n, rdn.sorted())
	}
	return n, nil
}

// parseOneline reads OpenSSL's oneline form, which is in the certificate's
// order and escapes nothing.
func parseOneline(text string) (Name, error) {
	var n Name
	for _, part := range splitOneline(text) {
		typ, value, err := cutAttribute(part)
		if err != nil {
			return nil, err
		}
		n = append(n, RDN{{typ, value}})
	}
	slices.Reverse(n)
	return n, nil
}

// splitOneline splits at slashes that begin an attribute: values such as
// "/talker" hold slashes too.
func splitOneline(text string) []string {
	var parts []string
	for _, s := range strings.Split(text, "/") {
		typ, _, eq := strings.Cut(s, "=")
		if _, err := attributeType(typ); len(parts) > 0 && (!eq || err != nil) {
			parts[len(parts)-1] += "/" + s
			continue
		}
		parts = append(parts, s)
	}
	return parts
}

// splitRDNs splits at separators that are neither escaped nor quoted.
func splitRDNs(text, separators string) []string {
	var parts []string
	from, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && strings.IndexByte(separators, c) >= 0:
			parts = append(parts, text[from:i])
			from = i + 1
		}
	}
	return append(parts, text[from:])
}

func cutAttribute(text string) (typ, value string, err error) {
	typ, value, ok := strings.Cut(text, "=")
	if !ok {
		return "", "", fmt.Errorf("expected attribute=value, found %.64q", strings.TrimSpace(text))
	}
	typ, err = attributeType(typ)
	return typ, value, err
}

func attributeType(text string) (string, error) {
	text = strings.ToUpper(strings.TrimSpace(text))
	if oid, ok := attributeTypes[text]; ok {
		return oid, nil
	}
	text = strings.TrimPrefix(text, "OID.")
	if text != "" && strings.Trim(text, "0123456789.") == "" {
		return text, nil
	}
	return "", fmt.Errorf("unknown attribute %.64q; expected CN, O, C or another of RFC 4514", text)
}

func unescape(text string) (string, error) {
	text = strings.TrimLeft(text, " ")
	if strings.HasPrefix(text, "#") { // the value in DER
		der, err := hex.DecodeString(strings.TrimSpace(text[1:]))
		if err != nil {
			return "", fmt.Errorf("bad hexadecimal value %.64q", text)
		}
		var v asn1.RawValue
		if rest, err := asn1.Unmarshal(der, &v); err != nil || len(rest) > 0 {
			return "", fmt.Errorf("bad hexadecimal value %.64q", text)
		}
		return stringValue(v), nil
	}
	var b []byte
	keep := 0 // octets that trimming must leave
	quoted := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '"':
			quoted = !quoted
			keep = len(b)
			continue
		case c == '\\' && i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2]):
			v, err := hex.DecodeString(text[i+1 : i+3])
			if err != nil {
				return "", err
			}
			b = append(b, v...)
			i += 2
			keep = len(b)
			continue
		case c == '\\':
			i++
			if i == len(text) {
				return "", errors.New("a backslash at the end of a value")
			}
			b = append(b, text[i])
			keep = len(b)
			continue
		}
		b = append(b, c)
		if quoted {
			keep = len(b)
		}
	}
	if quoted {
		return "", errors.New("a quotation mark is not closed")
	}
	for len(b) > keep && b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	return string(b), nil
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func (r RDN) sorted() RDN {
	slices.SortFunc(r, func(a, b Attribute) int {
		if c := strings.Compare(a.Type, b.Type); c != 0 {
			return c
		}
		return strings.Compare(a.Value, b.Value)
	})
	return r
}

// Equal reports whether both names have the same attributes in the same order.
func (n Name) Equal(o Name) bool {
	return slices.EqualFunc(n, o, func(a, b RDN) bool { return slices.Equal(a, b) })
}

// Matches reports whether the names are equal, in either direction: some tools
// write a name in the certificate's order and some, as RFC 4514 has it,
// backwards. Attribute types and values are compared exactly. The empty name
// matches nothing.
func (n Name) Matches(o Name) bool {
	back := slices.Clone(o)
	slices.Reverse(back)
	return len(n) > 0 && (n.Equal(o) || n.Equal(back))
}

// SameAttributes reports whether both have the same attributes in any order.
func (n Name) SameAttributes(o Name) bool {
	flat := func(n Name) RDN { return RDN(slices.Concat(n...)).sorted() }
	return slices.Equal(flat(n), flat(o))
}

// String returns n as RFC 4514 text.
func (n Name) String() string {
	var b strings.Builder
	for i, rdn := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		for j, a := range rdn {
			if j > 0 {
				b.WriteByte('+')
			}
			typ := attributeNames[a.Type]
			if typ == "" {
				typ = a.Type
			}
			b.WriteString(typ + "=" + escape(a.Value))
		}
	}
	return b.String()
}

func escape(v string) string {
	var b strings.Builder
	for i := 0; i < len(v); i++ {
		c := v[i]
		switch {
		case strings.IndexByte(`,+"\<>;=`, c) >= 0, i == 0 && (c == ' ' || c == '#'), i == len(v)-1 && c == ' ':
			b.WriteByte('\\')
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, "\\%02x", c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}
