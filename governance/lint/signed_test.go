package lint

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sign signs with the openssl command, as people do.
func sign(t *testing.T, doc string, args ...string) []byte {
	t.Helper()
	dir := t.TempDir()
	run := func(args ...string) {
		out, err := exec.Command("openssl", args...).CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	in, out, key, cert := filepath.Join(dir, "in.xml"), filepath.Join(dir, "out.p7s"), filepath.Join(dir, "key.pem"), filepath.Join(dir, "cert.pem")
	require.NoError(t, os.WriteFile(in, []byte(doc), 0o644))
	run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", cert, "-subj", "/CN=ca", "-days", "2")
	run(append([]string{"smime", "-sign", "-in", in, "-out", out, "-signer", cert, "-inkey", key}, args...)...)
	signed, err := os.ReadFile(out)
	require.NoError(t, err)
	return signed
}

func TestSignedDocuments(t *testing.T) {
	require.Empty(t, Document(now, "g.p7s", sign(t, goodGovernance, "-text")))

	bad := strings.Replace(goodGovernance, "SIGN<", "sign<", 1)
	signed := sign(t, bad, "-text")
	list := Document(now, "g.p7s", signed)
	require.Len(t, list, 1)
	line := strings.Split(string(signed), "\n")[list[0].Line-1]
	require.Equal(t, "<rtps_protection_kind>sign</rtps_protection_kind>", strings.TrimSpace(line), "the line is that of the file")

	for _, tt := range []struct{ args, rule, peers string }{
		{"", "signed-text", "Cyclone DDS,Fast DDS,OpenDDS"},
		{"-text -noattr", "signed-attributes", "RustDDS"},
		{"-text -nodetach", "signed-form", "OpenDDS,RustDDS"},
		{"-text -md sha1", "signed-digest", ""},
	} {
		list := listed(t, Document(now, "g.p7s", sign(t, goodGovernance, strings.Fields(tt.args)...)))
		require.Len(t, list, 1, "%v", list)
		require.Equal(t, tt.rule, list[0].Rule)
		require.Equal(t, tt.peers, strings.Join(list[0].Peers, ","))
	}
	list = Document(now, "g.p7s", sign(t, bad, "-text", "-nodetach"))
	require.Len(t, list, 2)
	require.Equal(t, 10, list[1].Line, "of the XML, for it is not in clear")
	list = Document(now, "g.p7s", signed[:len(signed)/2])
	require.Equal(t, "signed-form", list[0].Rule)
}

// Every rule in the list is found by the code and expected by a test.
func TestRulesAreTested(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	var code, tests strings.Builder
	for _, f := range files {
		text, err := os.ReadFile(f)
		require.NoError(t, err)
		switch {
		case strings.HasSuffix(f, "_test.go"):
			tests.Write(text)
		case f != "rules.go":
			code.Write(text)
		}
	}
	for _, r := range Rules() {
		require.Contains(t, code.String(), `"`+r.Name+`"`)
		require.Contains(t, tests.String(), `"`+r.Name+`"`, "no test expects it")
	}
}
