package source

import (
	"errors"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// parquetColumn is a node of a file's schema. Its rows are put together from the repetition and
// definition levels of its leaves, after section "Nested Encoding" of the Parquet format.
type parquetColumn struct {
	name        string
	optional    bool
	repeated    bool
	list        bool // a group of one repeated field, which holds the elements
	keyed       bool // a group of one repeated {key, value}
	def, rep    int  // highest levels at this node
	first, last int  // its leaves among the row's columns
	fields      []*parquetColumn
	leaf        func(dst []byte, v parquet.Value) ([]byte, error)
}

func newParquetColumns(f *parquet.File) []*parquetColumn {
	next := 0
	var columns []*parquetColumn
	for _, c := range f.Root().Columns() {
		columns = append(columns, newParquetColumn(c, &next))
	}
	return columns
}

func newParquetColumn(c *parquet.Column, next *int) *parquetColumn {
	p := &parquetColumn{
		name: c.Name(), optional: c.Optional(), repeated: c.Repeated(),
		def: c.MaxDefinitionLevel(), rep: c.MaxRepetitionLevel(), first: *next,
	}
	if c.Leaf() {
		p.leaf = parquetLeaf(c.Type())
		*next++
		p.last = *next
		return p
	}
	for _, child := range c.Columns() {
		p.fields = append(p.fields, newParquetColumn(child, next))
	}
	p.last = *next
	if len(p.fields) == 1 && p.fields[0].repeated {
		if logical := c.Type().LogicalType(); logical != nil {
			switch logical.Value.(type) {
			case *format.ListType:
				p.list = true
			case *format.MapType:
				p.keyed = len(p.fields[0].fields) == 2
			}
		}
	}
	return p
}

// appendJSON appends the value of the column in one row; values are those of its leaves.
func (p *parquetColumn) appendJSON(dst []byte, values [][]parquet.Value) ([]byte, error) {
	if len(values) == 0 { // a group without fields holds nothing
		return append(dst, "{}"...), nil
	}
	if !p.repeated {
		return p.appendOne(dst, values)
	}
	return p.appendList(dst, values, p.appendOne)
}

// appendList appends the elements of a repeated node, each written by element.
func (p *parquetColumn) appendList(dst []byte, values [][]parquet.Value, element func([]byte, [][]parquet.Value) ([]byte, error)) ([]byte, error) {
	dst = append(dst, '[')
	if err := p.each(values, func(i int, one [][]parquet.Value) (err error) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst, err = element(dst, one)
		return err
	}); err != nil {
		return nil, err
	}
	return append(dst, ']'), nil
}

var errLevels = errors.New("damaged Parquet: the levels of its leaves do not agree")

// each calls f with the values of each repetition of a repeated node.
func (p *parquetColumn) each(values [][]parquet.Value, f func(i int, one [][]parquet.Value) error) error {
	rest := make([][]parquet.Value, len(values))
	copy(rest, values)
	one := make([][]parquet.Value, len(values))
	for i := 0; len(rest[0]) > 0; i++ {
		for j, v := range rest {
			if len(v) == 0 {
				return errLevels
			}
			end := 1
			for end < len(v) && v[end].RepetitionLevel() > p.rep {
				end++
			}
			one[j], rest[j] = v[:end], v[end:]
		}
		if i == 0 && one[0][0].DefinitionLevel() < p.def {
			return nil // no repetition at all
		}
		if err := f(i, one); err != nil {
			return err
		}
	}
	return nil
}

// appendOne appends the node's value, apart from its own repetition.
func (p *parquetColumn) appendOne(dst []byte, values [][]parquet.Value) ([]byte, error) {
	for _, v := range values {
		if len(v) == 0 {
			return nil, errLevels
		}
	}
	switch {
	case p.optional && values[0][0].DefinitionLevel() < p.def:
		return append(dst, "null"...), nil
	case p.leaf != nil:
		return p.leaf(dst, values[0][0])
	case p.list:
		repeated := p.fields[0]
		element := repeated.appendOne
		// The group around an element is a level of its own only where a writer of the older
		// kinds did without it (Parquet's rules for backward compatibility).
		if len(repeated.fields) == 1 && repeated.name != "array" && repeated.name != p.name+"_tuple" {
			element = repeated.fields[0].appendJSON
		}
		return repeated.appendList(dst, values, element)
	case p.keyed:
		return p.fields[0].appendMap(dst, values)
	}
	return p.appendObject(dst, values)
}

func (p *parquetColumn) appendObject(dst []byte, values [][]parquet.Value) (_ []byte, err error) {
	dst = append(dst, '{')
	for i, f := range p.fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendText(dst, f.name), ':')
		if dst, err = f.appendJSON(dst, values[f.first-p.first:f.last-p.first]); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

// appendMap appends the entries of a repeated {key, value} as an object.
func (p *parquetColumn) appendMap(dst []byte, values [][]parquet.Value) ([]byte, error) {
	key, value := p.fields[0], p.fields[1]
	dst = append(dst, '{')
	err := p.each(values, func(i int, one [][]parquet.Value) error {
		if i > 0 {
			dst = append(dst, ',')
		}
		name, err := key.appendJSON(nil, one[:key.last-p.first])
		if err != nil {
			return err
		}
		if name[0] != '"' {
			name = appendText(nil, string(name))
		}
		dst = append(append(dst, name...), ':')
		dst, err = value.appendJSON(dst, one[value.first-p.first:])
		return err
	})
	return append(dst, '}'), err
}
