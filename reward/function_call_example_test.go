package reward_test

import (
	"context"
	"encoding/json"
	"fmt"

	"mulligan/data"
	"mulligan/reward"
)

func ExampleFunctionCall() {
	v, err := reward.NewFunctionCall(reward.FunctionCallOptions{Rules: "strict"})
	if err != nil {
		fmt.Println(err)
		return
	}
	p := data.Prompt{
		Messages: []data.Message{{Role: data.RoleUser, Content: "Weather in Oslo?"}},
		Answer:   json.RawMessage(`{"tools":[],"calls":[{"name":"get_weather","arguments":{"city":"Oslo","days":1}}]}`),
	}
	for _, reply := range []string{
		`<tool_call>{"name": "get_weather", "arguments": {"days": 1.0, "city": "Oslo"}}</tool_call>`,
		`[{"name": "get_weather", "arguments": {"city": "Oslo"}}]`,
	} {
		verdict, err := v.Verify(context.Background(), p, reply)
		fmt.Println(verdict.Pass, verdict.Score, verdict.Feedback, err)
	}
	// Output:
	// true 1  <nil>
	// false 0 The tool calls are not the right ones. <nil>
}

func ExampleBFCL() {
	v, err := reward.NewBFCL(reward.BFCLOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	p := data.Prompt{
		Messages: []data.Message{{Role: data.RoleUser, Content: "The area of a triangle of base 10?"}},
		Answer: json.RawMessage(`{"tools":[{"name":"area","parameters":{"properties":{"base":{"type":"integer"},"unit":{"type":"string"}},"required":["base"]}}],
			"ground_truth":[{"area":{"base":[10],"unit":["units",""]}}],"category":"simple","language":"python"}`),
	}
	for _, reply := range []string{`[area(base=10, unit="Units")]`, `[area(base="10")]`} {
		verdict, err := v.Verify(context.Background(), p, reply)
		fmt.Println(verdict.Pass, verdict.Reason, err)
	}
	// Output:
	// true  <nil>
	// false type_error:simple parameter base: str "10" <nil>
}
