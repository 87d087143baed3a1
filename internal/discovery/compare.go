package discovery

import "github.com/secdds/dds/qos"

// Compare judges two endpoints on the same topic, in either order: the zero
// Mismatch means that they are compatible. ok is false when they are of the
// same side.
func Compare(a, b *EndpointData) (m Mismatch, policies []qos.ID, ok bool) {
	v, policies, ok := judge(a, b)
	return v.mismatch, policies, ok
}
