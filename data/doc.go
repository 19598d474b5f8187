// Package data holds the nouns of Mulligan, and nothing that does anything with them.
//
// # Glossary
//
//	prompt      one task: what is asked, and what a verifier needs to judge an answer
//	turn        one message of a rollout, and where it came from
//	draw        one sampling event: the model was asked once and answered once
//	completion  what one draw returned
//	rollout     one full play of a prompt: its turns and what they earned
//	group       rollouts that share one context, so that their rewards may be compared
//	arm         what a group of rollouts is for: first attempts, reflections, or the control
//	step        the place of a turn in a strategy: attempt, feedback, reflection, question, retry
//	verdict     what a verifier said of one completion
//	score       the number in a verdict
//	reward      the number that a rollout earned for the turns that train
//	advantage   a reward set against the other rewards of its group
//	policy      the model that was sampled, by name and revision
//	sequence    turns of a rollout whose contexts extend one another, as token ids: a training sample
//	loss mask   which tokens enter the loss
//
// # Three facts, three fields
//
// Who wrote a turn (Turn.Sampled), whether its tokens enter the loss (Turn.Train) and what the
// rollout earned (Rollout.Reward) are separate facts. In Reflect, Retry, Reward they differ: the
// model wrote attempt, reflection and retry; only the reflection trains; and what it earns is the
// verdict on the retry.
//
// # nil
//
// A number that is not known is nil, never zero: a rollout that was never scored has no Reward, a
// draw whose engine gave no count has no CompletionTokens. Zero is a measurement.
package data
