package llm

import (
	"context"
	"fmt"
	"runtime/debug"
)

// Guard makes a panic of a backend an error of the one draw that met it. name is the endpoint's.
func Guard(name string, m Model) Model { return guarded{m, name} }

type guarded struct {
	Model
	name string
}

func (g guarded) Generate(ctx context.Context, req Request) (c Completion, err error) {
	defer func() {
		if v := recover(); v != nil {
			c, err = Completion{}, panicked(g.name, v)
		}
	}()
	return g.Model.Generate(ctx, req)
}

func panicked(name string, v any) error {
	return &Error{Class: Refused, Endpoint: name, Err: fmt.Errorf("panic: %v\n%s", v, debug.Stack())}
}
