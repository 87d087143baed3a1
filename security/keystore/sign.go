package keystore

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"fmt"

	"github.com/smallstep/pkcs7"
)

// SignDocument signs an XML document as S/MIME multipart/signed with SHA-256,
// as `openssl smime -sign -text` does. DDS-Security 1.1, 9.4.1.1.
//
// Interop: Cyclone DDS, Fast DDS and OpenDDS verify with PKCS7_TEXT and refuse
// a document without the text/plain part header; RustDDS refuses one without
// signed attributes.
func SignDocument(xml []byte, cert *x509.Certificate, key crypto.Signer) ([]byte, error) {
	signed := append([]byte("Content-Type: text/plain\r\n\r\n"), crlf(xml)...)
	sd, err := pkcs7.NewSignedData(signed)
	if err != nil {
		return nil, fmt.Errorf("sign document: %w", err)
	}
	sd.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
	if err := sd.AddSigner(cert, key, pkcs7.SignerInfoConfig{}); err != nil {
		return nil, fmt.Errorf("sign document: %w", err)
	}
	sd.Detach()
	der, err := sd.Finish()
	if err != nil {
		return nil, fmt.Errorf("sign document: %w", err)
	}
	var random [16]byte
	rand.Read(random[:])
	boundary := fmt.Sprintf("----%X", random)

	var b bytes.Buffer
	b.WriteString("MIME-Version: 1.0\n" +
		`Content-Type: multipart/signed; protocol="application/x-pkcs7-signature"; micalg="sha-256"; boundary="` + boundary + "\"\n\n" +
		"This is an S/MIME signed message\n\n--" + boundary + "\n")
	b.Write(signed)
	b.WriteString("\n--" + boundary + "\n" +
		"Content-Type: application/x-pkcs7-signature; name=\"smime.p7s\"\n" +
		"Content-Transfer-Encoding: base64\n" +
		"Content-Disposition: attachment; filename=\"smime.p7s\"\n\n")
	text := base64.StdEncoding.EncodeToString(der)
	for len(text) > 64 {
		b.WriteString(text[:64] + "\n")
		text = text[64:]
	}
	b.WriteString(text + "\n\n--" + boundary + "--\n\n")
	return b.Bytes(), nil
}

// Sign signs a document with the authority's key. See SignDocument.
func (a *Authority) Sign(xml []byte) ([]byte, error) { return SignDocument(xml, a.Cert, a.Key) }

// crlf returns text with every line end as CRLF, which is what is signed.
func crlf(text []byte) []byte {
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))
}
