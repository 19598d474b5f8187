package reward

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// typed writes a value as the reference's "typed" does.
func typed(v pyValue) any {
	switch v.kind {
	case pyDict:
		entries := []any{}
		for i, k := range v.dict.keys {
			entries = append(entries, []any{typed(k), typed(v.dict.vals[i])})
		}
		return []any{"dict", entries}
	case pyList, pyTuple:
		items := []any{}
		for _, x := range v.items {
			items = append(items, typed(x))
		}
		return []any{v.kind.String(), items}
	case pyStr, pyBytes:
		return []any{v.kind.String(), hex.EncodeToString([]byte(v.s))}
	}
	if v.kind == pyInt {
		return []any{"int", fmt.Sprintf("%#x", v.integer())}
	}
	return []any{v.kind.String(), pyRepr(v)}
}

// pySources are replies, each for some rule of Python's grammar or some oddity of the decoder.
var pySources = []string{
	``, ` `, "```\nf(a=1)\n```", "`f(a=1)`", "f(a=1)\n", "[f(a=1), g(b=2)]", "[f(a=1)", "f(a=1)]", "f(a=1), g(b=2),",
	"[f(a=1)]\n[g(b=2)]", "[f(a=1)]\n\n# done]", "[f](a=1) # ]", "[f(a=1)] # x", "[f(a=1) # x\n]", "I call f(a=1)",
	`f`, `[f]`, `[f, g(a=1)]`, `f(1, 2, a=3)`, `f(*x, a=1, *y, **z, b=2)`, `f(**z, *x)`, `f(a=1, 2)`, `f(**z, 2)`,
	`f(a=1, a=2, b=3)`, `a.b.c(x=1)`, `a().b(x=1)`, `a[0].b.c(x=1)`, `a[0](x=1)`, `(f)(x=1)`, `"s".f(x=1)`,
	`f(class=1)`, `f(from="x")`, `f(True=1)`, `f(match=1, type=2, _=3)`, `f((a)=1)`, `f(a.b=1)`, `f(a==1)`, `f(a=b=1)`,
	`f(a=True, b=False, c=None, d=true, e=null, g=...)`, `f(a=+5, b=-5, c=~5, d=not 5)`, `f(a=- -5)`, `f(a=-x)`, `f(a=-"x")`,
	`f(a=-True)`, `f(a=--5)`, `f(a=-1.5e3, b=-1j, c=1+2j, d=-(1))`, `f(a=-(1+2))`,
	`f(a=0x1F, b=0o17, c=0b101, d=1_000, e=0_0, g=00)`, `f(a=012)`, `f(a=012.5)`, `f(a=1__0)`, `f(a=1_)`, `f(a=0x)`, `f(a=0x_f)`,
	`f(a=1., b=.5, c=1e5, d=1E-5, e=1_0.0_1e1_0, g=1e400, h=1e-400)`, `f(a=1.e3)`, `f(a=1..real)`, `f(a=1 .real)`, `f(a=1e)`, `f(a=5x)`,
	`f(a=1if True else 2)`, `f(a=123456789012345678901234567890)`, `f(a=9007199254740993, b=-0, c=-0.0, d=0.1)`,
	`f(a="x" "y" 'z', b=u"u", c=b"a" b"b", d=r"\n\d", e=b"\xff\377\400")`, `f(a="x" b"y")`, `f(a=f"x")`, `f(a=rb"\x", b=Br'\'')`, `f(a=ur"x")`,
	`f(a="\n\t\\\'\"\a\b\f\v\r\0\101\x41\u00e9\U0001F600\ud800\q\8")`, `f(a="\x4")`, `f(a="\u12")`, `f(a="\U00110000")`, `f(a="\N{DASH}")`,
	"f(a='''x\ny''', b=\"\"\"a\"b\"\"\")", "f(a='x\ny')", "f(a='x\\\ny')", "f(a='''x\r\ny''')", "f(a='x", `f(a='''x'')`, "f(a=1,\n\tb=2)", "f(a=\\\n1)", "f(a=\\1)",
	`f(a=[1, "x", [2.5, None]], b={"k": [1], 2: (3,), (1, 2): {}}, c=(1, 2), d=(), e=(1), g=[])`, `f(a={1, 2})`, `f(a={[1]: 2})`, `f(a={**x})`,
	`f(a={1: "a", True: "b", 1.0: "c"})`, `f(a=[*x])`, `f(a=(*x))`, `f(a=[1, 2,], b=(1,), c={"a": 1,})`, `f(a=[,])`, `f(a=,)`, `f(,)`, `f(a=1,)`, `f(a=1,,b=2)`,
	`f(a=x.y)`, `f(a=x[0])`, `f(a=x[1:2, ::3])`, `f(a=x[()])`, `f(a=x[1,])`, `f(a=x[*y])`, `f(a=x[a:b:c][-1].d)`, `f(a=x[])`, `f(a=x[1)`,
	`f(a=g())`, `f(a=g(1, "it's", *z))`, `f(a=g(x=1))`, `f(a=g(1, x=2, y=[h(z=3), k()]))`, `f(a=m.n.g(-1, +x, not y, ~z))`, `f(a=g(**z))`,
	`f(a=g(1+2*3, (1+2)*3, 2**-1, (-2)**2, -2**2, a or b and not c, (a or b) and c))`, `f(a=g(x if y else z, (x if y else z)+1))`,
	`f(a=g(a<b<=c, a is not b, a not in b, not a in b, (a<b)<c))`, `f(a=g((1,), (), (1, 2), [1], {1}, {1: 2, **x}, {*a}, *b))`,
	`f(a=g(a**b**c, (a**b)**c, a**-b, (-a)**b, -a**b))`, `f(a=g(1 .real, 1.5.real, True.real, "x".join, (-1).real, x.y.z))`, `f(a=g(1e400, 1e16, 1e15, 0.0001, 0.00001, 1.5j, b"\x00'", 'a"b', "a'b", "a'\"", u"x", u"x" "y"))`,
	`f(a=g(a or b or (c or d) or e and f, a | b ^ c & d << e + f * g @ h))`, `f(a=g("é☃😀\u200b\x7f\xad\ue000\U000e0001"))`, `f(a=g(h(x=1, *y), h(1, **k)))`, `f(a=g(...))`, `f(a=g(x[1,2], x[(1,2)], x[1:2], x[:, 1]))`,
	`f(a=1+2, b=7//2, c=-7//2, d=7%-3, e=2**10, g=2**-1, h=1/3, i=7/7, j="a"+"b", k=[1]+[2], l="ab"*3, m=3*[0], n=(1,)+(2,))`,
	`f(a=1<<4, b=-5>>1, c=6&3, d=6|3, e=6^3, g=True&False, h=True+True, i=True|1, j=0.1+0.2, k=7.5//2, l=-7.5%2, m=1.1**10, n=2**0.5)`,
	`f(a=1/0)`, `f(a=1//0)`, `f(a=1%0)`, `f(a=0**-1)`, `f(a=1+"x")`, `f(a=x+1)`, `f(a=1<<-1)`, `f(a=1.5<<1)`, `f(a=-1+2)`, `f(a=(1,2)*2)`, `f(a=[1]*-1)`, `f(a=b"a"+b"b")`, `f(a=1+True)`,
	`f(a=1 - -1, b=1 + ~1, c=(1 + 2) * 3)`, `f(a=1e308*10)`, `f(a=10**400/10**399)`, `f(a=1.0*10**400)`, `f(a=10.0**400)`, `f(a=7.0%0.0)`, `f(a=1@2)`,
	`f(a=1 if x else 2)`, `f(a=a and b)`, `f(a=a<b)`, `f(a=lambda: 1)`, `f(a=[x for x in y])`, `f(a=await x)`, `f(a=(yield))`, `f(a=x:=1)`,
	`f(ª=1, ﬁ=2, é=3)`, "f(e\u0301=1)", `ｆ(a=1)`, `f(x²=1)`, `函数(城市="北京")`, "f(a=\u00a01)", "\ufefff(a=1)", "f(a='\x00')", "f(a=1)\x00", `f(a=$)`, `f(a=1?)`, `f(a=1;b=2)`, "f(a='\u2028')", "\x0cf(a=1)",
	`{f(a=1)}`, `(f(a=1), g())`, `[f(a=1)][0]`, `[f(a=1)] + [g()]`, `[[f(a=1)]]`, `[f(a=1)].x`, `f(a=1) g(b=2)`, `f(a=1); g(b=2)`, `f(a=1`, `f a=1)`, `f(a=1))`, `f{a=1}`, `f(a=(1])`, `print(f(a=1))`, `x = f(a=1)`, `await f(a=1)`, `not f(a=1)`, `f(a=1).g(b=2)`, `f(a=1)(b=2)`,
	"f(a=" + strings.Repeat("[", 198) + strings.Repeat("]", 198) + ")", "f(a=" + strings.Repeat("[", 199) + strings.Repeat("]", 199) + ")",
	"f(a=" + strings.Repeat("9", 4300) + ")", "f(a=" + strings.Repeat("9", 4301) + ")", `f(a=b'é')`, `f(a="é", b='日本', c="\"q\"")`, `f(a=x.class)`, `f(a=1.5.e)`, `f(a=*x)`, `f(*)`, `f(**)`, `f(a=**x)`, `f(a!b)`, `f(a<>b)`, `f(a->b)`,
}

// mutate makes another source by cutting, doubling and joining pieces.
func mutate(r *rand.Rand, sources []string) string {
	s := sources[r.IntN(len(sources))]
	for range 1 + r.IntN(3) {
		if s == "" {
			break
		}
		i := r.IntN(len(s))
		j := i + r.IntN(min(len(s)-i, 12)) + 1
		switch r.IntN(4) {
		case 0:
			s = s[:i] + s[j:]
		case 1:
			s = s[:j] + s[i:]
		case 2:
			o := sources[r.IntN(len(sources))]
			if len(o) > 0 {
				k := r.IntN(len(o))
				s = s[:i] + o[k:k+1+r.IntN(min(len(o)-k, 20))] + s[i:]
			}
		case 3:
			const marks = `()[]{},.=:+-*/"'\#1 aj_`
			s = s[:i] + marks[r.IntN(len(marks)):][:1] + s[j:]
		}
	}
	return strings.ToValidUTF8(s, "?")
}

// grow makes a random expression.
func grow(r *rand.Rand, depth int) string {
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	leaf := func() string {
		return pick("x", "y", "True", "None", "1", "0", "25", "1.5", "2.0", "1e20", "3j", `"a"`, `'it\'s'`, `"q\"'"`, `b"x"`, `u"u"`, "...", "()", "[]", "{}", "x.y", "-1", "1_000", "0xff")
	}
	if depth == 0 || r.IntN(5) == 0 {
		return leaf()
	}
	sub := func() string { return grow(r, depth-1) }
	switch r.IntN(20) {
	case 0, 1:
		return "[" + sub() + ", " + sub() + "]"
	case 2:
		return "(" + sub() + ", " + sub() + pick("", ",") + ")"
	case 3:
		return "{" + leaf() + ": " + sub() + ", " + leaf() + ": " + sub() + "}"
	case 4, 5:
		return "h(" + sub() + ", " + pick("", "*") + sub() + ")"
	case 6:
		return "m.h(" + sub() + ", k=" + sub() + ")"
	case 7:
		return "x[" + sub() + "]"
	case 8:
		return "x[" + sub() + ":" + sub() + pick("", ":", ":2") + "]"
	case 9:
		return pick("-", "+", "~", "not ") + sub()
	case 10, 11, 12:
		return sub() + pick("+", "-", "*", "/", "//", "%", " | ", "^", "&", ">>") + sub()
	case 13:
		return "(" + sub() + pick("+", "-", "*") + sub() + ")" + pick("*", "**", ".z", "[0]") + leaf()
	case 14:
		return sub() + pick(" and ", " or ") + sub() + pick(" and ", " or ") + sub()
	case 15:
		return sub() + pick(" < ", " == ", " in ", " not in ", " is ", " is not ") + sub()
	case 16:
		return sub() + " if " + sub() + " else " + sub()
	case 17:
		return "(" + sub() + ")"
	case 18:
		return pick("1", "2.5", "7", "-3") + pick("+", "-", "*", "/", "//", "%") + pick("2", "0.5", "-4", "True")
	}
	return leaf()
}

// TestPythonDecoderReference compares what replies are decoded to with bfcl-eval's decoder.
func TestPythonDecoderReference(t *testing.T) {
	ref := startReference(t)
	sources := append([]string(nil), pySources...)
	r := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		grown := "f(a=" + grow(r, 4) + ", b=g(" + grow(r, 4) + "))"
		for _, s := range []string{mutate(r, pySources), grown} {
			if !runsCode(s) {
				sources = append(sources, s)
			}
		}
	}
	requests := make([]map[string]any, len(sources))
	for i, s := range sources {
		requests[i] = map[string]any{"op": "decode", "reply": s}
	}
	type answer struct {
		Calls any    `json:"calls"`
		Error string `json:"error"`
	}
	decoded, refused, differ := 0, 0, 0
	for i, want := range ask[answer](ref, requests) {
		calls, err := decodePython(sources[i])
		if err != nil {
			refused++
			if byDesign := refusedByDesign(sources[i]) || errors.Is(err, errArith) || errors.Is(err, errTooLarge); want.Error == "" && byDesign {
				differ++
			} else if want.Error == "" {
				t.Errorf("%.300q: %v; the reference gives %v", sources[i], err, want.Calls)
			}
			continue
		}
		decoded++
		if want.Error != "" {
			t.Errorf("%.300q: decoded to %v; the reference fails with %s", sources[i], calls, want.Error)
			continue
		}
		list := []any{}
		for _, c := range calls {
			list = append(list, []any{"dict", []any{[]any{typed(pyString(c.name)), typed(c.args)}}})
		}
		got, err := json.Marshal([]any{"list", list})
		if err != nil {
			t.Fatal(err)
		}
		var back any
		if err := json.Unmarshal(got, &back); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(back, want.Calls) {
			t.Errorf("%.300q:\n got %s\nwant %s", sources[i], got, fmt.Sprint(want.Calls))
		}
	}
	t.Logf("%d replies: %d decoded alike, %d refused, of these %d by design", len(sources), decoded, refused, differ)
	if decoded < 4000 || differ*1000 > len(sources) {
		t.Errorf("%d replies decoded, %d refused by design: want at least 4000, and at most one in a thousand", decoded, differ)
	}
}

// refusedByDesign reports whether a source may hold what the decoder refuses and CPython reads.
func refusedByDesign(s string) bool {
	s = strings.ToLower(s)
	for _, w := range []string{"lambda", " for ", "await", "yield", ":=", `\n{`, `f"`, "f'", `fr"`, "fr'"} {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// runsCode reports whether the reference might run for long or run something with effects.
func runsCode(s string) bool {
	return strings.Contains(s, "print") || strings.Count(s, "**") > 1 || strings.Contains(s, "<<")
}
