package gotype

import (
	"reflect"
	"unsafe"
)

// A slice is how Go holds a slice of any type.
type slice struct {
	data     unsafe.Pointer
	len, cap int
}

// grown returns a new slice of type t, n elements long, that begins with the
// elements of s.
func grown(t reflect.Type, s slice, n int) slice {
	v := reflect.MakeSlice(t, n, n)
	if s.len > 0 {
		reflect.Copy(v, reflect.SliceAt(t.Elem(), s.data, s.len))
	}
	return slice{data: v.UnsafePointer(), len: n, cap: n}
}
