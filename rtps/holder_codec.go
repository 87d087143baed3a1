package rtps

import (
	"bytes"
	"encoding/binary"
)

// Least sizes of elements on the wire: what a count is checked against before
// anything is allocated for it. In memory an element is at most 64 octets, so
// a hostile message costs less than 6 times its own size.
const (
	minProperty   = 8  // two empty strings without NUL
	minDataHolder = 12 // an empty string, two empty sequences
)

// AppendDataHolder appends h in CDR. DDS-Security 1.1, 7.2.3. Its size is a
// multiple of 4 whatever it holds, so it may start at any multiple of 4 of the
// parameter value or message it is part of.
func AppendDataHolder(b []byte, littleEndian bool, h *DataHolder) []byte {
	b = AppendString(b, littleEndian, h.ClassID)
	return AppendPropertyList(b, littleEndian, h.Properties, h.BinaryProperties)
}

// ParseDataHolder decodes the value of a parameter that holds a token
// (PID_IDENTITY_TOKEN and others). What follows the holder is ignored. It
// borrows nothing from value.
func ParseDataHolder(value []byte, littleEndian bool) (DataHolder, error) {
	c := NewCursor(value, littleEndian)
	h := c.dataHolder()
	if c.short {
		return DataHolder{}, malformedIn("DataHolder", "truncated")
	}
	return h, nil
}

func (c *Cursor) dataHolder() DataHolder {
	return DataHolder{ClassID: c.String(), Properties: c.properties(), BinaryProperties: c.binaryProperties()}
}

// AppendPropertyList appends the value of PID_PROPERTY_LIST: text properties,
// then binary ones. DDS-Security 1.1, 7.2.1 and 7.2.2.
func AppendPropertyList(b []byte, littleEndian bool, props []Property, bin []BinaryProperty) []byte {
	b = AppendUint32(b, littleEndian, uint32(len(props)))
	for i := range props {
		b = AppendString(b, littleEndian, props[i].Name)
		b = AppendString(b, littleEndian, props[i].Value)
	}
	return appendBinaryProperties(b, littleEndian, bin)
}

func appendBinaryProperties(b []byte, littleEndian bool, bin []BinaryProperty) []byte {
	b = AppendUint32(b, littleEndian, uint32(len(bin)))
	for i := range bin {
		b = AppendString(b, littleEndian, bin[i].Name)
		b = AppendOctets(b, littleEndian, bin[i].Value)
	}
	return b
}

// ParsePropertyList decodes the value of PID_PROPERTY_LIST. Interop: the second
// sequence did not exist in the first edition and may be missing. It borrows
// nothing from value.
func ParsePropertyList(value []byte, littleEndian bool) ([]Property, []BinaryProperty, error) {
	c := NewCursor(value, littleEndian)
	props := c.properties()
	var bin []BinaryProperty
	c.align()
	if c.Remaining() > 3 { // what is less is padding
		bin = c.binaryProperties()
	}
	if c.short {
		return nil, nil, malformedIn("property list", "truncated")
	}
	return props, bin, nil
}

func (c *Cursor) properties() []Property {
	n := c.Count(minProperty)
	if n == 0 {
		return nil
	}
	props := make([]Property, 0, n)
	for range n {
		p := Property{Name: c.String(), Value: c.String()}
		if c.short {
			return nil
		}
		props = append(props, p)
	}
	return props
}

func (c *Cursor) binaryProperties() []BinaryProperty {
	n := c.Count(minProperty)
	if n == 0 {
		return nil
	}
	bin := make([]BinaryProperty, 0, n)
	for range n {
		p := BinaryProperty{Name: c.String(), Value: bytes.Clone(c.OctetSeq())}
		if c.short {
			return nil
		}
		bin = append(bin, p)
	}
	return bin
}

// AppendCanonical appends the form of props that hashes and signatures of the
// handshake cover: big-endian, aligned from where it starts, without padding
// after the last value. DDS-Security 1.1, 9.3.2.5.2.
func AppendCanonical(b []byte, props []BinaryProperty) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(props)))
	for i := range props {
		b = AppendString(b, false, props[i].Name)
		b = binary.BigEndian.AppendUint32(b, uint32(len(props[i].Value)))
		b = append(b, props[i].Value...)
		if i < len(props)-1 {
			b = AppendPad(b, len(props[i].Value))
		}
	}
	return b
}
