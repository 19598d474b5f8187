package main

import (
	"errors"

	"github.com/goccy/go-yaml"
)

// yamlError is a syntax error with its line.
func yamlError(file string, err error) error {
	if e, ok := errors.AsType[yaml.Error](err); ok {
		line := 0
		if t := e.GetToken(); t != nil {
			line = t.Position.Line
		}
		return &planError{file, line, plainError(err)}
	}
	return &planError{file, 0, err.Error()}
}
