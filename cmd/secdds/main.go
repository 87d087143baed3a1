// Secdds is the project's command-line tool.
//
//	secdds perf sub 10 &
//	secdds perf pub 1K 10
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
	root.AddCommand(newPerf())
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errs)
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(errs, "secdds:", err)
		return 1
	}
	return 0
}
