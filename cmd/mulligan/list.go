package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/urfave/cli/v2"

	"mulligan/export"
)

func listCommand() *cli.Command {
	return &cli.Command{
		Name:  "list",
		Usage: "everything that a plan can name, with its options",
		Flags: []cli.Flag{&cli.BoolFlag{Name: "json", Usage: "print as JSON"}},
		Action: func(c *cli.Context) error {
			if err := noMore(c, 0); err != nil {
				return err
			}
			entries := append(listed("strategy", strategies), listed("source", sources)...)
			entries = append(entries, listed("verifier", verifiers)...)
			settings := defaultSettings()
			entries = append(entries, entry{Kind: "plan", Name: "settings", About: "what a plan sets besides",
				Options: optionsOf("", reflect.ValueOf(&settings).Elem())})
			for _, f := range export.Formats() {
				entries = append(entries, entry{Kind: "format", Name: f.Name, About: f.Title})
			}
			if c.Bool("json") {
				enc := json.NewEncoder(c.App.Writer)
				enc.SetIndent("", "  ")
				return enc.Encode(entries)
			}
			for _, e := range entries {
				printf(c, "%-9s %-16s %s\n", e.Kind, e.Name, e.About)
				for _, o := range e.Options {
					printf(c, "            %-28s %-14s %s\n", o.Name, o.Default, o.Help)
				}
			}
			return nil
		},
	}
}

type entry struct {
	Kind    string   `json:"kind"`
	Name    string   `json:"name"`
	About   string   `json:"about"`
	Options []option `json:"options,omitempty"`
}

type option struct {
	Name    string `json:"name"`
	Default string `json:"default"`
	Help    string `json:"help,omitempty"`
}

func listed[T any](kind string, from map[string]choice[T]) (es []entry) {
	for _, name := range slices.Sorted(maps.Keys(from)) {
		ch := from[name]
		es = append(es, entry{kind, name, ch.about, optionsOf("", reflect.ValueOf(ch.defaults()).Elem())})
	}
	return es
}

func optionsOf(path string, v reflect.Value) (list []option) {
	for _, f := range fieldsOf(v) {
		name := path + f.name
		if f.value.Kind() == reflect.Struct && len(fieldsOf(f.value)) > 0 {
			list = append(list, optionsOf(name+".", f.value)...)
			continue
		}
		list = append(list, option{name, shortDefault(f.value), f.help})
	}
	return list
}

func shortDefault(v reflect.Value) string {
	s := show(v)
	if r := []rune(s); len(r) > 14 {
		s = string(r[:13]) + "…"
	}
	return fmt.Sprint(s)
}
