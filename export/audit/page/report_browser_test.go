package page

import (
	"testing"

	"mulligan/export/audit"
	"mulligan/export/exporttest"
)

// TestReportInBrowser: the plots are there, and their numbers and places are those of the report.
func TestReportInBrowser(t *testing.T) {
	path := written(t, report(), exporttest.All(exporttest.Groups()), Options{})
	b := openTab(t, 1280, 800)
	b.open(path, "")
	b.is("document.title", "Audit of countdown-7b")
	b.is("document.body.dataset.view", "report")
	b.is("getComputedStyle(document.getElementById('browser')).display", "none")

	text := func(selector string) string {
		return `[...document.querySelectorAll('` + selector + `')].map((e) => e.textContent.trim().replace(/\s+/g, ' ')).join('|')`
	}
	b.is(text("#funnel .bnum"), "1,200|910 75.8%|850 70.8%|5,100 on 850 failures|4,870 95.5%|1,655 32.5%|287,400|91,200 31.7%")
	b.is(text("#funnel .lost"), "−290 without a failure|−60 left out by pass rate|−230 cut, or with a leak|−3,215 earned nothing")
	b.is("[...document.querySelectorAll('#funnel .track + rect')].map((e) => e.getAttribute('width')).join(' ')",
		"100.000% 75.833% 70.833% 100.000% 95.490% 32.451% 100.000% 31.733%")
	// A bar is as wide on the screen as its number says.
	b.is("Math.round(1000 * document.querySelectorAll('#funnel .track + rect')[1].getBoundingClientRect().width / document.querySelectorAll('#funnel .track')[1].getBoundingClientRect().width)", "758")

	b.is(text("#rates .fnum"), "33.5% [30.9, 36.2] 402 of 1,200|30.4% [28.6, 32.3] 700 of 2,300|33.7% [32.4, 35.0] 1,720 of 5,100|22.9% [21.0, 25.0] 390 of 1,700|+10.8 points [+8.4, +13.1] newcombe")
	b.is("document.querySelector('#rates .first .pt').getAttribute('cx')", "33.500%")
	b.is("['x1', 'x2'].map((a) => document.querySelector('#rates .retry .ci').getAttribute(a)).join(' ')", "32.441% 35.035%")
	b.is("document.querySelectorAll('#rates .lane').length", "5")

	b.is("document.querySelectorAll('#lengths-reward circle.pt').length", "10")
	b.is("document.querySelector('#lengths-reward title').textContent", "10–23 tokens: 28.7% of 487 rewarded, mean reward 0.287")
	b.is(text("#sources .keys span"), "ids aligned 97.8% 2,250|no ids 2.2% 50|ids aligned 92.2% 4,700|ids retokenized, context rendered 5.9% 300|no ids 2.0% 100|ids aligned 100.0% 5,100|ids engine 100.0% 1,700")
	b.is("document.querySelectorAll('#sources .srow > div > svg .hatched').length", "3")
	b.is(text("#signal .keys span"), "with signal 63.5% 540|all rewarded 10.6% 90|none rewarded 23.5% 200|nothing trains 2.4% 20")
	b.is("document.querySelectorAll('#lengths .hist').length", "4")
	b.is("document.querySelectorAll('.slices').length", "2")
	b.is(text(".tile .tvalue"), "3|+10.8|63.5%|1,655|92.2%|0")
	b.is("document.querySelectorAll('#findings tbody tr').length", "3")
	b.is("document.querySelector('#findings .fact').textContent", "1 more are not in this table; the report as JSON lists them.")
	b.is("document.querySelector('#findings a').getAttribute('href')", "#0123456789ab-reflection-0/3")
	b.is(text("#notes li"), "300 of 1,500 prompts are not finished: the run is still going.")
	b.quiet()
}

// TestEmptyReport: a run without a single reply has a page without a plot that lies.
func TestEmptyReport(t *testing.T) {
	path := written(t, audit.Report{Subject: audit.Subject{Kind: "run", Path: "runs/empty"}}, exporttest.All(nil), Options{})
	b := openTab(t, 1280, 800)
	b.open(path, "")
	b.is("document.title", "Audit of empty")
	b.is("/NaN|Infinity|undefined|<nil>|%!/.test(document.getElementById('report').innerHTML)", "false")
	b.is("document.querySelectorAll('#rates .pt').length", "0")
	b.is("document.querySelector('#rates .fnum').textContent.trim()", "none")
	b.press("b")
	b.wait("document.body.dataset.view === 'rollouts'")
	b.is("document.getElementById('found').textContent", "0 of 0 groups, 0 of 0 rollouts")
	b.press("j", "k", "G", "Enter", "ArrowRight")
	b.quiet()
}

// TestSizes: nothing stands outside a phone or a laptop, and nothing moves while the page loads.
func TestSizes(t *testing.T) {
	path := written(t, report(), exporttest.All(exporttest.Groups()), Options{})
	b := openTab(t, 1280, 800)
	for _, wide := range []int{1280, 1024, 768, 390, 320} {
		b.resize(wide, 800)
		for _, hash := range []string{"", "#rollouts"} {
			b.open(path, hash)
			b.is("document.documentElement.scrollWidth <= innerWidth", "true")
			b.is(`[...document.querySelectorAll('#report .card, .tile, .controls, .modes')].filter((e) => e.offsetParent && e.scrollWidth > e.clientWidth + 1).map((e) => e.id + e.className + e.scrollWidth).join(' ')`, "")
			b.is(`new Promise((done) => { let sum = 0; const moved = []; new PerformanceObserver((l) => l.getEntries().forEach((e) => { sum += e.value; e.sources.forEach((s) => moved.push(`+"`${e.value.toFixed(3)} ${s.node && (s.node.id || s.node.className || s.node.nodeName)} ${s.previousRect.x},${s.previousRect.y} to ${s.currentRect.x},${s.currentRect.y}`"+`)); })).observe({type: 'layout-shift', buffered: true}); setTimeout(() => done(sum < 0.01 ? 'none' : moved.join(' ')), 50); })`, "none")
		}
	}
	b.quiet()
}

// TestLightAndDark: as the system has it, until the user chooses.
func TestLightAndDark(t *testing.T) {
	path := written(t, report(), exporttest.All(exporttest.Groups()), Options{})
	b := openTab(t, 1280, 800)
	const ground = "getComputedStyle(document.body).backgroundColor"
	const light, dark = "rgb(247, 247, 245)", "rgb(18, 20, 23)"
	b.scheme("light")
	b.open(path, "")
	b.is(ground, light)
	b.scheme("dark")
	b.is(ground, dark)
	b.press("t") // light
	b.is(ground, light)
	b.is("document.getElementById('theme').textContent", "☀ light")
	b.press("t") // dark
	b.scheme("light")
	b.is(ground, dark)
	b.press("t") // as the system
	b.is(ground, light)
	// Text can be read on what is behind it: WCAG 2.2, 1.4.3 asks for 4.5.
	for _, scheme := range []string{"light", "dark"} {
		b.scheme(scheme)
		b.is(`(() => {
			const css = (v) => { const c = document.createElement('canvas').getContext('2d'); c.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(v); c.fillRect(0, 0, 1, 1); return [...c.getImageData(0, 0, 1, 1).data].slice(0, 3); };
			const light = (c) => c.map((x) => { x /= 255; return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4; }).reduce((s, x, i) => s + x * [0.2126, 0.7152, 0.0722][i], 0);
			const ratio = (a, b) => { const [x, y] = [light(css(a)), light(css(b))].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
			const low = [];
			for (const fg of ['--ink', '--soft', '--faint', '--accent', '--good', '--bad']) for (const bg of ['--bg', '--panel', '--sunk']) if (ratio(fg, bg) < 4.5) low.push(fg + ' on ' + bg + ' ' + ratio(fg, bg).toFixed(2));
			return low.join(', ');
		})()`, "")
	}
	b.quiet()
}
