package psk

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/secdds/dds/spi"
)

// Bounds of a seed, in octets.
const (
	maxSeed   = 511 // the specification's 512 with a NUL
	minSeed   = 8   // shorter ones are refused
	shortSeed = 20  // shorter ones are warned of
	minOther  = 4   // different octets, at least
)

// maxID is the highest passphrase id. 255 is reserved.
const maxID = 254

// A seed is a passphrase: its id and its secret part.
type seed struct {
	id     uint8
	secret []byte
}

// A source is where a passphrase was said: for the text of errors, which never
// quote what may be part of a seed.
type source struct {
	document string
	line     int // 0: the document has only one
}

const form = `"<id>:<seed>", an id from 0 to 254 and 8 to 511 printable ASCII characters`

func (s source) refuse(rule, expected, found, remedy string) error {
	return &spi.Refusal{Document: s.document, Line: s.line, Rule: rule, Expected: expected, Found: found, Remedy: remedy}
}

// read returns the passphrases that value, of the property of that name, says
// or names the file of. Only if many is set, that may be none or several, a line each.
func read(property, value string, many bool) (seeds []*seed, from []source, err error) {
	at := source{document: "property " + property}
	var lines []string
	if text, ok := strings.CutPrefix(value, "data:,"); ok {
		lines = []string{text}
	} else if path, ok := strings.CutPrefix(value, "file:"); ok {
		at.document = "passphrase file " + path
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, nil, &spi.Refusal{
				Document: "property " + property, Expected: "a file with " + form, Err: err,
				Remedy: "make the file, or mend the path after file:",
			}
		}
		lines = strings.Split(strings.TrimSpace(string(b)), "\n")
		if many && len(lines) == 1 && lines[0] == "" {
			return nil, nil, nil
		}
		if !many && len(lines) > 1 {
			return nil, nil, at.refuse("", "one line", fmt.Sprint(len(lines), " lines"),
				"keep the passphrase to seal with, and name the others in "+PropertyExtra)
		}
	} else {
		return nil, nil, at.refuse("", `"data:,<id>:<seed>" or "file:<path>"`,
			fmt.Sprintf("%d characters that begin with neither data:, nor file:", len(value)),
			"put data:, before the passphrase, or file: before the name of its file")
	}
	for i, l := range lines {
		if len(lines) > 1 {
			at.line = i + 1
		}
		s, err := parse(at, l)
		if err != nil {
			return nil, nil, err
		}
		seeds, from = append(seeds, s), append(from, at)
	}
	return seeds, from, nil
}

// parse reads "<id>:<seed>". Further colons belong to the seed.
func parse(at source, text string) (*seed, error) {
	num, secret, ok := strings.Cut(text, ":")
	if !ok {
		return nil, at.refuse("", form, fmt.Sprintf("%d characters without a colon", len(text)),
			"put the passphrase's id and a colon before it: 0:…")
	}
	id, err := strconv.ParseUint(strings.TrimSpace(num), 10, 64)
	switch {
	case err != nil:
		return nil, at.refuse("id", "a number from 0 to 254", "something else before the first colon",
			"put the passphrase's id and a colon before it: 0:…")
	case id > maxID:
		return nil, at.refuse("id", "a number from 0 to 254", "a higher one", "number the passphrases from 0")
	}
	secret = strings.TrimSpace(secret)
	refuse := func(expected, found string) error {
		return at.refuse(fmt.Sprint("seed of passphrase ", id), expected, found, "take a random one: openssl rand -hex 32")
	}
	var seen [256]bool
	other := 0
	for i := range len(secret) {
		if c := secret[i]; c < ' ' || c > '~' {
			return nil, refuse("printable ASCII characters", fmt.Sprintf("another one at position %d", i+1))
		} else if !seen[c] {
			seen[c] = true
			other++
		}
	}
	switch n := len(secret); {
	case n == 0:
		return nil, refuse("8 to 511 characters", "none")
	case n < minSeed || n > maxSeed:
		return nil, refuse("8 to 511 characters", fmt.Sprint(n))
	case other < minOther:
		return nil, refuse("what cannot be guessed", fmt.Sprintf("only %d different characters", other))
	}
	return &seed{id: uint8(id), secret: []byte(secret)}, nil
}

// warning returns what is doubtful about a seed, or nil.
func (s *seed) warning(at source) error {
	if len(s.secret) >= shortSeed {
		return nil
	}
	return at.refuse(fmt.Sprint("seed of passphrase ", s.id), "20 characters or more: whoever records a message can try guesses",
		fmt.Sprint(len(s.secret)), "take a random one: openssl rand -hex 32")
}
