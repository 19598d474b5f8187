package ollama_test

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/ollama/ollama/api"
)

// proofWords are in scripts that byte-level vocabularies split inside of characters.
var proofWords = strings.Fields(`
	naïve façade Zürich señorita crème über garçon Łódź Dvořák Þór smørrebrød příliš ışık tiếng Việt
	привет мир солнце спасибо Україна здравей καλημέρα κόσμος θάλασσα σοφία
	你好 世界 谢谢 太阳 水 火 山 猫 狗 我爱你 こんにちは ありがとう さくら カタカナ 日本語 안녕하세요 감사합니다 한국어
	مرحبا شكرا العالم שלום תודה नमस्ते धन्यवाद हिन्दी สวัสดี ขอบคุณ வணக்கம் გამარჯობა Բարև ሰላም
	🙂 😀 🚀 🎉 🐱 🐶 🌞 🌍 ❤️ 👍🏽 👩‍🚀 👨‍👩‍👧 🇩🇪 🏳️‍🌈 ☕ ✅ ∑ ∫ √2 π≈3.14 ½ €5 £3 ¥100 → ⇒ ≤ ± ° “quoted” — … ™ ½ ﬁ Å é ﷽ 𝒳 𓀀`)

var proofTasks = []string{
	"Repeat exactly: %s", "Repeat three times: %s", "Write %s backwards.", "What does %s mean?", "Translate to English: %s",
	"Continue the list: %s,", "Write a short poem with %s in it.", "Answer only with emoji: how do you feel about %s?",
	"Write a JSON object with the key word and the value %s.", "Spell %s letter by letter.", "Is %s a word? Say yes or no.",
	"Write one sentence in the language of %s.", "Print %s in Python.", "Make a table with %s in it.",
}

// proofMessages returns the conversation of a number: the same number, the same conversation.
func proofMessages(n int) []api.Message {
	rng := rand.New(rand.NewPCG(uint64(n), 11))
	words := func() string {
		some := make([]string, 1+rng.IntN(3))
		for i := range some {
			some[i] = proofWords[rng.IntN(len(proofWords))]
		}
		return strings.Join(some, []string{" ", ", ", "  ", "\n"}[rng.IntN(4)])
	}
	ask := func() api.Message {
		return api.Message{Role: "user", Content: fmt.Sprintf(proofTasks[rng.IntN(len(proofTasks))], words())}
	}
	if rng.IntN(4) == 0 {
		return []api.Message{ask()}
	}
	// A turn before shows a model of this size what repeating is.
	w := words()
	m := []api.Message{{Role: "user", Content: "Repeat exactly: " + w}, {Role: "assistant", Content: w}}
	if rng.IntN(2) == 0 {
		return append(m, ask())
	}
	return append(m, api.Message{Role: "user", Content: "Repeat exactly: " + words()})
}
