package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// field is one setting of an options struct.
type field struct {
	name  string // in a plan
	help  string
	label bool // changes what is made of recorded draws, not which are made
	rest  bool // changes neither
	value reflect.Value
}

// fieldsOf lists the settings of a struct, by their yaml tags; embedded structs count as their fields.
func fieldsOf(v reflect.Value) []field {
	var fs []field
	t := v.Type()
	for i := range t.NumField() {
		sf := t.Field(i)
		tag, tagged := sf.Tag.Lookup("yaml")
		name, opts, _ := strings.Cut(tag, ",")
		switch {
		case !sf.IsExported() || name == "-":
		case strings.Contains(opts, "inline") || (sf.Anonymous && !tagged):
			fs = append(fs, fieldsOf(v.Field(i))...)
		case name != "":
			_, label := sf.Tag.Lookup("label")
			_, rest := sf.Tag.Lookup("rest")
			fs = append(fs, field{name, sf.Tag.Get("help"), label, rest, v.Field(i)})
		}
	}
	return fs
}

// settings flattens a struct into dotted names and the JSON of their values. What is tagged label or
// rest goes to the maps of these names, all else to all.
func settings(path string, options any, all, labels, rest map[string]string) {
	v := reflect.Indirect(reflect.ValueOf(options))
	if v.Kind() != reflect.Struct {
		return
	}
	for _, f := range fieldsOf(v) {
		name, to := path+"."+f.name, all
		switch {
		case f.label:
			to = labels
		case f.rest:
			to = rest
		}
		if f.value.Kind() == reflect.Struct && !readsYAML(f.value) {
			settings(name, f.value.Interface(), to, labels, rest)
			continue
		}
		to[name] = show(f.value)
	}
}

// show writes a value as a plan would.
func show(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case time.Duration:
		return x.String()
	case fmt.Stringer:
		return x.String()
	}
	b, err := json.Marshal(v.Interface())
	if err != nil {
		return fmt.Sprint(v.Interface())
	}
	return string(b)
}
