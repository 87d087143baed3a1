package conformance

import (
	"bytes"
	"fmt"

	"github.com/secdds/dds/spi"
)

// Built-in writers. DDSI-RTPS 2.5, 9.3.1.5; DDS-Security 1.1, 7.4.7.
const (
	livelinessWriter       = 0x000200c2
	secureLivelinessWriter = 0xff0200c2
	securePublications     = 0xff0003c2
	secureSubscriptions    = 0xff0004c2
)

// A demand is what a governance promises of the datagrams of one writer and one
// reader.
type demand struct {
	rtps, discovery, liveliness, metadata, data spi.Protection

	published bool     // whoever recorded is the one with the writer
	topic     string   // a name that occurs nowhere else
	markers   [][]byte // the beginning of each sample's contents
	octets    int      // of all samples
	whole     int      // of them fit a datagram of 64 kB, sealed

	// Interop: Cyclone DDS sends the open built-in topics in clear whatever the
	// kind of rtps, and its liveliness on the open topic only.
	cyclone bool
}

// tally is what was seen of one direction.
type tally struct {
	messages   int // sealed ones
	samples    int // submessages with a sample's beginning
	whole      int // of these, large ones that are not fragments
	octets     int // in sealed submessages that hide what they are
	liveliness int // plain
	secureLive int // on the secure topic, visibly
	markers    int
	topics     int
}

// fits reports whether a seal is of protection p.
func (s seal) fits(p spi.Protection) bool {
	if p == spi.ProtectNone {
		return s.kind == 0
	}
	return s.encrypts() == p.IsEncrypt() && s.signs() != p.IsEncrypt() && s.macs > 0 == p.IsOrigin()
}

// large is a size that nothing hidden but samples has.
const large = 1100

// broken returns how the datagrams break the promise; nothing if they keep it.
// What is encrypted as a whole shows no more: the rows in which it is not tell.
func (d demand) broken(list []datagram) (problems []string) {
	seen := make(map[string]bool)
	wrong := func(format string, args ...any) {
		text := fmt.Sprintf(format, args...)
		if !seen[text] {
			seen[text] = true
			problems = append(problems, text)
		}
	}
	var forth, back tally // of samples, of acknowledgements
	for _, g := range list {
		n := &back
		if g.sent == d.published {
			n = &forth
		}
		if len(g.b) == 1 {
			continue // Interop: Cyclone DDS wakes its own threads that way, by multicast
		}
		all, err := sights(g)
		if err != nil {
			wrong("unreadable: %v", err)
			continue
		}
		for _, m := range d.markers {
			n.markers += bytes.Count(g.b, m)
		}
		n.topics += bytes.Count(g.b, []byte(d.topic))
		for i, s := range all {
			if s.message.kind != 0 && i == 0 {
				n.messages++
				if !s.message.fits(d.rtps) {
					wrong("a message sealed by %+v where rtps is %v", s.message, d.rtps)
				}
			}
			d.look(s, n, wrong)
		}
	}
	d.sum(forth, back, wrong)
	return problems
}

// look judges one submessage.
func (d demand) look(s sight, n *tally, wrong func(string, ...any)) {
	switch {
	case s.user():
		if d.rtps != spi.ProtectNone && s.message.kind == 0 {
			wrong("submessage %#x of the topic outside a sealed message", s.id)
		}
		if !s.sub.fits(d.metadata) {
			wrong("submessage %#x of the topic sealed by %+v where metadata is %v", s.id, s.sub, d.metadata)
		}
		if s.first && s.payload != nil {
			n.samples++
			if s.id == subData && len(s.payload) > 60_000 {
				n.whole++
			}
			if k := payloadSeal(s.payload); !k.fits(d.data) {
				wrong("a payload sealed by %+v where data is %v", k, d.data)
			}
		}
	case s.id == subSecBody && s.sub.encrypts() && len(s.body) >= large:
		n.octets += len(s.body)
		if !s.sub.fits(d.metadata) {
			wrong("a hidden submessage of %d octets sealed by %+v where metadata is %v", len(s.body), s.sub, d.metadata)
		}
	case s.writer == livelinessWriter && s.payload != nil:
		n.liveliness++
	case s.writer == secureLivelinessWriter && s.payload != nil:
		n.secureLive++
		if !s.sub.fits(d.liveliness) {
			wrong("liveliness sealed by %+v where it is %v", s.sub, d.liveliness)
		}
	case (s.writer == securePublications || s.writer == secureSubscriptions) && s.payload != nil:
		if !s.sub.fits(d.discovery) {
			wrong("discovery sealed by %+v where it is %v", s.sub, d.discovery)
		}
	}
}

// payloadSeal reads the CryptoHeader of a payload. DDS-Security 1.1, 9.5.2.2: a
// payload that is not sealed begins with the representation, which is not 0.
func payloadSeal(payload []byte) seal {
	if len(payload) < 20 || payload[0] != 0 || payload[1] != 0 {
		return seal{}
	}
	return seal{kind: payload[3]}
}

// sum judges what there has to be: a promise is not kept by silence.
func (d demand) sum(forth, back tally, wrong func(string, ...any)) {
	hidden := d.rtps.IsEncrypt() || d.metadata.IsEncrypt() || d.data.IsEncrypt()
	switch {
	case hidden && forth.markers+back.markers > 0:
		wrong("the contents are in clear %d times", forth.markers+back.markers)
	case !hidden && forth.markers < len(d.markers):
		wrong("the contents are found %d times where nothing hides them", forth.markers)
	}
	ours, theirs := back.topics, forth.topics
	if d.published {
		ours, theirs = theirs, ours
	}
	hidden = d.rtps.IsEncrypt() || d.discovery.IsEncrypt()
	leaks := d.cyclone && d.discovery == spi.ProtectNone
	switch {
	case hidden && (ours > 0 || theirs > 0 && !leaks):
		wrong("the topic's name is in clear %d times from us and %d times to us", ours, theirs)
	case !hidden && ours == 0 || (!hidden || leaks) && theirs == 0:
		wrong("the topic's name is not found where nothing hides it")
	}
	if d.rtps != spi.ProtectNone && (forth.messages == 0 || back.messages == 0) {
		wrong("no sealed messages of both sides where rtps is %v", d.rtps)
	}
	if d.rtps.IsEncrypt() {
		return // nothing else can be seen
	}
	if d.metadata.IsEncrypt() {
		if forth.octets < d.octets*9/10 { // but for what is too small to tell
			wrong("%d hidden octets for samples of %d where metadata is %v", forth.octets, d.octets, d.metadata)
		}
	} else if forth.samples < len(d.markers) {
		wrong("%d of %d samples seen where metadata is %v", forth.samples, len(d.markers), d.metadata)
	} else if d.published && d.whole > forth.whole {
		wrong("%d samples of about 64 kB went in one piece, want %d", forth.whole, d.whole)
	}
	plain, secure := d.liveliness == spi.ProtectNone, d.liveliness != spi.ProtectNone && !d.liveliness.IsEncrypt()
	if d.cyclone && !d.published {
		plain, secure = true, false
	}
	if plain != (forth.liveliness > 0) || secure != (forth.secureLive > 0) {
		wrong("liveliness came in clear: %t, on the secure topic: %t, where it is %v", forth.liveliness > 0, forth.secureLive > 0, d.liveliness)
	}
}
