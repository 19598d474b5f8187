package export

import (
	"errors"
	"fmt"
	"regexp"
)

// Info is what the card, the manifest and the rows say of a run as a whole. Nothing in it depends
// on the clock, or the same run would not give the same bytes.
type Info struct {
	Run             string            // id of the run; "": none
	Dataset         string            // where the tasks come from
	Plan            string            // the resolved plan, YAML
	PlanDigest      string            // of what determines the draws
	Strategy        string            // name
	Verifier        string            // name; "": none
	VerifierVersion int               // of its verdicts
	VerifierOptions string            // JSON
	Prompts         map[string]string // texts of the prompt templates by name
	Summary         string            // of the run, a Markdown table; "": none
	Version         string            // of the program
	LogprobsMode    string            // what log-probabilities are of: raw (the default), processed, sampled_unknown
}

// Options shape the files of an export. The zero value is the default.
type Options struct {
	// Split is the name of the split that the files belong to; train if empty.
	Split string `yaml:"split"`
	// RowGroupRows is the most rows in a row group or record batch; 1000 if 0.
	RowGroupRows int `yaml:"row_group_rows"`
	// RowGroupBytes is the most bytes in a row group before compression, but for a larger single row; 64 MiB if 0, 1 GiB at most.
	RowGroupBytes int `yaml:"row_group_bytes"`
	// ShardRows ends a file that has as many rows, after the prompt in hand; no limit if 0.
	ShardRows int64 `yaml:"shard_rows"`
	// ShardBytes ends a file that has as many bytes, after the prompt in hand; 512 MiB if 0.
	ShardBytes int64 `yaml:"shard_bytes"`
	// Times includes when and how long draws were made and how often they were tried. Two runs then never give the same bytes.
	Times bool `yaml:"times"`
	// ToolText writes calls of tools that the engine parsed as JSON text into kto, which is refused otherwise.
	ToolText bool `yaml:"tool_text"`
	// TokenSources are the sources of ids that sequences takes: engine, rendered and aligned if empty; retokenized ids may differ from what was sampled.
	TokenSources []string `yaml:"token_sources"`
	// Logprobs are the log-probabilities that sequences takes: same (if empty) refuses unknown modes and mixtures, complete also a token of the loss without one, any takes all, none leaves them away.
	Logprobs string `yaml:"logprobs"`
	// Skip are the reasons for which sequences leaves something out, and counts it, instead of refusing the export: no_tokens, source, logprobs.
	Skip []string `yaml:"skip"`
}

// The defaults of Options. Row groups are kept small because readers fail on nested columns of
// large ones ("Nested data conversions not implemented for chunked array outputs", datasets#7793).
const (
	defaultRowGroupRows  = 1000
	defaultRowGroupBytes = 64 << 20
	defaultShardBytes    = 512 << 20
)

// maxRowGroupBytes keeps the offsets of a row group's texts within the int32 of Arrow and Parquet.
const maxRowGroupBytes = 1 << 30

var splitName = regexp.MustCompile(`^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$`) // as the library datasets has it

// Check returns the first option that is out of range.
func (o Options) Check() error {
	_, err := o.resolve()
	return err
}

func (o Options) resolve() (Options, error) {
	for _, f := range []struct {
		name  string
		value int64
	}{
		{"row_group_rows", int64(o.RowGroupRows)}, {"row_group_bytes", int64(o.RowGroupBytes)},
		{"shard_rows", o.ShardRows}, {"shard_bytes", o.ShardBytes},
	} {
		if f.value < 0 {
			return o, fmt.Errorf("option %s is %d: want 0 (the default) or more", f.name, f.value)
		}
	}
	if o.RowGroupBytes > maxRowGroupBytes {
		return o, fmt.Errorf("option row_group_bytes is %d: want at most %d", o.RowGroupBytes, maxRowGroupBytes)
	}
	if o.Split == "" {
		o.Split = "train"
	}
	if !splitName.MatchString(o.Split) {
		return o, fmt.Errorf("option split is %q: want letters, digits, _ and single dots between them", o.Split)
	}
	if o.RowGroupRows == 0 {
		o.RowGroupRows = defaultRowGroupRows
	}
	if o.RowGroupBytes == 0 {
		o.RowGroupBytes = defaultRowGroupBytes
	}
	if o.ShardRows == 0 {
		o.ShardRows = 1 << 62
	}
	if o.ShardBytes == 0 {
		o.ShardBytes = defaultShardBytes
	}
	return o.resolveSequences()
}

func (i Info) resolve() (Info, error) {
	switch i.LogprobsMode {
	case "":
		i.LogprobsMode = "raw" // as data.Piece has them
	case "raw", "processed", "sampled_unknown":
	default:
		return i, fmt.Errorf("mode of log-probabilities is %q: want raw, processed or sampled_unknown", i.LogprobsMode)
	}
	return i, nil
}

func checkFormats(formats []Format) error {
	if len(formats) == 0 {
		return errors.New("no formats")
	}
	seen := map[string]bool{}
	for _, f := range formats {
		if f.start == nil {
			return fmt.Errorf("format %q is not one of this package", f.Name)
		}
		if seen[f.Name] {
			return fmt.Errorf("format %s is given twice", f.Name)
		}
		seen[f.Name] = true
	}
	return nil
}
