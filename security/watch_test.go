package security_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/security"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/spi"
)

// A watched is an enclave and what its watch has told. Its clock is virtual.
type watched struct {
	t    *testing.T
	k    *keystore.Keystore
	dir  string
	guid rtps.GUID

	mu   sync.Mutex
	sets []*spi.Security
	errs []error
}

const enclaveName = "/talker_listener/talker"

// runWatch calls f with an enclave that is watched every interval.
func runWatch(t *testing.T, edit func(*security.Config), f func(w *watched)) {
	synctest.Test(t, func(t *testing.T) {
		k, dir := newEnclave(t)
		cfg, err := security.ReadEnclave(dir)
		require.NoError(t, err)
		if edit != nil {
			edit(&cfg)
		}
		s, err := security.New(cfg)
		require.NoError(t, err)
		w := &watched{t: t, k: k, dir: dir, guid: identityOf(t, s, rtps.GUID{}).GUID()}
		done, ended := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(ended)
			s.Watch(done, func(s *spi.Security, err error) {
				w.mu.Lock()
				defer w.mu.Unlock()
				if err != nil {
					w.errs = append(w.errs, err)
				} else {
					w.sets = append(w.sets, s)
				}
			})
		}()
		f(w)
		close(done)
		<-ended
	})
}

func identityOf(t *testing.T, s *spi.Security, guid rtps.GUID) spi.LocalIdentity {
	if guid != (rtps.GUID{}) {
		id, err := s.Authentication.(spi.IdentityRenewer).RenewLocalIdentity(time.Now(), 0, guid)
		require.NoError(t, err)
		return id
	}
	id, err := s.Authentication.ValidateLocalIdentity(time.Now(), 0, rtps.GUID{Prefix: rtps.GUIDPrefix{1}, Entity: rtps.EntityParticipant})
	require.NoError(t, err)
	return id
}

// pass lets virtual time go by, and returns what was told meanwhile.
func (w *watched) pass(d time.Duration) ([]*spi.Security, []error) {
	w.mu.Lock()
	w.sets, w.errs = nil, nil
	w.mu.Unlock()
	time.Sleep(d) // virtual
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sets, w.errs
}

func (w *watched) quiet(d time.Duration) {
	w.t.Helper()
	sets, errs := w.pass(d)
	require.Empty(w.t, sets)
	require.Empty(w.t, errs)
}

func (w *watched) file(name string) string { return filepath.Join(w.dir, name) }

// other makes another enclave of the same name in a keystore with the same CA.
func (w *watched) other() string {
	dir := w.t.TempDir()
	require.NoError(w.t, os.CopyFS(dir, os.DirFS(w.k.Dir)))
	require.NoError(w.t, os.RemoveAll(filepath.Join(dir, "enclaves", enclaveName)))
	k, err := keystore.Open(dir)
	require.NoError(w.t, err)
	enclave, err := k.CreateEnclave(enclaveName, keystore.EnclaveOptions{})
	require.NoError(w.t, err)
	return enclave
}

func (w *watched) copy(from string, names ...string) {
	for _, n := range names {
		b, err := os.ReadFile(filepath.Join(from, n))
		require.NoError(w.t, err)
		replace(w.t, w.file(n), string(b))
	}
}

func TestWatchRenewsTheCertificate(t *testing.T) {
	runWatch(t, nil, func(w *watched) {
		w.quiet(time.Hour)
		fresh := w.other()
		time.Sleep(time.Millisecond) // virtual: off the beat

		// The certificate is there before its key: told once, and nothing changes.
		w.copy(fresh, "cert.pem")
		sets, errs := w.pass(5 * time.Second)
		require.Empty(t, sets)
		require.Len(t, errs, 1)
		require.ErrorContains(t, errs[0], w.file("key.pem"))
		w.quiet(time.Hour)

		w.copy(fresh, "key.pem")
		sets, errs = w.pass(5 * time.Second)
		require.Empty(t, errs)
		require.Len(t, sets, 1)
		require.Nil(t, sets[0].Watch, "the one that runs goes on")
		require.Equal(t, w.guid, identityOf(t, sets[0], w.guid).GUID())
		w.quiet(time.Hour)
	})
}

func TestWatchReadsWhatIsBroken(t *testing.T) {
	runWatch(t, func(c *security.Config) { c.WatchInterval = time.Minute }, func(w *watched) {
		good, err := os.ReadFile(w.file("permissions.p7s"))
		require.NoError(t, err)
		half := w.other()

		replace(t, w.file("permissions.p7s"), "torn")
		w.quiet(50 * time.Second)
		_, errs := w.pass(10 * time.Second)
		require.Len(t, errs, 1)
		require.ErrorContains(t, errs[0], w.file("permissions.p7s"))
		w.quiet(time.Hour)

		// Broken in another way is told again.
		require.NoError(t, os.Remove(w.file("permissions.p7s")))
		_, errs = w.pass(time.Minute)
		require.Len(t, errs, 1)
		w.quiet(time.Hour)

		// As it was: told, because it was told to be bad.
		replace(t, w.file("permissions.p7s"), string(good))
		sets, errs := w.pass(time.Minute)
		require.Len(t, sets, 1)
		require.Empty(t, errs)

		// Written anew with what was in it: nothing to tell.
		replace(t, w.file("permissions.p7s"), string(good))
		w.quiet(time.Hour)

		w.copy(half, "permissions.p7s")
		sets, errs = w.pass(time.Minute)
		require.Len(t, sets, 1)
		require.Empty(t, errs)
	})
}

// A CRL may come, change and go. It is behind a link here, as sros2 has it.
func TestWatchReadsTheCRL(t *testing.T) {
	runWatch(t, nil, func(w *watched) {
		target := filepath.Join(w.k.Dir, "public", "crl.pem")
		put := func(revoked ...[]byte) {
			crl, err := w.k.IdentityCA.CRL(time.Now(), revoked...)
			require.NoError(t, err)
			replace(t, target, string(crl))
		}
		put()
		require.NoError(t, os.Symlink(target, w.file("crl.pem")))
		sets, errs := w.pass(5 * time.Second)
		require.Empty(t, errs)
		require.Len(t, sets, 1)
		put() // another inode behind the same link
		sets, errs = w.pass(5 * time.Second)
		require.Empty(t, errs)
		require.Len(t, sets, 1)

		// Revoked: not even we would believe ourselves.
		cert, err := os.ReadFile(w.file("cert.pem"))
		require.NoError(t, err)
		put(cert)
		sets, errs = w.pass(5 * time.Second)
		require.Empty(t, sets)
		require.Len(t, errs, 1)
		require.ErrorContains(t, errs[0], "revoked")

		// A list that leads nowhere is no missing list.
		require.NoError(t, os.Remove(target))
		_, errs = w.pass(5 * time.Second)
		require.Len(t, errs, 1)
		require.ErrorContains(t, errs[0], "crl.pem")
		require.NoError(t, os.Remove(w.file("crl.pem")))
		sets, errs = w.pass(5 * time.Second)
		require.Empty(t, errs)
		require.Len(t, sets, 1)
		w.quiet(time.Hour)
	})
}

func TestWatchOff(t *testing.T) {
	_, dir := newEnclave(t)
	cfg, err := security.ReadEnclave(dir)
	require.NoError(t, err)
	cfg.WatchInterval = -1
	s, err := security.New(cfg)
	require.NoError(t, err)
	require.Nil(t, s.Watch)

	// Nor is there anything to watch in what never was a file.
	cfg, err = security.ReadEnclave(dir)
	require.NoError(t, err)
	for _, f := range []*security.File{&cfg.IdentityCA, &cfg.Certificate, &cfg.PrivateKey, &cfg.PermissionsCA, &cfg.Governance, &cfg.Permissions, &cfg.CRL} {
		*f = security.File{Name: f.Name, Data: f.Data}
	}
	s, err = security.New(cfg)
	require.NoError(t, err)
	require.Nil(t, s.Watch)
}
