package tokenizer

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// pieces cuts a text and shows where, with | between pieces.
func pieces(t *testing.T, steps []step, text string) string {
	t.Helper()
	stages, err := newStages(steps)
	if err != nil {
		t.Fatal(err)
	}
	out := []string{text}
	for _, stage := range stages {
		var next []string
		for _, piece := range out {
			for i := 0; i < len(piece); {
				end := stage.next(piece, i)
				next = append(next, piece[i:end])
				i = end
			}
		}
		out = next
	}
	return strings.Join(out, "|")
}

func TestPieces(t *testing.T) {
	for pre, texts := range map[string]map[string]string{
		"gpt-2": {
			"Hello world's  end":    "Hello| world|'s| | end",
			"it'S 1234 x=1!":        "it|'|S| 1234| x|=|1|!",
			" \n\n a\n":             " \n\n| a|\n",
			"a \t":                  "a| \t",
			"日本,語":                  "日本|,|語",
			"a\xFF\xFEb":            "a|\xFF\xFE|b",
			"e\u0301":               "e|\u0301",
			"'\u017f it'll they've": "'|\u017f| it|'ll| they|'ve",
		},
		"llama-bpe": {
			"Hello world's  end":  "Hello| world|'s| | end",
			"it'S 12345 x":        "it|'S| |123|45| x",
			"'\u017fx'LLy":        "'\u017f|x|'LL|y",
			"\tx !!\n\n y":        "\tx| !!\n\n| y",
			"a \r\n \r\n  b":      "a| \r\n \r\n| | b",
			"a\u3000\u3000b":      "a|\u3000|\u3000b",
			"\xFFa\xE6\x97":       "\xFFa|\xE6\x97",
			"a\u0301b":            "a|\u0301b",
			"a   ":                "a|   ",
			"½²":                  "½²",
			"don't'":              "don|'t|'",
			"x\u00a0\u00a0\u00a0": "x|\u00a0\u00a0\u00a0",
		},
		"qwen2":  {"1234": "1|2|3|4", "a1 b": "a|1| b"},
		"qwen35": {"a\u0301b\u0301 \u0301": "a\u0301b\u0301| \u0301", "\u0301": "\u0301", "!\u0301a\u0301": "!\u0301a\u0301"},
		"gpt-4o": {
			"HelloWorld getURLs x":      "Hello|World| get|URLs| x",
			"ABC's they'LL":             "ABC's| they'LL",
			"AB字CD ʰA":                  "AB字|CD| ʰ|A",
			"https://a/b ///\n/x":       "https|://|a|/b| ///\n/|x",
			"\u0301ABC":                 "\u0301|ABC",
			"12345":                     "123|45",
			" \u0301a":                  " \u0301a",
			"\u01C5abc \u0130STANBUL x": "\u01C5abc| \u0130STANBUL| x",
		},
		"tekken":    {"HelloWorld's 12": "Hello|World|'s| |1|2"},
		"smollm":    {"a 12\n3b": "a| |1|2|\n|3|b"},
		"command-r": {"x²": "x|²"},
		"deepseek-v3": {
			"1234abc !foo (x) 日本語カナab": "123|4|abc| !|foo| (|x|)| |日本語カナ|ab",
			"a\x00\x01b \x00":          "a|\x00|\x01b| |\x00",
			".foo_bar":                 ".foo|_bar",
			"e\u0301e ...\n\n\tx\n y":  "e\u0301e| ...\n\n|\tx|\n| y",
		},
		"deepseek-coder": {"a 1b\n\tc 日本!": "a| |1|b|\n|\tc| |日本|!"},
		"deepseek-llm":   {"Foo bar 12 ñ  ": "Foo| bar| |1|2| ñ|  "},
		"falcon":         {"a1234, $x \u00b2": "a|123|4|,| |$|x| \xc2|\xb2"},
		"default":        {"a1234!b": "a|123|4|!|b"},
	} {
		for text, want := range texts {
			if got := pieces(t, preTokenizers[pre].steps, text); got != want {
				t.Errorf("%s: %+q: %q, want %q", pre, text, got, want)
			}
		}
	}
}

func TestRunsRefuse(t *testing.T) {
	for _, regex := range []string{"", "a", `\w+`, `[^a]+`, `[a-`, `[z-a]`, `[a]{2`, `[a]{0}`, `[a]{3,2}`, `[a]{1,}`, `[a]*`, `[a]+?`, `[a]+[b]+`, `\p{L}` + "x", `[[:alpha:]]`, `[a&&b]`, `[\d]`, `[a]?`, `[a]{2}$`, `\`, `[\`, "[\xFF]"} {
		if p, err := newRuns(regex); err == nil {
			t.Errorf("%q is accepted: %+v", regex, p)
		}
	}
	if _, err := newRuns(`\w+`); !errors.Is(err, ErrNotUnderstood) {
		t.Errorf("%v, want ErrNotUnderstood", err)
	}
}

func TestByteStandIns(t *testing.T) {
	seen := map[rune]bool{}
	for b, r := range byteRunes {
		seen[r] = true
		if got, ok := spelledBytes(string(r)); !ok || got != string([]byte{byte(b)}) {
			t.Errorf("byte %x is spelled %q, which is %q, %t", b, r, got, ok)
		}
	}
	if len(seen) != 256 || byteRunes[' '] != 'Ġ' || byteRunes['\n'] != 'Ċ' || byteRunes[0xAD] != 'Ń' || byteRunes[0x7F] != 'ġ' {
		t.Errorf("%d stand-ins", len(seen))
	}
	for _, token := range []string{" ", "a b", "日", "\u0144", "<｜end｜>"} {
		if got, ok := spelledBytes(token); ok {
			t.Errorf("%q is taken for %q", token, got)
		}
	}
}

func TestKnownRegexesDiffer(t *testing.T) {
	var all []string
	for _, k := range knownRegexes {
		if slices.Contains(all, k.regex) {
			t.Errorf("%s: the same regular expression twice", k.name)
		}
		all = append(all, k.regex)
	}
}
