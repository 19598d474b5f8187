package similar

const (
	// templateTexts and templateShare say when wording belongs to a set and to none of its texts. GPT-3 passed over
	// grams that more than 10 training texts held; those texts are not known here, the evaluation sets are. The share
	// keeps passages that a dozen questions of a set ask about (DROP, SQuAD): they are content.
	templateTexts = 10
	templateShare = 0.05
)

// dropTemplates marks the n-grams that are wording of their set, and counts the entries that hold no others.
func (d *Decontaminator) dropTemplates() {
	for i := range d.grams.all {
		g := &d.grams.all[i]
		if g.template = d.common(g.set, g.entries); g.template {
			d.stats.Templates++
		}
	}
	for i := range d.wholes {
		w := &d.wholes[i]
		w.template = d.common(w.set, w.entries)
	}
	if d.stats.Templates == 0 {
		return
	}
	for i := 0; i < len(d.parts); {
		long, shown, entry := false, false, d.parts[i].entry
		for ; i < len(d.parts) && d.parts[i].entry == entry; i++ {
			long = long || d.size(d.parts[i]) > 0
			shown = shown || d.shows(d.parts[i])
		}
		if long && !shown {
			d.stats.Hidden++
		}
	}
}

// common reports whether so many entries of a set are enough to call what they hold its wording.
func (d *Decontaminator) common(set, entries uint32) bool {
	return entries > templateTexts && float64(entries) > templateShare*float64(d.sets[set].distinct)
}

// shows reports whether a text holds an n-gram that is no template.
func (d *Decontaminator) shows(t part) bool {
	n := d.size(t)
	if n == 0 {
		return false
	}
	ids := d.arena[t.at : t.at+t.n]
	for at, hash := range windows(ids, n) {
		if d.grams.find(d.arena, ids[at:at+n], hash) != nil {
			return true
		}
	}
	return false
}
