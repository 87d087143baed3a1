package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/secdds/dds/security/keystore"
)

// renewed is what renew prints.
type renewed struct {
	Enclave   string    `json:"enclave"`
	OldSerial string    `json:"old_serial"` // hexadecimal
	Serial    string    `json:"serial"`     // hexadecimal
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	NewKey    bool      `json:"new_key"`
}

func newRenew() *cobra.Command {
	var p printer
	var days int
	var newKey bool
	cmd := &cobra.Command{
		Use:   "renew DIR /PATH/NAME",
		Short: "Give an enclave a new certificate, and its permissions a new validity",
		Long: `Give an enclave a new certificate, with the same subject and key, and its
permissions a new validity, with the same rules. Each file is replaced at once,
after all of them have been made. The old certificate stays valid until it
expires: to end it, revoke first and renew then.`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			validity, err := parseDays("days", days)
			if err != nil {
				return fmt.Errorf("renew: %w", err)
			}
			k, err := keystore.Open(args[0])
			if err != nil {
				return err
			}
			done, err := k.RenewEnclave(args[1], keystore.RenewOptions{NewKey: newKey, Validity: validity})
			if err != nil {
				return err
			}
			facts := renewed{args[1], done.OldSerial, done.Serial, done.NotBefore.UTC(), done.NotAfter.UTC(), newKey}
			return p.print(cmd, facts, fmt.Sprintf("renewed %s until %s, serial number %s\n", args[1], facts.NotAfter.Format("2006-01-02"), done.Serial))
		},
	}
	cmd.Flags().IntVar(&days, "days", 0, "validity from now on; 0: ten years")
	cmd.Flags().BoolVar(&newKey, "new-key", false, "make a new key, too")
	p.flag(cmd)
	return cmd
}
