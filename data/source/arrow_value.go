package source

import (
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
)

// appendArrow appends value i of a column as JSON, in the forms of parquetLeaf.
func appendArrow(dst []byte, column arrow.Array, i int) ([]byte, error) {
	if column.IsNull(i) {
		return append(dst, "null"...), nil
	}
	switch a := column.(type) {
	case *array.Boolean:
		return appendBool(dst, a.Value(i)), nil
	case *array.Int8:
		return appendInt(dst, int64(a.Value(i))), nil
	case *array.Int16:
		return appendInt(dst, int64(a.Value(i))), nil
	case *array.Int32:
		return appendInt(dst, int64(a.Value(i))), nil
	case *array.Int64:
		return appendInt(dst, a.Value(i)), nil
	case *array.Uint8:
		return appendUint(dst, uint64(a.Value(i))), nil
	case *array.Uint16:
		return appendUint(dst, uint64(a.Value(i))), nil
	case *array.Uint32:
		return appendUint(dst, uint64(a.Value(i))), nil
	case *array.Uint64:
		return appendUint(dst, a.Value(i)), nil
	case *array.Float16:
		return appendFloat(dst, float64(a.Value(i).Float32()), 32)
	case *array.Float32:
		return appendFloat(dst, float64(a.Value(i)), 32)
	case *array.Float64:
		return appendFloat(dst, a.Value(i), 64)
	case *array.Date32:
		return appendDate(dst, int64(a.Value(i))), nil
	case *array.Date64:
		return appendTime(dst, a.Value(i).ToTime()), nil
	case *array.Timestamp:
		return appendTime(dst, a.Value(i).ToTime(a.DataType().(*arrow.TimestampType).Unit)), nil
	case *array.Decimal128:
		return appendDecimal(dst, a.Value(i).BigInt(), int(a.DataType().(*arrow.Decimal128Type).Scale)), nil
	case *array.Decimal256:
		return appendDecimal(dst, a.Value(i).BigInt(), int(a.DataType().(*arrow.Decimal256Type).Scale)), nil
	}
	return appendArrowNested(dst, column, i)
}

func appendArrowNested(dst []byte, column arrow.Array, i int) ([]byte, error) {
	switch a := column.(type) {
	case *array.String:
		return appendString(dst, []byte(a.Value(i)))
	case *array.LargeString:
		return appendString(dst, []byte(a.Value(i)))
	case *array.StringView:
		return appendString(dst, []byte(a.Value(i)))
	case *array.Binary:
		return appendBytes(dst, a.Value(i)), nil
	case *array.LargeBinary:
		return appendBytes(dst, a.Value(i)), nil
	case *array.BinaryView:
		return appendBytes(dst, a.Value(i)), nil
	case *array.FixedSizeBinary:
		return appendBytes(dst, a.Value(i)), nil
	case *array.Dictionary:
		return appendArrow(dst, a.Dictionary(), a.GetValueIndex(i))
	case *array.Map:
		return appendArrowMap(dst, a, i)
	case array.ListLike: // after Map, which is one too
		return appendArrowList(dst, a, i)
	case *array.Struct:
		return appendArrowStruct(dst, a, i)
	case array.ExtensionArray:
		return appendArrow(dst, a.Storage(), i)
	}
	return nil, fmt.Errorf("the Arrow type %s is not supported", column.DataType())
}

func appendArrowList(dst []byte, a array.ListLike, i int) (_ []byte, err error) {
	start, end := a.ValueOffsets(i)
	dst = append(dst, '[')
	for j := start; j < end; j++ {
		if j > start {
			dst = append(dst, ',')
		}
		if dst, err = appendArrow(dst, a.ListValues(), int(j)); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

func appendArrowMap(dst []byte, a *array.Map, i int) (_ []byte, err error) {
	start, end := a.ValueOffsets(i)
	dst = append(dst, '{')
	for j := start; j < end; j++ {
		if j > start {
			dst = append(dst, ',')
		}
		name, err := appendArrow(nil, a.Keys(), int(j))
		if err != nil {
			return nil, err
		}
		if name[0] != '"' {
			name = appendText(nil, string(name))
		}
		dst = append(append(dst, name...), ':')
		if dst, err = appendArrow(dst, a.Items(), int(j)); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

func appendArrowStruct(dst []byte, a *array.Struct, i int) (_ []byte, err error) {
	t := a.DataType().(*arrow.StructType)
	dst = append(dst, '{')
	for f := range a.NumField() {
		if f > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendText(dst, t.Field(f).Name), ':')
		if dst, err = appendArrow(dst, a.Field(f), i); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}
