package keystore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/secdds/dds/governance/lint"
)

// CheckOptions says what Check looks at.
type CheckOptions struct {
	Now  time.Time     // zero: the clock's
	Warn time.Duration // what lapses within this time is told; zero: 30 days
}

// Check looks at a keystore or at one enclave and returns what it finds, in the
// order of files. The error is for a path that is neither.
//
// Beside what package lint finds in the documents, its rules are:
//
//	missing-file, unreadable   a file is not there or cannot be read
//	dangling-link              a link leads nowhere
//	absolute-link              a link cannot move with the keystore
//	key-mode, dir-mode         a private key, its folder: others can read it
//	file-mode                  others can write a file
//	certificate                a certificate cannot be used, or not by all peers
//	expired, not-yet-valid, expires-soon   certificates, grants and revocation lists
//	chain                      the certificate does not lead to the identity CA
//	mixed-keys                 EC certificate of an RSA authority, or the reverse
//	key, key-mismatch          a private key cannot be used, or is of another certificate
//	signature                  a document is not signed by exactly the permissions CA
//	not-what-is-signed         the .xml beside a .p7s differs from it
//	no-grant, subject-order    no grant is for the certificate's subject, or only in reverse order
//	subject-unknown            a grant is for no certificate of the keystore
//	grant-never-valid, grant-outlives-certificate   validity of grant and certificate
//	revoked, no-crl, crl       revocation
//	other-authority            an enclave has not the keystore's authorities or governance
func Check(path string, o CheckOptions) ([]lint.Finding, error) {
	c := &checker{now: o.Now, warn: o.Warn}
	if c.now.IsZero() {
		c.now = time.Now()
	}
	if c.warn == 0 {
		c.warn = 30 * day
	}
	st, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("check: %w", err)
	}
	switch {
	case st.IsDir() && isDir(path, "enclaves") && isDir(path, "public"):
		err = c.keystore(path)
	case st.IsDir() && looksLikeEnclave(path):
		c.enclave(path)
	default:
		err = errors.New("expected a keystore (with folders public and enclaves) or an enclave (with cert.pem, key.pem, permissions.p7s)")
	}
	if err != nil {
		return nil, fmt.Errorf("check %s: %w", path, err)
	}
	return lint.Sort(c.list), nil
}

func isDir(elem ...string) bool {
	st, err := os.Stat(filepath.Join(elem...))
	return err == nil && st.IsDir()
}

func looksLikeEnclave(dir string) bool {
	for _, f := range []string{"cert.pem", "key.pem", "permissions.p7s", "governance.p7s"} {
		if _, err := os.Lstat(filepath.Join(dir, f)); err == nil {
			return true
		}
	}
	return false
}

// A checker collects findings.
type checker struct {
	now  time.Time
	warn time.Duration
	list []lint.Finding
}

func (c *checker) add(s lint.Severity, file, rule, problem, mend string, peers ...string) {
	c.list = append(c.list, lint.Finding{Severity: s, File: file, Rule: rule, Problem: problem, Mend: mend, Peers: peers})
}

func (c *checker) fail(file, rule, problem, mend string) {
	c.add(lint.Error, file, rule, problem, mend)
}

func (c *checker) warning(file, rule, problem, mend string) {
	c.add(lint.Warning, file, rule, problem, mend)
}

// read reads a file after having looked at its links and modes. name is that of
// the file itself: what is found in it is told once, however many links there are.
func (c *checker) read(file string, secret, optional bool) (data []byte, name string, ok bool) {
	name = file
	for hops := 0; ; hops++ {
		st, err := os.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) {
			switch {
			case name != file:
				c.fail(file, "dangling-link", "a link that leads nowhere: "+name+" does not exist", "was it moved out of its keystore? Copy the file instead")
			case !optional:
				c.fail(file, "missing-file", "it does not exist", "make it with `secdds keystore`")
			}
			return nil, name, false
		}
		if err != nil {
			c.fail(file, "unreadable", err.Error(), "")
			return nil, name, false
		}
		if st.Mode()&fs.ModeSymlink == 0 {
			c.modes(name, st, secret)
			break
		}
		target, err := os.Readlink(name)
		if err != nil || hops == 8 {
			c.fail(file, "dangling-link", "a link that leads to no file", "")
			return nil, name, false
		}
		if filepath.IsAbs(target) {
			c.warning(file, "absolute-link", "a link to "+target+": it does not move with the keystore", "make it relative")
			name = target
		} else {
			name = filepath.Join(filepath.Dir(name), target)
		}
	}
	data, err := readFile(name)
	if err != nil {
		c.fail(name, "unreadable", err.Error(), "")
		return nil, name, false
	}
	return data, name, true
}

func (c *checker) modes(name string, st fs.FileInfo, secret bool) {
	mode := st.Mode().Perm()
	switch {
	case secret && mode&0o077 != 0:
		c.fail(name, "key-mode", fmt.Sprintf("a private key with mode %04o: others than its owner can get at it", mode), "chmod 600")
	case !secret && mode&0o022 != 0:
		c.warning(name, "file-mode", fmt.Sprintf("mode %04o: others than its owner can change it", mode), "chmod 644")
	}
}

// validity tells of something that is valid from one time to another.
func (c *checker) validity(file, what string, notBefore, notAfter time.Time, mend string) {
	switch {
	case c.now.Before(notBefore):
		c.fail(file, "not-yet-valid", fmt.Sprintf("%s is valid from %s on, the time is %s", what, stamp(notBefore), stamp(c.now)), "check the clock")
	case c.now.After(notAfter):
		c.fail(file, "expired", fmt.Sprintf("%s has expired on %s, the time is %s", what, stamp(notAfter), stamp(c.now)), mend)
	case c.now.Add(c.warn).After(notAfter):
		c.warning(file, "expires-soon", fmt.Sprintf("%s expires on %s, in %d days", what, stamp(notAfter), int(notAfter.Sub(c.now)/day)), mend)
	}
}

// sameText reports whether two texts differ in line ends only, or not at all.
func sameText(a, b []byte) bool {
	return strings.ReplaceAll(string(a), "\r\n", "\n") == strings.ReplaceAll(string(b), "\r\n", "\n")
}
