package ollama

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ollama/ollama/api"

	"mulligan/data/tokenizer"
)

// Vocabularies keeps the tokenizers of models, so that endpoints that serve the same one, by its digest,
// read it once. It is safe for concurrent use, and asks nobody anything.
type Vocabularies struct {
	mu    sync.Mutex
	known map[string]vocabulary // by model and digest
}

type vocabulary struct {
	spoken
	err error // why the vocabulary cannot be used
}

// NewVocabularies makes an empty store.
func NewVocabularies() *Vocabularies { return &Vocabularies{known: map[string]vocabulary{}} }

func (v *Vocabularies) get(key string) (vocabulary, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	found, ok := v.known[key]
	return found, ok
}

func (v *Vocabularies) put(key string, found vocabulary) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.known[key] = found
}

// spoken is what has to be known of a model to tell the ids of what it says.
type spoken struct {
	*tokenizer.Tokenizer
	aligner *tokenizer.Aligner
	stops   []string // stop strings of the model's own parameters
}

// Tokenizer returns the tokenizer that the server's vocabulary of a model describes. It asks once; an
// error of the way to the server is not kept.
func (b *Backend) Tokenizer(ctx context.Context, model string) (*tokenizer.Tokenizer, error) {
	v, err := b.spoken(ctx, model)
	return v.Tokenizer, err
}

// spoken returns the vocabulary of the model that Inspect last saw behind its name, and asks once for it.
// Draws that wait for the answer wait for their own context's end, too.
func (b *Backend) spoken(ctx context.Context, model string) (spoken, error) {
	b.mu.Lock()
	revision, seen := b.revisions[model]
	b.mu.Unlock()
	if !seen {
		r, err := b.revision(ctx, model)
		if err != nil {
			return spoken{}, err
		}
		revision = r
		b.see(model, r)
	}
	key := model + "\x00" + revision
	if v, ok := b.opts.Vocabularies.get(key); ok {
		return v.spoken, v.err
	}
	done := b.asking.DoChan(key, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), vocabularyWithin)
		defer cancel()
		show, err := b.client.Show(ctx, &api.ShowRequest{Model: model, Verbose: true})
		if err != nil {
			return nil, b.unreachable(ctx, err)
		}
		var v vocabulary
		if v.spoken, v.err = understand(show); v.err != nil {
			v.err = fmt.Errorf("vocabulary of %s: %w", model, v.err)
		}
		b.opts.Vocabularies.put(key, v)
		return v, nil
	})
	select {
	case r := <-done:
		if r.Err != nil {
			return spoken{}, r.Err
		}
		v := r.Val.(vocabulary)
		return v.spoken, v.err
	case <-ctx.Done():
		return spoken{}, b.broken(ctx, 0, context.Cause(ctx))
	}
}

// vocabularyWithin bounds how long a server may take to tell a vocabulary: some megabytes.
const vocabularyWithin = time.Minute

// see notes which model stands behind a name.
func (b *Backend) see(model, revision string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.revisions[model] = revision
}

func understand(show *api.ShowResponse) (s spoken, err error) {
	read, err := readVocabulary(show.ModelInfo)
	if err != nil {
		return s, err
	}
	if s.Tokenizer, err = tokenizer.New(read); err != nil {
		return s, err
	}
	architecture, _ := show.ModelInfo["general.architecture"].(string)
	if s.aligner, err = tokenizer.NewAligner(s.Tokenizer, tokenizer.AlignerOptions{End: -1, Architecture: architecture}); err != nil {
		return s, err
	}
	for line := range strings.Lines(show.Parameters) { // stop                           "<|im_end|>"
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name != "stop" {
			continue
		}
		stop, err := strconv.Unquote(strings.TrimSpace(value))
		if err != nil {
			return s, fmt.Errorf("parameter stop %s: want a quoted string", strings.TrimSpace(value))
		}
		s.stops = append(s.stops, stop)
	}
	return s, nil
}

// Tokenize turns text into ids as the model's vocabulary has it. Special tokens are read as such.
func (b *Backend) Tokenize(ctx context.Context, model, text string) ([]int32, error) {
	t, err := b.Tokenizer(ctx, model)
	if err != nil {
		return nil, err
	}
	return t.Encode(text, tokenizer.Options{}), nil
}

// Detokenize is the inverse of Tokenize.
func (b *Backend) Detokenize(ctx context.Context, model string, ids []int32) (string, error) {
	t, err := b.Tokenizer(ctx, model)
	if err != nil {
		return "", err
	}
	text, err := t.Decode(ids)
	return string(text), err
}

// readVocabulary takes the tokenizer out of what verbose show says of a model (GGUF's
// tokenizer.ggml.* keys). A key that is there with another type than GGUF gives it is an error.
func readVocabulary(info map[string]any) (tokenizer.Vocabulary, error) {
	r := &keys{info: info}
	v := tokenizer.Vocabulary{
		Model: r.text("model"), Pre: r.text("pre"),
		Tokens: list[string](r, "tokens"), Merges: list[string](r, "merges"),
		Types: whole(r, "token_type"), Scores: floats(r, "scores"),
		BOS: r.id("bos_token_id"), EOS: r.id("eos_token_id"), EOT: r.id("eot_token_id"), EOM: r.id("eom_token_id"),
		Ends: whole(r, "eos_token_ids"),
	}
	// Engines differ in whether they add a BOS where the file does not say; the count of each context
	// tells which it was (rendered.prompt).
	v.AddBOS, v.AddEOS = r.bool("add_bos_token", v.BOS >= 0), r.bool("add_eos_token", false)
	v.AddSpacePrefix = r.bool("add_space_prefix", v.Model == "llama") // as llama.cpp has it
	if r.err == nil && v.Model == "" {
		r.err = fmt.Errorf("the server tells none (no %smodel): a model that is not from a GGUF file?", keyPrefix)
	}
	return v, r.err
}

const keyPrefix = "tokenizer.ggml."

// keys reads typed values. err is the first that has another type.
type keys struct {
	info map[string]any
	err  error
}

func (r *keys) wrong(key string, v any, want string) {
	if r.err == nil {
		r.err = fmt.Errorf("%s%s is %T: want %s", keyPrefix, key, v, want)
	}
}

func (r *keys) text(key string) string {
	v := r.info[keyPrefix+key]
	s, ok := v.(string)
	if v != nil && !ok {
		r.wrong(key, v, "a string")
	}
	return s
}

func (r *keys) bool(key string, absent bool) bool {
	v := r.info[keyPrefix+key]
	if v == nil {
		return absent
	}
	b, ok := v.(bool)
	if !ok {
		r.wrong(key, v, "true or false")
	}
	return b
}

// id reads a token id; -1: there is none.
func (r *keys) id(key string) int32 {
	v := r.info[keyPrefix+key]
	if v == nil {
		return -1
	}
	return r.whole(key, v)
}

func (r *keys) whole(key string, v any) int32 {
	f, ok := v.(float64)
	if !ok || f != math.Trunc(f) || f < math.MinInt32 || f > math.MaxInt32 {
		r.wrong(key, v, "a whole number of 32 bits")
		return -1
	}
	return int32(f)
}

func list[T any](r *keys, key string) []T {
	v := r.info[keyPrefix+key]
	if v == nil {
		return nil
	}
	all, ok := v.([]any)
	if !ok {
		r.wrong(key, v, "a list")
	}
	out := make([]T, len(all))
	for i, x := range all {
		if out[i], ok = x.(T); !ok {
			r.wrong(fmt.Sprintf("%s[%d]", key, i), x, fmt.Sprintf("%T", out[i]))
		}
	}
	return out
}

func whole(r *keys, key string) []int32 {
	all := list[float64](r, key)
	if all == nil {
		return nil
	}
	out := make([]int32, len(all))
	for i, f := range all {
		out[i] = r.whole(key, f)
	}
	return out
}

func floats(r *keys, key string) []float32 {
	all := list[float64](r, key)
	if all == nil {
		return nil
	}
	out := make([]float32, len(all))
	for i, f := range all {
		out[i] = float32(f)
	}
	return out
}
