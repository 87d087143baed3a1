package dds

import (
	"context"
	"errors"

	"github.com/secdds/dds/internal/engine"
	"github.com/secdds/dds/qos"
)

// Errors a caller may want to tell apart, with the return codes of DDS 1.4, 2.2.1.1.
var (
	ErrTimeout        = engine.ErrTimeout                                       // RETCODE_TIMEOUT
	ErrClosed         = engine.ErrClosed                                        // RETCODE_ALREADY_DELETED
	ErrOutOfResources = engine.ErrOutOfResources                                // RETCODE_OUT_OF_RESOURCES
	ErrNotAllowed     = errors.New("dds: not allowed by security")              // RETCODE_NOT_ALLOWED_BY_SECURITY
	ErrBadType        = errors.New("dds: type cannot be a topic's type")        // RETCODE_BAD_PARAMETER
	ErrBadParameter   = engine.ErrBadParameter                                  // RETCODE_BAD_PARAMETER
	ErrUnsupported    = errors.New("dds: not supported by this implementation") // RETCODE_UNSUPPORTED
)

// A Code is a ReturnCode_t. DDS 1.4, 2.2.1.1 and 2.3.3.
type Code int32

// The return codes.
const (
	CodeOK                 Code = 0
	CodeError              Code = 1
	CodeUnsupported        Code = 2
	CodeBadParameter       Code = 3
	CodePreconditionNotMet Code = 4
	CodeOutOfResources     Code = 5
	CodeNotEnabled         Code = 6
	CodeImmutablePolicy    Code = 7
	CodeInconsistentPolicy Code = 8
	CodeAlreadyDeleted     Code = 9
	CodeTimeout            Code = 10
	CodeNoData             Code = 11
	CodeIllegalOperation   Code = 12
	CodeNotAllowed         Code = 13 // DDS-Security 1.1, 7.3.1
)

// ReturnCode returns the specification's code of an error of this package.
func ReturnCode(err error) Code {
	var policy *qos.Error
	switch {
	case err == nil:
		return CodeOK
	case errors.As(err, &policy):
		if policy.Inconsistent {
			return CodeInconsistentPolicy
		}
		return CodeBadParameter
	case errors.Is(err, ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		return CodeTimeout
	case errors.Is(err, ErrClosed):
		return CodeAlreadyDeleted
	case errors.Is(err, ErrOutOfResources):
		return CodeOutOfResources
	case errors.Is(err, ErrNotAllowed):
		return CodeNotAllowed
	case errors.Is(err, ErrBadType), errors.Is(err, ErrBadParameter):
		return CodeBadParameter
	case errors.Is(err, ErrUnsupported):
		return CodeUnsupported
	}
	return CodeError
}
