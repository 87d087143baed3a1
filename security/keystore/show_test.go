package keystore

import (
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDescribe(t *testing.T) {
	k := newStore(t, Options{})
	dir, err := k.CreateEnclave("/a", EnclaveOptions{Rules: []Rule{
		{Deny: true, Publish: []Criteria{{Topics: []string{"secret"}, Partitions: []string{"p"}, Tags: [][2]string{{"n", "v"}}}}}, AllowAll()}})
	require.NoError(t, err)
	serial, err := k.Revoke("/a")
	require.NoError(t, err)
	for file, words := range map[string]string{
		"cert.pem":             "certificate|subject CN=/a|issued by CN=sros2CA|days left|participant, EC P-256",
		"identity_ca.cert.pem": "authority, path length 1",
		"key.pem":              "private key, EC P-256",
		"crl.pem":              "of CN=sros2CA, number 1|revoked: serial number " + serial,
		"governance.p7s":       "signed by CN=sros2CA|with SHA-256|topic *: metadata ENCRYPT, data ENCRYPT|RTPS SIGN",
		"permissions.p7s":      "grant /a for CN=/a|deny, domains 0–230|publish secret in partitions p with tag n=v|default DENY",
		"permissions.xml":      "grant /a for CN=/a",
	} {
		f, err := Describe(filepath.Join(dir, file))
		require.NoError(t, err)
		for word := range strings.SplitSeq(words, "|") {
			require.Contains(t, f.Text(time.Now()), word, file)
		}
	}
	cert, err := Describe(filepath.Join(dir, "cert.pem"))
	require.NoError(t, err)
	key, err := Describe(filepath.Join(dir, "key.pem"))
	require.NoError(t, err)
	require.Equal(t, cert.Certificates[0].Key, *key.Key, "one can see that they fit")

	signed, err := Describe(filepath.Join(dir, "permissions.p7s"))
	require.NoError(t, err)
	lines := strings.Split(string(contents(t, dir, "permissions.p7s")), "\n")
	require.Contains(t, lines[signed.Grants[0].Line-1], "<grant", "lines are those of the file")

	whole, err := Describe(k.Dir)
	require.NoError(t, err)
	require.Equal(t, "keystore", whole.Kind)
	require.Len(t, whole.Files, 5)
	require.Equal(t, "enclave", whole.Files[4].Kind)
	require.Len(t, whole.Files[4].Files, 7)
}

// Nothing of a private key is told: neither of an enclave's nor of an authority's.
func TestDescribeTellsNoSecret(t *testing.T) {
	for name, kind := range map[string]KeyKind{"P-256": P256, "RSA": RSA2048} {
		t.Run(name, func(t *testing.T) {
			k := newStore(t, Options{Key: kind})
			dir, err := k.CreateEnclave("/a", EnclaveOptions{})
			require.NoError(t, err)
			for _, file := range []string{filepath.Join(dir, "key.pem"), filepath.Join(k.Dir, "private", "ca.key.pem")} {
				f, err := Describe(file)
				require.NoError(t, err)
				out, err := json.Marshal(f)
				require.NoError(t, err)
				var fields map[string]any
				require.NoError(t, json.Unmarshal(out, &fields))
				require.Len(t, fields, 3, "file, kind and key")
				require.Len(t, fields["key"], 2, "kind and fingerprint")
				b, _ := pem.Decode(contents(t, file))
				text := string(out) + f.Text(time.Now())
				for line := range strings.SplitSeq(string(pem.EncodeToMemory(b)), "\n") {
					if len(line) > 8 {
						require.NotContains(t, text, line)
					}
				}
			}
		})
	}
}

func TestDescribeEdition2(t *testing.T) {
	doc := strings.Replace(string(SROS2Governance(Domains{}).XML()), "<topic_access_rules>",
		"<rtps_psk_protection_kind>ENCRYPT</rtps_psk_protection_kind><enable_key_revision>true</enable_key_revision><tag>blue</tag><topic_access_rules>", 1)
	f, err := DescribeDocument([]byte(doc))
	require.NoError(t, err)
	require.Contains(t, f.Text(time.Now()), `pre-shared key ENCRYPT, key revision yes, domain tags ["blue"], algorithms all`)
}

func TestDescribeRefuses(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"empty": "", "text": "hello", "xml": "<dds/>", "p": "<dds><permissions/></dds>", "pem": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"} {
		file := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		_, err := Describe(file)
		require.ErrorContains(t, err, file)
	}
	_, err := Describe(dir)
	require.ErrorContains(t, err, "expected a file, an enclave or a keystore")
	_, err = Describe(filepath.Join(dir, "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
}
