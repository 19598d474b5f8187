package reward_test

import (
	"encoding/json"
	"testing"

	"mulligan/data"
	"mulligan/reward"
	"mulligan/reward/rewardtest"
)

func task(question, truth string) data.Prompt {
	return data.Prompt{Messages: []data.Message{{Role: data.RoleUser, Content: question}}, Answer: json.RawMessage(truth)}
}

func raws(list ...string) []json.RawMessage {
	out := make([]json.RawMessage, len(list))
	for i, s := range list {
		out[i] = json.RawMessage(s)
	}
	return out
}

func TestFunctionCallConforms(t *testing.T) {
	bad := raws(`{"calls":{}}`, `{"calls":[1]}`, `{"calls":[{"name":"f"}]}`, `{"calls":[{"name":"f","arguments":"{}"}]}`, `{"tools":[]}`)
	weather := `{"name":"get_weather","arguments":{"city":"Oslo","days":2}}`
	forecast := `{"name":"forecast","arguments":{"place":{"lat":59.9,"lon":10.7},"tags":["rain",null]}}`
	wrap := map[string]func(string) string{
		reward.RulesStrict:    func(s string) string { return "Here:\n" + s },
		reward.RulesVerifiers: func(s string) string { return "<tool>" + s + "</tool>" },
	}
	for rules, reply := range wrap {
		v, err := reward.NewFunctionCall(reward.FunctionCallOptions{Rules: rules})
		if err != nil {
			t.Fatal(err)
		}
		if err := rewardtest.Check(v, []rewardtest.Case{
			{
				Prompt:    task("Weather in Oslo for two days?", `{"tools":[],"calls":[`+weather+`]}`),
				Gold:      []string{reply("[" + weather + "]")},
				Wrong:     []string{reply("[" + weather + "," + forecast + "]"), reply("[]"), reply(`[{"name":"get_weather","arguments":{"city":"Oslo","days":3}}]`)},
				Secrets:   []string{"Oslo", "get_weather", "days"},
				BadTruths: bad,
				Leaks:     []string{"I should have sent " + weather, `get_weather(city="Oslo", days=2)`, reply("[" + weather + "]")},
				Clean:     []string{"I named the wrong city.", `get_weather(city="Rome", days=2)`, weather[:20]},
			},
			{
				Prompt:    task("Forecast and weather?", `{"calls":[`+weather+`,`+forecast+`]}`),
				Gold:      []string{reply("[" + forecast + ",\n" + weather + "]")},
				Wrong:     []string{reply("[" + weather + "]"), reply("[" + forecast + "]")},
				Secrets:   []string{"Oslo", "forecast", "59.9"},
				BadTruths: bad,
				Leaks:     []string{weather + " and " + forecast},
				Clean:     []string{weather, forecast},
			},
			{
				Prompt:  task("Say hello.", `{"tools":[],"calls":[]}`),
				Abstain: true,
				Wrong:   []string{reply("[" + weather + "]")},
				Clean:   []string{weather},
			},
		}); err != nil {
			t.Errorf("rules %s: %v", rules, err)
		}
	}
}

func TestBFCLConforms(t *testing.T) {
	const tools = `"tools":[{"name":"geo.area","parameters":{"type":"dict","properties":{"base":{"type":"integer"},"unit":{"type":"string"}},"required":["base"]}},` +
		`{"name":"plot","parameters":{"properties":{"xs":{"type":"array","items":{"type":"float"}},"opts":{"type":"dict"}},"required":["xs"]}}]`
	bad := raws(`{`+tools+`,"category":"simple","language":"python"}`, `{`+tools+`,"ground_truth":[],"category":"simple"}`,
		`{`+tools+`,"ground_truth":[{"geo.area":{"base":[1]}}],"category":"java"}`, `{`+tools+`,"ground_truth":[{"other":{}}],"category":"parallel"}`,
		`{`+tools+`,"ground_truth":[{"geo.area":{"base":1}}],"category":"simple"}`, `{`+tools+`,"ground_truth":[{"geo.area":{"base":[1]}}],"category":"simple","language":"java"}`,
		`{"ground_truth":[{"geo.area":{"base":[1]}}],"category":"simple"}`)
	for _, format := range []string{reward.FormatAuto, reward.FormatPython, reward.FormatJSON} {
		v, err := reward.NewBFCL(reward.BFCLOptions{Format: format})
		if err != nil {
			t.Fatal(err)
		}
		cases := []rewardtest.Case{
			{
				Prompt:    task("Area of a triangle with base 10?", `{`+tools+`,"ground_truth":[{"geo.area":{"base":[10],"unit":["units",""]}}],"category":"simple","language":"python"}`),
				Gold:      []string{"[geo.area(base=10)]", `geo.area(unit="Units", base=10)`},
				Wrong:     []string{"[geo.area(base=11)]", `[geo.area(base=10, unit="cm")]`, "[geo.area(base=10), geo.area(base=10)]", "[geo.area(base=10.0)]"},
				Secrets:   []string{"10", "units", "geo.area"},
				BadTruths: bad,
				Leaks:     []string{"The call is geo.area(base=10).", `{"name": "geo.area", "arguments": {"base": 10, "unit": "units"}}`},
				Clean:     []string{"geo.area(base=12)", "The base is 10."},
			},
			{
				Prompt: task("Plot, and the area?", `{`+tools+`,"ground_truth":[{"plot":{"xs":[[1.5,2.0]],"opts":[{"color":["red","dark red"],"grid":[true,""]}]}},`+
					`{"geo.area":{"base":[3],"unit":["cm"]}}],"category":"parallel_multiple","language":"python"}`),
				Gold: []string{`[geo.area(base=3, unit="cm"), plot(xs=[1.5, 2.0], opts={"color": "red"})]`,
					`[plot(opts={"grid": True, "color": "Dark-Red"}, xs=[1.5, 2.0]), geo.area(base=3, unit="CM")]`},
				Wrong:     []string{`[plot(xs=[1.5, 2.0], opts={"color": "red"})]`, `[geo.area(base=3, unit="cm"), plot(xs=[2.0, 1.5], opts={"color": "red"})]`},
				Secrets:   []string{"dark", "cm", "1.5"},
				BadTruths: bad,
				Leaks:     []string{`plot(xs=[1.5, 2.0], opts={"color": "red"}), then geo.area(base=3, unit="cm")`},
				Clean:     []string{`plot(xs=[1.5, 2.0], opts={"color": "red"})`},
			},
		}
		if format == reward.FormatJSON {
			cases[0].Gold = []string{`[{"name":"geo.area","arguments":{"base":10}}]`}
			cases[0].Wrong = append(cases[0].Wrong, `[{"name":"geo.area","arguments":{"base":10,"unit":"cm"}}]`)
			cases[1].Gold = []string{`[{"name":"geo.area","arguments":{"base":3,"unit":"cm"}},{"name":"plot","arguments":{"xs":[1.5,2.0],"opts":{"color":"red"}}}]`}
		}
		if err := rewardtest.Check(v, cases); err != nil {
			t.Errorf("format %s: %v", format, err)
		}
	}
}
