package openai

import (
	"context"
	"maps"
	"slices"
	"strings"

	"mulligan/data"
	"mulligan/stages/llm"
)

// dialect is what one kind of server does its own way. Values are stateless.
type dialect interface {
	name() Dialect
	// chat adds to a chat request what is not OpenAI's own: sampling, thinking, how to ask for ids.
	chat(body fields, req llm.Request, s shape) error
	// tokens reads the ids and log-probabilities of a chat reply into r, which has everything else.
	tokens(raw *chatReply, r *reply) error
	// mode says of which distribution the log-probabilities of a version of the server are; "": not known.
	mode(version string, s data.Sampling) data.LogprobsMode
	// inspect completes what the list of models told.
	inspect(ctx context.Context, b *Backend, card modelCard, info *llm.Info) error
	// echoes reports whether a reply that names its model as echoed may be one of asked.
	echoes(asked, echoed string) bool
}

// tokenDialect is one whose server takes ids in place of text.
type tokenDialect interface {
	dialect
	// rendersChat reports whether the ids of a chat request's context must be asked for before it,
	// because its reply does not hold them.
	rendersChat() bool
	// render returns the ids that the server makes of a conversation, whole.
	render(ctx context.Context, b *Backend, req llm.Request) ([]int32, error)
	// tokenize reads special tokens in the text as such, and adds none.
	tokenize(ctx context.Context, b *Backend, model, text string) ([]int32, error)
	// detokenize writes special tokens as text.
	detokenize(ctx context.Context, b *Backend, model string, ids []int32) (string, error)
	// complete returns the path and the body of a request whose context is ids.
	complete(ids []int32, req llm.Request, s shape) (path string, body fields, err error)
	readCompletion(raw []byte) (reply, error)
	// score returns the raw log-probabilities of ids[from:].
	score(ctx context.Context, b *Backend, model string, ids []int32, from int) ([]float32, error)
}

// filler is a dialect whose server leaves out log-probabilities that it can be asked for afterwards.
type filler interface {
	fill(ctx context.Context, b *Backend, model string, t *data.Tokens)
}

// versioned is a dialect whose log-probabilities depend on the server's version.
type versioned interface {
	version(ctx context.Context, b *Backend) (string, error)
}

// dialects are all that a plan can name beside auto.
var dialects = map[Dialect]dialect{VLLM: vllm{}, SGLang: sglang{}, LlamaCPP: llamaCPP{}, Generic: generic{}}

func dialectNames() string {
	var names []string
	for _, n := range slices.Sorted(maps.Keys(dialects)) {
		names = append(names, string(n))
	}
	return strings.Join(names, ", ")
}

// neutral reports whether sampling leaves the model's own distribution as it is.
func neutral(s data.Sampling) bool { return s.Temperature == 1 && uncut(s) }

// uncut reports whether no token is cut off and none is penalised.
func uncut(s data.Sampling) bool {
	return (s.TopP == 1 || s.TopP == 0) && s.TopK <= 0 && s.MinP == 0 && (s.RepeatPenalty == 1 || s.RepeatPenalty == 0)
}

// learnVersion asks for the server's version, once, where the log-probabilities of a draw depend on it.
// Inspect asks anew each time.
func (b *Backend) learnVersion(ctx context.Context, d dialect) error {
	v, ok := d.(versioned)
	if !ok || !b.opts.Logprobs || b.opts.LogprobsMode != "" || b.version.Load() != nil {
		return nil
	}
	version, err := v.version(ctx, b)
	if err == nil {
		b.version.Store(&version)
	}
	return err
}

// modeOf names the distribution of a draw's log-probabilities. Where sampling is neutral, raw and
// processed are the same, and called raw. Those in the form of old versions are of one.
func (b *Backend) modeOf(d dialect, s data.Sampling, dated bool) data.LogprobsMode {
	version := ""
	if v := b.version.Load(); v != nil && !dated {
		version = *v
	}
	mode := d.mode(version, s)
	if b.opts.LogprobsMode != "" {
		mode = b.opts.LogprobsMode
	}
	if mode == data.LogprobsProcessed && neutral(s) && s.Format == "" {
		return data.LogprobsRaw
	}
	return mode
}
