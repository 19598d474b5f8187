package language_test

import (
	"strings"
	"testing"

	"mulligan/data/language"
)

func TestOf(t *testing.T) {
	for _, c := range []struct{ text, language, script string }{
		{"", language.Unknown, language.Unknown},
		{"42 + 7 = 49", language.Unknown, language.Unknown},
		{"The first attempt failed because I used the number 7 twice, which is not allowed by the rules.", "en", "Latin"},
		{"Der erste Versuch ist gescheitert, weil ich die Zahl 7 zweimal benutzt habe.", "de", "Latin"},
		{"La première tentative a échoué parce que j'ai utilisé le nombre 7 deux fois.", "fr", "Latin"},
		{"El primer intento falló porque usé el número 7 dos veces, y eso no está permitido.", "es", "Latin"},
		{"Il primo tentativo è fallito perché ho usato il numero 7 due volte, che non è permesso.", "it", "Latin"},
		{"A primeira tentativa falhou porque usei o número 7 duas vezes, o que não é permitido.", "pt", "Latin"},
		{"De eerste poging is mislukt omdat ik het getal 7 twee keer heb gebruikt.", "nl", "Latin"},
		{"Det första försöket misslyckades eftersom jag använde talet 7 två gånger, och det är inte tillåtet.", "sv", "Latin"},
		{"Det første forsøg mislykkedes, fordi jeg brugte tallet 7 to gange, hvilket ikke er tilladt af reglerne.", "da", "Latin"},
		{"Ensimmäinen yritys ei onnistunut, koska minä käytin lukua 7 kaksi kertaa, eikä se ole sallittu.", "fi", "Latin"},
		{"Pierwsza próba nie powiodła się, ponieważ użyłem liczby 7 dwa razy, co nie jest dozwolone.", "pl", "Latin"},
		{"První pokus se nezdařil, protože jsem použil číslo 7 dvakrát, což není podle pravidel.", "cs", "Latin"},
		{"İlk deneme başarısız oldu, çünkü 7 sayısını iki kez kullandım ve bu kurallara göre doğru değil.", "tr", "Latin"},
		{"Percobaan pertama gagal karena saya menggunakan angka 7 dua kali, dan itu tidak boleh.", "id", "Latin"},
		{"Prima încercare a eșuat pentru că am folosit numărul 7 de două ori, ceea ce nu este permis.", "ro", "Latin"},
		{"Az első próbálkozás nem sikerült, mert a 7-es számot kétszer használtam, és ez nem szabad.", "hu", "Latin"},
		{"Lần thử đầu tiên không thành công vì tôi đã dùng số 7 hai lần.", "vi", "Latin"},
		{"Первая попытка не удалась, потому что я использовал число 7 два раза.", "ru", "Cyrillic"},
		{"Перша спроба не вдалася, тому що я використав число 7 два рази, і це не можна.", "uk", "Cyrillic"},
		{"فشلت المحاولة الأولى لأن العدد 7 كان في المعادلة مرتين، وهذا لا يمكن أن يكون على القاعدة", "ar", "Arabic"},
		{"第一次尝试失败了，因为我把数字7用了两次。", "zh", "Han"},
		{"最初の試みは失敗しました。数字の7を二回使ったからです。", "ja", "Hiragana"},
		{"첫 번째 시도는 숫자 7을 두 번 사용했기 때문에 실패했습니다.", "ko", "Hangul"},
		{"ความพยายามครั้งแรกล้มเหลว", "th", "Thai"},
		{"Η πρώτη προσπάθεια απέτυχε", "el", "Greek"},
		{"첫 번째 시도는 getUserName(user_id) 때문에 실패했습니다. ValueError traceback module", "ko", "Latin"},
		// too little to say
		{"ok", language.Unknown, "Latin"},
		{"Ja.", language.Unknown, "Latin"},
		{"Maria Sanchez, Berlin", language.Unknown, "Latin"},
		{"die", language.Unknown, "Latin"},
		{"東京都", language.Unknown, "Han"},
		{"α + β = γ", language.Unknown, "Greek"},
		{`{"name": "cancel_event", "arguments": {"event_id": "EV-0253", "notify": true}}`, language.Unknown, "Latin"},
		{"int main(void) { printf(\"%d\\n\", x); return 0; }", language.Unknown, "Latin"},
		{"\\frac{a}{b} \\cdot \\sqrt{c} = \\lim_{n \\to \\infty} x_n", language.Unknown, "Latin"},
		{"og det er en som har den med for", language.Unknown, "Latin"}, // Danish or Norwegian
		{"Smith Jones Brown Taylor Wilson Davies Evans Thomas Johnson Roberts and Walker Wright Thompson Robinson White of York", language.Unknown, "Latin"},
		{"it is the name of " + strings.Repeat("fooBar user_id x1 ", 10), "en", "Latin"},
		{"getUserName ValueError traceback module import argparse optional subprocess 첫 번째 시도는", language.Unknown, "Latin"},
		{"第一次尝试失败了，因为我把数字用了两次，他说の和は只是两个假名而已。", language.Unknown, "Han"},
		{"lorem ipsum dolor sit amet consectetur adipiscing elit", language.Unknown, "Latin"},
	} {
		f := language.Of(c.text)
		if f.Language != c.language || f.Script != c.script {
			t.Errorf("%q is %s in %s, want %s in %s", c.text, f.Language, f.Script, c.language, c.script)
		}
	}
}

func TestScripts(t *testing.T) {
	f := language.Of("Hello мир 世界!")
	want := []language.Share{{Script: "Latin", Share: 0.5}, {Script: "Cyrillic", Share: 0.3}, {Script: "Han", Share: 0.2}}
	if f.Letters != 10 || len(f.Scripts) != 3 || f.Scripts[0] != want[0] || f.Scripts[1] != want[1] || f.Scripts[2] != want[2] {
		t.Errorf("got %+v, want %v of 10 letters", f, want)
	}
}

// FuzzLanguage checks what holds of any text: shares sum to 1, a score of 0.5 and more has a reason, and a short text none.
func FuzzLanguage(f *testing.F) {
	for _, s := range []string{"", "The cat is on the mat and it is happy", "世界", "\xff\xff", "a\u0301", strings.Repeat("ab ", 50), "\x00\x00", "ſſſİ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		found := language.Of(text)
		sum := 0.0
		for _, s := range found.Scripts {
			sum += s.Share
		}
		if found.Letters > 0 && (sum < 0.999 || sum > 1.001) || found.Letters == 0 && found.Language != language.Unknown {
			t.Fatalf("%q: %+v", text, found)
		}
		score, reasons := language.Gibberish(text)
		if !(score >= 0 && score <= 1) || (score >= 0.5) != (len(reasons) > 0) {
			t.Fatalf("%q: score %g, reasons %v", text, score, reasons)
		}
		for _, r := range reasons {
			if !(r.Value > r.Limit && r.Value <= 1) || r.Detail == "" {
				t.Fatalf("%q: %+v", text, r)
			}
		}
	})
}

func BenchmarkOf(b *testing.B) {
	text := strings.Repeat("The first attempt failed because I used the number 7 twice, which is not allowed by the rules. ", 5)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		language.Of(text)
	}
}

func BenchmarkGibberish(b *testing.B) {
	text := strings.Repeat("The first attempt failed because I used the number 7 twice, which is not allowed by the rules. ", 5)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		language.Gibberish(text)
	}
}
