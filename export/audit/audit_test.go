package audit_test

import (
	"encoding/json"
	"testing"

	"mulligan/export"
	"mulligan/export/audit"
	"mulligan/export/audit/audittest"
)

// TestAuditOfSoundData: what the program writes is found sound, from a run and from every encoding of an export,
// and the numbers are the same.
func TestAuditOfSoundData(t *testing.T) {
	groups := audittest.Usual().Groups()
	run := ofRun(t, groups, audit.Options{Rules: audit.Rules{Reward: "binary", Leaks: "keep", TrainTruncated: new(bool)}})
	if run.Checked.Wrong != 0 || run.Checked.Undecided != 0 {
		t.Errorf("findings %+v", run.Findings)
	}
	for _, format := range []export.Format{export.Episodes, export.EpisodesArrow, export.EpisodesStream, export.EpisodesJSONL} {
		r := ofFolder(t, write(t, groups, format, export.Sequences))
		if r.Checked.Wrong != 0 || r.Checked.IDsUnknown != 0 || len(r.Notes) != 0 {
			t.Errorf("%s: findings %+v, notes %q", format.Name, r.Findings, r.Notes)
		}
		if r.Checked.Hashes != r.Subject.Rollouts || r.Checked.Files != 3 || *r.Subject.Sequences == 0 {
			t.Errorf("%s: too little was checked: %+v", format.Name, r.Checked)
		}
		r.Subject, r.Checked, r.Notes = run.Subject, run.Checked, run.Notes
		if got, want := asJSON(t, r), asJSON(t, run); got != want {
			t.Errorf("%s: the report is another one than the run's:\n%s\n%s", format.Name, got, want)
		}
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
