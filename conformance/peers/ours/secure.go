//go:build interop

package main

import (
	"fmt"

	"github.com/secdds/dds/security"
	"github.com/secdds/dds/security/aesgcm"
	"github.com/secdds/dds/security/pkidh"
	"github.com/secdds/dds/spi"
)

// secure makes the plugins, with --key-size and --agreement.
func secure(o options) (*spi.Security, error) {
	e, err := security.ReadEnclave(o.enclave)
	if err != nil {
		return nil, fmt.Errorf("read enclave: %w", err)
	}
	plugins, err := security.New(e)
	if err != nil {
		return nil, fmt.Errorf("read enclave: %w", err)
	}
	if o.keySize != 0 {
		plugins.Cryptography = aesgcm.New(aesgcm.Config{KeySize: o.keySize})
	}
	if o.agreement != "" {
		plugins.Authentication, err = pkidh.New(pkidh.Config{
			IdentityCA: e.IdentityCA.Data, Certificate: e.Certificate.Data, PrivateKey: e.PrivateKey.Data, KeyAgreement: o.agreement,
		})
	}
	return plugins, err
}
