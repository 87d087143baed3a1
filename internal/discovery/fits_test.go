package discovery

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
)

func TestFits(t *testing.T) {
	require.NoError(t, fullParticipant(t).Fits())
	require.NoError(t, fullWriter(t).Fits())
	require.NoError(t, fullReader(t).Fits())
	long := strings.Repeat("x", rtps.MaxParameter+1)
	for _, spoil := range []func(*ParticipantData){
		func(d *ParticipantData) { d.EntityName = long },
		func(d *ParticipantData) { d.DomainTag = "a\x00" },
		func(d *ParticipantData) { d.Properties[0].Value = long },
		func(d *ParticipantData) { d.IdentityToken.ClassID = long },
	} {
		d := fullParticipant(t)
		spoil(d)
		require.Error(t, d.Fits())
	}
	for _, spoil := range []func(*EndpointData){
		func(d *EndpointData) { d.Topic = "" },
		func(d *EndpointData) { d.Type = long },
		func(d *EndpointData) { d.ContentFilter.Expression = long },
		func(d *EndpointData) { d.DataTags[0].Value = long },
		func(d *EndpointData) { d.TypeInformation = []byte(long) },
	} {
		d := fullReader(t)
		spoil(d)
		require.Error(t, d.Fits())
	}
}

// What validates can be announced.
func TestLargestQoSFits(t *testing.T) {
	most := make([]byte, qos.MaxData)
	q := qos.NewWriter(qos.UserData(most), qos.GroupData(most), qos.Partition(strings.Repeat("p", 65_000)))
	q.TopicData = most
	require.NoError(t, q.Validate())
	d := fullWriter(t)
	d.Writer = &q
	got, err := ParseEndpoint(AppendEndpoint(nil, true, d), true, true)
	require.NoError(t, err)
	require.True(t, d.equal(got))
}
