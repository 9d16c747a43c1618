// An HTTPS origin in Node: HTTP/1.1 and h2, files, uploads, SSE and a WebSocket echo.
// Usage: node origin.mjs '{"site":…,"cert":…,"key":…,…}'; prints "listening PORT".
import { createHash } from "node:crypto";
import { createReadStream, readFileSync, statSync } from "node:fs";
import http2 from "node:http2";
import https from "node:https";
import path from "node:path";

const options = JSON.parse(process.argv[2]);
const tls = {
  cert: readFileSync(options.cert),
  key: readFileSync(options.key),
  minVersion: options.min ?? "TLSv1.2",
  maxVersion: options.max ?? "TLSv1.3",
  ciphers: options.ciphers,
  ecdhCurve: options.groups ?? "auto",
  sigalgs: options.sigalgs,
  requestCert: Boolean(options.clientCa),
  rejectUnauthorized: Boolean(options.clientCa),
  ca: options.clientCa ? readFileSync(options.clientCa) : undefined,
};

const types = { ".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml" };

function sendFile(request, response) {
  const file = path.join(options.site, path.normalize(request.url.split("?")[0]));
  let size;
  try {
    size = statSync(file).size;
  } catch {
    response.writeHead(404).end("not found\n");
    return;
  }
  const type = types[path.extname(file)] ?? "application/octet-stream";
  response.writeHead(200, { "content-type": type, "content-length": size });
  createReadStream(file).pipe(response);
}

function hashBody(request, response) {
  const hash = createHash("sha256");
  let size = 0;
  request.on("data", (block) => {
    size += block.length;
    hash.update(block);
  });
  request.on("end", () => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ sha256: hash.digest("hex"), size }));
  });
}

// Ten events, each sent only after the one before has left: a proxy that buffers would stall the
// page, which waits for the first before it asks for /sse-more.
let releaseEvents = () => {};
function sendEvents(response) {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  response.write("data: first\n\n");
  releaseEvents = () => {
    for (let i = 1; i < 10; i++) response.write(`data: event ${i}\n\n`);
    response.end("event: done\ndata: done\n\n");
  };
}

function onRequest(request, response) {
  const url = request.url.split("?")[0];
  if (url === "/hash") return hashBody(request, response);
  if (url === "/sse") return sendEvents(response);
  if (url === "/sse-more") {
    releaseEvents();
    return response.writeHead(200, { "content-type": "text/plain" }).end("released\n");
  }
  if (url === "/about") {
    response.writeHead(200, { "content-type": "application/json" });
    const socket = request.stream?.session?.socket ?? request.socket;
    return response.end(JSON.stringify({ http: request.httpVersion, tls: socket.getProtocol(), sni: socket.servername }));
  }
  if (url === "/") request.url = "/index.html";
  sendFile(request, response);
}

// RFC 6455: echoes every frame with its opcode, unmasked; close frames end it.
function echoFrames(socket, head) {
  let pending = head;
  const take = () => {
    while (pending.length >= 2) {
      let length = pending[1] & 0x7f;
      let at = 2;
      if (length === 126) [length, at] = pending.length < 4 ? [Infinity, 0] : [pending.readUInt16BE(2), 4];
      else if (length === 127) [length, at] = pending.length < 10 ? [Infinity, 0] : [Number(pending.readBigUInt64BE(2)), 10];
      if (pending.length < at + 4 + length) return;
      const mask = pending.subarray(at, at + 4);
      const body = Buffer.from(pending.subarray(at + 4, at + 4 + length));
      for (let i = 0; i < body.length; i++) body[i] ^= mask[i & 3];
      socket.write(Buffer.concat([Buffer.from([pending[0]]), lengthBytes(length), body]));
      if ((pending[0] & 0x0f) === 8) return socket.end();
      pending = pending.subarray(at + 4 + length);
    }
  };
  socket.on("data", (block) => {
    pending = Buffer.concat([pending, block]);
    take();
  });
  socket.on("error", () => {});
  take();
}

function lengthBytes(length) {
  if (length < 126) return Buffer.from([length]);
  const bytes = Buffer.alloc(length < 65536 ? 3 : 9);
  bytes[0] = length < 65536 ? 126 : 127;
  if (length < 65536) bytes.writeUInt16BE(length, 1);
  else bytes.writeBigUInt64BE(BigInt(length), 1);
  return bytes;
}

function onUpgrade(request, socket, head) {
  const accept = createHash("sha1")
    .update(request.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
    .digest("base64");
  socket.write(
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  echoFrames(socket, head);
}

const server = options.h2
  ? http2.createSecureServer({ ...tls, allowHTTP1: true }, onRequest)
  : https.createServer(tls, onRequest);
server.on("upgrade", onUpgrade);
server.on("tlsClientError", () => {});
server.listen(options.port ?? 0, options.host ?? "127.0.0.1", () => console.log(`listening ${server.address().port}`));
