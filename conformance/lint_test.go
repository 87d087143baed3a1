//go:build interop || standin

package conformance

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/conformance/peer"
	"github.com/secdds/dds/governance/lint"
	"github.com/secdds/dds/security/keystore"
)

// What lint says that Cyclone DDS and Fast DDS refuse, they refuse, and what it
// says only the other one refuses, they take.
func TestVendorsRefuseWhatLintSays(t *testing.T) {
	names := map[peer.Vendor]string{peer.Cyclone: lint.Cyclone, peer.Fast: lint.Fast}
	for _, tt := range []struct {
		doc, old, new string // what is done to which document
		rule          string // "": nothing is found
		refuse        string // the names of all who refuse; "": they take it, though they may not heed it
	}{
		{"governance", "", "", "", ""},
		{"governance", "</domain_access_rules>", "</domain_access_rules><!-- end -->", "comment", lint.Fast},
		{"governance", "<domain_access_rules>", "<!-- begin --><domain_access_rules>", "", ""},
		{"governance", "<rtps_protection_kind>SIGN<", "<rtps_protection_kind>sign<", "value-case", lint.Fast + lint.Cyclone},
		{"governance", "<rtps_protection_kind>SIGN<", "<rtps_protection_kind> SIGN <", "spacing", lint.Fast},
		{"governance", "<rtps_protection_kind>SIGN<", "<rtps_protection_kind><!-- x -->SIGN<", "", ""},
		{"governance", "<enable_join_access_control>true<", "<enable_join_access_control>TRUE<", "boolean-case", ""},
		{"governance", "<enable_join_access_control>true</enable_join_access_control>\n      <discovery_protection_kind>ENCRYPT</discovery_protection_kind>", "<discovery_protection_kind>ENCRYPT</discovery_protection_kind><enable_join_access_control>true</enable_join_access_control>", "order", lint.Fast},
		{"governance", "<max>230</max>", "", "open-range", lint.Cyclone},
		{"governance", "<topic_access_rules>", "<extra must_interpret=\"false\"/><topic_access_rules>", "unknown-element", lint.Fast + lint.Cyclone},
		{"governance", "<domains>", "<enable_key_revision>false</enable_key_revision><domains>", "edition-1.2", lint.Fast + lint.Cyclone},
		{"governance", "<domain_rule>", "<domain_rule kind=\"x\">", "attribute", lint.Cyclone},
		{"governance", "<max>230</max>", "<max>231</max>", "domain-id", lint.Cyclone},
		{"governance", "<min>0</min>", "", "open-range", lint.Cyclone},
		{"permissions", "<grant name=\"/a\">", "<grant>", "missing-attribute", lint.Fast},
		{"permissions", "<default>DENY</default>", "<default>deny</default>", "value-case", lint.Fast},
		{"permissions", "</not_before>", "Z</not_before>", "time", ""},
		{"permissions", "</not_after>", ".5</not_after>", "time", ""},
		{"permissions", "<subject_name>CN=/a<", "<subject_name> CN=/a <", "", ""},
		{"permissions", "</publish>", "<partitions><partition>A</partition></partitions><data_tags><tag><name>n</name><value>v</value></tag></data_tags></publish>", "data-tags", ""},
		{"permissions", "<max>230</max>", "<max>232</max>", "domain-id", lint.Cyclone},
	} {
		t.Run(tt.doc+" "+tt.rule, func(t *testing.T) {
			k := newKeystore(t, sros2(), keystore.P256)
			dir := enclave(t, k, "/a", keystore.EnclaveOptions{Rules: []keystore.Rule{keystore.Allow([]string{"*"}, []string{"*"})}})
			source := filepath.Join(dir, tt.doc+".xml")
			if tt.doc == "governance" {
				source = filepath.Join(k.Dir, "enclaves", "governance.xml")
			}
			text, err := os.ReadFile(source)
			require.NoError(t, err)
			if tt.old != "" {
				require.Equal(t, 1, strings.Count(string(text), tt.old), tt.old)
			}
			doc := []byte(strings.Replace(string(text), tt.old, tt.new, 1))
			list := lint.Document(time.Now(), tt.doc, doc)
			if tt.rule == "" {
				require.Empty(t, list)
			} else {
				require.True(t, slices.ContainsFunc(list, func(f lint.Finding) bool { return f.Rule == tt.rule }), "%v", list)
			}
			signed, err := k.PermissionsCA.Sign(doc)
			require.NoError(t, err)
			require.NoError(t, keystore.WriteFile(filepath.Join(dir, tt.doc+".p7s"), signed, 0o644, true))
			for _, v := range peer.Vendors() {
				t.Run(v.String(), func(t *testing.T) {
					t.Parallel()
					p := side{vendor: v, enclave: dir}.start(t, "sub", "--domain", strconv.Itoa(peer.Domain(t)), "--timeout", "30", "--count", "0")
					refused := p.Expect("^(READY|FAILED) ", limit)[1] == "FAILED"
					require.Equal(t, strings.Contains(tt.refuse, names[v]), refused)
					for _, f := range list {
						if f.Rule == tt.rule && tt.refuse != "" {
							require.Equal(t, refused, len(f.Peers) == 0 || slices.Contains(f.Peers, names[v]), "what lint says: %v", f)
						}
					}
					p.Stop()
				})
			}
		})
	}
}

// The same for the ways to sign.
func TestVendorsRefuseFormsAsLintSays(t *testing.T) {
	names := map[peer.Vendor]string{peer.Cyclone: lint.Cyclone, peer.Fast: lint.Fast}
	for args, tt := range map[string]struct{ rule, refuse string }{
		"-text":            {},
		"-text -md sha512": {},
		"-text -noattr":    {"signed-attributes", ""},
		"":                 {"signed-text", lint.Cyclone + lint.Fast},
		"-text -nodetach":  {"signed-form", ""},
	} {
		t.Run("smime "+args, func(t *testing.T) {
			k := newKeystore(t, sros2(), keystore.P256)
			dir := enclave(t, k, "/a", keystore.EnclaveOptions{})
			out := filepath.Join(dir, "permissions.p7s")
			openssl(t, append([]string{"smime", "-sign", "-in", filepath.Join(dir, "permissions.xml"), "-out", out,
				"-signer", filepath.Join(k.Dir, "public", "ca.cert.pem"), "-inkey", filepath.Join(k.Dir, "private", "ca.key.pem")}, strings.Fields(args)...)...)
			doc, err := os.ReadFile(out)
			require.NoError(t, err)
			list := lint.Document(time.Now(), out, doc)
			if tt.rule == "" {
				require.Empty(t, list)
			} else {
				require.Len(t, list, 1)
				require.Equal(t, tt.rule, list[0].Rule)
			}
			for _, v := range peer.Vendors() {
				t.Run(v.String(), func(t *testing.T) {
					t.Parallel()
					p := side{vendor: v, enclave: dir}.start(t, "sub", "--domain", strconv.Itoa(peer.Domain(t)), "--timeout", "30", "--count", "0")
					refused := p.Expect("^(READY|FAILED) ", limit)[1] == "FAILED"
					require.Equal(t, strings.Contains(tt.refuse, names[v]), refused)
					p.Stop()
				})
			}
		})
	}
}
