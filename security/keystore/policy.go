package keystore

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A Policy is what an sros2 policy document says of each enclave, as rules for
// DDS topics.
type Policy struct {
	Enclaves []PolicyEnclave
}

// A PolicyEnclave is what a policy says of one enclave.
type PolicyEnclave struct {
	Path  string
	Rules []Rule // deny first, as sros2 has it
}

// A policyFile is the XML of a policy; older ones say context for enclave.
type policyFile struct {
	XMLName  xml.Name        `xml:"policy"`
	Enclaves []policyEnclave `xml:"enclaves>enclave"`
	Contexts []policyEnclave `xml:"contexts>context"`
}

type policyEnclave struct {
	Path     string          `xml:"path,attr"`
	Profiles []policyProfile `xml:"profiles>profile"`
}

type policyProfile struct {
	NS       string       `xml:"ns,attr"`
	Node     string       `xml:"node,attr"`
	Topics   []policyList `xml:"topics"`
	Services []policyList `xml:"services"`
	Actions  []policyList `xml:"actions"`
}

// A policyList is <topics>, <services> or <actions>: names and what is said of them.
type policyList struct {
	Attrs    []xml.Attr `xml:",any,attr"`
	Topics   []string   `xml:"topic"`
	Services []string   `xml:"service"`
	Actions  []string   `xml:"action"`
}

// ParsePolicy reads an sros2 policy document (policy.xml) and translates the
// names of ROS 2 into those of DDS topics: rt/ for topics, rq/ and rr/ for
// services, and all of them for actions. Domains of the rules are the given ones.
func ParsePolicy(text []byte, domains ...Domains) (*Policy, error) {
	if len(text) > maxFile {
		return nil, fmt.Errorf("policy: %d octets, at most %d are read", len(text), maxFile)
	}
	if err := checkPolicy(text); err != nil {
		return nil, err
	}
	var f policyFile
	if err := xml.Unmarshal(text, &f); err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	p := &Policy{}
	for _, e := range slices.Concat(f.Enclaves, f.Contexts) {
		rules, err := e.rules(domains)
		if err != nil {
			return nil, fmt.Errorf("policy, enclave %s: %w", e.Path, err)
		}
		p.Enclaves = append(p.Enclaves, PolicyEnclave{Path: e.Path, Rules: rules})
	}
	if len(p.Enclaves) == 0 {
		return nil, errors.New("policy: expected <enclaves> with an <enclave path=\"/…\">, found none")
	}
	return p, nil
}

// checkPolicy refuses elements that would be passed over in silence.
func checkPolicy(text []byte) error {
	known := []string{"policy", "enclaves", "enclave", "contexts", "context", "profiles", "profile",
		"topics", "topic", "services", "service", "actions", "action"}
	d := xml.NewDecoder(bytes.NewReader(text))
	for depth, skip := 0, 0; ; {
		tok, err := d.Token()
		if err != nil {
			return nil // Unmarshal tells what is wrong; the end is no error
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			depth++
			line, _ := d.InputPos()
			switch {
			case skip > 0:
			case tok.Name.Local == "metadata":
				skip = depth // of the profiles, for people
			case tok.Name.Local == "include":
				return fmt.Errorf("policy, line %d: <xi:include> is not followed; put what it includes in its place (xmllint --xinclude)", line)
			case !slices.Contains(known, tok.Name.Local):
				return fmt.Errorf("policy, line %d: unknown element <%s>; expected one of %s", line, tok.Name.Local, strings.Join(known, ", "))
			}
		case xml.EndElement:
			if depth == skip {
				skip = 0
			}
			depth--
		}
	}
}

// Enclave returns what the policy says of the enclave of that path.
func (p *Policy) Enclave(path string) ([]Rule, error) {
	var paths []string
	for _, e := range p.Enclaves {
		if e.Path == path {
			return e.Rules, nil
		}
		paths = append(paths, e.Path)
	}
	return nil, fmt.Errorf("the policy says nothing of enclave %s; it has %s", path, strings.Join(paths, ", "))
}

// A policyRule gathers the DDS topics of one rule.
type policyRule struct{ publish, subscribe []string }

func (r *policyRule) add(publish, subscribe []string) {
	for _, t := range publish {
		if !slices.Contains(r.publish, t) {
			r.publish = append(r.publish, t)
		}
	}
	for _, t := range subscribe {
		if !slices.Contains(r.subscribe, t) {
			r.subscribe = append(r.subscribe, t)
		}
	}
}

func (e policyEnclave) rules(domains []Domains) ([]Rule, error) {
	if !strings.HasPrefix(e.Path, "/") {
		return nil, errors.New(`expected an attribute path="/…"`)
	}
	var allow, deny policyRule
	for _, p := range e.Profiles {
		for _, l := range p.Topics {
			if err := l.each(p, l.Topics, "topic", map[string]mangler{"publish": topicPublish, "subscribe": topicSubscribe}, &allow, &deny); err != nil {
				return nil, err
			}
		}
		for _, l := range p.Services {
			if err := l.each(p, l.Services, "service", map[string]mangler{"request": serviceRequest, "reply": serviceReply}, &allow, &deny); err != nil {
				return nil, err
			}
		}
		for _, l := range p.Actions {
			if err := l.each(p, l.Actions, "action", map[string]mangler{"call": actionCall, "execute": actionExecute}, &allow, &deny); err != nil {
				return nil, err
			}
		}
	}
	// Every ROS 2 participant tells the others of its nodes there.
	discovery := []string{"ros_discovery_info"}
	var rules []Rule
	if len(deny.publish)+len(deny.subscribe) > 0 {
		r := Allow(deny.publish, deny.subscribe)
		r.Deny, r.Domains = true, domains
		rules = append(rules, r)
	}
	if len(allow.publish)+len(allow.subscribe) > 0 {
		r := Allow(allow.publish, allow.subscribe)
		r.Domains = domains
		rules = append(rules, r)
	}
	r := Allow(discovery, discovery)
	r.Domains = domains
	return append(rules, r), nil
}

// A mangler returns the DDS topics that a right on a ROS 2 name takes.
type mangler func(name string) (publish, subscribe []string)

func topicPublish(n string) (p, s []string)   { return []string{"rt" + n}, nil }
func topicSubscribe(n string) (p, s []string) { return nil, []string{"rt" + n} }

func serviceRequest(n string) (p, s []string) {
	return []string{"rq" + n + "Request"}, []string{"rr" + n + "Reply"}
}

func serviceReply(n string) (p, s []string) {
	s, p = serviceRequest(n)
	return p, s
}

func actionCall(n string) (p, s []string) {
	for _, service := range []string{"cancel_goal", "get_result", "send_goal"} {
		p = append(p, "rq"+n+"/_action/"+service+"Request")
		s = append(s, "rr"+n+"/_action/"+service+"Reply")
	}
	return p, append(s, "rt"+n+"/_action/feedback", "rt"+n+"/_action/status")
}

func actionExecute(n string) (p, s []string) {
	s, p = actionCall(n)
	return p, s
}

// each adds what the list says to allow and deny.
func (l policyList) each(p policyProfile, names []string, kind string, rights map[string]mangler, allow, deny *policyRule) error {
	if n := len(l.Topics) + len(l.Services) + len(l.Actions); n != len(names) || n == 0 {
		return fmt.Errorf("<%ss>: expected elements <%s> only, and one at least", kind, kind)
	}
	for _, a := range l.Attrs {
		mangle := rights[a.Name.Local]
		if mangle == nil {
			if a.Name.Space != "" || a.Name.Local == "base" {
				continue // xml:base, which inclusion leaves
			}
			return fmt.Errorf("<%ss>: unknown attribute %s", kind, a.Name.Local)
		}
		rule := allow
		switch a.Value {
		case "ALLOW":
		case "DENY":
			rule = deny
		default:
			return fmt.Errorf("<%ss %s=%q>: expected ALLOW or DENY", kind, a.Name.Local, a.Value)
		}
		for _, name := range names {
			name = strings.TrimSpace(name)
			if name == "" {
				return fmt.Errorf("<%s>: expected a name, found nothing", kind)
			}
			rule.add(mangle(p.resolve(name)))
		}
	}
	return nil
}

// resolve returns the full name: "/a" is one, "~/a" is below the node, "a" is
// below its namespace.
func (p policyProfile) resolve(name string) string {
	ns := strings.TrimSuffix(p.NS, "/") + "/"
	switch name[0] {
	case '/':
		return name
	case '~':
		return ns + p.Node + name[1:]
	}
	return ns + name
}
