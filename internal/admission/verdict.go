package admission

import "errors"

// A Verdict says whose decision an error of the gates is.
type Verdict struct {
	Plugin string // "authentication", "access control" or "cryptography"
	What   string // what happened, if it is not just that someone was refused
	Err    error
}

// Error is the error's own text.
func (v *Verdict) Error() string { return v.Err.Error() }

// Unwrap returns the error.
func (v *Verdict) Unwrap() error { return v.Err }

// VerdictOf returns the verdict that err is or wraps. What no verdict says more
// of is a refusal of the access control plugin.
func VerdictOf(err error) Verdict {
	if v := (*Verdict)(nil); errors.As(err, &v) {
		return *v
	}
	return Verdict{Plugin: accessControl, Err: err}
}

const (
	authentication = "authentication"
	accessControl  = "access control"
	cryptography   = "cryptography"
)

func verdict(plugin, what string, err error) error {
	return &Verdict{Plugin: plugin, What: what, Err: err}
}
