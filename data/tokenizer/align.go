package tokenizer

// How Ollama makes what it returns (v0.17.4; file names of its source)
//
// Which runner: llm/server.go. The Go engine (runner/ollamarunner/runner.go) serves the architectures
// that fs/ggml/ggml.go OllamaEngineRequired lists (gemma3, gptoss, qwen3, ...) and all if
// OLLAMA_NEW_ENGINE is set; llama.cpp (runner/llamarunner/runner.go) serves the others (llama, SmolLM2,
// qwen2, ...). The rules below hold for both, except where one is named.
//
// Pieces: each sampled token that does not end the turn becomes one piece: its bytes, special tokens
// as they are spelled. llama.cpp's runner cuts NUL bytes off its end (llama/llama.go TokenToPiece); the
// Go engine drops them everywhere, and takes special tokens through its table of bytes or of spaces
// (tokenizer/bytepairencoding.go, sentencepiece.go Decode). On the way through JSON each byte that is
// not UTF-8 becomes one U+FFFD, in token and in bytes alike (server/logprob.go makes both of one string).
//
// Text: pieces are held back while the text ends in an incomplete character or in what may become a
// stop string, then flushed together. A flush is cut at its first invalid byte: what follows is missing
// from the text, its pieces are not (flushPending). A flush with no valid byte before that is lost
// with all of its pieces, which are still counted: that is how a reply cut inside a character comes to
// have fewer pieces than tokens. Text and count of such a reply do not say which tokens they were.
//
// Stop strings, those of the request or else of the model's parameters: the text ends before the string,
// pieces that lie behind its beginning are taken out, and a piece that it begins inside of is
// returned whole (runner/common/stop.go, TruncateStop). All of its tokens are counted.
//
// End tokens are counted and not returned, neither piece nor log-probability. The Go engine ends at
// tokenizer.ggml.eos_token_id and eos_token_ids; llama.cpp also at tokens that it knows by name
// (llama-vocab.cpp, special_eog_ids), whatever the file says. Either way done_reason is stop, as for a
// stop string.
//
// Parsers (server/routes.go): with think on, thinking/parser.go takes tags and white space out
// of the text, and a chunk of which nothing is left is dropped with its pieces; tools and the parsers of single
// models (model/parsers) take calls and tags out and keep the pieces. Requests to /api/generate with
// raw: true meet no parser. A model without them has its text returned as it is, untrimmed.

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
)

// Reply is what an engine without ids returned of one draw.
type Reply struct {
	Pieces [][]byte // len N, one for each token that was returned; each byte that was no UTF-8 is U+FFFD
	Text   string   // what they say together, U+FFFD nowhere in place of a byte
	Parsed bool     // the engine's parsers may have taken parts (tags, calls, white space) out of Text; what is left is in order
	Count  int      // completion tokens as the engine counted them; -1: not told
	Ended  bool     // by an end token or a stop string; false: cut by length
	Stops  []string // stop strings in force, the model's own included
}

// Certainty says why ids are those that were sampled.
type Certainty string

const (
	Aligned     Certainty = "aligned"     // no other ids fit pieces, text and count
	Retokenized Certainty = "retokenized" // others fit: decided by the tokenizer's own split of the text
)

// TurnEnd says what is known of the token that ended a turn.
type TurnEnd string

const (
	EndInferred TurnEnd = "inferred" // the last of IDs: counted, not returned, and the only token that can end a turn
	EndAssumed  TurnEnd = "assumed"  // the last of IDs: counted, not returned; of several that can end a turn, the one that the caller named
	EndMissing  TurnEnd = "missing"  // counted, and what it was, an end token or a stop string, is not known: not in IDs
	EndNone     TurnEnd = "none"     // the turn was cut by length or by a stop string
)

// Alignment is the ids of a reply.
type Alignment struct {
	IDs     []int32 // len N, or N+1 with an end token that was inferred or assumed
	Source  Certainty
	End     TurnEnd
	Decided []int // indices of IDs that other ids fit as well; empty where Source is aligned, or where only the count leaves doubt
}

// AlignError says why no ids, or no certain ones, fit a reply.
type AlignError struct {
	Piece  int    // index of the first piece that is in doubt; -1: the reply as a whole
	Pieces int    // how many there are
	Text   string // the piece, as the engine returned it
	Reason string
}

func (e *AlignError) Error() string {
	if e.Piece < 0 {
		return fmt.Sprintf("align %d pieces: %s", e.Pieces, e.Reason)
	}
	return fmt.Sprintf("align piece %d of %d, %q: %s", e.Piece+1, e.Pieces, e.Text, e.Reason)
}

// Aligner finds the ids of replies. It is immutable and safe for concurrent use.
type Aligner struct {
	t        *Tokenizer
	end      int32   // that the caller named; -1: none
	ends     []int32 // all that some engine takes for the end of a turn, sorted
	entries  []entry
	byBytes  map[string]int32   // index into entries of the first token with these bytes
	byWire   map[string][]int32 // by piece with U+FFFD in it: indices into entries
	goEngine bool               // Ollama's own engine may serve the model
	goOnly   bool               // no other engine of Ollama does
	marks    bool               // llama.cpp's splitter knows fewer letters than the model's
	prefixed string             // why every context is in doubt; "": none is for that
	covers   sync.Map           // string: cover
}

// entry is one way in which an engine spells a token.
type entry struct {
	id    int32
	next  int32 // index of the next entry with the same bytes; -1: none
	bytes []byte
}

// AlignerOptions say what the vocabulary does not.
type AlignerOptions struct {
	End          int32  // the token that the model's template puts behind an assistant's message, assumed where several could have ended a turn; -1: not known
	Architecture string // general.architecture of the model's file: says what the Go engine never serves; "": not known
}

// NewAligner prepares the alignment of a vocabulary, once for a model: up to a second on a busy machine.
func NewAligner(t *Tokenizer, opts AlignerOptions) (*Aligner, error) {
	a := &Aligner{t: t, end: opts.End, ends: possibleEnds(t)}
	if a.end != -1 {
		if _, ok := t.Piece(a.end); !ok {
			return nil, fmt.Errorf("prepare alignment: end token %d is not in %s", a.end, t.Name())
		}
	}
	a.doubts(opts.Architecture)
	a.index(a.goEngine)
	return a, nil
}

// Align returns the ids of a reply. The error is an *AlignError where nothing fits, or where what
// fits differs in more than can be decided by the text.
func (a *Aligner) Align(r Reply) (Alignment, error) {
	n := len(r.Pieces)
	if r.Count < -1 {
		return Alignment{}, &AlignError{Piece: -1, Pieces: n, Reason: fmt.Sprintf("the engine counted %d tokens", r.Count)}
	}
	m, err := a.match(r)
	if err != nil {
		return Alignment{}, err
	}
	out := Alignment{IDs: m.ids, Source: Aligned, Decided: m.decided}
	certain, err := a.finish(r, m, &out)
	if err != nil {
		return Alignment{}, err
	}
	if len(out.Decided) > 0 || !certain {
		out.Source = Retokenized
	}
	return out, nil
}

// matched is what pieces and text say together.
type matched struct {
	ids     []int32
	decided []int
	cut     []byte // bytes of the last piece that a stop string took out of the text; nil: none
	either  bool   // the last piece may have been cut, or not, or in another way
	unseen  bool   // the last piece has bytes that are not in the text, for whatever reason
}

// match takes the pieces one after the other through the text, and searches only where that fails.
func (a *Aligner) match(r Reply) (matched, error) {
	split := &ownSplit{t: a.t, text: r.Text}
	m := matched{ids: make([]int32, 0, len(r.Pieces)+1), unseen: r.Parsed}
	foreign := strings.Contains(r.Text, replacement)
	at := 0
	for i, p := range r.Pieces {
		b := p
		switch dirty := bytes.Contains(p, []byte(replacement)); {
		case dirty && (r.Parsed || foreign || i == len(r.Pieces)-1 && r.Ended && len(r.Stops) > 0):
			return a.search(r, split)
		case r.Parsed:
		case dirty:
			n := shortest(p)
			if len(r.Text)-at < n || !sameOnWire(r.Text[at:at+n], p) {
				return a.search(r, split)
			}
			b = []byte(r.Text[at : at+n])
		case !strings.HasPrefix(r.Text[at:], string(p)):
			return a.search(r, split)
		}
		first, ok := a.byBytes[string(b)]
		if !ok {
			return a.search(r, split)
		}
		id := a.entries[first].id
		if a.entries[first].next >= 0 {
			place := at
			if r.Parsed {
				place = -1 // not known
			}
			id = a.prefer(a.chain(first), split, place, len(b))
			m.decided = append(m.decided, i)
		}
		m.ids = append(m.ids, id)
		at += len(b)
	}
	if at < len(r.Text) && !r.Parsed {
		return a.search(r, split)
	}
	return m, nil
}
