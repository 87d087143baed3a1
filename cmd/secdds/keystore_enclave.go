package main

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/secdds/dds/security/keystore"
)

// added is what enclave add prints.
type added struct {
	Enclave     string                    `json:"enclave"` // its folder
	Certificate keystore.CertificateFacts `json:"certificate"`
}

func newEnclaveAdd() *cobra.Command {
	var p printer
	var rsa, ec, force bool
	var days int
	var domains []string
	cmd := &cobra.Command{
		Use:   "add DIR /PATH/NAME",
		Short: "Add an enclave to the keystore DIR",
		Long: `Add an enclave to the keystore DIR: key, certificate with CN=/PATH/NAME, links
to the authorities and the governance, and permissions to publish and subscribe
everything. Restrict them with: secdds keystore permissions.`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			validity, err := parseDays("days", days)
			if err != nil {
				return fmt.Errorf("enclave add: %w", err)
			}
			ids, err := parseDomains(domains)
			if err != nil {
				return fmt.Errorf("enclave add: %w", err)
			}
			k, err := keystore.Open(args[0])
			if err != nil {
				return err
			}
			all := keystore.AllowAll()
			all.Domains = ids
			kind := keystore.P256
			if rsa {
				kind = keystore.RSA2048
			}
			o := keystore.EnclaveOptions{Key: &kind, MustBeNew: !force, Rules: []keystore.Rule{all}}
			if validity > 0 {
				o.NotAfter = time.Now().Add(validity)
			}
			if !rsa && !ec && k.UsesRSA() {
				// One kind of key in a keystore: Fast DDS needs it.
				o.Key = nil
			}
			dir, err := k.CreateEnclave(args[1], o)
			if err != nil {
				return err
			}
			doc, err := readDocument(filepath.Join(dir, "cert.pem"))
			if err != nil {
				return err
			}
			cert, err := keystore.DescribeCertificate(doc)
			if err != nil {
				return err
			}
			return p.print(cmd, added{dir, cert}, fmt.Sprintf("made enclave %s, subject %s, valid until %s\n", dir, cert.Subject, cert.NotAfter.Format("2006-01-02")))
		},
	}
	f := cmd.Flags()
	f.BoolVar(&rsa, "rsa", false, "an RSA 2048 key")
	f.BoolVar(&ec, "ec", false, "an EC P-256 key; the default, unless the authority's is RSA")
	f.IntVar(&days, "days", 0, "validity from now on; 0: ten years")
	f.StringSliceVar(&domains, "domain", nil, "domain id or range (3, 0-5) of the permissions; may be repeated; none: 0-230")
	f.BoolVar(&force, "force", false, "replace an enclave that exists")
	cmd.MarkFlagsMutuallyExclusive("rsa", "ec")
	p.flag(cmd)
	return cmd
}
