package qos

import (
	"fmt"
	"strings"
)

// A DataTag labels all data of a writer, or of what a reader may receive.
type DataTag struct{ Name, Value string }

// DataTags are the labels of a writer or reader: DATA_TAG. They cannot change.
// The default is none. DDS-Security 1.1, 7.2.5.
//
// Permissions can limit who may use a topic with which tags, and the peer's
// access control judges by them, too. They travel in protected discovery only:
// on a topic whose governance has enable_discovery_protection false peers see
// none, and without security they mean nothing.
type DataTags []DataTag

// Bounds of data tags. Peers may keep fewer.
const (
	MaxDataTags   = 256  // of one endpoint
	MaxDataTagLen = 1024 // octets of a name, and of a value
)

// Validate reports what is wrong with the tags, as an *Error: a name that is
// blank or there twice, or a bound that is passed.
func (p DataTags) Validate() error {
	var v validator
	v.tags(p)
	return v.result()
}

func (v *validator) tags(list []DataTag) {
	v.check(len(list) <= MaxDataTags, DataTagsID, fmt.Sprintf("more than %d tags", MaxDataTags))
	if v.err != nil {
		return
	}
	names := make(map[string]bool, len(list))
	size := 4
	for _, t := range list {
		v.check(t.Name != "", DataTagsID, "a name is blank")
		v.check(!names[t.Name], DataTagsID, fmt.Sprintf("the name %.64q is there twice", t.Name))
		names[t.Name] = true
		for _, s := range [...]string{t.Name, t.Value} {
			v.check(len(s) <= MaxDataTagLen, DataTagsID, fmt.Sprintf("a name or value is longer than %d octets", MaxDataTagLen))
			v.check(!strings.Contains(s, "\x00"), DataTagsID, "a name or value holds a NUL")
			size += 4 + (len(s)+1+3)&^3
		}
	}
	v.check(size <= MaxData, DataTagsID, "the tags do not fit in an announcement")
}
