package catalog

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

var slotName = regexp.MustCompile(`\{(\w+)\}`)

// What Ask relies on, and what keeps questions unambiguous.
func TestTools(t *testing.T) {
	tools := Tools()
	if len(tools) < 40 {
		t.Errorf("%d tools, want 40 or more", len(tools))
	}
	seen, domains := map[string]bool{}, map[string]bool{}
	for _, tool := range tools {
		domains[tool.Domain] = true
		if seen[tool.Name] {
			t.Errorf("two tools %s", tool.Name)
		}
		seen[tool.Name] = true
		var required, optional []string
		for _, p := range tool.Params {
			if p.required() {
				required = append(required, p.Name)
				if optional != nil {
					t.Errorf("%s: %s is required, but stands after an optional one", tool.Name, p.Name)
				}
				continue
			}
			optional = append(optional, p.Name)
			if isFlag := p.Kind.schema() == flag().schema(); !isFlag && !slices.Equal(slotsOf(p.Clause), []string{p.Name}) {
				t.Errorf("%s: the clause %q does not say %s", tool.Name, p.Clause, p.Name)
			}
		}
		if len(tool.Asks) < 2 {
			t.Errorf("%s: %d phrasings, want several", tool.Name, len(tool.Asks))
		}
		for _, ask := range tool.Asks {
			got := slotsOf(ask)
			if want := slices.Sorted(slices.Values(required)); !slices.Equal(got, want) {
				t.Errorf("%s: %q has the slots %v, want %v", tool.Name, ask, got, want)
			}
			if end := ask[len(ask)-1]; end != '.' && end != '?' {
				t.Errorf("%s: %q ends with %q", tool.Name, ask, end)
			}
		}
		if tool.Easy && len(required) > 2 {
			t.Errorf("%s is easy, but needs %v", tool.Name, required)
		}
	}
	if len(domains) < 10 || len(EasyTools()) < 20 {
		t.Errorf("%d domains and %d easy tools, want 10 and 20 or more", len(domains), len(EasyTools()))
	}
}

func slotsOf(text string) (names []string) {
	for _, m := range slotName.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Every call fits its tool's schema, and everything in it can be read off the question.
func TestQuestionsHoldTheirCalls(t *testing.T) {
	for _, form := range []Form{Plain, Spoken} {
		for _, tool := range Tools() {
			schema := compileSchema(t, tool)
			for i := range uint64(200) {
				d := NewDice(int64(form), 0, i)
				a := tool.Ask(&d, form, 1, 2)
				var arguments any
				if err := json.Unmarshal(a.Call.Arguments, &arguments); err != nil {
					t.Fatalf("%s: %s: %v", tool.Name, a.Call.Arguments, err)
				}
				if err := schema.Validate(arguments); err != nil {
					t.Fatalf("%s: %s: %v", tool.Name, a.Call.Arguments, err)
				}
				if strings.ContainsAny(a.Query, "{}") || strings.Contains(a.Query, "  ") {
					t.Fatalf("%s: %q has an open slot", tool.Name, a.Query)
				}
				if leaves := countLeaves(arguments); leaves != len(a.Slots) {
					t.Fatalf("%s: %d slots for the %d values of %s", tool.Name, len(a.Slots), leaves, a.Call.Arguments)
				}
				for _, s := range a.Slots {
					if !strings.Contains(a.Query, s.Text) {
						t.Fatalf("%s: %q does not say %q", tool.Name, a.Query, s.Text)
					}
					if !saysValue(tool, s, form) {
						t.Fatalf("%s: %q says %q, which is no normal form of %s", tool.Name, a.Query, s.Text, s.Value)
					}
					if !strings.Contains(string(a.Call.Arguments), string(s.Value)) {
						t.Fatalf("%s: %s lacks %s", tool.Name, a.Call.Arguments, s.Value)
					}
				}
			}
		}
	}
}

// saysValue reports whether text is the value, or one of the normal forms in the package's comment.
func saysValue(tool Tool, s Slot, form Form) bool {
	value := string(s.Value)
	if text, err := json.Marshal(s.Text); err == nil && (value == string(text) || value == s.Text) {
		return true
	}
	if value == "true" && s.Text == "" { // a flag: its clause is in the question, see TestFlags
		return true
	}
	switch value {
	case "true":
		return slices.Contains([]string{"on", "closed", "billable"}, s.Text)
	case "false":
		return slices.Contains([]string{"off", "open", "unpaid"}, s.Text)
	}
	var word string
	if json.Unmarshal(s.Value, &word) != nil {
		return false
	}
	if schema := string(tool.Schema().Parameters); strings.Contains(schema, value) && s.Text == strings.ReplaceAll(word, "_", " ") {
		return true
	}
	if form == Plain {
		return false
	}
	if day, err := time.Parse("January 2, 2006", s.Text); err == nil {
		return word == day.Format("2006-01-02")
	}
	if hour, err := time.Parse("3:04 pm", s.Text); err == nil {
		return word == hour.Format("15:04")
	}
	i := slices.Index(currencyNames, s.Text)
	return i >= 0 && word == currencyCodes[i]
}

func countLeaves(v any) (n int) {
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			n += countLeaves(e)
		}
	case []any:
		for _, e := range v {
			n += countLeaves(e)
		}
	default:
		return 1
	}
	return n
}

func compileSchema(t *testing.T, tool Tool) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(tool.Schema().Parameters)))
	if err != nil {
		t.Fatalf("%s: %v", tool.Name, err)
	}
	doc.(map[string]any)["additionalProperties"] = false
	c := jsonschema.NewCompiler()
	if err := c.AddResource("tool.json", doc); err != nil {
		t.Fatalf("%s: %v", tool.Name, err)
	}
	schema, err := c.Compile("tool.json")
	if err != nil {
		t.Fatalf("%s: %v", tool.Name, err)
	}
	return schema
}

// An optional argument is in the call exactly if its clause is in the question.
func TestOptionalArguments(t *testing.T) {
	for _, tool := range Tools() {
		for _, given := range []int{0, 1} {
			d := NewDice(1, 0, 0)
			a := tool.Ask(&d, Plain, given, 1)
			var arguments map[string]any
			if err := json.Unmarshal(a.Call.Arguments, &arguments); err != nil {
				t.Fatal(err)
			}
			for _, p := range tool.Params {
				if _, ok := arguments[p.Name]; ok != (p.required() || given == 1) {
					t.Errorf("%s: %s given: %t", tool.Name, p.Name, ok)
				}
				if p.required() {
					continue
				}
				lead, _, _ := strings.Cut(p.Clause, "{")
				if said := strings.Contains(a.Query, " "+lead); lead != "" && said != (given == 1) && !strings.Contains(strings.Join(tool.Asks, " "), " "+lead) {
					t.Errorf("%s: %q says %q: %t", tool.Name, a.Query, lead, said)
				}
			}
		}
	}
}

// A text in a list of texts is never part of another: "rice" could be told from "licorice" by luck only.
func TestWordsApart(t *testing.T) {
	for name, list := range map[string][]string{
		"cities": cities, "countries": countries, "currencies": currencyNames, "symbols": symbols, "people": people, "emails": emails,
		"doctors": doctors, "medications": medications, "titles": eventTitles, "errands": errands, "songs": songs, "artists": artists,
		"genres": genres, "files": fileNames, "folders": folders, "rooms": rooms, "ingredients": ingredients, "toppings": toppings,
		"restaurants": restaurants, "streets": streets, "teams": teams, "words": words, "phrases": phrases, "languages": languages,
		"elements": elements, "repositories": repositories, "bugs": bugs, "labels": labels, "servers": servers, "tables": tables,
		"columns": columns, "cells": cellValues,
	} {
		for i, a := range list {
			if strings.ContainsAny(a, ",{}\"<>&") {
				t.Errorf("%s: %q holds a character with a meaning", name, a)
			}
			for j, b := range list {
				if i != j && strings.Contains(a, b) {
					t.Errorf("%s: %q holds %q", name, a, b)
				}
			}
		}
	}
	if len(currencyCodes) != len(currencyNames) {
		t.Error("currencies: codes and names differ in number")
	}
}

func TestJoin(t *testing.T) {
	got := Join([]Asked{{Query: "What is new?"}, {Query: "Play it."}, {Query: "I want more."}})
	if want := "What is new? Also, play it. And I want more."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The numbers of a seed never change: tasks and journals depend on them.
func TestDice(t *testing.T) {
	d := NewDice(1, 2, 3)
	var got []int
	for range 5 {
		got = append(got, d.N(1000))
	}
	if want := []int{71, 863, 357, 504, 601}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	streams := map[uint64]bool{}
	for seed := range int64(10) {
		for lane := range uint64(2) {
			for i := range uint64(1000) {
				d := NewDice(seed, lane, i)
				streams[d.Uint64()] = true
			}
		}
	}
	if len(streams) != 20_000 {
		t.Errorf("%d of 20000 streams start differently", len(streams))
	}
	counts := make([]int, 3)
	for range 30_000 {
		counts[d.N(3)]++
	}
	for _, n := range counts {
		if n < 9600 || n > 10_400 { // 5 standard deviations
			t.Errorf("counts %v, want about 10000 each", counts)
		}
	}
}
