package journal_test

import (
	"context"
	"fmt"

	"mulligan/data/disk/disktest"
	"mulligan/pipeline/journal"
)

func Example() {
	const draw journal.Kind = 1
	fsys := disktest.New() // disk.OS{} in a program

	j, _, err := journal.Open(fsys, "run/journal", journal.Options{}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	header := journal.Header{Kind: draw, Key: journal.Key{0xab}, Owner: journal.Key{0xcd}}
	if _, err := j.Append(context.Background(), journal.Record{Header: header, Body: []byte("2 + 2 = 5")}); err != nil {
		fmt.Println(err)
		return
	}

	// The machine dies. What was acknowledged is there afterwards.
	fsys = fsys.Crash(nil)
	index := make(map[journal.Key]journal.Ref)
	j, recovery, err := journal.Open(fsys, "run/journal", journal.Options{},
		func(ref journal.Ref, h journal.Header, body func() ([]byte, error)) error {
			index[h.Key] = ref
			return nil
		})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer j.Close()
	r, err := j.Read(index[journal.Key{0xab}])
	fmt.Println(recovery)
	fmt.Printf("%s %v\n", r.Body, err)
	// Output:
	// 1 records, 89 bytes, 1 segments
	// 2 + 2 = 5 <nil>
}
