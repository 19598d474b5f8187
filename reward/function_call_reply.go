package reward

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

var (
	errNoCalls = errors.New("the reply holds no JSON array of calls")
	errElement = errors.New("a tool call element that holds no call")
)

// parseCalls takes the calls out of a reply. The first of these that applies decides:
//
//  1. The whole reply is JSON: a call or an array of calls, a code fence around it or not.
//  2. What stands up to the last </think> is dropped. If there are elements <tool_call>,
//     <tool_calls>, <tool>, <function_call> or <TOOLCALL>, their contents are the calls, in order.
//     Each must be a call or an array of calls; the end tag of the last one may be missing, because
//     a stop string may have cut it.
//  3. The last array of calls in the text; or the last object that is a call, with the calls right
//     before it that only white space, commas and semicolons part from it. If they are what can be
//     read of a longer array or object that is broken or cut, the reply holds no calls. An empty
//     array is no calls, if nothing else in the text is a call.
//
// A call is an object with "name" (text) and "arguments" (an object, or text that holds one, as
// OpenAI's API has it), or "parameters" where there are no "arguments" (as Llama writes it). The
// object may also be {"function": a call}. Its other keys are passed over.
func parseCalls(reply string) ([]pyCall, error) {
	if calls, err := callsIn(unfence(reply)); err == nil {
		return calls, nil
	}
	text := reply
	if i := strings.LastIndex(text, "</think>"); i >= 0 {
		text = text[i+len("</think>"):]
	}
	if contents := callTags(text); len(contents) > 0 {
		var all []pyCall
		for i, content := range contents {
			calls, err := callsIn(unfence(content))
			if err != nil {
				return nil, fmt.Errorf("element %d: %w: %w", i, errElement, err)
			}
			all = append(all, calls...)
		}
		return all, nil
	}
	return lastCalls(text)
}

// unfence drops white space and one code fence around a text.
func unfence(s string) string {
	s = strings.TrimSpace(s)
	if len(s) < 6 || !strings.HasPrefix(s, "```") || !strings.HasSuffix(s, "```") {
		return s
	}
	inner := s[3 : len(s)-3]
	if i := strings.IndexByte(inner, '\n'); i >= 0 && !strings.ContainsAny(inner[:i], "[{") { // ```json
		inner = inner[i:]
	}
	return strings.TrimSpace(inner)
}

// callsIn reads a text that is one call or an array of calls, and nothing else.
func callsIn(text string) ([]pyCall, error) {
	if text == "" || text[0] != '[' && text[0] != '{' {
		return nil, errNoCalls
	}
	v, err := parseJSON(text)
	if err != nil {
		return nil, err
	}
	calls, ok := callsOf(v)
	if !ok {
		return nil, errNoCalls
	}
	return calls, nil
}

// callsOf returns the calls that a value is.
func callsOf(v pyValue) ([]pyCall, bool) {
	if v.kind != pyList {
		c, ok := callOf(v)
		return []pyCall{c}, ok
	}
	calls := make([]pyCall, 0, len(v.items))
	for _, x := range v.items {
		c, ok := callOf(x)
		if !ok {
			return nil, false
		}
		calls = append(calls, c)
	}
	return calls, true
}

func callOf(v pyValue) (pyCall, bool) {
	name, ok := v.get("name")
	if !ok {
		if v, ok = v.get("function"); !ok {
			return pyCall{}, false
		}
		name, _ = v.get("name")
	}
	if name.kind != pyStr {
		return pyCall{}, false
	}
	args, ok := v.get("arguments")
	if !ok {
		args, _ = v.get("parameters")
	}
	if args.kind == pyStr {
		var err error
		if args, err = parseJSON(args.s); err != nil {
			return pyCall{}, false
		}
	}
	return pyCall{name.s, args}, args.kind == pyDict
}

var callTagNames = [...]string{"tool_call", "tool_calls", "tool", "function_call", "TOOLCALL"}

// callTags returns the contents of the elements that hold calls.
func callTags(text string) []string {
	var contents []string
	for {
		i := strings.IndexByte(text, '<')
		if i < 0 {
			return contents
		}
		text = text[i+1:]
		for _, name := range callTagNames {
			rest, ok := strings.CutPrefix(text, name+">")
			if !ok {
				continue
			}
			content, after, _ := strings.Cut(rest, "</"+name+">")
			contents = append(contents, content)
			text = after
			break
		}
	}
}

// lastCalls finds the last calls in a text that says other things too.
func lastCalls(text string) ([]pyCall, error) {
	spans := jsonSpans(text)
	empty := false
	for i := len(spans) - 1; i >= 0; i-- {
		calls, err := callsIn(text[spans[i].from:spans[i].to])
		if err != nil {
			continue
		}
		if len(calls) == 0 {
			empty = true
			continue
		}
		from := i
		if text[spans[i].from] == '{' {
			calls, from = callsBefore(text, spans[:i+1], calls)
		}
		if partOfMore(text, spans[from].from, spans[i].to) {
			return nil, fmt.Errorf("%w: the last is in something that is no JSON", errNoCalls)
		}
		return calls, nil
	}
	if empty {
		return []pyCall{}, nil
	}
	return nil, errNoCalls
}

// callsBefore puts the calls before the last one that belong to it in front of it, and returns the
// index of the first.
func callsBefore(text string, spans []span, last []pyCall) (calls []pyCall, first int) {
	calls, first = last, len(spans)-1
	for ; first > 0; first-- {
		before, at := spans[first-1], spans[first]
		if text[before.from] != '{' || strings.Trim(text[before.to:at.from], " \t\r\n,;") != "" {
			break
		}
		more, err := callsIn(text[before.from:before.to])
		if err != nil {
			break
		}
		calls = append(calls, more...)
	}
	slices.Reverse(calls)
	return calls, first
}

// partOfMore reports whether calls at text[from:to] look like elements of a broken array, values of
// a broken object, or the calls before or after a broken one.
func partOfMore(text string, from, to int) bool {
	const space = " \t\r\n"
	before := strings.TrimRight(text[:from], space)
	if key, ok := strings.CutSuffix(before, ":"); ok && strings.HasSuffix(strings.TrimRight(key, space), `"`) ||
		strings.HasSuffix(before, "[") || strings.HasSuffix(before, "=") { // f(a={...})
		return true
	}
	if text[from] == '[' {
		return false
	}
	after := strings.TrimLeft(text[to:], space+",;")
	return strings.HasSuffix(before, ",") || strings.HasPrefix(after, "{") || strings.HasPrefix(after, "]")
}
