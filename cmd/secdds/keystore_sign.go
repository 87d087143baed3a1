package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/secdds/dds/security/keystore"
)

// signed is what sign prints.
type signed struct {
	File   string `json:"file"`
	Signer string `json:"signer"`
}

func newSign() *cobra.Command {
	var p printer
	var ca, key, out string
	var force bool
	cmd := &cobra.Command{
		Use:   "sign FILE.xml --ca CERT --key KEY",
		Short: "Sign a governance or permissions document",
		Long: `Sign a governance or permissions document as S/MIME, in the form that all peers
take: like openssl smime -sign -text. What is wrong in it is told first.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if out == "" {
				out = strings.TrimSuffix(args[0], filepath.Ext(args[0])) + ".p7s"
			}
			doc, err := readDocument(args[0])
			if err != nil {
				return fmt.Errorf("sign: %w", err)
			}
			a, err := keystore.LoadAuthority(ca, key)
			if err != nil {
				return fmt.Errorf("sign: %w", err)
			}
			if err := warn(cmd, args[0], doc, force); err != nil {
				return fmt.Errorf("sign: %w", err)
			}
			text, err := a.Sign(doc)
			if err != nil {
				return err
			}
			if err := keystore.WriteFile(out, text, 0o644, force); err != nil {
				return fmt.Errorf("sign: %w", err)
			}
			signer := a.Cert.Subject.String()
			return p.print(cmd, signed{out, signer}, fmt.Sprintf("signed %s by %s\n", out, signer))
		},
	}
	f := cmd.Flags()
	f.StringVar(&ca, "ca", "", "certificate of the permissions CA")
	f.StringVar(&key, "key", "", "its private key")
	f.StringVarP(&out, "output", "o", "", "file to write; FILE.p7s if not given")
	f.BoolVar(&force, "force", false, "replace a file that exists, and sign what has errors")
	_ = cmd.MarkFlagRequired("ca") // they exist
	_ = cmd.MarkFlagRequired("key")
	p.flag(cmd)
	return cmd
}
