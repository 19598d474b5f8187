package catalog

import "strings"

// several is a list of low to high different texts from a list.
func several(words []string, low, high int) Kind { return listOf{words, low, high} }

type listOf struct {
	words     []string
	low, high int
}

func (l listOf) schema() string { return `"type":"array","items":{"type":"string"}` }

func (l listOf) draw(d *Dice, _ Form, slots *[]Slot) (string, string) {
	texts := Draw(d, l.words, d.Between(l.low, l.high))
	values := make([]string, len(texts))
	for i, t := range texts {
		values[i] = quote(t)
		*slots = append(*slots, Slot{[]byte(values[i]), t})
	}
	return "[" + strings.Join(values, ",") + "]", enumerate(texts)
}

// enumerate joins texts as prose does.
func enumerate(texts []string) string {
	if len(texts) < 2 {
		return strings.Join(texts, "")
	}
	return strings.Join(texts[:len(texts)-1], ", ") + " and " + texts[len(texts)-1]
}

// record is an object; ask says its fields, all of them required.
func record(ask string, fields ...Param) Kind { return recordOf{ask, fields} }

type recordOf struct {
	ask    string
	fields []Param
}

func (r recordOf) schema() string { return objectSchema(r.fields) }

func (r recordOf) draw(d *Dice, form Form, slots *[]Slot) (string, string) {
	members, text := make([]string, len(r.fields)), r.ask
	for i, f := range r.fields {
		value, said := f.Kind.draw(d, form, slots)
		members[i] = quote(f.Name) + ":" + value
		text = strings.ReplaceAll(text, "{"+f.Name+"}", said)
	}
	return "{" + strings.Join(members, ",") + "}", text
}

// records is a list of low to high objects.
func records(low, high int, ask string, fields ...Param) Kind {
	return recordList{recordOf{ask, fields}, low, high}
}

type recordList struct {
	of        recordOf
	low, high int
}

func (l recordList) schema() string { return `"type":"array","items":{` + l.of.schema() + `}` }

func (l recordList) draw(d *Dice, form Form, slots *[]Slot) (string, string) {
	n := d.Between(l.low, l.high)
	values, texts := make([]string, n), make([]string, n)
	for i := range n {
		values[i], texts[i] = l.of.draw(d, form, slots)
	}
	return "[" + strings.Join(values, ",") + "]", enumerate(texts)
}

// objectSchema returns the JSON Schema members of an object with these fields, in their order.
func objectSchema(fields []Param) string {
	var properties, required []string
	for _, f := range fields {
		members := f.Kind.schema()
		if f.Description != "" {
			members += `,"description":` + quote(f.Description)
		}
		properties = append(properties, quote(f.Name)+":{"+members+"}")
		if f.required() {
			required = append(required, quote(f.Name))
		}
	}
	return `"type":"object","properties":{` + strings.Join(properties, ",") + `},"required":[` + strings.Join(required, ",") + `]`
}
