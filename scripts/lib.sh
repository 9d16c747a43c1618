# shellcheck shell=bash disable=SC2034
# What the scripts share: which packages are needed, and installing those that are missing.
# Sourced by bash; the caller has set -euo pipefail and stands in the root of the checkout.

# PACKAGE, or PACKAGE:PROGRAM where any copy of that program in $PATH will do.
build_packages=(
    gcc libc6-dev cmake:cmake ninja-build:ninja pkg-config:pkg-config
    libuv1-dev libssl-dev libhttp-parser-dev libcyaml-dev libyaml-dev libidn2-dev libjansson-dev
    libnghttp2-dev libsqlite3-dev ca-certificates
)

test_packages=(
    # unit tests, analysis, packaging
    libcmocka-dev clang:clang clang-format:clang-format dpkg-dev:dpkg-shlibdeps file:file
    # clients and tools
    curl openssl wget gnutls-bin git:git socat iproute2:ip nodejs:node npm:npm golang-go:go
    nghttp2-client:nghttp iptables:iptables
    default-jdk-headless:javac chromium:chromium firefox-esr:firefox-esr libnss3-tools
    # origins, and bridges to compare with
    nginx-light:nginx libnginx-mod-stream haproxy apache2-bin apache2-utils faketime
    squid-openssl caddy:caddy stunnel4:stunnel4 mitmproxy:mitmdump
    # the runner
    python3 python3-pytest python3-cryptography python3-yaml
    # manual page
    groff-base man-db
)

# Services that those packages would start, now or at the next boot.
test_services=(nginx haproxy apache2 squid caddy stunnel.target)

say() {
    if [ -t 2 ] && [ -z "${NO_COLOR:-}" ]; then
        printf '\n\033[1m== %s\033[0m\n' "$*" >&2
    else
        printf '\n== %s\n' "$*" >&2
    fi
}

note() {
    printf '   %s\n' "$*" >&2
}

is_installed() {
    local state
    state=$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) && [ "$state" = installed ]
}

# missing_packages PACKAGE…: prints those that are not there, one a line.
missing_packages() {
    local entry package program
    for entry in "$@"; do
        package=${entry%%:*}
        program=${entry#"$package"}
        program=${program#:}
        if [ -n "$program" ] && command -v "$program" >/dev/null; then
            continue
        fi
        if ! is_installed "$package"; then
            echo "$package"
        fi
    done
}

# as_root COMMAND…: sudo, but only for those who are not root.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "midspan: cannot become root (no sudo), please run as root: $*" >&2
        return 1
    fi
}

# install_packages PACKAGE…: installs what is missing, and says so. Needs no root when nothing is.
install_packages() {
    local missing
    mapfile -t missing < <(missing_packages "$@")
    if [ "${#missing[@]}" = 0 ]; then
        return 0
    fi
    if ! command -v apt-get >/dev/null; then
        echo "midspan: this system has no apt-get, please install: ${missing[*]}" >&2
        return 1
    fi
    say "installing ${#missing[@]} missing packages"
    note "${missing[*]}"
    as_root apt-get update -qq
    # SIGPIPE, locale and questions aside: what apt prints is shown only when it fails.
    local log
    log=$(mktemp)
    if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
        --no-install-recommends "${missing[@]}" >"$log" 2>&1; then
        tail -n 30 "$log" >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}

# install_quiet_packages PACKAGE…: the same, and no service of theirs is started or enabled. A
# policy that the machine has already is left as it is.
install_quiet_packages() {
    local policy=/usr/sbin/policy-rc.d status=0 new=() service
    if [ -z "$(missing_packages "$@")" ]; then
        return 0
    fi
    for service in "${test_services[@]}"; do
        if ! is_service "$service"; then
            new+=("$service")
        fi
    done
    local is_ours=no
    if [ ! -e "$policy" ]; then
        is_ours=yes
        trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT # should it be interrupted
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod 755 "$policy"
    fi
    install_packages "$@" || status=$?
    if [ "$is_ours" = yes ]; then
        as_root rm -f "$policy"
        trap - EXIT
    fi
    for service in "${new[@]}"; do
        if is_service "$service" && [ -d /run/systemd/system ]; then
            as_root systemctl disable --quiet "$service" || status=$?
        fi
    done
    return "$status"
}

is_service() {
    [ -e "/lib/systemd/system/$1.service" ] || [ -e "/lib/systemd/system/$1" ]
}

# build PRESET: configures once, builds, and shows the compiler's words only when it fails.
build() {
    local log
    log=$(mktemp)
    if ! { cmake --preset "$1" && cmake --build --preset "$1" --parallel "$(nproc)"; } \
        >"$log" 2>&1; then
        grep -vE '^\[[0-9]+/[0-9]+\] (Building|Linking)' "$log" | tail -n 60 >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}
