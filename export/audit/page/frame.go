package page

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"

	"mulligan/export/audit"
)

//go:embed web
var web embed.FS

// styles and scripts are the parts of the one style and the one script, in order.
var (
	styles  = []string{"base.css", "report.css", "plots.css", "browser.css", "detail.css", "print.css"}
	scripts = []string{
		"dom.js", "unpack.js", "data.js", "filter.js", "search.js", "token.js", "inspect.js", "sequence.js",
		"turn.js", "detail.js", "list.js", "route.js", "controls.js", "keys.js", "theme.js", "main.js",
	}
)

func joined(names []string) (string, error) {
	text := ""
	for _, name := range names {
		b, err := web.ReadFile("web/" + name)
		if err != nil {
			return "", err
		}
		text += string(b)
	}
	return text, nil
}

func style() (string, error) { return joined(styles) }

// script is one function, so that none of its names is the window's.
func script() (string, error) {
	text, err := joined(scripts)
	return "(() => {\n'use strict';\n" + text + "})();\n", err
}

// policyOf is the content security policy of a page with one style and one script: no request of any
// kind, no other style or script, and no text read as HTML (Trusted Types, where the browser knows them).
func policyOf(style, script string) string {
	return "default-src 'none'; style-src " + hashOf(style) + "; script-src " + hashOf(script) +
		"; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
}

// hashOf names a text as Content Security Policy Level 3, section 2.3.1 does.
func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// writeFrame writes all that stands before the data blocks.
func writeFrame(w io.Writer, r audit.Report, o Options) error {
	css, err := style()
	if err != nil {
		return err
	}
	js, err := script()
	if err != nil {
		return err
	}
	t, err := template.New("").Funcs(functions).ParseFS(web, "web/*.html")
	if err != nil {
		return err
	}
	// The policy and the style are written as they are: both are of this package, and the hash is of these bytes.
	_, err = fmt.Fprintf(w, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"+
		"<meta http-equiv=\"Content-Security-Policy\" content=\"%s\">\n<meta name=\"referrer\" content=\"no-referrer\">\n"+
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<style>%s</style>\n", policyOf(css, js), css)
	if err != nil {
		return err
	}
	var body strings.Builder
	if err := t.ExecuteTemplate(&body, "page.html", contentOf(r, o)); err != nil {
		return err
	}
	_, err = io.WriteString(w, visible(body.String()))
	return err
}

func writeTail(w io.Writer) error {
	js, err := script()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "<script>%s</script>\n</body>\n</html>\n", js)
	return err
}
