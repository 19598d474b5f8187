package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"mulligan/data/tokenizer"
	"mulligan/stages/llm"
)

func tokensCommand() *cli.Command {
	return &cli.Command{
		Name:      "tokens",
		Usage:     "text to token ids and back: JSON lines in, JSON lines out",
		ArgsUsage: "(--tokenizer FILE | --plan PLAN) [FILE]",
		Description: "Reads {\"text\"} a line from FILE or standard input, and prints {\"ids\",\"pieces\"} in the same order; with --decode\n" +
			"reads {\"ids\"} and prints {\"text\"}. Other fields of a line are passed through. A piece is what its token stands for\n" +
			"inside a text; bytes that are not UTF-8 by themselves are shown as <0xE2>, and a decoded text that is not is followed\n" +
			"by its bytes in base64. FILE of --tokenizer is a tokenizer.json of Hugging Face; --plan asks the plan's engine, or\n" +
			"reads the vocabulary that it serves.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "tokenizer", Usage: "a tokenizer.json"},
			&cli.StringFlag{Name: "plan", Usage: "a plan, whose engine tokenises"},
			&cli.BoolFlag{Name: "decode", Usage: "from ids to text"},
			&cli.BoolFlag{Name: "plain", Usage: "special tokens in the text are ordinary text (--tokenizer only)"},
			&cli.BoolFlag{Name: "add-special", Usage: "add what the tokenizer itself adds, such as a first token (--tokenizer only)"},
		},
		Action: func(c *cli.Context) error {
			if err := noMore(c, 1); err != nil {
				return err
			}
			ctx, _, _, stop := interruptible(c.App.ErrWriter, 0)
			defer stop()
			t, err := textTokens(ctx, c)
			if err != nil {
				return err
			}
			in, file := c.App.Reader, "standard input"
			if c.NArg() == 1 && c.Args().First() != "-" {
				file = c.Args().First()
				f, err := os.Open(file)
				if err != nil {
					return usage(err)
				}
				defer f.Close()
				in = f
			}
			turn := t.encodeLine
			if c.Bool("decode") {
				turn = t.decodeLine
			}
			return eachLine(ctx, in, file, c.App.Writer, turn)
		},
	}
}

// tokens turns text into ids and back, with a vocabulary or by asking an engine.
type tokens struct {
	encode func(ctx context.Context, text string) ([]int32, error)
	decode func(ctx context.Context, ids []int32) ([]byte, error)
	piece  func(ctx context.Context, id int32) ([]byte, error)
}

func textTokens(ctx context.Context, c *cli.Context) (*tokens, error) {
	file, planFile := c.String("tokenizer"), c.String("plan")
	if (file == "") == (planFile == "") {
		return nil, usagef("want one of --tokenizer FILE and --plan PLAN")
	}
	if file != "" {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, usage(err)
		}
		t, err := tokenizer.ReadJSON(b)
		if err != nil {
			return nil, usagef("%s: %w", file, err)
		}
		return ofVocabulary(t, tokenizer.Options{Plain: c.Bool("plain"), AddSpecial: c.Bool("add-special")}), nil
	}
	if c.Bool("plain") || c.Bool("add-special") {
		return nil, usagef("--plain and --add-special need --tokenizer: an engine reads special tokens, and adds none")
	}
	p, err := readPlan(planFile)
	if err != nil {
		return nil, err
	}
	defer p.close()
	eng, err := newEngine(p.settings.Engine)
	if err != nil {
		return nil, err
	}
	defer eng.balancer.Close()
	if _, err := eng.inspect(ctx); err != nil {
		return nil, err
	}
	switch m := eng.backends[0].(type) {
	case interface {
		Tokenizer(context.Context, string) (*tokenizer.Tokenizer, error)
	}:
		t, err := m.Tokenizer(ctx, p.settings.Engine.Model)
		if err != nil {
			return nil, err
		}
		return ofVocabulary(t, tokenizer.Options{}), nil
	case llm.Tokenizer:
		return ofEngine(m, p.settings.Engine.Model), nil
	}
	return nil, usagef("%s: the engine %s has no way to turn text into ids; name the model's tokenizer.json with --tokenizer", planFile, p.settings.Engine.Kind)
}

func ofVocabulary(t *tokenizer.Tokenizer, o tokenizer.Options) *tokens {
	return &tokens{
		encode: func(_ context.Context, text string) ([]int32, error) { return t.Encode(text, o), nil },
		decode: func(_ context.Context, ids []int32) ([]byte, error) { return t.Decode(ids) },
		piece: func(_ context.Context, id int32) ([]byte, error) {
			b, ok := t.Piece(id)
			if !ok {
				return nil, fmt.Errorf("no id %d in %s", id, t.Name())
			}
			return b, nil
		},
	}
}

func ofEngine(m llm.Tokenizer, model string) *tokens {
	known := map[int32][]byte{}
	t := &tokens{
		encode: func(ctx context.Context, text string) ([]int32, error) { return m.Tokenize(ctx, model, text) },
		decode: func(ctx context.Context, ids []int32) ([]byte, error) {
			text, err := m.Detokenize(ctx, model, ids)
			return []byte(text), err
		},
	}
	t.piece = func(ctx context.Context, id int32) ([]byte, error) {
		if b, ok := known[id]; ok {
			return b, nil
		}
		b, err := t.decode(ctx, []int32{id})
		known[id] = b
		return b, err
	}
	return t
}

func (t *tokens) encodeLine(ctx context.Context, line map[string]json.RawMessage) error {
	var text *string
	if err := json.Unmarshal(line["text"], &text); err != nil || text == nil {
		return usagef("field text: want a string")
	}
	ids, err := t.encode(ctx, *text)
	if err != nil {
		return err
	}
	pieces := make([]string, len(ids))
	for i, id := range ids {
		b, err := t.piece(ctx, id)
		if err != nil {
			return err
		}
		pieces[i] = showPiece(b)
	}
	delete(line, "text")
	if ids == nil {
		ids = []int32{}
	}
	line["ids"], line["pieces"] = asJSON(ids), asJSON(pieces)
	return nil
}

func (t *tokens) decodeLine(ctx context.Context, line map[string]json.RawMessage) error {
	var ids []int32
	if err := json.Unmarshal(line["ids"], &ids); err != nil || ids == nil {
		return usagef("field ids: want a list of whole numbers from 0")
	}
	text, err := t.decode(ctx, ids)
	if err != nil {
		return usage(err)
	}
	delete(line, "ids")
	delete(line, "pieces")
	line["text"] = asJSON(strings.ToValidUTF8(string(text), "\uFFFD"))
	if !utf8.Valid(text) {
		line["bytes"] = asJSON(base64.StdEncoding.EncodeToString(text))
	}
	return nil
}

// showPiece writes the bytes of a token as text. What is not UTF-8 is shown byte by byte.
func showPiece(b []byte) string {
	var s strings.Builder
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&s, "<0x%02X>", b[0])
		} else {
			s.Write(b[:n])
		}
		b = b[n:]
	}
	return s.String()
}

// asJSON marshals what cannot fail to.
func asJSON(v any) json.RawMessage {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSpace(b.Bytes())
}

// eachLine turns every line, a JSON object, and prints it in order. A line that is none ends it with
// an error that names the line; what came before is printed.
func eachLine(ctx context.Context, in io.Reader, file string, out io.Writer, turn func(context.Context, map[string]json.RawMessage) error) error {
	lines, w := bufio.NewReaderSize(in, 1<<16), bufio.NewWriter(out)
	for n := 1; ; n++ {
		line, err := readLine(lines)
		end := err == io.EOF
		if end {
			err = nil
		}
		if err == nil && len(bytes.TrimSpace(line)) > 0 {
			var object map[string]json.RawMessage
			switch {
			case json.Unmarshal(line, &object) != nil || object == nil:
				err = usagef("want a JSON object")
			case !utf8.Valid(line):
				err = usagef("not valid UTF-8")
			default:
				if err = turn(ctx, object); err == nil {
					_, err = fmt.Fprintf(w, "%s\n", asJSON(object))
				}
			}
		}
		if err != nil {
			return errors.Join(fmt.Errorf("%s:%d: %w", file, n, err), w.Flush())
		}
		if end {
			return w.Flush()
		}
		if lines.Buffered() == 0 {
			if err := w.Flush(); err != nil {
				return err
			}
		}
		if ctx.Err() != nil {
			return errors.Join(context.Cause(ctx), w.Flush())
		}
	}
}
