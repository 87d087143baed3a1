package security

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/security/psk"
	"github.com/secdds/dds/security/seclog"
	"github.com/secdds/dds/spi"
)

// FromProperties returns the plugins that properties ask for, by the names of
// DDS-Security 1.1, 9.3.1 and 9.4.1 (dds.sec.auth.identity_ca, …), which Cyclone
// DDS, OpenDDS and RustDDS use, or by those of Fast DDS
// (dds.sec.auth.builtin.PKI-DH.identity_ca, …). Values that stand for files are
// "file:" or "file://" and a path, or "data:," and the text itself. Files are
// watched: see New.
//
// Properties that have nothing to do with security are passed over. One that
// has, and is not known or asks for what is not there, is an error.
func FromProperties(properties map[string]string) (*spi.Security, error) {
	cfg, err := ReadProperties(properties)
	if err != nil {
		return nil, err
	}
	return New(cfg)
}

// ReadProperties reads the files that properties name. See FromProperties. The
// result can be changed before it goes to New: a File that is replaced is not
// watched any more.
func ReadProperties(properties map[string]string) (Config, error) {
	r := propertyReader{from: map[*File]string{}}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if !aboutSecurity(name) {
			continue
		}
		r.any = true
		if err := r.set(name, properties[name]); err != nil {
			return Config{}, fmt.Errorf("security: %w", err)
		}
	}
	if err := r.finish(); err != nil {
		return Config{}, fmt.Errorf("security: %w", err)
	}
	return r.cfg, nil
}

// aboutSecurity reports whether a property would change what is protected, here
// or in another implementation.
func aboutSecurity(name string) bool {
	for _, p := range []string{"dds.sec.", "com.rti.serv.secure", "com.rti.serv.load_plugin", "org.eclipse.cyclonedds.sec.",
		"opendds.sec.", "rtps.participant.rtps_protection_kind", "rtps.endpoint.submessage_protection_kind",
		"rtps.endpoint.payload_protection_kind"} {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

// Prefixes of Fast DDS.
const (
	fastAuth   = "dds.sec.auth.builtin.PKI-DH."
	fastAccess = "dds.sec.access.builtin.Access-Permissions."
	fastLog    = "dds.sec.log.builtin.DDS_LogTopic."
)

type propertyReader struct {
	cfg        Config
	from       map[*File]string // which property has set it
	psk        []rtps.Property
	any        bool
	file       string // of the log
	level      string // of the log
	distribute bool   // the log
}

// of returns the file that a property names; nil: it names none.
func (r *propertyReader) of(name string) *File {
	switch name {
	case "dds.sec.auth.identity_ca", fastAuth + "identity_ca":
		return &r.cfg.IdentityCA
	case "dds.sec.auth.identity_certificate", fastAuth + "identity_certificate":
		return &r.cfg.Certificate
	case "dds.sec.auth.private_key", fastAuth + "private_key":
		return &r.cfg.PrivateKey
	case "org.eclipse.cyclonedds.sec.auth.crl", fastAuth + "identity_crl":
		return &r.cfg.CRL
	case "dds.sec.access.permissions_ca", fastAccess + "permissions_ca":
		return &r.cfg.PermissionsCA
	case "dds.sec.access.governance", fastAccess + "governance":
		return &r.cfg.Governance
	case "dds.sec.access.permissions", fastAccess + "permissions":
		return &r.cfg.Permissions
	}
	return nil
}

// fixed are properties that may only say what is so anyway: which plugins there
// are, and by which library Cyclone DDS finds them.
var fixed = map[string]string{
	"dds.sec.auth.plugin":             "builtin.PKI-DH",
	"dds.sec.access.plugin":           "builtin.Access-Permissions",
	"dds.sec.crypto.plugin":           "builtin.AES-GCM-GMAC",
	"dds.sec.log.plugin":              "builtin.DDS_LogTopic",
	"dds.sec.auth.library.path":       "dds_security_auth",
	"dds.sec.auth.library.init":       "init_authentication",
	"dds.sec.auth.library.finalize":   "finalize_authentication",
	"dds.sec.crypto.library.path":     "dds_security_crypto",
	"dds.sec.crypto.library.init":     "init_crypto",
	"dds.sec.crypto.library.finalize": "finalize_crypto",
	"dds.sec.access.library.path":     "dds_security_ac",
	"dds.sec.access.library.init":     "init_access_control",
	"dds.sec.access.library.finalize": "finalize_access_control",
}

func (r *propertyReader) set(name, value string) error {
	if f := r.of(name); f != nil {
		return r.setFile(f, name, value)
	}
	refuse := func(expected, remedy string) error {
		return &spi.Refusal{Document: "property " + name, Expected: expected, Found: fmt.Sprintf("%.64q", value), Remedy: remedy}
	}
	if want, ok := fixed[name]; ok {
		if value != want {
			return refuse(want, "take it out: the plugins here are those of Go, and no others are loaded by name")
		}
		return nil
	}
	switch name {
	case "dds.sec.auth.password", fastAuth + "password":
		if r.cfg.Password != "" && r.cfg.Password != value {
			return &spi.Refusal{Document: "property " + name, Expected: "one password", Found: "another in a second property"}
		}
		r.cfg.Password = value
	case fastAuth + "preferred_key_agreement":
		kinds := map[string]string{"DH": "DH+MODP-2048-256", "ECDH": "ECDH+prime256v1-CEUM", "AUTO": ""}
		kind, ok := kinds[value]
		if !ok {
			return refuse("DH, ECDH or AUTO", "correct it, or leave it out")
		}
		r.cfg.KeyAgreement = kind
	case fastAuth + "transmit_algorithms_as_legacy":
		b, err := strconv.ParseBool(value)
		if err != nil {
			return refuse("true or false", "correct it, or leave it out")
		}
		r.cfg.LegacyAlgorithmNames = b
	case "opendds.sec.auth.handshake_debug": // what it adds to handshakes is always there
	case "dds.sec.crypto.keysize":
		if value != "128" && value != "256" {
			return refuse("128 or 256", "correct it, or leave it out: 256 is what every vendor knows")
		}
		r.cfg.KeySize, _ = strconv.Atoi(value)
	case "dds.sec.crypto.maxblockspersession":
		n, err := strconv.ParseUint(value, 10, 63)
		if err != nil || n == 0 {
			return refuse("a number of blocks from 1", "correct it, or leave it out")
		}
		r.cfg.MaxBlocksPerSession = n
	case psk.PropertyPassphrase, psk.PropertyExtra, psk.PropertyCipher, psk.PropertyKind:
		r.psk = append(r.psk, rtps.Property{Name: name, Value: value})
	case fastLog + "log_file":
		r.file = value
	case fastLog + "logging_level":
		r.level = value
	case fastLog + "distribute":
		b, err := strconv.ParseBool(value)
		if err != nil {
			return refuse("true or false", "correct it, or leave it out")
		}
		r.distribute = b
	default:
		return r.unknown(name)
	}
	return nil
}

// unknown never quotes the value: it may be a secret.
func (r *propertyReader) unknown(name string) error {
	u := &spi.Refusal{Document: "property " + name, Expected: "one that is known here", Remedy: "correct its name, or take it out"}
	switch {
	case name == "dds.sec.auth.trusted_ca_dir":
		u.Remedy = "put all CAs into the file of dds.sec.auth.identity_ca"
	case strings.HasPrefix(name, "rtps."):
		u.Remedy = "say it in the governance document: protections set by properties are not checked by anyone"
	case strings.HasPrefix(name, "com.rti."):
		u.Remedy = "take the standard's names: dds.sec.auth.identity_ca and so on"
	case name == fastAuth+"max_handshake_requests", strings.HasSuffix(name, "handshake_resend_period"), strings.HasSuffix(name, "handshake_resend_period_gain"):
		u.Remedy = "take it out: handshakes are repeated until they end"
	case strings.HasPrefix(name, "dds.sec.log."):
		u.Remedy = "take it out, and set Config.Logging"
	}
	return u
}

func (r *propertyReader) setFile(f *File, name, value string) error {
	if other, ok := r.from[f]; ok {
		return &spi.Refusal{Document: "property " + name, Expected: "one property for this file", Found: other + " as well", Remedy: "take one of them out"}
	}
	r.from[f] = name
	kind, rest, err := parseURI(name, value)
	if err != nil {
		return err
	}
	if kind == "data" {
		*f = File{Name: "property " + name, Data: []byte(rest)}
		return nil
	}
	*f = File{path: rest, property: name}
	return nil
}

// parseURI takes apart what a property says of a file. It never quotes data: it
// may be a private key.
func parseURI(name, value string) (kind, rest string, err error) {
	value = strings.TrimLeft(value, " \t\r\n") // as Cyclone DDS does
	refuse := func(found, remedy string) error {
		return &spi.Refusal{Document: "property " + name, Expected: `"file:<path>", "file://<path>" or "data:,<text>"`, Found: found, Remedy: remedy}
	}
	scheme, rest, _ := strings.Cut(value, ":")
	switch strings.ToLower(scheme) {
	case "file":
		rest = strings.TrimPrefix(rest, "//")
		if rest == "" {
			return "", "", refuse("file: without a path", "name the file")
		}
		return "file", rest, nil
	case "data":
		text, ok := strings.CutPrefix(rest, ",")
		switch {
		case !ok:
			return "", "", refuse("data: without a comma, or of a media type", "write the text itself behind data:,")
		case text == "":
			return "", "", refuse("data:, without text", "write the text itself behind data:,")
		}
		return "data", text, nil
	case "pkcs11":
		return "", "", refuse("pkcs11:, a key in a hardware token", "tokens are not supported here: take a file, encrypted with a password if it must be")
	}
	return "", "", refuse(fmt.Sprintf("%d characters that begin with none of these", len(value)), "put file: before the path")
}

// finish reads the files, and says by name what is missing.
func (r *propertyReader) finish() error {
	if !r.any {
		return &spi.Refusal{Document: "properties", Expected: "dds.sec.auth.identity_ca and the other properties of DDS-Security",
			Found: "none that is about security", Remedy: "set them; to go without security, set no plugins at all"}
	}
	if len(r.psk) > 0 {
		c, err := psk.FromProperties(r.psk)
		if err != nil {
			return err
		}
		p, err := psk.New(c)
		if err != nil {
			return err
		}
		r.cfg.PreSharedKey = p
	}
	for _, name := range []string{"dds.sec.auth.identity_ca", "dds.sec.auth.identity_certificate", "dds.sec.auth.private_key",
		"dds.sec.access.permissions_ca", "dds.sec.access.governance", "dds.sec.access.permissions"} {
		if _, ok := r.from[r.of(name)]; !ok && (len(r.from) > 0 || r.cfg.PreSharedKey == nil) {
			return &spi.Refusal{Document: "property " + name, Expected: "a file", Found: "no such property", Remedy: "set it"}
		}
	}
	for _, f := range r.cfg.files() {
		if err := f.read(); err != nil {
			return err
		}
	}
	return r.openLog()
}

func (r *propertyReader) openLog() error {
	level := spi.SeverityDebug
	if r.level != "" {
		var err error
		if level, err = seclog.ParseSeverity(r.level); err != nil {
			return &spi.Refusal{Document: "property " + fastLog + "logging_level", Err: err, Remedy: "correct it, or leave it out"}
		}
	}
	var to []spi.Logging
	if r.file != "" {
		f, err := seclog.OpenFile(strings.TrimPrefix(strings.TrimPrefix(r.file, "file:"), "//"))
		if err != nil {
			return err
		}
		to = append(to, f)
	}
	if r.distribute {
		to = append(to, seclog.Distribute(seclog.Options{}))
	}
	switch {
	case len(to) > 0:
		r.cfg.Logging = seclog.AtLeast(level, seclog.Combine(to...))
	case r.level != "":
		return &spi.Refusal{Document: "property " + fastLog + "logging_level", Expected: "log_file or distribute beside it", Found: "none", Remedy: "set one, or set Config.Logging instead"}
	}
	return nil
}
