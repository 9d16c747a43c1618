#!/bin/bash
# Runs every check: scripts/test.sh. Needs Debian 12, and root (or sudo) only for what is missing.
#
#   scripts/test.sh                 all of it
#   scripts/test.sh unit e2e        some of it: format generated docs unit threads clang release e2e
#   MIDSPAN=PATH scripts/test.sh e2e    the end-to-end tests with that binary
#   PYTEST_ARGS='-k curl' scripts/test.sh e2e
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh

python=/usr/bin/python3 # Debian's, which has pytest; another may come first in $PATH
all=(format generated docs unit threads clang release e2e)
failed=()
started=$SECONDS

# Formatting, and scripts that bash can read.
check_format() {
    git ls-files -z '*.c' '*.h' | xargs -0 clang-format --dry-run -Werror
    local script
    for script in scripts/*.sh .ci/run completions/midspan.bash; do
        bash -n "$script"
    done
}

# What is generated from files of this tree is what its generator writes. (The other generators
# import facts from outside; the tests walk what they wrote.) And no advice in them goes back.
check_generated() {
    "$python" scripts/gen_causes.py --check
    "$python" scripts/gen_words.py --check
    "$python" scripts/check_advice.py
}

# What --help says, the documents say.
check_docs() {
    build release
    scripts/check_docs.sh build/release/proxy/cli/midspan
}

# Unit tests and fuzz corpora, under AddressSanitizer and UndefinedBehaviorSanitizer.
check_unit() {
    build asan
    ctest --preset asan --parallel "$(nproc)"
}

# What runs on several threads, under ThreadSanitizer.
check_threads() {
    build tsan
    ctest --preset tsan --parallel "$(nproc)" --tests-regex '^(bridge|certs|lab|record)/'
}

# The other compiler has other warnings, and all are errors.
check_clang() {
    build clang
}

# The hardened build, its installation and its package.
check_release() {
    build release
    local folder
    folder=$(mktemp -d)
    DESTDIR=$folder cmake --install build/release >/dev/null
    "$folder/usr/bin/midspan" --version
    test -s "$folder/usr/share/man/man1/midspan.1"
    rm -rf "$folder"
    (cd build/release && cpack -G DEB >/dev/null)
    dpkg-deb --field build/release/midspan_*.deb Package Version Depends
}

# Real clients, origins and browsers, with the program that users run.
check_e2e() {
    if [ -z "${MIDSPAN:-}" ]; then
        build release
    fi
    # shellcheck disable=SC2086 # words on purpose
    MIDSPAN=${MIDSPAN:-$PWD/build/release/proxy/cli/midspan} "$python" -m pytest -q \
        -p no:cacheprovider tests/e2e ${PYTEST_ARGS:-}
}

run_section() {
    local from=$SECONDS
    say "$1"
    # In a shell of its own, so that the first wrong step ends the section and not the run.
    if ! bash -euo pipefail -c ". scripts/lib.sh; $sections; check_$1"; then
        failed+=("$1")
        note "FAILED"
    fi
    note "$1: $((SECONDS - from)) s"
}

sections="python=$python; $(declare -f "${all[@]/#/check_}")"
wanted=("${@:-${all[@]}}")
for section in "${wanted[@]}"; do
    if [[ " ${all[*]} " != *" $section "* ]]; then
        echo "unknown section '$section', expected: ${all[*]}" >&2
        exit 2
    fi
done

install_packages "${build_packages[@]}"
install_quiet_packages "${test_packages[@]}"
for section in "${wanted[@]}"; do
    run_section "$section"
done

say "total: $((SECONDS - started)) s"
if [ "${#failed[@]}" -gt 0 ]; then
    note "FAILED: ${failed[*]}"
    exit 1
fi
note "all passed"
