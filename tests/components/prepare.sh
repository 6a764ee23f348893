#!/usr/bin/env bash
# Installs the real components that the tests run against, on Debian as root. Does nothing for what is there. About 6 minutes on 2 cores.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
export DEBIAN_FRONTEND=noninteractive

packages=()
[ -x /usr/bin/chromium ] || packages+=(chromium)
fc-list 2>/dev/null | grep -qi "noto color emoji" || packages+=(fonts-noto-color-emoji)
command -v pg_ctl >/dev/null || compgen -G "/usr/lib/postgresql/*/bin/pg_ctl" >/dev/null || packages+=(postgresql)
if [ "${#packages[@]}" -gt 0 ]; then
  echo "Installing ${packages[*]} …"
  apt-get update -qq
  apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi
command -v terraform >/dev/null || echo "terraform is not on PATH: install it from its maker (HashiCorp's apt repository); its tests need it." >&2
bash "$here/kube-build.sh"
