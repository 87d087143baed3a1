// Package peer runs programs built on other implementations of DDS beside a
// test: it builds them, starts them, waits for the lines they print and ends
// them with the test. It is a shell package of the conformance tests only.
//
// The programs are conformance/peers; README.md there lists their command line
// and their lines.
package peer

import "fmt"

// A Vendor is an implementation of DDS that there is a peer program for.
type Vendor int

// The vendors.
const (
	Cyclone Vendor = iota // Eclipse Cyclone DDS 0.10
	Fast                  // eProsima Fast DDS 2.9
	Ours                  // this module: the same program on package dds
)

// Vendors returns the others, without Ours, for tests that loop.
func Vendors() []Vendor { return []Vendor{Cyclone, Fast} }

// String returns the name of v in lower case.
func (v Vendor) String() string {
	switch v {
	case Cyclone:
		return "cyclone"
	case Fast:
		return "fast"
	case Ours:
		return "ours"
	}
	return fmt.Sprintf("Vendor(%d)", int(v))
}
