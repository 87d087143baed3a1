package lint

// A Rule is one thing that is looked for.
type Rule struct {
	Name    string `json:"name"`
	Meaning string `json:"meaning"`
}

// Rules returns everything that is looked for in documents, in the order of
// the page that explains it: form, schema, values, peers, protection, reach.
func Rules() []Rule {
	return []Rule{
		{"signed-form", "the file is a signed document that everybody opens: multipart/signed, one signer"},
		{"signed-text", "the signed part has the text/plain header of `openssl smime -text`"},
		{"signed-attributes", "the signature has signed attributes"},
		{"signed-digest", "the digest is SHA-256, SHA-384 or SHA-512"},
		{"xml", "the XML is well-formed, with one root element <dds>"},
		{"doctype", "there is no document type declaration"},
		{"refused", "this implementation refuses the document for another reason"},

		{"unknown-element", "elements are of the schema, in its spelling"},
		{"missing-element", "no element is missing"},
		{"repeated-element", "no element is repeated"},
		{"missing-attribute", "a grant has a name"},
		{"order", "elements are in the order of the schema"},
		{"text", "there is no text between elements"},
		{"blank", "no value is blank"},
		{"attribute", "there are no attributes that a peer refuses"},
		{"comment", "comments stand where peers skip them"},
		{"spacing", "values have no space around them"},
		{"edition-1.2", "there are no elements that peers of DDS-Security 1.1 refuse"},

		{"value", "values are of their type and in range"},
		{"value-case", "values are spelt in the schema's case"},
		{"boolean-case", "booleans are true and false"},
		{"domain-id", "domain ids are such as all peers take"},
		{"open-range", "ranges of domain ids have both ends"},
		{"expression", "expressions mean what they look like"},
		{"subject", "subject names are such as all peers compare alike"},
		{"time", "times are such as all peers read alike"},
		{"local-time", "a validity is long enough to be read as local time"},

		{"opendds-origin", "OpenDDS has no origin authentication"},
		{"opendds-data-sign", "OpenDDS cannot receive payloads that are signed only"},
		{"partitions", "RustDDS does not heed partitions"},
		{"partitions-deny", "Fast DDS and Cyclone DDS deny in every partition"},
		{"data-tags", "other peers do not heed data tags"},
		{"relay", "other peers do not heed <relay>"},
		{"default-allow", "Fast DDS does not heed the default ALLOW"},

		{"weak-discovery", "discovery is encrypted"},
		{"weak-unauthenticated", "unauthenticated participants are kept out"},
		{"weak-join", "joining takes permissions"},
		{"weak-open-topic", "topics are protected"},
		{"weak-open-headers", "data protection is not alone"},
		{"weak-sign-only", "something encrypts the samples"},
		{"weak-clear-discovery", "protected topics are announced in secure discovery"},
		{"weak-no-access-control", "reading and writing take permissions"},
		{"flag-without-protection", "a topic's flag asks for a protection that the domain has"},
		{"conflict", "settings do not contradict each other"},

		{"unreachable-domain-rule", "every domain_rule applies to some domain"},
		{"overlapping-domains", "every domain is named once"},
		{"unreachable-topic-rule", "every topic_rule applies to some topic"},
		{"no-catch-all", "every topic has a topic_rule"},
		{"unreachable-rule", "every allow_rule and deny_rule applies to some topic"},
		{"unreachable-topic", "every topic of a rule can be decided by it"},
		{"empty-rule", "every rule names topics"},
		{"grants-nothing", "every grant allows something"},
		{"duplicate-subject", "a subject has one grant at a time"},
		{"lapsed", "grants have not lapsed"},
		{"not-yet-valid", "grants are valid already"},
		{"domain-not-governed", "rules name domains of the governance"},
		{"topic-not-governed", "allowed topics have a topic_rule in the governance"},
		{"no-grant-for-topic", "somebody may use each topic that takes permissions"},
	}
}
