//go:build interop && !standin

package conformance

import "github.com/secdds/dds/conformance/peer"

// us is the implementation under test.
const us = peer.Ours
