package engine

import (
	"fmt"

	"github.com/secdds/dds/internal/discovery"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
)

// tags returns the data tags of a local endpoint: those of its QoS, or what the
// tagging plugin makes of them.
func (s *security) tags(topic string, writer bool, labels qos.DataTags) ([]rtps.Property, error) {
	list := make([]rtps.Property, 0, len(labels))
	for _, t := range labels {
		list = append(list, rtps.Property(t))
	}
	if s.Tagging == nil {
		return list, nil
	}
	list = s.Tagging.Tags(topic, writer, list)
	made := make(qos.DataTags, 0, len(list))
	for _, t := range list {
		made = append(made, qos.DataTag(t))
	}
	if err := made.Validate(); err != nil {
		return nil, fmt.Errorf("data tags of the tagging plugin for topic %q: %w: %w", topic, ErrBadParameter, err)
	}
	return list, nil
}

// dataTags returns the tags access control is to judge a remote endpoint by.
// What came by unprotected discovery anybody may have written.
// DDS-Security 1.1, 7.4.1.5.
func dataTags(d *discovery.EndpointData) []rtps.Property {
	if !d.Secure {
		return nil
	}
	return d.DataTags
}
