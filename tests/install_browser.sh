#!/bin/sh
# The report's tests drive the system's Chromium. As root it is installed here; otherwise this says what to do.
set -u
for name in chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null 2>&1 && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null && exit 0
fi
echo "No Chromium: the report's browser tests are skipped. Install it (Debian, Ubuntu: apt-get install chromium)." >&2
[ "${CI:-}" = true ] && exit 1
exit 0
