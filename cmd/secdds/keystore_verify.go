package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/secdds/dds/security/keystore"
)

// verified is what verify prints.
type verified struct {
	File   string `json:"file"`
	Kind   string `json:"kind"` // governance or permissions
	Signer string `json:"signer"`
}

func newVerify() *cobra.Command {
	var p printer
	var ca string
	cmd := &cobra.Command{
		Use:   "verify FILE.p7s --ca CERT",
		Short: "Verify a signed document under exactly that authority",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := readDocument(ca)
			if err != nil {
				return fmt.Errorf("verify: %w", err)
			}
			cert, err := keystore.ParseCertificate(text)
			if err != nil {
				return fmt.Errorf("verify: %s: %w", ca, err)
			}
			doc, err := readDocument(args[0])
			if err != nil {
				return fmt.Errorf("verify: %w", err)
			}
			xml, err := keystore.VerifyDocument(doc, cert)
			if err != nil {
				return fmt.Errorf("verify: %s: %w", args[0], err)
			}
			facts, err := keystore.DescribeDocument(xml)
			if err != nil {
				return fmt.Errorf("verify: %s is signed by %s, but: %w", args[0], cert.Subject, err)
			}
			return p.print(cmd, verified{args[0], facts.Kind, cert.Subject.String()}, fmt.Sprintf("%s: %s, signed by %s\n", args[0], facts.Kind, cert.Subject))
		},
	}
	cmd.Flags().StringVar(&ca, "ca", "", "certificate of the permissions CA")
	_ = cmd.MarkFlagRequired("ca") // it exists
	p.flag(cmd)
	return cmd
}
