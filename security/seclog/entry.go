package seclog

import (
	"fmt"
	"math"
	"time"

	"github.com/secdds/dds/cdr"
	"github.com/secdds/dds/spi"
)

// An Entry is a sample of the log topic: BuiltinLoggingTypeV2 of DDS-Security
// 1.1, 9.6. It is a type for dds.NewTopic; Append and Parse do without one.
type Entry struct {
	_              struct{}  `dds:"name=DDSSecurity::BuiltinLoggingTypeV2,final"`
	Facility       uint8     // 10: security and authorization messages. RFC 5424, 6.2.1
	Severity       int32     `dds:"enum"` // a spi.Severity
	Timestamp      Timestamp // since 1970, UTC
	HostName       string
	HostIP         string
	AppName        string
	ProcID         string
	MsgID          string // the event's What
	Message        string
	StructuredData []Element // a map: its keys are different from each other
}

// A Timestamp is a Time_t of DDS 1.4, 2.3.2.
type Timestamp struct {
	_    struct{} `dds:"name=DDS::Time_t,final"`
	Sec  int32
	Nsec uint32
}

// Time returns the time. The seconds are good until the year 2106.
func (t Timestamp) Time() time.Time { return time.Unix(int64(uint32(t.Sec)), int64(t.Nsec)).UTC() }

// An Element is an entry of the structured data: a key and its name-value pairs.
// It travels as an entry of a map does.
type Element struct {
	_      struct{} `dds:"name=DDSSecurity::StructuredDataElement,final"`
	Key    string
	Values []NameValue
}

// A NameValue is a NameValuePair.
type NameValue struct {
	_     struct{} `dds:"name=DDSSecurity::NameValuePair,final"`
	Name  string
	Value string
}

// Keys of the structured data that Distribute makes.
const (
	// ElementDDS has what DDS-Security 1.1, 8.6.2, asks for: guid, domain_id,
	// plugin_class and plugin_method (the event's What).
	ElementDDS = "DDS"
	// ElementFields has the other fields, by the names of Fields.
	ElementFields = "secdds"
)

// Level returns the severity. What is out of range is DEBUG.
func (e *Entry) Level() spi.Severity {
	return spi.Severity(min(uint32(e.Severity), uint32(spi.SeverityDebug)))
}

// Value returns the value of that name in the structured data, or "".
func (e *Entry) Value(key, name string) string {
	for _, el := range e.StructuredData {
		for _, v := range el.Values {
			if el.Key == key && v.Name == name {
				return v.Value
			}
		}
	}
	return ""
}

// Append appends e to b as a payload in XCDR1, little-endian, its encapsulation
// header included. Strings must not hold NUL, and e no more than 4 GiB.
func (e *Entry) Append(b []byte) []byte {
	start := len(b)
	w := cdr.NewWriter(cdr.AppendHeader(b, cdr.LE), cdr.LE)
	w.Uint8(e.Facility)
	w.Int32(e.Severity)
	w.Int32(e.Timestamp.Sec)
	w.Uint32(e.Timestamp.Nsec)
	for _, s := range []string{e.HostName, e.HostIP, e.AppName, e.ProcID, e.MsgID, e.Message} {
		w.String(s)
	}
	w.Uint32(uint32(len(e.StructuredData)))
	for _, el := range e.StructuredData {
		w.String(el.Key)
		w.Uint32(uint32(len(el.Values)))
		for _, v := range el.Values {
			w.String(v.Name)
			w.String(v.Value)
		}
	}
	return cdr.Pad(w.B, start)
}

// Parse reads a payload of the log topic in XCDR1, as Reader.TakeRaw of package
// dds lends it. It borrows nothing from payload. The error matches
// cdr.ErrMalformed.
func Parse(payload []byte) (Entry, error) {
	h, content, err := cdr.ParseHeader(payload)
	if err != nil {
		return Entry{}, fmt.Errorf("log entry: %w", err)
	}
	if h.ID != cdr.BE && h.ID != cdr.LE {
		return Entry{}, fmt.Errorf("log entry: %w: encapsulation %#04x, expected plain XCDR1", cdr.ErrMalformed, uint16(h.ID))
	}
	r := cdr.NewReader(h.Trim(content), h.ID)
	var e Entry
	e.Facility = r.Uint8()
	e.Severity = r.Int32()
	e.Timestamp = Timestamp{Sec: r.Int32(), Nsec: r.Uint32()}
	for _, s := range []*string{&e.HostName, &e.HostIP, &e.AppName, &e.ProcID, &e.MsgID, &e.Message} {
		*s = r.String()
	}
	for range r.Length(8) {
		el := Element{Key: r.String()}
		for range r.Length(8) {
			el.Values = append(el.Values, NameValue{Name: r.String(), Value: r.String()})
			if r.Err() != nil {
				break
			}
		}
		e.StructuredData = append(e.StructuredData, el)
		if r.Err() != nil {
			break
		}
	}
	if err := r.Err(); err != nil {
		return Entry{}, fmt.Errorf("log entry: %w", err)
	}
	return e, nil
}

func timestamp(t time.Time) Timestamp {
	s := t.Unix()
	if s < 0 || s > math.MaxUint32 {
		return Timestamp{}
	}
	return Timestamp{Sec: int32(uint32(s)), Nsec: uint32(t.Nanosecond())}
}
