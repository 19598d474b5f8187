package adapters_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"mulligan/data/disk"
	"mulligan/export"
	"mulligan/export/exporttest"
	"mulligan/stages/prompts"
)

// modules are the tests in tests/ by the environment (.ci/trainers/NAME.txt) that runs them.
var modules = []struct {
	environment string
	modules     []string
}{
	{"trl", []string{"test_trl_reflect", "test_trl_replay", "test_exported"}},
	{"verl", []string{"test_verl", "test_exported"}},
	{"skyrl", []string{"test_skyrl", "test_exported"}},
	{"tinker", []string{"test_records", "test_slime_reflect", "test_exported"}},
	{"verifiers_legacy", []string{"test_verifiers"}},
	{"verifiers", []string{"test_verifiers_replay", "test_exported"}},
}

// TestAdapters plays the adapters in the real trainers, against the real server of verdicts and on files of a real export.
// MULLIGAN_TRAINERS names the folder of their environments (.ci/trainers.sh). A trainer without one is an error, not a pass.
func TestAdapters(t *testing.T) {
	environments := trainers(t)
	binary := build(t)
	with := []string{"MULLIGAN_SERVE=" + serve(t, binary, "number"), "MULLIGAN_COUNTDOWN=" + serve(t, binary, "countdown"), "MULLIGAN_EXPORT=" + exported(t)}
	for _, m := range modules {
		t.Run(m.environment, func(t *testing.T) {
			run(t, environments, m.environment, with, append([]string{"-m", "unittest", "-v"}, m.modules...)...)
		})
	}
}

// TestRealModel takes a few GRPO steps with the weights of a real small model. MULLIGAN_GGUF names its file.
func TestRealModel(t *testing.T) {
	environments := trainers(t)
	gguf := os.Getenv("MULLIGAN_GGUF")
	if gguf == "" {
		t.Skip("MULLIGAN_GGUF is not set")
	}
	run(t, environments, "trl", []string{"MULLIGAN_SERVE=" + serve(t, build(t), "number")}, "prove.py", gguf)
}

// TestTexts holds the texts that the adapters say to a model against those of a run.
func TestTexts(t *testing.T) {
	files, err := filepath.Glob("*_reflect.py")
	if err != nil || len(files) != 5 {
		t.Fatalf("%d adapters, %v: want 5", len(files), err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		source := regexp.MustCompile(`"\s*\n\s*"`).ReplaceAllString(string(b), "") // neighbouring literals are one
		texts := []string{"failed", "reflect", "retry"}
		if file == "slime_reflect.py" || file == "verifiers_reflect.py" {
			texts = texts[2:] // they read rl_prompts_reflect, which holds the others
		}
		for _, name := range texts {
			if want := strconv.Quote(prompts.Default(name)); !strings.Contains(source, want) {
				t.Errorf("%s does not hold the text %s: %s", file, name, want)
			}
		}
	}
}

func trainers(t *testing.T) string {
	t.Helper()
	environments := os.Getenv("MULLIGAN_TRAINERS")
	if environments == "" && os.Getenv("MULLIGAN_FULL_TRAINERS") == "1" {
		t.Fatal("MULLIGAN_TRAINERS is not set")
	}
	if environments == "" {
		t.Skip("MULLIGAN_TRAINERS is not set")
	}
	return environments
}

// run runs a script of tests/ in an environment.
func run(t *testing.T, environments, environment string, with []string, args ...string) {
	t.Helper()
	python := filepath.Join(environments, environment, "bin", "python")
	if _, err := os.Stat(python); err != nil {
		t.Fatalf("not run: %v", err)
	}
	adapters, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, args...)
	cmd.Dir = "tests"
	cmd.Env = append(append(os.Environ(), with...), "PYTHONPATH="+adapters, "CUDA_VISIBLE_DEVICES=", "HF_HUB_OFFLINE=1",
		"HF_HOME="+t.TempDir(), "TOKENIZERS_PARALLELISM=false", "OMP_NUM_THREADS=1")
	out, err := cmd.CombinedOutput()
	if t.Logf("%s", out); err != nil {
		t.Error(err)
	}
}

func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "mulligan")
	if out, err := exec.Command("go", "build", "-o", binary, "mulligan/cmd/mulligan").CombinedOutput(); err != nil {
		t.Fatalf("build mulligan: %v\n%s", err, out)
	}
	return binary
}

// serve starts the server of verdicts and returns its address.
func serve(t *testing.T, binary, verifier string) string {
	t.Helper()
	cmd := exec.Command(binary, "serve", verifier, "--addr", "127.0.0.1:0")
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("mulligan serve: %v", err)
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	url := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(line)
	if err != nil || url == "" {
		t.Fatalf("mulligan serve says %q, %v: want its address", line, err)
	}
	return url
}

// exported writes an export with ids and log-probabilities, and the tokenizer of its ids.
func exported(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	info := export.Info{Run: "chat", Verifier: "countdown", LogprobsMode: "raw"}
	formats := []export.Format{export.Failures, export.KTO, export.RLPromptsReflect, export.Sequences, export.SequencesJSONL}
	_, err := export.Write(context.Background(), disk.OS{}, filepath.Join(dir, "data"), info, export.Options{RowGroupRows: 4}, formats, exporttest.All(exporttest.Chat()))
	if err == nil {
		err = os.Mkdir(filepath.Join(dir, "tokenizer"), 0o755)
	}
	if err == nil {
		err = exporttest.WriteChatTokenizer(filepath.Join(dir, "tokenizer"))
	}
	if err != nil {
		t.Fatal(fmt.Errorf("export: %w", err))
	}
	return dir
}
