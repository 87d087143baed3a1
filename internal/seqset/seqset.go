// Package seqset is a set of numbers kept as ordered ranges: cheap when its
// members come in runs, as sequence numbers and fragment numbers do. An
// operation costs work in proportion to the number of ranges it meets, never
// to how many numbers they cover.
//
// It is a pure package.
package seqset

import (
	"slices"
	"sort"
)

// A Number is what sets are made of; every use keeps to numbers >= 0.
type Number interface{ ~int64 | ~uint32 }

// A Range is the numbers Lo..Hi, both included.
type Range[N Number] struct{ Lo, Hi N }

// A Set is an ordered set of numbers. The zero Set is empty. It never shrinks
// its memory but by Reset(nil); callers bound it by Len.
type Set[N Number] struct{ r []Range[N] }

// Empty reports whether s has no member.
func (s *Set[N]) Empty() bool { return len(s.r) == 0 }

// Len returns the number of ranges: the memory that s takes.
func (s *Set[N]) Len() int { return len(s.r) }

// Clear removes every member and keeps the memory.
func (s *Set[N]) Clear() { s.r = s.r[:0] }

// Ranges returns the ranges in order. They are borrowed until s changes.
func (s *Set[N]) Ranges() []Range[N] { return s.r }

// First returns the lowest range; ok is false when s is empty.
func (s *Set[N]) First() (r Range[N], ok bool) {
	if len(s.r) == 0 {
		return r, false
	}
	return s.r[0], true
}

// at returns the index of the first range that ends at or after n.
func (s *Set[N]) at(n N) int {
	if k := len(s.r); k == 0 || s.r[k-1].Hi < n {
		return k
	}
	return sort.Search(len(s.r), func(i int) bool { return s.r[i].Hi >= n })
}

// Find returns the range that n is in; ok is false when n is no member.
func (s *Set[N]) Find(n N) (r Range[N], ok bool) {
	i := s.at(n)
	if i == len(s.r) || s.r[i].Lo > n {
		return r, false
	}
	return s.r[i], true
}

// Has reports whether n is a member.
func (s *Set[N]) Has(n N) bool {
	_, ok := s.Find(n)
	return ok
}

// Add puts lo..hi into s. An empty range (hi < lo) adds nothing.
func (s *Set[N]) Add(lo, hi N) {
	if hi < lo {
		return
	}
	i := s.at(lo)
	if i > 0 && s.r[i-1].Hi == lo-1 { // s.r[i-1].Hi < lo, so lo-1 does not wrap
		i--
		lo = s.r[i].Lo
	}
	j := i
	for j < len(s.r) && (s.r[j].Lo <= hi || s.r[j].Lo-1 == hi) {
		lo, hi = min(lo, s.r[j].Lo), max(hi, s.r[j].Hi)
		j++
	}
	if i == j {
		s.r = slices.Insert(s.r, i, Range[N]{lo, hi})
		return
	}
	s.r[i] = Range[N]{lo, hi}
	s.r = slices.Delete(s.r, i+1, j)
}

// Remove takes lo..hi out of s.
func (s *Set[N]) Remove(lo, hi N) {
	i := s.at(lo)
	if hi < lo || i == len(s.r) {
		return
	}
	if r := s.r[i]; r.Lo < lo {
		s.r[i].Hi = lo - 1
		if r.Hi > hi {
			s.r = slices.Insert(s.r, i+1, Range[N]{hi + 1, r.Hi})
			return
		}
		i++
	}
	j := i
	for j < len(s.r) && s.r[j].Hi <= hi {
		j++
	}
	if j < len(s.r) && s.r[j].Lo <= hi {
		s.r[j].Lo = hi + 1
	}
	s.r = slices.Delete(s.r, i, j)
}

// Count returns how many members of s lie in lo..hi.
func (s *Set[N]) Count(lo, hi N) (n uint64) {
	for i := s.at(lo); i < len(s.r) && s.r[i].Lo <= hi; i++ {
		n += uint64(min(hi, s.r[i].Hi)-max(lo, s.r[i].Lo)) + 1
	}
	return n
}
