const hex = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const sha256 = async (bytes) => hex(await crypto.subtle.digest("SHA-256", bytes));

async function styled() {
  return getComputedStyle(document.querySelector("h1")).color;
}

async function pictures() {
  await Promise.all([...document.images].map((image) => image.decode()));
  return [...document.images].every((image) => image.naturalWidth > 0);
}

async function download() {
  const response = await fetch("download.bin");
  return sha256(await response.arrayBuffer());
}

async function manyAtOnce() {
  const all = Array.from({ length: 30 }, (_, i) => fetch(`small.bin?${i}`).then((got) => got.arrayBuffer()));
  const hashes = new Set(await Promise.all((await Promise.all(all)).map(sha256)));
  return [...hashes];
}

async function upload() {
  const body = new Uint8Array(3 << 20).map((_, i) => i * 31 + (i >> 8));
  const answer = await (await fetch("hash", { method: "POST", body })).json();
  return answer.sha256 === (await sha256(body));
}

function form() {
  const form = document.querySelector("#form");
  const frame = document.querySelector("iframe");
  const files = new DataTransfer();
  files.items.add(new File(["x".repeat(200_000)], "file.txt"));
  form.elements.file.files = files.files;
  return new Promise((resolve, reject) => {
    frame.onload = () => {
      const said = frame.contentDocument.body.textContent;
      if (said.includes("sha256")) resolve(JSON.parse(said.slice(said.indexOf("{"), said.lastIndexOf("}") + 1)).size > 200_000);
    };
    frame.onerror = reject;
    form.submit();
  });
}

// The server holds the other events back until /sse-more is asked for: they flow only if the first
// one was not held in a buffer on the way.
function events() {
  const source = new EventSource("sse");
  const seen = [];
  return new Promise((resolve, reject) => {
    source.onmessage = (event) => {
      seen.push(event.data);
      if (event.data === "first") fetch("sse-more").then((answer) => answer.text());
    };
    source.addEventListener("done", () => {
      source.close();
      resolve(seen.length);
    });
    source.onerror = () => reject(new Error("the event stream broke"));
  });
}

function webSocket() {
  const socket = new WebSocket(`wss://${location.host}/ws`);
  socket.binaryType = "arraybuffer";
  const sent = [new Uint8Array(1), new Uint8Array(300).fill(7), new Uint8Array(300_000).fill(9)];
  const got = [];
  return new Promise((resolve, reject) => {
    socket.onopen = () => sent.forEach((block) => socket.send(block));
    socket.onmessage = (event) => {
      got.push(new Uint8Array(event.data));
      if (got.length === sent.length) socket.close();
    };
    socket.onclose = () => resolve(got.every((block, i) => block.length === sent[i].length && block.at(-1) === sent[i].at(-1)));
    socket.onerror = () => reject(new Error("the WebSocket broke"));
  });
}

async function protocol() {
  return (await fetch("about")).json();
}

export const steps = { styled, pictures, download, manyAtOnce, upload, form, events, webSocket, protocol };
