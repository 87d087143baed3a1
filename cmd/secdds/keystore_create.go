package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/secdds/dds/security/keystore"
)

// created is what create prints.
type created struct {
	Keystore      string                    `json:"keystore"`
	IdentityCA    keystore.CertificateFacts `json:"identity_ca"`
	PermissionsCA keystore.CertificateFacts `json:"permissions_ca"`
}

func newCreate() *cobra.Command {
	var p printer
	var governance string
	var domains []string
	var rsa, separate, force bool
	cmd := &cobra.Command{
		Use:   "create DIR",
		Short: "Make a keystore: authority and governance",
		Long: `Make a keystore: certificate authority (EC P-256) and signed governance.

The default governance is that of sros2 (discovery, liveliness, metadata and
data encrypted, RTPS messages signed, access control for everything), for every
domain that all vendors take: 0 to 230 (Cyclone DDS 0.10 refuses 231 and 232).`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o := keystore.Options{SeparateCAs: separate, Force: force}
			if rsa {
				o.Key = keystore.RSA2048
			}
			ids, err := parseDomains(domains)
			if err != nil {
				return fmt.Errorf("create: %w", err)
			}
			if governance == "default" {
				g := keystore.SROS2Governance(ids...)
				o.GovernanceXML = g.XML()
			} else {
				if ids != nil {
					return fmt.Errorf("create: --domain is for the default governance; %s names its own domains", governance)
				}
				if o.GovernanceXML, err = readDocument(governance); err != nil {
					return fmt.Errorf("create: %w", err)
				}
			}
			if err := warn(cmd, governance, o.GovernanceXML, force); err != nil {
				return fmt.Errorf("create: %w", err)
			}
			k, err := keystore.Create(args[0], o)
			if err != nil {
				return err
			}
			identity, err := keystore.DescribeCertificate(k.IdentityCA.CertPEM())
			if err != nil {
				return err
			}
			permissions, err := keystore.DescribeCertificate(k.PermissionsCA.CertPEM())
			if err != nil {
				return err
			}
			return p.print(cmd, created{args[0], identity, permissions},
				fmt.Sprintf("made keystore %s, authority %s, valid until %s\n", args[0], identity.Subject, identity.NotAfter.Format("2006-01-02")))
		},
	}
	f := cmd.Flags()
	f.StringVar(&governance, "governance", "default", "governance document (XML, unsigned), or default")
	f.StringSliceVar(&domains, "domain", nil, "domain id or range (3, 0-5) of the default governance; may be repeated; none: 0-230")
	f.BoolVar(&rsa, "rsa", false, "RSA 2048 instead of EC P-256, for the authority and, by default, for enclaves")
	f.BoolVar(&separate, "separate", false, "two authorities: one for identities, one for permissions")
	f.BoolVar(&force, "force", false, "replace a keystore that exists; its enclaves are of no use then")
	p.flag(cmd)
	return cmd
}
