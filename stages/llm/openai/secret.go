package openai

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
)

// secret is the value of a header. It is a function, because whatever prints a Backend would print a
// string in it.
type secret func() string

// readSecrets looks up the variables that the options name.
func readSecrets(opts Options) (map[string]secret, error) {
	headers := map[string]secret{}
	if name := opts.APIKeyEnv; name != "" {
		v, err := variable("api_key_env", name)
		if err != nil {
			return nil, err
		}
		headers["Authorization"] = func() string { return "Bearer " + v }
	}
	for header, name := range opts.HeadersEnv {
		v, err := variable("headers_env: "+header, name)
		if err != nil {
			return nil, err
		}
		header = http.CanonicalHeaderKey(header)
		if strings.ContainsAny(header, " :\r\n\t") || header == "" {
			return nil, fmt.Errorf("headers_env: %q is no name of a header", header)
		}
		if slices.Contains([]string{"Host", "Content-Length", "Content-Type", "Transfer-Encoding"}, header) {
			return nil, fmt.Errorf("headers_env: %s is not for a plan to set", header)
		}
		headers[header] = func() string { return v }
	}
	return headers, nil
}

func variable(option, name string) (string, error) {
	v := strings.TrimSpace(os.Getenv(name))
	switch {
	case v == "":
		return "", fmt.Errorf("%s: the environment has no %s", option, name)
	case strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "", fmt.Errorf("%s: %s holds control characters", option, name)
	}
	return v, nil
}

// scrub takes the secrets out of a text that a server sent: some echo what they were given.
func (b *Backend) scrub(text string) string {
	for _, s := range b.headers {
		v := strings.TrimPrefix(s(), "Bearer ")
		text = strings.ReplaceAll(text, v, "(secret)")
	}
	return text
}

// clean returns an error that shows no secret: err itself, if it does not.
func (b *Backend) clean(err error) error {
	if text := err.Error(); b.scrub(text) != text {
		return errors.New(b.scrub(text))
	}
	return err
}
