"""Captures without a capturing program: a relay that keeps what goes through it, and writers of
pcap and pcapng with the packets that a network card would have seen."""

import socket
import struct
import threading

SYN, ACK, FIN, RST = 0x02, 0x10, 0x01, 0x04
CLIENT, SERVER = 0, 1
SEGMENT = 536  # bytes of data in one packet


class Relay:
    """Passes the connections to an endpoint on; `segments` is what went by, in order."""

    def __init__(self, endpoint):
        host, _, port = endpoint.rpartition(":")
        self.target = (host.strip("[]"), int(port))
        self.segments = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = "localhost:%d" % self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
        self.thread.join(10)

    def _serve(self):
        try:
            client, _ = self.listener.accept()
        except OSError:
            return
        server = socket.create_connection(self.target)
        self._note(CLIENT, b"", SYN)
        self._note(SERVER, b"", SYN | ACK)
        back = threading.Thread(target=self._pump, args=(SERVER, server, client), daemon=True)
        back.start()
        self._pump(CLIENT, client, server)
        back.join(1)  # a server that does not close is left
        _shut(server, socket.SHUT_RDWR)
        back.join(10)
        client.close()
        server.close()

    def _note(self, side, data, flags):
        with self.lock:
            self.segments.append((side, data, flags))

    def _pump(self, side, source, target):
        try:
            while data := source.recv(65536):
                self._note(side, data, ACK)
                target.sendall(data)
        except OSError:
            self._note(side, b"", RST)
            for end in (source, target):  # wakes the other thread as well
                _shut(end, socket.SHUT_RDWR)
            return
        self._note(side, b"", FIN | ACK)
        _shut(target, socket.SHUT_WR)


def _shut(end, how):
    try:
        end.shutdown(how)
    except OSError:
        pass  # it has gone already


def tcp_packets(segments, ip6=False):
    """IP packets of a connection, large segments cut as a network would."""
    sequence = [1000, 4294967000]  # the server's goes round
    packets = []
    for side, data, flags in segments:
        pieces = [data[i : i + SEGMENT] for i in range(0, len(data), SEGMENT)] or [b""]
        for piece in pieces:
            ports = (50000, 443) if side == CLIENT else (443, 50000)
            tcp = struct.pack(
                "!HHIIBBHHH", *ports, sequence[side], sequence[1 - side], 0x50, flags, 65535, 0, 0
            )
            packets.append(_ip(side, tcp + piece, ip6))
            step = len(piece) + (1 if flags & (SYN | FIN) else 0)
            sequence[side] = (sequence[side] + step) % (1 << 32)
    return packets


def _ip(side, payload, ip6):
    if ip6:
        ends = [bytes(15) + b"\x01", bytes(15) + b"\x02"]
        head = struct.pack("!IHBB", 0x60000000, len(payload), 6, 64)
    else:
        ends = [b"\xc0\x00\x02\x01", b"\xc0\x00\x02\x02"]
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0, 64, 6, 0)
    return head + ends[side] + ends[1 - side] + payload


def _link(packet, link):
    kind = 0x86DD if packet[0] >> 4 == 6 else 0x0800
    return {
        1: lambda: bytes(12) + struct.pack("!H", kind) + packet,
        "vlan": lambda: bytes(12) + struct.pack("!HHH", 0x8100, 7, kind) + packet,
        0: lambda: struct.pack("<I", 2) + packet,
        101: lambda: packet,
        147: lambda: packet,  # LINKTYPE_USER0: whatever its user takes it for
        113: lambda: bytes(14) + struct.pack("!H", kind) + packet,
        276: lambda: struct.pack("!H", kind) + bytes(18) + packet,
    }[link]()


def pcap(packets, link=1, order="<", snap=262144):
    """Of each packet, `snap` bytes are captured at most."""
    number = 1 if link == "vlan" else link
    out = struct.pack(order + "IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, snap, number)
    for i, packet in enumerate(packets):
        frame = _link(packet, link)
        taken = frame[:snap]
        out += struct.pack(order + "IIII", 1700000000 + i, 0, len(taken), len(frame)) + taken
    return out


def pcapng(packets, link=1, order="<"):
    number = 1 if link == "vlan" else link

    def block(kind, body):
        body += bytes(-len(body) % 4)
        size = struct.pack(order + "I", len(body) + 12)
        return struct.pack(order + "I", kind) + size + body + size

    out = block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    out += block(1, struct.pack(order + "HHI", number, 0, 262144))
    for i, packet in enumerate(packets):
        frame = _link(packet, link)
        ticks = (1700000000 + i) * 1000000
        head = (0, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame))
        out += block(6, struct.pack(order + "IIIII", *head) + frame)
    return out
