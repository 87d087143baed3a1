package dds

import (
	"github.com/secdds/dds/internal/engine"
	"github.com/secdds/dds/rtps"
)

// An Explanation is why a remote participant or endpoint does not match: every
// reason there is, in words and in fields. Its String lists them, a line each.
type Explanation = engine.Explanation

// A Reason is one thing that keeps a participant out or two endpoints apart.
type Reason = engine.Reason

// A Pairing is a local and a remote endpoint on the same topic.
type Pairing = engine.Pairing

// A Stage is how far a remote participant has come.
type Stage = engine.Stage

// The stages, in order.
const (
	StageUnknown        = engine.StageUnknown        // nothing usable was heard of it
	StageWaiting        = engine.StageWaiting        // it announced itself and waits for its turn
	StageAuthenticating = engine.StageAuthenticating // a handshake is under way
	StageRefused        = engine.StageRefused        // it was kept out
	StageAdmitted       = engine.StageAdmitted       // it is in, without credentials
	StageAuthenticated  = engine.StageAuthenticated  // it is in, with credentials
)

// Explain tells how far a remote participant has come, why it has not come
// further, and for every local endpoint and every remote one on the same topic
// why they do not match. remote is a participant's GUID, or an endpoint's: then
// only its pairs are told.
//
// What the other side refuses it alone can tell: ask it. ErrClosed is the only
// error.
func (p *Participant) Explain(remote rtps.GUID) (*Explanation, error) { return p.eng.Explain(remote) }
