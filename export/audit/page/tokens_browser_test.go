package page

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"mulligan/data"
	"mulligan/export/exporttest"
)

// coloured is a group with one rollout whose tokens have all that a token may have.
func coloured() []data.Group {
	p := data.Prompt{Messages: []data.Message{{Role: "system", Content: "Be brief."}, {Role: "user", Content: "2+2"}}}
	failed := exporttest.Attempt("5", []int{0}, exporttest.Judged(false, 0, "5"))
	failed.Draw.Tokens = &data.Tokens{Prompt: []int32{1, 2}, PromptSource: data.TokensEngine, IDs: []int32{5}, Source: data.TokensEngine, End: data.EndMissing}
	r := exporttest.Retried(p, failed, "Né 🙂\n.", 0, true)
	// The smile is two tokens, as an engine without bytes shows them; the end is not shown, the log-probability of one is not known.
	r.Turns[4].Draw.Pieces = []data.Piece{{Bytes: []byte("Né"), Logprob: -0.0005}, {Bytes: []byte(" "), Logprob: -2}, {Bytes: []byte("\ufffd"), Logprob: -8}, {Bytes: []byte("\ufffd"), Logprob: 0}, {Bytes: []byte("\n."), Logprob: -9}}
	r.Turns[4].Draw.Tokens = &data.Tokens{
		Prompt: []int32{1, 2, 5, 9}, PromptSource: data.TokensRendered, IDs: []int32{10, 11, 12, 13, 14, 0}, Source: data.TokensAligned, End: data.EndInferred,
		Logprobs: []float32{-0.0005, -2, -8, 0, data.Unknown(), data.Unknown()},
	}
	r.Turns[4].Draw.LogprobsMode = data.LogprobsRaw
	// Bytes that are no text, pieces that are not what the engine made of them, an id more than pieces allow.
	retry := &r.Turns[6]
	retry.Content = "4"
	retry.Draw.Pieces = []data.Piece{{Bytes: []byte{0xc3}, Logprob: -1}, {Bytes: []byte{0xa9, 0x34}, Logprob: -1}, {Bytes: []byte{0xff}, Logprob: -1}}
	r.Advantage = some(0.5)
	return []data.Group{exporttest.Reflection(p, 0, r)}
}

func TestTokens(t *testing.T) {
	path := written(t, report(), exporttest.All(coloured()), Options{})
	b := openTab(t, 1280, 1200)
	b.scheme("light")
	b.open(path, "#rollouts")
	b.wait("document.querySelectorAll('#rollout .t').length > 0")
	all := func(selector, property string) string {
		return "[...document.querySelectorAll('" + selector + "')].map((e) => " + property + ").join('|')"
	}
	const reflection = `[data-seg=reflection] .t`
	b.is(all(reflection, "e.textContent"), "Né| |🙂||\n.|end")
	b.is(all(reflection, "e.className"), "t|t|t|t part|t unknown|t bytes unknown")
	b.is(all(`[data-seg=retry] .t`, "e.textContent"), "é4||FF") // the bytes of two tokens make up one text
	b.is(all(".turn", "e.dataset.seg + e.dataset.train"), "context0|context0|attempt0|context0|reflection1|context0|retry0")
	b.is("document.querySelector('.before').open", "false")

	ground := "getComputedStyle(e).backgroundColor"
	distinct := func(selector string) string {
		return "new Set([...document.querySelectorAll('" + selector + "')].map((e) => " + ground + ")).size"
	}
	b.press("1")
	b.is(distinct(".t[data-i=\"0\"]"), "3") // attempt, reflection, retry
	b.press("2")
	b.is("getComputedStyle(document.querySelector('[data-seg=attempt] .t')).backgroundColor === getComputedStyle(document.querySelector('[data-seg=retry] .t')).backgroundColor", "true")
	b.is("getComputedStyle(document.querySelector('[data-seg=attempt] .t')).backgroundColor === getComputedStyle(document.querySelector('"+reflection+"')).backgroundColor", "false")
	b.is(all("[data-train=\"1\"] .t", "getComputedStyle(e).boxShadow !== 'none'"), "true|true|true|true|true|true")
	b.press("3")
	b.is(all(reflection, "e.style.getPropertyValue('--s')"), "0.008|0.500|1.000|0.000||")
	b.is(all(reflection, "getComputedStyle(e).backgroundImage.startsWith('repeating')"), "false|false|false|false|true|true")
	b.is(distinct(reflection+":not(.unknown)"), "4")
	b.press("4")
	b.is(distinct(".t"), "1")

	line := "[...document.querySelectorAll('#inspector .cell')].map((e) => e.textContent).join('|')"
	point := func(selector string) {
		b.eval("document.querySelector('"+selector+"').dispatchEvent(new PointerEvent('pointerover', {bubbles: true}))", nil)
	}
	point(reflection + `[data-i="1"]`)
	b.is(line, `token 2 of 6|text " "|id 11|log-probability -2 (13.5%)|segment reflection|loss 1`)
	point(reflection + `[data-i="3"]`)
	b.is(line, `token 4 of 6|text bytes none|id 13|log-probability 0 (100.0%)|segment reflection|loss 1`)
	point(reflection + `[data-i="5"]`)
	b.is(line, `token 6 of 6|text ends the turn; not shown by the engine|id 0|log-probability not known|segment reflection|loss 1`)
	point(`[data-seg=retry] .t[data-i="1"]`)
	b.is(line, `token 2 of 3|text bytes A9 34|id not known|log-probability -1 (36.8%)|segment retry|loss 0`)
	// By keys: Enter goes into a turn, the arrows through it, Escape out.
	b.eval("document.querySelector('[data-seg=reflection] .tokens').focus()", nil)
	b.press("Enter")
	b.is(line, `token 1 of 6|text "Né"|id 10|log-probability -0.0005 (100.0%)|segment reflection|loss 1`)
	b.press("ArrowRight", "ArrowRight", "ArrowLeft")
	b.is(line, `token 2 of 6|text " "|id 11|log-probability -2 (13.5%)|segment reflection|loss 1`)
	b.press("Escape")
	b.is(line, "")
	b.press("Escape")
	b.is("document.activeElement.id", "list")

	b.is(all(".sequence rect", "e.getAttribute('class') + ' ' + e.getAttribute('x') + ' ' + e.getAttribute('width')"), "seg-context 0% 20%|seg-attempt 20% 10%|seg-context 30% 10%|seg-reflection 40% 60%|seg-loss 40% 60%")
	b.quiet()
}

// TestLongTurn: ten thousand tokens are shown a page at a time, and the page says how many are left.
func TestLongTurn(t *testing.T) {
	p := data.Prompt{Messages: []data.Message{{Role: "user", Content: "Think."}}}
	long := sampled(rand.New(rand.NewPCG(3, 4)), data.StepAttempt, 10_000, []int32{1})
	path := written(t, report(), exporttest.All([]data.Group{exporttest.Attempts(p, long)}), Options{})
	b := openTab(t, 1280, 800)
	b.open(path, "#rollouts")
	b.wait("document.querySelector('.more') !== null")
	b.is("document.querySelectorAll('.t').length", "4000")
	b.is("document.querySelector('.more').textContent", "Show 4,000 more of 6,001 tokens that are not shown")
	b.eval("document.querySelector('.more').click()", nil)
	b.is("document.querySelectorAll('.t').length", "8000")
	b.eval("document.querySelector('.more').click()", nil)
	b.is("document.querySelectorAll('.t').length", "10001")
	b.is("document.querySelectorAll('.more').length", "0")
	b.is("document.querySelector('.tokens').textContent.length - 'end'.length", strconv.Itoa(len(long.Content)))
	b.quiet()
}
