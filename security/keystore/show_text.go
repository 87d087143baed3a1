package keystore

import (
	"fmt"
	"strings"
	"time"
)

// Text returns the facts for people to read; now is for how long things last.
func (f *Facts) Text(now time.Time) string {
	var b strings.Builder
	f.text(&b, now, "")
	return b.String()
}

func (f *Facts) text(b *strings.Builder, now time.Time, indent string) {
	line := func(format string, args ...any) { fmt.Fprintf(b, indent+"  "+format+"\n", args...) }
	fmt.Fprintf(b, "%s%s: %s\n", indent, f.File, f.Kind)
	for _, c := range f.Certificates {
		line("subject %s, issued by %s, serial number %s", c.Subject, c.Issuer, c.Serial)
		line("valid %s", span(now, c.NotBefore, c.NotAfter))
		what := "participant"
		if c.Authority {
			what = "authority"
			if c.PathLength != nil {
				what += fmt.Sprintf(", path length %d", *c.PathLength)
			}
		}
		line("%s, %s, signed with %s", what, c.Key.Kind, c.Signature)
		line("SHA-256 %s", c.Fingerprint)
	}
	if f.Key != nil {
		line("private key, %s; SHA-256 of the public key %s", f.Key.Kind, or(f.Key.Fingerprint, "unknown"))
	}
	for _, c := range f.CRLs {
		line("of %s, number %s, %s", c.Issuer, or(c.Number, "none"), span(now, c.ThisUpdate, c.NextUpdate))
		for _, r := range c.Revoked {
			line("revoked: serial number %s since %s", r.Serial, stamp(r.Time))
		}
	}
	if s := f.Signature; s != nil {
		line("signed by %s, serial number %s, with %s%s", s.Issuer, s.Serial, s.Digest, since(s.Time))
	}
	for _, d := range f.Domains {
		line("line %d: domains %s: unauthenticated %s, join access control %s", d.Line, rangesText(d.Domains), yes(d.AllowUnauthenticated), yes(d.JoinAccessControl))
		line("  discovery %s, liveliness %s, RTPS %s", d.Discovery, d.Liveliness, d.RTPS)
		if d.PSK != "" || d.KeyRevision || len(d.Tags) > 0 || len(d.Algorithms) > 0 {
			line("  of DDS-Security 1.2: pre-shared key %s, key revision %s, domain tags %q, algorithms %s", or(d.PSK, "NONE"), yes(d.KeyRevision), d.Tags, or(strings.Join(d.Algorithms, ", "), "all"))
		}
		for _, t := range d.Topics {
			line("  line %d: topic %s: metadata %s, data %s; discovery %s, liveliness %s, read %s, write %s", t.Line, t.Expression, t.Metadata, t.Data, yes(t.Discovery), yes(t.Liveliness), yes(t.Read), yes(t.Write))
		}
	}
	for _, g := range f.Grants {
		line("line %d: grant %s for %s, valid %s", g.Line, g.Name, g.Subject, span(now, g.NotBefore, g.NotAfter))
		for _, r := range g.Rules {
			line("  line %d: %s, domains %s", r.Line, strings.TrimSuffix(r.Kind, "_rule"), rangesText(r.Domains))
			for _, c := range r.Criteria {
				text := c.Action + " " + strings.Join(c.Topics, ", ")
				if len(c.Partitions) > 0 {
					text += " in partitions " + strings.Join(c.Partitions, ", ")
				}
				for _, t := range c.Tags {
					text += fmt.Sprintf(" with tag %s=%s", t[0], t[1])
				}
				line("    %s", text)
			}
		}
		line("  default %s", g.Default)
	}
	for _, sub := range f.Files {
		sub.text(b, now, indent+"  ")
	}
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func since(t *time.Time) string {
	if t == nil {
		return ""
	}
	return " on " + stamp(*t)
}

// span tells a validity and where now is in it.
func span(now, from, to time.Time) string {
	s := stamp(from) + " to " + stamp(to)
	switch {
	case now.Before(from):
		return s + " (not yet valid)"
	case to.IsZero():
		return "from " + stamp(from) + " on"
	case now.After(to):
		return s + " (EXPIRED)"
	}
	return fmt.Sprintf("%s (%d days left)", s, int(to.Sub(now)/day))
}

func rangesText(list [][2]uint32) string {
	var parts []string
	for _, r := range list {
		if r[0] == r[1] {
			parts = append(parts, fmt.Sprint(r[0]))
		} else {
			parts = append(parts, fmt.Sprintf("%d–%d", r[0], r[1]))
		}
	}
	return strings.Join(parts, ", ")
}
