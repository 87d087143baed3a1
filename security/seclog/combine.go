package seclog

import "github.com/secdds/dds/spi"

// AtLeast returns a plugin that passes on to l what is as severe as s, or more.
func AtLeast(s spi.Severity, l spi.Logging) spi.Logging {
	f := filter{l, s}
	if d, ok := l.(spi.LogDistributor); ok {
		return distributingFilter{f, d}
	}
	return f
}

type filter struct {
	to   spi.Logging
	most spi.Severity
}

// Log implements spi.Logging.
func (f filter) Log(e spi.SecurityEvent) {
	if e.Severity <= f.most {
		f.to.Log(e)
	}
}

type distributingFilter struct {
	filter
	entries spi.LogDistributor
}

// LogEntry implements spi.LogDistributor.
func (f distributingFilter) LogEntry(e spi.SecurityEvent) []byte {
	if e.Severity <= f.most {
		return f.entries.LogEntry(e)
	}
	return nil
}

// Combine returns a plugin that passes every event on to each of ls, in order;
// nil ones are left out. If several publish, the first that has an entry for an
// event does.
func Combine(ls ...spi.Logging) spi.Logging {
	var c combined
	var d distributingCombined
	for _, l := range ls {
		if l == nil {
			continue
		}
		c = append(c, l)
		if e, ok := l.(spi.LogDistributor); ok {
			d.entries = append(d.entries, e)
		}
	}
	if len(d.entries) == 0 {
		return c
	}
	d.combined = c
	return d
}

type combined []spi.Logging

// Log implements spi.Logging.
func (c combined) Log(e spi.SecurityEvent) {
	for _, l := range c {
		l.Log(e)
	}
}

type distributingCombined struct {
	combined
	entries []spi.LogDistributor
}

// LogEntry implements spi.LogDistributor.
func (d distributingCombined) LogEntry(e spi.SecurityEvent) []byte {
	for _, l := range d.entries {
		if b := l.LogEntry(e); b != nil {
			return b
		}
	}
	return nil
}
