package export

import (
	"encoding/json"
	"errors"
	"fmt"

	"mulligan/data"
)

// KTORow is a row of the format kto: one turn that trains, as TRL's KTOTrainer reads it (columns
// prompt, completion, label; trl/trainer/kto_trainer.py at f2cd577; other columns are left alone,
// except that tools is shown to the chat template).
type KTORow struct {
	Prompt     []Message `parquet:"prompt,list" json:"prompt"`         // up to and including the request to reflect
	Completion []Message `parquet:"completion,list" json:"completion"` // the reflection alone
	Label      bool      `parquet:"label" json:"label"`                // the retry passed
	Tools      *string   `parquet:"tools,dict" json:"tools"`           // JSON array of {type: function, function: {...}}
	Thinking   *string   `parquet:"thinking" json:"thinking"`          // what the engine kept apart from the completion
	EpisodeID  string    `parquet:"episode_id" json:"episode_id"`      // row of the format episodes
	GroupID    string    `parquet:"group_id,dict" json:"group_id"`     // reflections on one failed attempt
	Reward     float64   `parquet:"reward" json:"reward"`
}

// ktoRows returns one row for each turn that trains.
func ktoRows(v *view) ([]KTORow, error) {
	var rows []KTORow
	for i, r := range v.Rollouts {
		for k, t := range r.Turns {
			if !t.Train {
				continue
			}
			row, err := v.kto(i, k)
			if err != nil {
				return nil, fmt.Errorf("rollout %d: turn %d (%s): %w", i, k, t.Step, err)
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}

func (v *view) kto(rollout, turn int) (KTORow, error) {
	r := v.Rollouts[rollout]
	retry := r.Last(data.StepRetry)
	if retry == nil || retry.Verdict == nil {
		return KTORow{}, errors.New("it trains, but no retry was judged")
	}
	row := KTORow{
		Label:     retry.Verdict.Pass,
		Thinking:  known(r.Turns[turn].Thinking),
		EpisodeID: v.episodes[rollout],
		GroupID:   v.id,
		Reward:    *r.Reward,
	}
	for _, t := range r.Turns[:turn+1] {
		m, err := v.task.template(t.Message)
		if err != nil {
			return KTORow{}, err
		}
		row.Prompt = append(row.Prompt, m)
	}
	row.Prompt, row.Completion = row.Prompt[:turn:turn], row.Prompt[turn:]
	var err error
	row.Tools, err = openAITools(v.task.prompt.Tools)
	return row, err
}

// template returns a message as every chat template takes it. Calls that the engine parsed have no
// place there: how they look as text differs from model to model.
func (t *task) template(m data.Message) (Message, error) {
	if len(m.ToolCalls) == 0 {
		return Message{m.Role, m.Content}, nil
	}
	if !t.opts.ToolText {
		return Message{}, errors.New("a message holds tool calls that the engine parsed, which role and content cannot carry: leave out kto, or set tool_text to write them as JSON text")
	}
	return Message{m.Role, m.Answer()}, nil
}

// openAITools returns tools in the shape that chat templates expect, or nil for none.
func openAITools(tools []data.Tool) (*string, error) {
	if len(tools) == 0 {
		return nil, nil
	}
	type function struct {
		Name        string          `json:"name"`
		Description string          `json:"description"`
		Parameters  json.RawMessage `json:"parameters,omitempty"`
	}
	type tool struct {
		Type     string   `json:"type"`
		Function function `json:"function"`
	}
	list := make([]tool, len(tools))
	for i, t := range tools {
		list[i] = tool{"function", function{t.Name, t.Description, t.Parameters}}
	}
	return encode(list)
}

func (k *KTORow) check() error {
	switch {
	case len(k.Prompt) == 0:
		return columnErrorf("prompt", "no messages")
	case len(k.Completion) != 1 || k.Completion[0].Role != data.RoleAssistant:
		return columnErrorf("completion", "want one message of the assistant")
	}
	return finite("reward", &k.Reward)
}

// ktoChecker checks the rows of the format kto.
type ktoChecker struct{ rows int64 }

func (c *ktoChecker) row(k *KTORow) error {
	c.rows++
	return k.check()
}

func (c *ktoChecker) end(_ ManifestFormat, n Counts) error {
	if c.rows != n.Trained {
		return fmt.Errorf("%d rows, but %d turns that train", c.rows, n.Trained)
	}
	return nil
}
