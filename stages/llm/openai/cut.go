package openai

import "mulligan/data"

// cutCall makes a turn that was cut of one that the server says ended with a tool call. vLLM, and what
// stands behind other servers, says so of every turn in which its parser found a call, of one that was
// cut too (vllm-project/vllm#58228). A turn that is as long as it may be was cut, unless the engine
// names the token that ended it: one that ended by itself at exactly that length is taken for cut.
// SGLang says tool_calls only of a turn that stopped, and so does llama-server.
//
// max is the limit that was sent; window is the engine's context, 0: not known.
func (r *reply) cutCall(max, window int) {
	n := len(r.ids)
	if r.n != nil {
		n = *r.n
	}
	full := n >= max || window > 0 && r.promptN != nil && *r.promptN+n >= window
	if !r.called || !full {
		return
	}
	r.stop = data.StopLength
	if r.ids != nil {
		r.end = data.EndNone
	}
}

// calls reports whether a choice is said to have ended with a tool call.
func (c choice) calls() bool {
	reason := text(c.FinishReason)
	return reason == "tool_calls" || reason == "function_call"
}
