package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/secdds/dds/security/keystore"
)

// A permit is what the flags of permissions say.
type permit struct {
	publish, subscribe, relay, denyPublish, denySubscribe []string
	domains, partitions, tags                             []string
	notBefore, notAfter, fallback, policy                 string
}

// permitted is what permissions prints.
type permitted struct {
	Enclave string                `json:"enclave"`
	Grants  []keystore.GrantFacts `json:"grants"`
}

func newPermissions() *cobra.Command {
	var p printer
	var o permit
	cmd := &cobra.Command{
		Use:   "permissions DIR /PATH/NAME",
		Short: "Sign permissions for an enclave, in place of those it has",
		Long: `Sign permissions for an enclave, in place of those it has.

They come from the flags, or from an sros2 policy document (--policy): topics,
services and actions of ROS 2 become DDS topics (rt/, rq/, rr/), and
ros_discovery_info is allowed. Topics are expressions: * ? [set]. Denials stand
before what is allowed, for the first rule that applies decides.`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			options, err := o.options(args[1])
			if err != nil {
				return fmt.Errorf("permissions: %w", err)
			}
			k, err := keystore.Open(args[0])
			if err != nil {
				return err
			}
			xml, err := k.SetPermissions(args[1], options)
			if err != nil {
				return err
			}
			if err := warn(cmd, "permissions.xml", xml, true); err != nil {
				return err
			}
			facts, err := keystore.DescribeDocument(xml)
			if err != nil {
				return err
			}
			return p.print(cmd, permitted{args[1], facts.Grants}, fmt.Sprintf("signed permissions of %s: %d rules\n", args[1], len(options.Rules)))
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.publish, "publish", nil, "topic expression to allow publishing; may be repeated, as the others")
	f.StringArrayVar(&o.subscribe, "subscribe", nil, "topic expression to allow subscribing")
	f.StringArrayVar(&o.relay, "relay", nil, "topic expression to allow relaying")
	f.StringArrayVar(&o.denyPublish, "deny-publish", nil, "topic expression to deny publishing")
	f.StringArrayVar(&o.denySubscribe, "deny-subscribe", nil, "topic expression to deny subscribing")
	f.StringSliceVar(&o.domains, "domain", nil, "domain id or range (3, 0-5); none: 0-230")
	f.StringArrayVar(&o.partitions, "partition", nil, "partition expression that all of this is limited to; none: the default partition")
	f.StringArrayVar(&o.tags, "tag", nil, "data tag name=value that endpoints may have")
	f.StringVar(&o.notBefore, "not-before", "", "begin of the validity (UTC); the certificate's if not given")
	f.StringVar(&o.notAfter, "not-after", "", "end of the validity (UTC); the certificate's if not given")
	f.StringVar(&o.fallback, "default", "deny", "allow or deny, where no rule applies")
	f.StringVar(&o.policy, "policy", "", "sros2 policy document, instead of topics")
	p.flag(cmd)
	return cmd
}

func (o *permit) options(path string) (keystore.PermissionsOptions, error) {
	var options keystore.PermissionsOptions
	ids, err := parseDomains(o.domains)
	if err != nil {
		return options, err
	}
	if options.NotBefore, err = parseTime("not-before", o.notBefore); err != nil {
		return options, err
	}
	if options.NotAfter, err = parseTime("not-after", o.notAfter); err != nil {
		return options, err
	}
	switch strings.ToLower(o.fallback) {
	case "allow":
		options.DefaultAllow = true
	case "deny":
	default:
		return options, fmt.Errorf("--default %q: want allow or deny", o.fallback)
	}
	named := len(o.publish)+len(o.subscribe)+len(o.relay)+len(o.denyPublish)+len(o.denySubscribe)+len(o.partitions)+len(o.tags) > 0
	if o.policy != "" {
		if named {
			return options, errors.New("--policy says all; it does not go with topics, partitions and tags")
		}
		text, err := readDocument(o.policy)
		if err != nil {
			return options, err
		}
		policy, err := keystore.ParsePolicy(text, ids...)
		if err != nil {
			return options, fmt.Errorf("%s: %w", o.policy, err)
		}
		options.Rules, err = policy.Enclave("/" + strings.Trim(path, "/"))
		return options, err
	}
	options.Rules, err = o.rules(ids)
	if err == nil && len(options.Rules) == 0 && !options.DefaultAllow {
		err = errors.New("nothing is granted: give --publish, --subscribe, --relay, --policy or --default allow")
	}
	return options, err
}

func (o *permit) rules(domains []keystore.Domains) ([]keystore.Rule, error) {
	var tags [][2]string
	for _, t := range o.tags {
		name, value, ok := strings.Cut(t, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("--tag %q: want name=value", t)
		}
		tags = append(tags, [2]string{name, value})
	}
	criteria := func(topics []string) []keystore.Criteria {
		if len(topics) == 0 {
			return nil
		}
		return []keystore.Criteria{{Topics: topics, Partitions: o.partitions, Tags: tags}}
	}
	var rules []keystore.Rule
	if deny := (keystore.Rule{Deny: true, Domains: domains, Publish: criteria(o.denyPublish), Subscribe: criteria(o.denySubscribe)}); deny.Publish != nil || deny.Subscribe != nil {
		rules = append(rules, deny)
	}
	if allow := (keystore.Rule{Domains: domains, Publish: criteria(o.publish), Subscribe: criteria(o.subscribe), Relay: criteria(o.relay)}); allow.Publish != nil || allow.Subscribe != nil || allow.Relay != nil {
		rules = append(rules, allow)
	}
	return rules, nil
}
