package attack

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// testsOf returns the names of the tests and fuzz targets of a folder.
func testsOf(t *testing.T, dir string) map[string]bool {
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	require.NoError(t, err)
	names := map[string]bool{}
	for _, f := range files {
		file, err := parser.ParseFile(token.NewFileSet(), f, nil, 0)
		require.NoError(t, err)
		for _, d := range file.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
				names[fn.Name.Name] = true
			}
		}
	}
	return names
}

// The table of the package's documentation names tests that exist, all of this
// package's, each at its item, and leaves out no item.
func TestTheTableIsTrue(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	var (
		row   = regexp.MustCompile(`^//\t( \d|\d\d) `)
		name  = regexp.MustCompile(`(?:([a-z/0-9]+)\.)?((?:Test|Fuzz)[A-Z]\w*)`)
		item  = 0
		named = map[string]bool{}
	)
	for line := range strings.Lines(string(doc)) {
		if !strings.HasPrefix(line, "//\t") {
			continue
		}
		if m := row.FindStringSubmatch(line); m != nil {
			n, err := strconv.Atoi(strings.TrimSpace(m[1]))
			require.NoError(t, err)
			require.Equal(t, item+1, n)
			item = n
		}
		for _, m := range name.FindAllStringSubmatch(line, -1) {
			dir := filepath.Join("..", "..", m[1])
			switch m[1] {
			case "":
				dir = "."
				require.True(t, strings.HasPrefix(m[2], "TestItem"+strconv.Itoa(item/10)+strconv.Itoa(item%10)+"_"), "%s at item %d", m[2], item)
				named[m[2]] = true
			case "dds":
				dir = filepath.Join("..", "..")
			}
			require.True(t, testsOf(t, dir)[m[2]], "item %d: there is no %s", item, m[0])
		}
	}
	require.Equal(t, 24, item)
	for n := range testsOf(t, ".") {
		if strings.HasPrefix(n, "TestItem") {
			require.True(t, named[n], "%s is not in the table", n)
		}
	}
	makefile, err := os.ReadFile(filepath.Join("..", "..", "Makefile"))
	require.NoError(t, err)
	require.Regexp(t, `(?m)^race:\n.*-race.*\./conformance/attack`, string(makefile))
	require.Regexp(t, `(?m)^fuzz:\n`, string(makefile))
}
