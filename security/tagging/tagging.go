// Package tagging is a data tagging plugin: it says which data tags local
// endpoints carry. Permissions can limit who may use a topic with which tags.
// DDS-Security 1.1, 8.7 and 9.6 (DDS:Tagging:DDS_Discovery).
//
// Without a plugin endpoints carry the tags of their own QoS, qos.DataTags.
// With one, whoever configures the participant can add to them or replace them,
// whatever the application asks for.
//
// It is a plugin: both types implement spi.DataTagging.
package tagging

import (
	"slices"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A Map holds the tags of the endpoints of each topic, writers and readers
// alike, beside those of their QoS. Where both have a tag of the same name, the
// Map's counts. It must not change while it is in use.
type Map map[string][]rtps.Property

// A Func decides from case to case, given the tags of the endpoint's QoS. It
// must be safe for concurrent use.
type Func func(topic string, writer bool, qos []rtps.Property) []rtps.Property

var (
	_ spi.DataTagging = Map(nil)
	_ spi.DataTagging = Func(nil)
)

// Tags implements spi.DataTagging.
func (m Map) Tags(topic string, _ bool, qos []rtps.Property) []rtps.Property {
	tags := slices.Clone(m[topic])
	for _, t := range qos {
		if !slices.ContainsFunc(m[topic], func(p rtps.Property) bool { return p.Name == t.Name }) {
			tags = append(tags, t)
		}
	}
	return tags
}

// Tags implements spi.DataTagging.
func (f Func) Tags(topic string, writer bool, qos []rtps.Property) []rtps.Property {
	return f(topic, writer, qos)
}
