package keystore

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const policy = `<?xml version="1.0" encoding="UTF-8"?>
<policy version="0.2.0">
  <enclaves>
    <enclave path="/talker_listener/talker">
      <profiles>
        <profile ns="/" node="talker">
          <topics publish="ALLOW" subscribe="DENY"><topic>chatter</topic><topic>/rosout</topic></topics>
          <services reply="ALLOW" request="ALLOW"><service>~/get_parameters</service></services>
          <services request="DENY"><service>/reset</service></services>
        </profile>
        <profile ns="/arm" node="gripper">
          <topics subscribe="ALLOW"><topic>state</topic><topic>/rosout</topic></topics>
          <actions call="ALLOW"><action>grip</action></actions>
          <actions execute="DENY"><action>~/home</action></actions>
        </profile>
        <metadata><anything/></metadata>
      </profiles>
    </enclave>
    <enclave path="/other"><profiles><profile ns="/" node="x"><topics publish="ALLOW"><topic>/*</topic></topics></profile></profiles></enclave>
  </enclaves>
</policy>`

func TestPolicy(t *testing.T) {
	p, err := ParsePolicy([]byte(policy), Domains{3, 3})
	require.NoError(t, err)
	rules, err := p.Enclave("/talker_listener/talker")
	require.NoError(t, err)
	require.Equal(t, []Rule{{
		Deny: true, Domains: []Domains{{3, 3}},
		Publish: Topics("rq/resetRequest",
			"rr/arm/gripper/home/_action/cancel_goalReply", "rr/arm/gripper/home/_action/get_resultReply", "rr/arm/gripper/home/_action/send_goalReply",
			"rt/arm/gripper/home/_action/feedback", "rt/arm/gripper/home/_action/status"),
		Subscribe: Topics("rt/chatter", "rt/rosout", "rr/resetReply",
			"rq/arm/gripper/home/_action/cancel_goalRequest", "rq/arm/gripper/home/_action/get_resultRequest", "rq/arm/gripper/home/_action/send_goalRequest"),
	}, {
		Domains: []Domains{{3, 3}},
		Publish: Topics("rt/chatter", "rt/rosout", "rr/talker/get_parametersReply", "rq/talker/get_parametersRequest",
			"rq/arm/grip/_action/cancel_goalRequest", "rq/arm/grip/_action/get_resultRequest", "rq/arm/grip/_action/send_goalRequest"),
		Subscribe: Topics("rq/talker/get_parametersRequest", "rr/talker/get_parametersReply", "rt/arm/state", "rt/rosout",
			"rr/arm/grip/_action/cancel_goalReply", "rr/arm/grip/_action/get_resultReply", "rr/arm/grip/_action/send_goalReply",
			"rt/arm/grip/_action/feedback", "rt/arm/grip/_action/status"),
	}, {
		Domains: []Domains{{3, 3}},
		Publish: Topics("ros_discovery_info"), Subscribe: Topics("ros_discovery_info"),
	}}, rules)

	_, err = p.Enclave("/none")
	require.EqualError(t, err, "the policy says nothing of enclave /none; it has /talker_listener/talker, /other")
}

func TestPolicyOfOlderEdition(t *testing.T) {
	p, err := ParsePolicy([]byte(`<policy version="0.1.0"><contexts><context path="/"><profiles><profile ns="/" node="default"><topics publish="ALLOW" subscribe="ALLOW"><topic>/*</topic></topics></profile></profiles></context></contexts></policy>`))
	require.NoError(t, err)
	rules, err := p.Enclave("/")
	require.NoError(t, err)
	require.Equal(t, Topics("rt/*"), rules[0].Publish)
	require.Len(t, rules, 2)
}

func TestBadPolicies(t *testing.T) {
	in := func(s string) string {
		return `<policy><enclaves><enclave path="/a"><profiles><profile ns="/" node="n">` + s + `</profile></profiles></enclave></enclaves></policy>`
	}
	for doc, want := range map[string]string{
		"":                              "EOF",
		"<policy/>":                     "found none",
		"<policy><enclaves>":            "unexpected EOF",
		in("<topic>x</topic>"):          "",
		in(`<topics publish="ALLOW"/>`): "one at least",
		in(`<topics publish="allow"><topic>x</topic></topics>`):     "expected ALLOW or DENY",
		in(`<topics reply="ALLOW"><topic>x</topic></topics>`):       "unknown attribute reply",
		in(`<topics publish="ALLOW"><topic> </topic></topics>`):     "found nothing",
		in(`<topics publish="ALLOW"><service>x</service></topics>`): "expected elements <topic> only",
		in(`<rules/>`): "unknown element <rules>",
		in(`<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="c.xml"/>`): "line 1: <xi:include> is not followed",
		`<policy><enclaves><enclave path="a"/></enclaves></policy>`:                 `path="/…"`,
	} {
		_, err := ParsePolicy([]byte(doc))
		if want == "" {
			require.NoError(t, err, doc)
			continue
		}
		require.ErrorContains(t, err, want, doc)
	}
}

func FuzzPolicy(f *testing.F) {
	f.Add([]byte(policy))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ParsePolicy(text)
		if err == nil {
			require.NotEmpty(t, p.Enclaves)
			for _, e := range p.Enclaves {
				require.Equal(t, Topics("ros_discovery_info"), e.Rules[len(e.Rules)-1].Publish)
			}
		}
	})
}
