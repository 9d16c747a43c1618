"""Fetches one URL with Python's http.client and ssl; prints one line of JSON.

Usage: fetch.py '{"url":…,"proxy":…,"ca":…,"upload":…}'
"""

import hashlib
import http.client
import json
import ssl
import sys
from urllib.parse import urlsplit

VERSIONS = {
    "TLS1.0": ssl.TLSVersion.TLSv1,
    "TLS1.1": ssl.TLSVersion.TLSv1_1,
    "TLS1.2": ssl.TLSVersion.TLSv1_2,
    "TLS1.3": ssl.TLSVersion.TLSv1_3,
}


def connect(options, url):
    context = ssl.create_default_context(cafile=options.get("ca"))
    if options.get("min"):
        context.minimum_version = VERSIONS[options["min"]]
    if options.get("max"):
        context.maximum_version = VERSIONS[options["max"]]
    if options.get("min") in ("TLS1.0", "TLS1.1"):
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    if not options.get("proxy"):
        return http.client.HTTPSConnection(url.hostname, url.port, context=context)
    proxy = urlsplit(options["proxy"])
    connection = http.client.HTTPSConnection(proxy.hostname, proxy.port, context=context)
    connection.set_tunnel(url.hostname, url.port)
    return connection


def main():
    options = json.loads(sys.argv[1])
    url = urlsplit(options["url"])
    connection = connect(options, url)
    if options.get("upload"):
        with open(options["upload"], "rb") as file:
            connection.request("POST", url.path, file)
    else:
        connection.request("GET", url.path)
    response = connection.getresponse()
    digest, size, text = hashlib.sha256(), 0, b""
    while block := response.read(1 << 16):
        digest.update(block)
        size += len(block)
        text = (text + block)[:512]
    result = {
        "status": response.status,
        "http": "HTTP/1.1",
        "sha256": digest.hexdigest(),
        "size": size,
        "text": text.decode("latin1"),
    }
    print(json.dumps(result))


main()
