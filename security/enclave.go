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
// crl.pem. The folder is watched: see New.
//
// For an encrypted key, or to watch at another interval, see ReadEnclave.
func FromEnclave(dir string) (*spi.Security, error) {
	cfg, err := ReadEnclave(dir)
	if err != nil {
		return nil, err
	}
	return New(cfg)
}

// ReadEnclave reads the files of an enclave. See FromEnclave. The result can be
// changed before it goes to New: a File that is replaced is not watched any more.
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
		f.to.path, f.to.optional = filepath.Join(dir, f.name), f.optional
		if err := f.to.read(); err != nil {
			return Config{}, err
		}
	}
	return cfg, nil
}

// read reads the file again from where it came.
func (f *File) read() error {
	if f.path == "" {
		return nil
	}
	data, info, err := readFile(f.path)
	switch {
	case err == nil:
		f.Name, f.Data, f.info = f.path, data, info
		return nil
	case f.optional && errors.Is(err, fs.ErrNotExist) && !isLink(f.path):
		f.Name, f.Data, f.info = "", nil, nil
		return nil
	case f.property != "":
		return fmt.Errorf("security: %w", &spi.Refusal{Document: "property " + f.property, Expected: "a file that can be read",
			Err: err, Remedy: "mend the path behind file:, or the rights on it"})
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("security: %w; make the enclave with `ros2 security create_enclave` or `secdds keystore`%s", err, hint(f.path))
	}
	return fmt.Errorf("security: %w; the user this runs as must be able to read it", err)
}

// readFile reads a file of bounded size. info is of before.
func readFile(name string) ([]byte, fs.FileInfo, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, nil, err
	}
	if len(data) > maxFile {
		return nil, nil, fmt.Errorf("%s: larger than %d octets", name, maxFile)
	}
	return data, info, nil
}

// isLink reports whether name is a symbolic link: one that leads nowhere is no
// missing file but a broken keystore.
func isLink(name string) bool {
	st, err := os.Lstat(name)
	return err == nil && st.Mode()&fs.ModeSymlink != 0
}

func hint(name string) string {
	if isLink(name) {
		return "; it is a link that leads nowhere: was the enclave moved out of its keystore?"
	}
	ext := filepath.Ext(name)
	if p11 := name[:len(name)-len(ext)] + ".p11"; ext == ".pem" {
		if _, err := os.Lstat(p11); err == nil {
			return "; " + p11 + " names a PKCS#11 token, which is not supported here"
		}
	}
	return ""
}
