package security

import (
	"fmt"
	"time"

	"github.com/secdds/dds/security/psk"
	"github.com/secdds/dds/spi"
)

// PSK returns a set of plugins that needs no certificates and no documents:
// everyone who knows the passphrase is in the domain, with all rights, and
// nobody else sees anything of it. DDS-Security 1.2 calls the protection
// rtps_psk_protection_kind. Members are not told apart: see package psk.
//
//	sec, err := security.PSK(psk.Config{Passphrase: "file:/etc/robot/psk"})
//	p, err := dds.NewParticipant(0, dds.Config{Security: sec})
//
// Files of passphrases are read again while a participant lives, every second:
// what changed is in force at once. What is wrong with one is logged, and the
// passphrases before stay in force. For other ways to bring in new ones, see
// [psk.Plugin.Update]: the plugin is the set's PreSharedKey.
//
// To protect, with a passphrase, what certificates cannot protect yet, put a
// [psk.Plugin] into [Config].PreSharedKey.
func PSK(cfg psk.Config) (*spi.Security, error) {
	p, err := psk.New(cfg)
	if err != nil {
		return nil, fmt.Errorf("security: %w", err)
	}
	return &spi.Security{PreSharedKey: p, Watch: watchPSK(nil, p)}, nil
}

// A watch is spi.Security.Watch.
type watch = func(done <-chan struct{}, update func(*spi.Security, error))

const reloadPeriod = time.Second

// watchPSK returns what watches the files behind p beside what first watches.
// Either may be nil.
func watchPSK(first watch, p spi.PreSharedKey) watch {
	files, ok := p.(interface {
		HasFiles() bool
		Reload() error
	})
	if !ok || !files.HasFiles() {
		return first
	}
	if first == nil {
		return func(done <-chan struct{}, update func(*spi.Security, error)) {
			reload(done, files.Reload, update)
		}
	}
	return func(done <-chan struct{}, update func(*spi.Security, error)) {
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			first(done, update)
		}()
		reload(done, files.Reload, update)
		<-ended
	}
}

// reload reads again until done is closed. What is wrong is told once.
func reload(done <-chan struct{}, again func() error, update func(*spi.Security, error)) {
	tick := time.NewTicker(reloadPeriod)
	defer tick.Stop()
	var told string
	for {
		select {
		case <-done:
			return
		case <-tick.C:
		}
		switch err := again(); {
		case err == nil:
			told = ""
		case err.Error() != told:
			told = err.Error()
			update(nil, err)
		}
	}
}
