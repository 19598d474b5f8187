package export

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// card is the README.md of an export: a data set card as Hugging Face reads it, its head listing
// the formats as configurations.
type card struct{ text string }

func newCard(m Manifest, info Info) card {
	var b strings.Builder
	writeHead(&b, m)
	title := "Reflect, Retry, Reward"
	if m.Dataset != "" {
		title += ": " + oneLine(m.Dataset)
	}
	fmt.Fprintf(&b, "# %s\n\n", title)
	b.WriteString("Rollouts of a language model that reflects on its failed attempts and tries again. The tokens of a reflection are rewarded\nwhen the retry after it passes; attempts, retries and prompts never train.\n\n")
	writeFacts(&b, m, info)
	writeCounts(&b, m.Counts)
	if info.Summary != "" {
		fmt.Fprintf(&b, "## Summary of the run\n\n%s\n\n", strings.TrimSpace(info.Summary))
	}
	writeFormats(&b, m)
	b.WriteString("## Reading the columns\n\nNULL means not known or not applicable; 0 and \"\" are values. In `episodes`, `calls.sampled` says who wrote a reply, `calls.trained`\nwhether its tokens enter the loss, `reward` what the reflection earned. `ground_truth`, `calls.reason` and `calls.parsed` may hold the answer: keep\nthem out of prompts.\n\n")
	if slices.ContainsFunc(m.Formats, func(f ManifestFormat) bool { return f.Table == sequenceTable.name }) {
		b.WriteString("In `sequences` all lists of a row have one length. `labels` are not shifted, and -100 outside the loss. `logprobs` are 0 where nothing was\nsampled and null where a token's is not known (readers without nulls show NaN); `logprobs_mode` says of which distribution they are.\n\n")
	}
	if info.Plan != "" {
		fmt.Fprintf(&b, "## Plan\n\n%s\n", fenced("yaml", info.Plan))
	}
	if len(info.Prompts) > 0 {
		b.WriteString("## Prompt templates\n\n")
		for _, name := range slices.Sorted(maps.Keys(info.Prompts)) {
			fmt.Fprintf(&b, "`%s`:\n\n%s\n", name, fenced("", info.Prompts[name]))
		}
	}
	return card{strings.TrimRight(b.String(), "\n") + "\n"}
}

// writeHead lists the formats as configurations. The library datasets reads all configurations of
// a folder with the loader of the first, so only formats of one loader are listed.
func writeHead(b *strings.Builder, m Manifest) {
	b.WriteString("---\nconfigs:\n")
	formats := configurations(m)
	for i, f := range formats {
		fmt.Fprintf(b, "- config_name: %s\n  data_files:\n  - split: %s\n    path: %s/%s-*.%s\n", f.Name, m.Split, f.Name, m.Split, f.Ext)
		if i == 0 {
			b.WriteString("  default: true\n")
		}
	}
	b.WriteString("tags:\n- reinforcement-learning\n- self-reflection\n- mulligan\n---\n\n")
}

func configurations(m Manifest) []Format {
	var all []Format
	for _, f := range m.Formats {
		if known, ok := formatNamed(f.Name); ok {
			all = append(all, known)
		}
	}
	loader := ""
	for _, f := range all {
		if loader == "" || f.loader == Episodes.loader {
			loader = f.loader
		}
	}
	return slices.DeleteFunc(all, func(f Format) bool { return f.loader != loader })
}

func writeFacts(b *strings.Builder, m Manifest, info Info) {
	b.WriteString("| | |\n|---|---|\n")
	for _, row := range [][2]string{
		{"run", m.Run}, {"tasks", m.Dataset}, {"strategy", m.Strategy}, {"verifier", m.Verifier},
		{"verifier options", info.VerifierOptions}, {"plan digest", m.PlanDigest}, {"written by", strings.TrimSpace("mulligan " + m.Mulligan)},
		{"schema version", fmt.Sprint(m.SchemaVersion)}, {"split", m.Split},
	} {
		if row[1] != "" {
			fmt.Fprintf(b, "| %s | %s |\n", row[0], strings.ReplaceAll(oneLine(row[1]), "|", "\\|"))
		}
	}
	b.WriteString("\n")
}

func writeCounts(b *strings.Builder, n Counts) {
	b.WriteString("## Counts\n\n| | | |\n|---|---:|---|\n")
	row := func(what string, n int64, note string) { fmt.Fprintf(b, "| %s | %d | %s |\n", what, n, note) }
	row("prompts", n.Prompts, "")
	row("first attempts", n.Attempts, rate(n.FirstPasses, n.Attempts, "passed"))
	row("failures reflected on", n.Groups, rate(n.NoSignal, n.Groups, "without signal"))
	row("retries after a reflection", n.Reflections, rate(n.Fixed, n.Reflections, "passed"))
	row("retries without a reflection", n.Controls, rate(n.ControlFixed, n.Controls, "passed"))
	row("reflections that train", n.Trained, "")
	row("reflections kept out of training", n.Excluded, "")
	row("reflections that contain a right answer", n.Leaks, "")
	row("rollouts with a reply cut at its length", n.Truncated, "")
	b.WriteString("\n")
}

func rate(part, whole int64, what string) string {
	if whole == 0 {
		return ""
	}
	return fmt.Sprintf("%d (%.1f %%) %s", part, 100*float64(part)/float64(whole), what)
}

func writeFormats(b *strings.Builder, m Manifest) {
	b.WriteString("## Files\n\n| format | rows | files | what |\n|---|---:|---:|---|\n")
	for _, f := range m.Formats {
		known, _ := formatNamed(f.Name)
		fmt.Fprintf(b, "| `%s` | %d | %d | %s |\n", f.Name, f.Rows, len(f.Files), known.Title)
	}
	b.WriteString("\n")
	if i := slices.IndexFunc(m.Formats, func(f ManifestFormat) bool { return len(f.LeftOut) > 0 }); i >= 0 {
		f := m.Formats[i] // the same for every format of the table
		var reasons []string
		for _, reason := range slices.Sorted(maps.Keys(f.LeftOut)) {
			reasons = append(reasons, fmt.Sprintf("%d for %s", f.LeftOut[reason], reason))
		}
		fmt.Fprintf(b, "Turns that train and are not in `%s`: %s.\n\n", f.Table, strings.Join(reasons, ", "))
	}
	listed := configurations(m)
	for _, f := range m.Formats {
		known, _ := formatNamed(f.Name)
		switch {
		case slices.ContainsFunc(listed, func(l Format) bool { return l.Name == f.Name }):
		case known.loader == EpisodesJSONL.loader:
			fmt.Fprintf(b, "`%s` is for readers of JSON lines. The library datasets guesses types from them, and fails where a column is null in a whole file.\n\n", f.Name)
		default:
			fmt.Fprintf(b, "Load `%s` with `load_dataset(%q, data_files=\"%s/*.%s\")`.\n\n", f.Name, known.loader, f.Name, known.Ext)
		}
	}
}

// fenced returns a code block whose fence is longer than any in the text.
func fenced(language, text string) string {
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	return fmt.Sprintf("%s%s\n%s\n%s\n", fence, language, strings.TrimRight(text, "\n"), fence)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func (c card) write(w io.Writer) error {
	_, err := io.WriteString(w, c.text)
	return err
}

func (c card) file() File {
	sum := sha256.Sum256([]byte(c.text))
	return File{Path: cardName, Bytes: int64(len(c.text)), SHA256: hex.EncodeToString(sum[:])}
}
