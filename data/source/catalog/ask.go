package catalog

import (
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"

	"mulligan/data"
)

// Asked is one question and the call that answers it.
type Asked struct {
	Query string
	Call  data.ToolCall
	Slots []Slot // every scalar of the call's arguments
}

// Schema returns the tool as a model is shown it.
func (t Tool) Schema() data.Tool {
	return data.Tool{Name: t.Name, Description: t.Description, Parameters: json.RawMessage("{" + objectSchema(t.Params) + "}")}
}

// Ask draws a question. Each optional argument is given in num of den cases.
func (t Tool) Ask(d *Dice, form Form, num, den int) Asked {
	query := Pick(d, t.Asks)
	var a Asked
	var members, clauses []string
	said := map[string]bool{}
	for _, p := range t.Params {
		if !p.required() && !d.Chance(num, den) {
			continue
		}
		value, text, slots := p.drawNew(d, form, said)
		members = append(members, quote(p.Name)+":"+value)
		a.Slots = append(a.Slots, slots...)
		slot := "{" + p.Name + "}"
		query = strings.ReplaceAll(query, slot, text)
		if !p.required() {
			clauses = append(clauses, " "+strings.ReplaceAll(p.Clause, slot, text))
		}
	}
	end := len(query) - 1 // asks end with a full stop or a question mark
	a.Query = query[:end] + strings.Join(clauses, "") + query[end:]
	a.Call = data.ToolCall{Name: t.Name, Arguments: json.RawMessage("{" + strings.Join(members, ",") + "}")}
	return a
}

// drawNew draws until the text is none of those said: from one city to the same city is no route.
func (p Param) drawNew(d *Dice, form Form, said map[string]bool) (value, text string, slots []Slot) {
	for range 100 {
		slots = nil
		value, text = p.Kind.draw(d, form, &slots)
		if text == "" || !said[text] {
			break
		}
	}
	said[text] = true
	return value, text, slots
}

// Join makes one question of several.
func Join(asked []Asked) string {
	var b strings.Builder
	for i, a := range asked {
		switch {
		case i == 0:
			b.WriteString(a.Query)
			continue
		case i%2 == 1:
			b.WriteString(" Also, ")
		default:
			b.WriteString(" And ")
		}
		if strings.HasPrefix(a.Query, "I ") {
			b.WriteString(a.Query)
			continue
		}
		first, size := utf8.DecodeRuneInString(a.Query)
		b.WriteRune(unicode.ToLower(first))
		b.WriteString(a.Query[size:])
	}
	return b.String()
}
