package tokenizer_test

// script is what words of a writing system are made of.
type script struct {
	words   []string
	letters string
	marks   string   // combine with a letter
	between []string // between words
	ends    []string // of a sentence
}

var (
	blank   = []string{" ", " ", " ", " ", ", ", "-", " (", ") ", "; ", " \u2014 ", "\n"}
	none    = []string{"", "", "", "，", "、"}
	stops   = []string{".", "!", "?", "...", "\u2026", "", "\n", ".\n\n", " "}
	eastern = []string{"。", "！", "？", "…", "」", "\n", ""}
)

var scripts = []script{
	{words: []string{"the", "of", "Reflection", "answer", "because", "previous", "mistake", "I", "a", "number", "USA", "eBay", "don't", "re-try", "naïve", "O'Neil", "well-known", "Mr.", "e.g.", "colour"}, letters: "abcdefghijklmnopqrstuvwxyz", between: blank, ends: stops},
	{words: []string{"Größe", "Straße", "über", "ẞ", "dass", "Fußgängerübergänge"}, letters: "abcdefghijklmnopqrstuvwxyzäöüß", between: blank, ends: stops},
	{words: []string{"l'été", "aujourd'hui", "qu'il", "«", "»", "œuvre", "ça"}, letters: "abcdeéèêëfghiîïjlmnoôœpqrstuùûvxyÿzç", between: append(blank, "\u00a0", "\u202f"), ends: []string{"\u00a0!", "\u202f?", "."}},
	{words: []string{"được", "người", "Việt", "không", "những"}, letters: "aăâbcdđeêghiklmnoôơpqrstuưvxy", marks: "\u0300\u0301\u0303\u0309\u0323", between: blank, ends: stops},
	{words: []string{"İstanbul", "ışık", "değil", "çünkü"}, letters: "abcçdefgğhıijklmnoöprsştuüvyz", between: blank, ends: stops},
	{words: []string{"привет", "это", "Москва", "ёлка", "объём"}, letters: "абвгдеёжзийклмнопрстуфхцчшщъыьэюя", marks: "\u0301", between: blank, ends: stops},
	{words: []string{"їжак", "ґанок", "Љубав", "қазақ", "ӣ"}, letters: "абвгґдеєжзиіїйқңөұһљњџѓќѐѝ", between: blank, ends: stops},
	{words: []string{"και", "Ελλάδα", "ὁδός", "λόγος", "ΟΔΟΣ"}, letters: "αβγδεζηθικλμνξοπρστυφχψωάέήίόύώϊΰ", marks: "\u0301\u0313\u0342\u0345", between: blank, ends: append(stops, "\u037e")},
	{words: []string{"שלום", "עִבְרִית", "צה\u05f4ל"}, letters: "אבגדהוזחטיכלמנסעפצקרשתםןץףך", marks: "\u05b0\u05b4\u05b7\u05bc\u05c1\u0591", between: append(blank, "\u05be", "\u200f"), ends: stops},
	{words: []string{"السلام", "الْعَرَبِيَّةُ", "ﷺ", "ﻻ", "كتاب"}, letters: "ابتثجحخدذرزسشصضطظعغفقكلمنهويءآأؤإئةى", marks: "\u064b\u064e\u064f\u0650\u0651\u0652\u0670\u0640", between: append(blank, "، ", "؛ "), ends: []string{"؟", ".", "!"}},
	{words: []string{"می\u200cخواهم", "فارسی", "گچپژ", "اُردُو", "ہے"}, letters: "ابپتٹثجچحخدڈذرڑزژسشصضطظعغفقکگلمنںوہھیے", between: append(blank, "\u200c"), ends: []string{"۔", "؟"}},
	{words: []string{"नमस्ते", "क्षत्रिय", "हिन्दी", "क्\u200dष", "श्री", "ॐ"}, letters: "अआइईउऊएऐओऔकखगघचछजझटठडढणतथदधनपफबभमयरलवशषसह", marks: "\u093e\u093f\u0940\u0941\u0947\u094b\u094d\u0902\u093c", between: blank, ends: []string{"।", "॥", "?"}},
	{words: []string{"বাংলা", "কর্তৃপক্ষ", "আমি"}, letters: "অআইঈউকখগঘচছজঝটঠডঢণতথদধনপফবভমযরলশষসহ", marks: "\u09be\u09bf\u09c7\u09cb\u09cd\u0982\u09bc", between: blank, ends: []string{"।", "?"}},
	{words: []string{"தமிழ்", "க்ஷ", "வணக்கம்"}, letters: "அஆஇஈஉஎஏஐஒகஙசஞடணதநபமயரலவழளறன", marks: "\u0bbe\u0bbf\u0bc6\u0bca\u0bcd", between: blank, ends: stops},
	{words: []string{"తెలుగు", "ಕನ್ನಡ", "മലയാളം", "ගුජරාතී", "ગુજરાતી", "ਪੰਜਾਬੀ", "ଓଡ଼ିଆ"}, letters: "అఆకఖగಅಆಕಖഅആകഖఅඅකගઅકખਅਕਖଅକଖ", marks: "\u0c3e\u0c4d\u0cbe\u0ccd\u0d3e\u0d4d\u0dca\u0dcf\u0abe\u0acd\u0a3e\u0a4d\u0b3e\u0b4d", between: blank, ends: stops},
	{words: []string{"สวัสดี", "ภาษาไทย", "น้ำ", "เป็น"}, letters: "กขคงจฉชซญดตถทธนบปผพฟมยรลวศษสหอฮะาเแโใไๆ", marks: "\u0e31\u0e34\u0e35\u0e38\u0e48\u0e49\u0e4c", between: []string{"", "", "", " "}, ends: stops},
	{words: []string{"ភាសាខ្មែរ", "ស្រី", "ພາສາລາວ", "မြန်မာ"}, letters: "កខគឃងចឆជកຂຄງຈကခဂဃ", marks: "\u17b6\u17d2\u17c6\u0eb1\u0eb4\u103a\u1039\u102d", between: []string{"", "", "\u200b", " "}, ends: []string{"។", "၊", "။", ""}},
	{words: []string{"བོད་སྐད", "བཀྲ་ཤིས"}, letters: "ཀཁགངཅཆཇཉཏཐདནཔཕབམཙཚཛཝཞཟའཡརལཤསཧཨ", marks: "\u0f71\u0f72\u0f74\u0f7a\u0f90\u0f92", between: []string{"་", "་", " "}, ends: []string{"།", "༎"}},
	{words: []string{"中文", "模型", "反思", "我们的", "答案是", "繁體字", "㐀", "𠮷", "龍\ufe00"}, letters: "的一是不了人我在有他这为之大来以个中上们到说国和地也子时道出而要于就下得可你年生", between: none, ends: eastern},
	{words: []string{"日本語", "カタカナ", "ひらがな", "ｶﾞ", "東京タワー", "〜", "々", "ヷ"}, letters: "あいうえおかきくけこさしすせそたちつてとなにぬねのアイウエオカキクケコ日月火水木金土", marks: "\u3099\u309a", between: none, ends: eastern},
	{words: []string{"한국어", "안녕하세요", "\u1112\u1161\u11ab", "ㅋㅋㅋ", "값"}, letters: "가나다라마바사아자차카타파하\u1100\u1102\u1103", marks: "\u1161\u1162\u11a8\u11ab", between: blank, ends: stops},
	{words: []string{"አማርኛ", "ሰላም", "ግዕዝ"}, letters: "ሀለሐመሠረሰሸቀበተቸኀነኘአከኸወዐዘየደጀገጠጨጰጸፈፐ", between: []string{" ", "፡", "፣ "}, ends: []string{"።", "፧"}},
	{words: []string{"ქართული", "გამარჯობა", "ᲡᲐᲥᲐᲠᲗᲕᲔᲚᲝ"}, letters: "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ", between: blank, ends: stops},
	{words: []string{"Հայերեն", "և", "բարեւ"}, letters: "աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆ", between: blank, ends: []string{"։", "՞"}},
	{words: []string{"ᏣᎳᎩ", "ᐃᓄᒃᑎᑐᑦ", "ᠮᠣᠩᠭᠣᠯ", "ⵜⴰⵎⴰⵣⵉⵖⵜ", "𞤀𞤣𞤤𞤢𞤥", "ߒߞߏ", "ދިވެހި", "ܣܘܪܝܝܐ"}, letters: "ᏣᎳᎩᐃᓄᒃᠮᠣⵜⴰ𞤀𞤣ߒߞދވܣܘ", marks: "\u07a8\u07ac\u0730\u07eb", between: blank, ends: stops},
	{words: []string{"𝕳𝖊𝖑𝖑𝖔", "Ｆｕｌｌ", "ﬁne", "ǅ", "ⓐ", "ℌ", "𝟘", "𓀀", "𒀀", "𐌰", "ꙮ", "ꟻ"}, letters: "ａｂｃⅰⅱªºʰₐﬀǆǇ𝒜𝒷", between: blank, ends: stops},
}

var spaces = []string{
	" ", " ", "  ", "   ", "\t", "\t\t", "\n", "\n\n", "\r\n", "\r", "\u00a0", "\u3000", "\u2028", "\u2029", "\u0085", "\u2003", "\u2009", "\u202f",
	"\u205f", "\u1680", "\u180e", "\u200b", "\u200c", "\u200d", "\ufeff", "\v", "\f", "\x1c", "\x1f", "\x00", "\u2060", " \n", "\n ", "\t ", "\u2581", "\u2581\u2581",
}

var emojis = []string{
	"🙂", "👍🏽", "👩\u200d💻", "👨\u200d👩\u200d👧\u200d👦", "🏳️\u200d🌈", "🇩🇪", "🇺🇸🇫🇷", "❤️", "❤", "☺️", "1️⃣", "#️⃣", "🧑🏿\u200d🤝\u200d🧑🏻", "🏴\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F",
	"🫠", "🪿", "🫨", "\U0001FAE9", "🤦🏻\u200d♂️", "☎︎", "©️", "™", "→", "⇒", "✅", "❌", "★", "♥︎", "㊗️", "🀄", "🃏", "🇦", "🏽", "⌨️",
}

var codeLines = []string{
	"def @(@, *args: int) -> None:", "    return @[@ + 1]", "for (int @ = 0; @ < 10; ++@) {", "}", "});", "if err != nil {", "\treturn fmt.Errorf(\"read %q: %w\", @, err)",
	"func (@ *T) @() (int, error) {", "SELECT * FROM @ WHERE id IN (1,2,3) AND name LIKE '%x%';", "<div class=\"@\" id='#1'>&nbsp;</div>", "// TODO(@): fix \\n", "/* @ */", "# -*- coding: utf-8 -*-",
	"const @ = async ({a, ...b}) => `${a}/${@}`;", "#include <stdio.h>", "std::vector<std::pair<int, @>> v{{1, 2}};", "x ^= y << 3 | ~z & 0xFF;", "@ := map[string][]byte{}", "let mut @: &'a str = r#\"raw\"#;",
	"$ git log --oneline | grep -E '^[0-9a-f]{7}' && echo \"$?\"", "@ = lambda x: x**2 // 3 % @", "{\"key\": [1, 2.5e-3, null, true], \"@\": \"\\u00e9\"}", "\\frac{1}{2}\\sum_{i=0}^{n} x_i", "a.b.c->d::e", "!!!", "??=", "<?php echo $@; ?>",
	"https://example.org/a/b?c=d&e=%20f#g", "user@example.org", "C:\\Program Files\\@", "1. item", "- [ ] todo", "| a | b |\n|---|---|", "'''doc'''", "\"\"\"\n@\n\"\"\"", "=====", "--------", "#######", "***", "....",
}

var replies = []string{
	"<think>\n@\n</think>\n\n@", "**@**: @", "# @\n\n- @\n- @\n", "```python\nprint(\"@\")\n```", "{\"name\": \"@\", \"arguments\": {\"city\": \"@\", \"days\": #}}", "<tool_call>\n{\"name\": \"get\", \"arguments\": {}}\n</tool_call>",
	"The answer is \\boxed{#}.", "#. @\n#. @", "[TOOL_CALLS] [{\"name\": \"@\"}]", "> @", "I'm sorry, but @", "<answer>#</answer>", "$$x = \\frac{#}{#}$$", "| @ | # |", "Step #: @ = #", "<|im_start|>assistant\n@<|im_end|>",
	"[INST] @ [/INST] @</s>", "<start_of_turn>user\n@<end_of_turn>\n<start_of_turn>model\n", "<|start_header_id|>user<|end_header_id|>\n\n@<|eot_id|>", "<｜User｜>@<｜Assistant｜>", "<|channel|>analysis<|message|>@<|end|>", "@\u2014@", "\u201c@\u201d, @",
}

// hardTexts are texts that implementations are known to disagree on.
var hardTexts = []string{
	" ", "  ", "\n", "\u2581", " \u2581", "\u2581 a", "<0x0A>", "<0x41>", "a<0x", "<unk>", "<s>", "</s>", " <s>", "<s> a", "<s>a", "<s><s>", "\u00a0a", "\ufeffa", "a\u0300\u0301", "\u0301", "\u0344", "\u212b", "\u1e9b\u0323", "가\u11a8",
	"\u0958", "\u2adc", "\ufb1d", "\U0001d160", "'\u017f", "\u017f", "İ", "ß", "ǆ", "\x00", "a\x00b", "\x7f", "\u0600", "\u070f", "\u180b", "\U0010ffff", "\U000e0001", "\uffff", "\ue000", "\u0378", "don\u2019t", "'S", "I'M", "x'd'd", "\r\n\r\n", "\n \n", " \n ",
	"a \n", "a  b", "a   b", "   a", "a   ", "\t\ta", "a\u3000b", "\u3000\u3000a", "a\u2028b", "a\u0085b", "\u1e0b\u0323", "q\u0307\u0323", "🇩🇪🇩", "\u200d", "\ufe0f", ">\u2581</", "> </", ">  </b>", "</ >", "\t \t", "\n\t\n",
}
