package page

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"regexp"
	"testing"

	"github.com/klauspost/compress/flate"

	"mulligan/data"
	"mulligan/export/audit"
)

// read is a page, unpacked as its script does.
type read struct {
	html   string
	index  unpackedIndex
	texts  []groupText
	tokens []json.RawMessage
}

type unpackedIndex struct {
	Groups   []row     `json:"groups"`
	Chunks   []int     `json:"chunks"`
	LeftOut  int       `json:"left_out"`
	Findings []finding `json:"findings"`
}

func page(t testing.TB, r audit.Report, groups iter.Seq2[data.Group, error], o Options) read {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, r, groups, o); err != nil {
		t.Fatal(err)
	}
	p := read{html: b.String()}
	unpackBlock(t, p.html, "index", &p.index)
	for i, n := range p.index.Chunks {
		var texts []groupText
		var tokens []json.RawMessage
		unpackBlock(t, p.html, fmt.Sprint("text-", i), &texts)
		unpackBlock(t, p.html, fmt.Sprint("tokens-", i), &tokens)
		if len(texts) != n || len(tokens) != n {
			t.Fatalf("blocks %d hold %d texts and %d tokens, the index says %d", i, len(texts), len(tokens), n)
		}
		p.texts, p.tokens = append(p.texts, texts...), append(p.tokens, tokens...)
	}
	if len(p.texts) != len(p.index.Groups) {
		t.Fatalf("%d groups in blocks, %d in the index", len(p.texts), len(p.index.Groups))
	}
	return p
}

func unpackBlock(t testing.TB, html, id string, into any) {
	t.Helper()
	m := regexp.MustCompile(`<script type="text/plain" id="` + id + `">([A-Za-z0-9+/=]*)</script>`).FindStringSubmatch(html)
	if m == nil {
		t.Fatalf("no block %s", id)
	}
	packed, err := base64.StdEncoding.DecodeString(m[1])
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(flate.NewReader(bytes.NewReader(packed)))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatalf("block %s: %v", id, err)
	}
}
