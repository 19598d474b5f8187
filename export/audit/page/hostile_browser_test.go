package page

import (
	"bytes"
	"encoding/json"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"mulligan/data"
	"mulligan/export/audit"
	"mulligan/export/exporttest"
)

// attacks are texts that a page must show and never read. Each would set window.hacked, ask for an
// address, or break the page.
var attacks = []string{
	`</script><script>window.hacked = 1</script>`,
	`--></style></textarea></title></noscript><script>window.hacked = 2</script>`,
	`<!--<script>window.hacked = 3`,
	`<img src=x onerror="window.hacked = 4"><svg onload="window.hacked = 5">`,
	`<iframe srcdoc="<script>parent.hacked = 6</script>"></iframe><object data="http://127.0.0.1:9/x"></object>`,
	`javascript:window.hacked=7`,
	`"><a href="javascript:window.hacked=8">click</a>`,
	`' onmouseover='window.hacked=9' x='`,
	`{{.Title}} ${window.hacked = 10} #{x} <%= 1 %>`,
	`<link rel=stylesheet href=//127.0.0.1:9/a.css><base href=http://127.0.0.1:9/><meta http-equiv=refresh content="0;url=http://127.0.0.1:9/">`,
	`<form action=http://127.0.0.1:9/ id=list><input name=attributes></form>`, // clobbers names of the page
	`url("http://127.0.0.1:9/b.png") } body { display: none }`,
	"\u202eevil\u202c \u2066isolate\u2069 \u200bzero\ufeff \u2028line\u2029paragraph \x00nul \x1b[31mred \x07",
	"\U000e0041\U000e0042tags \u00adsoft",
	"&lt;script&gt; &amp; &#x3c;script&#x3e;",
	`\ud800 \udfff \u0000 </ScRiPt >`,
	strings.Repeat("w", 20_000), // one word
	"__proto__ constructor toString",
}

// attacked is groups and a report that hold the attacks in every text that there is.
func attacked() ([]data.Group, audit.Report) {
	var groups []data.Group
	r := report()
	for i, a := range attacks {
		p := data.Prompt{
			Source: a, Messages: []data.Message{{Role: "system", Content: a}, {Role: "user", Content: a}},
			Tools: []data.Tool{{Name: a, Description: a}}, Meta: map[string]json.RawMessage{a: quotedJSON(a)}, Answer: quotedJSON(a),
			Failure: &data.Failure{Message: data.Message{Role: "assistant", Content: a}, Policy: data.Policy{Model: a}, Draws: 1, Reason: a},
		}
		failed := data.Turn{Message: p.Failure.Message, Step: data.StepAttempt}
		x := exporttest.Retried(p, failed, a, 0, true)
		x.Policy.Model, x.Excluded = a, a
		for k := range x.Turns {
			t := &x.Turns[k]
			if !t.Sampled {
				continue
			}
			t.Thinking, t.ToolName = a, a
			t.ToolCalls = []data.ToolCall{{Name: a, Arguments: json.RawMessage(`{"x":"\ud800` + "\\u003c/script>" + `"}`)}, {Name: a, Arguments: json.RawMessage(a)}}
			t.Verdict = &data.Verdict{Parsed: a, Feedback: a, Reason: a}
			t.Draw.NoTokens = a
			t.Draw.Tokens = &data.Tokens{Prompt: []int32{1}, PromptSource: data.TokenSource(a), Source: data.TokenSource(a), End: data.EndToken(a), FilledBy: a}
			for _, b := range []byte(a)[:min(len(a), 300)] { // a token a byte: characters in parts
				t.Draw.Pieces = append(t.Draw.Pieces, data.Piece{Bytes: []byte{b}, Logprob: -1})
			}
		}
		g := exporttest.Reflection(p, i, x)
		g.Strategy, g.Advantage, g.Filtered = a, a, a
		groups = append(groups, g)
		place := audit.Place{File: a, Prompt: p.ID().Short(), Arm: data.ArmReflection, Group: some(i), Rollout: some(0), Step: a}
		r.Findings = append(r.Findings, audit.Finding{Kind: a, Place: place, Column: a, Is: a, Want: a, Why: a})
		r.Notes = append(r.Notes, a)
		r.BySource = append(r.BySource, audit.Slice{Name: a, Rates: r.Rates})
		r.Duplicates[1].Top = append(r.Duplicates[1].Top, audit.Repeated{Text: a, N: 2})
		r.Languages.Examples = append(r.Languages.Examples, a)
		r.Languages.Languages = append(r.Languages.Languages, audit.NameCount{Name: a, N: 1})
		r.Subject.Policies = append(r.Subject.Policies, a)
	}
	g := exporttest.Attempts(groups[0].Prompt, exporttest.Attempt("plain", []int{0}, nil))
	g.Arm = `"><script>window.hacked = 11</script>`
	groups = append(groups, g)
	r.FindingsAll = len(r.Findings)
	r.Subject.Path, r.Subject.Run, r.Subject.Verifier, r.Subject.Dataset = attacks[0], attacks[1], attacks[2], attacks[3]
	r.Subject.VerifierOptions = quotedJSON(attacks[4])
	r.Agreement.First, r.Agreement.Second = attacks[0], attacks[1]
	r.ByMeta = &audit.ByMeta{Column: attacks[3], Slices: r.BySource}
	return groups, r
}

func quotedJSON(s string) json.RawMessage {
	b, _ := json.Marshal(s)
	return b
}

// TestHostileText: no text of a run runs, asks for anything, or breaks the page.
func TestHostileText(t *testing.T) {
	groups, r := attacked()
	path := written(t, r, exporttest.All(groups), Options{More: attacks[0]})
	b := openTab(t, 1280, 800)
	b.open(path, "")
	b.is("document.querySelectorAll('script:not([type])').length", "1")
	b.is("document.querySelectorAll('img, iframe, object, embed, link, base, form:not([method=dialog])').length", "0")
	b.is("document.querySelectorAll('meta[http-equiv]').length", "1")
	b.is("[...document.querySelectorAll('#notes li')].map((e) => e.textContent)[1]", attacks[0])
	b.is("/[\\u202a-\\u202e\\u2066-\\u2069\\u200b\\u2028\\u2029\\u0000\\u001b\\ufeff]/.test(document.getElementById('report').textContent)", "false")
	b.press("b")
	b.wait("document.body.dataset.view === 'rollouts'")
	for i := range groups {
		b.eval("location.hash = "+string(quotedJSON("#"+Anchor(groups[i]))), nil)
		b.wait("document.getElementById('group-title') && document.querySelector('.group-head a').textContent === " + string(quotedJSON(Anchor(groups[i]))))
		b.is("document.querySelectorAll('#detail script, #detail img, #detail iframe, #detail form, #detail a:not([href^=\"#\"])').length", "0")
		b.is("/[\\u202a-\\u202e\\u2066-\\u2069\\u200b\\u2028\\u2029\\u0000\\u001b\\ufeff]/.test(document.getElementById('browser').textContent)", "false")
		b.is("document.documentElement.scrollWidth <= innerWidth && document.getElementById('detail').scrollWidth <= document.getElementById('detail').clientWidth", "true")
	}
	// What is shown is what was said.
	b.eval("location.hash = '"+Anchor(groups[0])+"'", nil)
	b.wait("document.querySelector('.group-head a').textContent === '" + Anchor(groups[0]) + "'")
	b.is("document.querySelector('#rollout [data-seg=reflection] .tokens').textContent", attacks[0])
	for _, a := range attacks[1:4] {
		b.eval("(() => { const s = document.getElementById('search'); s.value = "+string(quotedJSON(a))+"; s.dispatchEvent(new Event('input')); })()", nil)
		b.wait("document.getElementById('found').dataset.done === '1'")
		b.is(found, "1 of 19 groups, 1 of 19 rollouts")
	}
	b.is("'hacked' in window", "false")

	// The policy holds although nothing should ever reach it: what would run does not.
	b.quiet()
	b.is(`(() => { try { document.body.innerHTML = '<b>x</b>'; return 'read as HTML'; } catch (e) { return e.name; } })()`, "TypeError")
	b.eval(`(() => { const s = document.createElementNS('http://www.w3.org/2000/svg', 'script'); s.append('window.hacked = 20'); document.body.append(s); })()`, nil)
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	var asked atomic.Int32
	go func() {
		for {
			conn, err := server.Accept()
			if err != nil {
				return
			}
			asked.Add(1)
			conn.Close()
		}
	}()
	address := "http://" + server.Addr().String()
	b.eval("fetch('"+address+"').catch((e) => 0)", nil)
	b.eval("new Promise((done) => { const i = document.createElement('img'); i.onerror = done; i.src = '"+address+"/a.png'; document.body.append(i); }).then(() => 0)", nil)
	b.eval("navigator.sendBeacon('"+address+"', 'x')", nil)
	b.is("'hacked' in window", "false")
	if n := asked.Load(); n != 0 {
		t.Errorf("%d requests reached a server", n)
	}
	if got := strings.Join(b.troubles(), "\n"); !strings.Contains(got, "Content Security Policy") {
		t.Errorf("the policy refused nothing: %s", got)
	}
}

// TestNothingToRequest: no address stands in the page but the name of SVG, and none of the attacks as it is.
func TestNothingToRequest(t *testing.T) {
	groups, r := attacked()
	var page bytes.Buffer
	if err := Write(&page, r, exporttest.All(groups), Options{}); err != nil {
		t.Fatal(err)
	}
	text := page.String()
	if n := strings.Count(text, "<script>"); n != 1 {
		t.Errorf("%d scripts, want 1", n)
	}
	for _, a := range attacks[:6] {
		if strings.Contains(text, a) && strings.ContainsAny(a, "<") {
			t.Errorf("the page holds %s as it is", a)
		}
	}
	var clean bytes.Buffer
	if err := Write(&clean, report(), exporttest.All(exporttest.Groups()), Options{}); err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"http:", "https:", "//cdn", "@import", "url(", "innerHTML", "eval(", "new Function", "fetch(", "XMLHttpRequest", "WebSocket"} {
		n := strings.Count(clean.String(), word)
		switch {
		case word == "http:" && n == 1 && strings.Contains(clean.String(), "'http://www.w3.org/2000/svg'"):
		case word == "url(" && n == 1 && strings.Contains(clean.String(), "url(#hatch)"):
		case n > 0:
			t.Errorf("the page holds %s %d times", word, n)
		}
	}
}
