package source

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

// parquetLeaf returns how values of a column are written as JSON: numbers and booleans as such,
// text as strings, dates and times as in RFC 3339, decimals as numbers, UUIDs in their usual form,
// other bytes as text if they are UTF-8, else in base64.
func parquetLeaf(t parquet.Type) func([]byte, parquet.Value) ([]byte, error) {
	if logical := t.LogicalType(); logical != nil {
		if write := logicalLeaf(logical); write != nil {
			return write
		}
	}
	switch t.Kind() {
	case parquet.Boolean:
		return func(dst []byte, v parquet.Value) ([]byte, error) { return appendBool(dst, v.Boolean()), nil }
	case parquet.Int32:
		return func(dst []byte, v parquet.Value) ([]byte, error) { return appendInt(dst, int64(v.Int32())), nil }
	case parquet.Int64:
		return func(dst []byte, v parquet.Value) ([]byte, error) { return appendInt(dst, v.Int64()), nil }
	case parquet.Int96:
		return func(dst []byte, v parquet.Value) ([]byte, error) { return appendTime(dst, int96Time(v.Int96())), nil }
	case parquet.Float:
		return func(dst []byte, v parquet.Value) ([]byte, error) { return appendFloat(dst, float64(v.Float()), 32) }
	case parquet.Double:
		return func(dst []byte, v parquet.Value) ([]byte, error) { return appendFloat(dst, v.Double(), 64) }
	}
	return func(dst []byte, v parquet.Value) ([]byte, error) { return appendBytes(dst, v.ByteArray()), nil }
}

// logicalLeaf returns how values of a logical type are written, or nil where the physical type says it.
func logicalLeaf(logical *format.LogicalType) func([]byte, parquet.Value) ([]byte, error) {
	switch t := logical.Value.(type) {
	case *format.StringType, *format.EnumType, *format.JsonType:
		return func(dst []byte, v parquet.Value) ([]byte, error) { return appendString(dst, v.ByteArray()) }
	case *format.IntType:
		if t.IsSigned {
			return nil
		}
		return func(dst []byte, v parquet.Value) ([]byte, error) {
			if v.Kind() == parquet.Int32 {
				return appendUint(dst, uint64(v.Uint32())), nil
			}
			return appendUint(dst, v.Uint64()), nil
		}
	case *format.DateType:
		return func(dst []byte, v parquet.Value) ([]byte, error) { return appendDate(dst, int64(v.Int32())), nil }
	case *format.TimestampType:
		return func(dst []byte, v parquet.Value) ([]byte, error) {
			switch t.Unit.Value.(type) {
			case *format.MilliSeconds:
				return appendTime(dst, time.UnixMilli(v.Int64())), nil
			case *format.NanoSeconds:
				return appendTime(dst, time.Unix(0, v.Int64())), nil
			}
			return appendTime(dst, time.UnixMicro(v.Int64())), nil
		}
	case *format.DecimalType:
		return func(dst []byte, v parquet.Value) ([]byte, error) {
			switch v.Kind() {
			case parquet.Int32:
				return appendDecimal(dst, bigInt(int64(v.Int32())), int(t.Scale)), nil
			case parquet.Int64:
				return appendDecimal(dst, bigInt(v.Int64()), int(t.Scale)), nil
			}
			return appendDecimal(dst, bigEndian(v.ByteArray()), int(t.Scale)), nil
		}
	case *format.UUIDType:
		return func(dst []byte, v parquet.Value) ([]byte, error) {
			id, err := uuid.FromBytes(v.ByteArray())
			if err != nil {
				return nil, fmt.Errorf("uuid: %w", err)
			}
			return appendText(dst, id.String()), nil
		}
	case *format.VariantType:
		return func([]byte, parquet.Value) ([]byte, error) {
			return nil, errors.New("the type VARIANT is not supported")
		}
	}
	return nil
}

// int96Time reads the old timestamp: nanoseconds of a day in the low words, a Julian day in the high.
func int96Time(v deprecated.Int96) time.Time {
	const unixEpoch = 2440588 // the Julian day of 1970-01-01
	nanos := int64(uint64(v[1])<<32 | uint64(v[0]))
	return time.Unix((int64(v[2])-unixEpoch)*86400, nanos)
}
