package openai

import (
	"encoding/json"
	"math"
	"slices"
	"testing"
)

func TestPlace(t *testing.T) {
	nan := float32(math.NaN())
	n := func(ids ...int32) (list []numbered) {
		for i, id := range ids {
			list = append(list, numbered{id, -float32(i + 1)})
		}
		return list
	}
	for _, c := range []struct {
		ids     []int32
		entries []numbered
		want    []float32
	}{
		{[]int32{1, 2, 3}, n(1, 2, 3), []float32{-1, -2, -3}},
		{[]int32{7, 8, 9}, n(9), []float32{nan, nan, -1}}, // a character of three tokens
		{[]int32{7, 8, 9, 7, 8, 9}, n(9, 9), []float32{nan, nan, -1, nan, nan, -2}},
		{[]int32{5, 6, 7}, n(5), []float32{-1, nan, nan}},     // a stop string's tokens
		{[]int32{4, 4, 4}, n(4, 4), []float32{nan, nan, nan}}, // which of them, nothing says
		{[]int32{4, 5, 4}, n(5, 4), []float32{nan, -1, -2}},
		{[]int32{}, nil, []float32{}},
	} {
		got, err := place(c.ids, c.entries)
		if err != nil || !slices.EqualFunc(got, c.want, func(a, b float32) bool { return a == b || a != a && b != b }) {
			t.Errorf("%v %v: %v %v, want %v", c.ids, c.entries, err, got, c.want)
		}
	}
	if _, err := place([]int32{1, 2}, n(2, 1)); err == nil || err.Error() != "log-probability 1 is of token 1, which the reply does not hold there" {
		t.Errorf("got %v", err)
	}
}

func TestBases(t *testing.T) {
	for endpoint, want := range map[string][2]string{
		"http://h:1":              {"http://h:1", "http://h:1/v1"},
		"http://h:1/v1":           {"http://h:1", "http://h:1/v1"},
		"https://h/api/v1":        {"https://h/api", "https://h/api/v1"},
		"https://h/proxy":         {"https://h/proxy", "https://h/proxy/v1"},
		"https://h/api/paas/v4":   {"https://h/api/paas/v4", "https://h/api/paas/v4"},
		"https://h/v1beta/openai": {"https://h/v1beta/openai", "https://h/v1beta/openai"},
		"http://vllm.example":     {"http://vllm.example", "http://vllm.example/v1"},
	} {
		if root, v1 := bases(endpoint); root != want[0] || v1 != want[1] {
			t.Errorf("%s: %s and %s, want %v", endpoint, root, v1, want)
		}
	}
}

// FuzzReply reads arbitrary replies with every dialect: whatever comes, a reply that is accepted has an
// end, and its ids, log-probabilities and counts agree.
func FuzzReply(f *testing.F) {
	f.Add([]byte(`{"model":"m","choices":[{"message":{"content":"a"},"finish_reason":"stop","stop_reason":null,"token_ids":[1,2],"logprobs":{"content":[{"token":"a","logprob":-1},{"token":"b","logprob":-2}]}}],"prompt_token_ids":[1],"usage":{"prompt_tokens":1,"completion_tokens":2}}`))
	f.Add([]byte(`{"choices":[{"message":{"content":null,"tool_calls":[{"function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls","matched_stop":2,"token_ids":[1,2],"meta_info":{"output_token_logprobs":[[-1,1,null],[-2,2,null]]}}]}`))
	f.Add([]byte(`{"choices":[{"message":{"content":"x"},"finish_reason":"length"}],"__verbose":{"tokens":[1,2],"stop_type":"limit","completion_probabilities":[{"id":2,"logprob":-1}]}}`))
	f.Add([]byte(`{"content":"x","tokens":[1,2],"stop_type":"eos","tokens_predicted":2,"completion_probabilities":[{"id":1,"logprob":-1},{"id":2,"logprob":-1}]}`))
	f.Add([]byte(`{"text":"x","output_ids":[1],"meta_info":{"finish_reason":{"type":"stop","matched":1},"output_token_logprobs":[[-0.5,1,null]]}}`))
	f.Add([]byte(`{"choices":[{"text":"x","finish_reason":"length","token_ids":[1],"logprobs":{"tokens":["a"],"token_logprobs":[-1]}}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, d := range dialects {
			replies := []func([]byte) (reply, error){func(raw []byte) (reply, error) { return readChat(raw, d) }}
			if td, ok := d.(tokenDialect); ok {
				replies = append(replies, td.readCompletion)
			}
			for _, read := range replies {
				r, err := read(raw)
				if err != nil {
					continue
				}
				if r.stop == "" || !json.Valid(raw) {
					t.Errorf("%s: accepted without an end: %s", d.name(), raw)
				}
				if r.ids != nil && r.end == "" {
					t.Errorf("%s: ids without a word on their end: %s", d.name(), raw)
				}
				for _, c := range r.message.ToolCalls {
					if !isObject(c.Arguments) {
						t.Errorf("%s: arguments %s", d.name(), c.Arguments)
					}
				}
			}
		}
	})
}

func FuzzReadIDs(f *testing.F) {
	f.Add([]byte(`[1, 2,3]`))
	f.Add([]byte(`["1"]`))
	f.Add([]byte(`[1.5]`))
	f.Add([]byte(`[[1]]`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !json.Valid(raw) {
			return
		}
		var m struct{ X json.RawMessage }
		if json.Unmarshal([]byte(`{"X":`+string(raw)+`}`), &m) != nil {
			return
		}
		ids, err := readIDs("x", m.X)
		var want []int32
		wantErr := json.Unmarshal(m.X, &want)
		hasNull := slices.Contains(m.X, 'n') && want != nil
		if (err == nil) != (wantErr == nil && !hasNull) || err == nil && !slices.Equal(ids, want) {
			t.Errorf("%s: %v %v, want %v %v", m.X, ids, err, want, wantErr)
		}
	})
}
