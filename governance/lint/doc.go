// Package lint finds what is wrong, weak or of no effect in governance and
// permissions documents, and what each known peer would refuse or ignore in them.
//
// It is pure: it is given the time and the documents and returns findings. Where
// [governance.ParseGovernance] stops at the first thing it refuses, this goes on
// and tells all of them, with the line of the file.
//
// A finding is an error where the document violates the schema or cannot be
// used; a warning where it is valid, but a peer refuses or ignores it, or it is
// weak, or something in it has no effect. [Rules] lists what is looked for.
//
// Nothing is claimed that is not certain: a rule is said to be unreachable only
// where no name at all reaches it.
//
// DDS-Security 1.1, 9.4.1.2 (governance) and 9.4.1.3 (permissions).
package lint

// The peers that findings name.
const (
	Cyclone = "Cyclone DDS"
	Fast    = "Fast DDS"
	OpenDDS = "OpenDDS"
	RustDDS = "RustDDS"
)
