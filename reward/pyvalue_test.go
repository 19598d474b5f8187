package reward

import (
	"math"
	"strings"
	"testing"
)

// TestDecodePython has what the decoder makes of arguments, its oddities among them.
func TestDecodePython(t *testing.T) {
	for reply, want := range map[string]string{
		`f(a=1, b="x")`:                     `[{"name":"f","arguments":{"a":1,"b":"x"}}]`,
		"```\n[f(a=1), g.h(b=[1, 2.50])]\n": `[{"name":"f","arguments":{"a":1}},{"name":"g.h","arguments":{"b":[1,2.50]}}]`,
		``:                                  `[]`,
		`f(1, *x, a=1)`:                     `[{"name":"f","arguments":{"a":1}}]`,
		`f(a=1, b=2, a=3)`:                  `[{"name":"f","arguments":{"a":3,"b":2}}]`,
		`f(**k)`:                            `[{"name":"f","arguments":{"null":"k"}}]`,
		`f(a=True, b=true, c=None, d=...)`:  `[{"name":"f","arguments":{"a":true,"b":"true","c":null,"d":"..."}}]`,
		`f(a=+5, b=~5, c=not 5, d=-1.5)`:    `[{"name":"f","arguments":{"a":-5,"b":-5,"c":-5,"d":-1.5}}]`,
		`f(a=1+2*3, b="a"+'b', c=[0]*2)`:    `[{"name":"f","arguments":{"a":7,"b":"ab","c":[0,0]}}]`,
		`f(a=g(1,"x"), b=g(y=1), c=x[1:2])`: `[{"name":"f","arguments":{"a":"g(1, 'x')","b":{"g":{"y":1}},"c":"x[1:2]"}}]`,
		`f(a={"k": (1, 2), 3: {}})`:         `[{"name":"f","arguments":{"a":{"k":[1,2],"3":{}}}}]`,
		`f(a="\u00e9\x41\101\q" "z")`:       `[{"name":"f","arguments":{"a":"éAA\\qz"}}]`,
		`f(a=0x1F, b=1_000, c=1e3)`:         `[{"name":"f","arguments":{"a":31,"b":1000,"c":1.0e3}}]`,
		`f(a=x.y)`:                          ``,
		`f(a={1, 2})`:                       ``,
		`f(a=1, 2)`:                         ``,
		`f(class=1)`:                        ``,
		`f(a=-x)`:                           ``,
		`f(a=- -5)`:                         ``,
		`f(a=1/0)`:                          ``,
		`f(a=9**9**9)`:                      ``,
		`f(a="x"*10**9)`:                    ``,
		`f(a=012)`:                          ``,
		`f(a=[x for x in y])`:               ``,
		`f`:                                 ``,
		`I say f(a=1)`:                      ``,
		"f(a=" + strings.Repeat("[", 198) + strings.Repeat("]", 198) + ")": `[{"name":"f","arguments":{"a":` + strings.Repeat("[", 198) + strings.Repeat("]", 198) + `}}]`,
		"f(a=" + strings.Repeat("[", 199) + strings.Repeat("]", 199) + ")": ``,
		"f(a=" + strings.Repeat("-", 10_000) + "1)":                        ``,
		"f(a=1" + strings.Repeat("+1", 2_000) + ")":                        ``,
	} {
		calls, err := decodePython(reply)
		got := ""
		if err == nil {
			got = showCalls(calls, 1<<20)
		}
		if got != want {
			t.Errorf("%.80s\n got %s (%v)\nwant %s", reply, got, err, want)
		}
	}
}

func TestPyEqual(t *testing.T) {
	read := func(s string) pyValue {
		n, err := parsePyExpression(s)
		if err != nil {
			t.Fatalf("%s: %v", s, err)
		}
		r := pyResolver{budget: maxArithWork}
		v, err := r.value(n)
		if err != nil {
			t.Fatalf("%s: %v", s, err)
		}
		return v
	}
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"1", "1.0", true}, {"1", "True", true}, {"0.0", "False", true}, {"-0.0", "0", true}, {"1", `"1"`, false}, {"None", "False", false}, {"None", "None", true},
		{"[1]", "(1,)", false}, {"[1, [2]]", "[True, [2.0]]", true}, {"[1]", "[1, 1]", false}, {`"a"`, `b"a"`, false}, {"(1,)", "(1.0,)", true},
		{`{"a": 1, "b": 2}`, `{"b": 2.0, "a": 1}`, true}, {`{"a": 1}`, `{"a": 1, "b": 2}`, false}, {"{1: 2}", "{1.0: 2}", true}, {"{1: 2}", "{2: 2}", false},
		{"9007199254740993", "9007199254740992.0", false}, {"9007199254740992", "9007199254740992.0", true}, {"10**30", "1e30", false}, {"2**100", "2.0**100", true}, {"10**30", "10**30", true},
		{"1j", "1j", true}, {"1+0j", "1", true}, {"1j", "1", false}, {"1e400", "1e500", true}, {"2**70", "2**70+1", false},
	} {
		if a, b := read(c.a), read(c.b); pyEqual(a, b) != c.want || pyEqual(b, a) != c.want {
			t.Errorf("%s == %s: %t, want %t", c.a, c.b, pyEqual(a, b), c.want)
		}
	}
	nan := pyValue{kind: pyFloat, f: math.NaN()}
	if pyEqual(nan, nan) {
		t.Error("NaN equals itself")
	}
	big := new(pyMap)
	for i := range 1000 {
		if err := big.set(pyInteger(int64(i%500)), pyInteger(int64(i))); err != nil {
			t.Fatal(err)
		}
	}
	if v, ok := big.get(pyValue{kind: pyFloat, f: 7}); big.len() != 500 || !ok || v.n != 507 {
		t.Errorf("a large dict: %d entries, %v, %t", big.len(), v, ok)
	}
}
