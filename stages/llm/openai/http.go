package openai

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"

	"mulligan/stages/llm"
)

// bases returns the two URLs that paths are added to: that of the server, for its own paths, and
// that of OpenAI's. An endpoint that ends in a version (/v1, /v4) or in /openai is the second.
func bases(endpoint string) (root, v1 string) {
	switch last := path.Base(endpoint); {
	case last == "v1":
		return strings.TrimSuffix(endpoint, "/v1"), endpoint
	case last == "openai" || len(last) > 1 && last[0] == 'v' && last[1] >= '0' && last[1] <= '9':
		return endpoint, endpoint
	}
	return endpoint, endpoint + "/v1"
}

var errRedirect = errors.New("the server redirects to another host: name that host as the endpoint, if it is meant")

// sameHost follows a redirect that stays on the host and keeps the method: keys and prompts go
// nowhere else.
func sameHost(req *http.Request, via []*http.Request) error {
	if len(via) >= 3 {
		return errors.New("the server redirects in a circle")
	}
	if req.URL.Host != via[0].URL.Host || req.URL.Scheme != via[0].URL.Scheme || req.Method != via[0].Method {
		return errRedirect
	}
	return nil
}

// request makes a request with the headers that every one of them has.
func (b *Backend) request(ctx context.Context, method, u string, body io.Reader) (*http.Request, error) {
	hr, err := http.NewRequestWithContext(ctx, method, u, body)
	if err != nil {
		return nil, err
	}
	for name, value := range b.headers {
		hr.Header.Set(name, value())
	}
	hr.Header.Set("Content-Type", "application/json")
	hr.Header.Set("Accept", "application/json")
	return hr, nil
}

// exchange sends a request and reads its whole reply, which must have status 200.
func (b *Backend) exchange(ctx context.Context, hr *http.Request) ([]byte, error) {
	resp, err := b.http.Do(hr)
	if err != nil {
		if ue, ok := errors.AsType[*url.Error](err); ok {
			err = ue.Err // its URL may be that of a redirect
		}
		if errors.Is(err, errRedirect) {
			return nil, &llm.Error{Class: llm.Fatal, Endpoint: b.opts.Endpoint, Err: err}
		}
		return nil, b.broken(ctx, 0, err)
	}
	defer resp.Body.Close()
	raw, err := llm.ReadReply(resp)
	if err != nil {
		return nil, b.broken(ctx, resp.StatusCode, fmt.Errorf("read reply: %w", err))
	}
	if resp.StatusCode != http.StatusOK {
		return nil, b.status(resp, raw)
	}
	return raw, nil
}

// call asks one of the engine's own paths and decodes its answer into out. A body of nil is a GET.
func (b *Backend) call(ctx context.Context, u string, body fields, out any) error {
	method, raw := http.MethodGet, []byte(nil)
	if body != nil {
		method = http.MethodPost
		var err error
		if raw, err = json.Marshal(body); err != nil {
			return b.refused(err)
		}
	}
	hr, err := b.request(ctx, method, u, bytes.NewReader(raw))
	if err != nil {
		return b.refused(err)
	}
	raw, err = b.exchange(ctx, hr)
	if err != nil {
		return err
	}
	if err := decode(raw, out); err != nil {
		return b.broken(ctx, 0, fmt.Errorf("%s %s: %w", method, hr.URL.Path, err))
	}
	return nil
}

// decode reads one JSON value that must be all of raw, and no error object. Its errors hold what the
// server said, whole: whoever shows them cleans them.
func decode(raw []byte, out any) error {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return errors.New("empty reply")
	}
	if err := json.Unmarshal(raw, out); err != nil {
		if te, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return fmt.Errorf("field %s is a JSON %s: want %s", te.Field, te.Value, te.Type)
		}
		return fmt.Errorf("reply is not whole JSON: %w", llm.NotJSON(raw, "the engine", err))
	}
	var failed struct {
		Error json.RawMessage `json:"error"`
	}
	if raw[0] == '{' && json.Unmarshal(raw, &failed) == nil && len(failed.Error) > 0 && string(failed.Error) != "null" {
		return fmt.Errorf("engine reports: %s", llm.ErrorText(raw, "the engine"))
	}
	return nil
}
