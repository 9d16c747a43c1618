"""A TLS server by Python's ssl, for the matrix: origin.py '{"cert":…,"key":…,"alert":…}'.

`alert`: the program on top refuses each name with this alert, as an application may.
"""

import json
import socket
import ssl
import sys
import threading

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
VERSIONS = {
    "TLS1.2": ssl.TLSVersion.TLSv1_2,
    "TLS1.3": ssl.TLSVersion.TLSv1_3,
}


def context_of(options):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options["cert"], options["key"])
    context.minimum_version = VERSIONS[options["min"]]
    context.maximum_version = VERSIONS[options["max"]]
    if options.get("ciphers"):
        context.set_ciphers(options["ciphers"])
    if options.get("client_ca"):
        context.load_verify_locations(options["client_ca"])
        context.verify_mode = ssl.CERT_REQUIRED
    if options.get("alert"):
        alert = ssl.AlertDescription[options["alert"]]
        context.sni_callback = lambda *_: alert
    return context


def serve(connection, context):
    try:
        with context.wrap_socket(connection, server_side=True) as tls:
            data = b""
            while b"\r\n\r\n" not in data and (block := tls.recv(65536)):
                data += block
            tls.sendall(ANSWER)
            tls.unwrap()
    except OSError:  # ssl.SSLError is one
        connection.close()


def main():
    options = json.loads(sys.argv[1])
    context = context_of(options)
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"listening {listener.getsockname()[1]}", flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection, context), daemon=True).start()


main()
