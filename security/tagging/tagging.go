// Package tagging is a data tagging plugin: it says which data tags local
// endpoints carry. Permissions can limit who may use a topic with which tags.
// DDS-Security 1.1, 8.7.
//
// It is a plugin: both types implement spi.DataTagging.
package tagging

import (
	"slices"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// A Map holds the tags of the endpoints of each topic, writers and readers
// alike. Other topics have none. It must not change while it is in use.
type Map map[string][]rtps.Property

// A Func decides from case to case. It must be safe for concurrent use.
type Func func(topic string, writer bool) []rtps.Property

var (
	_ spi.DataTagging = Map(nil)
	_ spi.DataTagging = Func(nil)
)

// Tags implements spi.DataTagging.
func (m Map) Tags(topic string, _ bool) []rtps.Property { return slices.Clone(m[topic]) }

// Tags implements spi.DataTagging.
func (f Func) Tags(topic string, writer bool) []rtps.Property { return f(topic, writer) }
