package main

import (
	"time"

	"github.com/secdds/dds/qos"
)

// maxBlocking is how long a write waits for room: the specification's default.
const maxBlocking = 100 * time.Millisecond

func (o *options) reliabilityPolicy() qos.Reliability {
	if o.bestEffort {
		return qos.BestEffort()
	}
	return qos.Reliable(maxBlocking)
}

func (o *options) durabilityPolicy() qos.Durability {
	if o.transientLocal {
		return qos.TransientLocal
	}
	return qos.Volatile
}

func (o *options) representationPolicy() qos.Representations {
	if o.xcdr2 {
		return qos.DataRepresentation(qos.XCDR2)
	}
	return qos.DataRepresentation(qos.XCDR1)
}

// historyPolicy returns the history asked for, if one was.
func (o *options) historyPolicy() (qos.History, bool) {
	switch {
	case o.depth < 0:
		return qos.History{}, false
	case o.depth == 0:
		return qos.KeepAll(), true
	}
	return qos.KeepLast(o.depth), true
}
