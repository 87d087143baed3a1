package rtps

import (
	"encoding/hex"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// A row is one submessage: as a struct and as octets in commented hex.
type row[T any] struct {
	name  string
	msg   T
	wire  string
	in    bool // another encoding of msg than ours (big-endian, for one): only parsed
	loose int  // trailing octets that may be missing without an error
}

// A codec is what is done with every kind of submessage.
type codec[T any] struct {
	append func(T, []byte) []byte
	parse  func(Submessage) (T, error)
}

var comment = regexp.MustCompile(`//[^\n]*|\s+`)

// unhex returns the octets of commented hex.
func unhex(t testing.TB, s string) []byte {
	b, err := hex.DecodeString(comment.ReplaceAllString(s, ""))
	require.NoError(t, err)
	return b
}

// parseOne parses wire, which holds one submessage.
func (c codec[T]) parseOne(t testing.TB, wire []byte) (T, error) {
	s, next, err := Next(wire)
	require.NoError(t, err)
	require.Empty(t, next)
	require.Equal(t, wire, s.Raw)
	return c.parse(s)
}

// test checks that every row is encoded and decoded as it says and that every
// truncation of it is refused.
func (c codec[T]) test(t *testing.T, rows []row[T]) {
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			wire := unhex(t, r.wire)
			got, err := c.parseOne(t, wire)
			require.NoError(t, err)
			require.Equal(t, r.msg, got)

			if !r.in {
				require.Equal(t, wire, c.append(r.msg, nil))
				prefix := []byte("prefix")
				require.Equal(t, append(prefix, wire...), c.append(r.msg, prefix))
			}
			for n := range len(wire) - r.loose {
				if n > 0 && n < len(wire) && len(wire) > SubmessageHeaderLen {
					_, _, err := Next(wire[:n])
					require.ErrorIs(t, err, ErrMalformed, "datagram of %d octets", n)
				}
				if n >= SubmessageHeaderLen {
					s := Submessage{Kind: wire[0], Flags: wire[1], Body: wire[SubmessageHeaderLen:n]}
					_, err := c.parse(s)
					require.ErrorIs(t, err, ErrMalformed, "body of %d octets", n)
				}
			}
		})
	}
}

// refuse checks that every row, which should differ from a good one in what its
// name says, is malformed.
func (c codec[T]) refuse(t *testing.T, rows []row[T]) {
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			_, err := c.parseOne(t, unhex(t, r.wire))
			require.ErrorIs(t, err, ErrMalformed)
		})
	}
}

// fuzz checks that nothing panics and that decode, encode, decode is a fixed
// point. The rows are the seeds. foreign, if not nil, says which messages
// cannot be encoded again because they hold something in big-endian order.
func (c codec[T]) fuzz(f *testing.F, rows []row[T], foreign func(T, Submessage) bool) {
	for _, r := range rows {
		wire := unhex(f, r.wire)
		f.Add(wire[0], wire[1], wire[SubmessageHeaderLen:])
	}
	f.Fuzz(func(t *testing.T, kind, flags byte, body []byte) {
		s := Submessage{Kind: kind, Flags: flags, Body: body}
		m, err := c.parse(s)
		if err != nil {
			require.ErrorIs(t, err, ErrMalformed)
			return
		}
		if foreign != nil && foreign(m, s) {
			return
		}
		wire := c.append(m, nil)
		again, err := c.parseOne(t, wire)
		require.NoError(t, err)
		wire2 := c.append(again, nil)
		require.Equal(t, wire, wire2)
	})
}

// requireNoAllocs checks that f allocates nothing.
func requireNoAllocs(t *testing.T, f func()) {
	t.Helper()
	require.Zero(t, testing.AllocsPerRun(200, f))
}
