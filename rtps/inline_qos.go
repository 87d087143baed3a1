package rtps

import "encoding/binary"

// Bits of InlineQoS.StatusInfo. DDSI-RTPS 2.5, 9.6.4.9.
const (
	StatusDisposed     uint32 = 1 << 0
	StatusUnregistered uint32 = 1 << 1
	StatusFiltered     uint32 = 1 << 2
)

// A SampleIdentity names one sample of a writer. DDS-RPC 1.0, 7.5.1.1.1.
type SampleIdentity struct {
	Writer GUID
	SN     SequenceNumber
}

// An InlineQoS is what is used of the parameters that travel with a sample. A
// Has field says whether the field before it is there. What may come several
// times or is rarely used can be read with NextParameter.
//
// DDSI-RTPS 2.5, 8.7 and 9.6.4.
type InlineQoS struct {
	StatusInfo         uint32
	HasStatus          bool
	KeyHash            KeyHash
	HasKeyHash         bool
	CoherentSet        SequenceNumber // SN of the first sample of the set; not valid numbers end it
	HasCoherentSet     bool
	GroupCoherentSet   SequenceNumber // the same, in group sequence numbers
	HasGroupCoherent   bool
	GroupSeqNum        SequenceNumber
	HasGroupSeqNum     bool
	Lifespan           Duration
	HasLifespan        bool
	Strength           int32 // OWNERSHIP_STRENGTH
	HasStrength        bool
	OriginalWriter     SampleIdentity // of a sample sent by a durability service
	HasOriginalWriter  bool
	RelatedSample      SampleIdentity // the request this sample answers
	HasRelatedSample   bool
	ContentFilterInfo  []byte // the raw value of PID_CONTENT_FILTER_INFO; borrows the input
	WriterGroupInfo    []byte // the raw value of PID_WRITER_GROUP_INFO; borrows the input
	DirectedWrite      GUID   // the first reader the sample is meant for
	HasDirectedWrite   bool
	MoreDirectedWrites bool // PID_DIRECTED_WRITE came again: use NextParameter
}

// ParseInlineQoS reads a parameter list with its sentinel, as Data.InlineQoS
// holds it. It returns ErrMustUnderstand, and the sample is to be refused, for
// an unknown parameter that says so; other unknown parameters are skipped.
// When a parameter comes twice the last one holds. It allocates nothing.
func ParseInlineQoS(b []byte, littleEndian bool) (InlineQoS, error) {
	var q InlineQoS
	for {
		p, next, ok, err := NextParameter(b, littleEndian)
		if err != nil {
			return InlineQoS{}, err
		}
		if !ok {
			return q, nil
		}
		c := NewCursor(p.Value, littleEndian)
		q.read(p, &c)
		if c.short {
			return InlineQoS{}, malformedIn("inline QoS", "truncated parameter")
		}
		if p.ID.MustUnderstand() { // none of those read above has the bit
			return InlineQoS{}, ErrMustUnderstand
		}
		b = next
	}
}

func (q *InlineQoS) read(p Parameter, c *Cursor) {
	switch p.ID {
	case PIDStatusInfo:
		// StatusInfo_t is an array of octets: it has no byte order.
		if v := c.Octets(4); v != nil {
			q.StatusInfo, q.HasStatus = binary.BigEndian.Uint32(v), true
		}
	case PIDKeyHash:
		q.HasKeyHash = copy(q.KeyHash[:], c.Octets(16)) == 16
	case PIDCoherentSet:
		q.CoherentSet, q.HasCoherentSet = c.SequenceNumber(), true
	case PIDGroupCoherentSet:
		q.GroupCoherentSet, q.HasGroupCoherent = c.SequenceNumber(), true
	case PIDGroupSeqNum:
		q.GroupSeqNum, q.HasGroupSeqNum = c.SequenceNumber(), true
	case PIDLifespan:
		q.Lifespan, q.HasLifespan = c.Duration(), true
	case PIDOwnershipStrength:
		q.Strength, q.HasStrength = c.Int32(), true
	case PIDOriginalWriterInfo:
		q.OriginalWriter, q.HasOriginalWriter = c.sampleIdentity(), true
	case PIDRelatedSampleIdentity:
		q.RelatedSample, q.HasRelatedSample = c.sampleIdentity(), true
	case PIDContentFilterInfo:
		q.ContentFilterInfo = p.Value
	case PIDWriterGroupInfo:
		q.WriterGroupInfo = p.Value
	case PIDDirectedWrite:
		g := c.GUID()
		if q.HasDirectedWrite {
			q.MoreDirectedWrites = true
			return
		}
		q.DirectedWrite, q.HasDirectedWrite = g, true
	}
}

func (c *Cursor) sampleIdentity() SampleIdentity {
	return SampleIdentity{Writer: c.GUID(), SN: c.SequenceNumber()}
}

// Append appends q as a little-endian parameter list with its sentinel, for
// Data.InlineQoS.
func (q *InlineQoS) Append(b []byte) []byte {
	if q.HasStatus {
		b = AppendStatusInfo(b, true, q.StatusInfo)
	}
	if q.HasKeyHash {
		b = AppendKeyHash(b, true, q.KeyHash)
	}
	if q.HasCoherentSet {
		b = appendSN(appendParameterHeader(b, PIDCoherentSet, 8), q.CoherentSet)
	}
	if q.HasGroupCoherent {
		b = appendSN(appendParameterHeader(b, PIDGroupCoherentSet, 8), q.GroupCoherentSet)
	}
	if q.HasGroupSeqNum {
		b = appendSN(appendParameterHeader(b, PIDGroupSeqNum, 8), q.GroupSeqNum)
	}
	if q.HasLifespan {
		b = AppendDuration(appendParameterHeader(b, PIDLifespan, 8), true, q.Lifespan)
	}
	if q.HasStrength {
		b = AppendInt32(appendParameterHeader(b, PIDOwnershipStrength, 4), true, q.Strength)
	}
	if q.HasOriginalWriter {
		b = AppendGUID(appendParameterHeader(b, PIDOriginalWriterInfo, 24), q.OriginalWriter.Writer)
		b = appendSN(b, q.OriginalWriter.SN)
	}
	if q.HasRelatedSample {
		b = AppendGUID(appendParameterHeader(b, PIDRelatedSampleIdentity, 24), q.RelatedSample.Writer)
		b = appendSN(b, q.RelatedSample.SN)
	}
	if q.ContentFilterInfo != nil {
		b = AppendParameter(b, true, PIDContentFilterInfo, q.ContentFilterInfo)
	}
	if q.WriterGroupInfo != nil {
		b = AppendParameter(b, true, PIDWriterGroupInfo, q.WriterGroupInfo)
	}
	if q.HasDirectedWrite {
		b = AppendGUID(appendParameterHeader(b, PIDDirectedWrite, 16), q.DirectedWrite)
	}
	return AppendSentinel(b, true)
}

// AppendInlineQoS is q.Append.
func AppendInlineQoS(b []byte, q *InlineQoS) []byte { return q.Append(b) }

func appendParameterHeader(b []byte, id ParameterID, n uint16) []byte {
	return AppendUint16(AppendUint16(b, true, uint16(id)), true, n)
}

// AppendStatusInfo appends the parameter PID_STATUS_INFO; its four octets are
// the same in both byte orders. DDSI-RTPS 2.5, 9.6.4.9.
func AppendStatusInfo(b []byte, littleEndian bool, status uint32) []byte {
	b = AppendUint16(AppendUint16(b, littleEndian, uint16(PIDStatusInfo)), littleEndian, 4)
	return binary.BigEndian.AppendUint32(b, status)
}

// AppendKeyHash appends the parameter PID_KEY_HASH. DDSI-RTPS 2.5, 9.6.4.8.
func AppendKeyHash(b []byte, littleEndian bool, h KeyHash) []byte {
	b = AppendUint16(AppendUint16(b, littleEndian, uint16(PIDKeyHash)), littleEndian, 16)
	return append(b, h[:]...)
}
