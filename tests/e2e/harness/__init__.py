"""What the end-to-end tests stand on.

    pki.py      a test authority and server certificates, good and faulty
    process.py  starts, awaits and ends one process
    bodies.py   files and bytes with known hashes
    origins.py  TLS servers that are not ours
    raw.py      origins that do exactly what a test says, with Python's ssl
    sockets.py  TLS over memory, its flights in the test's hands
    clients.py  TLS clients that are not ours, and what they fetched
    cases.py    a broken connection as data
    browsers.py Chromium and Firefox
    midspan.py  the program under test and the events that it logs
"""
