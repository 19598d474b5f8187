package llm

import (
	"testing"

	"mulligan/data"
)

func TestHomesAreBounded(t *testing.T) {
	h := newHomes(100)
	req := func(i int) Request { return Request{Prompt: data.Digest{byte(i), byte(i >> 8), byte(i >> 16)}} }
	h.stay(req(0), 3)
	for i := 1; i < 10000; i++ {
		h.stay(req(i), 1)
		if n := len(h.young) + len(h.old); n > 100 {
			t.Fatalf("%d entries", n)
		}
		if i%40 == 0 {
			if at, _ := h.find(req(0)); at != 3 {
				t.Fatalf("what is asked for is forgotten after %d more", i)
			}
		}
	}
	if at, _ := h.find(req(1)); at != -1 {
		t.Error("nothing is forgotten")
	}
}

func TestHomesHoldTheLongestPrefix(t *testing.T) {
	h := newHomes(100)
	draw := func(path ...int) Request { return Request{Draw: path} }
	h.stay(draw(0), 1)
	h.stay(draw(1), 2)
	h.stay(draw(1, 0), 4)
	for _, c := range []struct {
		req         Request
		home, avoid int
	}{{draw(0, 5), 1, -1}, {draw(1, 5), 2, -1}, {draw(1, 0, 9), 4, -1}, {draw(7), 4, -1}, {draw(7, 7, 7), 4, -1}} {
		if home, avoid := h.find(c.req); home != c.home || avoid != c.avoid {
			t.Errorf("%v: home %d, avoid %d: want %d, %d", c.req.Draw, home, avoid, c.home, c.avoid)
		}
	}
	h.avoid(draw(1, 5), 2)
	if home, avoid := h.find(draw(1, 5)); home != 4 || avoid != 2 {
		t.Errorf("a draw that failed at 2: home %d, avoid %d", home, avoid)
	}
}
