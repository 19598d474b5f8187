package reward

import (
	"errors"
	"strconv"
)

// pyMap is a Python dict: keys in the order in which they were first set, looked up by Python's ==.
type pyMap struct {
	keys  []pyValue
	vals  []pyValue
	index map[string]int // by hash key; nil while the dict is small
}

const smallMap = 8 // entries up to which a dict is searched in a row

var errUnhashable = errors.New("unhashable dict key")

func (m *pyMap) len() int { return len(m.keys) }

// set adds or replaces a value. A key that is there already keeps its place and its first form.
func (m *pyMap) set(k, v pyValue) error {
	if !hashable(k) {
		return errUnhashable
	}
	if i := m.find(k); i >= 0 {
		m.vals[i] = v
		return nil
	}
	m.keys, m.vals = append(m.keys, k), append(m.vals, v)
	switch {
	case m.index != nil:
		m.index[hashKey(k)] = len(m.keys) - 1
	case len(m.keys) > smallMap:
		m.index = make(map[string]int, 2*len(m.keys))
		for i, k := range m.keys {
			m.index[hashKey(k)] = i
		}
	}
	return nil
}

func (m *pyMap) get(k pyValue) (pyValue, bool) {
	if i := m.find(k); i >= 0 {
		return m.vals[i], true
	}
	return pyValue{}, false
}

func (m *pyMap) find(k pyValue) int {
	if m.index == nil {
		for i := range m.keys {
			if pyEqual(m.keys[i], k) {
				return i
			}
		}
		return -1
	}
	if i, ok := m.index[hashKey(k)]; ok && pyEqual(m.keys[i], k) { // not so for NaN
		return i
	}
	return -1
}

func hashable(k pyValue) bool {
	switch k.kind {
	case pyList, pyDict:
		return false
	case pyTuple:
		for _, x := range k.items {
			if !hashable(x) {
				return false
			}
		}
	}
	return true
}

// hashKey returns the same text for keys that are equal in Python.
func hashKey(k pyValue) string {
	if k.kind == pyStr {
		return "s" + k.s
	}
	c := canon{python: true}
	c.value(k)
	return strconv.Itoa(int(c.kindOf(k))) + string(c.dst)
}
