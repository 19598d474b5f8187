package export

import (
	"fmt"
	"math"
	"reflect"
	"time"

	"github.com/parquet-go/parquet-go"
)

// shredder adds what one field of the row in hand holds to the leaves of its column. It is made once, and finds the row always
// in the same place, so that a row costs no reflection.
type shredder func(rep, def byte)

// shredding makes the shredders and leaves of a row type.
type shredding struct{ leaves []*leaf }

// fields returns the shredder of each column, whose values stand in the fields of a struct.
func (s *shredding) fields(columns []column, row reflect.Value, rep, def byte) ([]shredder, error) {
	var all []shredder
	for _, c := range columns {
		f, err := s.field(c, row.Field(c.field), rep, def)
		if err != nil {
			return nil, inColumn(c.name, err)
		}
		all = append(all, f)
	}
	return all, nil
}

func (s *shredding) field(c column, v reflect.Value, rep, def byte) (shredder, error) {
	switch {
	case c.children == nil:
		return s.leaf(c, v, rep, def)
	case c.list:
		return s.structs(c, v, rep, def)
	case v.Kind() == reflect.Pointer:
		return s.optional(c, v, rep, def)
	}
	children, err := s.fields(c.children, v, rep, def)
	return func(rep, def byte) {
		for _, child := range children {
			child(rep, def)
		}
	}, err
}

// structs shreds a list of structs: each is copied to where the shredders of its fields look for it.
func (s *shredding) structs(c column, v reflect.Value, rep, def byte) (shredder, error) {
	if c.gaps {
		return nil, fmt.Errorf("a list of %s that may be NULL is not supported", c.leaf)
	}
	first, element := len(s.leaves), reflect.New(c.leaf).Elem()
	depth, some := rep+1, def+1
	if c.nullable {
		some++
	}
	children, err := s.fields(c.children, element, depth, some)
	leaves := s.leaves[first:]
	return func(rep, def byte) {
		n := v.Len()
		if c.nullable && !v.IsNil() {
			def++
		}
		if n == 0 {
			for _, l := range leaves {
				l.entry(rep, def)
			}
		}
		for i := range n {
			element.Set(v.Index(i))
			for _, child := range children {
				child(rep, def+1)
			}
			rep = depth
		}
	}, err
}

// optional shreds a struct that may be NULL.
func (s *shredding) optional(c column, v reflect.Value, rep, def byte) (shredder, error) {
	first, element := len(s.leaves), reflect.New(c.leaf).Elem()
	children, err := s.fields(c.children, element, rep, def+1)
	leaves := s.leaves[first:]
	return func(rep, def byte) {
		if v.IsNil() {
			for _, l := range leaves {
				l.entry(rep, def)
			}
			return
		}
		element.Set(v.Elem())
		for _, child := range children {
			child(rep, def+1)
		}
	}, err
}

// leaf shreds a value or a list of values.
func (s *shredding) leaf(c column, v reflect.Value, rep, def byte) (shredder, error) {
	l := &leaf{maxRep: rep, maxDef: def}
	if c.list {
		l.maxRep++
		l.maxDef++
		if c.gaps {
			l.maxDef++
		}
	}
	if c.nullable {
		l.maxDef++
	}
	s.leaves = append(s.leaves, l)
	p := v.Addr().Interface()
	var f shredder
	switch {
	case c.leaf == timeType:
		n := &numbers[uint64]{kind: parquet.Int64}
		l.values, f = n, shred(l, c, p, func(v time.Time) { n.put(uint64(v.UnixMicro())) }, nil)
	case c.leaf == bytesType:
		t := new(texts)
		l.values, f = t, shred(l, c, p, t.putBytes, nil)
	case c.leaf.Kind() == reflect.String:
		t := new(texts)
		l.values, f = t, shred(l, c, p, t.put, nil)
	case c.leaf.Kind() == reflect.Bool:
		b := new(booleans)
		l.values, f = b, shred(l, c, p, b.put, nil)
	case c.leaf.Kind() == reflect.Int8:
		o := new(octets)
		l.values, f = o, shred(l, c, p, o.put, o.putAll)
	case c.leaf.Kind() == reflect.Int32:
		n := &numbers[uint32]{kind: parquet.Int32}
		l.values, f = n, shred(l, c, p, func(v int32) { n.put(uint32(v)) }, func(all []int32) {
			room := n.extend(len(all))
			for i, v := range all {
				room[i] = uint32(v)
			}
		})
	case c.leaf.Kind() == reflect.Float32:
		n := &numbers[uint32]{kind: parquet.Float}
		l.values, f = n, shred(l, c, p, func(v float32) { n.put(math.Float32bits(v)) }, func(all []float32) {
			room := n.extend(len(all))
			for i, v := range all {
				room[i] = math.Float32bits(v)
			}
		})
	case c.leaf.Kind() == reflect.Int64:
		n := &numbers[uint64]{kind: parquet.Int64}
		l.values, f = n, shred(l, c, p, func(v int64) { n.put(uint64(v)) }, nil)
	case c.leaf.Kind() == reflect.Float64:
		n := &numbers[uint64]{kind: parquet.Double}
		l.values, f = n, shred(l, c, p, func(v float64) { n.put(math.Float64bits(v)) }, nil)
	}
	if f == nil {
		return nil, fmt.Errorf("values of type %s are not supported", v.Type())
	}
	return f, nil
}

// shred returns the shredder of a value, of one that may be NULL, of a list, or of a list with gaps,
// whichever p points to; nil if it is none of these.
func shred[T any](l *leaf, c column, p any, put func(T), putAll func([]T)) shredder {
	if putAll == nil {
		putAll = func(all []T) {
			for _, v := range all {
				put(v)
			}
		}
	}
	switch p := p.(type) {
	case *T:
		return func(rep, def byte) {
			l.entry(rep, def)
			put(*p)
		}
	case **T:
		return func(rep, def byte) {
			if *p == nil {
				l.entry(rep, def)
				return
			}
			l.entry(rep, def+1)
			put(**p)
		}
	case *[]T:
		return func(rep, def byte) {
			if c.nullable && *p != nil {
				def++
			}
			if len(*p) == 0 {
				l.entry(rep, def)
				return
			}
			l.entries(rep, def+1, len(*p))
			putAll(*p)
		}
	case *[]*T:
		var values []T
		return func(rep, def byte) {
			if c.nullable && *p != nil {
				def++
			}
			if len(*p) == 0 {
				l.entry(rep, def)
				return
			}
			l.entries(rep, def+1, len(*p))
			present := l.def[len(l.def)-len(*p):]
			values = values[:0]
			for i, v := range *p {
				if v != nil {
					present[i]++
					values = append(values, *v)
				}
			}
			putAll(values)
		}
	}
	return nil
}
