package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/secdds/dds/governance/lint"
	"github.com/secdds/dds/security"
	"github.com/secdds/dds/security/keystore"
)

func newCheck() *cobra.Command {
	var p printer
	var days int
	cmd := &cobra.Command{
		Use:   "check PATH",
		Short: "Check an enclave or a whole keystore",
		Long: `Check an enclave or a whole keystore: files, links and modes, expiry, chain, key
and certificate, signatures of the documents under exactly the permissions CA,
subject names, revocation, the documents themselves (as lint does), and grants
and rules that can never apply. The exit status is 1 when there are errors.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			warnTime, err := parseDays("warn-days", days)
			if err != nil {
				return fmt.Errorf("check: %w", err)
			}
			list, err := keystore.Check(args[0], keystore.CheckOptions{Warn: warnTime})
			if err != nil {
				return err
			}
			return p.report(cmd, append(list, loadable(args[0], list)...))
		},
	}
	cmd.Flags().IntVar(&days, "warn-days", 30, "tell what expires within so many days")
	p.flag(cmd)
	return cmd
}

// loadable tells of an enclave without errors that a participant does not take
// all the same: it has the last word.
func loadable(path string, found []lint.Finding) []lint.Finding {
	if slices.ContainsFunc(found, func(f lint.Finding) bool { return f.Severity == lint.Error }) {
		return nil
	}
	dirs, err := keystore.EnclaveFolders(path)
	if err != nil {
		return []lint.Finding{{Severity: lint.Error, File: path, Rule: "unreadable", Problem: err.Error()}}
	}
	var list []lint.Finding
	for _, dir := range dirs {
		cfg, err := security.ReadEnclave(dir)
		if err == nil {
			_, err = security.New(cfg)
		}
		if err != nil {
			list = append(list, lint.Finding{Severity: lint.Error, File: dir, Rule: "refused", Problem: err.Error()})
		}
	}
	return list
}
