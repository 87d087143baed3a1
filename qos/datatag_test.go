package qos

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDataTags(t *testing.T) {
	tags := DataTags{{"classification", "secret"}, {"owner", ""}}
	w, r := NewWriter(tags), NewReader(tags)
	require.NoError(t, w.Validate())
	require.NoError(t, r.Validate())
	require.Equal(t, []DataTag(tags), w.DataTags)

	// They are immutable. DDS-Security 1.1, 7.2.5.
	w2, r2 := NewWriter(), NewReader()
	require.Equal(t, []ID{DataTagsID}, w.ImmutableChanges(&w2))
	require.Equal(t, []ID{DataTagsID}, r.ImmutableChanges(&r2))
	require.False(t, w.Equal(&w2))
	require.False(t, r.Equal(&r2))

	many := func(n, size int) (list DataTags) {
		for i := range n {
			list = append(list, DataTag{fmt.Sprint(i), strings.Repeat("x", size)})
		}
		return list
	}
	require.NoError(t, many(MaxDataTags, 100).Validate())
	for _, tt := range []struct {
		tags DataTags
		want string
	}{
		{DataTags{{"", "x"}}, "qos: DATA_TAG: a name is blank"},
		{DataTags{{"a", "x"}, {"b", "x"}, {"a", "y"}}, `the name "a" is there twice`},
		{DataTags{{"a", "x\x00"}}, "holds a NUL"},
		{DataTags{{strings.Repeat("a", MaxDataTagLen+1), "x"}}, "longer than 1024 octets"},
		{DataTags{{"a", strings.Repeat("a", MaxDataTagLen+1)}}, "longer than 1024 octets"},
		{many(MaxDataTags+1, 1), "more than 256 tags"},
		{many(200, MaxDataTagLen), "do not fit"},
	} {
		require.ErrorContains(t, tt.tags.Validate(), tt.want)
		w, r := NewWriter(tt.tags), NewReader(tt.tags)
		require.ErrorContains(t, w.Validate(), tt.want)
		require.ErrorContains(t, r.Validate(), tt.want)
	}
}
