package governance

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCovered(t *testing.T) {
	for _, tt := range []struct {
		pattern string
		others  string // space separated
		want    bool
	}{
		{"*", "", false},
		{"Square", "*", true},
		{"*", "Square", false},
		{"*", "?*", true}, // a topic has one rune at least
		{"*", "? ??*", true},
		{"*", "? ???*", false},
		{"*a*", "*b* *a", false},
		{"rt/secret*", "rt/*", true},
		{"rt/*", "rt/secret*", false},
		{"rt/*", "rt/[a-z]* rt/[!a-z]* rt/", true},
		{"rt/*", "rt/[a-z]* rt/[!a-z]*", false}, // rt/ itself
		{"[ab]", "a b", true},
		{"[abc]", "a b", false},
		{"[a-f]x", "[a-c]? [d-f]*", true},
		{"[!a]", "[a]", false},
		{"?", "[!a] a", true},
		{"ab", "?b", true},
		{"a?c", "a*c", true},
		{"a*c", "a?c", false},
		{"*ab*", "*a*", true},
		{"*a*", "*ab* *a", false},
		{"", "x", true}, // no topic is called that
		{"a[", "a[ b", true},
		{"a\\*", "a*", true}, // a backslash is a rune like any other
		{"*a" + strings.Repeat("?", 40), "*b" + strings.Repeat("?", 40), false},
	} {
		require.Equal(t, tt.want, Covered(tt.pattern, strings.Fields(tt.others)...), "%q by %q", tt.pattern, tt.others)
	}
	require.False(t, Covered(strings.Repeat("a", MaxExpression+1), "*"), "what is too long matches nothing and is not judged")
	require.False(t, Covered("*a"+strings.Repeat("?", 60), "*[ab]"+strings.Repeat("?", 59)+"c*"), "it gives up")
}

func TestOverlap(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"*", "x", true}, {"x", "y", false}, {"a*", "*b", true}, {"a*", "b*", false}, {"a?", "?b", true},
		{"[abc]", "[cde]", true}, {"[abc]", "[def]", false}, {"[!a]", "a", false}, {"rt/*", "rq/*", false},
		{"*", "*", true}, {"", "*", false}, {"*x*", "aaaaxaaaa", true},
	} {
		require.Equal(t, tt.want, Overlap(tt.a, tt.b), "%q %q", tt.a, tt.b)
		require.Equal(t, tt.want, Overlap(tt.b, tt.a), "%q %q", tt.b, tt.a)
	}
}

// words calls f with every word over the runes, up to a length.
func words(runes string, n int, f func(string)) {
	var grow func(string)
	grow = func(w string) {
		if w != "" {
			f(w)
		}
		if len(w) < n {
			for _, r := range runes {
				grow(w + string(r))
			}
		}
	}
	grow("")
}

// What Covered and Overlap say holds for every short word.
func FuzzCovered(f *testing.F) {
	f.Add("a*", "a", "a?*")
	f.Add("[a-b]*", "[!b]*", "b*")
	f.Add("*ab*", "*a*", "?b[]a]")
	f.Fuzz(func(t *testing.T, p, a, b string) {
		if len(p) > 12 || len(a) > 12 || len(b) > 12 {
			return
		}
		covered, overlap := Covered(p, a, b), Overlap(p, a)
		words("ab-]", 5, func(w string) {
			if Matches(p, w) {
				require.True(t, !covered || Matches(a, w) || Matches(b, w), "%q is covered by %q and %q, but not its %q", p, a, b, w)
				require.True(t, overlap || !Matches(a, w), "%q and %q do not overlap, but both match %q", p, a, w)
			}
		})
	})
}

// And the other way round: over short expressions, Covered finds all there is.
func TestCoveredIsComplete(t *testing.T) {
	var list []string
	words("ab*?", 3, func(w string) { list = append(list, w) })
	for _, p := range list {
		for _, q := range list {
			all := true
			words("abc", 5, func(w string) { all = all && (!Matches(p, w) || Matches(q, w)) })
			require.Equal(t, all, Covered(p, q), "%q by %q", p, q)
		}
	}
}
