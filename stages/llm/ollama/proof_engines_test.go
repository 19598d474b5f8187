package ollama_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ollama/ollama/api"

	"mulligan/data/tokenizer"
)

// engines are the real servers that a proof asks: Ollama, and a llama-server with the same model file.
type engines struct {
	ollama, llama, model string
	tok                  *tokenizer.Tokenizer
	align                *tokenizer.Aligner
	stops                []string // the model's own
}

// realEngines skips the test where the servers are not named in MULLIGAN_OLLAMA and MULLIGAN_LLAMA_SERVER.
func realEngines(t *testing.T) *engines {
	t.Helper()
	e := &engines{ollama: os.Getenv("MULLIGAN_OLLAMA"), llama: os.Getenv("MULLIGAN_LLAMA_SERVER"), model: os.Getenv("MULLIGAN_MODEL")}
	if e.ollama == "" || e.llama == "" {
		t.Skip("MULLIGAN_OLLAMA or MULLIGAN_LLAMA_SERVER is not set")
	}
	if e.model == "" {
		e.model = "smollm2:135m"
	}
	if err := e.speak(t.Context()); err != nil {
		t.Fatal(err)
	}
	return e
}

// speak sets what has to be known of the model to read its ids.
func (e *engines) speak(ctx context.Context) error {
	var show struct {
		Parameters string
		ModelInfo  map[string]json.RawMessage `json:"model_info"`
	}
	if err := post(ctx, e.ollama+"/api/show", map[string]any{"model": e.model, "verbose": true}, &show); err != nil {
		return err
	}
	for line := range strings.Lines(show.Parameters) {
		if name, value, _ := strings.Cut(strings.TrimSpace(line), " "); name == "stop" {
			stop, err := strconv.Unquote(strings.TrimSpace(value))
			if err != nil {
				return fmt.Errorf("read stop string %s: %w", value, err)
			}
			e.stops = append(e.stops, stop)
		}
	}
	v := tokenizer.Vocabulary{BOS: -1, EOS: -1, EOT: -1, EOM: -1}
	for key, to := range map[string]any{
		"model": &v.Model, "pre": &v.Pre, "tokens": &v.Tokens, "token_type": &v.Types, "merges": &v.Merges, "scores": &v.Scores,
		"bos_token_id": &v.BOS, "eos_token_id": &v.EOS, "eot_token_id": &v.EOT, "eom_token_id": &v.EOM, "eos_token_ids": &v.Ends,
		"add_bos_token": &v.AddBOS, "add_eos_token": &v.AddEOS, "add_space_prefix": &v.AddSpacePrefix,
	} {
		if raw := show.ModelInfo["tokenizer.ggml."+key]; raw != nil {
			if err := json.Unmarshal(raw, to); err != nil {
				return fmt.Errorf("read %s of the vocabulary: %w", key, err)
			}
		}
	}
	var err error
	if e.tok, err = tokenizer.New(v); err != nil {
		return err
	}
	var architecture string
	if err := json.Unmarshal(show.ModelInfo["general.architecture"], &architecture); err != nil {
		return err
	}
	e.align, err = tokenizer.NewAligner(e.tok, tokenizer.AlignerOptions{End: v.EOS, Architecture: architecture})
	return err
}

func (e *engines) must(t *testing.T, url string, in, out any) {
	t.Helper()
	if err := post(t.Context(), url, in, out); err != nil {
		t.Fatal(err)
	}
}

func post(ctx context.Context, url string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	return do(req, out)
}

func get(ctx context.Context, url string, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	return do(req, out)
}

func do(req *http.Request, out any) error {
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d: %.200s", resp.StatusCode, raw)
	}
	if err == nil {
		err = json.Unmarshal(raw, out)
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", req.Method, req.URL, err)
	}
	return nil
}

// drawn is one reply of Ollama, and the context that it was drawn in.
type drawn struct {
	context  []int32 // by our tokenizer, of the text that Ollama rendered
	counted  int     // prompt tokens, as Ollama counted them
	reply    tokenizer.Reply
	logprobs []float64 // one for each piece
}

func (e *engines) draw(ctx context.Context, messages []api.Message, options map[string]any) (drawn, error) {
	no := false
	req := api.ChatRequest{Model: e.model, Messages: messages, Stream: &no, Truncate: &no, Shift: &no, DebugRenderOnly: true, Options: options}
	var d drawn
	var resp api.ChatResponse
	if err := post(ctx, e.ollama+"/api/chat", req, &resp); err != nil {
		return d, err
	}
	if resp.DebugInfo == nil {
		return d, fmt.Errorf("the server did not render the context")
	}
	var doubt string
	if d.context, doubt = e.align.EncodeContext(resp.DebugInfo.RenderedTemplate, true); doubt != "" {
		return d, fmt.Errorf("context in doubt: %s", doubt)
	}
	req.DebugRenderOnly, req.Logprobs = false, true
	if err := post(ctx, e.ollama+"/api/chat", req, &resp); err != nil {
		return d, err
	}
	d.counted = resp.PromptEvalCount
	d.reply = tokenizer.Reply{Text: resp.Message.Content, Count: resp.EvalCount, Ended: resp.DoneReason == "stop", Stops: e.stops}
	for _, l := range resp.Logprobs {
		d.reply.Pieces = append(d.reply.Pieces, []byte(l.Token))
		d.logprobs = append(d.logprobs, l.Logprob)
	}
	return d, nil
}

// predicted is one token as llama-server predicts it.
type predicted struct {
	ID      int32
	Logprob float64     // of the model itself; NaN: not told
	Top     []predicted `json:"top_logprobs"`
}

type completion struct {
	Evaluated int         `json:"tokens_evaluated"`
	Tokens    []int32     `json:"tokens"`
	Told      []predicted `json:"completion_probabilities"` // not of tokens behind which a character is unfinished
}

func (e *engines) complete(ctx context.Context, ids []int32, more map[string]any) (completion, error) {
	in := map[string]any{"prompt": ids, "temperature": 0, "cache_prompt": true, "repeat_penalty": 1.0, "return_tokens": true}
	maps.Copy(in, more)
	var out completion
	if err := post(ctx, e.llama+"/completion", in, &out); err != nil {
		return out, err
	}
	if out.Evaluated != len(ids) || len(out.Tokens) == 0 {
		return out, fmt.Errorf("llama-server read %d ids of %d and predicted %d", out.Evaluated, len(ids), len(out.Tokens))
	}
	return out, nil
}

// greedy asks llama-server for the likeliest n tokens behind ids, one after the other.
func (e *engines) greedy(ctx context.Context, ids []int32, n int) ([]predicted, error) {
	out, err := e.complete(ctx, ids, map[string]any{"n_predict": n, "n_probs": 1})
	if err != nil {
		return nil, err
	}
	all := make([]predicted, len(out.Tokens))
	var said []byte
	for i, id := range out.Tokens {
		piece, _ := e.tok.Piece(id)
		said = append(said, piece...)
		all[i] = predicted{ID: id, Logprob: math.NaN()}
		if utf8.Valid(said) && len(out.Told) > 0 && out.Told[0].ID == id {
			all[i].Logprob, out.Told = out.Told[0].Logprob, out.Told[1:]
		}
	}
	return all, nil
}

// score asks llama-server for the log-probability of one token behind ids. A token of whole
// characters is forced, and told with its own; of another only the list of the likeliest tells.
func (e *engines) score(ctx context.Context, ids []int32, id int32) (float64, error) {
	piece, _ := e.tok.Piece(id)
	force, many := id, []int{1}
	if !utf8.Valid(piece) {
		force, many = e.align.PossibleEnds()[0], []int{100, 3000, e.tok.Size()}
	}
	for _, n := range many {
		out, err := e.complete(ctx, ids, map[string]any{"n_predict": 1, "n_probs": n, "logit_bias": [][2]int32{{force, 1000}}})
		if err != nil {
			return 0, err
		}
		if out.Tokens[0] != force || len(out.Told) != 1 {
			return 0, fmt.Errorf("llama-server predicted %d and told of %d, although %d was forced", out.Tokens, len(out.Told), force)
		}
		for _, p := range append(out.Told[0].Top, out.Told[0]) {
			if p.ID == id {
				return p.Logprob, nil
			}
		}
	}
	return 0, fmt.Errorf("llama-server tells no log-probability of token %d", id)
}
