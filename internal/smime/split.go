package smime

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime"
	"strings"

	"github.com/smallstep/pkcs7"
)

// Split takes a signed document apart. signed is what the signature covers,
// with CRLF line ends; content is the document in it, without the text/plain
// header; p7 is the PKCS#7 object (DER). Nothing is verified.
func Split(doc []byte) (signed, content, p7 []byte, err error) {
	if len(doc) > MaxDocument {
		return nil, nil, nil, fmt.Errorf("document too large: %d octets, expected at most %d", len(doc), MaxDocument)
	}
	head, body, ok := cutHeader(doc)
	if !ok {
		return nil, nil, nil, fmt.Errorf("not an S/MIME document: expected a MIME header, found %s; sign it with `openssl smime -sign -text`", excerpt(doc))
	}
	kind, params, err := mime.ParseMediaType(head["content-type"])
	if err != nil {
		return nil, nil, nil, fmt.Errorf("bad Content-Type %q: %w", head["content-type"], err)
	}
	switch kind {
	case "multipart/signed":
		signed, p7, err = splitSigned(body, params["boundary"])
	case "application/pkcs7-mime", "application/x-pkcs7-mime":
		signed, p7, err = openOpaque(head, body)
	default:
		err = fmt.Errorf("expected Content-Type multipart/signed, found %q", kind)
	}
	if err != nil {
		return nil, nil, nil, err
	}
	if content, err = stripText(signed); err != nil {
		return nil, nil, nil, err
	}
	return signed, content, p7, nil
}

func splitSigned(body []byte, boundary string) (signed, p7 []byte, err error) {
	if boundary == "" || len(boundary) > 200 {
		return nil, nil, fmt.Errorf("multipart/signed without a usable boundary: found %q", boundary)
	}
	// The preamble ("This is an S/MIME signed message") is skipped. A document
	// may begin with the boundary at once.
	_, rest, ok := cutBoundary(body, boundary)
	if !ok {
		return nil, nil, fmt.Errorf("truncated document: the first boundary line --%s is missing", boundary)
	}
	part, rest, ok := cutBoundary(rest, boundary)
	if !ok {
		return nil, nil, fmt.Errorf("truncated document: the boundary line --%s after the signed part is missing", boundary)
	}
	sig, _, ok := cutBoundary(rest, boundary)
	if !ok {
		return nil, nil, fmt.Errorf("truncated document: the closing boundary line --%s-- is missing", boundary)
	}
	head, text, ok := cutHeader(sig)
	if !ok {
		return nil, nil, fmt.Errorf("the signature part has no MIME header: found %s", excerpt(sig))
	}
	kind, _, err := mime.ParseMediaType(head["content-type"])
	if err != nil || (kind != "application/x-pkcs7-signature" && kind != "application/pkcs7-signature") {
		return nil, nil, fmt.Errorf("expected a part application/x-pkcs7-signature, found Content-Type %q", head["content-type"])
	}
	if p7, err = decodeBase64(head, text); err != nil {
		return nil, nil, err
	}
	return canonical(part), p7, nil
}

func openOpaque(head map[string]string, body []byte) (signed, p7 []byte, err error) {
	if p7, err = decodeBase64(head, body); err != nil {
		return nil, nil, err
	}
	obj, err := parse(p7)
	if err != nil {
		return nil, nil, err
	}
	if len(obj.Content) == 0 {
		return nil, nil, fmt.Errorf("opaque document without content: expected signed data that holds the document")
	}
	return obj.Content, p7, nil
}

// cutBoundary cuts b at the first line that is the boundary. The line break
// before that line belongs to the boundary: RFC 2046, 5.1.1.
func cutBoundary(b []byte, boundary string) (before, after []byte, ok bool) {
	mark := []byte("--" + boundary)
	for at := 0; at < len(b); {
		line, next := b[at:], len(b)
		if i := bytes.IndexByte(line, '\n'); i >= 0 {
			line, next = line[:i], at+i+1
		}
		if tail, found := bytes.CutPrefix(line, mark); found && len(bytes.Trim(tail, " \t\r-")) == 0 {
			before = bytes.TrimSuffix(b[:at], []byte("\n"))
			return bytes.TrimSuffix(before, []byte("\r")), b[next:], true
		}
		at = next
	}
	return nil, nil, false
}

// cutHeader reads MIME header lines up to the first blank line. It reports
// false where b does not begin with a header.
func cutHeader(b []byte) (head map[string]string, body []byte, ok bool) {
	head = make(map[string]string)
	last := ""
	b = bytes.TrimLeft(b, "\r\n")
	for n := 0; n < 64; n++ {
		line, rest, found := bytes.Cut(b, []byte("\n"))
		if !found {
			return nil, nil, false
		}
		b = rest
		text := strings.TrimRight(string(line[:min(len(line), 4096)]), " \t\r")
		switch name, value, colon := strings.Cut(text, ":"); {
		case text == "":
			return head, b, len(head) > 0
		case (text[0] == ' ' || text[0] == '\t') && last != "": // a folded line
			head[last] += " " + strings.TrimSpace(text)
		case !colon || strings.ContainsAny(name, " \t<"):
			return nil, nil, false
		default:
			last = strings.ToLower(name)
			head[last] = strings.TrimSpace(value)
		}
	}
	return nil, nil, false
}

func decodeBase64(head map[string]string, text []byte) ([]byte, error) {
	if enc := head["content-transfer-encoding"]; !strings.EqualFold(enc, "base64") {
		return nil, fmt.Errorf("signature: expected Content-Transfer-Encoding base64, found %q", enc)
	}
	text = bytes.Join(bytes.Fields(text), nil)
	der := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(der, text)
	if err != nil {
		return nil, fmt.Errorf("signature: %w", err)
	}
	return der[:n], nil
}

// stripText removes the header that -text adds. OpenSSL's PKCS7_TEXT takes
// text/plain only.
func stripText(signed []byte) ([]byte, error) {
	head, body, ok := cutHeader(signed)
	if !ok {
		return bytes.TrimLeft(signed, "\r\n"), nil
	}
	if kind, _, err := mime.ParseMediaType(head["content-type"]); err != nil || kind != "text/plain" {
		return nil, fmt.Errorf("signed part: expected Content-Type text/plain, found %q", head["content-type"])
	}
	return body, nil
}

// canonical returns text with every line end as CRLF. RFC 8551, 3.1.1.
func canonical(text []byte) []byte {
	out := make([]byte, 0, len(text)+bytes.Count(text, []byte("\n")))
	for i, c := range text {
		if c == '\n' && (i == 0 || text[i-1] != '\r') {
			out = append(out, '\r')
		}
		out = append(out, c)
	}
	return out
}

// parse decodes a PKCS#7 object after its nesting has been checked.
func parse(p7 []byte) (*pkcs7.PKCS7, error) {
	der, err := definite(p7)
	if err != nil {
		return nil, fmt.Errorf("signature: %w", err)
	}
	obj, err := pkcs7.Parse(der)
	if err != nil {
		return nil, fmt.Errorf("signature: %w", err)
	}
	return obj, nil
}

func excerpt(b []byte) string {
	if len(b) == 0 {
		return "an empty document"
	}
	line, _, _ := bytes.Cut(bytes.TrimLeft(b, "\r\n "), []byte("\n"))
	return fmt.Sprintf("%.60q", line[:min(len(line), 60)])
}
