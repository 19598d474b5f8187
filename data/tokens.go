package data

import "math"

// TokenSource says where token ids come from.
type TokenSource string

const (
	TokensEngine      TokenSource = "engine"      // the engine returned them
	TokensAligned     TokenSource = "aligned"     // recovered one by one from the engine's pieces: the only ids that fit
	TokensRetokenized TokenSource = "retokenized" // made from the text: may differ from what was sampled
	TokensRendered    TokenSource = "rendered"    // contexts only: the engine's exact rendered text, tokenised as the engine does; as many as it counted
	TokensNone        TokenSource = "none"
)

// Exact reports whether ids of this source are those that the engine worked with.
func (s TokenSource) Exact() bool {
	return s == TokensEngine || s == TokensAligned || s == TokensRendered
}

// EndToken says what is known of the token that ended a turn.
type EndToken string

const (
	EndReturned EndToken = "returned" // the last of IDs, as the engine returned it
	EndInferred EndToken = "inferred" // the last of IDs: the engine counted it and did not return it, and only one token can end a turn of this model
	EndScored   EndToken = "scored"   // the last of IDs: counted and not returned; a second request, which scored what can end a turn, left no other (20 to 1 at the worst), and gave its log-probability
	EndMissing  EndToken = "missing"  // sampled, but which one it was, or whether it was a stop string, is not known: not in IDs
	EndNone     EndToken = "none"     // the turn was cut by length or by a stop string
)

// LogprobsMode says of which distribution log-probabilities are.
type LogprobsMode string

const (
	LogprobsRaw       LogprobsMode = "raw"             // the model's own: temperature 1, nothing cut off, no penalties
	LogprobsProcessed LogprobsMode = "processed"       // the one that was sampled from: after temperature, cuts and penalties
	LogprobsUnknown   LogprobsMode = "sampled_unknown" // the engine gave log-probabilities and does not say of what
	LogprobsNone      LogprobsMode = "none"            // the engine gave none
)

// Tokens are the ids of one draw.
type Tokens struct {
	Prompt       []int32     // len P: the rendered context; nil: not known
	PromptSource TokenSource // of Prompt: engine, rendered, retokenized or none
	IDs          []int32     // len N: as sampled, the end token included where End says so
	Logprobs     []float32   // len N, natural log; NaN: the engine gave none for this token; nil: none at all
	Source       TokenSource // of IDs
	End          EndToken
	Vocabulary   string // digest of the tokenizer that ids were made with here; "" where the engine returned them all
	FilledBy     string // the model and server that scored what the engine gave no log-probability for; "": nothing was filled in
}

// Exact reports whether both context and completion are the ids that the engine worked with.
func (t *Tokens) Exact() bool {
	return t != nil && t.Prompt != nil && t.PromptSource.Exact() && t.Source.Exact()
}

// Complete reports whether every id has a log-probability.
func (t *Tokens) Complete() bool {
	if t == nil || t.Logprobs == nil || len(t.Logprobs) != len(t.IDs) {
		return false
	}
	for _, l := range t.Logprobs {
		if math.IsNaN(float64(l)) {
			return false
		}
	}
	return true
}

// Unknown is the log-probability of a token that an engine gave none for.
func Unknown() float32 { return float32(math.NaN()) }
