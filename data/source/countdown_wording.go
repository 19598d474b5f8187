package source

// countdownWording returns the system message ("" for none) and the question of a task.
type countdownWording func(numbers, target string) (system, question string)

// countdownWordings are ours, laid out after TinyZero's variants base and qwen-instruct: the same
// demands (each number once, + - * /, reasoning, then the answer between tags), other sentences.
var countdownWordings = map[string]countdownWording{
	"plain": func(numbers, target string) (string, string) {
		return "", countdownTask(numbers, target) + " Put the expression alone between <answer> and </answer>, for example <answer>(1 + 2) / 3</answer>."
	},
	"base": func(numbers, target string) (string, string) {
		return "", "The following is a conversation between a user and an assistant. The assistant reasons first and then answers the user.\n" +
			"User: " + countdownTask(numbers, target) + " " + countdownTags +
			"\nAssistant: I will work it out step by step.\n<think>"
	},
	"qwen-instruct": func(numbers, target string) (string, string) {
		return "You are a helpful assistant. You reason first and then answer the user.",
			countdownTask(numbers, target) + " " + countdownTags
	},
}

const countdownTags = "Reason between <think> and </think>, then put the expression alone between <answer> and </answer>, for example <answer>(1 + 2) / 3</answer>."

func countdownTask(numbers, target string) string {
	return "Use the numbers " + numbers + " to make an expression that equals " + target +
		". You may use +, -, *, / and parentheses. Use every number exactly once."
}
