//go:build !race

package main

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
)

// What the loops do beside the calls they measure allocates nothing.
func TestLoopsDoNotAllocate(t *testing.T) {
	wait := newWaiter(t.Context())
	defer wait.close()
	found := func(context.Context) error { return nil }
	require.Zero(t, testing.AllocsPerRun(1000, func() { _, _ = wait.data(found) }))

	var count tally
	v, info := &Perf{Data: make([]byte, 10)}, &dds.SampleInfo{ValidData: true}
	require.Zero(t, testing.AllocsPerRun(1000, func() { count.add(v, info) }))
}
