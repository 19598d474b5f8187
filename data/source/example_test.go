package source_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"mulligan/data"
	"mulligan/data/source"
)

// A generator needs no files; Write prints a task as the source jsonl reads it.
func ExampleNewCountdown() {
	tasks, err := source.NewCountdown("", source.CountdownOptions{Count: 2, Seed: 1, Template: "Make {{.target}} of {{.numbers}}."})
	if err != nil {
		log.Fatal(err)
	}
	for p, err := range tasks.Prompts(context.Background()) {
		if err != nil {
			log.Fatal(err)
		}
		if err := source.Write(os.Stdout, p); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// {"source":"mulligan/countdown","messages":[{"role":"user","content":"Make 46 of [31, 44, 45, 62]."}],"answer":{"numbers":[31,44,45,62],"target":46}}
	// {"source":"mulligan/countdown","messages":[{"role":"user","content":"Make 33 of [57, 6, 3, 23]."}],"answer":{"numbers":[57,6,3,23],"target":33}}
}

// Solved examples go between a system message and the question.
func ExampleWithExamples() {
	tasks, err := source.NewCountdown("", source.CountdownOptions{Count: 1, Seed: 1, System: "Answer in tags.", Template: "Make {{.target}} of {{.numbers}}."})
	if err != nil {
		log.Fatal(err)
	}
	tasks = source.WithExamples(tasks, []data.Message{
		{Role: data.RoleUser, Content: "Make 6 of [2, 3]."},
		{Role: data.RoleAssistant, Content: "<answer>2 * 3</answer>"},
	})
	for p, err := range tasks.Prompts(context.Background()) {
		if err != nil {
			log.Fatal(err)
		}
		for _, m := range p.Messages {
			fmt.Printf("%-9s %s\n", m.Role, m.Content)
		}
	}
	// Output:
	// system    Answer in tags.
	// user      Make 6 of [2, 3].
	// assistant <answer>2 * 3</answer>
	// user      Make 46 of [31, 44, 45, 62].
}
