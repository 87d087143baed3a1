package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/secdds/dds"
)

// options are what the command line asks for.
type options struct {
	publish, subscribe bool

	domain         uint
	topic          string
	color          string
	partition      string
	partitioned    bool
	bestEffort     bool
	transientLocal bool
	xcdr2          bool
	depth          int // -1: the default; 0: KEEP_ALL

	size                    uint // 0: growing
	payload                 uint
	instances, topicCount   uint
	iterations              uint // 0: no end
	writePeriod, readPeriod time.Duration
	printSamples            bool
	read                    bool // instead of take
	unordered               bool // not one instance after the other

	enclave string
	verbose bool

	unsupported []string // what was asked for and we do not have
}

// parse reads the command line. Its complaints and its help go to out.
func parse(args []string, out io.Writer) (options, error) {
	o := options{depth: -1}
	f := flag.NewFlagSet("shape_main", flag.ContinueOnError)
	f.SetOutput(out)

	f.BoolVar(&o.publish, "P", false, "publish samples")
	f.BoolVar(&o.subscribe, "S", false, "subscribe samples")
	f.UintVar(&o.domain, "d", 0, "domain id")
	f.BoolFunc("b", "BEST_EFFORT reliability", func(string) error { o.bestEffort = true; return nil })
	f.BoolFunc("r", "RELIABLE reliability (default)", func(string) error { o.bestEffort = false; return nil })
	f.Func("k", "keep history depth [0: KEEP_ALL]", number(&o.depth, 0))
	f.StringVar(&o.topic, "t", "", "topic name")
	f.StringVar(&o.color, "c", "", "color to publish (default BLUE; filter if subscriber)")
	f.Func("p", "partition", func(v string) error { o.partition, o.partitioned = v, true; return nil })
	f.Func("D", "durability [v: VOLATILE, l: TRANSIENT_LOCAL, t: TRANSIENT, p: PERSISTENT]", o.durability)
	f.Func("x", "data representation [1: XCDR, 2: XCDR2]", o.representation)
	f.BoolVar(&o.printSamples, "w", false, "print the publisher's samples")
	f.UintVar(&o.size, "z", 20, "shapesize [0: grows with every sample]")
	f.BoolVar(&o.read, "R", false, "use read() instead of take()")
	f.Func("write-period", "`ms` between writes (default 33)", milliseconds(&o.writePeriod, 33))
	f.Func("read-period", "`ms` between reads or takes (default 100)", milliseconds(&o.readPeriod, 100))
	f.Func("num-iterations", "end after so many iterations", count(&o.iterations, 0, 1))
	f.Func("num-instances", "instances written: BLUE, BLUE1...", count(&o.instances, 1, 1))
	f.Func("num-topics", "topics: Square, Square1...", count(&o.topicCount, 1, 1))
	f.Func("additional-payload-size", "octets added to the samples", count(&o.payload, 0, 1))
	f.BoolVar(&o.unordered, "take-read", false, "use take() and read() instead of take_next_instance() and read_next_instance()")
	f.StringVar(&o.enclave, "enclave", "", "folder of credentials: run under DDS-Security")
	f.Func("v", "log message verbosity [e: ERROR, d: DEBUG]", o.verbosity)
	o.notSupported(f)

	if err := f.Parse(args); err != nil {
		return o, err
	}
	if err := o.validate(f); err != nil {
		fmt.Fprintln(out, err)
		f.Usage()
		return o, err
	}
	return o, nil
}

// notSupported adds the suite's other options. One that asks for what is so
// anyhow is fine.
func (o *options) notSupported(f *flag.FlagSet) {
	for _, u := range []struct{ name, what, harmless string }{
		{"f", "DeadlinePeriod", "0"},
		{"s", "Ownership", "-1"},
		{"time-filter", "TimeBasedFilter", "0"},
		{"lifespan", "Lifespan", "0"},
		{"final-instance-state", "Final Instance State", ""},
		{"access-scope", "Presentation Access Scope", "i"},
		{"coherent-sample-count", "Coherent Sample Count", ""},
		{"periodic-announcement", "Periodic Announcement Period", "0"},
		{"datafrag-size", "Data Fragmentation Size", "0"},
		{"cft", "ContentFilterTopic", ""},
		{"size-modulo", "Size Modulo", ""},
	} {
		f.Func(u.name, u.what+": not offered here", func(v string) error {
			if v != u.harmless {
				o.unsupported = append(o.unsupported, u.what)
			}
			return nil
		})
	}
	for name, what := range map[string]string{"coherent": "Presentation Coherent Access", "ordered": "Presentation Ordered Access"} {
		f.BoolFunc(name, what+": not offered here", func(string) error {
			o.unsupported = append(o.unsupported, what)
			return nil
		})
	}
}

func (o *options) validate(f *flag.FlagSet) error {
	switch {
	case f.NArg() > 0:
		return fmt.Errorf("unexpected argument %q", f.Arg(0))
	case o.topic == "":
		return errors.New("please specify topic name [-t]")
	case o.publish == o.subscribe:
		return errors.New("please specify one of: publish [-P] or subscribe [-S]")
	case o.domain > dds.MaxDomain:
		return fmt.Errorf("incorrect value for domain id %d, the highest is %d", o.domain, dds.MaxDomain)
	case o.publish && o.color == "":
		o.color = "BLUE"
	case o.subscribe && o.color != "":
		o.unsupported = append(o.unsupported, "ContentFilterTopic")
	}
	return nil
}

func (o *options) durability(v string) error {
	switch v {
	case "v", "l":
		o.transientLocal = v == "l"
	case "t":
		o.unsupported = append(o.unsupported, "Durability TRANSIENT")
	case "p":
		o.unsupported = append(o.unsupported, "Durability PERSISTENT")
	default:
		return errors.New("v, l, t or p")
	}
	return nil
}

func (o *options) representation(v string) error {
	if v != "1" && v != "2" {
		return errors.New("1 or 2")
	}
	o.xcdr2 = v == "2"
	return nil
}

func (o *options) verbosity(v string) error {
	if v != "e" && v != "d" {
		return errors.New("e or d")
	}
	o.verbose = v == "d"
	return nil
}

// number returns a flag's function for an int of at least low.
func number(to *int, low int) func(string) error {
	return func(v string) error {
		n, err := strconv.Atoi(v)
		if err != nil || n < low {
			return fmt.Errorf("a number of at least %d", low)
		}
		*to = n
		return nil
	}
}

// count is number for a uint, which it sets to def.
func count(to *uint, def uint, low int) func(string) error {
	*to = def
	return func(v string) error {
		var n int
		err := number(&n, low)(v)
		*to = uint(n)
		return err
	}
}

// milliseconds is number for a duration, which it sets to def.
func milliseconds(to *time.Duration, def int) func(string) error {
	*to = time.Duration(def) * time.Millisecond
	return func(v string) error {
		var n int
		err := number(&n, 0)(v)
		*to = time.Duration(n) * time.Millisecond
		return err
	}
}
