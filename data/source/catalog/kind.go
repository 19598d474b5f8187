package catalog

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Kind is the type of a parameter, and makes its values.
type Kind interface {
	// schema returns the JSON Schema members of the type, without braces.
	schema() string
	// draw returns a value as JSON, and how a question says it. It adds what it said to slots.
	draw(d *Dice, form Form, slots *[]Slot) (value, text string)
}

// Slot is one scalar argument as it stands in a question.
type Slot struct {
	Value json.RawMessage // as it stands in the call
	Text  string          // as it stands in the question
}

// scalar is a Kind whose values are said in one piece.
type scalar struct {
	members string
	make    func(d *Dice, form Form) (value any, text string)
}

func (s scalar) schema() string { return s.members }

func (s scalar) draw(d *Dice, form Form, slots *[]Slot) (string, string) {
	v, text := s.make(d, form)
	value := quote(v)
	*slots = append(*slots, Slot{json.RawMessage(value), text})
	return value, text
}

// quote writes a string, number or boolean as JSON.
func quote(v any) string {
	if n, ok := v.(json.Number); ok {
		return n.String()
	}
	b, err := json.Marshal(v)
	if err != nil { // not reached: the catalog's values are strings, integers and booleans
		return strconv.Quote(fmt.Sprint(v))
	}
	return string(b)
}

// oneOf is a text from a list.
func oneOf(words []string) Kind {
	return scalar{`"type":"string"`, func(d *Dice, _ Form) (any, string) {
		w := Pick(d, words)
		return w, w
	}}
}

// enum is a text from a list that the schema shows.
func enum(words ...string) Kind {
	list, _ := json.Marshal(words) // strings always marshal
	return scalar{`"type":"string","enum":` + string(list), func(d *Dice, _ Form) (any, string) {
		w := Pick(d, words)
		return w, strings.ReplaceAll(w, "_", " ")
	}}
}

// named is a code from a list; spoken, it is said by its name.
func named(codes, names []string) Kind {
	return scalar{`"type":"string"`, func(d *Dice, form Form) (any, string) {
		i := d.N(len(codes))
		if form == Spoken {
			return codes[i], names[i]
		}
		return codes[i], codes[i]
	}}
}

// integer is a number from low to high in steps.
func integer(low, high, step int) Kind {
	return scalar{`"type":"integer"`, func(d *Dice, _ Form) (any, string) {
		n := low + step*d.N((high-low)/step+1)
		return n, strconv.Itoa(n)
	}}
}

// number is a number from low to high with the given decimals at most.
func number(low, high, decimals int) Kind {
	scale := 1
	for range decimals {
		scale *= 10
	}
	return scalar{`"type":"number"`, func(d *Dice, _ Form) (any, string) {
		n := d.Between(low*scale, high*scale)
		text := fmt.Sprintf("%d.%0*d", n/scale, decimals, n%scale)
		text = strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
		return json.Number(text), text
	}}
}

// code is an identifier: each # of the pattern is a digit, each @ a capital letter.
func code(pattern string) Kind {
	return scalar{`"type":"string"`, func(d *Dice, _ Form) (any, string) {
		b := []byte(pattern)
		for i, c := range b {
			switch c {
			case '#':
				b[i] = byte('0' + d.N(10))
			case '@':
				b[i] = byte('A' + d.N(26))
			}
		}
		return string(b), string(b)
	}}
}

// date is a day of 2026 or 2027.
func date() Kind {
	return scalar{`"type":"string","format":"date"`, func(d *Dice, form Form) (any, string) {
		day := time.Date(2026, time.January, 1+d.N(730), 0, 0, 0, 0, time.UTC)
		iso := day.Format(time.DateOnly)
		if form == Spoken {
			return iso, day.Format("January 2, 2006")
		}
		return iso, iso
	}}
}

// clock is a time of the day.
func clock() Kind {
	return scalar{`"type":"string"`, func(d *Dice, form Form) (any, string) {
		t := time.Date(2026, 1, 1, d.Between(7, 21), 15*d.N(4), 0, 0, time.UTC)
		if form == Spoken {
			return t.Format("15:04"), t.Format("3:04 pm")
		}
		return t.Format("15:04"), t.Format("15:04")
	}}
}

// toggle is a boolean that is said by one of two words.
func toggle(yes, no string) Kind {
	return scalar{`"type":"boolean"`, func(d *Dice, _ Form) (any, string) {
		if d.Chance(1, 2) {
			return true, yes
		}
		return false, no
	}}
}

// flag is true: its clause is there, or the argument is not.
func flag() Kind {
	return scalar{`"type":"boolean"`, func(*Dice, Form) (any, string) { return true, "" }}
}
