// Package seqset is a set of numbers kept as ordered ranges: cheap when its
// members come in runs, as sequence numbers and fragment numbers do.
//
// It is a pure package.
package seqset
