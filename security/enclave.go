package security

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/secdds/dds/spi"
)

// maxFile bounds what is read of one file.
const maxFile = 16 << 20

// FromEnclave returns the plugins with the credentials in a folder, laid out as
// ROS 2's sros2 does: identity_ca.cert.pem, cert.pem, key.pem,
// permissions_ca.cert.pem, governance.p7s, permissions.p7s and, if it is there,
// crl.pem.
func FromEnclave(dir string) (*spi.Security, error) {
	cfg, err := ReadEnclave(dir)
	if err != nil {
		return nil, err
	}
	return New(cfg)
}

// ReadEnclave reads the files of an enclave. See FromEnclave. The result can be
// changed before it goes to New.
func ReadEnclave(dir string) (Config, error) {
	var cfg Config
	for _, f := range []struct {
		to       *File
		name     string
		optional bool
	}{
		{&cfg.IdentityCA, "identity_ca.cert.pem", false},
		{&cfg.Certificate, "cert.pem", false},
		{&cfg.PrivateKey, "key.pem", false},
		{&cfg.PermissionsCA, "permissions_ca.cert.pem", false},
		{&cfg.Governance, "governance.p7s", false},
		{&cfg.Permissions, "permissions.p7s", false},
		{&cfg.CRL, "crl.pem", true},
	} {
		name := filepath.Join(dir, f.name)
		data, err := readFile(name)
		switch {
		case err == nil:
			*f.to = File{Name: name, Data: data}
		case f.optional && errors.Is(err, fs.ErrNotExist) && !isLink(name):
		case errors.Is(err, fs.ErrNotExist):
			return Config{}, fmt.Errorf("security: %w; make the enclave with `ros2 security create_enclave` or `secdds keystore`%s", err, hint(dir, f.name))
		default:
			return Config{}, fmt.Errorf("security: %w; the user this runs as must be able to read it", err)
		}
	}
	return cfg, nil
}

// readFile reads a file of bounded size.
func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("%s: larger than %d octets", name, maxFile)
	}
	return data, nil
}

// isLink reports whether name is a symbolic link: one that leads nowhere is no
// missing file but a broken keystore.
func isLink(name string) bool {
	st, err := os.Lstat(name)
	return err == nil && st.Mode()&fs.ModeSymlink != 0
}

func hint(dir, name string) string {
	if isLink(filepath.Join(dir, name)) {
		return "; it is a link that leads nowhere: was the enclave moved out of its keystore?"
	}
	if p11 := filepath.Join(dir, name[:len(name)-len(filepath.Ext(name))]+".p11"); filepath.Ext(name) == ".pem" {
		if _, err := os.Lstat(p11); err == nil {
			return "; " + p11 + " names a PKCS#11 token, which is not supported here"
		}
	}
	return ""
}
