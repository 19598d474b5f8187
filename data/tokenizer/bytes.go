package tokenizer

import "unicode/utf8"

// byteRunes are the printable stand-ins for bytes in the vocabularies of byte-level BPE: the byte
// itself where it is a printable character of Latin-1, else characters from U+0100 on (GPT-2,
// encoder.py, bytes_to_unicode).
var byteRunes = func() (t [256]rune) {
	next := rune(0x100)
	for b := range t {
		switch {
		case b >= '!' && b <= '~', b >= 0xA1 && b <= 0xFF && b != 0xAD:
			t[b] = rune(b)
		default:
			t[b] = next
			next++
		}
	}
	return t
}()

// runeBytes is the inverse of byteRunes, up to its highest; -1: no stand-in.
var runeBytes = func() (t [0x144]int16) {
	for r := range t {
		t[r] = -1
	}
	for b, r := range byteRunes {
		t[r] = int16(b)
	}
	return t
}()

// spelledBytes returns the bytes that a token of stand-ins stands for. False: it holds other characters.
func spelledBytes(token string) (string, bool) {
	plain := true
	for i := range len(token) {
		if token[i] <= ' ' || token[i] > '~' {
			plain = false
			break
		}
	}
	if plain {
		return token, true
	}
	b := make([]byte, 0, len(token))
	for _, r := range token {
		if r == utf8.RuneError || int(r) >= len(runeBytes) || runeBytes[r] < 0 {
			return "", false
		}
		b = append(b, byte(runeBytes[r]))
	}
	return string(b), true
}
