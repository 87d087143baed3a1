package cdr

import "errors"

// ErrMalformed is matched by every error of this package.
var ErrMalformed = errors.New("cdr: malformed")

// What can be wrong with a payload. Each matches [ErrMalformed].
var (
	ErrShort         error = &malformed{"cdr: truncated"}
	ErrLength        error = &malformed{"cdr: length exceeds what is there"}
	ErrBool          error = &malformed{"cdr: boolean is neither 0 nor 1"}
	ErrString        error = &malformed{"cdr: string is not terminated by its only NUL"}
	ErrDelimiter     error = &malformed{"cdr: DHEADER does not match the content"}
	ErrEncapsulation error = &malformed{"cdr: unknown representation identifier"}
)

// malformed is a pointer so that refusing a payload allocates nothing.
type malformed struct{ text string }

func (m *malformed) Error() string        { return m.text }
func (m *malformed) Is(target error) bool { return target == ErrMalformed }
