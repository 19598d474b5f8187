package tokenizer

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func TestNFC(t *testing.T) {
	marks := strings.Repeat("\u0301\u0323", 40)
	for text, want := range map[string]string{
		"":                       "",
		"abc":                    "abc",
		"e\u0301":                "é",
		"é":                      "é",
		"xe\u0301y":              "xéy",
		"\u0301e":                "\u0301e",
		"a\u0323\u0301":          "ạ\u0301",
		"a\u0301\u0323":          "ạ\u0301",
		"\u212B":                 "Å",
		"\u0958":                 "\u0915\u093C",
		"\u1100\u1161\u11A8":     "각",
		"\uAC00\u11A8":           "각",
		"\uAC01\u11A8":           "각\u11A8",
		"e\xFF\u0301":            "e\xFF\u0301",
		"\xFF\u0301":             "\xFF\u0301",
		"e\u0301\xE3":            "é\xE3",
		"\U00011935\U00011930":   "\U00011935\U00011930", // composed since Unicode 13
		"a\u0898\u0323":          "a\u0898\u0323",        // a combining class since Unicode 14
		"e" + marks:              "\u1EB9" + strings.Repeat("\u0323", 39) + strings.Repeat("\u0301", 40),
		"\u0344":                 "\u0308\u0301",
		"\u0344\u0301e\u0301\na": "\u0308\u0301\u0301é\na",
	} {
		if got := (nfc{}).normalize(text, true); got != want {
			t.Errorf("%+q: got %+q, want %+q", text, got, want)
		}
	}
}

// TestNFCAsHuggingFace normalises every character that NFC could change, among marks of several
// classes, and random rows of such characters.
func TestNFCAsHuggingFace(t *testing.T) {
	python := os.Getenv("MULLIGAN_PYTHON")
	if python == "" {
		if os.Getenv("MULLIGAN_FULL") == "1" {
			t.Fatal("MULLIGAN_PYTHON is not set")
		}
		t.Skip("MULLIGAN_PYTHON is not set")
	}
	var texts []string
	var changing []string
	for r := rune(0x80); r < firstStable; r++ {
		c := string(r)
		if !utf8.ValidRune(r) || r >= 0x3400 && r < 0xA000 || r >= hangulS+1000 && r < hangulS+hangulSs || r >= 0x20000 && r < 0x2F800 {
			continue
		}
		if !norm.NFD.IsNormalString(c) || !norm.NFC.PropertiesString(c).BoundaryBefore() {
			changing = append(changing, c)
		}
		texts = append(texts, "x"+c+"\u0334x\u0345"+c+"q\u0323"+c)
	}
	r := rand.New(rand.NewPCG(4, 2))
	for range 20000 {
		var s strings.Builder
		for range 1 + r.IntN(12) {
			if r.IntN(3) == 0 {
				s.WriteByte("aeoxAEU"[r.IntN(7)])
			} else {
				s.WriteString(changing[r.IntN(len(changing))])
			}
		}
		texts = append(texts, s.String(), norm.NFD.String(s.String()))
	}
	in, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "testdata/normalize.py")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("normalize.py: %v", err)
	}
	var want []string
	if err := json.Unmarshal(out, &want); err != nil {
		t.Fatal(err)
	}
	different := 0
	for i, text := range texts {
		if got := (nfc{}).normalize(text, true); got != want[i] {
			if different++; different <= 5 {
				t.Errorf("%+q: got %+q, want %+q", text, got, want[i])
			}
		}
	}
	t.Logf("%d texts, %d different", len(texts), different)
}
