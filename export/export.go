package export

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"

	"mulligan/data"
	"mulligan/data/disk"
)

// Write exports groups into the folder dir, which is made if need be.
//
// The groups come in prompt order, those of a prompt one after the other: its first attempts, then
// for each kept failure its reflections and, if there are any, its control. A group that breaks a
// promise, or an error in place of a group, ends the export.
//
// What is in dir is replaced if it is an earlier export, whole or not; anything else is an
// *OccupiedError, and nothing is touched. Until all files are written the earlier export stays
// valid; if Write fails before that, it is still there, and nothing else is. Memory is one row
// group for each format and the groups of one prompt. The same groups, info and options give the same bytes.
func Write(ctx context.Context, fs disk.FS, dir string, info Info, opts Options, formats []Format, groups iter.Seq2[data.Group, error]) (Manifest, error) {
	opts, err := opts.resolve()
	if err != nil {
		return Manifest{}, err
	}
	if info, err = info.resolve(); err != nil {
		return Manifest{}, err
	}
	if err := checkFormats(formats); err != nil {
		return Manifest{}, err
	}
	folder, err := openFolder(fs, dir, formats, opts.Split)
	if err != nil {
		return Manifest{}, err
	}
	e := &exporter{info: info, opts: opts}
	for _, f := range formats {
		e.shards = append(e.shards, &shards{fs: fs, dir: filepath.Join(dir, f.Name), format: f, opts: opts})
	}
	if err := e.writeAll(ctx, groups); err != nil {
		return Manifest{}, errors.Join(err, folder.abandon(e.shards), folder.unlock())
	}
	m := e.manifest()
	card := newCard(m, info)
	m.Card = card.file()
	err = folder.commit(m, e.shards, card.write)
	if err = errors.Join(err, folder.unlock()); err != nil {
		return Manifest{}, err
	}
	return m, nil
}

// exporter turns groups into rows of all formats.
type exporter struct {
	info   Info
	opts   Options
	shards []*shards
	task   *task // of the prompt in hand
	counts Counts

	logprobs logprobsSeen
	leftOut  map[string]int64 // of sequences, by reason
}

func (e *exporter) writeAll(ctx context.Context, groups iter.Seq2[data.Group, error]) error {
	for g, err := range groups {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		if err := e.add(g); err != nil {
			return fmt.Errorf("export %s: %w", groupName(g), err)
		}
	}
	for _, s := range e.shards {
		if err := s.finish(); err != nil {
			return err
		}
	}
	return nil
}

func (e *exporter) add(g data.Group) error {
	if err := g.Check(); err != nil {
		return err
	}
	if err := e.enter(g); err != nil {
		return err
	}
	v := newView(e.task, g)
	rows, err := episodeRows(v)
	if err != nil {
		return err
	}
	for i := range rows {
		e.counts.add(&rows[i])
	}
	for _, s := range e.shards {
		if err := s.add(v); err != nil {
			return fmt.Errorf("%s: %w", s.format.Name, err)
		}
	}
	for reason, n := range v.leftOut {
		if e.leftOut == nil {
			e.leftOut = map[string]int64{}
		}
		e.leftOut[reason] += n
	}
	return nil
}

// enter makes the group's prompt the one in hand.
func (e *exporter) enter(g data.Group) error {
	if e.task == nil || e.task.promptID != g.Prompt.ID().String() {
		for _, s := range e.shards {
			if err := s.endPrompt(); err != nil {
				return err
			}
		}
		var err error
		if e.task, err = newTask(e.info, e.opts, g.Prompt, &e.logprobs); err != nil {
			return err
		}
		e.counts.Prompts++
	} else if g.Arm == data.ArmAttempts {
		return errors.New("attempts after another group of the same prompt: they come first, in one group")
	}
	if g.Arm == data.ArmAttempts {
		return e.task.count(g)
	}
	return nil
}

func (e *exporter) manifest() Manifest {
	m := Manifest{
		SchemaVersion:   SchemaVersion,
		Split:           e.opts.Split,
		Run:             e.info.Run,
		Dataset:         e.info.Dataset,
		PlanDigest:      e.info.PlanDigest,
		Strategy:        e.info.Strategy,
		Verifier:        e.info.Verifier,
		VerifierVersion: e.info.VerifierVersion,
		Mulligan:        e.info.Version,
		Counts:          e.counts,
	}
	for _, s := range e.shards {
		f := ManifestFormat{Name: s.format.Name, Table: s.format.Table}
		if f.Table == sequenceTable.name {
			f.LeftOut = e.leftOut
		}
		for i, file := range s.done {
			file.Path = s.format.Name + "/" + s.final(i)
			f.Rows += file.Rows
			f.Files = append(f.Files, file)
		}
		m.Formats = append(m.Formats, f)
	}
	return m
}
