# Completion of midspan for bash. scripts/check_docs.sh holds it against --help.

_midspan_shared='--config --listen --allow-remote --transparent --proxy-protocol --web --workers
    --edge --client-leg --server-leg --order --on-failure --log --record --keylog --ca-dir --no-probe
    --experiment --pass --resolve --via --connect-timeout --handshake-timeout --idle-timeout --quiet --lang --help'
_midspan_leg_keys='min= max= ciphers= groups= sigalgs= alpn= sni= mirror= verify= verify-name= ca=
    crl= clock= cert= key= leaf= client-auth= timeout= split='

_midspan_words() {
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

# _midspan_presets edges|clients: their names.
_midspan_presets() {
    midspan presets "$1" 2>/dev/null | sed -n '2,$s/ .*//p'
}

# KEY=VALUE[,KEY=VALUE…]: completes the last key, and the values that are few.
_midspan_leg() {
    local done=${1%"${1##*,}"} last=${1##*,} words=$_midspan_leg_keys word
    case $last in
    min=* | max=*) words="${last%%=*}=TLS1.0 ${last%%=*}=TLS1.1 ${last%%=*}=TLS1.2 ${last%%=*}=TLS1.3" ;;
    mirror=* | verify=*) words="${last%%=*}=on ${last%%=*}=off" ;;
    sni=*) words='sni=forward sni=none' ;;
    leaf=*) words='leaf=clean leaf=mirror leaf=replace:' ;;
    client-auth=*) words='client-auth=none client-auth=ask client-auth=require' ;;
    alpn=*) words='alpn=h2:http/1.1 alpn=http/1.1 alpn=h2 alpn=none' ;;
    esac
    COMPREPLY=()
    for word in $words; do
        if [[ $word == "$last"* ]]; then
            COMPREPLY+=("$done$word")
        fi
    done
    compopt -o nospace
    # Readline has cut the word at "=" already: give back only what comes after it.
    local cut=${1%"${1##*[=:]}"}
    if [[ $COMP_WORDBREAKS == *=* && -n $cut ]]; then
        COMPREPLY=("${COMPREPLY[@]#"$cut"}")
    fi
}

_midspan_value() {
    case $1 in
    --config | --log | --record | --keylog | --ca) compopt -o default ;;
    --ca-dir) mapfile -t COMPREPLY < <(compgen -d -- "$2") ;;
    --order) _midspan_words 'server-first client-first' "$2" ;;
    --on-failure) _midspan_words 'page alert reset' "$2" ;;
    --client) _midspan_words "all $(_midspan_presets clients)" "$2" ;;
    --server) _midspan_words "$(_midspan_presets edges) min= max= ciphers= groups= sigalgs= alpn=" "$2" ;;
    --server-key) _midspan_words 'rsa ecdsa both' "$2" ;;
    --start) compopt -o default ;;
    --jobs) ;;
    --lang) _midspan_words 'en ja' "$2" ;;
    --web) _midspan_words 'off' "$2" ;;
    --client-leg | --server-leg) _midspan_leg "$2" ;;
    --listen) _midspan_words '127.0.0.1:' "$2" ;;
    --via) _midspan_words 'http://' "$2" ;;
    --edge) _midspan_words "$(_midspan_presets edges)" "$2" ;;
    --sni) _midspan_words none "$2" ;;
    --connect | --connection | --session | --workers | --pass | --resolve | --connect-timeout | --handshake-timeout | --idle-timeout) ;;
    *) return 1 ;;
    esac
}

_midspan_lab_options() {
    case $1 in
    list) echo --json --names --lang --help ;;
    show) echo --hint --start --lang --help ;;
    run) echo --all --as-is --jobs --json --lang --help ;;
    *) echo --lang --help ;;
    esac
}

_midspan() {
    local current previous command=proxy i
    current=$2
    previous=$3
    COMPREPLY=()
    if declare -F _get_comp_words_by_ref >/dev/null; then
        local words cword
        _get_comp_words_by_ref -n '=:' -w words -i cword -c current -p previous
    else
        local words=("${COMP_WORDS[@]}") cword=$COMP_CWORD
    fi
    if [[ $cword -gt 1 && ${words[1]} != -* ]]; then
        command=${words[1]}
    fi
    if [[ $command == exec ]]; then # what follows "--" is another program's line
        for ((i = 2; i < cword; i++)); do
            if [[ ${words[i]} == -- ]] && declare -F _command_offset >/dev/null; then
                _command_offset $((i + 1))
                return
            fi
        done
    fi
    if _midspan_value "$previous" "$current"; then
        return
    fi
    if [[ $cword == 1 && $current != -* ]]; then
        _midspan_words 'proxy bridge exec browser ca predict check explain presets probe lab help' "$current"
        return
    fi
    case $command in
    proxy) _midspan_words "$_midspan_shared --version" "$current" ;;
    bridge) _midspan_words "$_midspan_shared" "$current" ;;
    exec) _midspan_words "$_midspan_shared --lab --verbose --" "$current" ;;
    browser)
        if [[ $cword == 2 && $current != -* ]]; then
            _midspan_words 'chromium firefox' "$current"
        else
            _midspan_words "$_midspan_shared --headless --lab --verbose --" "$current"
        fi
        ;;
    ca)
        if [[ $cword == 2 ]]; then
            _midspan_words 'show export install uninstall status' "$current"
        elif [[ ${words[2]} == export && $current != -* ]]; then
            compopt -o default
        else
            _midspan_words '--ca-dir --der --force --system --nss --yes --help' "$current"
        fi
        ;;
    lab)
        case $cword-${words[2]} in
        2-*) _midspan_words 'list show run check serve send --lang --json --help' "$current" ;;
        3-send) _midspan_words "$(_midspan_presets clients)" "$current" ;;
        *-serve) _midspan_words "$_midspan_shared" "$current" ;;
        3-show | 3-run | 3-check)
            _midspan_words "$(midspan lab list 2>/dev/null | sed -n 's/^ *[0-9][0-9]*  *✓\{0,1\} *\([a-z0-9-]*\) .*/\1/p')
                $(_midspan_lab_options "${words[2]}")" "$current"
            compopt -o default
            ;;
        *)
            _midspan_words "$(_midspan_lab_options "${words[2]}")" "$current"
            compopt -o default
            ;;
        esac
        ;;
    probe) _midspan_words '--sni --connect --via --ca --json --help' "$current" ;;
    predict) _midspan_words '--client --edge --server --server-key --json --help' "$current" ;;
    check)
        if [[ $current == -?* ]]; then
            _midspan_words '--json --help' "$current"
        else
            compopt -o default
        fi
        ;;
    explain)
        if [[ $current == -?* ]]; then
            _midspan_words '--connection --session --json --lang --help' "$current"
        else
            compopt -o default
        fi
        ;;
    presets)
        case $cword-${words[2]} in
        2-*) _midspan_words "edges clients $(_midspan_presets edges) $(_midspan_presets clients) --json --help" "$current" ;;
        3-edges | 3-clients) _midspan_words "$(_midspan_presets "${words[2]}") --json --help" "$current" ;;
        *) _midspan_words '--json --help' "$current" ;;
        esac
        ;;
    help) _midspan_words 'proxy bridge exec browser ca predict check explain presets probe lab help legs' "$current" ;;
    esac
}

complete -F _midspan midspan
