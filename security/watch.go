package security

import (
	"bytes"
	"io/fs"
	"os"
	"time"

	"github.com/secdds/dds/spi"
)

const defaultWatchInterval = 5 * time.Second

// watchFiles returns what watches the files that cfg was read from; nil when
// there are none, or they are not to be watched.
func watchFiles(cfg Config) watch {
	watched := false
	for _, f := range cfg.files() {
		watched = watched || f.path != ""
	}
	if !watched || cfg.WatchInterval < 0 {
		return nil
	}
	interval := cfg.WatchInterval
	if interval == 0 {
		interval = defaultWatchInterval
	}
	return func(done <-chan struct{}, update func(*spi.Security, error)) {
		w := watcher{cfg: cfg}
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			if s, err := w.poll(time.Now()); s != nil || err != nil {
				update(s, err)
			}
		}
	}
}

// A watcher looks for changes of the files that a set of plugins was made of.
type watcher struct {
	cfg    Config        // of the set in force
	broken bool          // what is in the files is not what is in force, and is no good
	told   []fs.FileInfo // of which state that was told
}

// poll returns the set to replace the one in force, or what is wrong with the
// files and has not been told yet, or neither.
func (w *watcher) poll(now time.Time) (*spi.Security, error) {
	was := stamps(&w.cfg)
	is := look(&w.cfg)
	if sameStamps(was, is) && !w.broken {
		return nil, nil
	}
	s, fresh, err := w.reread(now)
	if err != nil {
		tell := !w.broken || !sameStamps(w.told, is)
		w.broken, w.told = true, is
		if tell {
			return nil, err
		}
		return nil, nil
	}
	if !sameStamps(stamps(&fresh), look(&fresh)) {
		return nil, nil // somebody is writing: look again when they are done
	}
	changed := w.broken
	for i, f := range fresh.files() {
		changed = changed || !bytes.Equal(f.Data, w.cfg.files()[i].Data)
	}
	w.cfg, w.broken, w.told = fresh, false, nil
	if !changed {
		return nil, nil
	}
	return s, nil
}

// reread makes a set of what the files hold now, if it is good at all.
func (w *watcher) reread(now time.Time) (*spi.Security, Config, error) {
	fresh := w.cfg
	for _, f := range fresh.files() {
		if err := f.read(); err != nil {
			return nil, fresh, err
		}
	}
	s, auth, err := build(fresh)
	if err == nil && auth != nil {
		// A new certificate may be there before its key is.
		err = auth.Check(now)
	}
	return s, fresh, err
}

// stamps returns what the files were when they were read.
func stamps(cfg *Config) (out []fs.FileInfo) {
	for _, f := range cfg.files() {
		out = append(out, f.info)
	}
	return out
}

// look returns what the files are now, behind all links; nil for what is not there.
func look(cfg *Config) (out []fs.FileInfo) {
	for _, f := range cfg.files() {
		var info fs.FileInfo
		if f.path != "" {
			if st, err := os.Stat(f.path); err == nil {
				info = st
			}
		}
		out = append(out, info)
	}
	return out
}

func sameStamps(a, b []fs.FileInfo) bool {
	if len(a) != len(b) {
		return false
	}
	for i, x := range a {
		y := b[i]
		if (x == nil) != (y == nil) {
			return false
		}
		if x != nil && (!os.SameFile(x, y) || !x.ModTime().Equal(y.ModTime()) || x.Size() != y.Size() || x.Mode() != y.Mode()) {
			return false
		}
	}
	return true
}
