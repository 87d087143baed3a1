package peer

import "time"

// GUID waits for the peer's participant and returns its GUID as rtps.GUID's
// String writes it. Two such texts compare as the GUIDs do, so the smaller one
// begins the handshake: DDS-Security 1.1, 9.3.2.2.
func (p *Process) GUID(timeout time.Duration) string {
	p.t.Helper()
	return p.Expect(`^READY guid=(\S+)`, timeout)[1]
}
