package examples_test

import (
	"fmt"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// What the suite looks for in the output: the expressions of its
// interoperability_report.py and test_suite_functions.py.
const (
	topicCreated  = `Create topic:`
	writerCreated = `Create writer for topic`
	readerCreated = `Create reader for topic:`
	writerMatched = `on_publication_matched()`
	readerRefused = `on_requested_incompatible_qos()`
	writerRefused = `on_offered_incompatible_qos`
	anySample     = `\w\s+(\w+)\s+[0-9]+ [0-9]+ \[([0-9]+)\]`
	sampleSent    = `[0-9]+ [0-9]+ \[[0-9]+\]`
	largeSample   = `\w+\s+\w+\s+[0-9]+\s+[0-9]+\s+\[[0-9]+\]\s+\{([0-9]+)\}`
	noWriters     = `\w+\s+(\w+)\s+NOT_ALIVE_NO_WRITERS_INSTANCE_STATE`
)

// shapes starts a subscriber and, when that is ready, a publisher.
func shapes(t *testing.T, pubArgs, subArgs []string) (pub, sub *process) {
	args := []string{"-d", "72", "-t", unique("Square")}
	sub = start(t, "shape_main", append(append([]string{"-S"}, args...), subArgs...)...)
	sub.expect(topicCreated)
	sub.expect(readerCreated)
	pub = start(t, "shape_main", append(append([]string{"-P"}, args...), pubArgs...)...)
	pub.expect(topicCreated)
	pub.expect(writerCreated)
	return pub, sub
}

// The suite's Test_Reliability_4: nothing is lost, nothing comes twice.
func TestShapes(t *testing.T) {
	withAndWithout(t, func(t *testing.T, option func(string) []string) {
		pub, sub := shapes(t,
			append([]string{"-r", "-k", "0", "-z", "0", "-w", "-c", "RED", "--write-period", "5"}, option("/pub")...),
			append([]string{"-r", "-k", "0"}, option("/sub")...))
		pub.expect(writerMatched)
		pub.expect(sampleSent)
		m := sub.expect(anySample)
		require.Equal(t, "RED", m[1])
		first, err := strconv.Atoi(m[2])
		require.NoError(t, err)
		for i := 1; i <= 50; i++ {
			require.Equal(t, strconv.Itoa(first+i), sub.expect(anySample)[2])
		}
		require.Contains(t, sub.said(), " : (alive = 1, not_alive = 0)")
		pub.interrupt()
		require.Contains(t, pub.said(), "Done.")
		require.Equal(t, "RED", sub.expect(noWriters)[1])
		sub.interrupt()
		require.Contains(t, sub.said(), "Done.")
	})
}

func TestShapesOptions(t *testing.T) {
	for _, tt := range []struct {
		name     string
		pub, sub []string
		want     []string // lines of the subscriber, in this order
	}{
		{"best effort", []string{"-b"}, []string{"-b"}, []string{`BLUE +[0-9]{3} [0-9]{3} \[20\]$`}},
		{"size", []string{"-z", "30"}, nil, []string{`\[30\]`}},
		{"XCDR2", []string{"-x", "2"}, []string{"-x", "2"}, []string{anySample}},
		{"partition", []string{"-p", "p1"}, []string{"-p", "p*"}, []string{anySample}},
		{"instances", []string{"--num-instances", "3"}, []string{"--take-read"}, []string{`BLUE +`, `BLUE1 `, `BLUE2 `}},
		{"topics", []string{"--num-topics", "2"}, []string{"--num-topics", "2"}, []string{`Square\w{8} `, `Square\w{8}1 `}},
		{"payload", []string{"-k", "0", "--additional-payload-size", "100000"}, []string{"-k", "0"}, []string{`\{255\}`, largeSample}},
		{"read", []string{"-z", "0", "-k", "0"}, []string{"-R", "-k", "0", "--read-period", "10"}, []string{`\[3\]`, `\[3\]`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			pub, sub := shapes(t, append(tt.pub, "--write-period", "20"), tt.sub)
			for _, line := range tt.want {
				sub.expect(line)
			}
			sub.interrupt()
			pub.interrupt()
		})
	}
}

func TestShapesIterations(t *testing.T) {
	pub := start(t, "shape_main", "-P", "-d", "72", "-t", unique("Square"), "-w",
		"--num-iterations", "5", "--num-instances", "2", "--num-topics", "3", "--write-period", "1")
	require.Zero(t, pub.status(), pub.said())
	require.Len(t, regexp.MustCompile(anySample).FindAllString(pub.said(), -1), 5*2*3)
	require.Contains(t, pub.said(), "Done.")
}

// A reader that comes late gets what was written before.
func TestShapesTransientLocal(t *testing.T) {
	args := []string{"-d", "72", "-t", unique("Square"), "-r", "-k", "0", "-D", "l"}
	pub := start(t, "shape_main", append(args, "-P", "-w", "-z", "0")...)
	pub.expect(`\[5\]`)
	sub := start(t, "shape_main", append(args, "-S")...)
	for i := 1; i <= 6; i++ {
		require.Equal(t, fmt.Sprint(i), sub.expect(anySample)[2])
	}
	sub.interrupt()
	pub.interrupt()
}

func TestShapesIncompatible(t *testing.T) {
	for name, tt := range map[string]struct {
		pub, sub []string
		policy   string
	}{
		"reliability":    {[]string{"-b"}, []string{"-r"}, `11 \(RELIABILITY\)`},
		"durability":     {[]string{"-D", "v"}, []string{"-D", "l"}, `2 \(DURABILITY\)`},
		"representation": {[]string{"-x", "1"}, []string{"-x", "2"}, `23 \(DATA_REPRESENTATION\)`},
	} {
		t.Run(name, func(t *testing.T) {
			pub, sub := shapes(t, tt.pub, tt.sub)
			require.Regexp(t, tt.policy, pub.expect(writerRefused + `.*`)[0])
			require.Regexp(t, tt.policy, sub.expect(readerRefused + `.*`)[0])
			pub.interrupt()
			sub.interrupt()
		})
	}
}

// The suite knows by these words that the test is not for us.
func TestShapesNotSupported(t *testing.T) {
	for _, option := range [][]string{
		{"-P", "-f", "5000"}, {"-P", "-s", "3"}, {"-S", "-c", "RED"}, {"-S", "--cft", "shapesize <= 20"},
		{"-S", "--time-filter", "5000"}, {"-P", "--lifespan", "250"}, {"-P", "--final-instance-state", "d"},
		{"-P", "--coherent", "--access-scope", "g"}, {"-S", "--ordered"}, {"-P", "-D", "t"}, {"-P", "-D", "p"},
		{"-P", "--size-modulo", "50"}, {"-P", "--datafrag-size", "1000"}, {"-P", "--periodic-announcement", "5000"},
	} {
		p := start(t, "shape_main", append(option, "-t", "Square")...)
		require.Equal(t, 2, p.status(), option)
		require.Regexp(t, `(?i)not supported`, p.said(), option)
		require.NotRegexp(t, topicCreated, p.said(), option)
	}
}
