package conformance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// quirks says for what vendors do in their own way which test holds us to it.
// Tests of this package run with the build tag interop.
var quirks = []struct{ quirk, file, tests string }{
	{"Fast DDS as initiator refuses algorithm names with a NUL; OpenDDS and Cyclone DDS send one, RustDDS takes none",
		"security/pkidh/handshake_test.go", "TestNULFollowsTheVendor"},
	{"Fast DDS needs hash_c1, hash_c2 and dh1 in the reply, RustDDS dh1 and dh2 in the final message, and exact class ids",
		"security/pkidh/handshake_test.go", "TestTokensAreComplete TestClassIDs"},
	{"Cyclone DDS and OpenDDS leave the optional properties out",
		"security/pkidh/handshake_test.go", "TestOptionalPropertiesMayBeMissing"},
	{"Cyclone DDS sends a DH public key as a DER INTEGER, the others raw",
		"security/pkidh/handshake_test.go", "TestDiffieHellmanInitiator"},
	{"RSA-PSS salt: 32 octets (Fast DDS, RustDDS) or the longest that fits (OpenSSL)",
		"security/pkidh/agreement_test.go security/pkidh/*_test.go", "TestSaltLengths"},
	{"the lower half of an adjusted GUID: hash of 16 octets, with Cyclone DDS of 12", "security/pkidh/plugin_test.go", "TestGUIDVector"},
	{"documents end in a NUL (Cyclone DDS, OpenDDS) or not", "security/pkidh/*_test.go", "TestNULTerminatedDocuments"},
	{"OpenDDS and Fast DDS compare subject names in tokens as text: we send none", "security/permissions/*_test.go", "TestTokens"},
	{"OpenDDS drops stateless messages whose number does not grow", "internal/admission/peer_test.go", "TestResendsCarryGrowingNumbers"},
	{"Cyclone DDS fragments its handshake messages", "conformance/interop_test.go", "TestHandshakeRoles"},
	{"Fast DDS sends every token to every peer, from its stateless writer", "internal/admission/peer_test.go", "TestTokensForOthersAreIgnored"},
	{"a late reader of OpenDDS misses the first tokens", "internal/admission/peer_test.go", "TestTokensAreSentAgainWhileThePeersAreMissing"},
	{"OpenDDS: length 0 in SRTPS_POSTFIX, RTPS in INFO_SRC, big-endian headers", "security/aesgcm/vendor_test.go", "TestOpenDDSMessage"},
	{"Fast DDS appends statistics to sealed messages", "security/aesgcm/vendor_test.go", "TestFastStatistics"},
	{"Fast DDS and OpenDDS align the count in a payload's footer", "security/aesgcm/vendor_test.go", "TestPayloadFooters"},
	{"lengths of the secured submessages rounded up", "security/aesgcm/vendor_test.go", "TestSubmessageVariants"},
	{"OpenDDS sends no receiver-specific keys", "security/aesgcm/token_test.go", "TestEndpointTokensRefused"},
	{"key material NONE of 24 or 44 octets", "security/aesgcm/keymat_test.go", "TestKeymatNone"},
	{"Fast DDS takes a new session every 32 messages", "security/aesgcm/*_test.go", "TestRollover"},
	{"one token for submessage and payload (Fast DDS), or two", "security/aesgcm/token_test.go", "TestOneTokenForBoth"},
	{"Fast DDS waits for a reader's tokens where only payloads are protected", "security/aesgcm/token_test.go", "TestEndpointTokens"},
	{"Cyclone DDS and Fast DDS seal the payload of each DATA_FRAG", "conformance/interop_test.go", "TestProtections"},
	{"governance that asks for nothing but authentication", "conformance/interop_test.go", "TestProtections"},
	{"Cyclone DDS wants the serialized key with a dispose, Fast DDS the hash", "conformance/interop_test.go", "TestInstanceStates"},
	{"Fast DDS disposes endpoints and participants by key hash", "update_test.go", "TestEndpointGoneByKeyHash"},
	{"Cyclone DDS asserts liveliness in clear, and keeps the open topics of discovery out of sealed messages",
		"conformance/matrix_test.go", "TestMatrix"},
	{"Cyclone DDS says good-bye in clear", "conformance/interop_test.go", "TestUnmatch"},
}

func TestQuirksAreTested(t *testing.T) {
	for _, q := range quirks {
		var text strings.Builder
		for pattern := range strings.FieldsSeq(q.file) {
			files, err := filepath.Glob(filepath.Join("..", pattern))
			require.NoError(t, err)
			for _, f := range files {
				b, err := os.ReadFile(f)
				require.NoError(t, err)
				text.Write(b)
			}
		}
		for name := range strings.FieldsSeq(q.tests) {
			require.Contains(t, text.String(), "func "+name+"(t *testing.T)", "%s: no such test in %s", q.quirk, q.file)
		}
	}
}
