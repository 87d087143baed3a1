package psk

import (
	"bytes"
	"fmt"

	"github.com/secdds/dds/spi"
)

// A keyset is the passphrases in force. It is never changed, only replaced.
type keyset struct {
	primary *seed            // sealed with
	byID    [maxID + 1]*seed // opened with; the primary is one of them
}

// newKeyset reads what the values say. A seed that old has already is taken from
// there, so that what was derived from it stays good; if all are the same, old
// is returned. warn is told of what is doubtful about new ones.
func newKeyset(old *keyset, primary string, extra []string, warn func(error)) (*keyset, error) {
	k := &keyset{}
	add := func(property, value string, many bool) (*seed, error) {
		seeds, from, err := read(property, value, many)
		if err != nil {
			return nil, err
		}
		for i, s := range seeds {
			if seeds[i], err = k.add(old, s, from[i], warn); err != nil {
				return nil, err
			}
		}
		if len(seeds) == 0 {
			return nil, nil
		}
		return seeds[0], nil
	}
	var err error
	if k.primary, err = add(PropertyPassphrase, primary, false); err != nil {
		return nil, err
	}
	for _, e := range extra {
		if _, err := add(PropertyExtra, e, true); err != nil {
			return nil, err
		}
	}
	if old != nil && *old == *k {
		return old, nil
	}
	return k, nil
}

// add puts s, or the same one of old, into k.
func (k *keyset) add(old *keyset, s *seed, at source, warn func(error)) (*seed, error) {
	if have := k.byID[s.id]; have != nil {
		if bytes.Equal(have.secret, s.secret) {
			return have, nil
		}
		return nil, &spi.Refusal{
			Document: at.document, Line: at.line, Rule: fmt.Sprint("passphrase ", s.id),
			Expected: "an id of its own for each passphrase", Found: "two different ones with this id",
			Remedy: "give the newer one the next id, here and wherever it is used",
		}
	}
	if old != nil && old.byID[s.id] != nil {
		if bytes.Equal(old.byID[s.id].secret, s.secret) {
			s = old.byID[s.id]
			k.byID[s.id] = s
			return s, nil
		}
		warn(&spi.Refusal{
			Document: at.document, Line: at.line, Rule: fmt.Sprint("passphrase ", s.id),
			Expected: "a new id for a new passphrase", Found: "another passphrase under an id that was in use",
			Remedy: "give it the next id: until everyone has it, messages are lost",
		})
	}
	if w := s.warning(at); w != nil {
		warn(w)
	}
	k.byID[s.id] = s
	return s, nil
}
