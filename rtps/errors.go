package rtps

import "errors"

// ErrMalformed is matched (errors.Is) by every error that says the input is
// not what the clause it is parsed by allows. The datagram, or what of it was
// not parsed yet, is to be dropped.
var ErrMalformed = errors.New("rtps: malformed")

// ErrMustUnderstand says that a parameter list holds a parameter that is not
// known here but has to be understood by whoever accepts the list.
// DDSI-RTPS 2.5, 9.4.2.11.2.
var ErrMustUnderstand = errors.New("rtps: unknown parameter that must be understood")

// A MalformedError says what was malformed and why. It matches ErrMalformed.
type MalformedError struct {
	What string // "HEARTBEAT", "parameter list"
	Why  string // a short phrase
}

// Error returns e as text.
func (e *MalformedError) Error() string { return "rtps: malformed " + e.What + ": " + e.Why }

// Is reports whether target is ErrMalformed.
func (e *MalformedError) Is(target error) bool { return target == ErrMalformed }

// malformed is the error for a submessage. It formats nothing: a flood of bad
// datagrams costs one small object each.
func malformed(s Submessage, why string) error { return malformedIn(KindName(s.Kind), why) }

func malformedIn(what, why string) error { return &MalformedError{What: what, Why: why} }
