package openai

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
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
		if !isHeader.MatchString(header) {
			return nil, errors.New("headers_env: want names of headers, as X-Tenant is one, each with the name of a variable (what is there is not shown: it may be a secret)")
		}
		option := "headers_env"
		if plainHeader.MatchString(header) {
			option += ": " + header
		}
		v, err := variable(option, name)
		if err != nil {
			return nil, err
		}
		header = http.CanonicalHeaderKey(header)
		if slices.Contains([]string{"Host", "Content-Length", "Content-Type", "Transfer-Encoding"}, header) {
			return nil, fmt.Errorf("headers_env: %s is not for a plan to set", header)
		}
		headers[header] = func() string { return v }
	}
	return headers, nil
}

var (
	isVariable  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	plainName   = regexp.MustCompile(`^[A-Z_][A-Z0-9_]{0,39}$`)                // what no key looks like
	isHeader    = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")          // RFC 9110, section 5.6.2
	plainHeader = regexp.MustCompile(`^[A-Za-z]{1,20}(-[A-Za-z]{1,20}){0,4}$`) // likewise
)

// variable reads an environment variable. A name is shown only where it can be no key that was
// written in its place.
func variable(option, name string) (string, error) {
	if !isVariable.MatchString(name) {
		return "", fmt.Errorf("%s: want the name of an environment variable (letters, digits and _), not a key itself (what is there is not shown: it may be one)", option)
	}
	shown := name
	if !plainName.MatchString(name) {
		shown = "variable of the name that is there (not shown: it may be a key in place of a name)"
	}
	v := strings.TrimSpace(os.Getenv(name))
	switch {
	case v == "":
		return "", fmt.Errorf("%s: the environment has no %s", option, shown)
	case strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "", fmt.Errorf("%s: the value of the variable %s holds control characters", option, name)
	}
	return v, nil
}
