package data_test

import (
	"fmt"

	"mulligan/data"
)

// A rollout of an engine that returns ids: the context of the reflection begins with all that came
// before it, so that both turns are one training sample, in which only the reflection has labels.
func ExampleRollout_Sequences() {
	turn := func(step string, train bool, prompt, ids []int32) data.Turn {
		tokens := &data.Tokens{Prompt: prompt, PromptSource: data.TokensEngine, IDs: ids, Source: data.TokensEngine, End: data.EndReturned}
		return data.Turn{Step: step, Sampled: true, Train: train, Draw: &data.Draw{Tokens: tokens}}
	}
	r := data.Rollout{Turns: []data.Turn{
		turn(data.StepAttempt, false, []int32{1, 2}, []int32{7, 9}),
		turn(data.StepReflection, true, []int32{1, 2, 7, 9, 3}, []int32{8, 9}),
		turn(data.StepRetry, false, []int32{1, 2, 3, 8, 9, 4}, []int32{6, 9}), // the template left the attempt out
	}}
	sequences, err := r.Sequences()
	if err != nil {
		panic(err)
	}
	for _, s := range sequences {
		fmt.Println(s.IDs, s.Segments, s.Labels())
		if s.Break != nil {
			fmt.Println(s.Break)
		}
	}
	// Output:
	// [1 2 7 9 3 8 9] [0 0 1 1 0 2 2] [-100 -100 -100 -100 -100 8 9]
	// [1 2 3 8 9 4 6 9] [0 0 0 0 0 0 3 3] [-100 -100 -100 -100 -100 -100 -100 -100]
	// ids_differ at position 2, in turn 0
}
