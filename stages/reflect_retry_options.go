package stages

import (
	"fmt"

	"mulligan/data"
	"mulligan/reward"
	"mulligan/stages/prompts"
)

// MaxAttempts is the paper's bound on first attempts at one prompt.
const MaxAttempts = 64

// ReflectRetryOptions are the options of reflect_retry in a plan. Those tagged label change what is
// made of recorded draws, and not which draws are made: a run goes on when they change.
type ReflectRetryOptions struct {
	Attempts              int      `yaml:"attempts" help:"first attempts a prompt, at most; 1 to 64"`
	FailuresPerPrompt     int      `yaml:"failures_per_prompt" help:"distinct failures to reflect on; attempts stop when they are found"`
	Reflections           int      `yaml:"reflections" help:"reflections for each failure, one retry each"`
	Control               int      `yaml:"control" help:"retries for each failure without a reflection; 0: no control arm"`
	MinPassRate           *float64 `yaml:"min_pass_rate" help:"leave out prompts whose attempts passed more rarely"`
	MaxPassRate           *float64 `yaml:"max_pass_rate" help:"leave out prompts whose attempts passed more often"`
	KeepTruncatedAttempts bool     `yaml:"keep_truncated_attempts" help:"reflect on attempts that were cut by length, too"`
	TrainTruncated        bool     `yaml:"train_truncated_reflections" label:"true" help:"train on reflections that were cut by length, too"`
	Advantage             string   `yaml:"advantage" label:"true" help:"population, sample_trl, sample_verl, mean_only or none"`
	Reward                string   `yaml:"reward" label:"true" help:"binary: 1 for a retry that passes, else 0; shaped: the verifier's score"`
	Leaks                 string   `yaml:"leaks" label:"true" help:"keep: mark reflections that contain a right answer; exclude: do not train on them"`
	Prompts               Texts    `yaml:"prompts" help:"files that replace the built-in prompt texts"`
}

// Texts are the prompt templates of a strategy: in a plan, paths of files; in a resolved plan, the
// texts themselves.
type Texts struct {
	Failed  string `yaml:"failed" help:"tells that the answer failed"`
	Reflect string `yaml:"reflect" help:"asks for the reflection"`
	Retry   string `yaml:"retry" help:"puts the question again"`
}

// DefaultReflectRetry are the options that a plan starts from.
func DefaultReflectRetry() ReflectRetryOptions {
	return ReflectRetryOptions{
		Attempts: 4, FailuresPerPrompt: 1, Reflections: 8,
		Advantage: "population", Reward: "binary", Leaks: "keep",
		Prompts: Texts{prompts.Default("failed"), prompts.Default("reflect"), prompts.Default("retry")},
	}
}

// NewReflectRetry checks the options. Prompts hold the texts themselves.
func NewReflectRetry(o ReflectRetryOptions) (*ReflectRetry, error) {
	switch {
	case o.Attempts < 1 || o.Attempts > MaxAttempts:
		return nil, fmt.Errorf("attempts: %d: want 1 to %d", o.Attempts, MaxAttempts)
	case o.FailuresPerPrompt < 1 || o.FailuresPerPrompt > o.Attempts:
		return nil, fmt.Errorf("failures_per_prompt: %d: want 1 to attempts (%d)", o.FailuresPerPrompt, o.Attempts)
	case o.Reflections < 1 || o.Reflections > 1024:
		return nil, fmt.Errorf("reflections: %d: want 1 to 1024", o.Reflections)
	case o.Control < 0 || o.Control > 1024:
		return nil, fmt.Errorf("control: %d: want 0 to 1024", o.Control)
	}
	for name, rate := range map[string]*float64{"min_pass_rate": o.MinPassRate, "max_pass_rate": o.MaxPassRate} {
		if rate != nil && !(*rate >= 0 && *rate <= 1) {
			return nil, fmt.Errorf("%s: %g: want 0 to 1", name, *rate)
		}
	}
	if o.MinPassRate != nil && o.MaxPassRate != nil && *o.MinPassRate > *o.MaxPassRate {
		return nil, fmt.Errorf("min_pass_rate: %g: above max_pass_rate (%g)", *o.MinPassRate, *o.MaxPassRate)
	}
	if o.Reward != "binary" && o.Reward != "shaped" {
		return nil, fmt.Errorf("reward: %q: want binary or shaped", o.Reward)
	}
	if o.Leaks != "keep" && o.Leaks != "exclude" {
		return nil, fmt.Errorf("leaks: %q: want keep or exclude", o.Leaks)
	}
	if _, _, err := reward.Advantages(o.Advantage, []float64{0, 1}); err != nil {
		return nil, fmt.Errorf("advantage: %w", err)
	}
	r := &ReflectRetry{opts: o}
	var err error
	if r.failed, err = prompts.Parse("failed", o.Prompts.Failed); err != nil {
		return nil, err
	}
	if r.reflect, err = prompts.Parse("reflect", o.Prompts.Reflect); err != nil {
		return nil, err
	}
	r.retry, err = prompts.Parse("retry", o.Prompts.Retry)
	return r, err
}

// filter says why a prompt of this pass rate is left out, or "".
func (o ReflectRetryOptions) filter(draws, passes int) string {
	if draws == 0 {
		return ""
	}
	rate := float64(passes) / float64(draws)
	switch {
	case o.MinPassRate != nil && rate < *o.MinPassRate:
		return fmt.Sprintf("pass rate %d/%d below min_pass_rate %g", passes, draws, *o.MinPassRate)
	case o.MaxPassRate != nil && rate > *o.MaxPassRate:
		return fmt.Sprintf("pass rate %d/%d above max_pass_rate %g", passes, draws, *o.MaxPassRate)
	}
	return ""
}

// earned is the reward that a verdict on the retry gives the reflection.
func (o ReflectRetryOptions) earned(v data.Verdict) float64 {
	switch {
	case o.Reward == "shaped":
		return v.Score
	case v.Pass:
		return 1
	}
	return 0
}

// excluded says why a reflection does not train, or "".
func (o ReflectRetryOptions) excluded(d data.Draw, leak *bool) string {
	switch {
	case d.Truncated() && !o.TrainTruncated:
		return "truncated"
	case o.Leaks != "exclude":
		return ""
	case leak == nil:
		return "leak undecided"
	case *leak:
		return "leak"
	}
	return ""
}
