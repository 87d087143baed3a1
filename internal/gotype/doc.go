// Package gotype turns Go struct types into DDS types: it compiles a type once
// into plans, and then encodes, decodes and hashes values of it without
// reflection.
//
// It is a pure package: no clock, goroutine, lock, socket, global or log. A
// [Type] never changes after [Compile] and may be used by many goroutines.
//
// # How Go is read as IDL
//
//	bool, int8 … int64, uint8 … uint64, float32, float64    the same in IDL
//	string                     string, or string<N> with bound=N
//	[]T                        sequence<T>, or sequence<T,N> with bound=N
//	[N]T, [N][M]T              array
//	struct                     struct; an embedded struct at the front is the base type
//	named types                as what they are made of
//
// A field is exported, or is skipped with `dds:"-"`. The options of a field's
// tag are separated by commas:
//
//	key       the member is part of the key. If it is a struct, its own key
//	          members are, or all of its members if it has none.
//	bound=N   the largest length of the string, or of the (outermost) sequence
//	char      the uint8 is an IDL char (the wire is the same)
//	enum      the int32 is an IDL enum (see below)
//	-         the field is no member; encoding and decoding leave it alone
//
// The type's own options stand on a blank field: `_ struct{} "dds:…"` with
// name=N (the DDS type name), final or appendable.
//
// An enum travels as a long. Only in collections of XCDR2 does it matter that
// it is one: XTypes 1.3, 7.4.3.5 puts a DHEADER before arrays and sequences of
// what is not a primitive type. Cyclone DDS counts enums so (is_dheader_needed
// in dds_cdrstream.c); Fast CDR does not (Cdr.h, is_enum || is_arithmetic). An
// int32 with the option enum is written as Cyclone does, one without as a long,
// which is also how Fast CDR has enums.
package gotype
