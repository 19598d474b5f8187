package tokenizer_test

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"mulligan/data/tokenizer"
)

// TestGolden compares with what Hugging Face's library made of hard texts with three small vocabularies.
// testdata/golden.py, run with tokenizers 0.23.3, makes the files.
func TestGolden(t *testing.T) {
	b, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden map[string][][5]json.RawMessage
	if err := json.Unmarshal(b, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden) != 3 {
		t.Errorf("%d vocabularies, want 3", len(golden))
	}
	for name, rows := range golden {
		t.Run(name, func(t *testing.T) {
			b, err := os.ReadFile("testdata/golden_" + name + ".json")
			if err != nil {
				t.Fatal(err)
			}
			ours, err := tokenizer.ReadJSON(b)
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range rows {
				text, want := decode[string](t, row[0]), decode[string](t, row[4])
				for i, o := range []tokenizer.Options{{}, {AddSpecial: true}, {Plain: true}} {
					if got, want := ours.Encode(text, o), decode[[]int32](t, row[1+i]); !slices.Equal(got, want) {
						t.Errorf("%+q with %+v: got %v, want %v", text, o, got, want)
					}
				}
				got, err := ours.Decode(decode[[]int32](t, row[1]))
				if err != nil || string(got) != want {
					t.Errorf("decode of %+q: got %+q, %v, want %+q", text, got, err, want)
				}
			}
		})
	}
}

func decode[T any](t *testing.T, raw json.RawMessage) (v T) {
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}
