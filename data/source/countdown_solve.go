package source

import (
	"slices"
	"strconv"
	"strings"
)

// maxNumbers is how many numbers a task has at most.
const maxNumbers = 8

// Solve returns an expression over all numbers, each used once, that equals target, or false if
// there is none in which every step gives a positive whole number: the rules of the game on
// television, under which the data set's tasks are assumed to be made. It looks at 1 to 8 numbers,
// and returns false for more.
func Solve(numbers []int, target int) (string, bool) {
	if len(numbers) == 0 || len(numbers) > maxNumbers || !solvable(numbers, target) {
		return "", false
	}
	values, terms := slices.Clone(numbers), make([]string, len(numbers))
	for i, n := range numbers {
		terms[i] = strconv.Itoa(n)
	}
	for len(values) > 1 {
		values, terms = join(values, terms, target)
	}
	return strings.TrimSuffix(strings.TrimPrefix(terms[0], "("), ")"), true // the outermost pair says nothing
}

// join replaces two terms by one of their steps such that the target can still be reached.
func join(values []int, terms []string, target int) ([]int, []string) {
	for i, a := range values {
		for j, b := range values {
			if i == j || a < b {
				continue
			}
			for op, v := range steps(a, b) {
				rest := without(values, i, j, v)
				if v > 0 && solvable(rest, target) {
					return rest, without(terms, i, j, "("+terms[i]+" "+"+*-/"[op:op+1]+" "+terms[j]+")")
				}
			}
		}
	}
	return values[:1], terms[:1] // not reached: the target could be reached before
}

// steps returns a+b, a*b, a-b and a/b; 0 where the step is not allowed.
func steps(a, b int) [4]int {
	s := [4]int{a + b, a * b, max(a-b, 0), 0}
	if b > 0 && a%b == 0 {
		s[3] = a / b
	}
	return s
}

// without returns the elements but i and j, and then v.
func without[T any](from []T, i, j int, v T) []T {
	rest := make([]T, 0, len(from)-1)
	for k, x := range from {
		if k != i && k != j {
			rest = append(rest, x)
		}
	}
	return append(rest, v)
}

// solvable reports whether Solve finds an expression. It looks backwards from the target at the last
// step, and keeps to arrays, because a generator calls it millions of times.
func solvable(numbers []int, target int) bool {
	var values [maxNumbers]int
	n := copy(values[:], numbers)
	return target > 0 && reaches(&values, n, target)
}

// reaches reports whether the first n values make the target.
func reaches(values *[maxNumbers]int, n, target int) bool {
	switch n {
	case 1:
		return values[0] == target
	case 2:
		return pair(values[0], values[1], target)
	case 3:
		a, b, c := values[0], values[1], values[2]
		return triple(a, b, c, target) || triple(a, c, b, target) || triple(b, c, a, target)
	}
	for i := range n {
		for j := i + 1; j < n; j++ {
			a, b := values[i], values[j]
			if a < b {
				a, b = b, a
			}
			rest := *values
			rest[j] = values[n-1]
			for op, v := range steps(a, b) {
				if v < 1 || op == 3 && b == 1 {
					continue // no step, or the same as times 1
				}
				rest[i] = v
				if reaches(&rest, n-1, target) {
					return true
				}
			}
		}
	}
	return false
}

// pair reports whether one step makes the target of a and b.
func pair(a, b, target int) bool {
	return a+b == target || a-b == target || b-a == target || a*b == target || a == target*b || b == target*a
}

// triple reports whether a step over a and b, and then one with c, makes the target.
func triple(a, b, c, target int) bool {
	if a < b {
		a, b = b, a
	}
	return pair(a+b, c, target) || pair(a*b, c, target) || a > b && pair(a-b, c, target) || a%b == 0 && pair(a/b, c, target)
}
