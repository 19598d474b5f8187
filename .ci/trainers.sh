# Sourced after lib.sh. trainers_up makes the Python environments of the trainers in trainers/*.txt, sets
# MULLIGAN_TRAINERS to a folder with one of them under each name, and trainers_failed to the names
# that could not be made. The others are made all the same.
#
# A file has "# python: 3.12", where another environment's packages are to be seen "# base: NAME", and
# pins of everything that is installed: pip resolves nothing.

# trainer_header FILE KEY: the value of "# KEY: value" in FILE, or nothing.
trainer_header() { sed -n "s/^# $2: *//p" "$1" | head -n 1; }

# trainer_dir NAME: where its environment stands. Other pins, or other pins of its base, are another environment.
trainer_dir() {
	local file=$root/.ci/trainers/$1.txt base
	[ -r "$file" ] || die "read $file: the environments are $(cd "$root/.ci/trainers" && echo *.txt)"
	base=$(trainer_header "$file" base)
	printf '%s/trainers/%s-%s\n' "$cache" "$1" "$(cat "$file" ${base:+"$root/.ci/trainers/$base.txt"} | cksum | cut -d' ' -f1)"
}

# trainer_python VERSION: an interpreter of that version, as a path. One of pyenv's that is not the current one is not on PATH.
trainer_python() {
	local python pyenv
	pyenv=${PYENV_ROOT:-$(command -v pyenv >/dev/null 2>&1 && pyenv root || echo "$HOME/.pyenv")}
	for python in "python$1" "$pyenv"/versions/"$1"*/bin/python"$1" "$HOME"/.pyenv/versions/"$1"*/bin/python"$1"; do
		"$python" -c '' 2>/dev/null && { command -v "$python"; return; }
	done
	die "python$1 is needed: neither on PATH nor in pyenv's versions ($pyenv/versions)"
}

# trainer_make DIR: the environment, and how long it took and how large it is. Every step must end the
# shell by itself when it fails: a caller that tests our status turns errexit off.
trainer_make() {
	local name=${1##*/} file base python started=$SECONDS
	name=${name%-*} file=$root/.ci/trainers/$name.txt
	base=$(trainer_header "$file" base)
	python=$(trainer_python "$(trainer_header "$file" python)") || exit 1
	say "installing $name"
	logged "trainers-$name" "$python" -m venv "$1"
	logged "trainers-$name" "$1/bin/python" -m pip install -q --no-deps --no-compile --no-cache-dir --disable-pip-version-check -r "$file"
	if [ -n "$base" ]; then
		echo "$(trainer_dir "$base")"/lib/python*/site-packages >"$(echo "$1"/lib/python*/site-packages)/base.pth" || exit 1
	fi
	say "installed $name: $((SECONDS - started)) s, $(du -sm "$1" | cut -f1) MB"
}

# trainer_up NAME: its environment, and its base before it. Fails where one of them cannot be made; what
# failed is not tried again for the next one that wants it.
trainer_up() {
	local base
	case " $trainers_tried " in *" $1 "*) return 1 ;; esac
	base=$(trainer_header "$root/.ci/trainers/$1.txt" base)
	if { [ -z "$base" ] || trainer_up "$base"; } && once "$(trainer_dir "$1")" trainer_make; then
		return 0
	fi
	trainers_tried="$trainers_tried $1"
	return 1
}

# trainers_up [NAME...]: those named, or all.
trainers_up() {
	local name
	[ $# -gt 0 ] || set -- $(cd "$root/.ci/trainers" && printf '%s\n' *.txt | sed 's/\.txt$//')
	mkdir -p "$cache/trainers"
	MULLIGAN_TRAINERS=$cache/trainers/$(cat "$root"/.ci/trainers/*.txt | cksum | cut -d' ' -f1)
	mkdir -p "$MULLIGAN_TRAINERS"
	export MULLIGAN_TRAINERS
	trainers_failed= trainers_tried=
	for name; do
		if trainer_up "$name"; then
			ln -sfn "$(trainer_dir "$name")" "$MULLIGAN_TRAINERS/$name"
		else
			rm -f "$MULLIGAN_TRAINERS/$name"
			trainers_failed="$trainers_failed $name"
		fi
	done
	[ -z "$trainers_failed" ] || say "not made:$trainers_failed; their output is in $cache/trainers-NAME.log"
}
