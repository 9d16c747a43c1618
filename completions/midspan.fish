# Completion of midspan for fish. scripts/check_docs.sh holds it against --help.

set -l commands proxy bridge exec browser ca predict check explain presets probe lab help
set -l proxies 'not __fish_seen_subcommand_from ca predict check explain presets probe lab help'
set -l edges '(midspan presets edges 2>/dev/null | string match -rg "^([a-z0-9.-]+) ")'
set -l scenarios '(midspan lab list 2>/dev/null | string match -rg "^ *[0-9]+ +✓? *([a-z0-9-]+) ")'
set -l clients '(midspan presets clients 2>/dev/null | string match -rg "^([a-z0-9.-]+) ")'
set -l keys min= max= ciphers= groups= sigalgs= alpn= sni= mirror= verify= verify-name= ca= crl= \
    clock= cert= key= leaf= client-auth= timeout= split=

complete -c midspan -f
set -l none "not __fish_seen_subcommand_from $commands"
complete -c midspan -n $none -a proxy -d 'a proxy for any client'
complete -c midspan -n $none -a bridge -d 'a bridge in front of one server'
complete -c midspan -n $none -a exec -d 'one command through midspan'
complete -c midspan -n $none -a browser -d 'a browser in a throw-away profile'
complete -c midspan -n $none -a ca -d 'the authority'
complete -c midspan -n $none -a predict -d 'which clients an edge would lock out'
complete -c midspan -n $none -a check -d 'expectations for CI'
complete -c midspan -n $none -a explain -d 'verdicts from recorded evidence'
complete -c midspan -n $none -a presets -d 'the edges and clients that midspan can imitate'
complete -c midspan -n $none -a probe -d 'what a server accepts'
complete -c midspan -n $none -a lab -d 'exercises: TLS that breaks'
complete -c midspan -n $none -a help -d 'what midspan can do'
complete -c midspan -s h -l help -d 'all about it'
complete -c midspan -n $none -s V -l version -d versions

complete -c midspan -n $proxies -l config -rF -d 'read options from this file first'
complete -c midspan -n $proxies -l listen -x -d 'accept clients here'
complete -c midspan -n $proxies -l allow-remote -d 'allow other than loopback addresses'
complete -c midspan -n $proxies -l transparent -d 'connections are redirected here'
complete -c midspan -n $proxies -l proxy-protocol -d 'connections begin with a PROXY header'
complete -c midspan -n $proxies -l web -xa off -d 'the page'
complete -c midspan -n $proxies -l workers -x -d 'worker threads'
complete -c midspan -n $proxies -l edge -xa $edges -d 'imitate this edge device'
complete -c midspan -n $proxies -l client-leg -xa "$keys" -d 'what the client leg may speak'
complete -c midspan -n $proxies -l server-leg -xa "$keys" -d 'what the server leg may speak'
complete -c midspan -n $proxies -l order -xa 'server-first client-first' -d 'which leg is first'
complete -c midspan -n $proxies -l on-failure -xa 'page alert reset' -d 'what the client gets'
complete -c midspan -n $proxies -l log -rF -d 'append events as JSON Lines'
complete -c midspan -n $proxies -l record -rF -d 'append all that happens to an SQLite database'
complete -c midspan -n $proxies -l keylog -rF -d 'append TLS secrets'
complete -c midspan -n $proxies -l no-probe -d 'never dial an origin or ask an authority'
complete -c midspan -n $proxies -l experiment -d 'ask clients why they refuse'
complete -c midspan -n $proxies -l pass -x -d 'relay these hosts untouched'
complete -c midspan -n $proxies -l resolve -x -d 'reach a host at this address, without DNS'
complete -c midspan -n $proxies -l via -x -d 'reach origins through this HTTP proxy'
complete -c midspan -n $proxies -l connect-timeout -x -d 'longest time to connect'
complete -c midspan -n $proxies -l handshake-timeout -x -d 'longest time for a handshake'
complete -c midspan -n $proxies -l idle-timeout -x -d 'longest silence'
complete -c midspan -n $proxies -l quiet -d 'print verdicts only'
complete -c midspan -n $proxies -l lang -xa 'en ja' -d 'the language'
complete -c midspan -n 'not __fish_seen_subcommand_from predict check explain presets probe lab help' -l ca-dir -xa '(__fish_complete_directories)' \
    -d 'where the authority is'

complete -c midspan -n '__fish_seen_subcommand_from exec browser' -l verbose \
    -d 'show every connection'
complete -c midspan -n '__fish_seen_subcommand_from exec browser' -l lab \
    -d 'the broken hosts of the lab are behind it'
complete -c midspan -n '__fish_seen_subcommand_from exec' -xa '(__fish_complete_subcommand)'
complete -c midspan -n '__fish_seen_subcommand_from browser' -l headless -d 'no window'
complete -c midspan -n '__fish_seen_subcommand_from browser' -a 'chromium firefox'

set -l ca '__fish_seen_subcommand_from ca'
complete -c midspan -n $ca -a 'show export install uninstall status'
complete -c midspan -n $ca -l der -d 'DER instead of PEM'
complete -c midspan -n $ca -l force -d 'write over a file that is there'
complete -c midspan -n $ca -l system -d 'the system\'s store only'
complete -c midspan -n $ca -l nss -d 'the browsers\' stores only'
complete -c midspan -n $ca -l yes -d 'don\'t ask'
set -l predict '__fish_seen_subcommand_from predict'
complete -c midspan -n $predict -l client -xa "all $clients" -d 'a client preset'
complete -c midspan -n $predict -l edge -xa "$edges" -d 'an edge preset'
complete -c midspan -n $predict -l server -xa "$edges (__fish_print_hostnames) min= max= ciphers= groups= sigalgs= alpn=" \
    -d 'what the server accepts'
complete -c midspan -n $predict -l server-key -xa 'rsa ecdsa both' -d 'its kind of certificate'
complete -c midspan -n '__fish_seen_subcommand_from check explain' -F
complete -c midspan -n '__fish_seen_subcommand_from explain' -l connection -x -d 'this connection only'
complete -c midspan -n '__fish_seen_subcommand_from explain' -l session -x -d 'this session only'
complete -c midspan -n '__fish_seen_subcommand_from explain' -l lang -xa 'en ja' -d 'the language'
complete -c midspan -n '__fish_seen_subcommand_from predict check explain presets probe lab' -l json -d 'print JSON'
complete -c midspan -n '__fish_seen_subcommand_from presets' -a "edges clients"
complete -c midspan -n '__fish_seen_subcommand_from presets' -a "$edges $clients"
set -l probe '__fish_seen_subcommand_from probe'
complete -c midspan -n $probe -xa '(__fish_print_hostnames)'
complete -c midspan -n $probe -l sni -xa none -d 'send this server name'
complete -c midspan -n $probe -l connect -x -d 'dial here instead'
complete -c midspan -n $probe -l via -x -d 'through this HTTP proxy'
complete -c midspan -n $probe -l ca -rF -d 'trust these certificates'
complete -c midspan -n '__fish_seen_subcommand_from help' -a "$commands legs"

set -l lab '__fish_seen_subcommand_from lab'
set -l lab_part 'list show run check serve send'
complete -c midspan -n "$lab; and not __fish_seen_subcommand_from $lab_part" -xa $lab_part
complete -c midspan -n "$lab; and __fish_seen_subcommand_from show run check" \
    -a "$scenarios" -F
complete -c midspan -n "$lab; and __fish_seen_subcommand_from send" -xa "$clients"
complete -c midspan -n $lab -l all -d 'every scenario'
complete -c midspan -n $lab -l as-is -d 'without verdict, fix and answer'
complete -c midspan -n $lab -l names -d 'their names too'
complete -c midspan -n $lab -l hint -d 'the next hint'
complete -c midspan -n $lab -l start -rF -d 'write the file to edit'
complete -c midspan -n $lab -l jobs -x -d 'so many at once'
complete -c midspan -n $lab -l lang -xa 'en ja' -d 'the language'
