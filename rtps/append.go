package rtps

import "encoding/binary"

// The Append functions below build parameter values in either byte order. Each
// appends a multiple of 4 octets (AppendUint16 excepted), strings and octet
// sequences with the padding after them. So what comes next is aligned
// wherever the value starts, and no origin needs to be passed along.

// AppendUint16 appends an unsigned short; follow it by AppendPad.
func AppendUint16(b []byte, littleEndian bool, v uint16) []byte {
	if littleEndian {
		return binary.LittleEndian.AppendUint16(b, v)
	}
	return binary.BigEndian.AppendUint16(b, v)
}

// AppendUint32 appends an unsigned long.
func AppendUint32(b []byte, littleEndian bool, v uint32) []byte {
	if littleEndian {
		return binary.LittleEndian.AppendUint32(b, v)
	}
	return binary.BigEndian.AppendUint32(b, v)
}

// AppendInt32 appends a long.
func AppendInt32(b []byte, littleEndian bool, v int32) []byte {
	return AppendUint32(b, littleEndian, uint32(v))
}

// AppendUint64 appends an unsigned long long. The caller sees to its alignment
// to 8 octets.
func AppendUint64(b []byte, littleEndian bool, v uint64) []byte {
	if littleEndian {
		return binary.LittleEndian.AppendUint64(b, v)
	}
	return binary.BigEndian.AppendUint64(b, v)
}

// AppendString appends a string, its NUL and padding. s holds no NUL.
func AppendString(b []byte, littleEndian bool, s string) []byte {
	b = AppendUint32(b, littleEndian, uint32(len(s)+1))
	b = append(b, s...)
	return AppendPad(append(b, 0), len(s)+1)
}

// AppendOctets appends a sequence<octet> and padding.
func AppendOctets(b []byte, littleEndian bool, v []byte) []byte {
	b = AppendUint32(b, littleEndian, uint32(len(v)))
	return AppendPad(append(b, v...), len(v))
}

// AppendGUID appends a GUID, which has no byte order.
func AppendGUID(b []byte, g GUID) []byte {
	b = append(b, g.Prefix[:]...)
	return append(b, g.Entity[:]...)
}

// AppendSequenceNumber appends a SequenceNumber_t, high half first. DDSI-RTPS 2.5, 9.4.2.5.
func AppendSequenceNumber(b []byte, littleEndian bool, sn SequenceNumber) []byte {
	b = AppendUint32(b, littleEndian, uint32(sn>>32))
	return AppendUint32(b, littleEndian, uint32(sn))
}

// AppendLocator appends a Locator_t of 24 octets. DDSI-RTPS 2.5, 9.3.2.4.
func AppendLocator(b []byte, littleEndian bool, l Locator) []byte {
	b = AppendInt32(b, littleEndian, l.Kind)
	b = AppendUint32(b, littleEndian, l.Port)
	return append(b, l.Address[:]...)
}

// AppendTime appends a Time_t.
func AppendTime(b []byte, littleEndian bool, t Time) []byte {
	b = AppendInt32(b, littleEndian, t.Sec)
	return AppendUint32(b, littleEndian, t.Frac)
}

// AppendDuration appends a Duration_t.
func AppendDuration(b []byte, littleEndian bool, d Duration) []byte {
	b = AppendInt32(b, littleEndian, d.Sec)
	return AppendUint32(b, littleEndian, d.Frac)
}
