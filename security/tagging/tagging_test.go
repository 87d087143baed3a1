package tagging

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
)

func TestTags(t *testing.T) {
	m := Map{"x": {{Name: "level", Value: "low"}}}
	require.Equal(t, []rtps.Property{{Name: "level", Value: "low"}}, m.Tags("x", true))
	require.Equal(t, m.Tags("x", true), m.Tags("x", false))
	require.Empty(t, m.Tags("y", true))
	m.Tags("x", true)[0].Value = "high"
	require.Equal(t, "low", m["x"][0].Value, "the caller's is a copy")

	f := Func(func(topic string, writer bool) []rtps.Property {
		if writer {
			return []rtps.Property{{Name: "topic", Value: topic}}
		}
		return nil
	})
	require.Equal(t, []rtps.Property{{Name: "topic", Value: "z"}}, f.Tags("z", true))
	require.Empty(t, f.Tags("z", false))
}
