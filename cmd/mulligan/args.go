package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// permute puts the options of a command before its arguments, because cli/v2 wants them there and
// people write them anywhere. What follows "--" is left alone.
func permute(app *cli.App, args []string) []string {
	if len(args) < 2 {
		return args
	}
	cmd := app.Command(args[1])
	if cmd == nil {
		return args
	}
	takes := map[string]bool{}
	for _, f := range cmd.Flags {
		_, isBool := f.(*cli.BoolFlag)
		for _, n := range f.Names() {
			takes[n] = !isBool
		}
	}
	var options, rest []string
	for i := 2; i < len(args); i++ {
		a := args[i]
		if a == "--" {
			rest = append(rest, args[i+1:]...)
			break
		}
		if a == "-" || !strings.HasPrefix(a, "-") {
			rest = append(rest, a)
			continue
		}
		options = append(options, a)
		name := strings.TrimLeft(a, "-")
		if takes[name] && !strings.Contains(a, "=") && i+1 < len(args) {
			i++
			options = append(options, args[i])
		}
	}
	if slices.Contains(options, "--help") || slices.Contains(options, "-h") {
		return []string{args[0], args[1], "--help"} // with arguments, cli/v2 takes the first for the name of a command
	}
	return slices.Concat(args[:2], options, []string{"--"}, rest)
}
