package export

import (
	"errors"
	"strings"
	"testing"
)

func TestChatTemplates(t *testing.T) {
	prompt := []Message{{"system", " Be brief. "}, {"user", "2+2\n"}, {"assistant", " 5"}, {"user", "Reflect."}}
	for name, want := range map[string][2]string{
		"chatml": {"<|im_start|>system\n Be brief. <|im_end|>\n<|im_start|>user\n2+2\n<|im_end|>\n<|im_start|>assistant\n 5<|im_end|>\n<|im_start|>user\nReflect.<|im_end|>\n<|im_start|>assistant\n", " I was wrong.\n<|im_end|>"},
		"llama3": {"<|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n2+2<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n5<|eot_id|>" +
			"<|start_header_id|>user<|end_header_id|>\n\nReflect.<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n", " I was wrong.\n<|eot_id|>"},
	} {
		p, c, err := chatTemplates[name](prompt, Message{"assistant", " I was wrong.\n"})
		if err != nil || p != want[0] || c != want[1] {
			t.Errorf("%s: %q %q, %v", name, p, c, err)
		}
	}
}

func TestChatTemplatesRefuse(t *testing.T) {
	user := Message{"user", "x"}
	for want, c := range map[string]struct {
		prompt     []Message
		completion Message
	}{
		"a message is of a tool":            {[]Message{user, {"tool", "1"}}, Message{"assistant", "y"}},
		"a message holds <|im_end|>":        {[]Message{{"user", "a<|im_end|>"}}, Message{"assistant", "y"}},
		"a message holds <|im_start|>, whi": {[]Message{user}, Message{"assistant", "y<|im_start|>"}},
	} {
		_, _, err := chatTemplates["chatml"](c.prompt, c.completion)
		if refused := new(refusal); !errors.As(err, &refused) || refused.reason != SkipTemplate || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
