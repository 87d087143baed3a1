package gotype

import (
	"encoding/binary"
	"unsafe"

	"github.com/secdds/dds/cdr"
)

// A pick is a primitive of a key that is nothing but primitives, as most are:
// it is always at the same place, so that its key hash takes no plan.
type pick struct {
	off  uintptr // in the Go value
	size int     // octets, in Go and on the wire
	at   [2]int  // in the key holder, in XCDR1 and XCDR2
	from [2]int  // in the content of a sample, if Type.reach says so
}

// picks returns the picks that p, the plan of a key holder or of a scan for
// one, makes when each stands at a fixed place; and where the last one ends.
// In a scan, only what is not skipped is picked.
func (p plan) picks(base uintptr, hash bool, list []pick, pos [2]int) (_ []pick, end [2]int, ok bool) {
	for i := range p {
		o := &p[i]
		switch {
		case o.kind == opDelim && hash: // types are taken as final
			if list, pos, ok = o.sub.picks(base+o.off, hash, list, pos); !ok {
				return nil, pos, false
			}
			continue
		case o.kind != opRun || o.dheader || o.first && !hash || !o.skip && o.n > 16:
			return nil, pos, false
		}
		for v := range pos {
			pos[v] = align(pos[v], o.size, v == 1)
		}
		for k := 0; k < o.n && !o.skip; k++ {
			list = append(list, pick{off: base + o.off + uintptr(k*o.size), size: o.size, at: [2]int{pos[0] + k*o.size, pos[1] + k*o.size}})
		}
		for v := range pos {
			pos[v] = satAdd(pos[v], satMul(o.n, o.size))
		}
	}
	return list, pos, true
}

// findPicks sets the picks of t, if its key allows them.
func (t *Type) findPicks() {
	list, _, ok := t.key.picks(0, true, nil, [2]int{})
	if !ok || !t.fits[0] && !t.fits[1] {
		return
	}
	t.picks = list
	scan, reach, ok := t.scan.picks(0, false, nil, [2]int{})
	if !ok || t.ext != Final {
		return
	}
	for i := range scan { // the same members in the same order
		t.picks[i].from = scan[i].at
	}
	t.reach = reach
}

// pickHash is KeyHash by picks, for the representation with that index.
func (t *Type) pickHash(v unsafe.Pointer, rep int) (hash [16]byte) {
	for i := range t.picks {
		k := &t.picks[i]
		from, to := unsafe.Add(v, k.off), hash[k.at[rep]:]
		switch k.size {
		case 1:
			to[0] = *(*uint8)(from)
		case 2:
			binary.BigEndian.PutUint16(to, *(*uint16)(from))
		case 4:
			binary.BigEndian.PutUint32(to, *(*uint32)(from))
		default:
			binary.BigEndian.PutUint64(to, *(*uint64)(from))
		}
	}
	return hash
}

// pickPayload is KeyHashOfPayload by picks. What it is not made for, malformed
// payloads among it, it leaves to the plan (ok is false).
func (t *Type) pickPayload(payload []byte, rep int) (hash [16]byte, ok bool) {
	h, content, err := cdr.ParseHeader(payload)
	wire := btoi(h.ID.V2())
	reach := t.reach[wire]
	if err != nil || h.ID.Delimited() || h.ID.Mutable() || reach == 0 || len(content) < reach {
		return hash, false
	}
	for i := range t.picks {
		k := &t.picks[i]
		from, to := content[k.from[wire]:], hash[k.at[rep]:]
		switch {
		case h.ID.BigEndian() || k.size == 1:
			copy(to[:k.size], from)
		case k.size == 2:
			binary.BigEndian.PutUint16(to, binary.LittleEndian.Uint16(from))
		case k.size == 4:
			binary.BigEndian.PutUint32(to, binary.LittleEndian.Uint32(from))
		default:
			binary.BigEndian.PutUint64(to, binary.LittleEndian.Uint64(from))
		}
	}
	return hash, true
}
