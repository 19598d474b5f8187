package tokenizer

import "fmt"

// Vocabulary is a tokenizer as GGUF files and Ollama's verbose show describe it (tokenizer.ggml.*).
type Vocabulary struct {
	Model  string    // "gpt2": byte-level BPE; "llama": SentencePiece
	Pre    string    // name of the pre-tokenizer: "smollm", "qwen2", "llama-bpe", ...; not used by "llama"
	Tokens []string  // by id, as GGUF spells them (gpt2: the printable stand-ins for bytes; llama: U+2581 for space, <0x0A> for bytes)
	Types  []int32   // by id: 1 normal, 2 unknown, 3 control, 4 user defined, 5 unused, 6 byte
	Merges []string  // gpt2: "a b", in order of rank
	Scores []float32 // llama: by id

	BOS, EOS, EOT, EOM int32   // -1: none
	Ends               []int32 // further tokens that end a turn (eos_token_ids)

	// What a GGUF leaves out llama.cpp takes for false, but for AddBOS, which is true for model llama and
	// for pre-tokenizers of Llama 3 and tekken, and AddSpacePrefix, true for model llama.
	AddBOS, AddEOS, AddSpacePrefix bool
}

// Types of tokens in a Vocabulary (llama.cpp, llama_token_type).
const (
	typeNormal      = 1
	typeUnknown     = 2
	typeControl     = 3
	typeUserDefined = 4
	typeUnused      = 5
	typeByte        = 6
)

// New makes the tokenizer of a vocabulary. It refuses by name what it does not understand.
func New(v Vocabulary) (*Tokenizer, error) {
	t, err := newTokenizer(v)
	if err != nil {
		return nil, fmt.Errorf("read vocabulary %q: %w", v.Model, err)
	}
	return t, nil
}

func newTokenizer(v Vocabulary) (*Tokenizer, error) {
	if err := v.check(); err != nil {
		return nil, err
	}
	p := parts{tokens: v.Tokens, added: v.added(), ends: append([]int32{v.EOS, v.EOT, v.EOM}, v.Ends...)}
	if v.AddBOS {
		p.prefix = []int32{v.BOS}
	}
	if v.AddEOS {
		p.suffix = []int32{v.EOS}
	}
	if err := p.index(); err != nil {
		return nil, err
	}
	var err error
	switch v.Model {
	case "gpt2":
		err = newByteLevel(v, &p)
	case "llama":
		err = newSentencePiece(v, &p)
	default:
		err = fmt.Errorf("model %q: %w; understood are gpt2 (byte-level BPE) and llama (SentencePiece)", v.Model, ErrNotUnderstood)
	}
	if err != nil {
		return nil, err
	}
	return build(p)
}

// check refuses what no model could use.
func (v *Vocabulary) check() error {
	n := len(v.Tokens)
	switch {
	case n == 0:
		return fmt.Errorf("no tokens")
	case len(v.Types) != n:
		return fmt.Errorf("%d tokens and %d types, want as many", n, len(v.Types))
	}
	for id, kind := range v.Types {
		if kind < typeNormal || kind > typeByte {
			return fmt.Errorf("token %d has type %d, allowed are 1 to 6", id, kind)
		}
	}
	named := map[string]int32{"BOS": v.BOS, "EOS": v.EOS, "EOT": v.EOT, "EOM": v.EOM}
	for _, name := range []string{"BOS", "EOS", "EOT", "EOM"} {
		if id := named[name]; id < -1 || int(id) >= n {
			return fmt.Errorf("%s is token %d, outside of %d tokens", name, id, n)
		}
	}
	for _, id := range v.Ends {
		if id < -1 || int(id) >= n {
			return fmt.Errorf("end token %d is outside of %d tokens", id, n)
		}
	}
	if v.AddBOS && v.BOS < 0 {
		return fmt.Errorf("BOS is to be added, and there is none")
	}
	if v.AddEOS && v.EOS < 0 {
		return fmt.Errorf("EOS is to be added, and there is none")
	}
	return nil
}

// added returns control and user-defined tokens: both are found in the text before the model sees it.
func (v *Vocabulary) added() []addedToken {
	var added []addedToken
	for id, kind := range v.Types {
		if (kind == typeControl || kind == typeUserDefined) && v.Tokens[id] != "" {
			added = append(added, addedToken{content: v.Tokens[id], id: int32(id), special: kind == typeControl})
		}
	}
	return added
}
