package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/secdds/dds/governance/lint"
	"github.com/secdds/dds/security/keystore"
)

// A printer writes facts, as text or as one JSON value.
type printer struct{ json bool }

func (p *printer) flag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&p.json, "json", false, "print the facts as JSON")
}

func (p *printer) print(cmd *cobra.Command, facts any, text string) error {
	if !p.json {
		_, err := io.WriteString(cmd.OutOrStdout(), text)
		return err
	}
	e := json.NewEncoder(cmd.OutOrStdout())
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(facts)
}

// A report is what check and lint print.
type report struct {
	Findings []lint.Finding `json:"findings"`
	Errors   int            `json:"errors"`
	Warnings int            `json:"warnings"`
}

// report prints findings. The error is for the exit status: something is wrong.
func (p *printer) report(cmd *cobra.Command, list []lint.Finding) error {
	r := report{Findings: list}
	if r.Findings == nil {
		r.Findings = []lint.Finding{}
	}
	r.Errors, r.Warnings = lint.Count(list)
	var b strings.Builder
	for _, f := range list {
		fmt.Fprintln(&b, f)
	}
	fmt.Fprintf(&b, "%d errors, %d warnings\n", r.Errors, r.Warnings)
	if err := p.print(cmd, r, b.String()); err != nil {
		return err
	}
	if r.Errors > 0 {
		return fmt.Errorf("%s: %d errors", cmd.Name(), r.Errors)
	}
	return nil
}

// warn tells on stderr what lint finds in a document that is written all the
// same. With errors it is not written, unless force is set.
func warn(cmd *cobra.Command, file string, doc []byte, force bool) error {
	list := lint.Document(time.Now(), file, doc)
	for _, f := range list {
		if f.Severity >= lint.Warning {
			fmt.Fprintln(cmd.ErrOrStderr(), f)
		}
	}
	if n, _ := lint.Count(list); n > 0 && !force {
		return fmt.Errorf("%s has %d errors; with --force it is signed all the same", file, n)
	}
	return nil
}

// parseDomains reads domain ids and ranges of them: 0, 3-5.
func parseDomains(args []string) ([]keystore.Domains, error) {
	var list []keystore.Domains
	for _, s := range args {
		lo, hi, isRange := strings.Cut(s, "-")
		if !isRange {
			hi = lo
		}
		from, err1 := strconv.ParseUint(lo, 10, 32)
		to, err2 := strconv.ParseUint(hi, 10, 32)
		if err1 != nil || err2 != nil || from > to || to > 232 {
			return nil, fmt.Errorf("--domain %q: want a domain id, 0 to 232, or a range such as 3-5", s)
		}
		list = append(list, keystore.Domains{Min: uint32(from), Max: uint32(to)})
	}
	return list, nil
}

// parseTime reads a time: 2026-01-31, 2026-01-31T23:59:59 (UTC) or with a zone.
func parseTime(flag, s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04:05", time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("--%s %q: want a time such as 2026-01-31 or 2026-01-31T23:59:59 (UTC)", flag, s)
}

const (
	day     = 24 * time.Hour
	maxDays = 36500
)

// parseDays checks a number of days; zero: what is usual.
func parseDays(flag string, n int) (time.Duration, error) {
	if n < 0 || n > maxDays {
		return 0, fmt.Errorf("--%s %d: want 0 to %d days", flag, n, maxDays)
	}
	return time.Duration(n) * day, nil
}

// readDocument reads a file of bounded size.
func readDocument(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	const most = 16 << 20
	doc, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && len(doc) > most {
		err = fmt.Errorf("%s: larger than %d octets", name, most)
	}
	return doc, err
}
