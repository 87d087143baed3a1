// Package archtest holds the table of who may import whom, as a test.
package archtest

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/secdds/dds"

// A layer is what one package may import of ours and of third parties, and
// which kind of package it is.
type layer struct {
	ours  string // space separated, relative to the module; "." is the root
	third string // import path prefixes of modules that are not ours
	pure  bool   // no clock, goroutine, lock, socket, log
}

// layers is the table. A package that is not listed fails the test, so adding
// one is a decision.
var layers = map[string]layer{
	"rtps": {pure: true},
	"cdr":  {pure: true},
	"qos":  {pure: true},
	"spi":  {ours: "rtps qos"},

	"governance":      {ours: "internal/smime", third: "github.com/beevik/etree"},
	"governance/lint": {ours: "governance internal/smime", pure: true},
	"internal/smime":  {third: "github.com/smallstep/pkcs7"},

	"internal/seqset":    {ours: "rtps", pure: true},
	"internal/reliable":  {ours: "rtps qos internal/seqset", pure: true},
	"internal/history":   {ours: "rtps qos", pure: true},
	"internal/discovery": {ours: "rtps cdr qos", pure: true},
	"internal/admission": {ours: "rtps spi", pure: true},
	"internal/gotype":    {ours: "cdr", pure: true},
	"internal/archtest":  {},
	"internal/engine": {ours: "rtps cdr qos spi internal/reliable internal/history internal/discovery " +
		"internal/admission internal/seqset"},

	"security":             {ours: "rtps spi governance security/pkidh security/permissions security/aesgcm security/psk security/seclog security/tagging"},
	"security/pkidh":       {ours: "rtps spi"},
	"security/permissions": {ours: "rtps spi governance"},
	"security/aesgcm":      {ours: "rtps spi"},
	"security/psk":         {ours: "rtps spi"},
	"security/seclog":      {ours: "rtps cdr spi"},
	"security/tagging":     {ours: "rtps spi"},
	"security/keystore":    {ours: "spi governance governance/lint internal/smime", third: "github.com/smallstep/pkcs7"},

	"telemetry": {ours: "security/seclog spi", third: "go.opentelemetry.io/otel/log go.opentelemetry.io/otel/attribute"},

	"transport/udp":    {ours: "rtps spi", third: "golang.org/x/net golang.org/x/sys"},
	"transport/memnet": {ours: "rtps spi"},

	".": {ours: "rtps cdr qos spi internal/engine internal/gotype internal/history internal/reliable transport/udp"},

	"examples":              {},
	"examples/quickstart":   {ours: ". qos rtps security security/keystore spi transport/udp"},
	"examples/publisher":    {ours: ". qos security"},
	"examples/subscriber":   {ours: ". qos security"},
	"examples/customplugin": {ours: ". qos security spi"},
	"examples/shape_main":   {ours: ". qos rtps security"},
	"examples/psk":          {ours: ". qos security security/psk"},

	"cmd/secdds": {ours: ". qos security security/keystore governance/lint", third: "github.com/spf13/cobra"},

	"conformance":             {ours: "*", third: "*"},
	"conformance/attack":      {ours: "*", third: "*"},
	"conformance/peer":        {},
	"conformance/pairwise":    {pure: true},
	"conformance/peers/ours":  {ours: ". qos rtps security security/aesgcm security/pkidh spi transport/udp"},
	"benchmarks/crypto":       {ours: "rtps spi security/aesgcm"},
	"benchmarks/crypto/table": {},
	"benchmarks/matrix":       {ours: "spi security/keystore"},
}

// banned lists imports that a pure package must not have, with the reason.
var banned = map[string]string{
	"sync":          "the caller serialises calls; a lock belongs into the shell",
	"sync/atomic":   "the caller serialises calls",
	"os":            "a pure package reads no environment and no file",
	"net":           "use net/netip; sockets belong into a transport",
	"log":           "effects are returned, the shell reports them",
	"log/slog":      "effects are returned, the shell reports them",
	"math/rand":     "a machine is deterministic",
	"math/rand/v2":  "a machine is deterministic",
	"crypto/rand":   "a machine is deterministic",
	"time/tzdata":   "a pure package has no global data",
	"encoding/json": "nothing on the wire is JSON",
}

type pkg struct {
	ImportPath, Dir string
	GoFiles         []string
	Imports         []string
}

func list(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-tags", "interop", "-json=ImportPath,Dir,GoFiles,Imports", "./...")
	cmd.Dir = filepath.Join("..", "..")
	out, err := cmd.Output()
	require.NoError(t, err)
	var pkgs []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); dec.More(); {
		var p pkg
		require.NoError(t, dec.Decode(&p))
		pkgs = append(pkgs, p)
	}
	require.NotEmpty(t, pkgs)
	return pkgs
}

func relative(path string) (string, bool) {
	if path == module {
		return ".", true
	}
	return strings.CutPrefix(path, module+"/")
}

func TestImportsFollowTheTable(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range list(t) {
		name, _ := relative(p.ImportPath)
		l, ok := layers[name]
		if !ok {
			t.Errorf("package %s has no place in the table of internal/archtest: decide who may import it and what it may import", name)
			continue
		}
		seen[name] = true
		for _, imp := range p.Imports {
			if why := violation(l, imp); why != "" {
				t.Errorf("%s imports %s: %s", name, imp, why)
			}
		}
	}
	for name := range layers {
		if !seen[name] {
			t.Errorf("the table lists %s, which does not exist", name)
		}
	}
}

// violation tells why a package of layer l must not import imp; "" when it may.
func violation(l layer, imp string) string {
	if rel, ours := relative(imp); ours {
		if l.ours == "*" || slices.Contains(strings.Fields(l.ours), rel) {
			return ""
		}
		return "not in its row of the table"
	}
	if first, _, _ := strings.Cut(imp, "/"); strings.Contains(first, ".") {
		for _, prefix := range strings.Fields(l.third) {
			if prefix == "*" || strings.HasPrefix(imp, prefix) {
				return ""
			}
		}
		return "third-party code enters only at named packages"
	}
	if why := banned[imp]; l.pure && why != "" {
		return "pure package: " + why
	}
	return ""
}

// impure returns what of file a pure package must not do.
func impure(file *ast.File) []string {
	var found []string
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found = append(found, "a go statement")
		case *ast.SelectorExpr:
			if id, ok := n.X.(*ast.Ident); ok && id.Name == "time" {
				switch n.Sel.Name {
				case "Now", "Since", "Until", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick":
					found = append(found, "time."+n.Sel.Name)
				}
			}
		}
		return true
	})
	return found
}

func TestPurePackagesHaveNoClockAndNoGoroutine(t *testing.T) {
	for _, p := range list(t) {
		name, _ := relative(p.ImportPath)
		if !layers[name].pure {
			continue
		}
		for _, f := range p.GoFiles {
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, f), nil, 0)
			require.NoError(t, err)
			for _, what := range impure(file) {
				t.Errorf("%s/%s: pure package has %s", name, f, what)
			}
		}
	}
}

// The checks themselves must be able to fail.
func TestChecksFindViolations(t *testing.T) {
	pure := layer{ours: "rtps", pure: true}
	for _, bad := range []string{"sync", module + "/spi", module, "github.com/beevik/etree"} {
		require.NotEmpty(t, violation(pure, bad), bad)
	}
	for _, good := range []string{"time", module + "/rtps", "net/netip"} {
		require.Empty(t, violation(pure, good), good)
	}
	src := "package p\nimport \"time\"\nfunc f() { go f(); _ = time.Now() }"
	file, err := parser.ParseFile(token.NewFileSet(), "p.go", src, 0)
	require.NoError(t, err)
	require.Len(t, impure(file), 2, strconv.Quote(src))
}
