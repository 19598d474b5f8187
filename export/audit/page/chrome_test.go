package page

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

// browserNames are what Chromium is called on a PATH, the lightest first.
var browserNames = []string{"chromium-headless-shell", "chrome-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}

// chromePath returns the browser that the environment names, or one that is installed.
func chromePath(t testing.TB) string {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	for _, name := range []string{"MULLIGAN_CHROME", "CHROME", "CHROMIUM"} {
		if path := os.Getenv(name); path != "" {
			return path
		}
	}
	for _, name := range browserNames {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("MULLIGAN_FULL") == "1" {
		t.Fatalf("not run: no browser: set MULLIGAN_CHROME, or install one of %v", browserNames)
	}
	t.Skipf("not run: no browser: set MULLIGAN_CHROME, or install one of %v", browserNames)
	return ""
}

// chrome is a headless browser that is driven by the Chrome DevTools Protocol over its pipe
// (--remote-debugging-pipe: it reads file 3 and writes file 4, one JSON object and a NUL a message).
type chrome struct {
	t  testing.TB
	in io.Writer

	mu      sync.Mutex
	last    int
	waiting map[int]chan answer
	heard   func(session, method string, params json.RawMessage)
	gone    error
}

type answer struct {
	ID        int             `json:"id"`
	Session   string          `json:"sessionId"`
	Method    string          `json:"method"`
	Params    json.RawMessage `json:"params"`
	Result    json.RawMessage `json:"result"`
	Error     *struct{ Message string }
	brokenOff error
}

func startChrome(t testing.TB) *chrome {
	path := chromePath(t)
	toRead, toWrite, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	fromRead, fromWrite, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars", "--force-color-profile=srgb",
		"--remote-debugging-pipe", "--user-data-dir="+t.TempDir(), "about:blank")
	var noise bytes.Buffer
	cmd.Stderr, cmd.ExtraFiles = &noise, []*os.File{toRead, fromWrite}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Debian's command is a script: what is killed is its group
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	toRead.Close()
	fromWrite.Close()
	c := &chrome{t: t, in: toWrite, waiting: map[int]chan answer{}, heard: func(string, string, json.RawMessage) {}}
	read := make(chan struct{})
	go func() { c.read(fromRead); close(read) }()
	t.Cleanup(func() {
		toWrite.Close() // the browser ends when its pipe does
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			<-ended
		}
		fromRead.Close()
		<-read
		if t.Failed() {
			t.Logf("the browser said:\n%s", noise.String())
		}
	})
	return c
}

func (c *chrome) read(r io.Reader) {
	lines := bufio.NewReaderSize(r, 1<<20)
	for {
		line, err := lines.ReadBytes(0)
		if err != nil {
			c.mu.Lock()
			c.gone = fmt.Errorf("the browser is gone: %w", err)
			for id, w := range c.waiting {
				w <- answer{brokenOff: c.gone}
				delete(c.waiting, id)
			}
			c.mu.Unlock()
			return
		}
		var a answer
		if err := json.Unmarshal(line[:len(line)-1], &a); err != nil {
			continue
		}
		c.mu.Lock()
		w, heard := c.waiting[a.ID], c.heard
		delete(c.waiting, a.ID)
		c.mu.Unlock()
		if a.ID != 0 && w != nil {
			w <- a
		} else if a.Method != "" {
			heard(a.Session, a.Method, a.Params)
		}
	}
}

// call sends a command and returns its result; into may be nil.
func (c *chrome) call(session, method string, params, into any) {
	c.t.Helper()
	if params == nil {
		params = map[string]any{}
	}
	c.mu.Lock()
	if c.gone != nil {
		c.mu.Unlock()
		c.t.Fatal(c.gone)
	}
	c.last++
	id, w := c.last, make(chan answer, 1)
	c.waiting[id] = w
	message := map[string]any{"id": id, "method": method, "params": params}
	if session != "" {
		message["sessionId"] = session
	}
	b, err := json.Marshal(message)
	if err == nil {
		_, err = c.in.Write(append(b, 0))
	}
	c.mu.Unlock()
	if err != nil {
		c.t.Fatalf("%s: %v", method, err)
	}
	select {
	case a := <-w:
		switch {
		case a.brokenOff != nil:
			c.t.Fatalf("%s: %v", method, a.brokenOff)
		case a.Error != nil:
			c.t.Fatalf("%s: %s", method, a.Error.Message)
		case into != nil:
			if err := json.Unmarshal(a.Result, into); err != nil {
				c.t.Fatalf("%s: %v", method, err)
			}
		}
	case <-time.After(2 * time.Minute):
		c.t.Fatalf("%s: no answer in two minutes", method)
	}
}
