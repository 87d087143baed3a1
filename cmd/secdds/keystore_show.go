package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/secdds/dds/security/keystore"
)

func newShow() *cobra.Command {
	var p printer
	cmd := &cobra.Command{
		Use:   "show PATH",
		Short: "Tell what a file, an enclave or a keystore says",
		Long: `Tell what a certificate, revocation list, private key (its public facts),
governance or permissions document, enclave or keystore says. Nothing is
verified: see check and verify.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			facts, err := keystore.Describe(args[0])
			if err != nil {
				return err
			}
			return p.print(cmd, facts, facts.Text(time.Now()))
		},
	}
	p.flag(cmd)
	return cmd
}
