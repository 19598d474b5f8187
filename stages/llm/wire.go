package llm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// What backends that speak JSON over HTTP share: how they connect, how they read a reply whole, and
// how what went wrong on the way becomes an Error.

// MaxReply bounds the bytes of one reply: far above 100,000 tokens with their log-probabilities.
const MaxReply = 256 << 20

// ErrTimeLimit is the cause of a draw that took longer than its backend allows.
var ErrTimeLimit = errors.New("no whole reply within the time limit")

// ParseEndpoint reads the address of a server. Its errors show at most the host: the rest may hold a
// password.
func ParseEndpoint(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err == nil && (u.User != nil || u.RawQuery != "" || u.Fragment != ""):
		return nil, fmt.Errorf("endpoint at %s: want http://host:port without user, password, query or fragment", u.Host)
	case err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https"):
		return nil, errors.New("endpoint: want http://host:port")
	}
	return u, nil
}

// NewTransport returns a transport that keeps conns connections to a server open.
func NewTransport(conns int) *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		MaxIdleConns:        0,
		MaxIdleConnsPerHost: max(conns, 4),
		IdleConnTimeout:     90 * time.Second,
		DisableCompression:  true,
	}
}

// ReadReply reads a body to its end. One that is longer than MaxReply is an error.
func ReadReply(resp *http.Response) ([]byte, error) {
	var buf bytes.Buffer
	if n := resp.ContentLength; n > 0 && n <= MaxReply {
		buf.Grow(int(n) + bytes.MinRead)
	}
	n, err := buf.ReadFrom(io.LimitReader(resp.Body, MaxReply+1))
	if err == nil && n > MaxReply {
		err = fmt.Errorf("longer than %d bytes", MaxReply)
	}
	return buf.Bytes(), err
}

// Broken is an error on the way: worth another try, unless the run itself is over, whose cause it
// returns then. Status 200 is left out of it: the status was fine, what followed was not.
func Broken(ctx context.Context, endpoint string, status int, err error) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, ErrTimeLimit) {
		return cause
	} else if cause != nil {
		err = cause
	}
	if status == http.StatusOK {
		status = 0
	}
	return &Error{Class: Temporary, Endpoint: endpoint, Status: status, Err: err}
}

// NotJSON names what came instead of JSON, where a person would know it at a glance; else it
// returns err. The server is the one that was expected to answer.
func NotJSON(raw []byte, server string, err error) error {
	if len(raw) > 0 && raw[0] == '<' {
		return fmt.Errorf("it is HTML: a proxy answers in place of %s?", server)
	}
	return err
}

// ErrorText returns what an error reply says: its error field, the message in it, else its first
// 200 bytes. A backend that sends secrets takes them out of raw before: the cut may leave a part of one.
func ErrorText(raw []byte, server string) string {
	raw = bytes.TrimSpace(raw)
	var body struct {
		Error   json.RawMessage `json:"error"`
		Message string          `json:"message"`
	}
	if json.Unmarshal(raw, &body) == nil {
		var text string
		var object struct {
			Message string `json:"message"`
		}
		switch {
		case json.Unmarshal(body.Error, &text) == nil && text != "":
			return text
		case json.Unmarshal(body.Error, &object) == nil && object.Message != "":
			return object.Message
		case len(body.Error) > 0 && string(body.Error) != "null":
			return string(body.Error)
		case body.Message != "":
			return body.Message
		}
	}
	switch {
	case len(raw) == 0:
		return "empty reply"
	case raw[0] == '<':
		return fmt.Sprintf("HTML in place of JSON: a proxy answers in place of %s?", server)
	case len(raw) > 200:
		raw = raw[:200]
	}
	return strings.ToValidUTF8(string(raw), "\uFFFD")
}

// RetryAfter reads the header's two forms, seconds and a date. Anything else is 0.
func RetryAfter(s string, now time.Time) time.Duration {
	if n, err := strconv.Atoi(strings.TrimSpace(s)); err == nil && n >= 0 && n < 1<<31 {
		return time.Duration(n) * time.Second
	}
	if t, err := http.ParseTime(s); err == nil && t.After(now) {
		return t.Sub(now)
	}
	return 0
}

// ByteList is bytes that JSON spells as an array of numbers: [72,105].
type ByteList []byte

// UnmarshalJSON reads the array; null leaves the list nil.
func (b *ByteList) UnmarshalJSON(raw []byte) error {
	*b = (*b)[:0]
	n, digits := 0, 0
	for _, c := range raw {
		switch {
		case c >= '0' && c <= '9':
			n, digits = n*10+int(c-'0'), digits+1
			if n > 255 {
				return fmt.Errorf("bytes of a piece: %d is no byte", n)
			}
		case c == ',' || c == ']':
			if digits > 0 {
				*b = append(*b, byte(n))
			}
			n, digits = 0, 0
		case c == '[' || c == ' ' || c == '\n' || c == '\t' || c == '\r':
		default:
			if string(raw) == "null" {
				return nil
			}
			return fmt.Errorf("bytes of a piece: unexpected %q", c)
		}
	}
	return nil
}
