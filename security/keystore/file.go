package keystore

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Modes of files: private keys are for the owner alone.
const (
	modeKey    fs.FileMode = 0o600
	modePublic fs.FileMode = 0o644
)

// maxFile bounds what is read of one file, in octets.
const maxFile = 16 << 20

// create writes a file beside its place: it is new (O_EXCL), so nobody has it
// open and its mode is the given one, and it is on the disk when this returns.
func create(name string, data []byte, mode fs.FileMode) (temp string, err error) {
	temp = filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+"."+rand.Text()[:8])
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		os.Remove(temp)
		return "", err
	}
	return temp, nil
}

// WriteFile writes a file at once: whoever reads it sees the old contents or
// the new ones, never a part. Unless force is set, a file that exists is an
// error. mode is 0600 for private keys.
func WriteFile(name string, data []byte, mode fs.FileMode, force bool) error {
	temp, err := create(name, data, mode)
	if err != nil {
		return err
	}
	if force {
		err = os.Rename(temp, name)
	} else if err = os.Link(temp, name); err == nil { // unlike a rename, it replaces nothing
		return os.Remove(temp)
	}
	if err != nil {
		os.Remove(temp)
	}
	return err
}

// A batch is files that belong together. They are all written beside their
// places before the first of them takes its place.
type batch struct {
	temps, names []string
}

func (b *batch) add(name string, data []byte, mode fs.FileMode) error {
	temp, err := create(name, data, mode)
	if err != nil {
		return err
	}
	b.temps, b.names = append(b.temps, temp), append(b.names, name)
	return nil
}

func (b *batch) commit() error {
	for len(b.temps) > 0 {
		if err := os.Rename(b.temps[0], b.names[0]); err != nil {
			return err
		}
		b.temps, b.names = b.temps[1:], b.names[1:]
	}
	return nil
}

// drop removes what has not taken its place.
func (b *batch) drop() {
	for _, temp := range b.temps {
		os.Remove(temp)
	}
}

// link makes a symbolic link, relative so that a keystore can be moved, in
// place of whatever is there.
func link(target, name string) error {
	rel, err := filepath.Rel(filepath.Dir(name), target)
	if err != nil {
		return err
	}
	temp := filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+"."+rand.Text()[:8])
	if err := os.Symlink(rel, temp); err != nil {
		return err
	}
	if err := os.Rename(temp, name); err != nil {
		os.Remove(temp)
		return err
	}
	return nil
}

// readFile reads a file of bounded size.
func readFile(name string) ([]byte, error) {
	st, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, err
	case st.Size() > maxFile:
		return nil, fmt.Errorf("%s has %d octets, at most %d are read", name, st.Size(), maxFile)
	case !st.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no file", name)
	}
	return os.ReadFile(name)
}
