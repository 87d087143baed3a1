package governance

import (
	"slices"
	"strings"
)

// A token is one position of a name or expression: a rune, "any rune", "any
// runes", or one rune of a set.
type token struct {
	kind byte // 0 a rune, '?', '*' or '['
	r    rune
	set  string // what stands between [ and ]
}

// literal returns the tokens of a name without meaning in its characters.
// A name that is too long becomes nil, which nothing matches.
func literal(name string) []token {
	if len(name) > MaxExpression {
		return nil
	}
	list := make([]token, 0, len(name))
	for _, r := range name {
		list = append(list, token{r: r})
	}
	return list
}

// expression returns the tokens of a POSIX fnmatch pattern without escapes, as
// Fast DDS (FNM_NOESCAPE) and Cyclone DDS read it: * ? [set] [!set] [a-z]
// [[:digit:]]. A [ that is not closed is a [. A * matches / too.
func expression(pattern string) []token {
	if len(pattern) > MaxExpression {
		return nil
	}
	list := make([]token, 0, len(pattern))
	for rest := []rune(pattern); len(rest) > 0; rest = rest[1:] {
		switch c := rest[0]; c {
		case '*', '?':
			list = append(list, token{kind: byte(c)})
			continue
		case '[':
			from := 1
			if len(rest) > from && (rest[from] == '!' || rest[from] == '^') {
				from++
			}
			if i := closing(rest, from); i > 0 {
				list = append(list, token{kind: '[', set: string(rest[1:i])})
				rest = rest[i:]
				continue
			}
		}
		list = append(list, token{r: rest[0]})
	}
	return list
}

// closing returns where the set that begins with p[0] ends, or 0. What it holds
// begins at from; a ] there is one of it.
func closing(p []rune, from int) int {
	for i := from; i < len(p); i++ {
		switch {
		case p[i] == '[' && class(p[i:]) > 0:
			i += class(p[i:]) - 1
		case p[i] == ']' && i > from:
			return i
		}
	}
	return 0
}

// class returns the length of the character class p begins with, such as
// [:digit:], or 0.
func class(p []rune) int {
	if len(p) < 4 || p[0] != '[' || p[1] != ':' {
		return 0
	}
	n := slices.Index(p, ']') + 1
	if n < 4 || p[n-2] != ':' || classes[string(p[2:n-2])] == nil {
		return 0
	}
	return n
}

// classes are those of the POSIX locale.
var classes = map[string]func(rune) bool{
	"alnum":  func(r rune) bool { return letter(r) || digit(r) },
	"alpha":  letter,
	"blank":  func(r rune) bool { return r == ' ' || r == '\t' },
	"cntrl":  func(r rune) bool { return r < ' ' || r == 0x7f },
	"digit":  digit,
	"graph":  func(r rune) bool { return '!' <= r && r <= '~' },
	"lower":  func(r rune) bool { return 'a' <= r && r <= 'z' },
	"print":  func(r rune) bool { return ' ' <= r && r <= '~' },
	"punct":  func(r rune) bool { return '!' <= r && r <= '~' && !letter(r) && !digit(r) },
	"space":  func(r rune) bool { return r == ' ' || '\t' <= r && r <= '\r' },
	"upper":  func(r rune) bool { return 'A' <= r && r <= 'Z' },
	"xdigit": func(r rune) bool { return digit(r) || 'a' <= r && r <= 'f' || 'A' <= r && r <= 'F' },
}

func digit(r rune) bool  { return '0' <= r && r <= '9' }
func letter(r rune) bool { return 'a' <= r|0x20 && r|0x20 <= 'z' && r < 0x80 }

// match reports whether pattern covers name: whether it matches all that name
// stands for. Partition names may be expressions themselves; "A?" does not
// cover "A*". The time is bounded by the product of the lengths.
func match(pattern string, name []token) bool {
	if name == nil {
		return false
	}
	p := expression(pattern)
	if p == nil {
		return false
	}
	i, j, star, mark := 0, 0, -1, 0
	for j < len(name) {
		switch {
		case i < len(p) && p[i].kind == '*':
			star, mark = i, j
			i++
		case i < len(p) && p[i].covers(name[j]):
			i, j = i+1, j+1
		case star >= 0: // let the last * take one more
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i].kind == '*' {
		i++
	}
	return i == len(p)
}

func (t token) covers(n token) bool {
	switch t.kind {
	case '?':
		return n.kind != '*'
	case '[':
		return n.kind == 0 && inSet(t.set, n.r) || n.kind == '[' && n.set == t.set
	}
	return n.kind == 0 && n.r == t.r
}

// overlaps reports whether two expressions may match a common name. Where it
// cannot tell it says yes: it serves deny rules.
func overlaps(a, b []token) bool {
	if a == nil || b == nil {
		return true
	}
	// row[j]: a[i:] and b[j:] overlap, for the i of the current round.
	row := make([]bool, len(b)+1)
	next := make([]bool, len(b)+1)
	for i := len(a); i >= 0; i-- {
		for j := len(b); j >= 0; j-- {
			switch {
			case i == len(a) && j == len(b):
				row[j] = true
			case i < len(a) && a[i].kind == '*':
				row[j] = next[j] || j < len(b) && row[j+1]
			case j < len(b) && b[j].kind == '*':
				row[j] = row[j+1] || i < len(a) && next[j]
			case i < len(a) && j < len(b):
				row[j] = next[j+1] && (a[i].covers(b[j]) || b[j].covers(a[i]) || a[i].kind == '[' && b[j].kind == '[')
			default:
				row[j] = false
			}
		}
		row, next = next, row
	}
	return next[0]
}

func inSet(set string, r rune) bool {
	not := strings.HasPrefix(set, "!") || strings.HasPrefix(set, "^")
	if not {
		set = set[1:]
	}
	list := []rune(set)
	found := false
	for i := 0; i < len(list); i++ {
		if n := class(list[i:]); n > 0 {
			found = found || classes[string(list[i+2:i+n-2])](r)
			i += n - 1
			continue
		}
		lo, hi := list[i], list[i]
		if i+2 < len(list) && list[i+1] == '-' {
			hi = list[i+2]
			i += 2
		}
		found = found || lo <= r && r <= hi
	}
	return found != not
}
