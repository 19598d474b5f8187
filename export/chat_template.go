package export

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mulligan/data"
)

// chatTemplate makes text of a conversation that ends with the beginning of the assistant's turn, and of that turn.
type chatTemplate func(prompt []Message, completion Message) (string, string, error)

var chatTemplates = map[string]chatTemplate{
	"chatml": plainTemplate("<|im_start|>%s\n%s<|im_end|>\n", "<|im_start|>assistant\n", "<|im_end|>", []string{"<|im_start|>", "<|im_end|>"}, false),
	"llama3": plainTemplate("<|start_header_id|>%s<|end_header_id|>\n\n%s<|eot_id|>", "<|start_header_id|>assistant<|end_header_id|>\n\n", "<|eot_id|>",
		[]string{"<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"}, true),
}

func chatTemplateNames() []string { return slices.Sorted(maps.Keys(chatTemplates)) }

// chatTemplate returns the template that the options name. There is no default: text of another model's template trains, and
// nobody sees that it is wrong. So a format of text is refused without one.
func (o Options) chatTemplate() chatTemplate { return chatTemplates[o.ChatTemplate] }

// plainTemplate is a template that puts every message between the same marks. A text that holds a mark itself is refused:
// the trainer would read it as one. trim: the template cuts white space off a message, as Llama 3's does.
func plainTemplate(turn, open, end string, marks []string, trim bool) chatTemplate {
	return func(prompt []Message, completion Message) (string, string, error) {
		var b strings.Builder
		for i, m := range append(prompt[:len(prompt):len(prompt)], completion) {
			if m.Role == data.RoleTool {
				return "", "", &refusal{SkipTemplate, errors.New("a message is of a tool, for which the chat template has no place: leave out the format, or name template in skip to leave such rows out")}
			}
			for _, mark := range marks {
				if strings.Contains(m.Content, mark) {
					return "", "", &refusal{SkipTemplate, fmt.Errorf("a message holds %s, which the chat template gives a meaning: leave out the format, or name template in skip to leave such rows out", mark)}
				}
			}
			if i == len(prompt) {
				break
			}
			if trim {
				m.Content = strings.TrimSpace(m.Content)
			}
			fmt.Fprintf(&b, turn, m.Role, m.Content)
		}
		return b.String() + open, completion.Content + end, nil
	}
}
