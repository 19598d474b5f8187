package tokenizer_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/ollama/ollama/fs/gguf"

	"mulligan/data/tokenizer"
)

// readGGUF reads the vocabulary of a GGUF file. Keys that are not there have llama.cpp's defaults.
func readGGUF(t *testing.T, path string) tokenizer.Vocabulary {
	f, err := gguf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	key := func(name string) gguf.KeyValue { return f.KeyValue("tokenizer.ggml." + name) }
	id := func(name string) int32 {
		if k := key(name); k.Valid() {
			return int32(k.Uint())
		}
		return -1
	}
	yes := func(name string, absent bool) bool {
		if k := key(name); k.Valid() {
			return k.Bool()
		}
		return absent
	}
	v := tokenizer.Vocabulary{
		Model: key("model").String(), Pre: key("pre").String(), Tokens: key("tokens").Strings(), Merges: key("merges").Strings(),
		BOS: id("bos_token_id"), EOS: id("eos_token_id"), EOT: id("eot_token_id"), EOM: id("eom_token_id"),
	}
	for _, n := range key("token_type").Ints() {
		v.Types = append(v.Types, int32(n))
	}
	for _, s := range key("scores").Floats() {
		v.Scores = append(v.Scores, float32(s))
	}
	spm := v.Model == "llama"
	v.AddBOS, v.AddEOS, v.AddSpacePrefix = yes("add_bos_token", spm), yes("add_eos_token", false), yes("add_space_prefix", spm)
	return v
}

// readSentencePiece reads the vocabulary of a SentencePiece model, as llama.cpp's converter writes it
// into a GGUF file: sentencepiece_model.proto, ModelProto.pieces {1: piece, 2: score, 3: type}.
func readSentencePiece(t *testing.T, path string) tokenizer.Vocabulary {
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	v := tokenizer.Vocabulary{Model: "llama", BOS: 1, EOS: 2, EOT: -1, EOM: -1, AddBOS: true, AddSpacePrefix: true}
	fields(t, b, func(field int, _ uint64, piece []byte) {
		if field != 1 {
			return
		}
		token, score, kind := "", float32(0), int32(1)
		fields(t, piece, func(field int, n uint64, b []byte) {
			switch field {
			case 1:
				token = string(b)
			case 2:
				score = math.Float32frombits(uint32(n))
			case 3:
				kind = int32(n)
			}
		})
		v.Tokens, v.Scores, v.Types = append(v.Tokens, token), append(v.Scores, score), append(v.Types, kind)
	})
	return v
}

// fields calls emit for each field of a protocol buffer: its number, and its value or bytes.
func fields(t *testing.T, b []byte, emit func(field int, n uint64, b []byte)) {
	for len(b) > 0 {
		tag, n := binary.Uvarint(b)
		b = b[n:]
		var value uint64
		var bytes []byte
		switch tag & 7 {
		case 0:
			value, n = binary.Uvarint(b)
			b = b[n:]
		case 1:
			b = b[8:]
		case 2:
			size, n := binary.Uvarint(b)
			bytes, b = b[n:n+int(size)], b[n+int(size):]
		case 5:
			value, b = uint64(binary.LittleEndian.Uint32(b)), b[4:]
		default:
			t.Fatal(fmt.Errorf("wire type %d", tag&7))
		}
		emit(int(tag>>3), value, bytes)
	}
}
