package reward

import (
	"errors"
	"fmt"
	"strings"
)

// decodePython reads calls written as Python, `[f(a=1), g(b="x")]`, as bfcl-eval 2026.3.23 does in
// prompting mode (default_decode_ast_prompting): white space and backquotes around are dropped,
// brackets that are missing at either end are added, and the whole must be a list of calls. So ""
// is no calls, and text before or after the list is an error.
func decodePython(reply string) ([]pyCall, error) {
	s := strings.Trim(reply, "`\n ")
	if !strings.HasPrefix(s, "[") {
		s = "[" + s
	}
	if !strings.HasSuffix(s, "]") {
		s += "]"
	}
	n, err := parsePyExpression(s)
	if err != nil {
		return nil, err
	}
	nodes := n.kids
	switch n.kind {
	case nodeCall: // [f](a=1) # ]
		nodes = []*pyNode{n}
	case nodeList, nodeTuple, nodeSet:
	default:
		return nil, errors.New("not a list of calls")
	}
	calls := make([]pyCall, 0, len(nodes))
	for i, k := range nodes {
		if k.kind != nodeCall {
			return nil, fmt.Errorf("element %d of the list is no call", i)
		}
		c, err := resolveCall(k)
		if err != nil {
			return nil, fmt.Errorf("call %d: %w", i, err)
		}
		calls = append(calls, c)
	}
	return calls, nil
}
