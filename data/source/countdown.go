package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"mulligan/data"
	"mulligan/data/source/catalog"
)

// CountdownOptions are the options of the source countdown.
type CountdownOptions struct {
	Count     int    `yaml:"count" help:"how many tasks are made"`
	Seed      int64  `yaml:"seed,omitempty" help:"picks the tasks: the same seed, the same tasks"`
	Numbers   Range  `yaml:"numbers,omitempty" help:"how many numbers a task has, such as 4 or 3-4 (the default), 2 to 8"`
	NumberMax int    `yaml:"number_max,omitempty" help:"the largest number (default 99); the smallest is 1"`
	TargetMin int    `yaml:"target_min,omitempty" help:"the smallest target (default 10)"`
	TargetMax int    `yaml:"target_max,omitempty" help:"the largest target (default 100)"`
	Prompt    string `yaml:"prompt,omitempty" help:"plain (the task alone), base (a transcript for models without a chat template) or qwen-instruct (a system message and the task)"`
	Template  string `yaml:"template,omitempty" help:"replaces the question; {{.numbers}} and {{.target}} stand for the task"`
	System    string `yaml:"system,omitempty" help:"a system message put before the question; it may use the same names"`
}

// countdownVersion changes whenever the same options make other tasks.
const countdownVersion = 1

// The bounds of the search: draws of numbers for a target that few or no numbers reach, and targets
// that none reached.
const (
	maxDraws   = 5000
	maxTargets = 50
)

// countdown makes tasks.
type countdown struct {
	CountdownOptions
	template, system *columnTemplate // nil: not given
	wording          countdownWording
}

// NewCountdown makes tasks of the Countdown game: reach a target with some numbers, each used
// once, by + - * and /. Answer is {"numbers":[..],"target":n}; Source is mulligan/countdown.
//
// The distribution follows the data set that TinyZero trains on (Jiayi-Pan/Countdown-Tasks-3to4,
// columns nums and target, 3 or 4 numbers). Known of it are its columns and sizes; assumed are that
// sizes and targets are equally likely, that numbers go from 1 to 99 and targets from 10 to 100,
// and that numbers are drawn until some expression over them reaches the target. So it is here.
// Every task has a solution in which all numbers are used and every step gives a positive whole
// number (see Solve). Two of many tasks may be equal.
func NewCountdown(_ string, opts CountdownOptions) (Source, error) {
	c, err := newCountdown(opts)
	if err != nil {
		return nil, fmt.Errorf("source countdown: %w", err)
	}
	return &generator{count: c.Count, make: c.task, hash: c.hash}, nil
}

func newCountdown(opts CountdownOptions) (*countdown, error) {
	if opts.Numbers.IsZero() {
		opts.Numbers = Range{3, 4}
	}
	for _, d := range []struct {
		option *int
		value  int
	}{{&opts.NumberMax, 99}, {&opts.TargetMin, 10}, {&opts.TargetMax, 100}} {
		if *d.option == 0 {
			*d.option = d.value
		}
	}
	if opts.Prompt == "" {
		opts.Prompt = "plain"
	}
	wording, ok := countdownWordings[opts.Prompt]
	if !ok {
		return nil, fmt.Errorf("prompt %q: want plain, base or qwen-instruct", opts.Prompt)
	}
	if err := errors.Join(checkCount(opts.Count), opts.Numbers.within("numbers", 2, maxNumbers)); err != nil {
		return nil, err
	}
	switch {
	case opts.NumberMax < 1 || opts.NumberMax > 10_000:
		return nil, fmt.Errorf("number_max %d: want 1 to 10000", opts.NumberMax)
	case opts.TargetMin < 1 || opts.TargetMin > opts.TargetMax || opts.TargetMax > 1_000_000:
		return nil, fmt.Errorf("target_min %d, target_max %d: want a range within 1 to 1000000", opts.TargetMin, opts.TargetMax)
	}
	c := &countdown{CountdownOptions: opts, wording: wording}
	var err error
	if opts.Template != "" {
		if c.template, err = newColumnTemplate("template", opts.Template); err != nil {
			return nil, err
		}
	}
	if opts.System != "" {
		c.system, err = newColumnTemplate("system", opts.System)
	}
	return c, err
}

func (c *countdown) hash(h *data.Hasher) {
	h.String("countdown")
	h.Int(countdownVersion)
	h.Int(int(c.Seed))
	c.Numbers.hash(h)
	for _, n := range []int{c.NumberMax, c.TargetMin, c.TargetMax} {
		h.Int(n)
	}
	for _, s := range []string{c.Prompt, c.Template, c.System} {
		h.String(s)
	}
}

func (c *countdown) task(i int) (data.Prompt, error) {
	dice := catalog.NewDice(c.Seed, laneTasks, uint64(i))
	numbers, target, err := c.draw(&dice)
	if err != nil {
		return data.Prompt{}, err
	}
	texts := make([]string, len(numbers))
	for i, n := range numbers {
		texts[i] = strconv.Itoa(n)
	}
	p := data.Prompt{Source: "mulligan/countdown"}
	p.Answer = json.RawMessage(`{"numbers":[` + strings.Join(texts, ",") + `],"target":` + strconv.Itoa(target) + `}`)
	system, question := c.wording("["+strings.Join(texts, ", ")+"]", strconv.Itoa(target))
	if c.template != nil || c.system != nil {
		r := row{}
		if err := json.Unmarshal(p.Answer, &r.fields); err != nil {
			return p, err
		}
		for _, t := range []struct {
			*columnTemplate
			text *string
		}{{c.template, &question}, {c.system, &system}} {
			if t.columnTemplate == nil {
				continue
			}
			if *t.text, err = t.render(r); err != nil {
				return p, err
			}
		}
	}
	if system != "" {
		p.Messages = append(p.Messages, data.Message{Role: data.RoleSystem, Content: system})
	}
	p.Messages = append(p.Messages, data.Message{Role: data.RoleUser, Content: question})
	return p, nil
}

// draw returns the numbers and the target of a task. A target that no numbers reach is drawn again.
func (c *countdown) draw(dice *catalog.Dice) ([]int, int, error) {
	numbers := make([]int, dice.Between(c.Numbers.Min, c.Numbers.Max))
	for range maxTargets {
		target := dice.Between(c.TargetMin, c.TargetMax)
		for range maxDraws {
			for i := range numbers {
				numbers[i] = dice.Between(1, c.NumberMax)
			}
			if solvable(numbers, target) {
				return numbers, target, nil
			}
		}
	}
	return nil, 0, fmt.Errorf("no %d numbers up to %d found that make a target of %d to %d: want larger or more numbers, or smaller targets",
		len(numbers), c.NumberMax, c.TargetMin, c.TargetMax)
}
