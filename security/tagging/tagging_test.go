package tagging

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
)

func TestTags(t *testing.T) {
	m := Map{"x": {{Name: "level", Value: "low"}}}
	require.Equal(t, []rtps.Property{{Name: "level", Value: "low"}}, m.Tags("x", true, nil))
	require.Equal(t, m.Tags("x", true, nil), m.Tags("x", false, nil))
	require.Empty(t, m.Tags("y", true, nil))
	m.Tags("x", true, nil)[0].Value = "high"
	require.Equal(t, "low", m["x"][0].Value, "the caller's is a copy")

	own := []rtps.Property{{Name: "level", Value: "high"}, {Name: "owner", Value: "me"}}
	require.Equal(t, []rtps.Property{{Name: "level", Value: "low"}, {Name: "owner", Value: "me"}}, m.Tags("x", true, own))
	require.Equal(t, own, m.Tags("y", true, own))

	f := Func(func(topic string, writer bool, qos []rtps.Property) []rtps.Property {
		if writer {
			return append(qos, rtps.Property{Name: "topic", Value: topic})
		}
		return nil
	})
	require.Equal(t, []rtps.Property{{Name: "a", Value: "b"}, {Name: "topic", Value: "z"}}, f.Tags("z", true, []rtps.Property{{Name: "a", Value: "b"}}))
	require.Empty(t, f.Tags("z", false, own))
}
