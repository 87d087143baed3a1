package lint

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/governance"
)

// What is found has a rule, a problem and a line of the file; and what this
// implementation refuses is never passed over in silence.
func FuzzDocument(f *testing.F) {
	f.Add([]byte(goodGovernance))
	f.Add([]byte(goodPermissions))
	for _, c := range governanceChanges {
		f.Add([]byte(strings.Replace(goodGovernance, c.old, c.new, 1)))
	}
	for _, c := range permissionsChanges {
		f.Add([]byte(strings.Replace(goodPermissions, c.old, c.new, 1)))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		if len(doc) > 1<<16 {
			return
		}
		list := Document(now, "f", doc)
		lines := strings.Count(string(doc), "\n") + 1
		for _, l := range list {
			require.NotEmpty(t, l.Rule)
			require.NotEmpty(t, l.Problem)
			require.LessOrEqual(t, l.Line, lines)
		}
		errors, _ := Count(list)
		if !plain(doc) || errors > 0 {
			return
		}
		_, err := governance.ParseGovernance(doc)
		if _, err2 := governance.ParsePermissions(doc); err != nil {
			require.NoError(t, err2)
		}
	})
}
