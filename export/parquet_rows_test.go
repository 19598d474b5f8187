package export

import (
	"encoding/base64"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"time"
)

// layoutRow has every kind of column that a row type may have.
type layoutRow struct {
	EpisodeID string       `parquet:"episode_id"`
	Bool      bool         `parquet:"bool"`
	Int8      int8         `parquet:"int8"`
	Int32     int32        `parquet:"int32"`
	Int64     int64        `parquet:"int64"`
	Float32   float32      `parquet:"float32"`
	Float64   float64      `parquet:"float64"`
	Text      string       `parquet:"text"`
	Bytes     []byte       `parquet:"bytes"`
	Time      time.Time    `parquet:"time,timestamp(microsecond)"`
	NoBool    *bool        `parquet:"no_bool"`
	NoInt     *int32       `parquet:"no_int"`
	NoText    *string      `parquet:"no_text"`
	NoTime    *time.Time   `parquet:"no_time,timestamp(microsecond)"`
	IDs       []int32      `parquet:"ids,list"`
	Mask      []int8       `parquet:"mask,list"`
	Weights   []float32    `parquet:"weights,list,optional"`
	Logprobs  []*float32   `parquet:"logprobs,list,optional"`
	Texts     []string     `parquet:"texts,list,optional"`
	Pieces    [][]byte     `parquet:"pieces,list"`
	One       layoutPart   `parquet:"one"`
	NoPart    *layoutPart  `parquet:"no_part"`
	Parts     []layoutPart `parquet:"parts,list"`
	NoParts   []layoutPart `parquet:"no_parts,list,optional"`
}

type layoutPart struct {
	Role  string       `parquet:"role"`
	Count *int64       `parquet:"count"`
	IDs   []int32      `parquet:"ids,list,optional"`
	Inner []layoutLeaf `parquet:"inner,list"`
}

type layoutLeaf struct {
	Value  float64    `parquet:"value"`
	Scores []*float32 `parquet:"scores,list"`
}

// layoutRows draws rows in which everything is sometimes empty, NULL, long, repeated or unique.
func layoutRows(seed uint64, n int) []layoutRow {
	r := rand.New(rand.NewPCG(seed, 7))
	some := func(n int) int { return r.IntN(n+1) * r.IntN(2) }
	text := func() string {
		switch r.IntN(4) {
		case 0:
			return ""
		case 1:
			return []string{"user", "assistant", "日本語"}[r.IntN(3)]
		default:
			return fmt.Sprintf("%x", r.Uint64()) + strings.Repeat("é", some(80))
		}
	}
	float := func() float32 { return []float32{0, float32(math.Copysign(0, -1)), -1.5, r.Float32()}[r.IntN(4)] }
	list := func(n int) (ids []int32) {
		for range n {
			ids = append(ids, r.Int32N(1<<r.IntN(31))-100)
		}
		return ids
	}
	gaps := func(n int) []*float32 {
		all := make([]*float32, n)
		for i := range all {
			if r.IntN(3) > 0 {
				all[i] = ptr(float())
			}
		}
		return all
	}
	part := func() layoutPart {
		p := layoutPart{Role: text(), Inner: make([]layoutLeaf, some(3))}
		if r.IntN(2) == 0 {
			p.Count = ptr(r.Int64() - r.Int64())
		}
		if r.IntN(2) == 0 {
			p.IDs = append([]int32{}, list(some(5))...)
		}
		for i := range p.Inner {
			p.Inner[i] = layoutLeaf{r.NormFloat64(), gaps(some(4))}
		}
		return p
	}
	parts := func(n int) []layoutPart {
		all := make([]layoutPart, n)
		for i := range all {
			all[i] = part()
		}
		return all
	}
	rows := make([]layoutRow, n)
	for i := range rows {
		long := some(60) * some(60)
		at := time.UnixMicro(r.Int64N(8e15)).UTC()
		row := layoutRow{
			EpisodeID: fmt.Sprintf("%064x", r.Uint64()), Bool: r.IntN(2) == 0, Int8: int8(r.IntN(256) - 128), Int32: r.Int32() - r.Int32(), Int64: int64(r.IntN(3)) - 1,
			Float32: float(), Float64: r.NormFloat64(), Text: text(), Bytes: []byte(text()), Time: at,
			IDs: append([]int32{}, list(long)...), Mask: make([]int8, long), Logprobs: gaps(long), Texts: nil, Pieces: make([][]byte, some(20)),
			One: part(), Parts: parts(some(3)),
		}
		for k := range row.Mask {
			row.Mask[k] = int8(k * 3 / (len(row.Mask) + 1))
		}
		for k := range row.Pieces {
			row.Pieces[k] = []byte(text())
		}
		if r.IntN(2) == 0 {
			row.NoBool, row.NoInt, row.NoText, row.NoTime, row.NoPart = ptr(r.IntN(2) == 0), ptr(int32(i)), ptr(text()), &at, ptr(part())
			row.Weights, row.Texts, row.NoParts = make([]float32, some(9)), []string{}, parts(some(2))
			for range some(4) {
				row.Texts = append(row.Texts, text())
			}
		}
		if r.IntN(4) == 0 {
			row.Logprobs = nil
		}
		rows[i] = row
	}
	return rows
}

// flat shows a value with its pointers followed, nil lists told from empty ones only where they are NULL, and the bits of numbers.
func flat(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return "NULL"
		}
		return flat(v.Elem())
	case reflect.Slice:
		if v.Type() == bytesType {
			return base64.StdEncoding.EncodeToString(v.Bytes())
		}
		all := []any{}
		for i := range v.Len() {
			all = append(all, flat(v.Index(i)))
		}
		return all
	case reflect.Struct:
		if at, ok := v.Interface().(time.Time); ok {
			return at.UnixMicro()
		}
		all := []any{}
		for i := range v.NumField() {
			f := v.Field(i)
			if f.Kind() == reflect.Slice && f.IsNil() && strings.Contains(v.Type().Field(i).Tag.Get("parquet"), "optional") {
				all = append(all, "NULL")
				continue
			}
			all = append(all, flat(f))
		}
		return all
	case reflect.Float32:
		return math.Float32bits(float32(v.Float()))
	case reflect.Float64:
		return math.Float64bits(v.Float())
	}
	return v.Interface()
}
