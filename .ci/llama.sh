# Sourced after engine.sh. llama_up MODEL sets MULLIGAN_LLAMA_SERVER to a llama-server with the very
# file that the Ollama at ENDPOINT serves as MODEL: one that the variable names already, else one on
# PATH, else one built from source. A server that was started here ends with llama_down.
cmake_wheel=cmake==3.31.10
LLAMA_PID=

healthy() { ask 2 "$1/health" >/dev/null 2>&1; }

build_llama() {
	local cmake
	need g++ "a C++ compiler"; need make "to build with"; need python3 "to fetch the source"
	say "building llama-server from $headers_sdist: about 5 minutes, once"
	once "$cache/fetch" fetch_venv
	cmake=$(command -v cmake || true)
	if [ -z "$cmake" ]; then
		logged cmake "$cache/fetch/bin/pip" -q install "$cmake_wheel"
		cmake=$cache/fetch/bin/cmake
	fi
	logged llama-sdist "$cache/fetch/bin/pip" download -q --no-deps --no-binary :all: --no-build-isolation -d "$1/sdist" "$headers_sdist"
	python3 - "$1" <<-'PY'
		import glob, os, sys, tarfile
		with tarfile.open(glob.glob(sys.argv[1] + "/sdist/*.tar.gz")[0]) as t:
		    for m in t:
		        at = m.name.partition("/vendor/llama.cpp/")[2]
		        if m.isfile() and at and ".." not in at:
		            to = os.path.join(sys.argv[1], "src", at)
		            os.makedirs(os.path.dirname(to), exist_ok=True)
		            with open(to, "wb") as f:
		                f.write(t.extractfile(m).read())
	PY
	rm -r "$1/sdist"
	logged llama-cmake "$cmake" -S "$1/src" -B "$1/build" -DCMAKE_BUILD_TYPE=Release -DLLAMA_CURL=OFF -DLLAMA_OPENSSL=OFF \
		-DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_WEBUI=OFF
	logged llama "$cmake" --build "$1/build" --target llama-server -j "$(getconf _NPROCESSORS_ONLN)"
}

# model_file MODEL: the path of the weights, as the Ollama at ENDPOINT has them.
model_file() {
	curl -fsS --noproxy '*' -m 30 "$ENDPOINT/api/show" -d "{\"model\":\"$1\"}" | python3 -c '
import json, sys
for line in json.load(sys.stdin)["modelfile"].splitlines():
    if line.startswith("FROM /"):
        print(line[5:]); break'
}

llama_up() {
	local model=$1 bin file port=11691 threads
	need curl "to ask servers whether they are there"; need python3 "to read what they say"
	if [ -n "${MULLIGAN_LLAMA_SERVER:-}" ]; then
		healthy "$MULLIGAN_LLAMA_SERVER" || die "no llama-server answers at MULLIGAN_LLAMA_SERVER=$MULLIGAN_LLAMA_SERVER"
		say "using the llama-server that runs at $MULLIGAN_LLAMA_SERVER"
		return
	fi
	file=$(model_file "$model")
	[ -r "$file" ] || die "the file of $model is not here (${file:-no path told}): the Ollama at $ENDPOINT runs on another machine, or as another user. Stop it, and one is started here; or name a llama-server that has the file in MULLIGAN_LLAMA_SERVER"
	bin=$(command -v llama-server || true)
	if [ -z "$bin" ]; then
		once "$cache/llama-${headers_sdist##*=}" build_llama
		bin=$cache/llama-${headers_sdist##*=}/build/bin/llama-server
	fi
	while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
	MULLIGAN_LLAMA_SERVER=http://127.0.0.1:$port
	threads=$((($(getconf _NPROCESSORS_ONLN) + 1) / 2)) # the other half is Ollama's: their threads spin
	say "starting $bin at $MULLIGAN_LLAMA_SERVER"
	# Contexts are read 32 tokens at a time: from 64 on, other kernels give log-probabilities that
	# are up to 0.4 away from those of the same tokens read otherwise, and from Ollama's.
	"$bin" -m "$file" --alias "$model" --host 127.0.0.1 --port "$port" -np 4 -c 16384 -t "$threads" -tb "$threads" -b 32 -ub 32 >"$cache/llama-server.log" 2>&1 &
	LLAMA_PID=$!
	trap 'llama_down; engine_down' EXIT
	for _ in $(seq 300); do
		healthy "$MULLIGAN_LLAMA_SERVER" && break
		kill -0 "$LLAMA_PID" 2>/dev/null || { tail "$cache/llama-server.log" >&2; die "llama-server did not start"; }
		sleep 0.2
	done
	healthy "$MULLIGAN_LLAMA_SERVER" || die "llama-server does not answer at $MULLIGAN_LLAMA_SERVER; its log is $cache/llama-server.log"
	export MULLIGAN_LLAMA_SERVER
}

llama_down() {
	[ -n "$LLAMA_PID" ] || return 0
	kill "$LLAMA_PID" 2>/dev/null || true
	wait "$LLAMA_PID" 2>/dev/null || true
	LLAMA_PID=
	unset MULLIGAN_LLAMA_SERVER
}
