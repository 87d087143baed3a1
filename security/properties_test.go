package security_test

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/security"
	"github.com/secdds/dds/spi"
)

// dialects are the names of the required files, in the order of sros2's names.
var dialects = map[string][]string{
	"OMG": {"dds.sec.auth.identity_ca", "dds.sec.auth.identity_certificate", "dds.sec.auth.private_key",
		"dds.sec.access.permissions_ca", "dds.sec.access.governance", "dds.sec.access.permissions"},
	"Fast DDS": {"dds.sec.auth.builtin.PKI-DH.identity_ca", "dds.sec.auth.builtin.PKI-DH.identity_certificate",
		"dds.sec.auth.builtin.PKI-DH.private_key", "dds.sec.access.builtin.Access-Permissions.permissions_ca",
		"dds.sec.access.builtin.Access-Permissions.governance", "dds.sec.access.builtin.Access-Permissions.permissions"},
}

var fileNames = []string{"identity_ca.cert.pem", "cert.pem", "key.pem", "permissions_ca.cert.pem", "governance.p7s", "permissions.p7s"}

func propertiesOf(dir, dialect, scheme string) map[string]string {
	p := map[string]string{"unrelated": "pkcs11:x", "fastdds.something": "1"}
	for i, name := range dialects[dialect] {
		p[name] = scheme + filepath.Join(dir, fileNames[i])
	}
	return p
}

func TestFromProperties(t *testing.T) {
	_, dir := newEnclave(t)
	for dialect := range dialects {
		for _, scheme := range []string{"file:", "file://", " file://", "FILE:"} {
			s, err := security.FromProperties(propertiesOf(dir, dialect, scheme))
			require.NoError(t, err, "%s %s", dialect, scheme)
			require.NotNil(t, s.Watch)
			require.Equal(t, "CN=/talker_listener/talker", identityOf(t, s, rtps.GUID{}).SubjectName())
		}
		data := propertiesOf(dir, dialect, "")
		for i, name := range dialects[dialect] {
			b, err := os.ReadFile(filepath.Join(dir, fileNames[i]))
			require.NoError(t, err)
			data[name] = "data:," + string(b)
		}
		s, err := security.FromProperties(data)
		require.NoError(t, err, dialect)
		require.Nil(t, s.Watch, "there is no file")
		identityOf(t, s, rtps.GUID{})
	}
}

func TestPropertiesThatSetSomething(t *testing.T) {
	_, dir := newEnclave(t)
	logFile := filepath.Join(t.TempDir(), "log")
	p := propertiesOf(dir, "Fast DDS", "file://")
	maps.Copy(p, map[string]string{
		"dds.sec.auth.plugin": "builtin.PKI-DH", "dds.sec.access.plugin": "builtin.Access-Permissions",
		"dds.sec.crypto.plugin": "builtin.AES-GCM-GMAC", "dds.sec.log.plugin": "builtin.DDS_LogTopic",
		"dds.sec.auth.builtin.PKI-DH.preferred_key_agreement":       "DH",
		"dds.sec.auth.builtin.PKI-DH.transmit_algorithms_as_legacy": "true",
		"dds.sec.crypto.keysize":                                    "128",
		"dds.sec.crypto.maxblockspersession":                        "32",
		"dds.sec.log.builtin.DDS_LogTopic.log_file":                 logFile,
		"dds.sec.log.builtin.DDS_LogTopic.logging_level":            "WARNING_LEVEL",
		"dds.sec.log.builtin.DDS_LogTopic.distribute":               "true",
		"dds.sec.crypto.rtps_psk_secret_passphrase":                 "data:,1:a seed that is long enough",
		"dds.sec.auth.library.path":                                 "dds_security_auth",
		"dds.sec.auth.library.init":                                 "init_authentication",
		"opendds.sec.auth.handshake_debug":                          "1",
		"dds.sec.auth.builtin.PKI-DH.identity_crl":                  "file://" + filepath.Join(dir, "crl.pem"),
	})
	_, err := security.ReadProperties(p)
	require.ErrorContains(t, err, "identity_crl", "a list that is named must be there")
	delete(p, "dds.sec.auth.builtin.PKI-DH.identity_crl")

	cfg, err := security.ReadProperties(p)
	require.NoError(t, err)
	require.Equal(t, "DH+MODP-2048-256", cfg.KeyAgreement)
	require.True(t, cfg.LegacyAlgorithmNames)
	require.Equal(t, 128, cfg.KeySize)
	require.EqualValues(t, 32, cfg.MaxBlocksPerSession)
	require.NotNil(t, cfg.PreSharedKey)
	s, err := security.New(cfg)
	require.NoError(t, err)
	require.Contains(t, identityOf(t, s, rtps.GUID{}).Token().Properties, rtps.Property{Name: "dds.cert.algo", Value: "ECDSA-SHA256"})
	cfg.Logging.Log(spi.SecurityEvent{Severity: spi.SeverityInfo, What: "not logged"})
	cfg.Logging.Log(spi.SecurityEvent{Severity: spi.SeverityError, What: "logged"})
	log, err := os.ReadFile(logFile)
	require.NoError(t, err)
	require.NotContains(t, string(log), "not logged")
	require.Contains(t, string(log), "logged")
	d, ok := cfg.Logging.(spi.LogDistributor)
	require.True(t, ok, "the log topic")
	require.NotNil(t, d.LogEntry(spi.SecurityEvent{Severity: spi.SeverityError}))
	require.Nil(t, d.LogEntry(spi.SecurityEvent{Severity: spi.SeverityInfo}))

	// A passphrase alone is all the security of a domain.
	s, err = security.FromProperties(map[string]string{"dds.sec.crypto.rtps_psk_secret_passphrase": "data:,1:a seed that is long enough"})
	require.NoError(t, err)
	require.NotNil(t, s.PreSharedKey)
	require.Nil(t, s.Authentication)
}

func TestPropertiesRefused(t *testing.T) {
	_, dir := newEnclave(t)
	for name, tt := range map[string]struct {
		set  map[string]string
		drop string
		want string
	}{
		"unknown":           {set: map[string]string{"dds.sec.auth.identity_certificat": "x"}, want: "identity_certificat: expected one that is known"},
		"unknown access":    {set: map[string]string{"dds.sec.access.grants": "x"}, want: "dds.sec.access.grants"},
		"PKCS#11":           {set: map[string]string{"dds.sec.auth.private_key": "pkcs11:object=key;type=private"}, want: "tokens are not supported"},
		"a bare path":       {set: map[string]string{"dds.sec.auth.private_key": filepath.Join(dir, "key.pem")}, want: "put file: before the path"},
		"a media type":      {set: map[string]string{"dds.sec.auth.private_key": "data:text/plain;base64,QQ=="}, want: "data:,"},
		"no text":           {set: map[string]string{"dds.sec.auth.private_key": "data:,"}, want: "without text"},
		"no path":           {set: map[string]string{"dds.sec.auth.private_key": "file://"}, want: "without a path"},
		"no file":           {set: map[string]string{"dds.sec.auth.private_key": "file:" + filepath.Join(dir, "nowhere")}, want: "dds.sec.auth.private_key"},
		"twice":             {set: map[string]string{"dds.sec.auth.builtin.PKI-DH.private_key": "file:x"}, want: "as well"},
		"missing":           {drop: "dds.sec.access.governance", want: "dds.sec.access.governance"},
		"another plugin":    {set: map[string]string{"dds.sec.auth.plugin": "mine.PKI"}, want: "builtin.PKI-DH"},
		"another library":   {set: map[string]string{"dds.sec.crypto.library.path": "/tmp/evil.so"}, want: "no others are loaded"},
		"CA folder":         {set: map[string]string{"dds.sec.auth.trusted_ca_dir": "/etc/ca"}, want: "into the file of dds.sec.auth.identity_ca"},
		"key size":          {set: map[string]string{"dds.sec.crypto.keysize": "192"}, want: "128 or 256"},
		"blocks":            {set: map[string]string{"dds.sec.crypto.maxblockspersession": "-1"}, want: "a number of blocks"},
		"agreement":         {set: map[string]string{"dds.sec.auth.builtin.PKI-DH.preferred_key_agreement": "RSA"}, want: "DH, ECDH or AUTO"},
		"legacy":            {set: map[string]string{"dds.sec.auth.builtin.PKI-DH.transmit_algorithms_as_legacy": "perhaps"}, want: "true or false"},
		"Fast's protection": {set: map[string]string{"rtps.participant.rtps_protection_kind": "ENCRYPT"}, want: "governance"},
		"RTI":               {set: map[string]string{"com.rti.serv.secure.authentication.ca_file": "x"}, want: "the standard's names"},
		"log topic":         {set: map[string]string{"dds.sec.log.builtin.DDS_LogTopic.distribute": "perhaps"}, want: "distribute"},
		"log level":         {set: map[string]string{"dds.sec.log.builtin.DDS_LogTopic.logging_level": "LOUD"}, want: "logging_level"},
		"level, no log":     {set: map[string]string{"dds.sec.log.builtin.DDS_LogTopic.logging_level": "ERROR_LEVEL"}, want: "log_file"},
		"passphrase":        {set: map[string]string{"dds.sec.crypto.rtps_psk_secret_passphrase": "secret"}, want: "rtps_psk_secret_passphrase"},
		"handshake timing":  {set: map[string]string{"dds.sec.auth.builtin.PKI-DH.max_handshake_requests": "3"}, want: "repeated until they end"},
	} {
		t.Run(name, func(t *testing.T) {
			p := propertiesOf(dir, "OMG", "file:")
			maps.Copy(p, tt.set)
			delete(p, tt.drop)
			s, err := security.FromProperties(p)
			require.ErrorContains(t, err, tt.want)
			require.Nil(t, s)
			var r *spi.Refusal
			require.ErrorAs(t, err, &r)
			require.NotContains(t, err.Error(), "object=key", "what may be secret is not quoted")
		})
	}
	_, err := security.FromProperties(map[string]string{"unrelated": "x"})
	require.ErrorContains(t, err, "none that is about security")
}

// A password opens the key, of an enclave and of properties; in the folder the
// key may stay encrypted while it is watched.
func TestEncryptedKey(t *testing.T) {
	_, dir := newEnclave(t)
	plain, err := os.ReadFile(filepath.Join(dir, "key.pem"))
	require.NoError(t, err)
	replace(t, filepath.Join(dir, "key.pem"), encryptPEM(t, plain, "secret"))
	_, err = security.FromEnclave(dir)
	require.ErrorContains(t, err, "set Password")
	require.NotContains(t, err.Error(), "secret")

	cfg, err := security.ReadEnclave(dir)
	require.NoError(t, err)
	cfg.Password = "wrong"
	_, err = security.New(cfg)
	require.Error(t, err)
	cfg.Password = "secret"
	s, err := security.New(cfg)
	require.NoError(t, err)
	identityOf(t, s, rtps.GUID{})

	for _, name := range []string{"dds.sec.auth.password", "dds.sec.auth.builtin.PKI-DH.password"} {
		p := propertiesOf(dir, "OMG", "file:")
		p[name] = "secret"
		s, err = security.FromProperties(p)
		require.NoError(t, err)
		require.NoError(t, validate(s))
	}
}

func validate(s *spi.Security) error {
	_, err := s.Authentication.ValidateLocalIdentity(time.Now(), 0, rtps.GUID{Prefix: rtps.GUIDPrefix{1}, Entity: rtps.EntityParticipant})
	return err
}

// encryptPEM encrypts an EC key as OpenSSL's ec command does.
func encryptPEM(t *testing.T, plain []byte, password string) string {
	block, _ := pem.Decode(plain)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(t, err)
	der, err := x509.MarshalECPrivateKey(key.(*ecdsa.PrivateKey))
	require.NoError(t, err)
	//lint:ignore SA1019 it is weak, but what OpenSSL writes
	out, err := x509.EncryptPEMBlock(rand.Reader, "EC PRIVATE KEY", der, []byte(password), x509.PEMCipherAES256)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(out))
}

// FuzzProperties: no value is taken for what it is not, and none is a panic.
func FuzzProperties(f *testing.F) {
	f.Add("dds.sec.auth.identity_ca", "data:,x")
	f.Add("dds.sec.auth.identity_ca", "pkcs11:")
	f.Add("dds.sec.crypto.maxblockspersession", "18446744073709551616")
	f.Add("dds.sec.", "")
	f.Fuzz(func(t *testing.T, name, value string) {
		if strings.HasPrefix(strings.TrimSpace(strings.ToLower(value)), "file:") || strings.HasSuffix(name, "log_file") {
			return // what is on this machine is no input of the test
		}
		s, err := security.FromProperties(map[string]string{name: value})
		if name != "dds.sec.crypto.rtps_psk_secret_passphrase" {
			require.Error(t, err)
			require.Nil(t, s)
		}
	})
}
