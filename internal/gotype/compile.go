package gotype

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// A compiler turns Go types into nodes.
type compiler struct {
	def   Extensibility  // of structs that do not say
	stack []reflect.Type // the structs being compiled, outermost first
}

// structure compiles the struct t, which stands at path.
func (c *compiler) structure(t reflect.Type, path string) (*node, error) {
	if t == reflect.TypeFor[time.Time]() {
		return nil, refuse(path, t, "int64 nanoseconds, or a struct of int32 seconds and uint32 nanoseconds")
	}
	if slices.Contains(c.stack, t) {
		return nil, fmt.Errorf("%s%v holds itself; recursive types are not supported", at(path), t)
	}
	c.stack = append(c.stack, t)
	defer func() { c.stack = c.stack[:len(c.stack)-1] }()

	tag, err := parseTypeTag(t, typeTag{ext: c.def})
	if err != nil {
		return nil, fmt.Errorf("%s%w", at(path), err)
	}
	n := &node{kind: nodeStruct, typ: t, ext: tag.ext, path: path}
	for f := range t.Fields() {
		if f.Name == "_" {
			continue // holds tags or padding, never data
		}
		if err := c.field(n, f); err != nil {
			return nil, err
		}
	}
	if len(n.fields) == 0 {
		return nil, fmt.Errorf("%s%v has no members", at(path), t)
	}
	return n, nil
}

// field adds f to the members of n.
func (c *compiler) field(n *node, f reflect.StructField) error {
	path := strings.TrimPrefix(n.path+"."+f.Name, ".")
	tag, err := parseFieldTag(f)
	switch {
	case err != nil:
		return fmt.Errorf("%s%w", at(path), err)
	case tag.skip:
		return nil
	case !f.IsExported():
		return fmt.Errorf("%sunexported fields cannot be encoded: export it, or skip it with `dds:\"-\"`", at(path))
	case f.Anonymous:
		return c.base(n, f, path)
	}
	v, err := c.value(f.Type, tag, path)
	if err != nil {
		return err
	}
	n.fields = append(n.fields, field{off: f.Offset, key: tag.key, node: v})
	return nil
}

// base adds the members of the embedded struct f to those of n. XTypes 1.3,
// 7.4.3.5.3: members of the base type come first, with no header of their own.
func (c *compiler) base(n *node, f reflect.StructField, path string) error {
	if f.Type.Kind() != reflect.Struct || len(n.fields) > 0 || f.Tag.Get("dds") != "" {
		return fmt.Errorf("%san embedded field is the base type: it must be a struct, the first member, and have no options; else give it a name", at(path))
	}
	b, err := c.structure(f.Type, path)
	if err != nil {
		return err
	}
	if b.ext != n.ext {
		return fmt.Errorf("%sthe base type is %v and the type itself is %v; they must agree", at(path), b.ext, n.ext)
	}
	for _, m := range b.fields {
		m.off += f.Offset
		n.fields = append(n.fields, m)
	}
	return nil
}

// value compiles the type t of a member, or of what a member holds.
func (c *compiler) value(t reflect.Type, tag fieldTag, path string) (n *node, err error) {
	n = &node{typ: t, path: path}
	k := t.Kind()
	switch {
	case k == reflect.Bool:
		n.kind = nodeBool
	case k >= reflect.Int8 && k <= reflect.Int64, k >= reflect.Uint8 && k <= reflect.Uint64,
		k == reflect.Float32, k == reflect.Float64:
		n.kind, n.size = nodePrim, int(t.Size())
		n.enum = tag.enum
	case k == reflect.String:
		n.kind, n.bound, tag.bound = nodeString, tag.bound, 0
	case k == reflect.Slice:
		n.kind, n.bound, tag.bound = nodeSeq, tag.bound, 0
		n.elem, err = c.value(t.Elem(), tag, path+"[]")
		return n, err
	case k == reflect.Array:
		return c.array(n, tag)
	case k == reflect.Struct:
		if n, err = c.structure(t, path); err != nil {
			return nil, err
		}
	default:
		return nil, refuse(path, t, instead(t))
	}
	switch {
	case tag.bound != 0:
		return nil, fmt.Errorf("%stag option bound is for strings and slices, not for %v", at(path), t)
	case tag.char && k != reflect.Uint8:
		return nil, fmt.Errorf("%stag option char is for uint8, not for %v", at(path), t)
	case tag.enum && (n.kind != nodePrim || n.size > 4 || k == reflect.Float32):
		return nil, fmt.Errorf("%stag option enum is for integers of up to 32 bits, not for %v", at(path), t)
	}
	return n, nil
}

// array makes n an array. Arrays of arrays are one array of as many
// dimensions, as in IDL: it has one DHEADER at most.
func (c *compiler) array(n *node, tag fieldTag) (_ *node, err error) {
	if n.typ.Len() == 0 {
		return nil, refuse(n.path, n.typ, "an array with elements, or a slice")
	}
	n.kind, n.n = nodeArray, n.typ.Len()
	n.elem, err = c.value(n.typ.Elem(), tag, n.path+"[]")
	if err == nil && n.elem.kind == nodeArray {
		n.n, n.elem = n.n*n.elem.n, n.elem.elem
	}
	return n, err
}

// instead says what to use for a kind of type that is refused.
func instead(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Int:
		return "int32 or int64"
	case reflect.Uint, reflect.Uintptr:
		return "uint32 or uint64"
	case reflect.Pointer:
		return fmt.Sprintf("%v itself (optional members are not supported)", t.Elem())
	case reflect.Map:
		return "a slice of structs with a key and a value"
	case reflect.Interface:
		return "a struct, or a []byte that you encode yourself"
	case reflect.Complex64, reflect.Complex128:
		return "a struct of two floats"
	}
	return "data, or skip the field with `dds:\"-\"`"
}

func refuse(path string, t reflect.Type, use string) error {
	return fmt.Errorf("%s%v cannot be encoded: use %s", at(path), t, use)
}

func at(path string) string {
	if path == "" {
		return ""
	}
	return "field " + path + ": "
}
