package llm

import "encoding/binary"

// maxHomes bounds how many conversations are remembered: those of the prompts in flight, with the
// draws below them, are a fraction of it.
const maxHomes = 1 << 16

// homes remembers where conversations were served last. It forgets those that were not asked for
// the longest: once young is full it becomes old, and what was old is forgotten. At most max entries.
type homes struct {
	young, old map[uint64]int32 // by the hash of prompt and path; below 0: ^endpoint failed it
	max        int
}

func newHomes(max int) homes {
	return homes{young: map[uint64]int32{}, old: map[uint64]int32{}, max: max}
}

// find returns the endpoint that holds the longest prefix of a request's conversation, and the one
// that failed this very draw last; -1: none.
func (h *homes) find(req Request) (home, avoid int) {
	home, avoid = -1, -1
	var buf [8]uint64
	keys := conversation(buf[:0], req)
	if at, ok := h.get(keys[len(keys)-1]); ok && at < 0 {
		avoid = int(^at)
	}
	for i := max(len(keys)-2, 0); i >= 0; i-- {
		if at, ok := h.get(keys[i]); ok && at >= 0 && int(at) != avoid {
			return int(at), avoid
		}
	}
	return -1, avoid
}

// stay remembers where a request goes: its prefix is cached there from now on.
func (h *homes) stay(req Request, index int) {
	var buf [8]uint64
	keys := conversation(buf[:0], req)
	h.put(keys[0], int32(index))
	if len(keys) > 1 {
		h.put(keys[len(keys)-1], int32(index))
	}
}

// avoid remembers that an endpoint failed a request.
func (h *homes) avoid(req Request, index int) {
	var buf [8]uint64
	keys := conversation(buf[:0], req)
	h.put(keys[len(keys)-1], ^int32(index))
}

func (h *homes) get(k uint64) (int32, bool) {
	if v, ok := h.young[k]; ok {
		return v, true
	}
	v, ok := h.old[k]
	if ok {
		h.put(k, v)
	}
	return v, ok
}

func (h *homes) put(k uint64, v int32) {
	if len(h.young) >= h.max/2 {
		h.young, h.old = h.old, h.young
		clear(h.young)
	}
	h.young[k] = v
}

// conversation appends the hashes of the prompt and of each step of the path to a draw, the draw's
// own last.
func conversation(keys []uint64, req Request) []uint64 {
	k := binary.LittleEndian.Uint64(req.Prompt[:])
	keys = append(keys, k)
	for _, i := range req.Draw {
		k = mix(k ^ uint64(i+1))
		keys = append(keys, k)
	}
	return keys
}

// mix is the finaliser of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number
// generators, 2014).
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
