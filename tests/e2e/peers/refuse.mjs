// Asks for / and says no to the certificate: by a check of its own, or by a revocation list.
// Usage: node refuse.mjs PORT VERSION CA -|CRL
import { readFileSync } from "node:fs";
import https from "node:https";

const [port, version, ca, list] = process.argv.slice(2);
const options = { host: "127.0.0.1", port, servername: "localhost", ca: readFileSync(ca), agent: false };
options.maxVersion = version.replace("TLS", "TLSv");
if (list === "-") options.checkServerIdentity = () => new Error("not the certificate that is known");
else options.crl = readFileSync(list);
https
  .get(options, () => process.exit(2))
  .on("error", (error) => console.log(error.message));
