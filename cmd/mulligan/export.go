package main

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/urfave/cli/v2"

	"mulligan/data"
	"mulligan/data/disk"
	"mulligan/export"
	"mulligan/pipeline"
)

func exportCommand() *cli.Command {
	return &cli.Command{
		Name:      "export",
		Usage:     "write a run's data for trainers and auditors",
		ArgsUsage: "RUN --format F[,F] --to DIR",
		Description: "Formats: " + names(formats) + " (`mulligan list` describes them).\n" +
			"The same run gives the same bytes. The folder must be empty, or hold an earlier export, which is replaced.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "format", Usage: "formats, separated by commas", Value: "episodes,failures,kto"},
			&cli.StringFlag{Name: "to", Usage: "the folder (default: export in the run directory)"},
			&cli.StringFlag{Name: "split", Usage: "name of the split", Value: "train"},
			&cli.Int64Flag{Name: "shard-rows", Usage: "rows after which a new file starts; 0: none"},
			&cli.BoolFlag{Name: "times", Usage: "include when draws were made and how long they took: two runs then never give the same bytes"},
			&cli.BoolFlag{Name: "tool-text", Usage: "write tool calls that the engine parsed as JSON text where a format has no field for them"},
			&cli.StringSliceFlag{Name: "token-sources", Usage: "sources of ids that sequences takes; may be repeated (default: engine, rendered, aligned; retokenized only by name)"},
			&cli.StringFlag{Name: "logprobs", Usage: "log-probabilities that sequences takes: same, complete, any or none", Value: "same"},
			&cli.StringSliceFlag{Name: "skip", Usage: "leave out of sequences, and count, what would refuse the export: no_tokens, source, logprobs; may be repeated"},
			&cli.StringFlag{Name: "fill-logprobs", Usage: "where the engine gave a token no log-probability, take the one that this model gave in `mulligan score`; rows say so"},
			&cli.BoolFlag{Name: "json", Usage: "print the manifest"},
		},
		Action: func(c *cli.Context) error {
			r, err := openRun(c)
			if err != nil {
				return err
			}
			defer r.Close()
			to := c.String("to")
			if to == "" {
				to = filepath.Join(r.Dir, "export")
			}
			ctx, _, _, stop := interruptible(c.App.ErrWriter, 0)
			defer stop()
			groups := r.Groups()
			if model := c.String("fill-logprobs"); model != "" {
				by, err := scoredBy(r, model)
				if err != nil {
					return err
				}
				groups = r.Filled(by)
			}
			m, err := exportTo(ctx, r, groups, to, strings.Split(c.String("format"), ","), export.Options{
				Split: c.String("split"), ShardRows: c.Int64("shard-rows"), Times: c.Bool("times"), ToolText: c.Bool("tool-text"),
				TokenSources: c.StringSlice("token-sources"), Logprobs: c.String("logprobs"), Skip: c.StringSlice("skip")})
			if err != nil {
				return err
			}
			if c.Bool("json") {
				enc := json.NewEncoder(c.App.Writer)
				enc.SetIndent("", "  ")
				return enc.Encode(m)
			}
			for _, f := range m.Formats {
				var bytes int64
				for _, file := range f.Files {
					bytes += file.Bytes
				}
				printf(c, "%-16s %8s rows  %3d files  %9s bytes  %s\n", f.Name, count(int(f.Rows)), len(f.Files), count(int(bytes)), filepath.Join(to, f.Name))
			}
			return nil
		},
	}
}

// exportTo writes a run's finished prompts.
func exportTo(ctx context.Context, r *pipeline.Run, groups iter.Seq2[data.Group, error], to string, wanted []string, opts export.Options) (export.Manifest, error) {
	var fs []export.Format
	for _, name := range wanted {
		f, ok := formats[strings.TrimSpace(name)]
		if !ok {
			return export.Manifest{}, usagef("export: format %q is not known; known: %s", name, names(formats))
		}
		fs = append(fs, f)
	}
	if r.Finished() == 0 {
		return export.Manifest{}, fmt.Errorf("export %s: no prompt is finished", r.Dir)
	}
	info, err := exportInfo(r)
	if err != nil {
		return export.Manifest{}, err
	}
	return export.Write(ctx, disk.OS{}, to, info, opts, fs, groups)
}

// scoredBy finds the one model of this name that has scored draws of a run.
func scoredBy(r *pipeline.Run, model string) (data.Policy, error) {
	all, err := r.Scorers()
	if err != nil {
		return data.Policy{}, err
	}
	var found []data.Policy
	var known []string
	for p := range all {
		known = append(known, describe(p))
		if p.Model == model {
			found = append(found, p)
		}
	}
	slices.Sort(known)
	switch {
	case len(known) == 0:
		return data.Policy{}, usagef("--fill-logprobs %s: no model has scored draws of %s: run `mulligan score` first", model, r.Dir)
	case len(found) != 1:
		return data.Policy{}, usagef("--fill-logprobs %s: %d models of this name have scored draws of %s; known: %s", model, len(found), r.Dir, strings.Join(known, "; "))
	}
	return found[0], nil
}

// exportInfo says of the run what does not depend on the clock, on its folder, or on what may
// change within a run.
func exportInfo(r *pipeline.Run) (export.Info, error) {
	p := r.Head.Plan
	sessions, err := r.Sessions()
	if err != nil {
		return export.Info{}, err
	}
	info := export.Info{
		Run:        p.DrawDigest().Short(),
		Dataset:    unquote(p.Rest["source.name"]),
		Plan:       planText(p),
		PlanDigest: p.DrawDigest().String(), Strategy: p.Draws["strategy.name"],
		Verifier: p.Labels["verifier.name"], VerifierOptions: verifierOptions(p), Version: versionString(),
		Prompts: map[string]string{},
	}
	fmt.Sscan(p.Labels["verifier.rules_version"], &info.VerifierVersion)
	sum, err := summarize(r)
	if err != nil {
		return info, err
	}
	info.Summary = sum.table()
	if len(sessions) > 0 && sessions[0].LogprobsMode != "none" {
		info.LogprobsMode = string(sessions[0].LogprobsMode)
	}
	for k, v := range p.Draws {
		if name, ok := strings.CutPrefix(k, "strategy.prompts."); ok {
			var text string
			if json.Unmarshal([]byte(v), &text) == nil {
				info.Prompts[name] = text
			}
		}
	}
	return info, nil
}

// planText is what determines the data, as YAML with dotted keys.
func planText(p pipeline.Plan) string {
	b, err := yaml.Marshal(map[string]map[string]string{"draws": p.Draws, "labels": p.Labels})
	if err != nil {
		return ""
	}
	return string(b)
}

func verifierOptions(p pipeline.Plan) string {
	options := map[string]json.RawMessage{}
	for k, v := range p.Labels {
		if name, ok := strings.CutPrefix(k, "verifier."); ok && name != "name" && name != "rules_version" {
			raw := json.RawMessage(v)
			if !json.Valid(raw) {
				raw, _ = json.Marshal(v)
			}
			options[name] = raw
		}
	}
	b, _ := json.Marshal(options)
	return string(b)
}
