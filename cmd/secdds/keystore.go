package main

import (
	"errors"

	"github.com/spf13/cobra"
)

func newKeystore() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keystore",
		Short: "Make, keep and check credentials in the folder layout of sros2",
		Long: `Make, keep and check credentials in the folder layout of sros2.

  secdds keystore create KEYS
  secdds keystore enclave add KEYS /talker
  secdds keystore permissions KEYS /talker --publish 'rt/chatter' --subscribe 'rt/*'
  secdds keystore check KEYS

A participant takes the folder KEYS/enclaves/talker. The exit status is 0, with
warnings too, and 1 when something is wrong.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return errors.New("keystore: say create, enclave add, permissions, sign, verify, show, renew, revoke or check")
		},
	}
	enclave := &cobra.Command{
		Use:   "enclave",
		Short: "Make enclaves: the credentials of one participant each",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return errors.New("keystore enclave: say add") },
	}
	enclave.AddCommand(newEnclaveAdd())
	cmd.AddCommand(newCreate(), enclave, newPermissions(), newSign(), newVerify(), newShow(), newRenew(), newRevoke(), newCheck())
	return cmd
}
