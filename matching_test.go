package dds_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/transport/memnet"
)

// Partitions match by name or by pattern, never pattern with pattern.
// DDS 1.4, 2.2.3.13.
func TestPartitionQoS(t *testing.T) {
	for _, tt := range []struct {
		writer, reader []string
		match          bool
	}{
		{nil, nil, true},
		{[]string{"a"}, []string{"a"}, true},
		{[]string{"a"}, []string{"b"}, false},
		{[]string{"a"}, nil, false},
		{[]string{"a", "b"}, []string{"b", "c"}, true},
		{[]string{"sensors/1"}, []string{"sensors/*"}, true},
		{[]string{"sensors/?"}, []string{"sensors/1"}, true},
		{[]string{"sensors/*"}, []string{"sensors/*"}, false},
	} {
		t.Run(fmt.Sprint(tt.writer, tt.reader), func(t *testing.T) {
			inWorld(t, memnet.Config{}, func(w *world) {
				a, b := w.participant("a"), w.participant("b")
				pub, err := a.NewPublisher(qos.Partitions(tt.writer))
				require.NoError(w, err)
				sub, err := b.NewSubscriber(qos.Partitions(tt.reader))
				require.NoError(w, err)
				wr, err := dds.NewWriter(pub, topicOf[shape](w, a, "Square"))
				require.NoError(w, err)
				r, err := dds.NewReader(sub, topicOf[shape](w, b, "Square"))
				require.NoError(w, err)
				w.settle(5 * time.Second)
				require.Equal(w, tt.match, wr.Matched().Current == 1)
				require.Equal(w, tt.match, r.Matched().Current == 1)
				require.Zero(w, wr.IncompatibleQoS().Total) // partitions are no incompatibility
			})
		})
	}
}

// Both sides learn every policy that keeps them apart. DDS 1.4, 2.2.4.1.
func TestIncompatibleQoS(t *testing.T) {
	for _, tt := range []struct {
		writer []qos.WriterPolicy
		reader []qos.ReaderPolicy
		want   []qos.ID
	}{
		{[]qos.WriterPolicy{qos.BestEffort()}, []qos.ReaderPolicy{qos.Reliable(0)}, []qos.ID{qos.ReliabilityID}},
		{nil, []qos.ReaderPolicy{qos.TransientLocal}, []qos.ID{qos.DurabilityID}},
		{[]qos.WriterPolicy{qos.Exclusive}, nil, []qos.ID{qos.OwnershipID}},
		{[]qos.WriterPolicy{qos.Deadline(2 * time.Second)}, []qos.ReaderPolicy{qos.Deadline(time.Second)}, []qos.ID{qos.DeadlineID}},
		{[]qos.WriterPolicy{qos.BestEffort(), qos.Exclusive}, []qos.ReaderPolicy{qos.Reliable(0), qos.TransientLocal},
			[]qos.ID{qos.DurabilityID, qos.OwnershipID, qos.ReliabilityID}},
	} {
		t.Run(fmt.Sprint(tt.want), func(t *testing.T) {
			inWorld(t, memnet.Config{}, func(w *world) {
				a, b := w.participant("a"), w.participant("b")
				wr := writerOf[shape](w, a, "Square", tt.writer...)
				r := readerOf[shape](w, b, "Square", tt.reader...)
				w.settle(5 * time.Second)
				for _, s := range []dds.IncompatibleStatus{wr.IncompatibleQoS(), r.IncompatibleQoS()} {
					require.Equal(w, 1, s.Total)
					require.Equal(w, 1, s.TotalChange)
					require.ElementsMatch(w, tt.want, s.LastPolicies)
					for _, id := range tt.want {
						require.Equal(w, 1, s.Policies[id])
					}
				}
				require.Zero(w, wr.IncompatibleQoS().TotalChange)
				require.Zero(w, wr.Matched().Total)
				require.Zero(w, r.Matched().Total)
			})
		})
	}
}

// Waits succeed at once if they need not wait, even when their context is done.
func TestWaitsWithDoneContext(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		w.net.Partition("a", "b")
		a, b := w.participant("a"), w.participant("b")
		wr := writerOf[shape](w, a, "Square", qos.KeepAll())
		r := readerOf[shape](w, b, "Square", qos.Reliable(0))
		done, cancel := context.WithCancel(w.Context())
		cancel()
		require.ErrorIs(w, wr.WaitForMatched(done, 1), context.Canceled)
		require.ErrorIs(w, r.WaitForMatched(done, 1), context.Canceled)
		require.ErrorIs(w, r.WaitForData(done), context.Canceled)
		require.NoError(w, wr.WaitForMatched(done, 0))
		w.net.Heal()
		matched(w, wr, r)
		require.NoError(w, wr.WaitForMatched(done, 1))
		require.NoError(w, r.WaitForMatched(done, 1))
		require.NoError(w, wr.WaitForAcks(done)) // nothing was written
		w.net.Partition("a", "b")
		require.NoError(w, wr.Write(done, &shape{"RED", 1, 2}))
		require.ErrorIs(w, wr.WaitForAcks(done), context.Canceled)
		w.net.Heal()
		require.NoError(w, r.WaitForData(w.soon()))
		require.NoError(w, r.WaitForData(done))
		require.NoError(w, wr.WaitForAcks(w.soon()))
		require.NoError(w, wr.WaitForAcks(done))
		_, err := r.Next(done)
		require.NoError(w, err)
		_, err = r.Next(done)
		require.ErrorIs(w, err, context.Canceled)
	})
}

// Closing wakes everyone who waits, and later calls are refused.
func TestCloseWakesTheBlocked(t *testing.T) {
	for _, whole := range []bool{false, true} {
		t.Run(fmt.Sprintf("participant=%v", whole), func(t *testing.T) {
			inWorld(t, memnet.Config{}, func(w *world) {
				a, b := w.participant("a"), w.participant("b")
				limits := qos.ResourceLimits{MaxSamples: 1, MaxInstances: 1, MaxSamplesPerInstance: 1}
				wr := writerOf[shape](w, a, "Square", qos.KeepAll(), qos.Reliable(qos.Infinite), limits)
				r := readerOf[shape](w, b, "Square", qos.Reliable(0), qos.KeepAll())
				matched(w, wr, r)
				w.net.Partition("a", "b")
				write(w, wr, shape{"RED", 1, 2})
				ctx := w.Context()
				results := make(chan error, 8)
				for _, f := range []func() error{
					func() error { return wr.Write(ctx, &shape{"RED", 2, 2}) },
					func() error { return wr.WaitForAcks(ctx) },
					func() error { return wr.WaitForMatched(ctx, 5) },
					func() error { return r.WaitForData(ctx) },
					func() error { return r.WaitForMatched(ctx, 5) },
					func() error { _, err := r.Next(ctx); return err },
				} {
					go func() { results <- f() }()
				}
				w.settle(time.Second)
				require.Empty(w, results)
				if whole {
					require.NoError(w, a.Close())
					require.NoError(w, b.Close())
				} else {
					require.NoError(w, wr.Close())
					require.NoError(w, r.Close())
				}
				for range 6 {
					require.ErrorIs(w, <-results, dds.ErrClosed)
				}
				err := wr.Write(ctx, &shape{"RED", 3, 2})
				require.ErrorIs(w, err, dds.ErrClosed)
				require.Equal(w, dds.CodeAlreadyDeleted, dds.ReturnCode(err))
				require.NoError(w, wr.Close())
				require.NoError(w, r.Close())
				require.Empty(w, r.Take(0, dds.Query{}))
				if whole {
					_, err = dds.NewWriter(a.Publisher(), topicOf[shape](w, a, "Square"))
					require.ErrorIs(w, err, dds.ErrClosed)
					require.NoError(w, a.Close())
					require.Empty(w, a.Peers())
				}
			})
		})
	}
}

// Reading leaves samples, marked as read; a query chooses by the states.
func TestReadAndQuery(t *testing.T) {
	inWorld(t, memnet.Config{}, func(w *world) {
		a, b := w.participant("a"), w.participant("b")
		wr := writerOf[shape](w, a, "Square", qos.KeepAll())
		r := readerOf[shape](w, b, "Square", qos.Reliable(0), qos.KeepAll())
		matched(w, wr, r)
		for i := range 3 {
			write(w, wr, shape{"RED", int32(i), 0})
		}
		require.NoError(w, wr.WaitForAcks(w.soon()))
		require.Len(w, r.Read(2, dds.Query{}), 2)
		require.Len(w, r.Read(0, dds.Query{Sample: dds.Read}), 2)
		got := r.Read(0, dds.Query{Sample: dds.NotRead})
		require.Len(w, got, 1)
		require.Equal(w, int32(2), got[0].Value.X)
		require.Empty(w, r.Read(0, dds.Query{View: dds.New}))
		require.Empty(w, r.Read(0, dds.Query{Instance: dds.NotAlive}))
		write(w, wr, shape{"BLUE", 9, 0})
		require.NoError(w, wr.WaitForAcks(w.soon()))
		got = r.Take(0, dds.Query{View: dds.New})
		require.Len(w, got, 1)
		require.Equal(w, "BLUE", got[0].Value.Color)

		// The values' memory is reused, and what is beyond the result is left alone.
		buf := make([]dds.Sample[shape], 5)
		buf[3].Value.X = 77
		require.Equal(w, 3, r.TakeInto(buf, dds.Query{}))
		require.Equal(w, int32(2), buf[2].Value.X)
		require.Equal(w, int32(77), buf[3].Value.X)
		require.Zero(w, r.TakeInto(buf, dds.Query{}))
		require.Zero(w, r.TakeInto(nil, dds.Query{}))
	})
}

// Every error has the specification's return code. DDS 1.4, 2.3.3.
func TestReturnCodes(t *testing.T) {
	profile := qos.NewReader(qos.KeepLast(5), qos.ResourceLimits{MaxSamples: 1, MaxInstances: 1, MaxSamplesPerInstance: 1})
	inconsistent := profile.Validate()
	for _, tt := range []struct {
		err  error
		want dds.Code
	}{
		{nil, dds.CodeOK},
		{errors.New("else"), dds.CodeError},
		{dds.ErrUnsupported, dds.CodeUnsupported},
		{dds.ErrBadParameter, dds.CodeBadParameter},
		{dds.ErrBadType, dds.CodeBadParameter},
		{dds.ErrOutOfResources, dds.CodeOutOfResources},
		{inconsistent, dds.CodeInconsistentPolicy},
		{dds.ErrClosed, dds.CodeAlreadyDeleted},
		{dds.ErrTimeout, dds.CodeTimeout},
		{context.DeadlineExceeded, dds.CodeTimeout},
		{dds.ErrNotAllowed, dds.CodeNotAllowed},
	} {
		require.Equal(t, tt.want, dds.ReturnCode(tt.err), "%v", tt.err)
		if tt.err != nil {
			require.Equal(t, tt.want, dds.ReturnCode(fmt.Errorf("doing this: %w", tt.err)))
		}
	}
}
