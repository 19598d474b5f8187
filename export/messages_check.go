package export

import (
	"fmt"

	"mulligan/data"
)

// asked checks a conversation that somebody is to answer.
func asked(column string, prompt []Message) error {
	if len(prompt) == 0 {
		return columnErrorf(column, "no messages")
	}
	for i, m := range prompt {
		if err := spoken(column, i, m.Role, m.Content); err != nil {
			return err
		}
	}
	if last := prompt[len(prompt)-1]; last.Role == data.RoleAssistant {
		return columnErrorf(column, "the last message is of the assistant: nothing is asked")
	}
	return nil
}

// spoken checks message i. What the assistant, a tool or the system said may be empty; an empty question is none.
func spoken(column string, i int, role, content string) error {
	switch role {
	case data.RoleSystem, data.RoleAssistant, data.RoleTool:
	case data.RoleUser:
		if content == "" {
			return columnErrorf(fmt.Sprintf("%s[%d].content", column, i), "is empty")
		}
	default:
		return columnErrorf(fmt.Sprintf("%s[%d].role", column, i), "is %q, want %s, %s, %s or %s", role, data.RoleSystem, data.RoleUser, data.RoleAssistant, data.RoleTool)
	}
	return nil
}

// answered checks a completion: one message of the assistant that says something. An empty one would train the end token alone.
func answered(column string, completion []Message) error {
	switch {
	case len(completion) != 1 || completion[0].Role != data.RoleAssistant:
		return columnErrorf(column, "want one message of the assistant")
	case completion[0].Content == "":
		return columnErrorf(column+"[0].content", "is empty")
	}
	return nil
}

// exchange checks a prompt and its completion.
func exchange(promptColumn string, prompt []Message, completionColumn string, completion []Message) error {
	if err := asked(promptColumn, prompt); err != nil {
		return err
	}
	return answered(completionColumn, completion)
}

// conversationEnds checks a prompt and its completion in one list.
func conversationEnds(messages []Message) error {
	n := len(messages)
	if n < 2 {
		return columnErrorf("messages", "has %d, want a prompt and its answer", n)
	}
	return exchange("messages", messages[:n-1], "messages", messages[n-1:])
}

// alternate reports whether user and assistant speak in turn, the user first, with a system prompt before them at most. LLaMA-Factory
// leaves other conversations out with a warning, and ms-swift joins two messages of one role, both at the commits of trainers.go.
func alternate(messages []Message) bool {
	if len(messages) > 0 && messages[0].Role == data.RoleSystem {
		messages = messages[1:]
	}
	for i, m := range messages {
		want := data.RoleUser
		if i%2 == 1 {
			want = data.RoleAssistant
		}
		if m.Role != want {
			return false
		}
	}
	return true
}

// leftOutRoles counts conversations that a reader of turns would change or leave out.
const leftOutRoles = "roles"

// speaks reports whether what is asked and what is answered holds text.
func speaks(prompt []Message, completion Message) bool {
	return asked("", prompt) == nil && completion.Content != ""
}
