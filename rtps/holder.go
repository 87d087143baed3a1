package rtps

// A Property is a name and a text. DDS-Security 1.1, 7.2.1. Only properties
// that are to travel (propagate) are ever held.
type Property struct{ Name, Value string }

// A BinaryProperty is a name and octets. DDS-Security 1.1, 7.2.2.
type BinaryProperty struct {
	Name  string
	Value []byte
}

// A DataHolder is the generic form of every token. DDS-Security 1.1, 7.2.3.
type DataHolder struct {
	ClassID          string
	Properties       []Property
	BinaryProperties []BinaryProperty
}

// Binary returns the first binary property of that name, or nil.
func (h *DataHolder) Binary(name string) []byte {
	for i := range h.BinaryProperties {
		if h.BinaryProperties[i].Name == name {
			return h.BinaryProperties[i].Value
		}
	}
	return nil
}

// Property returns the first text property of that name and whether it is there.
func (h *DataHolder) Property(name string) (string, bool) {
	for _, p := range h.Properties {
		if p.Name == name {
			return p.Value, true
		}
	}
	return "", false
}

// A MessageIdentity names one sample of a writer. DDS-Security 1.1, 7.4.4.3.
type MessageIdentity struct {
	Source GUID
	SN     int64
}

// A GenericMessage is ParticipantGenericMessage: what travels on the stateless
// and the volatile-secure topic. DDS-Security 1.1, 7.4.4.2.
type GenericMessage struct {
	Identity               MessageIdentity
	Related                MessageIdentity
	DestinationParticipant GUID
	DestinationEndpoint    GUID
	SourceEndpoint         GUID
	ClassID                string
	Data                   []DataHolder
}

// A SecurityInfo is ParticipantSecurityInfo or EndpointSecurityInfo: two words
// of attribute bits. DDS-Security 1.1, 7.4.1.6 and 7.4.1.8.
type SecurityInfo struct{ Attributes, PluginAttributes uint32 }

// SecurityInfoValid is the bit of both words that says they hold something.
const SecurityInfoValid uint32 = 1 << 31

// Compatible reports whether two infos agree, as DDS-Security 1.1, 7.4.1.6 has
// it: both words are equal, or one side does not claim validity.
func (i SecurityInfo) Compatible(o SecurityInfo) bool {
	ok := func(a, b uint32) bool { return a == b || a&SecurityInfoValid == 0 || b&SecurityInfoValid == 0 }
	return ok(i.Attributes, o.Attributes) && ok(i.PluginAttributes, o.PluginAttributes)
}
