package export

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
)

// document is a small file of an export besides its data.
type document struct{ name, text string }

func (d document) write(w io.Writer) error {
	_, err := io.WriteString(w, d.text)
	return err
}

func (d document) file() File {
	sum := sha256.Sum256([]byte(d.text))
	return File{Path: d.name, Bytes: int64(len(d.text)), SHA256: hex.EncodeToString(sum[:])}
}

// documents returns those of an export: the card, and where LLaMA-Factory can read a format, its dataset_info.json.
func (e *exporter) documents(m Manifest) []document {
	all := []document{{cardName, newCard(m, e.info)}}
	if info := datasetInfo(m); info != "" {
		all = append(all, document{datasetInfoName, info})
	}
	return all
}

// datasetInfo returns what LLaMA-Factory wants to know of the formats that it reads (data/README.md at 015ff25); "": there are none.
func datasetInfo(m Manifest) string {
	entries := map[string]any{}
	tags := map[string]string{"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant", "system_tag": "system"}
	for _, f := range m.Formats {
		entry := map[string]any{"formatting": "sharegpt", "tags": tags}
		switch f.Name {
		case SFTMessagesPlain.Name:
			entry["columns"] = map[string]string{"messages": "messages"}
		case KTOMessages.Name:
			entry["columns"] = map[string]string{"messages": "messages", "kto_tag": "label"}
		case DPOMessages.Name:
			entry["ranking"] = true
			entry["columns"] = map[string]string{"messages": "messages", "chosen": "chosen", "rejected": "rejected"}
		default:
			continue
		}
		for _, split := range m.filled(f.Name) {
			one := maps.Clone(entry)
			name := f.Name
			if len(m.Splits) > 1 && split != "train" { // the plain name is never that of a test split
				name += "_" + split
			}
			if len(m.Splits) == 1 {
				one["file_name"] = f.Name // all files of the folder
			} else { // through the card's configurations, or all splits would be read as one
				one["script_url"], one["subset"], one["split"] = ".", f.Name, split
			}
			entries[name] = one
		}
	}
	if len(entries) == 0 {
		return ""
	}
	b, err := json.MarshalIndent(entries, "", "  ")
	if err != nil {
		return ""
	}
	return string(b) + "\n"
}
