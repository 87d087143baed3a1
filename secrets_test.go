package dds_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/log/embedded"

	"github.com/secdds/dds"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/security"
	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/security/psk"
	"github.com/secdds/dds/security/seclog"
	"github.com/secdds/dds/spi"
	"github.com/secdds/dds/telemetry"
	"github.com/secdds/dds/transport/memnet"
)

// secrets are what must never be in a log, by what they are.
type secrets struct {
	mu sync.Mutex
	of map[string][][]byte
}

func (s *secrets) add(what string, b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of == nil {
		s.of = make(map[string][][]byte)
	}
	if !slices.ContainsFunc(s.of[what], func(o []byte) bool { return bytes.Equal(o, b) }) {
		s.of[what] = append(s.of[what], slices.Clone(b))
	}
}

// What is looked for are pieces of a secret, that begin at every fourth octet:
// eleven octets of it, anywhere in it, are a leak.
const (
	piece = 8
	every = 4
)

// pieces returns the pieces of a secret. Those of a number in decimal are longer,
// lest a time be taken for one.
func pieces(b []byte) (ps [][]byte) {
	n := piece
	if strings.Trim(string(b), "0123456789") == "" {
		n = 20
	}
	for at := 0; at+n <= len(b); at += every {
		ps = append(ps, b[at:at+n])
	}
	return ps
}

// forms are how a piece of a secret may come into a text.
func forms(b []byte) map[string]string {
	f := map[string]string{
		"raw": string(b), "hex": hex.EncodeToString(b), "HEX": strings.ToUpper(hex.EncodeToString(b)),
		"% x": fmt.Sprintf("% x", b), "%v": strings.Trim(fmt.Sprint(b), "[]"), "%#v": strings.Trim(fmt.Sprintf("%#v", b), "[]byte{}"),
	}
	q := strconv.Quote(string(b))
	f["%q"] = q[1 : len(q)-1]
	for skip := range 3 { // however it is aligned in what was encoded
		n := (len(b) - skip) / 3 * 3
		f["base64 "+strconv.Itoa(skip)] = base64.StdEncoding.EncodeToString(b[skip : skip+n])
		f["base64url "+strconv.Itoa(skip)] = base64.URLEncoding.EncodeToString(b[skip : skip+n])
	}
	return f
}

// leaks returns what of the secrets is in a text.
func (s *secrets) leaks(text string) (found []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	type needle struct{ what, form, text string }
	needles := make(map[string][]needle) // by how they begin
	for what, bs := range s.of {
		for i, b := range bs {
			for j, p := range pieces(b) {
				for form, f := range forms(p) {
					needles[f[:piece]] = append(needles[f[:piece]], needle{fmt.Sprintf("%s %d, piece %d", what, i, j), form, f})
				}
			}
		}
	}
	for at := range max(0, len(text)-piece+1) {
		for _, n := range needles[text[at:at+piece]] {
			if strings.HasPrefix(text[at:], n.text) {
				found = append(found, n.what+", "+n.form)
			}
		}
	}
	return found
}

// keys records the secrets of an enclave.
func (s *secrets) keys(t require.TestingT, dir string) {
	b, err := os.ReadFile(filepath.Join(dir, "key.pem"))
	require.NoError(t, err)
	block, _ := pem.Decode(b)
	require.NotNil(t, block)
	body := strings.Split(string(b), "\n")
	body[1] = body[1][48:] // what goes before the number is the same for all of a curve, certificates included
	for _, line := range body {
		if !strings.HasPrefix(line, "-") {
			s.add("line of a private key's PEM", []byte(line))
		}
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(t, err)
	d, err := k.(*ecdsa.PrivateKey).Bytes()
	require.NoError(t, err)
	s.add("private key", d)
	s.add("private key, in decimal", []byte(new(big.Int).SetBytes(d).String())) // as %v of a key shows it
}

// A listeningCrypto records the secrets that a cryptographic plugin is given and makes.
type listeningCrypto struct {
	spi.Cryptography
	s *secrets
}

func (c listeningCrypto) NewParticipant(a spi.ParticipantAttributes) (spi.ParticipantCrypto, error) {
	p, err := c.Cryptography.NewParticipant(a)
	return listeningParticipant{p, c.s}, err
}

type listeningParticipant struct {
	spi.ParticipantCrypto
	s *secrets
}

func (p listeningParticipant) NewPeer(g rtps.GUID, secret spi.SharedSecret) (spi.PeerCrypto, error) {
	p.s.add("shared secret", secret.Secret[:])
	c, err := p.ParticipantCrypto.NewPeer(g, secret)
	if err == nil {
		toks, _ := c.Tokens()
		p.s.tokens("a participant", toks)
	}
	return c, err
}

func (p listeningParticipant) NewEndpoint(id rtps.EntityID, a spi.EndpointAttributes) (spi.EndpointCrypto, error) {
	c, err := p.ParticipantCrypto.NewEndpoint(id, a)
	if err != nil || c == nil {
		return c, err
	}
	return listeningEndpoint{c, p.s}, nil
}

type listeningEndpoint struct {
	spi.EndpointCrypto
	s *secrets
}

func (e listeningEndpoint) Match(p spi.PeerCrypto, id rtps.EntityID) (spi.PairCrypto, error) {
	c, err := e.EndpointCrypto.Match(p, id)
	if err == nil && c != nil {
		toks, _ := c.Tokens()
		e.s.tokens("an endpoint", toks)
	}
	return c, err
}

// tokens records master keys: after the kind, salt and key id.
// DDS-Security 1.1, 9.5.2.1.
func (s *secrets) tokens(whose string, toks []spi.Token) {
	for _, t := range toks {
		for _, p := range t.BinaryProperties {
			if len(p.Value) >= 88 { // of 256 bits
				s.add("master salt of "+whose, p.Value[8:40])
				s.add("master key of "+whose, p.Value[48:80])
				s.add("receiver-specific key of "+whose, p.Value[88:])
			}
		}
	}
}

// sinks are all the plugins that write, with what they wrote.
type sinks struct {
	text, json, own journal
	file            *seclog.File
	name            string
	otel            otelSink
	plain           witness
}

func newSinks(t *testing.T) *sinks {
	s := &sinks{name: filepath.Join(t.TempDir(), "log")}
	var err error
	s.file, err = seclog.OpenFile(s.name)
	require.NoError(t, err)
	return s
}

var all = &slog.HandlerOptions{Level: slog.LevelDebug}

func (s *sinks) logging() spi.Logging {
	return seclog.Combine(&s.plain, seclog.New(slog.New(slog.NewTextHandler(&s.text, all))), seclog.New(slog.New(slog.NewJSONHandler(&s.json, all))),
		s.file, telemetry.New(&s.otel), seclog.Distribute(seclog.Options{}))
}

// texts returns what each sink has, by its name. The log topic's is what the
// plugin has published; see TestLogTopic for that it arrives.
func (s *sinks) texts(t require.TestingT) map[string]string {
	file, err := os.ReadFile(s.name)
	require.NoError(t, err)
	var errs, entries strings.Builder
	for _, e := range s.plain.all() {
		fmt.Fprintf(&errs, "%+v\n", e)
		entries.Write(seclog.Distribute(seclog.Options{}).LogEntry(e))
	}
	return map[string]string{
		"text": s.text.String(), "json": s.json.String(), "logger": s.own.String(), "file": string(file),
		"otel": s.otel.String(), "log topic": entries.String(), "events": errs.String(),
	}
}

// An otelSink is a provider of OpenTelemetry that prints records.
type otelSink struct {
	embedded.LoggerProvider
	journal
}

func (o *otelSink) Logger(string, ...log.LoggerOption) log.Logger { return otelLogger{o: o} }

type otelLogger struct {
	embedded.Logger
	o *otelSink
}

func (otelLogger) Enabled(context.Context, log.EnabledParameters) bool { return true }

func (l otelLogger) Emit(_ context.Context, r log.Record) {
	fmt.Fprintln(l.o, r.Timestamp(), r.EventName(), r.SeverityText(), r.Body().AsString(), r.Err())
	r.WalkAttributes(func(kv attribute.KeyValue) bool {
		fmt.Fprintln(l.o, kv.Key, kv.Value.String())
		return true
	})
}

// A secured session with all its failures, every sink at its most talkative: no
// secret is in any of them, nor in what errors say.
func TestNoSecretIsLogged(t *testing.T) {
	var s secrets
	out := newSinks(t)
	passphrase, marker := "seed-"+rand.Text(), "marker-"+rand.Text()
	s.add("passphrase", []byte(passphrase))
	s.add("plaintext", []byte(marker))
	var said []string

	inWorld(t, memnet.Config{}, func(w *world) {
		g := logGovernance()
		g.PSK, g.RTPS = spi.ProtectEncrypt, spi.ProtectSignOrigin
		k, foreign := w.keystoreOf(g), w.keystoreOf(g)
		with := func(k *keystore.Keystore, path string, o keystore.EnclaveOptions) func(*dds.Config) {
			dir, err := k.CreateEnclave(path, o)
			require.NoError(w, err)
			s.keys(w, dir)
			cfg, err := security.ReadEnclave(dir)
			require.NoError(w, err)
			cfg.PreSharedKey, err = psk.New(psk.Config{Passphrase: "data:,7:" + passphrase})
			require.NoError(w, err)
			cfg.Logging = out.logging()
			sec, err := security.New(cfg)
			require.NoError(w, err)
			sec.Cryptography = listeningCrypto{sec.Cryptography, &s}
			return func(c *dds.Config) {
				c.Security, c.Logger = sec, slog.New(slog.NewTextHandler(&out.own, all))
			}
		}
		a, b := w.participant("a", with(k, "/a", keystore.EnclaveOptions{})), w.participant("b", with(k, "/b", keystore.EnclaveOptions{}))
		wr, r := writerOf[shape](w, a, "Square", qos.KeepAll()), readerOf[shape](w, b, "Square", qos.Reliable(0), qos.KeepAll())
		watch := logReader(w, b)
		matched(w, wr, r)
		write(w, wr, shape{marker, 1, 2})
		require.Equal(w, marker, next(w, r).Value.Color)

		// Those who are refused, and messages that are tampered with.
		w.participant("f", with(foreign, "/f", keystore.EnclaveOptions{}))
		w.participant("g", func(*dds.Config) {})
		eve := w.participant("e", with(k, "/e", keystore.EnclaveOptions{Rules: []keystore.Rule{keystore.Allow(nil, []string{"Square"})}}), lenient)
		writerOf[shape](w, eve, "Square")
		w.net.Filter(func(p *memnet.Packet) bool {
			p.Data[len(p.Data)-1] ^= p.Data[len(p.Data)-2] & 1
			return true
		})
		for range 20 {
			write(w, wr, shape{marker, 1, 2})
		}
		w.settle(5 * time.Second)
		w.net.Filter(nil)
		w.settle(70 * time.Second)

		var published int
		for _, e := range watch.Take(0, dds.Query{}) {
			published++
			require.Empty(w, s.leaks(fmt.Sprintf("%+v", e.Value)))
		}
		require.NotZero(w, published)

		// Files that are not what they should be, but full of secrets.
		said = wrongFiles(w, &s, out, k, passphrase)
	})

	for _, what := range []string{"line of a private key's PEM", "private key", "shared secret", "receiver-specific key of a participant", "master key of a participant", "master key of an endpoint", "passphrase", "plaintext"} {
		require.NotEmpty(t, s.of[what], what)
	}
	kinds := strings.Join(out.plain.kinds(), "\n")
	for _, what := range []string{"participant authenticated", "endpoint refused", "handshake timed out", "messages dropped", "local participant refused"} {
		require.Contains(t, kinds, what)
	}
	for sink, text := range out.texts(t) {
		require.Greater(t, len(text), 1000, sink)
		require.Empty(t, s.leaks(text), sink)
	}
	require.Greater(t, len(said), 10)
	require.Empty(t, s.leaks(strings.Join(said, "\n")), "what errors say")
}

// wrongFiles tries each file of an enclave in the place of the others, spoiled
// keys, wrong passwords and passphrases, and returns what the errors say.
func wrongFiles(w *world, s *secrets, out *sinks, k *keystore.Keystore, passphrase string) (said []string) {
	w.Helper()
	dir, err := k.CreateEnclave("/wrong", keystore.EnclaveOptions{})
	require.NoError(w, err)
	s.keys(w, dir)
	password := "password-" + rand.Text()
	s.add("password", []byte(password))
	good, err := security.ReadEnclave(dir)
	require.NoError(w, err)
	good.Logging = out.logging()
	try := func(change func(c *security.Config)) {
		c := good
		change(&c)
		sec, err := security.New(c)
		if err == nil {
			sec.Cryptography = listeningCrypto{sec.Cryptography, s}
			_, err = dds.NewParticipant(0, &dds.Config{
				Transport: w.net.Host("wrong"), Security: sec, Logger: slog.New(slog.NewTextHandler(&out.own, all)),
			})
		}
		require.Error(w, err)
		said = append(said, err.Error(), fmt.Sprintf("%+v", err))
	}
	key := string(good.PrivateKey.Data)
	for _, f := range []func(c *security.Config) *security.File{
		func(c *security.Config) *security.File { return &c.IdentityCA },
		func(c *security.Config) *security.File { return &c.Certificate },
		func(c *security.Config) *security.File { return &c.PermissionsCA },
		func(c *security.Config) *security.File { return &c.Governance },
		func(c *security.Config) *security.File { return &c.Permissions },
		func(c *security.Config) *security.File { return &c.CRL },
	} {
		for _, data := range []string{key, strings.ReplaceAll(key, "PRIVATE KEY", "CERTIFICATE"), "MIME-Version: 1.0\n\n" + key, "<dds>" + key + "</dds>"} {
			try(func(c *security.Config) { f(c).Data = []byte(data) })
		}
	}
	for _, data := range []string{
		key[:len(key)/2], key[:40] + "!" + key[40:], strings.ReplaceAll(key, "PRIVATE", "PUBLIC"),
		strings.ReplaceAll(key, "PRIVATE KEY", "ENCRYPTED PRIVATE KEY"), strings.ReplaceAll(key, "-----", ""),
	} {
		try(func(c *security.Config) { c.PrivateKey.Data, c.Password = []byte(data), password })
	}
	other, err := k.CreateEnclave("/other", keystore.EnclaveOptions{})
	require.NoError(w, err)
	s.keys(w, other)
	try(func(c *security.Config) {
		c.PrivateKey.Data, err = os.ReadFile(filepath.Join(other, "key.pem"))
		require.NoError(w, err)
	})
	bad := filepath.Join(w.TempDir(), "passphrase")
	require.NoError(w, os.WriteFile(bad, []byte("7:"+passphrase+"\n8\n"+passphrase), 0o600))
	for _, p := range []string{passphrase, "data:," + passphrase, "data:,300:" + passphrase, "data:,7:" + passphrase + "\x01", "7:" + passphrase, "file:" + bad} {
		_, err := psk.New(psk.Config{Passphrase: p})
		require.Error(w, err)
		said = append(said, err.Error(), fmt.Sprintf("%+v", err))
	}
	return said
}

// What holds secrets shows none, however it is printed.
func TestWhatHoldsSecretsIsSilent(t *testing.T) {
	var s secrets
	k, err := keystore.Create(t.TempDir(), keystore.Options{})
	require.NoError(t, err)
	dir, err := k.CreateEnclave("/a", keystore.EnclaveOptions{})
	require.NoError(t, err)
	s.keys(t, dir)
	cfg, err := security.ReadEnclave(dir)
	require.NoError(t, err)
	cfg.Password = rand.Text()
	s.add("password", []byte(cfg.Password))
	secret := spi.HandshakeResult{SubjectName: "CN=a"}
	_, _ = rand.Read(secret.Secret.Secret[:])
	s.add("shared secret", secret.Secret.Secret[:])
	pre := psk.Config{Passphrase: "data:,1:" + rand.Text()}
	s.add("passphrase", []byte(pre.Passphrase[8:]))
	sec, err := security.New(cfg)
	require.NoError(t, err)
	for _, v := range []any{cfg, &cfg, cfg.PrivateKey, &cfg.PrivateKey, secret, &secret, secret.Secret, pre, &pre, sec, *sec, []any{cfg, secret}} {
		var b bytes.Buffer
		fmt.Fprintf(&b, "%v %+v %#v %s", v, v, v, v)
		for _, h := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
			slog.New(h).Info("x", "v", v)
		}
		require.NotEmpty(t, b.String())
		require.Empty(t, s.leaks(b.String()), "%T", v)
	}
}

// The search above finds what is logged, in every form, by every sink.
func TestTheSearchForSecretsFindsThem(t *testing.T) {
	binary := make([]byte, 32)
	_, _ = rand.Read(binary)
	text := []byte(rand.Text() + rand.Text())
	for name, secret := range map[string][]byte{"binary": binary, "text": text} {
		for form, f := range map[string]string{
			"%s": "%s", "hex": "%x", "HEX": "%X", "% x": "% x", "%v": "%v", "%q": "%q", "%#v": "%#v",
			"base64": "", "base64 within": "x", "base64url": "u", "a part": "p",
		} {
			if name == "binary" && (form == "%s" || form == "%q") {
				continue // the sinks replace what is no text, so it cannot come through whole
			}
			said := fmt.Sprintf(f, secret)
			switch f {
			case "":
				said = base64.StdEncoding.EncodeToString(secret)
			case "x":
				said = base64.StdEncoding.EncodeToString(append([]byte{1}, secret...))
			case "u":
				said = base64.RawURLEncoding.EncodeToString(secret)
			case "p":
				said = hex.EncodeToString(secret[9:20])
			}
			out := newSinks(t)
			l := out.logging()
			l.Log(spi.SecurityEvent{Time: time.Now(), What: "x", Err: errors.New("found " + said + " there")})
			own, err := json.Marshal(said)
			require.NoError(t, err)
			_, _ = out.own.Write(bytes.Trim(own, `"`))
			var s secrets
			s.add("canary", secret)
			for sink, text := range out.texts(t) {
				require.NotEmpty(t, s.leaks(text), "%s of a %s secret, by %s: %s", form, name, sink, text)
			}
			require.NoError(t, out.file.Close())
		}
	}
	var s secrets
	s.add("canary", binary)
	require.Empty(t, s.leaks("nothing here"))
}
