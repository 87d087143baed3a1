package governance

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMatch(t *testing.T) {
	for _, tt := range []struct {
		pattern, name string
		want          bool
	}{
		{"*", "", true}, {"*", "rt/chatter", true}, {"rt/*", "rt/a/b", true}, {"rt/*", "rq/a", false},
		{"", "", true}, {"", "a", false}, {"a", "", false}, {"?", "", false}, {"?", "ü", true}, {"??", "ü", false},
		{"Square", "Square", true}, {"Square", "square", false}, {"S*e", "Square", true}, {"S*e", "Squares", false},
		{"*a*b*", "xxaxxbxx", true}, {"*a*b*", "xxbxxaxx", false}, {"**", "a", true},
		{"[abc]x", "bx", true}, {"[abc]x", "dx", false}, {"[a-c]", "b", true}, {"[!a-c]", "b", false}, {"[^a-c]", "d", true},
		{"[]]", "]", true}, {"[!]]", "a", true}, {"[a-]", "-", true}, {"[a", "[a", true}, {"[", "[", true}, {"[]", "[]", true},
		{"[!]a]", "]", false}, {"[!]a]", "b", true}, {"[]-a]", "^", true}, {"[]-a]", "b", false}, {"[a-]x", "-x", true}, {"[-a]", "-", true},
		{"[z-a]", "m", false}, {"[!z-a]", "m", true}, {"[a-c-e]", "-", true}, {"[a-c-e]", "d", false}, {"[!]", "[!]", true}, {"[!]", "a", false},
		{"[[]", "[", true}, {"[a[]]", "a]", true}, {"a[", "a[", true}, {"*[", "x[", true}, {"[*?]", "*", true}, {"[*?]", "x", false},
		{"[ü-ÿ]", "ý", true}, {"[/]", "/", true}, {".*", ".hidden", true}, {"*", ".hidden", true}, {"a*/b", "a/x/y/b", true},
		{"[[:digit:]]x", "7x", true}, {"[[:digit:]]x", "ax", false}, {"[![:alpha:]_]", "1", true}, {"[![:alpha:]_]", "_", false}, {"[[:upper:]a]", "a", true},
		{"[[:punct:]]", "/", true}, {"[[:space:]]", " ", true}, {"[[:nonsense:]]", ":]", true}, {"[[:nonsense:]]", "1", false}, {"[:digit:]", "d", true}, {"[[:digit:]", "[d", true},
		{`a\*`, `a\bc`, true}, {`a\*`, "a*", false}, // no escapes
		{"a.c", "abc", false}, {"(a|b)", "a", false},
	} {
		require.Equal(t, tt.want, match(tt.pattern, literal(tt.name)), "%q %q", tt.pattern, tt.name)
	}
}

// A partition of an endpoint may be an expression. It is allowed only if the
// rule covers all of it, and denied if anything of it is denied.
func TestExpressionsOfPartitions(t *testing.T) {
	for _, tt := range []struct {
		rule, partition  string
		covers, overlaps bool
	}{
		{"A*", "A1", true, true}, {"A*", "A?", true, true}, {"A?", "A*", false, true}, {"A*", "*", false, true},
		{"*", "*", true, true}, {"A1", "A*", false, true}, {"A*", "B*", false, false}, {"A*", "*1", false, true},
		{"*a", "b*", false, true}, {"A[12]", "A[12]", true, true}, {"A[12]", "A[123]", false, true}, {"A?", "A[12]", true, true},
		{"A[12]", "A?", false, true}, {"", "*", false, true}, {"", "", true, true}, {"", "A", false, false},
		{"A", "A?", false, false}, {"ab", "a", false, false}, {"*x*", "y", false, false}, {"*x*", "y*", false, true},
	} {
		require.Equal(t, tt.covers, match(tt.rule, expression(tt.partition)), "%q covers %q", tt.rule, tt.partition)
		require.Equal(t, tt.overlaps, overlaps(expression(tt.rule), expression(tt.partition)), "%q overlaps %q", tt.rule, tt.partition)
	}
}

func TestMatchTimeIsBounded(t *testing.T) {
	start := time.Now()
	pattern := strings.Repeat("*a", MaxExpression/2)
	name := strings.Repeat("a", MaxExpression-1) + "b"
	for range 10 {
		require.False(t, match(pattern, literal(name)))
		require.True(t, overlaps(expression(pattern+"?"), expression(name+"*b")), "too long an expression overlaps")
		require.False(t, overlaps(expression(pattern), expression(name)))
	}
	require.Less(t, time.Since(start), 10*time.Second)
	require.False(t, match("*", literal(name+"b")), "too long a name matches nothing")
}

func FuzzMatch(f *testing.F) {
	f.Add("rt/*", "rt/chatter")
	f.Add("[!a-c]?*", "x*")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		e := expression(name)
		if match(pattern, e) {
			require.True(t, overlaps(expression(pattern), e), "what is covered overlaps")
		}
		if !strings.ContainsAny(name, "*?[") {
			require.Equal(t, match(pattern, literal(name)), match(pattern, e))
			require.Equal(t, match(pattern, e) || len(pattern) > MaxExpression || e == nil, overlaps(expression(pattern), e))
		}
	})
}
