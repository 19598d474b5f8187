// Package ollama draws from an Ollama server.
//
// Requests and replies are the types of github.com/ollama/ollama/api, and its Client asks for
// versions and models. Draws go over the same connection pool, but are read here: that Client
// returns no error for a reply that was cut, that came empty with a 503, or whose line was too
// long, drops Retry-After, and takes a buffer of 8 MB for each call (measured in docs/performance.md).
//
// Nothing is left to the server's defaults, which are not neutral: every option is sent, truncate
// and shift are off (a prompt that does not fit is an error, not a shorter prompt), and thinking is
// said explicitly.
package ollama

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/ollama/ollama/api"

	"mulligan/data"
	"mulligan/stages/llm"
)

// Options configure one endpoint.
type Options struct {
	Endpoint  string        // http://host:port
	Timeout   time.Duration // for one draw, from request to last byte; 0: none
	KeepAlive time.Duration // how long the server keeps the model loaded after a draw
	Conns     int           // idle connections kept open; at least the draws in flight
	Logprobs  bool          // ask for pieces and their log-probabilities
}

// Backend is one Ollama server.
type Backend struct {
	opts   Options
	chat   string // URL of /api/chat
	http   *http.Client
	client *api.Client
}

// repeatWindow is how many tokens a repeat penalty looks back: the server's default, said explicitly.
const repeatWindow = 64

// maxReply bounds the bytes of one reply: far above 100,000 tokens with their log-probabilities.
const maxReply = 256 << 20

// New makes a backend; it does not connect.
func New(opts Options) (*Backend, error) {
	u, err := url.Parse(opts.Endpoint)
	switch {
	case err == nil && (u.User != nil || u.RawQuery != "" || u.Fragment != ""):
		return nil, fmt.Errorf("endpoint at %s: want http://host:port without user, password, query or fragment", u.Host)
	case err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https"):
		return nil, errors.New("endpoint: want http://host:port") // what it is may hold a password
	}
	opts.Endpoint = u.String()
	transport := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		MaxIdleConns:        0,
		MaxIdleConnsPerHost: max(opts.Conns, 4),
		IdleConnTimeout:     90 * time.Second,
		DisableCompression:  true,
	}
	client := &http.Client{Transport: transport}
	return &Backend{
		opts: opts, chat: u.JoinPath("api", "chat").String(),
		http: client, client: api.NewClient(u, client),
	}, nil
}

// Generate draws one completion.
func (b *Backend) Generate(ctx context.Context, req llm.Request) (llm.Completion, error) {
	body, key, err := encode(req, b.opts)
	if err != nil {
		return llm.Completion{}, b.refused(0, err)
	}
	if b.opts.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, b.opts.Timeout, errTimeLimit)
		defer cancel()
	}
	hr, err := http.NewRequestWithContext(ctx, http.MethodPost, b.chat, bytes.NewReader(body))
	if err != nil {
		return llm.Completion{}, b.refused(0, err)
	}
	hr.Header.Set("Content-Type", "application/json")
	if err := req.Sending(); err != nil {
		return llm.Completion{}, err
	}
	started := time.Now()
	resp, err := b.http.Do(hr)
	if err != nil {
		return llm.Completion{}, b.broken(ctx, 0, err)
	}
	defer resp.Body.Close()
	raw, err := readAll(resp)
	if err != nil {
		return llm.Completion{}, b.broken(ctx, resp.StatusCode, fmt.Errorf("read reply: %w", err))
	}
	if resp.StatusCode != http.StatusOK {
		return llm.Completion{}, b.status(resp, raw)
	}
	c := llm.NewCompletion(req, key)
	if err := decode(raw, &c); err != nil {
		return llm.Completion{}, b.broken(ctx, resp.StatusCode, err)
	}
	c.Draw.Started, c.Draw.Duration = started, time.Since(started)
	return c, nil
}

var errTimeLimit = errors.New("no whole reply within the time limit")

func readAll(resp *http.Response) ([]byte, error) {
	var buf bytes.Buffer
	if n := resp.ContentLength; n > 0 && n <= maxReply {
		buf.Grow(int(n) + bytes.MinRead)
	}
	n, err := buf.ReadFrom(io.LimitReader(resp.Body, maxReply+1))
	if err == nil && n > maxReply {
		err = fmt.Errorf("longer than %d bytes", maxReply)
	}
	return buf.Bytes(), err
}

func encode(req llm.Request, opts Options) ([]byte, data.Digest, error) {
	key := req.Key()
	s := req.Sampling
	stream, no := false, false
	cr := api.ChatRequest{
		Model:     req.Model,
		Messages:  make([]api.Message, len(req.Messages)),
		Stream:    &stream,
		KeepAlive: &api.Duration{Duration: opts.KeepAlive},
		Truncate:  &no,
		Shift:     &no,
		Think:     think(s.Think),
		Logprobs:  opts.Logprobs,
		Options: map[string]any{
			"seed": llm.DrawSeed(key), "num_ctx": s.Context, "num_predict": s.MaxTokens,
			"temperature": s.Temperature, "top_k": s.TopK, "top_p": s.TopP, "min_p": s.MinP, "typical_p": 1.0,
			"repeat_penalty": s.RepeatPenalty, "repeat_last_n": repeatWindow, "presence_penalty": 0.0, "frequency_penalty": 0.0,
		},
	}
	if len(s.Stop) > 0 {
		cr.Options["stop"] = s.Stop
	}
	for i, m := range req.Messages {
		am := api.Message{Role: m.Role, Content: m.Content, Thinking: m.Thinking, ToolName: m.ToolName}
		for j, call := range m.ToolCalls {
			tc := api.ToolCall{Function: api.ToolCallFunction{Index: j, Name: call.Name}}
			if err := json.Unmarshal(call.Arguments, &tc.Function.Arguments); err != nil {
				return nil, key, fmt.Errorf("message %d: arguments of call %d: %w", i, j, err)
			}
			am.ToolCalls = append(am.ToolCalls, tc)
		}
		cr.Messages[i] = am
	}
	for _, t := range req.Tools {
		tool := api.Tool{Type: "function", Function: api.ToolFunction{Name: t.Name, Description: t.Description}}
		if len(t.Parameters) > 0 {
			if err := json.Unmarshal(t.Parameters, &tool.Function.Parameters); err != nil {
				return nil, key, fmt.Errorf("tool %q: parameters: %w", t.Name, err)
			}
		}
		cr.Tools = append(cr.Tools, tool)
	}
	body, err := json.Marshal(cr)
	return body, key, err
}

func think(s string) *api.ThinkValue {
	switch s {
	case "":
		return &api.ThinkValue{Value: false}
	case "on":
		return &api.ThinkValue{Value: true}
	}
	return &api.ThinkValue{Value: s}
}
