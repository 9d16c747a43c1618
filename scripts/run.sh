#!/bin/bash
# Installs what the build needs and is missing, builds midspan, and starts it with the arguments
# given: scripts/run.sh, scripts/run.sh --listen 127.0.0.1:3128, scripts/run.sh exec -- curl …
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$here/scripts/lib.sh"

(
    cd "$here"
    install_packages "${build_packages[@]}"
    if [ ! -e build/release/proxy/cli/midspan ]; then
        say "building (once)"
    fi
    build release
)
exec "$here/build/release/proxy/cli/midspan" "$@"
