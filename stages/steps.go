package stages

import (
	"context"

	"mulligan/data"
	"mulligan/stages/llm"
	"mulligan/stages/prompts"
)

// again draws a retry and judges it.
func (r *ReflectRetry) again(ctx context.Context, s *Session, t Transcript, path ...int) (llm.Completion, *data.Verdict, error) {
	c, err := s.Draw(ctx, t, data.StepRetry, path...)
	if err != nil {
		return c, nil, err
	}
	v, err := s.Judge(ctx, data.StepRetry, c.Message.Answer())
	return c, &v, err
}

// texts returns the request to reflect and the question, put again.
func (r *ReflectRetry) texts(p data.Prompt) (request, question string, err error) {
	failed, question, err := r.controlText(p)
	if err != nil {
		return "", "", err
	}
	reflect, err := r.reflect.Render(fields(p))
	return failed + "\n\n" + reflect, question, err
}

// controlText returns the words that both arms share: that the answer failed, and the question.
func (r *ReflectRetry) controlText(p data.Prompt) (failed, question string, err error) {
	if failed, err = r.failed.Render(fields(p)); err != nil {
		return "", "", err
	}
	question, err = r.retry.Render(fields(p))
	return failed, question, err
}

func fields(p data.Prompt) prompts.Fields {
	return prompts.Fields{Question: p.Messages[len(p.Messages)-1].Content}
}
