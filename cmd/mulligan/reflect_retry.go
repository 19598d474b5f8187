package main

import (
	"fmt"
	"os"
	"path/filepath"

	"mulligan/stages"
)

// readTexts replaces the paths of prompt files by the texts in them, so that the resolved plan holds
// what the model is told.
func readTexts(base string, o *stages.ReflectRetryOptions) error {
	t := &o.Prompts
	built := stages.DefaultReflectRetry().Prompts
	for _, f := range []struct {
		key         string
		text, built *string
	}{{"failed", &t.Failed, &built.Failed}, {"reflect", &t.Reflect, &built.Reflect}, {"retry", &t.Retry, &built.Retry}} {
		if *f.text == *f.built {
			continue
		}
		b, err := os.ReadFile(filepath.Join(base, *f.text))
		if filepath.IsAbs(*f.text) {
			b, err = os.ReadFile(*f.text)
		}
		if err != nil {
			return fmt.Errorf("prompts.%s: want the path of a text file: %w", f.key, err)
		}
		*f.text = string(b)
	}
	return nil
}
