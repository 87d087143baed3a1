// Secdds is the project's command-line tool.
//
//	secdds perf sub 10 &
//	secdds perf pub 1K 10
//
//	secdds keystore create KEYS
//	secdds keystore enclave add KEYS /talker
//	secdds keystore check KEYS
//	secdds lint governance.xml
//
// Exit status: 0, also where there are warnings only; 1 when a command fails,
// and when check, lint or verify find that something is wrong. Errors go to
// standard error. With --json a command prints one JSON value to standard
// output; the names of its fields stay as they are:
//
//	check, lint         findings [severity, file, line, rule, problem, mend, peers], errors, warnings
//	lint --rules        [name, meaning]
//	show                file, kind, certificates, crls, key, signature, domain_rules, grants, files
//	keystore create     keystore, identity_ca, permissions_ca
//	enclave add         enclave, certificate
//	permissions         enclave, grants
//	sign                file, signer
//	verify              file, kind, signer
//	renew               enclave, old_serial, serial, not_before, not_after, new_key
//	revoke              enclave, serial, crl
//
// Private keys are never printed, and are written to files of mode 0600 only.
// What exists is not replaced without --force, except what a command is there
// to replace: permissions, renew and revoke.
//
// It is a tool: a shell of programs that a person or a script runs. Each
// subcommand is in a file of its name.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run does what the arguments say and returns the exit status: 1 after an
// error, which it has told to errs.
func run(ctx context.Context, args []string, out, errs io.Writer) int {
	root := &cobra.Command{
		Use:           "secdds",
		Short:         "Tools for DDS with DDS-Security",
		SilenceUsage:  true, // an error is one line
		SilenceErrors: true,
	}
	root.AddCommand(newPerf(), newKeystore(), newLint())
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errs)
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(errs, "secdds:", err)
		return 1
	}
	return 0
}
