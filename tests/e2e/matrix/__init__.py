"""The real-stack matrix: client stack × bridge policy × origin stack × fault.

    row.py       a case of the matrix, and the stacks that it is about
    certs.py     certificates beyond those of harness/pki.py
    stacks.py    origins and boxes in between beyond those of harness/origins.py
    pool.py      origins and midspans that several cases share
    offers.py    rows: versions, suites, groups, signature schemes, names, ALPN
    leaves.py    rows: certificates on both legs, clocks, trust, client certificates
    paths.py     rows: transport, ingress, middleboxes, passed connections, alerts
    controls.py  rows that must raise no verdict
    coverage.py  which causes have how many cases and stacks
    test_coverage.py  that every cause has two cases, and two stacks where two can show it
"""
