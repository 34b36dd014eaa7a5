#!/bin/sh
# Finds a Chromium for the tests or installs one, and writes its path to .venv/chromium.
# Debian's package where it can be installed, otherwise Playwright's own build.
set -eu
cd "$(dirname "$0")/.."

found() {
    for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
        if [ -n "$name" ] && path=$(command -v "$name" 2>/dev/null) && "$path" --version >/dev/null 2>&1; then
            echo "$path" >.venv/chromium
            return 0
        fi
    done
    return 1
}

playwrights() {
    path=$(.venv/bin/python -c '
from playwright.sync_api import sync_playwright
with sync_playwright() as p: print(p.chromium.executable_path)' 2>/dev/null) || return 1
    [ -x "$path" ] && "$path" --version >/dev/null 2>&1 && echo "$path" >.venv/chromium
}

if found || playwrights; then exit 0; fi
if command -v apt-get >/dev/null 2>&1; then
    root=""
    [ "$(id -u)" = 0 ] || root="sudo -n"
    echo "Installing Chromium (Debian's package)"
    $root apt-get update -qq >/dev/null 2>&1 || true
    DEBIAN_FRONTEND=noninteractive $root apt-get install -y -qq chromium >/dev/null 2>&1 || true
    if found; then exit 0; fi
fi
echo "Installing Chromium (Playwright's build)"
.venv/bin/python -m playwright install chromium >/dev/null 2>&1 || true
if playwrights; then exit 0; fi
echo "The tests need Chromium, and none could be installed." >&2
echo "Install it (Debian: apt-get install chromium; others: .venv/bin/python -m playwright install --with-deps chromium)" >&2
echo "or set CHROMIUM=/path/to/chromium, and run make test again." >&2
exit 1
