# Sourced after lib.sh. python_up sets MULLIGAN_PYTHON to an interpreter that has the readers and
# reference verifiers that tests compare with, as pinned in requirements.txt.
python_make() {
	say "installing the Python readers and reference verifiers: about a minute, once"
	python3 -m venv "$1"
	logged python "$1/bin/pip" install -q --no-deps -r "$root/.ci/requirements.txt"
}

python_up() {
	need python3 "tests read what we export with pyarrow, duckdb, polars and datasets"
	local pins
	pins=$(cksum <"$root/.ci/requirements.txt" | cut -d' ' -f1)
	once "$cache/python-$pins" python_make
	export MULLIGAN_PYTHON=$cache/python-$pins/bin/python
}
