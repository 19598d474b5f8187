package page

import (
	"os"
	"testing"
)

// TestScreens takes the pictures that a person looks at, where MULLIGAN_SCREENSHOTS names a folder.
func TestScreens(t *testing.T) {
	if os.Getenv("MULLIGAN_SCREENSHOTS") == "" {
		t.Skip("MULLIGAN_SCREENSHOTS is not set")
	}
	path := written(t, report(), many(300), Options{})
	b := openTab(t, 1280, 800)
	for _, scheme := range []string{"light", "dark"} {
		b.scheme(scheme)
		b.resize(1280, 800)
		b.open(path, "")
		b.shot("report-"+scheme, true)
		b.open(path, "#rollouts")
		b.press("j")
		b.wait("document.querySelectorAll('.tab').length === 6")
		for key, mode := range map[string]string{"1": "segment", "2": "mask", "3": "logprob"} {
			b.press(key)
			b.shot("rollouts-"+mode+"-"+scheme, false)
		}
		b.eval("document.querySelector('#rollout .turn .tokens').focus()", nil)
		b.press("Enter", "ArrowRight", "ArrowRight")
		b.shot("rollouts-token-"+scheme, false)
		b.press("Escape", "f")
		b.eval("document.getElementById('f-fixed').click()", nil)
		b.eval("(() => { const s = document.getElementById('search'); s.value = 'argument'; s.dispatchEvent(new Event('input')); })()", nil)
		b.wait("document.getElementById('found').dataset.done === '1'")
		b.press("j")
		b.wait("CSS.highlights.has('found')")
		b.shot("rollouts-search-"+scheme, false)
		b.press("?")
		b.shot("help-"+scheme, false)
		b.press("Escape")
		b.resize(390, 844)
		b.open(path, "")
		b.shot("report-narrow-"+scheme, true)
		b.open(path, "#rollouts")
		b.shot("list-narrow-"+scheme, false)
		b.press("j", "j", "Enter")
		b.wait("document.querySelectorAll('.tab').length === 6")
		b.shot("rollout-narrow-"+scheme, false)
	}
	b.resize(800, 1100)
	b.scheme("light")
	b.do("Emulation.setEmulatedMedia", map[string]any{"media": "print"}, nil)
	b.open(path, "")
	b.shot("print", true)
	b.quiet()
}
