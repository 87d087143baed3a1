package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/secdds/dds/governance/lint"
)

func newLint() *cobra.Command {
	var p printer
	var rules bool
	cmd := &cobra.Command{
		Use:   "lint FILE...",
		Short: "Find what is wrong, weak or without effect in governance and permissions",
		Long: `Find what is wrong, weak or without effect in governance and permissions
documents, plain or signed, and what each peer would refuse or ignore in them.
Signatures are not verified. The exit status is 1 when there are errors.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if rules {
				var b strings.Builder
				for _, r := range lint.Rules() {
					fmt.Fprintf(&b, "%-24s %s\n", r.Name, r.Meaning)
				}
				return p.print(cmd, lint.Rules(), b.String())
			}
			if len(args) == 0 {
				return errors.New("lint: name a governance or permissions document")
			}
			var list []lint.Finding
			for _, name := range args {
				doc, err := readDocument(name)
				if err != nil {
					return fmt.Errorf("lint: %w", err)
				}
				list = append(list, lint.Document(time.Now(), name, doc)...)
			}
			return p.report(cmd, list)
		},
	}
	cmd.Flags().BoolVar(&rules, "rules", false, "list what is looked for")
	p.flag(cmd)
	return cmd
}
