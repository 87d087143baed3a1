package spi

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every method that the table of doc.go names is there, and every method of a
// security plugin's interfaces is in the table or named here.
func TestTableOfOperations(t *testing.T) {
	methods := map[string]bool{}
	entries, err := os.ReadDir(".")
	require.NoError(t, err)
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") || e.Name() == "transport.go" {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, 0)
		require.NoError(t, err)
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if i, ok := spec.Type.(*ast.InterfaceType); ok {
				for _, m := range i.Methods.List {
					if len(m.Names) == 0 { // embedded: listed where it is declared
						continue
					}
					methods[spec.Name.Name+"."+m.Names[0].Name] = true
				}
			}
			return true
		})
	}

	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	named := map[string]bool{}
	rows := 0
	for line := range strings.Lines(string(doc)) {
		if !strings.HasPrefix(line, "//\t") {
			continue
		}
		rows++
		for _, m := range regexp.MustCompile(`\b[A-Z]\w+\.[A-Z]\w+`).FindAllString(line, -1) {
			require.True(t, methods[m], "the table names %s, which does not exist", m)
			named[m] = true
		}
	}
	require.Greater(t, rows, 60)

	// What the specification's operations have no counterpart for.
	own := []string{
		"PreSharedKey.Kind", "PreSharedKey.NewParticipant", "PSKCrypto.OpenMessage",
		"KeyRetirer.RetireKeys", "IdentityRenewer.RenewLocalIdentity", "CredentialProver.ProveCredentials", "CredentialProver.AcceptCredentials",
		"LogDistributor.LogEntry", "Basis.Basis",
		"LocalIdentity.GUID", "LocalIdentity.SubjectName", "Handshake.Initiator", "Handshake.AuthRequest",
		"ParticipantCrypto.Message", "PeerCrypto.HasTokens", "PeerCrypto.Kx", "PeerCrypto.Receiver",
		"EndpointCrypto.Payload", "EndpointCrypto.Submessage", "PairCrypto.Ready", "PairCrypto.Payload", "PairCrypto.Receiver",
		"Receiver.ReceiverKeyID", "MessageSealer.Overhead", "SubmessageSealer.Overhead", "PayloadSealer.Overhead",
		"InPlaceMessageSealer.Room", "InPlaceSubmessageSealer.Room", "InPlacePayloadSealer.Room",
	}
	for _, m := range own {
		require.True(t, methods[m], m)
		named[m] = true
	}
	for m := range methods {
		require.True(t, named[m], "the table of doc.go does not have %s", m)
	}
}
