// Drives Chromium for tests: one JSON command a line on stdin, one JSON answer a line on stdout (peers/chromium.py).
import {createInterface} from "node:readline";
import {createRequire} from "node:module";
import puppeteer from "puppeteer-core";

const axePath = createRequire(import.meta.url).resolve("axe-core");
const browser = await puppeteer.launch({
  executablePath: process.argv[2], headless: "shell", args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
let page, problems = [];

const commands = {
  async open({url, width = 1280, height = 900, scheme = "light", language = "en", cookies = [], password = "", script = true, policy = true}) {
    if (page) await page.close();
    problems = [];
    page = await browser.newPage();
    page.on("console", message => { if (message.type() === "error") problems.push(message.text()); });
    page.on("pageerror", error => problems.push(error.message));
    await page.setBypassCSP(!policy);
    await page.setJavaScriptEnabled(script);
    await page.setViewport({width, height});
    await page.emulateMediaFeatures([{name: "prefers-color-scheme", value: scheme}, {name: "prefers-reduced-motion", value: "reduce"}]);
    await page.setExtraHTTPHeaders({"Accept-Language": language});
    if (password) await page.authenticate({username: "test", password});
    if (cookies.length) await page.setCookie(...cookies.map(cookie => ({url, ...cookie})));
    const answer = await page.goto(url, {waitUntil: "domcontentloaded"});
    return answer.status();
  },
  async run({code}) { return await page.evaluate(code) ?? null; },
  async wait({code, timeout = 60000}) { await page.waitForFunction(code, {timeout, polling: 100}); return await page.evaluate(code); },
  async click({selector}) { await page.click(selector); return null; },
  async follow({selector}) {
    await Promise.all([page.waitForNavigation({waitUntil: "domcontentloaded"}), page.click(selector)]);
    return new URL(page.url()).pathname;
  },
  async type({selector, text}) { await page.type(selector, text); return null; },
  async picture({path}) { await page.screenshot({path, fullPage: true}); return null; },
  async violations() {
    await page.addScriptTag({path: axePath});
    const found = await page.evaluate(() => axe.run(document, {rules: {"target-size": {enabled: true}}}));
    return found.violations.map(one => `${one.id}: ${one.nodes.slice(0, 3).map(node => `${node.html.slice(0, 150)} ${node.failureSummary}`).join(" | ")}`);
  },
  async problems() { return problems; },
};

for await (const line of createInterface({input: process.stdin})) {
  const {name, ...given} = JSON.parse(line);
  let answer;
  try { answer = {value: await commands[name](given)}; } catch (error) { answer = {error: String(error.message)}; }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
await browser.close();
