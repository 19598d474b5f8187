package page

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// tab is one page in a browser, and what it did.
type tab struct {
	*chrome
	session string

	mu       sync.Mutex
	requests []string // addresses, that of the page itself included
	trouble  []string // errors of scripts, refusals of the policy, dialogs
}

// openTab opens a tab of the given size; 1280 by 800 is a laptop, 390 by 844 a phone.
func openTab(t testing.TB, wide, high int) *tab {
	c := startChrome(t)
	var target struct{ TargetID string }
	c.call("", "Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	c.call("", "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b := &tab{chrome: c, session: attached.SessionID}
	c.mu.Lock()
	c.heard = b.hear
	c.mu.Unlock()
	for _, domain := range []string{"Page", "Runtime", "Network", "Log"} {
		b.do(domain+".enable", nil, nil)
	}
	b.resize(wide, high)
	return b
}

func (b *tab) resize(wide, high int) {
	b.do("Emulation.setDeviceMetricsOverride", map[string]any{"width": wide, "height": high, "deviceScaleFactor": 1, "mobile": wide < 500}, nil)
}

func (b *tab) do(method string, params, into any) {
	b.t.Helper()
	b.call(b.session, method, params, into)
}

func (b *tab) hear(session, method string, params json.RawMessage) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch method {
	case "Network.requestWillBeSent":
		var p struct{ Request struct{ URL string } }
		json.Unmarshal(params, &p)
		b.requests = append(b.requests, p.Request.URL)
	case "Runtime.exceptionThrown", "Log.entryAdded", "Page.javascriptDialogOpening", "Runtime.consoleAPICalled":
		b.trouble = append(b.trouble, method+" "+string(params))
	}
}

// open loads a file as a user would, by its file:// address, and waits until the page says that it is ready.
func (b *tab) open(path, hash string) {
	b.t.Helper()
	abs, err := filepath.Abs(path)
	if err != nil {
		b.t.Fatal(err)
	}
	b.do("Page.navigate", map[string]any{"url": "about:blank"}, nil)
	b.do("Page.navigate", map[string]any{"url": "file://" + abs + hash}, nil)
	b.wait(`document.body && document.body.dataset.ready === '1'`)
}

// eval returns the value of an expression, which may be a promise.
func (b *tab) eval(expression string, into any) {
	b.t.Helper()
	var r struct {
		Result struct{ Value json.RawMessage }
		Detail *struct{ Exception struct{ Description string } } `json:"exceptionDetails"`
	}
	b.do("Runtime.evaluate", map[string]any{"expression": expression, "awaitPromise": true, "returnByValue": true}, &r)
	if r.Detail != nil {
		b.t.Fatalf("%s: %s", expression, r.Detail.Exception.Description)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(r.Result.Value, into); err != nil {
		b.t.Fatalf("%s: %s: %v", expression, r.Result.Value, err)
	}
}

// text returns the value of an expression as text.
func (b *tab) text(expression string) string {
	b.t.Helper()
	var s string
	b.eval("(async () => String(await ("+expression+")))()", &s)
	return s
}

// is fails unless an expression has a value, as text.
func (b *tab) is(expression, want string) {
	b.t.Helper()
	if got := b.text(expression); got != want {
		b.t.Errorf("%s is %q, want %q", expression, got, want)
	}
}

// wait waits until a condition holds.
func (b *tab) wait(condition string) {
	b.t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if b.text(condition) == "true" {
			return
		}
		if time.Now().After(end) {
			b.t.Fatalf("%s: not within a minute; the page says %q, and there was %v", condition, b.text("document.body ? document.body.innerText.slice(0, 300) : ''"), b.troubles())
		}
	}
}

// press presses keys as a user would: one character, or the name of a key.
func (b *tab) press(keys ...string) {
	b.t.Helper()
	codes := map[string]int{"Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Tab": 9, "Home": 36, "End": 35, "PageDown": 34, " ": 32}
	for _, k := range keys {
		down := map[string]any{"type": "keyDown", "key": k, "windowsVirtualKeyCode": codes[k]}
		switch {
		case k == "Enter":
			down["text"] = "\r"
		case len([]rune(k)) == 1:
			down["text"] = k
			down["windowsVirtualKeyCode"] = int(strings.ToUpper(k)[0])
		}
		b.do("Input.dispatchKeyEvent", down, nil)
		b.do("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": k, "windowsVirtualKeyCode": down["windowsVirtualKeyCode"]}, nil)
	}
}

// scheme makes the system light or dark.
func (b *tab) scheme(name string) {
	b.do("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": name}}}, nil)
}

// shot keeps a picture of the tab where MULLIGAN_SCREENSHOTS names a folder.
func (b *tab) shot(name string, whole bool) {
	b.t.Helper()
	dir := os.Getenv("MULLIGAN_SCREENSHOTS")
	if dir == "" {
		return
	}
	var r struct{ Data string }
	b.do("Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": whole}, &r)
	png, err := base64.StdEncoding.DecodeString(r.Data)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

func (b *tab) troubles() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.trouble...)
}

// quiet fails where the page asked for anything but itself, or where a script failed or was refused.
func (b *tab) quiet() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.requests {
		if !strings.HasPrefix(r, "file:///") || !strings.Contains(r, ".html") {
			b.t.Errorf("the page asked for %s", r)
		}
	}
	for _, s := range b.trouble {
		b.t.Errorf("trouble: %s", s)
	}
}
