package gotype

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
)

// An Extensibility says how a type may evolve. XTypes 1.3, 7.2.3.1.
type Extensibility uint8

// The kinds of extensibility. MUTABLE is not supported.
const (
	Final      Extensibility = iota // readers and writers agree on every member
	Appendable                      // members may have been added at the end
)

// String returns x as IDL has it.
func (x Extensibility) String() string {
	if x == Appendable {
		return "appendable"
	}
	return "final"
}

// A fieldTag is what the tag of a member says.
type fieldTag struct {
	skip, key, char, enum bool
	bound                 int // 0: unbounded
}

func parseFieldTag(f reflect.StructField) (t fieldTag, err error) {
	text, ok := f.Tag.Lookup("dds")
	if !ok {
		return t, nil
	}
	if text == "-" {
		return fieldTag{skip: true}, nil
	}
	for opt := range strings.SplitSeq(text, ",") {
		name, value, valued := strings.Cut(opt, "=")
		switch {
		case name == "key" && !valued:
			t.key = true
		case name == "char" && !valued:
			t.char = true
		case name == "enum" && !valued:
			t.enum = true
		case name == "bound":
			t.bound, err = strconv.Atoi(value)
			if err != nil || t.bound < 1 || t.bound >= math.MaxInt32 {
				return t, fmt.Errorf("tag option %q: the bound must be a number from 1 to %d", opt, math.MaxInt32-1)
			}
		case opt == "-":
			return t, fmt.Errorf("tag option %q stands alone", opt)
		default:
			return t, fmt.Errorf("unknown tag option %q; there are key, bound=N, char, enum and -", opt)
		}
	}
	return t, nil
}

// A typeTag is what the blank fields of a struct say of the type.
type typeTag struct {
	name string
	ext  Extensibility
}

// parseTypeTag reads the blank fields of t; what they leave open is as in def.
func parseTypeTag(t reflect.Type, def typeTag) (typeTag, error) {
	for f := range t.Fields() {
		text, ok := f.Tag.Lookup("dds")
		if f.Name != "_" || !ok || text == "-" {
			continue
		}
		for opt := range strings.SplitSeq(text, ",") {
			name, value, valued := strings.Cut(opt, "=")
			switch {
			case name == "name" && value != "":
				def.name = value
			case name == "final" && !valued:
				def.ext = Final
			case name == "appendable" && !valued:
				def.ext = Appendable
			case name == "mutable" && !valued:
				return def, fmt.Errorf("field _: mutable types are not supported; use final or appendable")
			default:
				return def, fmt.Errorf("field _: unknown type option %q; there are name=N, final and appendable", opt)
			}
		}
	}
	return def, nil
}
