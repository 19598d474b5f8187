package llm_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"mulligan/stages/llm"
)

type scores func() ([]float32, error)

func (s scores) Score(context.Context, string, []int32, int) ([]float32, error) { return s() }

// A scorer that fails for a while is asked again, and another one in between.
func TestRetryScores(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := [2]int{}
		s := llm.RetryScores([]llm.Scorer{
			scores(func() ([]float32, error) { asked[0]++; return nil, temporary(0) }),
			scores(func() ([]float32, error) { asked[1]++; return []float32{-1}, nil }),
		}, llm.RetryOptions{Tries: 3, Wait: time.Second, MaxWait: time.Second})
		for range 4 {
			if got, err := s.Score(t.Context(), "m", []int32{1, 2}, 1); err != nil || len(got) != 1 {
				t.Errorf("%v %v", got, err)
			}
		}
		if asked != [2]int{2, 4} {
			t.Errorf("asked %v times, want each in turn", asked)
		}
		refused := llm.RetryScores([]llm.Scorer{scores(func() ([]float32, error) {
			asked[0]++
			return nil, &llm.Error{Class: llm.Refused, Err: errors.New("no such id")}
		})}, llm.RetryOptions{Tries: 3})
		asked[0] = 0
		if _, err := refused.Score(t.Context(), "m", nil, 1); llm.ClassOf(err) != llm.Refused || asked[0] != 1 {
			t.Errorf("%v after %d tries", err, asked[0])
		}
	})
}
