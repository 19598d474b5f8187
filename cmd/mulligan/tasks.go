package main

import (
	"bufio"

	"github.com/urfave/cli/v2"

	"mulligan/data/source"
)

func tasksCommand() *cli.Command {
	return &cli.Command{
		Name:        "tasks",
		Usage:       "print the tasks of a source as JSON lines",
		ArgsUsage:   "NAME [--option NAME=VALUE]",
		Description: "The source jsonl reads what this prints. The same options give the same tasks.\n\nSources: " + names(sources),
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "option", Usage: "an option of the source, NAME=VALUE; may be repeated"},
			&cli.IntFlag{Name: "limit", Usage: "print only the first N; 0: all"},
		},
		Action: func(c *cli.Context) error {
			name, err := argument(c, 0, "NAME")
			if err != nil {
				return err
			}
			if err := noMore(c, 1); err != nil {
				return err
			}
			src, err := byOptions("source", sources, name, "", c.StringSlice("option"))
			if err != nil {
				return err
			}
			ctx, _, _, stop := interruptible(c.App.ErrWriter, 0)
			defer stop()
			w := bufio.NewWriter(c.App.Writer)
			n := 0
			for p, err := range src.Prompts(ctx) {
				if err != nil {
					w.Flush()
					return err
				}
				if err := source.Write(w, p); err != nil {
					return err
				}
				if n++; n == c.Int("limit") {
					break
				}
			}
			return w.Flush()
		},
	}
}
