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

// writeNew writes a file that must not exist (O_EXCL): nobody has it open, and
// its mode is the given one from the beginning. It is on the disk when this returns.
func writeNew(name string, data []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		os.Remove(name)
	}
	return err
}

// create writes a file beside its place.
func create(name string, data []byte, mode fs.FileMode) (temp string, err error) {
	temp = filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+"."+rand.Text()[:8])
	return temp, writeNew(temp, data, mode)
}

// WriteFile writes a file. With force set it replaces one that exists, at once:
// whoever reads it sees the old contents or the new ones, never a part. Without,
// a file that exists is an error. mode is 0600 for private keys.
func WriteFile(name string, data []byte, mode fs.FileMode, force bool) error {
	if !force {
		return writeNew(name, data, mode)
	}
	temp, err := create(name, data, mode)
	if err != nil {
		return err
	}
	if err := os.Rename(temp, name); err != nil {
		os.Remove(temp)
		return err
	}
	return nil
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
