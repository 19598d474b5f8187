package openai

import (
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"

	"mulligan/stages/llm"
)

// Some servers repeat what they were given, and a proxy may cut it. What they say is scrubbed before
// anything here cuts it, and once more after it was decoded: so no part of a secret is left by a cut.

const hidden = "(secret)"

// telling is how many of a secret's first bytes are hidden where the server itself cut it: those of
// all keys of a kind are the same (sk-proj-).
const telling = 8

// scrub takes the secrets out of a text that a server sent.
func (b *Backend) scrub(text string) string {
	for _, form := range b.secrets() {
		text = strings.ReplaceAll(text, form, hidden)
	}
	return text
}

// scrubParts takes the beginnings of secrets out of a text, too.
func (b *Backend) scrubParts(text string) string {
	text = b.scrub(text)
	for _, form := range b.secrets() {
		if len(form) <= telling || !strings.Contains(text, form[:telling]) {
			continue
		}
		for n := len(form) - 1; n >= telling; n-- {
			text = strings.ReplaceAll(text, form[:n], hidden)
		}
	}
	return text
}

// forms are the spellings of secrets that a text may hold, the longest first: as they are, in JSON,
// in a URL.
func forms(headers map[string]secret) []string {
	var all []string
	for _, s := range headers {
		v := strings.TrimPrefix(s(), "Bearer ")
		quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v)
		all = append(all, v, quoted, strings.ReplaceAll(quoted, "/", `\/`), url.QueryEscape(v), url.PathEscape(v))
		if html, err := json.Marshal(v); err == nil {
			all = append(all, string(html[1:len(html)-1]))
		}
	}
	slices.SortFunc(all, func(x, y string) int {
		if len(x) != len(y) {
			return len(y) - len(x)
		}
		return strings.Compare(x, y)
	})
	return slices.Compact(all)
}

// clean returns an error that shows no secret and is short: err itself, if it is that.
func (b *Backend) clean(err error) error {
	text := err.Error()
	if clean := short(b.scrubParts(text)); clean != text {
		return errors.New(clean)
	}
	return err
}

// words are what an error reply says.
func (b *Backend) words(raw []byte) string {
	return short(b.scrubParts(llm.ErrorText([]byte(b.scrubParts(string(raw))), "the engine")))
}

// short keeps the first 300 bytes of an engine's words, and nothing of the request that some
// engines repeat in them.
func short(text string) string {
	for _, mark := range []string{"'input':", `"input":`} {
		if i := strings.Index(text, mark); i >= 0 {
			text = text[:i] + "..."
		}
	}
	if len(text) > 300 {
		text = strings.ToValidUTF8(text[:300], "") + "..."
	}
	return text
}
