package main

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/spi"
)

// The show fails where what it says is not so: it is a check, not a speech.
func TestFailsWhenItIsNotSo(t *testing.T) {
	signed := keystore.UniformGovernance(spi.ProtectSign)
	open := keystore.UniformGovernance(spi.ProtectEncrypt)
	open.AllowUnauthenticated = true
	for _, row := range []struct {
		name       string
		governance keystore.Governance
		err        string
	}{
		{"what is only signed can be read", signed, "search the datagrams: found in clear"},
		{"a participant without credentials is let in", open, "refuse the strangers"},
	} {
		t.Run(row.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second)
			defer cancel()
			require.ErrorContains(t, perform(ctx, io.Discard, t.TempDir(), row.governance), row.err)
		})
	}
}
