package reward

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"mulligan/data"
)

// ExactOptions are the options of the verifier "exact".
type ExactOptions struct {
	Tag       string `yaml:"tag" help:"compare what stands in the last <tag>...</tag> of the reply; empty: the whole reply"`
	KeepSpace bool   `yaml:"keep_space" help:"white space at the ends counts; otherwise it is removed on both sides"`
	FoldCase  bool   `yaml:"fold_case" help:"upper and lower case are the same"`
}

// Exact verifies that a reply is a given text, character by character. It is a Verifier, a
// TruthChecker and a Leaker.
//
// The ground truth is {"text":"..."}, with at least one character that is not white space. Nothing
// is normalised but what the options name: no punctuation, no Unicode forms. The score is 1 or 0.
type Exact struct {
	opts ExactOptions
}

// NewExact returns the verifier.
func NewExact(opts ExactOptions) (*Exact, error) {
	if strings.ContainsAny(opts.Tag, "<>/ \t\n") {
		return nil, fmt.Errorf("exact: tag %q: want a name without brackets, slashes and blanks, as answer", opts.Tag)
	}
	return &Exact{opts}, nil
}

func (e *Exact) truth(raw json.RawMessage) (string, error) {
	const want = `want {"text":"..."}`
	if len(raw) == 0 {
		return "", fmt.Errorf("exact: no ground truth: %s", want)
	}
	var in struct {
		Text *string `json:"text"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return "", fmt.Errorf("exact: read ground truth: %s, not %s", want, clip(string(raw), 60))
	}
	if in.Text == nil || strings.TrimSpace(*in.Text) == "" {
		return "", fmt.Errorf("exact: ground truth without text: %s", want)
	}
	return e.plain(*in.Text), nil
}

// plain returns a text as it is compared.
func (e *Exact) plain(s string) string {
	if !e.opts.KeepSpace {
		s = strings.TrimSpace(s)
	}
	if e.opts.FoldCase {
		s = strings.Map(foldRune, s)
	}
	return s
}

// foldRune returns the first of the characters that differ from r in case only.
func foldRune(r rune) rune {
	first := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		first = min(first, next)
	}
	return first
}

// CheckTruth reports whether the ground truth has the shape {"text":"..."}.
func (e *Exact) CheckTruth(p data.Prompt) error {
	_, err := e.truth(p.Answer)
	return err
}

// Verify judges a reply; see Exact.
func (e *Exact) Verify(ctx context.Context, p data.Prompt, answer string) (Verdict, error) {
	if err := context.Cause(ctx); err != nil {
		return Verdict{}, fmt.Errorf("exact: %w", err)
	}
	truth, err := e.truth(p.Answer)
	if err != nil {
		return Verdict{}, err
	}
	if e.opts.Tag != "" {
		inside, ok := lastTag(answer, e.opts.Tag)
		if !ok {
			feedback := fmt.Sprintf("No answer was found: it must stand between <%s> and </%[1]s>.", e.opts.Tag)
			return Verdict{Feedback: feedback, Reason: "no <" + e.opts.Tag + ">"}, nil
		}
		answer = inside
	}
	v := Verdict{Parsed: clip(strings.TrimSpace(answer), maxParsed)}
	if e.plain(answer) == truth {
		v.Pass, v.Score = true, 1
		return v, nil
	}
	v.Feedback = "The answer is not the right one."
	v.Reason = fmt.Sprintf("right is %q", clip(truth, 200))
	return v, nil
}

// Leaks reports whether a text holds the right one as words of their own and the prompt's messages
// do not.
func (e *Exact) Leaks(ctx context.Context, p data.Prompt, text string) (bool, error) {
	truth, err := e.truth(p.Answer)
	if err != nil {
		return false, err
	}
	if err := context.Cause(ctx); err != nil {
		return false, fmt.Errorf("exact: %w", err)
	}
	truth = strings.TrimSpace(truth)
	if !holdsWords(e.plain(text), truth) {
		return false, nil
	}
	for _, m := range p.Messages {
		if holdsWords(e.plain(m.Content), truth) {
			return false, nil
		}
	}
	return true, nil
}

// holdsWords reports whether words stand in a text without a letter or digit right before or
// behind that would make other words of them. Words are not empty.
func holdsWords(text, words string) bool {
	joins := func(a, b rune) bool { return wordRune(a) && wordRune(b) }
	firstRune, _ := utf8.DecodeRuneInString(words)
	lastRune, _ := utf8.DecodeLastRuneInString(words)
	for from := 0; ; {
		i := strings.Index(text[from:], words)
		if i < 0 {
			return false
		}
		i += from
		before, _ := utf8.DecodeLastRuneInString(text[:i])
		after, size := utf8.DecodeRuneInString(text[i+len(words):])
		if !joins(before, firstRune) && (size == 0 || !joins(lastRune, after)) {
			return true
		}
		// A place further on in the same word is none either.
		next, size := utf8.DecodeRuneInString(text[i:])
		from = i + size
		for wordRune(firstRune) && wordRune(next) {
			next, size = utf8.DecodeRuneInString(text[from:])
			if wordRune(next) {
				from += size
			}
		}
	}
}

func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
