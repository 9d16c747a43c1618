// Fetches one URL with Node's tls, https and http2; prints one line of JSON: status, http, sha256,
// size, text. Usage: node fetch.mjs '{"url":…,"proxy":…,"ca":…,"h2":…,"upload":…}'; the proxy "env"
// is the one that the environment names.
import { createHash } from "node:crypto";
import { createReadStream, readFileSync, statSync } from "node:fs";
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import net from "node:net";
import tls from "node:tls";

const options = JSON.parse(process.argv[2]);
const url = new URL(options.url);
const port = Number(url.port || 443);
if (options.proxy === "env") options.proxy = process.env.HTTPS_PROXY ?? process.env.https_proxy;
const host = url.hostname.replace(/^\[|\]$/g, "");

function tunnel() {
  if (!options.proxy) return Promise.resolve(net.connect(port, host));
  const proxy = new URL(options.proxy);
  return new Promise((resolve, reject) => {
    http
      .request({ host: proxy.hostname, port: proxy.port, method: "CONNECT", path: url.host })
      .on("connect", (answer, socket) =>
        answer.statusCode === 200 ? resolve(socket) : reject(new Error(`CONNECT: ${answer.statusCode}`)),
      )
      .on("error", reject)
      .end();
  });
}

function secured(socket) {
  return new Promise((resolve, reject) => {
    const over = tls.connect({
      socket,
      servername: net.isIP(host) ? "" : host,
      ca: options.ca ? readFileSync(options.ca) : undefined,
      ALPNProtocols: options.h2 ? ["h2", "http/1.1"] : ["http/1.1"],
      minVersion: options.min,
      maxVersion: options.max,
      checkServerIdentity: (_, cert) => tls.checkServerIdentity(host, cert),
    });
    over.on("secureConnect", () => resolve(over)).on("error", reject);
  });
}

function request1(socket) {
  const method = options.upload ? "POST" : "GET";
  const headers = options.upload ? { "content-length": statSync(options.upload).size } : {};
  const request = https.request({ createConnection: () => socket, host, path: url.pathname + url.search, method, headers });
  return new Promise((resolve, reject) => {
    request.on("response", (response) => resolve([response, response.statusCode, "HTTP/1.1"]));
    request.on("error", reject);
    send(request);
  });
}

function request2(socket) {
  const session = http2.connect(url.origin, { createConnection: () => socket });
  const request = session.request(
    { ":path": url.pathname + url.search, ":method": options.upload ? "POST" : "GET" },
    { endStream: !options.upload },
  );
  return new Promise((resolve, reject) => {
    request.on("response", (headers) => resolve([request, headers[":status"], "HTTP/2.0"]));
    request.on("end", () => session.close());
    request.on("error", reject);
    session.on("error", reject);
    if (options.upload) send(request);
  });
}

function send(request) {
  if (options.upload) createReadStream(options.upload).pipe(request);
  else request.end();
}

async function main() {
  const socket = await secured(await tunnel());
  const [body, status, version] = await (socket.alpnProtocol === "h2" ? request2(socket) : request1(socket));
  const hash = createHash("sha256");
  let size = 0;
  let text = Buffer.alloc(0);
  for await (const block of body) {
    hash.update(block);
    size += block.length;
    if (text.length < 512) text = Buffer.concat([text, block]).subarray(0, 512);
  }
  console.log(JSON.stringify({ status, http: version, sha256: hash.digest("hex"), size, text: text.toString("latin1") }));
  process.exit(0);
}

main().catch((error) => {
  console.error(String(error.code ?? ""), String(error.message));
  process.exit(1);
});
