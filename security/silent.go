package security

import (
	"fmt"
	"log/slog"
)

// String returns the file's name and size, not what is in it: some hold keys.
func (f File) String() string { return fmt.Sprintf("%s (%d octets)", f.Name, len(f.Data)) }

// GoString is String.
func (f File) GoString() string { return f.String() }

// String names the files, so that a Config that is logged as a whole gives
// neither the key nor the password away.
func (cfg Config) String() string {
	return fmt.Sprintf("security.Config{certificate %v, private key %v, governance %v, permissions %v}",
		cfg.Certificate, cfg.PrivateKey, cfg.Governance, cfg.Permissions)
}

// GoString is String.
func (cfg Config) GoString() string { return cfg.String() }

// LogValue implements slog.LogValuer with String.
func (cfg Config) LogValue() slog.Value { return slog.StringValue(cfg.String()) }

// LogValue implements slog.LogValuer with String.
func (f File) LogValue() slog.Value { return slog.StringValue(f.String()) }

// MarshalText implements encoding.TextMarshaler with String: JSON and the like.
func (cfg Config) MarshalText() ([]byte, error) { return []byte(cfg.String()), nil }

// MarshalText implements encoding.TextMarshaler with String.
func (f File) MarshalText() ([]byte, error) { return []byte(f.String()), nil }
