package engine

import "github.com/secdds/dds/spi"

// A counted is a reason for dropping messages that the security log tells of.
type counted struct {
	reason          int
	normal          bool // while keys are exchanged: what was sealed before its key came is sent again
	expected, found string
}

// What is dropped for other reasons is no matter of security.
var countedDrops = []counted{
	{dropBadMessage, true, "RTPS messages protected with keys of a participant we know", "some that do not open"},
	{dropBadSubmessage, true, "submessages protected with keys that were exchanged", "some that do not open"},
	{dropBadPayload, true, "payloads protected with keys that were exchanged", "some that do not open"},
	{dropUnprotected, false, "the protection that the governance asks for", "less, or none"},
	{dropForeignKey, false, "the key of the entity it claims to be from", "another entity's"},
	{dropStranger, false, "announcements of participants not authenticated at a pace we can follow", "more"},
	{dropEvicted, false, "fewer participants not authenticated than we keep", "more: some gave way to others"},
	{dropOverflow, false, "announcements and handshake messages at a pace we can follow", "more"},
}

// sum reports what happens too often for an event each: once for every reason.
// A dropped message is never a line of its own.
func (a *audit) sum() {
	a.mu.Lock()
	decided, keying := a.decided, a.keying > 0
	a.keying = max(0, a.keying-1)
	a.mu.Unlock()
	if !decided { // the participant's GUID may still change
		return
	}
	for _, c := range countedDrops {
		n := a.p.stats.dropped[c.reason].Load()
		if n <= a.summed[c.reason] {
			continue
		}
		e := spi.SecurityEvent{
			Severity: spi.SeverityWarning, Plugin: "cryptography", What: "messages dropped", Rule: dropNames[c.reason],
			Count: n - a.summed[c.reason], Expected: c.expected, Found: c.found,
		}
		if c.normal && keying {
			e.Severity, e.Found = spi.SeverityInfo, e.Found+", while keys were exchanged: a few are normal then"
		}
		a.addOwn(e)
		a.summed[c.reason] = n
	}
	if n := a.p.stats.sealFailed.Load(); n > a.unsealed {
		a.addOwn(spi.SecurityEvent{
			Severity: spi.SeverityError, Plugin: "cryptography", What: "messages not sent", Count: n - a.unsealed,
			Expected: "that what is sent can be protected", Found: "an error of the plugin",
		})
		a.unsealed = n
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, e := range a.strangers {
		if e.Count > maxStranger {
			e.Count -= maxStranger
			a.queue = append(a.queue, e)
		}
	}
	clear(a.strangers)
}

func (a *audit) addOwn(e spi.SecurityEvent) {
	a.p.complete(nil, &e)
	a.add(e)
}

// exchanging notes that keys are being exchanged.
func (a *audit) exchanging() {
	a.mu.Lock()
	a.keying = 2 // sums: this one may be due at once
	a.mu.Unlock()
}
