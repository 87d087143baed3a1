//go:build interop

package main

import (
	"fmt"
	"strconv"
	"strings"
)

// The types of ../samples.idl.

// ShapeType is the type of the OMG shapes demonstration.
type ShapeType struct {
	_               struct{} `dds:"name=ShapeType,final"`
	Color           string   `dds:"key"`
	X, Y, ShapeSize int32
}

// Blob is a sample of any size.
type Blob struct {
	_    struct{} `dds:"name=Blob,final"`
	ID   int32    `dds:"key"`
	Seq  uint64
	Data []byte
}

// Note is appendable.
type Note struct {
	_    struct{} `dds:"name=Note,appendable"`
	ID   int32    `dds:"key"`
	Text string
}

// A kind is what the program must know of a type.
type kind[T any] struct {
	key   string // by default
	fill  func(v *T, key string, size int, seq uint64) error
	check func(v *T, want func(seq uint64) int) (seq uint64, size int, good bool)
	name  func(v *T) string // the key
}

func id(key string) (int32, error) {
	n, err := strconv.ParseInt(key, 10, 32)
	return int32(n), err
}

// instance returns the key of sample seq, or of the dispose and unregister if
// seq is 0: o.key and the numbers that follow it, in turn.
func instance(o options, seq uint64) string {
	first, err := id(o.key)
	if err != nil || seq == 0 || o.instances < 2 {
		return o.key
	}
	return fmt.Sprint(int(first) + int(seq-1)%o.instances)
}

var shapes = kind[ShapeType]{
	key: "BLUE",
	fill: func(v *ShapeType, key string, size int, seq uint64) error {
		if size == 0 {
			size = 30
		}
		*v = ShapeType{Color: key, X: int32(seq), Y: 2 * int32(seq), ShapeSize: int32(size)}
		return nil
	},
	check: func(v *ShapeType, size func(uint64) int) (uint64, int, bool) {
		want := size(uint64(v.X))
		return uint64(v.X), int(v.ShapeSize), v.Y == 2*v.X && (want == 0 || int(v.ShapeSize) == want)
	},
	name: func(v *ShapeType) string { return v.Color },
}

var blobs = kind[Blob]{
	key: "1",
	fill: func(v *Blob, key string, size int, seq uint64) (err error) {
		if v.ID, err = id(key); err != nil {
			return err
		}
		v.Seq = seq
		v.Data = make([]byte, size)
		for i := range v.Data {
			v.Data[i] = byte(uint64(i)*31 + seq)
		}
		return nil
	},
	check: func(v *Blob, size func(uint64) int) (uint64, int, bool) {
		want := size(v.Seq)
		good := want == 0 || len(v.Data) == want
		for i, b := range v.Data {
			good = good && b == byte(uint64(i)*31+v.Seq)
		}
		return v.Seq, len(v.Data), good
	},
	name: func(v *Blob) string { return fmt.Sprint(v.ID) },
}

var notes = kind[Note]{
	key: "1",
	fill: func(v *Note, key string, size int, seq uint64) (err error) {
		if v.ID, err = id(key); err != nil {
			return err
		}
		v.Text = noteText(size, seq)
		return nil
	},
	check: func(v *Note, _ func(uint64) int) (uint64, int, bool) {
		number, _, _ := strings.Cut(v.Text, ":")
		seq, err := strconv.ParseUint(number, 10, 64)
		return seq, len(v.Text), err == nil && v.Text == noteText(len(v.Text), seq)
	},
	name: func(v *Note) string { return fmt.Sprint(v.ID) },
}

// noteText is the number, a colon and letters up to size.
func noteText(size int, seq uint64) string {
	b := fmt.Appendf(nil, "%d:", seq)
	for i := len(b); i < size; i++ {
		b = append(b, byte('a'+(uint64(i)+seq)%26))
	}
	return string(b)
}
