package qos

import "strings"

// PartitionsMatch reports whether a publisher in the partitions w and a
// subscriber in the partitions r share one. DDS 1.4, 2.2.3.13.
//
// An empty list is the one partition "". A name may hold wildcards on either
// side, but two names that both hold some never match.
func PartitionsMatch(w, r []string) bool {
	if len(w) == 0 {
		w = defaultPartition
	}
	if len(r) == 0 {
		r = defaultPartition
	}
	for _, a := range w {
		for _, b := range r {
			if partitionMatch(a, b) {
				return true
			}
		}
	}
	return false
}

var defaultPartition = []string{""}

func partitionMatch(a, b string) bool {
	switch wa, wb := hasWildcard(a), hasWildcard(b); {
	case wa && wb:
		return false
	case wa:
		return fnmatch(a, b)
	case wb:
		return fnmatch(b, a)
	}
	return a == b
}

func hasWildcard(s string) bool {
	if strings.ContainsAny(s, `*?`) {
		return true
	}
	// An unclosed bracket is an ordinary character, and so is a ] just after [.
	i := strings.IndexByte(s, '[')
	return i >= 0 && i+2 < len(s) && strings.IndexByte(s[i+2:], ']') >= 0
}

// fnmatch is POSIX fnmatch without flags, by octets: *, ?, [a-z], [!a-z] and
// the backslash. It takes at most len(pattern)*len(s) steps: peers choose the
// pattern.
func fnmatch(pattern, s string) bool {
	p, i := 0, 0
	star, mark := -1, 0 // the last * and how much of s it has swallowed
	for i < len(s) {
		if p < len(pattern) {
			if pattern[p] == '*' {
				star, mark = p, i
				p++
				continue
			}
			if next, ok := matchOne(pattern, p, s[i]); ok {
				p = next
				i++
				continue
			}
		}
		if star < 0 {
			return false
		}
		mark++
		p, i = star+1, mark
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// matchOne matches c with the pattern's element at p, which is not *, and
// returns where the next element begins.
func matchOne(pattern string, p int, c byte) (next int, ok bool) {
	switch pattern[p] {
	case '?':
		return p + 1, true
	case '\\':
		if p+1 < len(pattern) {
			return p + 2, pattern[p+1] == c
		}
	case '[':
		if next, in := matchSet(pattern, p+1, c); next > 0 {
			return next, in
		}
	}
	return p + 1, pattern[p] == c
}

// matchSet matches c with the bracket expression whose inside begins at p;
// next is 0 when the bracket is never closed.
func matchSet(pattern string, p int, c byte) (next int, in bool) {
	negate := p < len(pattern) && (pattern[p] == '!' || pattern[p] == '^')
	if negate {
		p++
	}
	for first := true; p < len(pattern); first = false {
		lo := pattern[p]
		if lo == ']' && !first {
			return p + 1, in != negate
		}
		if lo == '\\' && p+1 < len(pattern) {
			p++
			lo = pattern[p]
		}
		p++
		hi := lo
		if p+1 < len(pattern) && pattern[p] == '-' && pattern[p+1] != ']' {
			hi = pattern[p+1]
			p += 2
		}
		if lo <= c && c <= hi {
			in = true
		}
	}
	return 0, false
}
