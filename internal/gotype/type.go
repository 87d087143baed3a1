package gotype

import (
	"fmt"
	"reflect"
	"unsafe"

	"github.com/secdds/dds/cdr"
)

// A Representation is a DataRepresentationId. XTypes 1.3, 7.6.3.1.1.
type Representation int16

// The representations this package writes; XML (1) is not among them.
const (
	XCDR1 Representation = 0
	XCDR2 Representation = 2
)

// Options change how a type is compiled. The zero Options are valid.
type Options struct {
	// Name is the DDS type name. If empty, it is what the method
	// DDSTypeName() string of the type returns, else what the type's tag says,
	// else the name of the Go type without its package.
	Name string

	// Extensibility is that of the types whose tag does not say. If zero, Final.
	Extensibility Extensibility
}

// A Type is a compiled Go struct type.
//
// The methods that take a value take a pointer to a variable of the Go type
// that was compiled; anything else breaks memory safety.
type Type struct {
	name  string
	ext   Extensibility
	whole plan // every member
	key   plan // the members of the key holder; empty if there is no key
	scan  plan // of whole, what must be passed to read the key: the rest is skipped
	keyed bool
	fits  [2]bool // whether the key holder never exceeds 16 octets, in XCDR1 and XCDR2
	picks []pick  // the key, if it is primitives at fixed places
	reach [2]int  // octets of the content of a sample that have the picks, in XCDR1 and XCDR2; 0: no saying
	fixed int     // octets of a payload without what parts count, about
	parts []part
	new   func() unsafe.Pointer
}

// Name returns the DDS type name.
func (t *Type) Name() string { return t.name }

// Keyed reports whether the type has a key.
func (t *Type) Keyed() bool { return t.keyed }

// Extensibility returns that of the outermost type.
func (t *Type) Extensibility() Extensibility { return t.ext }

// Compile compiles the struct type t. Its error names the field at fault, as
// in "type Perf: field Items[].Owner: chan int cannot be encoded …".
func Compile(t reflect.Type, opts Options) (*Type, error) {
	if t == nil || t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("type %v: a DDS type is a struct", t)
	}
	tag, err := parseTypeTag(t, typeTag{name: t.Name(), ext: opts.Extensibility})
	if err != nil {
		return nil, fmt.Errorf("type %v: %w", t, err)
	}
	if n, ok := reflect.New(t).Interface().(interface{ DDSTypeName() string }); ok {
		tag.name = n.DDSTypeName()
	}
	if opts.Name != "" {
		tag.name = opts.Name
	}
	if tag.name == "" {
		return nil, fmt.Errorf("type %v: it has no name; set Options.Name", t)
	}
	c := compiler{def: opts.Extensibility}
	root, err := c.structure(t, "")
	if err != nil {
		return nil, fmt.Errorf("type %s: %w", tag.name, err)
	}
	out := &Type{name: tag.name, ext: root.ext, keyed: root.hasKey()}
	out.new = func() unsafe.Pointer { return reflect.New(t).UnsafePointer() }
	out.whole = root.plan(all)
	out.fixed, out.parts = out.whole.extent(0)
	if out.keyed {
		out.key = root.plan(keyOnly)
		out.scan = root.plan(scanForKey)
		for i, v2 := range []bool{false, true} {
			out.fits[i] = root.maxKeySize(0, v2) <= 16
		}
		out.findPicks()
	}
	return out, nil
}

// HashIsKey reports whether key hashes in that representation hold the key
// itself rather than its MD5 sum: the key holder cannot exceed 16 octets.
// DDSI-RTPS 2.5, 9.6.4.8.
func (t *Type) HashIsKey(rep Representation) bool {
	return t.keyed && t.fits[btoi(rep == XCDR2)]
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// id returns the representation identifier of whole samples and of keys.
func (t *Type) id(rep Representation) (cdr.ID, error) {
	switch {
	case rep == XCDR1:
		return cdr.LE, nil
	case rep != XCDR2:
		return 0, fmt.Errorf("type %s: representation %d is not supported", t.name, rep)
	case t.ext == Appendable:
		return cdr.V2DelimLE, nil
	}
	return cdr.V2LE, nil
}
