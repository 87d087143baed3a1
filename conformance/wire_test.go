package conformance

import (
	"encoding/binary"
	"fmt"
	"os"
)

// What is on the wire is read here without the code under test: from the
// recording of one side, by the layouts of DDSI-RTPS 2.5, 9.4, and DDS-Security
// 1.1, 7.3.6 and 9.5.2.

// Ids of submessages.
const (
	subAckNack       = 0x06
	subHeartbeat     = 0x07
	subGap           = 0x08
	subNackFrag      = 0x12
	subHeartbeatFrag = 0x13
	subData          = 0x15
	subDataFrag      = 0x16
	subSecBody       = 0x30
	subSecPrefix     = 0x31
	subSecPostfix    = 0x32
	subRTPSPrefix    = 0x33
	subRTPSPostfix   = 0x34
)

// A seal is a transformation that something on the wire went through.
type seal struct {
	kind byte // the last octet of the transformation kind; 0: none
	macs int  // receiver-specific ones
}

// sealed says which protection a transformation kind stands for.
// DDS-Security 1.1, 9.5.2.1.1: GMAC with keys of 128 and 256 bits, then GCM.
func (s seal) encrypts() bool { return s.kind == 2 || s.kind == 4 }

func (s seal) signs() bool { return s.kind == 1 || s.kind == 3 }

// A sight is a submessage as it stands in a datagram: of what is encrypted that
// is the SEC_BODY.
type sight struct {
	sent         bool
	message, sub seal // of the message and of the submessage it is in
	id           byte
	body         []byte
	reader       uint32 // entity ids, if the submessage has them
	writer       uint32
	first        bool   // it has the beginning of a payload
	payload      []byte // of DATA and DATA_FRAG, unless it is a key
}

// user reports whether an application's endpoint has to do with it.
// DDSI-RTPS 2.5, 9.3.1.2.
func (s sight) user() bool {
	of := func(entity uint32) bool { return entity != 0 && entity&0xc0 == 0 }
	return of(s.writer) || of(s.reader)
}

// A datagram is one of a recording.
type datagram struct {
	sent bool
	b    []byte
}

// recording reads what --record of our peer wrote.
func recording(path string) (list []datagram, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	for len(b) > 0 {
		if len(b) < 5 || uint32(len(b)-5) < binary.BigEndian.Uint32(b[1:]) {
			return nil, fmt.Errorf("%s ends within a datagram", path)
		}
		n := 5 + int(binary.BigEndian.Uint32(b[1:]))
		list = append(list, datagram{b[0] == '>', b[5:n]})
		b = b[n:]
	}
	return list, nil
}

// sights returns the submessages of a datagram that can be seen without a key.
func sights(d datagram) ([]sight, error) {
	if len(d.b) < 20 || string(d.b[:4]) != "RTPS" {
		return nil, fmt.Errorf("no RTPS header: %x", d.b[:min(20, len(d.b))])
	}
	var list []sight
	var message, sub seal
	from := 0 // the first sight of the submessage protection under way
	for b := d.b[20:]; len(b) > 0; {
		if len(b) < 4 {
			return nil, fmt.Errorf("%d octets behind the last submessage", len(b))
		}
		id, flags, order := b[0], b[1], binary.ByteOrder(binary.BigEndian)
		if flags&1 != 0 {
			order = binary.LittleEndian
		}
		n := 4 + int(order.Uint16(b[2:]))
		if n == 4 && id != 0x01 && id != 0x09 || n > len(b) {
			n = len(b) // the last one may say 0: DDSI-RTPS 2.5, 8.3.3.2.3
		}
		body := b[4:n]
		b = b[n:]
		switch {
		case (id == subRTPSPrefix || id == subSecPrefix) && len(body) < 20,
			(id == subRTPSPostfix || id == subSecPostfix) && len(body) < 20:
			return nil, fmt.Errorf("submessage %#x of %d octets", id, len(body))
		case id == subRTPSPrefix:
			message.kind = body[3]
		case id == subRTPSPostfix:
			message.macs = int(binary.BigEndian.Uint32(body[16:]))
			for i := range list {
				list[i].message = message
			}
			return list, nil // Interop: Fast DDS appends statistics
		case id == subSecPrefix:
			sub.kind, from = body[3], len(list)
		case id == subSecPostfix:
			sub.macs = int(binary.BigEndian.Uint32(body[16:]))
			for i := from; i < len(list); i++ {
				list[i].sub = sub
			}
			sub = seal{}
		default:
			s := look(id, flags, order, body)
			s.sent, s.message, s.sub = d.sent, message, sub
			list = append(list, s)
		}
	}
	if message.kind != 0 {
		return nil, fmt.Errorf("a message sealed without SRTPS_POSTFIX")
	}
	return list, nil
}

// look reads what there is to know of one submessage.
func look(id, flags byte, order binary.ByteOrder, body []byte) sight {
	s := sight{id: id, body: body}
	at := -1 // of the entity ids
	switch id {
	case subAckNack, subHeartbeat, subGap, subNackFrag, subHeartbeatFrag:
		at = 0
	case subData, subDataFrag:
		at = 4
	}
	if at < 0 || len(body) < at+8 {
		return s
	}
	s.reader, s.writer = binary.BigEndian.Uint32(body[at:]), binary.BigEndian.Uint32(body[at+4:])
	if at == 0 || len(body) < 20 {
		return s
	}
	next := 4 + int(order.Uint16(body[2:])) // octetsToInlineQos counts from behind itself
	s.first = id == subData || len(body) >= 24 && order.Uint32(body[20:]) == 1
	if flags&2 != 0 { // inline QoS: up to the sentinel
		for len(body) >= next+4 {
			pid, n := order.Uint16(body[next:]), int(order.Uint16(body[next+2:]))
			next += 4 + n
			if pid == 1 {
				break
			}
		}
	}
	// Data, not a key: flag D of DATA, flag K of DATA_FRAG.
	if next <= len(body) && (id == subData && flags&4 != 0 || id == subDataFrag && flags&4 == 0) {
		s.payload = body[next:]
	}
	return s
}
