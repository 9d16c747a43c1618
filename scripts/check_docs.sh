#!/bin/bash
# Holds the documents against the program: scripts/check_docs.sh PROGRAM
# Every command, option and leg key of --help stands in the man page, in docs/options.md and in the
# completions; and every option that those name is one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
program=${1:?expected the path of midspan}
wrong=0

complain() {
    echo "$*" >&2
    wrong=1
}

# expect FILE TEXT: FILE has TEXT, not as the beginning of a longer word.
expect() {
    if ! grep -qP -- "$2(?![\\w-])" "$1"; then
        complain "$1: nothing on '$3'"
    fi
}

commands=$("$program" help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
keys=$("$program" help legs | sed -n '/^keys:/,$s/^  \([a-z-]*\)=.*/\1/p')
options=$(for command in $commands; do "$program" help "$command"; done |
    sed -n 's/^  \(--[a-z-]*\).*/\1/p' | sort -u)
if [ "$(wc -w <<<"$commands")" -lt 5 ] || [ "$(wc -w <<<"$options")" -lt 20 ] ||
    [ "$(wc -w <<<"$keys")" -lt 10 ]; then
    complain "--help could not be read: '$commands' '$options' '$keys'"
fi

for command in $commands; do
    expect docs/midspan.1 "^\\.B midspan $command" "$command"
    expect docs/options.md "^## midspan $command" "$command"
    for file in completions/midspan.bash completions/_midspan completions/midspan.fish; do
        expect "$file" "\\b$command" "$command"
    done
done
for option in $options --help --version; do
    expect docs/midspan.1 "${option//-/\\\\-}" "$option"
    expect docs/options.md "\`$option" "$option"
    expect completions/midspan.bash "$option" "$option"
    expect completions/_midspan "$option" "$option"
    expect completions/midspan.fish "-l ${option#--}" "$option"
done
for key in $keys; do
    expect docs/midspan.1 "^\\.BI? ${key//-/\\\\-}(?==)" "$key="
    expect docs/options.md "^\\| \`$key(?==)" "$key="
    expect completions/midspan.bash "\\b$key(?==)" "$key="
    expect completions/_midspan "['\"]$key(?=\\[)" "$key="
    expect completions/midspan.fish "\\b$key(?==)" "$key="
done

# Every key that a scenario may have stands in the text for their authors.
for key in $(grep -ho '{"[a-z-]*", read_' proxy/lab/*.c | sed 's/{"//; s/",.*//' | sort -u); do
    if ! grep -qP "\`$key\`|\\b$key:" docs/scenarios.md; then
        complain "docs/scenarios.md: nothing on the key '$key'"
    fi
done

# … and every quirk and recipe.
for word in $(sed -n 's/^ *XX([A-Z0-9_]*, "\([a-z0-9-]*\)", [A-Z]*,.*/\1/p' proxy/lab/quirk.h) \
    $(sed -n 's/^ *{"\([a-z0-9-]*\)",.*/\1/p' certs/lab_recipes.c); do
    if ! grep -qF "\`$word\`" docs/scenarios.md; then
        complain "docs/scenarios.md: nothing on '$word'"
    fi
done

# The other way round: no document names an option that is gone (benchmarks.md has those of its script).
for file in README.md docs/[!b]*.md docs/labs/*.md docs/labs/ja/*.md; do
    while read -r option; do
        if [[ " ${options//$'\n'/ } --help --version " != *" $option "* ]]; then
            complain "$file: midspan has no option '$option'"
        fi
    done < <(grep -oP '(?<=`)--[a-z-]+' "$file" | sort -u)
done

# The page renders, and every document that another points to is there.
if command -v man >/dev/null && [ -n "$(man --warnings -l docs/midspan.1 2>&1 >/dev/null)" ]; then
    man --warnings -l docs/midspan.1 2>&1 >/dev/null | head >&2
    complain "docs/midspan.1: does not render without warnings"
fi
while IFS=: read -r file target; do
    if [ ! -e "$(dirname "$file")/$target" ]; then
        complain "$file: points to '$target', which is not there"
    fi
done < <(grep -oHP '(?<=\]\()[^)#:]+(?=[)#])' ./*.md docs/*.md docs/labs/*.md docs/labs/ja/*.md)
exit "$wrong"
