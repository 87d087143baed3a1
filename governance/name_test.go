package governance

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNames(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"CN=/talker", "CN=/talker"},
		{"/CN=/talker_listener/talker", "CN=/talker_listener/talker"},
		{"CN=a,O=b,C=c", "CN=a,O=b,C=c"},
		{"/C=c/O=b/CN=a", "CN=a,O=b,C=c"},
		{"/C=c/O=b, Inc. + Co/CN=a", `CN=a,O=b\, Inc. \+ Co,C=c`},
		{"C = c, O = b, CN = a", "C=c,O=b,CN=a"},
		{" cn = a ; o=b ", "CN=a,O=b"},
		{`CN=a\,b,O="x, y+z"`, `CN=a\,b,O=x\, y\+z`},
		{`CN=\ a\ ,O=b`, `CN=\ a\ ,O=b`},
		{`CN=J\c3\bcrgen`, "CN=Jürgen"},
		{"CN=a+UID=b", "UID=b+CN=a"},
		{"emailAddress=x@y,CN=a", "emailAddress=x@y,CN=a"},
		{"E=x@y,CN=a", "emailAddress=x@y,CN=a"},
		{"1.2.840.113549.1.9.1=x@y,CN=a", "emailAddress=x@y,CN=a"},
		{"OID.1.2.840.113549.1.9.1=#0c03784079,CN=a", "emailAddress=x@y,CN=a"},
		{"1.2.3=x", "1.2.3=x"},
		{"CN=", "CN="},
	} {
		n, err := ParseName(tt.text)
		require.NoError(t, err, tt.text)
		require.Equal(t, tt.want, n.String())
		again, err := ParseName(n.String())
		require.NoError(t, err)
		require.True(t, n.Equal(again), "%q is a fixed point", n)
	}
	for _, bad := range []string{"", "talker", "CN", "CN=a,", "=a", "XX=a", `CN="a`, `CN=a\`, "CN=#zz", "CN=#0c05", "/", "/talker", "/a=b"} {
		_, err := ParseName(bad)
		require.Error(t, err, bad)
	}
}

func TestNameFromDER(t *testing.T) {
	subject := pkix.Name{
		CommonName: "a, b", Organization: []string{"Örg"}, Country: []string{"DE"},
		ExtraNames: []pkix.AttributeTypeAndValue{{Type: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}, Value: "x@y"}},
	}
	der, err := asn1.Marshal(subject.ToRDNSequence())
	require.NoError(t, err)
	n, err := NameFromDER(der)
	require.NoError(t, err)
	for _, text := range []string{
		n.String(), subject.String(), `emailAddress=x@y,CN=a\, b,O=Örg,C=DE`, "/C=DE/O=Örg/CN=a, b/emailAddress=x@y",
		`C = DE, O = Örg, CN = "a, b", emailAddress = x@y`,
	} {
		m, err := ParseName(text)
		require.NoError(t, err)
		require.True(t, m.Matches(n), "%s against %s", text, n)
	}
	for _, text := range []string{`CN=a\, b,O=Örg,C=DE`, `CN=A\, B,O=Örg,C=DE,emailAddress=x@y`, `emailAddress=x@y,O=Örg,CN=a\, b,C=DE`, `emailAddress=x@y,CN=a\, b,O=Örg,C=DE,C=DE`} {
		m, err := ParseName(text)
		require.NoError(t, err)
		require.False(t, m.Matches(n), text)
	}
	_, err = NameFromDER(der[:len(der)-1])
	require.Error(t, err)
	_, err = NameFromDER(append(der, 0))
	require.Error(t, err)

	// A PrintableString and a UTF8String of the same text are one name; a BMPString too.
	for _, s := range []string{"\x0c\x01a", "\x13\x01a", "\x1e\x02\x00a"} {
		rdn := "\x30" + string(rune(5+len(s))) + "\x06\x03\x55\x04\x03" + s
		n, err := NameFromDER([]byte("\x30" + string(rune(len(rdn)+2)) + "\x31" + string(rune(len(rdn))) + rdn))
		require.NoError(t, err)
		require.Equal(t, "CN=a", n.String())
	}
}

func FuzzParseName(f *testing.F) {
	f.Add(`CN=a\,b+UID=x,O="x, y+z"`)
	f.Add("/C=c/O=b/CN=/talker")
	f.Add("1.2.3=#0c0178;CN=\\c3\\bc")
	f.Fuzz(func(t *testing.T, text string) {
		n, err := ParseName(text)
		if err != nil || len(n.String()) > MaxExpression {
			return
		}
		again, err := ParseName(n.String())
		require.NoError(t, err, n.String())
		require.True(t, n.Equal(again), "%q %q", n, again)
		require.True(t, n.Matches(again))
		require.True(t, n.SameAttributes(again))
	})
}

func FuzzNameFromDER(f *testing.F) {
	der, _ := asn1.Marshal(pkix.Name{CommonName: "a", Country: []string{"DE"}}.ToRDNSequence())
	f.Add(der)
	f.Fuzz(func(t *testing.T, der []byte) {
		if n, err := NameFromDER(der); err == nil {
			_ = n.String()
			require.True(t, n.Equal(n))
		}
	})
}
