package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/secdds/dds/security/keystore"
)

// revoked is what revoke prints.
type revoked struct {
	Enclave string `json:"enclave"`
	Serial  string `json:"serial"` // hexadecimal
	CRL     string `json:"crl"`    // the list's file
}

func newRevoke() *cobra.Command {
	var p printer
	cmd := &cobra.Command{
		Use:   "revoke DIR /PATH/NAME",
		Short: "Put an enclave's certificate on the revocation list",
		Long: `Put an enclave's certificate on the revocation list, DIR/public/crl.pem, signed
by the identity CA and linked into every enclave as crl.pem. Enclaves that have
been copied elsewhere need the new list.`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			k, err := keystore.Open(args[0])
			if err != nil {
				return err
			}
			serial, err := k.Revoke(args[1])
			if err != nil {
				return err
			}
			list := filepath.Join(args[0], "public", "crl.pem")
			return p.print(cmd, revoked{args[1], serial, list}, fmt.Sprintf("revoked %s, serial number %s: %s\n", args[1], serial, list))
		},
	}
	p.flag(cmd)
	return cmd
}
