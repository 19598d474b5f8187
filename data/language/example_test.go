package language_test

import (
	"fmt"
	"strings"

	"mulligan/data/language"
)

func ExampleOf() {
	for _, text := range []string{
		"I should not have used the number twice.",
		"Ich hätte die Zahl nicht zweimal benutzen dürfen.",
		"我不应该把这个数字用两次。",
		"(3 + 4) * 5",
	} {
		f := language.Of(text)
		fmt.Println(f.Language, f.Script)
	}
	// Output:
	// en Latin
	// de Latin
	// zh Han
	// unknown unknown
}

func ExampleGibberish() {
	_, reasons := language.Gibberish("The answer is " + strings.Repeat("not right, so the answer is ", 20))
	for _, r := range reasons {
		fmt.Println(r)
	}
	// Output:
	// loop: "answer is not right , so the" 20 times (99%, limit 40%)
	// repetition: "answer is not right so the answer is not right" 19 times (94%, limit 60%)
}
