package governance

import (
	"slices"
	"strings"
)

// maxCoverSteps bounds what Covered looks at: the question is exponential in
// the worst case, and nobody writes that case.
const maxCoverSteps = 1 << 15

// Matches reports whether the expression (POSIX fnmatch without escapes, as
// topic rules have it) matches the name. DDS-Security 1.1, 9.4.1.2.6.
func Matches(expression, name string) bool { return match(expression, literal(name)) }

// Covered reports whether one of the others matches every name that the
// expression matches: behind them it decides nothing. Only names of one rune
// and more count, as topics have. It is exact, except that it says false where
// the expressions are so intricate that it gives up.
func Covered(pattern string, others ...string) bool {
	p := expression(pattern)
	if p == nil {
		return false
	}
	c := &coverer{p: p, seen: make(map[string]bool)}
	for _, o := range others {
		if q := expression(o); q != nil {
			c.others = append(c.others, q)
		}
	}
	c.runes = alphabet(append(slices.Clone(c.others), p)...)
	var start []int
	for k := range c.others {
		start = c.enter(start, k, 0)
	}
	return c.covered(start)
}

// Overlap reports whether some name of one rune and more is matched by both
// expressions.
func Overlap(a, b string) bool {
	p, q := expression(a), expression(b)
	if p == nil || q == nil {
		return false
	}
	runes := alphabet(p, q)
	type pair struct{ i, j int }
	seen := make(map[pair]bool)
	todo := []pair{{0, 0}}
	for first := true; len(todo) > 0; first = false {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !first && ends(p, at.i) && ends(q, at.j) {
			return true
		}
		for _, r := range runes {
			for _, i := range step(p, at.i, r) {
				for _, j := range step(q, at.j, r) {
					if next := (pair{i, j}); !seen[next] {
						seen[next] = true
						todo = append(todo, next)
					}
				}
			}
		}
	}
	return false
}

// A coverer walks the words of p and keeps, for each, where the others can be
// after it: the subset construction, for the part that is needed.
type coverer struct {
	p      []token
	others [][]token
	runes  []rune
	seen   map[string]bool
	steps  int
}

// enter adds position i of expression k, and those it can go on to without a
// rune, to a sorted set of positions (k<<16 | i; both are small).
func (c *coverer) enter(set []int, k, i int) []int {
	for ; ; i++ {
		at := k<<16 | i
		n, found := slices.BinarySearch(set, at)
		if found {
			return set
		}
		set = slices.Insert(set, n, at)
		if i == len(c.others[k]) || c.others[k][i].kind != '*' {
			return set
		}
	}
}

// accepts reports whether one of the positions is at its expression's end;
// everything, whether one of them matches whatever follows.
func (c *coverer) accepts(set []int) (accepts, everything bool) {
	for _, at := range set {
		q, i := c.others[at>>16], at&0xffff
		accepts = accepts || ends(q, i)
		everything = everything || i < len(q) && q[i].kind == '*' && ends(q, i)
	}
	return accepts, everything
}

func (c *coverer) covered(start []int) bool {
	type state struct {
		i   int // in p
		set []int
	}
	for todo, first := []state{{0, start}}, true; len(todo) > 0; first = false {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		accepts, everything := c.accepts(at.set)
		if everything {
			continue
		}
		if !first && !accepts && ends(c.p, at.i) {
			return false
		}
		for _, r := range c.runes {
			if c.steps++; c.steps > maxCoverSteps {
				return false
			}
			next := step(c.p, at.i, r)
			if len(next) == 0 {
				continue
			}
			var set []int
			for _, o := range at.set {
				k, i := o>>16, o&0xffff
				if i == len(c.others[k]) {
					continue
				}
				if t := c.others[k][i]; t.kind == '*' {
					set = c.enter(set, k, i)
				} else if t.takes(r) {
					set = c.enter(set, k, i+1)
				}
			}
			for _, i := range next {
				if key := setKey(i, set); !c.seen[key] {
					c.seen[key] = true
					todo = append(todo, state{i, set})
				}
			}
		}
	}
	return true
}

func setKey(i int, set []int) string {
	var b strings.Builder
	b.WriteRune(rune(i))
	for _, at := range set {
		b.Write([]byte{byte(at >> 24), byte(at >> 16), byte(at >> 8), byte(at)})
	}
	return b.String()
}

// ends reports whether the expression from i on matches the empty rest.
func ends(p []token, i int) bool {
	for ; i < len(p); i++ {
		if p[i].kind != '*' {
			return false
		}
	}
	return true
}

// step returns where the expression can be, from i, after the rune r.
func step(p []token, i int, r rune) []int {
	var next []int
	for ; i < len(p); i++ {
		if p[i].kind != '*' {
			if p[i].takes(r) {
				next = append(next, i+1)
			}
			return next
		}
		next = append(next, i)
	}
	return next
}

func (t token) takes(r rune) bool { return t.covers(token{r: r}) }

// alphabet returns one rune of every class of runes that the expressions
// cannot tell apart.
func alphabet(list ...[]token) []rune {
	runes := []rune{1}
	for _, p := range list {
		for _, t := range p {
			switch t.kind {
			case 0:
				runes = append(runes, t.r, t.r+1)
			case '[':
				// More than the ends of its ranges does no harm.
				for _, r := range t.set {
					runes = append(runes, r, r+1)
				}
			}
		}
	}
	slices.Sort(runes)
	return slices.Compact(runes)
}
