package export

import (
	"fmt"
	"reflect"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
)

// arrowSchema returns the Arrow schema of a row type: the types, names and nullability that the
// Parquet of the same rows is read as.
func arrowSchema(columns []column, metadata map[string]string) *arrow.Schema {
	m := arrow.MetadataFrom(metadata)
	return arrow.NewSchema(arrowFields(columns), &m)
}

func arrowFields(columns []column) []arrow.Field {
	fields := make([]arrow.Field, len(columns))
	for i, c := range columns {
		t := c.arrowLeaf()
		if c.list {
			t = arrow.ListOfField(arrow.Field{Name: "element", Type: t, Nullable: c.gaps})
		}
		fields[i] = arrow.Field{Name: c.name, Type: t, Nullable: c.nullable}
	}
	return fields
}

func (c column) arrowLeaf() arrow.DataType {
	switch {
	case c.children != nil:
		return arrow.StructOf(arrowFields(c.children)...)
	case c.leaf == timeType:
		return &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
	case c.leaf == bytesType:
		return arrow.BinaryTypes.Binary
	}
	switch c.leaf.Kind() {
	case reflect.Bool:
		return arrow.FixedWidthTypes.Boolean
	case reflect.Int8:
		return arrow.PrimitiveTypes.Int8
	case reflect.Int32:
		return arrow.PrimitiveTypes.Int32
	case reflect.Int64:
		return arrow.PrimitiveTypes.Int64
	case reflect.Float32:
		return arrow.PrimitiveTypes.Float32
	case reflect.Float64:
		return arrow.PrimitiveTypes.Float64
	default:
		return arrow.BinaryTypes.String
	}
}

// appendArrow adds one value of the column to its builder.
func (c column) appendArrow(b array.Builder, v reflect.Value) {
	if c.nullable && v.IsNil() {
		b.AppendNull()
		return
	}
	if !c.list {
		c.appendLeaf(b, reflect.Indirect(v))
		return
	}
	list := b.(*array.ListBuilder)
	list.Append(true)
	values := list.ValueBuilder()
	switch slice := v.Interface().(type) {
	case []float32:
		values.(*array.Float32Builder).AppendValues(slice, nil)
	case []int32:
		values.(*array.Int32Builder).AppendValues(slice, nil)
	case []int8:
		values.(*array.Int8Builder).AppendValues(slice, nil)
	default:
		for i := range v.Len() {
			if e := v.Index(i); c.gaps && e.IsNil() {
				values.AppendNull()
			} else {
				c.appendLeaf(values, reflect.Indirect(e))
			}
		}
	}
}

func (c column) appendLeaf(b array.Builder, v reflect.Value) {
	switch b := b.(type) {
	case *array.StructBuilder:
		b.Append(true)
		for i, child := range c.children {
			child.appendArrow(b.FieldBuilder(i), v.Field(child.field))
		}
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(v.Interface().(time.Time).UnixMicro()))
	case *array.BinaryBuilder:
		b.Append(v.Bytes())
	case *array.BooleanBuilder:
		b.Append(v.Bool())
	case *array.Int8Builder:
		b.Append(int8(v.Int()))
	case *array.Int32Builder:
		b.Append(int32(v.Int()))
	case *array.Int64Builder:
		b.Append(v.Int())
	case *array.Float32Builder:
		b.Append(float32(v.Float()))
	case *array.Float64Builder:
		b.Append(v.Float())
	case *array.StringBuilder:
		b.Append(v.String())
	}
}

// readArrow sets v to element i of an array of the column's type. It fails where the array holds a
// null that the column does not allow.
func (c column) readArrow(a arrow.Array, i int, v reflect.Value) error {
	if a.IsNull(i) {
		if !c.nullable {
			return columnErrorf(c.name, "is null")
		}
		v.SetZero()
		return nil
	}
	if !c.list {
		if c.nullable {
			v.Set(reflect.New(c.leaf))
			v = v.Elem()
		}
		return c.readLeaf(a, i, v)
	}
	list := a.(*array.List)
	start, end := list.ValueOffsets(i)
	v.Set(reflect.MakeSlice(v.Type(), int(end-start), int(end-start)))
	values := list.ListValues()
	for j := start; j < end; j++ {
		e := v.Index(int(j - start))
		switch null := values.IsNull(int(j)); {
		case null && !c.gaps:
			return columnErrorf(fmt.Sprintf("%s[%d]", c.name, j-start), "is null")
		case null:
			continue
		case c.gaps:
			e.Set(reflect.New(c.leaf))
			e = e.Elem()
		}
		if err := c.readLeaf(values, int(j), e); err != nil {
			return inColumn(fmt.Sprintf("%s[%d]", c.name, j-start), err)
		}
	}
	return nil
}

func (c column) readLeaf(a arrow.Array, i int, v reflect.Value) error {
	switch a := a.(type) {
	case *array.Struct:
		for k, child := range c.children {
			if err := child.readArrow(a.Field(k), i, v.Field(child.field)); err != nil {
				return err
			}
		}
	case *array.Timestamp:
		v.Set(reflect.ValueOf(time.UnixMicro(int64(a.Value(i))).UTC()))
	case *array.Binary:
		v.SetBytes(append([]byte{}, a.Value(i)...))
	case *array.Boolean:
		v.SetBool(a.Value(i))
	case *array.Int8:
		v.SetInt(int64(a.Value(i)))
	case *array.Int32:
		v.SetInt(int64(a.Value(i)))
	case *array.Int64:
		v.SetInt(a.Value(i))
	case *array.Float32:
		v.SetFloat(float64(a.Value(i)))
	case *array.Float64:
		v.SetFloat(a.Value(i))
	case *array.String:
		v.SetString(string([]byte(a.Value(i))))
	}
	return nil
}
