//go:build standin

package conformance

import "github.com/secdds/dds/conformance/peer"

// us is a vendor in our place: that tells what of the matrix the vendors pass
// among themselves, and that the tests are right. See interop_test.go for what fails.
const us = peer.Cyclone
