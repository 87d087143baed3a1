package spi

import "log/slog"

const hidden = "(secret)"

// String shows nothing of the secret, whatever it is printed or logged with.
func (SharedSecret) String() string { return hidden }

// GoString is String.
func (SharedSecret) GoString() string { return hidden }

// LogValue implements slog.LogValuer with String.
func (SharedSecret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText implements encoding.TextMarshaler with String: JSON and the like.
func (SharedSecret) MarshalText() ([]byte, error) { return []byte(hidden), nil }
