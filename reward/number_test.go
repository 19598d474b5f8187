package reward_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"mulligan/reward"
	"mulligan/reward/rewardtest"
)

func number(t testing.TB, tolerance float64) *reward.Number {
	t.Helper()
	v, err := reward.NewNumber(reward.NumberOptions{Tolerance: tolerance})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestNumber(t *testing.T) {
	v := number(t, 0)
	for _, c := range []struct {
		value, reply string
		pass         bool
		parsed       string
	}{
		{"42", "The answer is 42.", true, "42"},
		{"42", "6*7=42", true, "42"},
		{"42", "42, as I said in step 3", false, "3"},
		{"42", "$42.00", true, "42.00"},
		{"42", "\\boxed{42}", true, "42"},
		{"-42", "x = -42", true, "-42"},
		{"-42", "x=−42", true, "−42"},
		{"42", "x = +42", true, "+42"},
		{"3", "5-3", true, "3"},
		{"-3", "5 -3", true, "-3"}, // a sign after a blank
		{"3", "(2)-3", true, "3"},
		{"3", "a-3", true, "3"},
		{"1234567.5", "1,234,567.5", true, "1,234,567.5"},
		{"23", "1,23", true, "23"},
		{"2345", "1,2345", true, "2345"},
		{"7", "1,234,5,7", true, "7"},
		{"0.5", ".5", true, ".5"},
		{"1/2", "0.50", true, "0.50"},
		{"0.5", "1/2", true, "1/2"},
		{"-0.75", "-\\frac{3}{4}", true, "-3/4"},
		{"3/4", "\\dfrac{6}{8}", true, "6/8"},
		{"2/3", "0.6666666", false, "0.6666666"},
		{"8", "010/2 is 08", true, "08"},
		{"5", "010/2", true, "010/2"}, // not octal
		{"2024", "1/2/2024", true, "2024"},
		{"50", "50%", true, "50"},
		{"0.5", "50%", false, "50"},
		{"100000", "1e5", true, "1e5"},
		{"0.00001", "1E-5", true, "1E-5"},
		{"2", "2e", true, "2"},
		{"3", "1.2.3", true, "3"},
		{"1", "1e1000000", false, "1e1000000"},
		{"1", "1/0", false, "1/0"},
		{"0", "0e-1001", false, "0e-1001"},
		{"42", "forty-two", false, ""},
	} {
		got, err := v.Verify(context.Background(), prompt("", fmt.Sprintf(`{"value":%q}`, c.value)), c.reply)
		if err != nil || got.Pass != c.pass || got.Parsed != c.parsed {
			t.Errorf("%q for %s: pass %t, parsed %q, error %v; want %t, %q", c.reply, c.value, got.Pass, got.Parsed, err, c.pass, c.parsed)
		}
	}
}

func TestNumberTolerance(t *testing.T) {
	v := number(t, 0.01)
	for reply, pass := range map[string]bool{"2.01": true, "1.99": true, "2.0100001": false, "1.98999": false, "2": true, "-2": false, "2e1000": false} {
		got, err := v.Verify(context.Background(), prompt("", `{"value":2}`), reply)
		if err != nil || got.Pass != pass {
			t.Errorf("%s: pass %t, error %v; want %t", reply, got.Pass, err, pass)
		}
	}
	for _, bad := range []float64{-1, math.NaN(), math.Inf(1), 1e301, 1e-320} {
		if _, err := reward.NewNumber(reward.NumberOptions{Tolerance: bad}); err == nil {
			t.Errorf("tolerance %g is accepted", bad)
		}
	}
}

func numberCases() []rewardtest.Case {
	return []rewardtest.Case{{
		Prompt: prompt("How much are 40 apples and 2 pears at 1 each?", `{"value":"42"}`),
		Gold:   []string{"42", "So 40 + 2 = 42.", "42.0", "84/2"},
		Wrong:  []string{"43", "4.2", "-42", "421", "42 or 43", "1e1000000"},
		Leaks:  []string{"It should have been 42.", "42 is right, not 41", "84/2"},
		Clean:  []string{"40 + 2", "420", "142", "4.2", "forty-two", "-42"},
		BadTruths: []json.RawMessage{[]byte(`{"value":""}`), []byte(`{"value":"x"}`), []byte(`{"value":"1 2"}`), []byte(`{"value":null}`), []byte(`{"value":"1e1001"}`),
			[]byte(`{"value":true}`), []byte(`{"value":["1"]}`), []byte(`{"value":"1/0"}`), []byte(`{"value":"42 apples"}`)},
	}, {
		Prompt: prompt("Is 1,000 more than 999?", `{"value":1000}`),
		Gold:   []string{"1,000", "1e3"},
		Clean:  []string{"1000 it is", "1,000"},
	}, {
		Prompt: prompt("A third of it?", `{"value":"$-1/3"}`),
		Gold:   []string{"-1/3", `it is -\frac{1}{3}`},
		Wrong:  []string{"1/3", "-0.33"},
		Leaks:  []string{"I forgot that it is -1/3."},
	}}
}

func TestNumberConformance(t *testing.T) {
	if err := rewardtest.Check(number(t, 0), numberCases()); err != nil {
		t.Error(err)
	}
}

func FuzzNumber(f *testing.F) {
	for _, c := range numberCases() {
		for _, s := range append(append(c.Gold, c.Wrong...), c.Leaks...) {
			f.Add(s, `{"value":"42"}`)
		}
	}
	v := number(f, 0)
	f.Fuzz(func(t *testing.T, reply, truth string) {
		p := prompt("", truth)
		got, err := v.Verify(context.Background(), p, reply)
		if err != nil {
			return
		}
		leaks, err := v.Leaks(context.Background(), p, reply)
		if err != nil || got.Pass && !leaks {
			t.Errorf("%q passes for %s, leaks %t, error %v", reply, truth, leaks, err)
		}
	})
}
