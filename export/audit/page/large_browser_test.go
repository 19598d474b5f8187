package page

import (
	"os"
	"strconv"
	"testing"
	"time"
)

// TestTenThousandGroups goes through a page of 10,000 groups (29,998 rollouts, 2.6 million tokens) as a user
// would. What is measured is reported; what is asserted is that the browser holds what can be seen and no more.
func TestTenThousandGroups(t *testing.T) {
	const n = 10_000
	b := openTab(t, 1280, 800)
	start := time.Now()
	path := written(t, report(), many(n), Options{})
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("written in %v: %.1f MB", time.Since(start).Round(time.Millisecond), float64(info.Size())/1e6)
	b.open(path, "#rollouts")
	b.is(found, "10,000 of 10,000 groups, 29,998 of 29,998 rollouts")
	t.Logf("ready after %s ms", b.text("Math.round(performance.now())"))
	nodes := func() int {
		n, err := strconv.Atoi(b.text("document.querySelectorAll('*').length"))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	const most = 3000 // the report is about 1,100 of them
	if got := nodes(); got > most {
		t.Errorf("%d elements, want at most %d", got, most)
	}

	// Frames while the list scrolls past all groups: milliseconds from one to the next, and what scripts took of them.
	frames := `new Promise((done) => {
		const list = document.getElementById('list'), times = [], most = list.scrollHeight - list.clientHeight, steps = 240;
		let i = 0, rows = 0, before = performance.now();
		const frame = (now) => {
			times.push(now - before); before = now;
			rows = Math.max(rows, document.querySelectorAll('.item').length);
			list.scrollTop = most * ++i / steps;
			if (i < steps) requestAnimationFrame(frame);
			else { times.shift(); times.sort((a, b) => a - b); done([rows, times[120].toFixed(1), times[Math.floor(times.length * 0.95)].toFixed(1), times.at(-1).toFixed(1)].join(' ')); }
		};
		requestAnimationFrame(frame);
	})`
	b.do("Performance.enable", nil, nil)
	before := b.worked()
	t.Logf("scrolling past all groups in 240 frames: most rows at once, then median, 95%% and longest frame in ms: %s", b.text(frames))
	after := b.worked()
	t.Logf("of each frame: %.2f ms of scripts, %.2f ms of style and layout", (after[0]-before[0])/240, (after[1]-before[1])/240)
	b.is("document.querySelectorAll('.item').length < 40", "true")
	b.wait("[...document.querySelectorAll('.item')].some((e) => e.dataset.pos === '9999')")

	// j through a hundred groups.
	b.press("g")
	b.wait("document.querySelector('.item[aria-selected=true]').dataset.pos === '0'")
	took := `(async () => {
		const times = [];
		for (let i = 0; i < 100; i++) {
			const start = performance.now();
			document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'j', bubbles: true}));
			const want = document.querySelector('.item[aria-selected=true]').id;
			while (!document.querySelector('.group-head') || document.body.dataset.drawn !== want) { document.body.dataset.drawn = ''; await new Promise(requestAnimationFrame); document.body.dataset.drawn = want; }
			times.push(performance.now() - start);
		}
		times.sort((a, b) => a - b);
		return [times[50].toFixed(1), times[95].toFixed(1), times[99].toFixed(1)].join(' ');
	})()`
	t.Logf("j, from the key to the next frame: median, 95%% and longest of 100 in ms: %s", b.text(took))
	if got := nodes(); got > most {
		t.Errorf("%d elements after a hundred groups, want at most %d", got, most)
	}

	// Search through all texts, and what blocks the page meanwhile.
	search := func(query string) {
		b.eval(`(() => { window.slow = 0; new PerformanceObserver((l) => l.getEntries().forEach((e) => { window.slow = Math.max(window.slow, e.duration); })).observe({type: 'longtask'}); window.began = performance.now();
			const s = document.getElementById('search'); s.value = '`+query+`'; s.dispatchEvent(new Event('input')); })()`, nil)
		b.wait("document.getElementById('found').dataset.done === '1'")
		t.Logf("search for %q: %s ms, longest task above 50 ms: %s ms", query, b.text("Math.round(performance.now() - window.began)"), b.text("Math.round(window.slow)"))
	}
	search("task 4321:")
	b.is(found, "1 of 10,000 groups, 6 of 29,998 rollouts")
	b.eval("document.getElementById('clear').click()", nil)
	start = time.Now()
	b.eval("document.getElementById('f-fixed').click()", nil)
	t.Logf("a filter: %v", time.Since(start).Round(time.Millisecond))
	b.is("document.getElementById('found').textContent.split(' ')[2]", "10,000")
	var heap struct{ UsedSize, TotalSize float64 }
	b.do("Runtime.getHeapUsage", nil, &heap)
	t.Logf("heap of the script: %.0f MB", heap.UsedSize/1e6)
	b.quiet()
}

// worked returns the milliseconds that scripts, and style and layout, took so far.
func (b *tab) worked() (ms [2]float64) {
	b.t.Helper()
	var r struct {
		Metrics []struct {
			Name  string
			Value float64 // seconds
		}
	}
	b.do("Performance.getMetrics", nil, &r)
	for _, m := range r.Metrics {
		switch m.Name {
		case "ScriptDuration":
			ms[0] += 1000 * m.Value
		case "LayoutDuration", "RecalcStyleDuration":
			ms[1] += 1000 * m.Value
		}
	}
	return ms
}
