package main

import (
	"maps"
	"slices"
	"strings"

	"mulligan/data"
	"mulligan/data/source"
	"mulligan/export"
	"mulligan/reward"
	"mulligan/stages"
	"mulligan/stages/llm"
	"mulligan/stages/llm/ollama"
	"mulligan/stages/llm/openai"
)

// choice is one entry of the registry: what a plan can name, and how it is made.
type choice[T any] struct {
	about    string
	version  int        // of what it does; a new one judges again
	defaults func() any // a pointer to its options, with their defaults
	build    func(base string, options any) (T, error)
	resolve  func(base string, options any) error // before build, in place; nil: nothing to resolve
}

// of ties a constructor to its options. base is the folder that relative paths start from.
func of[T, O any](about string, version int, defaults O, build func(base string, o O) (T, error)) choice[T] {
	return choice[T]{about: about, version: version,
		defaults: func() any { o := defaults; return &o },
		build:    func(base string, o any) (T, error) { return build(base, *o.(*O)) },
	}
}

// reading adds to a choice that its options name files whose content counts.
func reading[T, O any](c choice[T], resolve func(base string, o *O) error) choice[T] {
	c.resolve = func(base string, o any) error { return resolve(base, o.(*O)) }
	return c
}

// verifier adapts a constructor that needs no folder and returns its own type.
func verifier[V reward.Verifier, O any](build func(O) (V, error)) func(string, O) (reward.Verifier, error) {
	return func(_ string, o O) (reward.Verifier, error) {
		v, err := build(o)
		if err != nil {
			return nil, err
		}
		return v, nil
	}
}

// markReplies puts the marker that TinyZero looks for before the replies of a run. The command
// verify does not: there the response is that code's whole solution_str.
func markReplies(_ string, o *reward.CountdownOptions) error {
	if o.Rules == reward.RulesTinyZero && o.Marker == "" {
		o.Marker = reward.TinyZeroMarker
	}
	return nil
}

// dialler makes the backend of one endpoint.
type dialler func(endpoint string) (llm.Model, error)

// The one list of everything that a plan can name.
var (
	strategies = map[string]choice[stages.Strategy]{
		"reflect_retry": reading(of("attempt, reflect on failures, retry; the reflection earns the retry's verdict", 1,
			stages.DefaultReflectRetry(), func(_ string, o stages.ReflectRetryOptions) (stages.Strategy, error) {
				return stages.NewReflectRetry(o)
			}),
			readTexts),
	}
	sources = map[string]choice[source.Source]{
		"jsonl":          of("JSON lines, with a mapping from fields", 1, source.JSONLOptions{}, source.NewJSONL),
		"parquet":        of("Parquet files, with a mapping from columns", 1, source.ParquetOptions{}, source.NewParquet),
		"arrow":          of("Arrow IPC files and streams, with a mapping from columns", 1, source.ArrowOptions{}, source.NewArrow),
		"xlam":           of("rows of xLAM function calling (query, tools, answers)", 1, source.XLAMOptions{}, source.NewXLAM),
		"failures":       of("failed attempts that an earlier run exported", 1, source.FailuresOptions{}, source.NewFailures),
		"countdown":      of("generated: combine numbers to reach a target", 1, source.CountdownOptions{Count: 1000}, source.NewCountdown),
		"function_calls": of("generated: answer a request with calls of the given tools", 1, source.FunctionCallsOptions{Count: 1000}, source.NewFunctionCalls),
	}
	verifiers = map[string]choice[reward.Verifier]{
		"countdown": reading(of("an arithmetic expression of the given numbers that makes the target", 1,
			reward.CountdownOptions{Rules: reward.RulesStrict}, verifier(reward.NewCountdown)), markReplies),
		"function_call": of("the expected calls, in any order, with equal arguments", 1, reward.FunctionCallOptions{Rules: "strict"}, verifier(reward.NewFunctionCall)),
		"bfcl":          of("Berkeley Function Calling Leaderboard's AST check", 1, reward.BFCLOptions{}, verifier(reward.NewBFCL)),
		"number":        of("the last number of the reply", 1, reward.NumberOptions{}, verifier(reward.NewNumber)),
		"exact":         of("the text itself", 1, reward.ExactOptions{}, verifier(reward.NewExact)),
		"command":       reading(of("an external program that speaks JSON lines", 1, reward.CommandOptions{}, verifier(reward.NewCommand)), locateCommand),
	}
	engines = map[string]func(engineSettings) dialler{
		"ollama": func(e engineSettings) dialler {
			o := ollama.Options{Timeout: e.Timeout, KeepAlive: e.KeepAlive, Conns: e.Concurrency, Logprobs: true,
				IDs: e.Tokens != "off", ScoreEnds: e.ScoreEnds, Vocabularies: ollama.NewVocabularies()}
			return func(endpoint string) (llm.Model, error) {
				o.Endpoint = endpoint
				return ollama.New(o)
			}
		},
		"openai": func(e engineSettings) dialler {
			o := openai.Options{Dialect: openai.Dialect(e.Dialect), Timeout: e.Timeout, Conns: e.Concurrency, Logprobs: true,
				LogprobsMode: data.LogprobsMode(e.LogprobsMode), TokenIn: e.TokenIn, APIKeyEnv: e.APIKeyEnv, HeadersEnv: e.HeadersEnv}
			return func(endpoint string) (llm.Model, error) {
				o.Endpoint = endpoint
				return openai.New(o)
			}
		},
	}
	formats = byName(export.Formats())
)

func names[V any](m map[string]V) string {
	return strings.Join(slices.Sorted(maps.Keys(m)), ", ")
}

func byName(list []export.Format) map[string]export.Format {
	m := map[string]export.Format{}
	for _, f := range list {
		m[f.Name] = f
	}
	m["rollouts"] = export.Sequences // by the name that trainers' documents have for it
	return m
}
