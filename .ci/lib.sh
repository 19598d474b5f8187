# Sourced by the scripts beside it. What is built or fetched lies in one cache outside the checkout.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${MULLIGAN_CACHE:-${XDG_CACHE_HOME:-${HOME:?set HOME or MULLIGAN_CACHE}/.cache}/mulligan}
mkdir -p "$cache"

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
[ -t 2 ] && [ -z "${NO_COLOR:-}" ] || say() { printf '==> %s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }
need() { command -v "$1" >/dev/null 2>&1 || die "$1 is needed: $2"; }

# logged NAME COMMAND...: runs it, its output in the cache; shows the end of it if it fails.
logged() {
	local log=$cache/$1.log; shift
	"$@" >"$log" 2>&1 || { tail -n 30 "$log" >&2; die "$* failed; the whole output is in $log"; }
}

# once DIR FUNCTION: makes DIR, which counts only when it is marked as whole; one process at a time.
# It is made in its final place, because virtual environments cannot be moved.
once() {
	local dir=$1 make=$2
	(
		command -v flock >/dev/null 2>&1 && flock 9
		[ -e "$dir/.whole" ] && exit 0
		rm -rf "$dir"; mkdir -p "$dir"
		"$make" "$dir" 9>&-
		touch "$dir/.whole"
	) 9>"$cache/.lock.$(basename "$dir")"
}
