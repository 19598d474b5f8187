# Sourced after lib.sh. browser_up sets MULLIGAN_CHROME to a Chromium that the tests of the audit's page drive over a
# pipe; or leaves it empty, and says so: the tests are then not run, and fail where MULLIGAN_FULL is 1.
browser_found() {
	local name path
	for name in "${MULLIGAN_CHROME:-}" "${CHROME:-}" "${CHROMIUM:-}" chromium-headless-shell chrome-headless-shell chromium chromium-browser google-chrome google-chrome-stable; do
		path=$([ -n "$name" ] && command -v "$name") && { printf '%s\n' "$path"; return; }
	done
	return 1
}

browser_up() {
	if ! MULLIGAN_CHROME=$(browser_found); then
		# Debian's own package: security updates come with it, and its libraries.
		if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
			say "installing chromium-headless-shell, for the tests of the audit's page: about a minute, once"
			{
				apt-get update -q || true
				DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends chromium-headless-shell ||
					DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends chromium
			} >"$cache/browser.log" 2>&1 || tail -n 5 "$cache/browser.log" >&2
		fi
		MULLIGAN_CHROME=$(browser_found) || { MULLIGAN_CHROME=; say "NOT RUN: tests in a browser: install chromium, or set CHROME to one"; }
	fi
	export MULLIGAN_CHROME
}
