"""Origins and midspans that several rows share: starting one costs more than a handshake."""

import json
from collections import OrderedDict

from harness.midspan import Midspan

from . import certs
from .publisher import Publisher
from .stacks import STACKS

ORIGINS_MAX = 24
MIDSPANS_MAX = 10


class Watched(Midspan):
    """Reads only what is new in the log: it grows with every row that shares the proxy."""

    def all_events(self):
        seen, at = getattr(self, "_seen", ([], 0))
        if self.log_file.exists():
            with open(self.log_file, "rb") as file:
                file.seek(at)
                data = file.read()
            whole = data[: data.rfind(b"\n") + 1]
            seen.extend(json.loads(line) for line in whole.splitlines())
            at += len(whole)
        self._seen = (seen, at)
        return seen


class Pool:
    """Whatever is asked for runs until it is the one unused longest, or the end."""

    def __init__(self, folder, site, pki, authority_dir):
        self.folder, self.site, self.pki, self.authority_dir = folder, site, pki, authority_dir
        self._origins, self._midspans = OrderedDict(), OrderedDict()
        self._count = 0
        self.publisher = pki.publisher = Publisher(folder / "publisher")

    def _new_folder(self):
        self._count += 1
        return self.folder / str(self._count)

    def origin(self, name, fault, key, **options):
        def start():
            cert = certs.make(self.pki, key, fault)
            if options.get("client_ca"):
                options["client_ca"] = self.pki.root
            if "extra" in options:
                options["extra"] = tuple(self._filled(word) for word in options["extra"])
            origin = STACKS[name](self._new_folder(), self.site.folder, cert=cert, **options)
            origin.start()
            return origin

        wanted = repr((name, fault, key, sorted(options.items())))
        return self._get(self._origins, ORIGINS_MAX, wanted, start)

    def midspan(self, *options, how, fresh=False):
        def start():
            return Watched(self._new_folder(), *options, **{"ca_dir": self.authority_dir, **how})

        wanted = repr((options, sorted(how.items()), self._count if fresh else None))
        is_shared = wanted in self._midspans
        proxy = self._get(self._midspans, MIDSPANS_MAX, wanted, start)
        if is_shared:
            proxy.settle()  # what another row's connections say late is not this row's
        proxy.mark()
        return proxy

    def expired_authority(self):
        folder = self.folder / "expired-authority"
        return folder if folder.exists() else certs.authority(self.pki, folder, (-400, -2))

    def _filled(self, word):
        if "STAPLE" in word:
            return str(certs.staple(self.pki))
        if "DH1024" not in word:
            return word
        return word.replace("DH1024", str(certs.small_prime(self.pki)))

    @staticmethod
    def _get(running, most, wanted, start):
        if wanted not in running:
            running[wanted] = start()
            if len(running) > most:
                running.popitem(last=False)[1].stop()
        running.move_to_end(wanted)
        return running[wanted]

    def stop(self):
        for one in [*self._midspans.values(), *self._origins.values()]:
            one.stop()
        self.publisher.stop()
