package openai_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"mulligan/stages/llm"
	"mulligan/stages/llm/llmtest"
	"mulligan/stages/llm/openai"
)

var errStopped = errors.New("stopped")

const key, other = "sk-very-secret-1", "tenant-secret-2"

// pasted is a key that could be the name of a variable.
const pasted = "hf_abcdefghijklmnop"

// TestSecretsStayIn runs every fault, every refusal and every redirect with a key, and looks for it in
// all that a user, a record or a log could show.
func TestSecretsStayIn(t *testing.T) {
	t.Setenv("TEST_KEY", key)
	t.Setenv("TEST_TENANT", other)
	var shown strings.Builder
	show := func(v any, err error) {
		text, _ := json.Marshal(v)
		fmt.Fprintf(&shown, "%s %v %+v %#v\n", text, v, err, err)
	}
	options := openai.Options{Logprobs: true, TokenIn: true, APIKeyEnv: "TEST_KEY", HeadersEnv: map[string]string{"x-tenant": "TEST_TENANT"}, Timeout: 300 * time.Millisecond}
	for d := range fakes {
		for _, f := range append([]llmtest.Fault{""}, llmtest.Faults...) {
			e := start(t, d)
			e.Key = key
			e.Fault = func(int) llmtest.Fault { return f }
			b := backend(t, e, options)
			c, err := b.Generate(t.Context(), request())
			show(c, err)
			if f == "" && err != nil {
				t.Errorf("%s: with the right key: %v", d, err)
			}
			fmt.Fprintf(&shown, "%v %+v %#v\n", b, b, b)
		}
		e := start(t, d)
		e.Key = "another" // the fake repeats the header in its refusal
		b := backend(t, e, options)
		_, err := b.Inspect(t.Context(), "tiny")
		show(nil, err)
		if llm.ClassOf(err) != llm.Fatal || !strings.Contains(fmt.Sprintf("%+v", err), "the server refuses the key") {
			t.Errorf("%s: wrong key: %v", d, err)
		}
	}
	for _, status := range []int{200, 400, 404, 429, 500} { // a server that repeats what it was given
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			fmt.Fprintf(w, `{"error":{"message":"cannot do it with %s and %s"}}`, r.Header.Get("Authorization"), r.Header.Get("X-Tenant"))
		}))
		options := options
		options.Endpoint, options.Dialect = s.URL, openai.VLLM
		b, err := openai.New(options)
		if err != nil {
			t.Fatal(err)
		}
		_, err = b.Generate(t.Context(), request())
		show(nil, err)
		_, err = b.Score(t.Context(), "tiny", []int32{1, 2}, 1)
		show(nil, err)
		if err == nil {
			t.Errorf("%d: no error", status)
		}
		s.Close()
	}
	for _, secret := range []string{key, other} {
		if i := strings.Index(shown.String(), secret); i >= 0 {
			t.Errorf("a secret is shown: ...%.200s", shown.String()[max(0, i-100):])
		}
	}
}

// TestCutSecretsStayIn has servers repeat the key at every place of an error, so that it straddles each
// cut that is made of it, and in the spellings of JSON; or cut it themselves.
func TestCutSecretsStayIn(t *testing.T) {
	const long = `sk/9"<0123456789>&abcdefghijk\lmnop+qrstuvwxyz`
	t.Setenv("TEST_KEY", long)
	bodies := map[string]func(pad, key string) string{
		"text": func(pad, key string) string { return pad + key },
		"cut":  func(pad, key string) string { return pad + key[:len(key)-3] },
		"JSON": func(pad, key string) string {
			b, _ := json.Marshal(map[string]string{"error": pad + key})
			return string(b)
		},
		"other": func(pad, key string) string {
			b, _ := json.Marshal(map[string]string{"detail": pad + key})
			return string(b)
		},
		"broken": func(pad, key string) string {
			b, _ := json.Marshal(map[string]string{"detail": pad + key})
			return string(b[:len(b)-1])
		},
		"object": func(pad, key string) string {
			b, _ := json.Marshal(map[string]any{"error": map[string]string{"why": pad + key}})
			return string(b)
		},
		"end": func(pad, key string) string {
			b, _ := json.Marshal(pad + key)
			return `{"choices":[{"message":{"content":"a"},"finish_reason":` + string(b) + `}]}`
		},
		"model": func(pad, key string) string {
			b, _ := json.Marshal(pad + key)
			return `{"model":` + string(b) + `,"choices":[{"message":{"content":"a"},"finish_reason":"stop"}]}`
		},
		"no object": func(pad, key string) string {
			return `{"choices":[{"message":{"content":"a"},"token_ids":[1],"finish_reason":"stop","stop_reason":{"x":"` + pad + url.QueryEscape(key) + `"}}]}`
		},
	}
	for _, status := range []int{200, 400, 404, 500} {
		for name, body := range bodies {
			for pad := 0; pad < 320; pad += 3 {
				reply := body(strings.Repeat("x", pad), long)
				s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.WriteHeader(status)
					w.Write([]byte(reply))
				}))
				b, err := openai.New(openai.Options{Endpoint: s.URL, Dialect: openai.VLLM, APIKeyEnv: "TEST_KEY"})
				if err != nil {
					t.Fatal(err)
				}
				_, err = b.Generate(t.Context(), request())
				if text := fmt.Sprintf("%v %+v", err, err); err == nil || strings.Contains(text, "012345") || strings.Contains(text, "sk/9") || strings.Contains(text, "sk%2F9") {
					t.Errorf("%d, %s, %d bytes before the key: %v", status, name, pad, err)
				}
				s.Close()
			}
		}
	}
}

func TestRedirectsStayOnTheHost(t *testing.T) {
	t.Setenv("TEST_KEY", key)
	reached := false
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { reached = true }))
	defer elsewhere.Close()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL+"/?token=abc", http.StatusTemporaryRedirect)
	}))
	defer s.Close()
	b, err := openai.New(openai.Options{Endpoint: s.URL, Dialect: openai.Generic, APIKeyEnv: "TEST_KEY"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.Generate(t.Context(), request())
	if llm.ClassOf(err) != llm.Fatal || !strings.Contains(err.Error(), "redirects to another host") || strings.Contains(err.Error(), "token=abc") || reached {
		t.Errorf("got %v, reached: %v", err, reached)
	}

	e := start(t, openai.Generic)
	moved := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/old/") {
			http.Redirect(w, r, strings.TrimPrefix(r.URL.Path, "/old"), http.StatusPermanentRedirect)
			return
		}
		e.Config.Handler.ServeHTTP(w, r)
	}))
	defer moved.Close()
	b, err = openai.New(openai.Options{Endpoint: moved.URL + "/old", Dialect: openai.Generic})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Generate(t.Context(), request()); err != nil {
		t.Errorf("a redirect on the host: %v", err)
	}
}

func TestOptions(t *testing.T) {
	t.Setenv("EMPTY", "")
	t.Setenv("TEST_KEY", key)
	for want, opts := range map[string]openai.Options{
		"endpoint: want http://host:port":                                                      {Endpoint: "host:1"},
		"endpoint at host: want http://host:port without user":                                 {Endpoint: "http://me:" + key + "@host"},
		`dialect "tgi": want auto, generic, llama.cpp, sglang, vllm`:                           {Endpoint: "http://h", Dialect: "tgi"},
		`logprobs_mode "exact": want raw or processed`:                                         {Endpoint: "http://h", LogprobsMode: "exact"},
		"api_key_env: the environment has no NO_SUCH_VARIABLE":                                 {Endpoint: "http://h", APIKeyEnv: "NO_SUCH_VARIABLE"},
		"api_key_env: the environment has no EMPTY":                                            {Endpoint: "http://h", APIKeyEnv: "EMPTY"},
		"headers_env: X-Key: the environment has no EMPTY":                                     {Endpoint: "http://h", HeadersEnv: map[string]string{"X-Key": "EMPTY"}},
		"headers_env: Host is not for a plan to set":                                           {Endpoint: "http://h", HeadersEnv: map[string]string{"host": "TEST_KEY"}},
		"headers_env: want names of headers, as X-Tenant is one":                               {Endpoint: "http://h", HeadersEnv: map[string]string{"a " + key: "TEST_KEY"}},
		"api_key_env: want the name of an environment variable (letters, digits and _), not a": {Endpoint: "http://h", APIKeyEnv: key},
		"api_key_env: the environment has no variable of the name that is there (not shown":    {Endpoint: "http://h", APIKeyEnv: pasted},
		"headers_env: X-Key: want the name of an environment variable":                         {Endpoint: "http://h", HeadersEnv: map[string]string{"X-Key": key}},
		"headers_env: X-Key: the environment has no variable of the name that is there":        {Endpoint: "http://h", HeadersEnv: map[string]string{"X-Key": pasted}},
		"headers_env: want the name of an environment variable":                                {Endpoint: "http://h", HeadersEnv: map[string]string{key: "X-Key"}}, // the wrong way round
	} {
		_, err := openai.New(opts)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), key[:8]) || strings.Contains(err.Error(), pasted[:8]) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
