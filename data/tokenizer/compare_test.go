package tokenizer_test

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"mulligan/data/tokenizer"
)

// TestSameAsHuggingFace encodes and decodes 100,000 texts with each vocabulary, and wants the ids and
// texts of Hugging Face's own library. MULLIGAN_PYTHON names a Python with tokenizers 0.23.3,
// MULLIGAN_VOCABULARIES a folder as .ci/vocabularies.sh fills it, MULLIGAN_TEXTS another number of texts.
//
// Each text is encoded without and with the tokens that the tokenizer adds, and those with special tokens
// in them also with these as text. Decoded are the ids of each text, and lists of random ids.
func TestSameAsHuggingFace(t *testing.T) {
	python, dir := os.Getenv("MULLIGAN_PYTHON"), os.Getenv("MULLIGAN_VOCABULARIES")
	if python == "" || dir == "" {
		if os.Getenv("MULLIGAN_FULL") == "1" {
			t.Fatal("MULLIGAN_PYTHON or MULLIGAN_VOCABULARIES is not set")
		}
		t.Skip("MULLIGAN_PYTHON or MULLIGAN_VOCABULARIES is not set")
	}
	n := 100000
	if s := os.Getenv("MULLIGAN_TEXTS"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	vocabularies := real(t, dir)
	if len(vocabularies) < 6 {
		t.Errorf("%d vocabularies in MULLIGAN_VOCABULARIES, want 6 or more", len(vocabularies))
	}
	for _, v := range vocabularies {
		t.Run(v.name, func(t *testing.T) {
			ours, err := v.open(t)
			if err != nil {
				t.Fatal(err)
			}
			c := &comparison{t: t, ours: ours, known: v.known, dir: t.TempDir()}
			c.texts = newTexts(20260101, v.special).all(n)
			c.run(python, v.reference(t, c.dir))
		})
	}
}

// comparison is of one vocabulary.
type comparison struct {
	t     *testing.T
	ours  *tokenizer.Tokenizer
	known func(text string, o tokenizer.Options) bool // texts on which another answer is documented; nil: none
	dir   string
	texts []string

	different, documented int
}

func (c *comparison) run(python, reference string) {
	random := c.random(2000)
	c.writeTexts()
	c.writeLists("ids.bin", random)
	start := time.Now()
	out, err := exec.Command(python, "testdata/compare.py", reference, c.dir).CombinedOutput()
	if err != nil {
		c.t.Fatalf("compare.py: %v\n%s", err, out)
	}
	theirs := time.Since(start)
	start = time.Now()
	plain := c.readLists("plain.bin")
	tokens := c.encoded("add_special_tokens=False", c.texts, plain, tokenizer.Options{})
	c.encoded("add_special_tokens=True", c.texts, c.readLists("added.bin"), tokenizer.Options{AddSpecial: true})
	literal := c.readLists("literal.bin")
	special := make([]string, len(literal))
	for i, list := range literal {
		special[i], literal[i] = c.texts[list[0]], list[1:]
	}
	c.encoded("encode_special_tokens", special, literal, tokenizer.Options{Plain: true})
	c.decoded("decode", plain, c.readTexts("decoded.bin"))
	c.decoded("decode of random ids", random, c.readTexts("random.bin"))
	c.t.Logf("%s: %d texts (%d with special tokens), %d tokens, %d differences, %d documented; Python %.1f s, Go %.1f s",
		c.ours.Name(), len(c.texts), len(special), tokens, c.different, c.documented, theirs.Seconds(), time.Since(start).Seconds())
}

// encoded compares ids, and returns how many there are.
func (c *comparison) encoded(what string, texts []string, want [][]int32, o tokenizer.Options) (tokens int) {
	if len(want) != len(texts) {
		c.t.Fatalf("%s: %d lists of ids for %d texts", what, len(want), len(texts))
	}
	got := make([][]int32, len(want))
	inParallel(len(want), func(i int) { got[i] = c.ours.Encode(texts[i], o) })
	for i := range want {
		tokens += len(want[i])
		switch {
		case slices.Equal(got[i], want[i]):
		case c.known != nil && c.known(texts[i], o):
			c.documented++
		default:
			c.differ("%s: text %d %+q:\n got %v\nwant %v\n%s", what, i, texts[i], got[i], want[i], c.apart(got[i], want[i]))
		}
	}
	return tokens
}

// apart shows tokens from the first that differs.
func (c *comparison) apart(got, want []int32) string {
	i := 0
	for i < min(len(got), len(want)) && got[i] == want[i] {
		i++
	}
	show := func(ids []int32) (all []string) {
		for _, id := range ids[i:min(i+6, len(ids))] {
			token, _ := c.ours.Token(id)
			all = append(all, fmt.Sprintf("%+q", token))
		}
		return all
	}
	return fmt.Sprintf("from token %d on: got %v, want %v", i, show(got), show(want))
}

// decoded compares texts. Hugging Face's strings cannot hold bytes that are not UTF-8.
func (c *comparison) decoded(what string, ids [][]int32, want []string) {
	if len(want) != len(ids) {
		c.t.Fatalf("%s: %d texts for %d lists of ids", what, len(want), len(ids))
	}
	got := make([]string, len(want))
	inParallel(len(want), func(i int) {
		b, err := c.ours.Decode(ids[i])
		if got[i] = lossy(b); err != nil {
			got[i] = err.Error()
		}
	})
	for i := range want {
		if got[i] != want[i] {
			c.differ("%s: %v:\n got %+q\nwant %+q", what, ids[i], got[i], want[i])
		}
	}
}

func (c *comparison) differ(format string, args ...any) {
	if c.different++; c.different <= 10 {
		c.t.Errorf(format, args...)
	} else {
		c.t.Fail()
	}
}

// random returns lists of ids of the vocabulary. Tokens for bytes that are no characters are left out
// where they are spelled <0xE9>: their text in Hugging Face's library depends on those around them.
func (c *comparison) random(n int) [][]int32 {
	var ids []int32
	for id := range int32(c.ours.Size()) {
		if token, ok := c.ours.Token(id); ok && !(len(token) == 6 && strings.HasPrefix(token, "<0x") && token[3] >= '8') {
			ids = append(ids, id)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	lists := make([][]int32, n)
	for i := range lists {
		lists[i] = []int32{}
		for range 1 + r.IntN(12) {
			lists[i] = append(lists[i], ids[r.IntN(len(ids))])
		}
	}
	return lists
}

func inParallel(n int, do func(i int)) {
	var group sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		group.Go(func() {
			for i := w * n / workers; i < (w+1)*n/workers; i++ {
				do(i)
			}
		})
	}
	group.Wait()
}

func (c *comparison) writeTexts() {
	f, err := os.Create(filepath.Join(c.dir, "texts.jsonl"))
	if err != nil {
		c.t.Fatal(err)
	}
	w := bufio.NewWriter(f)
	e := json.NewEncoder(w)
	for _, text := range c.texts {
		if err := e.Encode(text); err != nil {
			c.t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		c.t.Fatal(err)
	}
	f.Close()
}

func (c *comparison) writeLists(name string, lists [][]int32) {
	var b []byte
	for _, ids := range lists {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(ids)))
		for _, id := range ids {
			b = binary.LittleEndian.AppendUint32(b, uint32(id))
		}
	}
	if err := os.WriteFile(filepath.Join(c.dir, name), b, 0o600); err != nil {
		c.t.Fatal(err)
	}
}

func (c *comparison) readLists(name string) (lists [][]int32) {
	b := c.read(name)
	for len(b) > 0 {
		n := int(binary.LittleEndian.Uint32(b))
		b = b[4:]
		ids := make([]int32, n)
		for i := range ids {
			ids[i] = int32(binary.LittleEndian.Uint32(b[4*i:]))
		}
		lists, b = append(lists, ids), b[4*n:]
	}
	return lists
}

func (c *comparison) readTexts(name string) (texts []string) {
	b := c.read(name)
	for len(b) > 0 {
		n := int(binary.LittleEndian.Uint32(b))
		texts, b = append(texts, string(b[4:4+n])), b[4+n:]
	}
	return texts
}

func (c *comparison) read(name string) []byte {
	b, err := os.ReadFile(filepath.Join(c.dir, name))
	if err != nil {
		c.t.Fatal(err)
	}
	return b
}
