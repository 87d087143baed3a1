package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/secdds/dds/security/keystore"
	"github.com/secdds/dds/spi"
)

// command runs a command of the build in the folder of the module.
func command(ctx context.Context, root string, argv ...string) (string, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(argv, " "), err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

// build makes all programs in bin.
func build(ctx context.Context, root, bin string) error {
	if _, err := command(ctx, root, "go", "build", "-o", filepath.Join(bin, ours), "./cmd/secdds"); err != nil {
		return err
	}
	_, err := command(ctx, root, "sh", "benchmarks/peers/build.sh", bin)
	return err
}

// keystores makes, for every protection that needs one, the enclaves of the two
// sides. Interop: Cyclone refuses a document with a domain id above 230.
func keystores(dir string, names []string) (map[string][2]string, error) {
	domains := keystore.Domains{Min: 0, Max: 230}
	out := make(map[string][2]string)
	for _, name := range names {
		var g keystore.Governance
		switch name {
		case "plain":
			continue
		case "sros2":
			g = keystore.SROS2Governance(domains)
		case "encrypt":
			g = keystore.UniformGovernance(spi.ProtectEncrypt, domains)
		}
		k, err := keystore.Create(filepath.Join(dir, name), keystore.Options{Governance: &g})
		if err != nil {
			return nil, fmt.Errorf("make the keystore %s: %w", name, err)
		}
		allow := keystore.AllowAll()
		allow.Domains = []keystore.Domains{domains}
		var sides [2]string
		for i, enclave := range []string{"/pub", "/sub"} {
			if sides[i], err = k.CreateEnclave(enclave, keystore.EnclaveOptions{Rules: []keystore.Rule{allow}}); err != nil {
				return nil, fmt.Errorf("make the enclave %s of %s: %w", enclave, name, err)
			}
		}
		out[name] = sides
	}
	return out, nil
}

func writeText(file, text string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o644)
}

var modelName = regexp.MustCompile(`(?m)^model name\s*:\s*(.+)$`)

// describe tells of this machine what can be found.
func describe(ctx context.Context, root string) machine {
	m := machine{cpu: runtime.GOARCH, cores: runtime.NumCPU(), kernel: dash, commit: dash,
		versions: []string{strings.Replace(runtime.Version(), "go", "Go ", 1)}}
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if f := modelName.FindSubmatch(text); f != nil {
			m.cpu = string(f[1])
		}
	}
	if text, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.kernel = strings.TrimSpace(string(text))
	}
	if c, err := command(ctx, root, "git", "rev-parse", "--short=12", "HEAD"); err == nil {
		m.commit = c
		// The results of the last run do not make the tree another one.
		s, err := command(ctx, root, "git", "status", "--porcelain", "--", "*.go", "*.c", "*.cpp", "go.mod")
		if err != nil || s != "" {
			m.commit += " with changes"
		}
	}
	for _, p := range []struct{ name, pkg string }{{"Cyclone DDS", "cyclonedds-dev"}, {"Fast DDS", "libfastrtps-dev"}, {"gcc", "gcc"}} {
		if v, err := command(ctx, root, "dpkg-query", "-W", "-f", "${Version}", p.pkg); err == nil {
			m.versions = append(m.versions, p.name+" "+v)
		}
	}
	return m
}

// moduleRoot is the folder of the module this program was built in.
func moduleRoot(ctx context.Context) (string, error) {
	if info, ok := debug.ReadBuildInfo(); !ok || info.Main.Path == "" {
		return "", fmt.Errorf("find the module: built without it")
	}
	file, err := command(ctx, ".", "go", "env", "GOMOD")
	if err != nil {
		return "", err
	}
	return filepath.Dir(file), nil
}
