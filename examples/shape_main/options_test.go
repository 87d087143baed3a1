package main

import (
	"bytes"
	"flag"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDefaults(t *testing.T) {
	o, err := parse([]string{"-P", "-t", "Square"}, nil)
	require.NoError(t, err)
	require.Equal(t, options{
		publish: true, topic: "Square", color: "BLUE", depth: -1, size: 20, instances: 1, topicCount: 1,
		writePeriod: 33 * time.Millisecond, readPeriod: 100 * time.Millisecond,
	}, o)
}

func TestParse(t *testing.T) {
	for line, check := range map[string]func(o options) bool{
		"-S -b -r":                         func(o options) bool { return !o.bestEffort && o.subscribe },
		"-S -r -b":                         func(o options) bool { return o.bestEffort },
		"-P -k 0 -d 3":                     func(o options) bool { return o.depth == 0 && o.domain == 3 },
		"-P -x 2 -D l":                     func(o options) bool { return o.xcdr2 && o.transientLocal },
		"-P -p p1":                         func(o options) bool { return o.partitioned && o.partition == "p1" },
		"-S -R --take-read":                func(o options) bool { return o.read && o.unordered },
		"-P --write-period 5":              func(o options) bool { return o.writePeriod == 5*time.Millisecond },
		"-S --read-period=0":               func(o options) bool { return o.readPeriod == 0 },
		"-P --num-iterations 7":            func(o options) bool { return o.iterations == 7 },
		"-P -f 0 -s -1 --lifespan 0":       func(o options) bool { return o.unsupported == nil },
		"-S --access-scope i":              func(o options) bool { return o.unsupported == nil },
		"-S -f 3 --coherent":               func(o options) bool { return len(o.unsupported) == 2 },
		"-S -c RED":                        func(o options) bool { return o.unsupported[0] == "ContentFilterTopic" },
		"-P -v d --enclave x":              func(o options) bool { return o.verbose && o.enclave == "x" },
		"-P --additional-payload-size 100": func(o options) bool { return o.payload == 100 },
	} {
		o, err := parse(append(strings.Fields(line), "-t", "Square"), nil)
		require.NoError(t, err, line)
		require.True(t, check(o), "%s: %+v", line, o)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, line := range []string{
		"", "-t Square", "-P", "-P -S -t Square", "-P -t Square -k -1", "-P -t Square -k x", "-P -t Square -x 3",
		"-P -t Square -D x", "-P -t Square -z -1", "-P -t Square -d 233", "-P -t Square -d -1", "-P -t Square -v x",
		"-P -t Square --num-topics 0", "-P -t Square --num-instances x", "-P -t Square --write-period -1",
		"-P -t Square --no-such-option", "-P -t Square left over", "-P -t",
	} {
		var out bytes.Buffer
		require.Equal(t, exitArguments, run(t.Context(), strings.Fields(line), &out), line)
		require.Contains(t, out.String(), "Usage", line)
		require.NotContains(t, strings.ToLower(out.String()), "not supported", line) // the suite would misunderstand
	}
	_, err := parse([]string{"-h"}, &bytes.Buffer{})
	require.ErrorIs(t, err, flag.ErrHelp)
}

func TestMoveStaysInside(t *testing.T) {
	s, v := ShapeType{X: 1, Y: height - 1}, velocity{-5, 3}
	v.move(&s)
	require.Equal(t, ShapeType{X: 0, Y: height}, s)
	require.Equal(t, velocity{5, -3}, v)
	v.move(&s)
	require.Equal(t, ShapeType{X: 5, Y: height - 3}, s)
}
