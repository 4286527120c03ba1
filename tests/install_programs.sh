#!/bin/sh
# Programs that tests drive: the system's Chromium (the report), OpenSSH's server and client (jump hosts). As root they
# are installed here; otherwise this says what to do.
set -u
missing=""
found=""
for name in chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null 2>&1 && found=yes
done
[ -n "$found" ] || missing="chromium"
PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v sshd >/dev/null 2>&1 || missing="$missing openssh-server"
command -v ssh >/dev/null 2>&1 || missing="$missing openssh-client"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  # shellcheck disable=SC2086 - a list of packages
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null && exit 0
fi
echo "Missing:$missing. The tests that need them are skipped. Install them (Debian, Ubuntu: apt-get install $missing)." >&2
[ "${CI:-}" = true ] && exit 1
exit 0
