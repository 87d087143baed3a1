package rtps

import "encoding/binary"

// An InfoReply says where answers to the submessages after it are to go. It is
// parsed so that it can be shown; whoever obeys it sends where a stranger says.
//
// DDSI-RTPS 2.5, 8.3.8 (meaning), 9.4.5.10 and 9.4.5.15 (wire).
type InfoReply struct {
	Unicast   []Locator
	Multicast []Locator // nil: flag M is clear
}

const infoReplyM byte = 0x02

// Append appends i, header included, to b in little-endian order.
func (i InfoReply) Append(b []byte) []byte {
	n := 4 + 24*len(i.Unicast)
	if i.Multicast != nil {
		n += 4 + 24*len(i.Multicast)
	}
	b = appendHeader(b, SubInfoReply, flag(i.Multicast != nil, infoReplyM), n)
	b = appendLocators(b, i.Unicast)
	if i.Multicast != nil {
		b = appendLocators(b, i.Multicast)
	}
	return b
}

func appendLocators(b []byte, ls []Locator) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(ls)))
	for _, l := range ls {
		b = AppendLocator(b, true, l)
	}
	return b
}

// ParseInfoReply decodes the body of s, an INFO_REPLY or INFO_REPLY_IP4. It
// borrows nothing from s.
func ParseInfoReply(s Submessage) (InfoReply, error) {
	c := s.cursor()
	i := InfoReply{Unicast: c.locators(s.Kind)}
	if s.Flags&infoReplyM != 0 {
		i.Multicast = c.locators(s.Kind)
	}
	if c.short {
		return InfoReply{}, malformed(s, "truncated")
	}
	return i, nil
}

func (c *Cursor) locators(kind byte) []Locator {
	if kind == SubInfoReplyIP4 { // one LocatorUDPv4_t: DDSI-RTPS 2.5, 9.3.2.5
		l := Locator{Kind: LocatorUDPv4}
		binary.BigEndian.PutUint32(l.Address[12:], c.Uint32())
		l.Port = c.Uint32()
		return []Locator{l}
	}
	n := c.Count(24)
	if c.short {
		return nil
	}
	ls := make([]Locator, 0, n)
	for range n {
		ls = append(ls, c.Locator())
	}
	return ls
}
