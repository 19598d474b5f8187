package similar

// Exact finds texts whose Tokens are the same. It holds about 50 bytes for each different text. It is not safe
// for concurrent use.
type Exact struct {
	first map[[16]byte]int
}

// NewExact returns an Exact that has seen no text.
func NewExact() *Exact { return &Exact{first: map[[16]byte]int{}} }

// Add takes a text under the caller's id. It returns the id of the first text that is the same, and whether there is
// one. Texts without any token are the same as one another.
func (e *Exact) Add(id int, text string) (first int, duplicate bool) {
	d := Digest(text)
	key := [16]byte(d[:16])
	if first, ok := e.first[key]; ok {
		return first, true
	}
	e.first[key] = id
	return id, false
}
