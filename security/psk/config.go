package psk

import (
	"fmt"
	"log/slog"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// Names of the properties that other implementations are configured with.
const (
	PropertyPassphrase = "dds.sec.crypto.rtps_psk_secret_passphrase"
	PropertyExtra      = "dds.sec.crypto.rtps_psk_secret_passphrase_extra"
	PropertyCipher     = "dds.sec.crypto.rtps_psk_symmetric_cipher_algorithm"
	PropertyKind       = "dds.sec.access.rtps_psk_protection_kind"
)

// Values of Config.Cipher.
const (
	AES256 = "AES256+GCM"
	AES128 = "AES128+GCM"
)

// A Config says which passphrases there are and how they are used. Only
// Passphrase is required.
type Config struct {
	// Passphrase is what messages are sealed, and opened, with:
	// "data:,<id>:<seed>", or "file:<path>" of a file that holds "<id>:<seed>".
	// The id is 0 to 254 and tells receivers which passphrase it is; the seed is
	// 8 to 511 printable ASCII characters, without spaces at its ends. Under 20,
	// there is a warning.
	Passphrase string

	// Extra are passphrases to open with only, so that a new one can be
	// brought in without a gap: first as an extra everywhere, then as
	// Passphrase, with the old one as an extra, and then alone. A file may hold
	// several, one in each line, or none.
	Extra []string

	// Cipher is what is sealed with: AES256 or AES128. If empty, AES256. What is
	// sealed with the other one is opened, too.
	Cipher string

	// Kind is the protection where no governance document says it:
	// spi.ProtectSign or spi.ProtectEncrypt. If zero, spi.ProtectEncrypt.
	Kind spi.Protection

	// KeyID is the first three octets of the key id in what is sealed. Whoever
	// receives derives the key from it, and need not know why it is what it is.
	//
	// Interop: RTI Connext makes them of the domain's id and tag, in a way that
	// is not published; and may look for them. They can be seen in octets 4 to 6
	// behind the header of SRTPS_PREFIX in one of its messages.
	KeyID [3]byte

	// HeaderAAD binds the RTPS header a second time, as additional
	// authenticated data. The key depends on it anyway. Whether a received
	// message does so is seen by its flag.
	HeaderAAD bool

	// MaxBlocksPerSession is after how many 16-octet blocks a sender moves on
	// to a new session key. If zero, 1 << 26 (1 GiB).
	MaxBlocksPerSession uint64

	// Warn is told of what is doubtful but not refused: an *spi.Refusal. If nil,
	// the default logger of package slog is.
	Warn func(error)
}

// String says nothing of the passphrases, so that a Config that is logged as a
// whole gives nothing away.
func (cfg Config) String() string {
	return fmt.Sprintf("psk.Config{1 passphrase, %d extra, %s, %v}", len(cfg.Extra), cfg.Cipher, cfg.Kind)
}

// GoString is String.
func (cfg Config) GoString() string { return cfg.String() }

// LogValue implements slog.LogValuer with String.
func (cfg Config) LogValue() slog.Value { return slog.StringValue(cfg.String()) }

// FromProperties returns what properties with the names above say; others are
// passed over. [PropertyExtra] may come several times.
func FromProperties(properties []rtps.Property) (Config, error) {
	var cfg Config
	for _, p := range properties {
		switch p.Name {
		case PropertyPassphrase:
			cfg.Passphrase = p.Value
		case PropertyExtra:
			cfg.Extra = append(cfg.Extra, p.Value)
		case PropertyCipher:
			cfg.Cipher = p.Value
		case PropertyKind:
			switch p.Value {
			case "SIGN":
				cfg.Kind = spi.ProtectSign
			case "ENCRYPT":
				cfg.Kind = spi.ProtectEncrypt
			default:
				return Config{}, refuseKind(fmt.Sprintf("%q", p.Value))
			}
		}
	}
	return cfg, nil
}

func refuseKind(found string) error {
	return &spi.Refusal{
		Document: "property " + PropertyKind, Expected: "SIGN or ENCRYPT", Found: found,
		Remedy: "correct it; to go without protection, leave out the pre-shared key altogether",
	}
}

// check returns cfg with its defaults, or what is wrong with it.
func (cfg Config) check() (Config, error) {
	switch cfg.Cipher {
	case "":
		cfg.Cipher = AES256
	case AES256, AES128:
	default:
		return cfg, &spi.Refusal{
			Document: "property " + PropertyCipher, Expected: AES256 + " or " + AES128,
			Found: fmt.Sprintf("%q", cfg.Cipher), Remedy: "correct it, or leave it out",
		}
	}
	switch cfg.Kind {
	case spi.ProtectNone:
		cfg.Kind = spi.ProtectEncrypt
	case spi.ProtectSign, spi.ProtectEncrypt:
	default:
		return cfg, refuseKind(cfg.Kind.String())
	}
	if cfg.MaxBlocksPerSession == 0 {
		cfg.MaxBlocksPerSession = 1 << 26
	}
	if cfg.Warn == nil {
		cfg.Warn = func(err error) { slog.Warn("pre-shared key", "reason", err) }
	}
	return cfg, nil
}
