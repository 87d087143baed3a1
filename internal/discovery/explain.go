package discovery

import (
	"fmt"

	"github.com/secdds/dds/qos"
)

// A Reason is one thing that keeps two endpoints of a topic apart.
type Reason struct {
	Mismatch     Mismatch
	Policy       qos.ID // with PolicyMismatch and PartitionMismatch
	Ours, Theirs string
}

// String says it in a sentence.
func (r Reason) String() string {
	name := r.Mismatch.String()
	if r.Policy != 0 {
		name = r.Policy.String()
	}
	return fmt.Sprintf("%s: ours %s, theirs %s", name, r.Ours, r.Theirs)
}

// Explain returns everything that keeps a local and a remote endpoint of one
// topic apart, where Compare stops at the weightiest. ok is false when they are
// of the same side.
func Explain(local, remote *EndpointData) (rs []Reason, ok bool) {
	if local.IsWriter() == remote.IsWriter() {
		return nil, false
	}
	if local.Type != remote.Type {
		rs = append(rs, Reason{TypeMismatch, 0, fmt.Sprintf("%q", local.Type), fmt.Sprintf("%q", remote.Type)})
	}
	if a, b := keyed(local.GUID.Entity), keyed(remote.GUID.Entity); a != b {
		of := map[bool]string{true: "with a key", false: "without a key"}
		rs = append(rs, Reason{TypeMismatch, 0, of[a], of[b]})
	}
	w, r, swap := local.Writer, remote.Reader, false
	if w == nil {
		w, r, swap = remote.Writer, local.Reader, true
	}
	for _, s := range qos.Explain(w, r) {
		reason := Reason{PolicyMismatch, s.ID, "offered " + s.Offered, "requested " + s.Requested}
		if s.ID == qos.PartitionID {
			reason = Reason{PartitionMismatch, s.ID, s.Offered, s.Requested}
		}
		if swap {
			reason.Ours, reason.Theirs = reason.Theirs, reason.Ours
		}
		rs = append(rs, reason)
	}
	return rs, true
}

// Remotes calls f for every endpoint a participant has announced.
func (d *Directory) Remotes(of *ParticipantData, f func(*EndpointData)) {
	for g, e := range d.remotes {
		if g.Prefix == of.GUID.Prefix {
			f(e.data)
		}
	}
}
