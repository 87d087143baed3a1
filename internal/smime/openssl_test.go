//go:build interop

package smime_test

import (
	"bytes"
	"crypto/x509/pkix"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/internal/smime"
	"github.com/secdds/dds/security/keystore"
)

var update = flag.Bool("update", false, "write the documents of testdata/openssl anew")

// signer is an authority whose certificate and key the openssl program can read.
type signer struct {
	*keystore.Authority
	dir string
}

func newSigner(t testing.TB, kind keystore.KeyKind) signer {
	ca, err := keystore.NewAuthority("Permissions CA", time.Now(), kind)
	require.NoError(t, err)
	s := signer{ca, t.TempDir()}
	key, err := ca.KeyPEM()
	require.NoError(t, err)
	s.write(t, "ca.pem", ca.CertPEM())
	s.write(t, "key.pem", key)
	s.write(t, "in.xml", []byte(document))
	cert, key, err := s.Issue(pkix.Name{CommonName: "/talker"}, time.Now().Add(-time.Hour), time.Now().Add(time.Hour), keystore.P256)
	require.NoError(t, err)
	s.write(t, "talker.pem", cert)
	s.write(t, "talker.key", key)
	return s
}

func (s signer) write(t testing.TB, name string, data []byte) {
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, name), data, 0o600))
}

// openssl signs document, as other implementations' users do.
func (s signer) openssl(t testing.TB, args ...string) []byte {
	args = append([]string{args[0], "-sign", "-in", "in.xml", "-signer", "ca.pem", "-inkey", "key.pem"}, args[1:]...)
	cmd := exec.Command("openssl", args...)
	cmd.Dir = s.dir
	out, err := cmd.Output()
	require.NoError(t, err, "openssl %s", args)
	return out
}

// talker signs with the certificate of a participant.
func (s signer) talker(t testing.TB, args ...string) []byte {
	cmd := exec.Command("openssl", append([]string{"smime", "-sign", "-text", "-in", "in.xml", "-signer", "talker.pem", "-inkey", "talker.key"}, args...)...)
	cmd.Dir = s.dir
	out, err := cmd.Output()
	require.NoError(t, err)
	return out
}

var kinds = map[string]keystore.KeyKind{"ec": keystore.P256, "rsa": keystore.RSA2048}

// The product of what openssl can be told, each in the line ends and spellings
// a document meets on its way.
func TestOpenSSLDocuments(t *testing.T) {
	for name, kind := range kinds {
		s := newSigner(t, kind)
		n := 0
		for _, md := range []string{"sha256", "sha384", "sha512"} {
			for _, text := range []string{"-text", ""} {
				for _, detach := range []string{"", "-nodetach"} {
					for _, certs := range []string{"", "-nocerts", "-certfile talker.pem"} {
						for _, tool := range []string{"smime", "cms"} {
							args := strings.Fields(strings.Join([]string{tool, "-md", md, text, detach, certs}, " "))
							forms(t, name, s, s.openssl(t, args...), args)
							n++
						}
					}
				}
			}
		}
		require.Equal(t, 72, n)
		for _, args := range []string{
			"smime -text -noattr", "cms -text -noattr", "smime -text -crlfeol", "cms -text -crlfeol",
			"cms -text -nodetach -stream", "cms -nodetach -indef", "smime -text -stream", "cms -text -nosmimecap", "cms -text -cades",
		} {
			forms(t, name, s, s.openssl(t, strings.Fields(args)...), strings.Fields(args))
		}
	}
}

func forms(t *testing.T, name string, s signer, doc []byte, args []string) {
	for _, form := range spellings(doc) {
		content, err := smime.Verify(form, s.Cert)
		require.NoError(t, err, "%s %s: %s", name, args, form)
		require.Equal(t, document, lf(content), "%s %s", name, args)
	}
}

// Authorities that openssl itself made, with keys of other sizes.
func TestOpenSSLAuthorities(t *testing.T) {
	s := newSigner(t, keystore.P256)
	for _, args := range []string{
		"-newkey rsa:3072 -sha384", "-newkey rsa:4096 -sha512",
		"-newkey ec -pkeyopt ec_paramgen_curve:prime256v1", "-newkey ec -pkeyopt ec_paramgen_curve:P-384 -sha384", "-newkey ec -pkeyopt ec_paramgen_curve:P-521 -sha512",
	} {
		args := append([]string{"req", "-x509", "-nodes", "-days", "10", "-keyout", "key.pem", "-out", "ca.pem", "-subj", "/C=US/O=Example, Inc./CN=Permissions CA"}, strings.Fields(args)...)
		cmd := exec.Command("openssl", args...)
		cmd.Dir = s.dir
		require.NoError(t, cmd.Run(), "%s", args)
		pem, err := os.ReadFile(filepath.Join(s.dir, "ca.pem"))
		require.NoError(t, err)
		s.Cert, err = keystore.ParseCertificate(pem)
		require.NoError(t, err)
		for _, md := range []string{"sha256", "sha384", "sha512"} {
			forms(t, "openssl's", s, s.openssl(t, "smime", "-text", "-md", md), args)
		}
	}
}

func TestOpenSSLRefusals(t *testing.T) {
	s, other := newSigner(t, keystore.P256), newSigner(t, keystore.P256)
	for _, detach := range []string{"-md", "-nodetach"} {
		args := []string{detach}
		if detach == "-md" {
			args = append(args, "sha256")
		}
		// CVE-2023-24010: a certificate the CA has issued is not the CA, also
		// where the document brings it along, or the CA's beside it.
		_, err := smime.Verify(s.talker(t, args...), s.Cert)
		require.ErrorContains(t, err, "signer is not the permissions CA")
		_, err = smime.Verify(s.talker(t, append(args, "-certfile", "ca.pem")...), s.Cert)
		require.ErrorContains(t, err, "signer is not the permissions CA")
	}
	_, err := smime.Verify(s.openssl(t, "smime", "-text"), other.Cert)
	require.ErrorContains(t, err, "signer is not the permissions CA")
	// -binary signs line ends as they are, which no mail would survive.
	_, err = smime.Verify(s.openssl(t, "smime", "-text", "-binary"), s.Cert)
	require.ErrorContains(t, err, "changed after it was signed")
}

// What of openssl's is kept for those who do not have it. Keys are not.
var kept = map[string]string{
	"sha256-text":           "smime -text",
	"sha256-opaque":         "smime -nodetach",
	"sha256-extra-certs":    "smime -text -certfile talker.pem",
	"sha384-nocerts":        "smime -md sha384 -nocerts",
	"sha384-text-opaque":    "smime -md sha384 -text -nodetach -certfile talker.pem",
	"sha512-text-nocerts":   "cms -md sha512 -text -nocerts",
	"sha512-opaque-nocerts": "cms -md sha512 -nodetach -nocerts",
	"sha256-text-noattr":    "smime -text -noattr",
	"sha256-text-crlfeol":   "smime -text -crlfeol",
	"sha256-text-stream":    "cms -text -nodetach -stream",
	"refused-sha1":          "smime -text -md sha1",
	"refused-two-signers":   "smime -text -signer talker.pem -inkey talker.key",
}

func TestKeptDocuments(t *testing.T) {
	for name, kind := range kinds {
		s := newSigner(t, kind)
		docs := map[string][]byte{"ca.pem": s.CertPEM()}
		for k, args := range kept {
			docs[k+".p7s"] = s.openssl(t, strings.Fields(args)...)
		}
		docs["refused-talker.p7s"] = s.talker(t, "-certfile", "ca.pem")
		if kind == keystore.RSA2048 {
			docs["refused-pss.p7s"] = s.openssl(t, "cms", "-text", "-keyopt", "rsa_padding_mode:pss")
		}
		for file, doc := range docs {
			file = filepath.Join("testdata", "openssl", name+"-"+file)
			if *update {
				require.NoError(t, os.WriteFile(file, doc, 0o644))
			}
			was, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, headers(doc), headers(was), "%s is of another form than openssl's now", file)
		}
	}
}

// headers are the lines of a document that say of what kind it is.
func headers(doc []byte) (lines []string) {
	for _, l := range bytes.Split(doc, []byte("\n")) {
		if bytes.HasPrefix(l, []byte("Content-")) && !bytes.Contains(l, []byte("boundary=")) {
			lines = append(lines, strings.TrimSpace(string(l)))
		}
	}
	return lines
}
