package permissions

import (
	"errors"
	"fmt"

	"github.com/secdds/dds/governance"
	"github.com/secdds/dds/spi"
)

// A DeniedError says what a subject may not do, and which rule says so. It is
// the cause of a spi.Refusal, which has the rule in fields.
type DeniedError struct {
	Subject   string // of the certificate, RFC 4514
	Action    string // "publish topic \"a\" in partitions \"x\""
	Domain    uint32
	Why       string // "deny_rule at line 10 (rule 1 of the grant)"
	RelayOnly bool   // it may relay what it may not subscribe
}

// Error tells who may not do what, and why.
func (e *DeniedError) Error() string {
	s := fmt.Sprintf("%s may not %s in domain %d: %s", e.Subject, e.Action, e.Domain, e.Why)
	if e.RelayOnly {
		s += "; it may relay it, which nothing here asks for"
	}
	return s
}

// Is reports whether target is spi.ErrRelayOnly and this says so.
func (e *DeniedError) Is(target error) bool { return e.RelayOnly && target == spi.ErrRelayOnly }

// refusal puts an error of package governance into fields.
func refusal(err error) error {
	var e *governance.Error
	if !errors.As(err, &e) {
		return err
	}
	return &spi.Refusal{
		Document: e.Document, Rule: e.Rule, Line: e.Line,
		Expected: e.Expected, Found: e.Found, Remedy: e.Remedy, Err: problem{e},
	}
}

// A problem is what of a governance.Error has no field in a Refusal.
type problem struct{ e *governance.Error }

func (p problem) Error() string {
	return (&governance.Error{Problem: p.e.Problem, Err: p.e.Err}).Summary()
}

func (p problem) Unwrap() error { return p.e }
