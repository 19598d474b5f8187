package similar_test

import (
	"fmt"

	"mulligan/data/similar"
)

func ExampleDecontaminator() {
	d, err := similar.NewDecontaminator(func(yield func(similar.Entry, error) bool) {
		yield(similar.Entry{Set: "gsm8k/test", Name: "line 1", Text: "Janet's ducks lay 16 eggs per day. She eats three for breakfast every morning."}, nil)
	}, similar.DecontaminateOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	m, found := d.Find("Solve this: Janet’s ducks lay 16 eggs per day, she eats three for breakfast every morning!")
	fmt.Println(found, m)
	_, found = d.Find("Janet has 16 ducks.")
	fmt.Println(found)
	// Output:
	// true gsm8k/test line 1: "janets ducks lay 16 eggs per day she eats three for breakfast every" (87.5% of the words)
	// false
}

func ExampleNear() {
	near, err := similar.NewNear(similar.NearOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for id, text := range []string{
		"I used the number 7 twice. Next time I will tick off each number as I use it, and then check the sum.",
		"I used the number 7 twice.  Next time I will tick off each number as I use it, and then check the SUM.",
		"I used the number 7 twice. Next time I will tick off each number as I use it, and then check the total.",
		"I should have returned the call as a JSON array.",
	} {
		d, duplicate := near.Add(id, text)
		fmt.Printf("%d %v %+v\n", id, duplicate, d)
	}
	// Output:
	// 0 false {Of:0 Similarity:0}
	// 1 true {Of:0 Similarity:1}
	// 2 true {Of:0 Similarity:0.8333333333333334}
	// 3 false {Of:0 Similarity:0}
}
