// Opens pages in Chromium or Firefox and prints one line of JSON. With `url`: what that page found,
// and each console error, page error and failed request. With `urls`: for each its title, or the
// browser's own word for why it can't be opened.
// Usage: node drive.mjs '{"browser":…,"program":…,"profile":…,"proxy":"HOST:PORT","url":…}'
import puppeteer from "puppeteer-core";

const LIMIT_MS = 60_000;
const options = JSON.parse(process.argv[2]);

// Browsers must ask the proxy for localhost as well, and call nobody else.
const chromiumArguments = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-domain-reliability",
  "--disable-features=AutofillServerCommunication,MediaRouter,OptimizationHints",
  ...(options.proxy ? [`--proxy-server=http://${options.proxy}`, "--proxy-bypass-list=<-loopback>"] : []),
];

function firefoxSettings() {
  const quiet = {
    "network.captive-portal-service.enabled": false,
    "network.connectivity-service.enabled": false,
    "network.dns.disablePrefetch": true,
    "network.prefetch-next": false,
    "network.http.http3.enable": false,
    "browser.safebrowsing.malware.enabled": false,
    "browser.safebrowsing.phishing.enabled": false,
    "app.normandy.enabled": false,
    "extensions.update.enabled": false,
    "services.settings.server": "data:,",
    "security.OCSP.enabled": 0,
  };
  if (!options.proxy) return quiet;
  const [host, port] = options.proxy.split(":");
  return {
    ...quiet,
    "network.proxy.type": 1,
    "network.proxy.http": host,
    "network.proxy.http_port": Number(port),
    "network.proxy.ssl": host,
    "network.proxy.ssl_port": Number(port),
    "network.proxy.no_proxies_on": "",
    "network.proxy.allow_hijacking_localhost": true,
  };
}

function launch() {
  const common = {
    browser: options.browser,
    executablePath: options.program,
    headless: true,
    userDataDir: options.profile,
    timeout: LIMIT_MS, // to start: a busy machine takes its time
  };
  if (options.browser === "chrome") return puppeteer.launch({ ...common, args: chromiumArguments });
  return puppeteer.launch({ ...common, extraPrefsFirefox: firefoxSettings() });
}

async function visit(browser) {
  const found = { console: [], pageErrors: [], failedRequests: [], statuses: {} };
  const page = await browser.newPage();
  page.on("console", (message) => message.type() === "error" && found.console.push(message.text()));
  page.on("pageerror", (error) => found.pageErrors.push(String(error)));
  page.on("requestfailed", (request) => {
    // The page itself closes its event stream: Chromium calls that aborted.
    if (request.url().endsWith("/sse") && request.failure()?.errorText === "net::ERR_ABORTED") return;
    found.failedRequests.push(`${request.url()} ${request.failure()?.errorText}`);
  });
  page.on("response", (response) => {
    found.statuses[response.status()] = (found.statuses[response.status()] ?? 0) + 1;
  });
  try {
    await page.goto(options.url, { timeout: LIMIT_MS });
    await page.waitForFunction(() => window.result, { timeout: LIMIT_MS });
    found.result = await page.evaluate(() => window.result);
  } catch (error) {
    found.error = String(error);
  }
  return found;
}

// Each in a page of its own: what one site broke must not be told of the next.
async function visitAll(browser) {
  const found = { visits: {} };
  for (const url of options.urls) {
    const page = await browser.newPage();
    try {
      const response = await page.goto(url, { timeout: LIMIT_MS, waitUntil: "domcontentloaded" });
      found.visits[url] = { status: response?.status(), title: await page.title() };
    } catch (error) {
      found.visits[url] = { error: error.message };
    }
    await page.close();
  }
  return found;
}

const browser = await launch();
try {
  const found = await (options.urls ? visitAll(browser) : visit(browser));
  found.version = await browser.version();
  console.log(JSON.stringify(found));
} finally {
  await browser.close();
}
