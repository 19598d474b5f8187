// Package catalog holds functions that people ask assistants to call, and ways to ask for them.
//
// A Tool has typed parameters and phrasings with slots. Asking for it fills the slots with drawn
// values, so the question holds everything that the one right call needs:
//
//	tool      convert_currency(amount, from, to)
//	phrasing  How much is {amount} {from} in {to}?
//	question  How much is 250 EUR in JPY?
//	call      {"amount":250,"from":"EUR","to":"JPY"}
//
// Each argument stands in the question as it stands in the call, but for these normal forms, which
// the function's description or enum tells:
//
//	enum        spaces for underscores          first class       first_class
//	date        (hard) the month by its name    March 4, 2026     2026-03-04
//	time        (hard) twelve hours             2:30 pm           14:30
//	currency    (hard) by its name              euros             EUR
//	switch      one of two words                on, off           true, false
//	flag        a clause that is there          with gift wrap    true
//
// An optional argument is in the call exactly if its clause is in the question.
package catalog

// Tool is a function, and how people ask for it.
type Tool struct {
	Name        string
	Domain      string // of the tool's file: weather, calendar, ...
	Description string
	Params      []Param
	Asks        []string // each has a slot {name} for every required parameter
	Easy        bool     // its first two parameters hold the required ones, and are flat and short
}

// Param is an argument of a Tool, or a field of an object.
type Param struct {
	Name        string
	Description string
	Kind        Kind
	Clause      string // "": required; else what a question says if the argument is given
}

func (p Param) required() bool { return p.Clause == "" }

// Form says how values stand in a question.
type Form int

// The forms, from easy to hard.
const (
	Plain  Form = iota // as they stand in the call
	Spoken             // as people say them: see the package's normal forms
)

// Tools returns all tools, always in the same order. The slice is the caller's.
func Tools() []Tool {
	var all []Tool
	for _, d := range []struct {
		domain string
		tools  []Tool
	}{
		{"weather", weather()}, {"calendar", calendar()}, {"finance", finance()}, {"shopping", shopping()},
		{"travel", travel()}, {"media", media()}, {"files", files()}, {"health", health()}, {"home", home()},
		{"messages", messages()}, {"food", food()}, {"facts", facts()}, {"work", work()},
	} {
		for _, t := range d.tools {
			t.Domain = d.domain
			all = append(all, t)
		}
	}
	return all
}

// EasyTools returns the easy ones, with their first two parameters only.
func EasyTools() []Tool {
	var easy []Tool
	for _, t := range Tools() {
		if t.Easy {
			t.Params = t.Params[:min(2, len(t.Params))]
			easy = append(easy, t)
		}
	}
	return easy
}
