// Opens a handbook in Chromium and uses it as a reader would: `node handbook.mjs PAGE LANGUAGE`.
// CHROMIUM names the browser; SHOTS a folder for screenshots.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [file, language] = process.argv.slice(2);
const executablePath = process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
assert.ok(executablePath, "no Chromium; name one in CHROMIUM");
const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

const errors = [];
async function open(options = {}) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
  page.on("console", (message) => message.type() !== "log" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("request", (request) => /^(file|data|blob):/.test(request.url()) || errors.push(`asks the network: ${request.url()}`));
  await page.goto(pathToFileURL(file).href);
  return page;
}

async function shot(page, name) {
  if (process.env.SHOTS) await page.screenshot({ path: join(process.env.SHOTS, `handbook-${language}-${name}.png`) });
}

const visible = (page, what) => page.locator(what).evaluateAll((all) => all.filter((e) => e.checkVisibility()).length);

/** Headings, ids, landmarks and the language are in order, and nothing is wider than the page. */
async function opens(page) {
  assert.equal(await page.getAttribute("html", "lang"), language);
  assert.equal(await page.locator("h1").count(), 1);
  assert.equal(await page.locator("main").count(), 1);
  assert.ok(await page.getAttribute("nav", "aria-label"));
  const ids = await page.evaluate(() => [...document.querySelectorAll("[id]")].map((e) => e.id));
  assert.equal(new Set(ids).size, ids.length, "an id stands twice");
  const levels = await page.evaluate(() => [...document.querySelectorAll("h1, h2, h3, h4")].map((h) => Number(h.tagName[1])));
  levels.reduce((before, level) => (assert.ok(level <= before + 1, "a heading's level is left out"), level));
  const lost = await page.evaluate(() =>
    [...document.querySelectorAll("a[href^='#']")].filter((a) => !document.getElementById(decodeURIComponent(a.hash.slice(1)))).map((a) => a.hash));
  assert.deepEqual(lost, [], "links that lead nowhere");
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `the page is ${wide} px too wide`);
}

/** Contrast of texts with what is behind them, by WCAG 2.2: at least 4.5. */
async function contrast(page) {
  const poor = await page.evaluate(() => {
    const channels = (color) => color.match(/[\d.]+/g).map(Number);
    const light = ([r, g, b]) => {
      const of = (v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
      return 0.2126 * of(r) + 0.7152 * of(g) + 0.0722 * of(b);
    };
    const behind = (e) => {
      for (; e; e = e.parentElement) {
        const color = channels(getComputedStyle(e).backgroundColor);
        if (color.length === 3 || color[3] === 1) return color;
      }
      return [255, 255, 255];
    };
    const all = [...document.querySelectorAll("body *:not(script):not(style):not(option)")];
    return all
      .filter((e) => e.checkVisibility() && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
      .map((e) => {
        const [a, b] = [light(channels(getComputedStyle(e).color)), light(behind(e))];
        return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), `${e.className} ${e.textContent.slice(0, 40)}`];
      })
      .filter(([ratio]) => ratio < 4.5);
  });
  assert.deepEqual(poor, [], "texts that are hard to read");
}

/** A link of the contents leads to its rule. */
async function links(page) {
  const link = page.locator("nav li[data-for] a").nth(2);
  const target = (await link.getAttribute("href")).slice(1);
  await link.click();
  assert.equal(new URL(page.url()).hash, `#${target}`);
  const top = await page.locator(`[id="${target}"]`).evaluate((e) => e.getBoundingClientRect().top);
  assert.ok(top >= -1 && top < 900, `the rule is at ${top}`);
  await shot(page, "rule");
}

/** Words and severity narrow the rules and the contents alike; a link leads to what is hidden. */
async function filters(page) {
  const all = await visible(page, "article.rule");
  const first = page.locator("article.rule").first();
  const last = page.locator("article.rule").last();
  const name = await first.locator("p.badges code").textContent();
  await page.fill("#words", name.toUpperCase());
  const found = await visible(page, "article.rule");
  assert.ok(found >= 1 && found < all, `${found} of ${all} rules are shown`);
  assert.equal(await visible(page, "nav li[data-for]"), found);
  assert.ok((await page.textContent("#count")).includes(String(found)));
  const top = await page.evaluate(() => [...document.querySelectorAll("article.rule")].find((e) => e.checkVisibility()).getBoundingClientRect().top);
  assert.ok(top >= -1 && top < 900, `what is found is at ${top}`);
  await shot(page, "filtered");
  await page.fill("#words", "no rule has these words");
  assert.equal(await visible(page, "article.rule"), 0);
  assert.equal(await visible(page, "section.domain"), 0);
  await page.evaluate((id) => (location.hash = id), await last.getAttribute("id"));
  await page.waitForFunction((n) => [...document.querySelectorAll("article.rule")].filter((e) => e.checkVisibility()).length === n, all);
  const severity = await last.getAttribute("data-severity");
  await page.selectOption("#severity", severity);
  const graded = await page.locator(`article.rule[data-severity="${severity}"]`).count();
  assert.equal(await visible(page, "article.rule"), graded);
  await page.selectOption("#severity", "");
  assert.equal(await visible(page, "article.rule"), all);
}

/** Chinese has its own glyphs: a character is as wide as another, and does not look like one that is in no font. */
async function glyphs(page) {
  const same = await page.evaluate(() => {
    const draw = (text) => {
      const canvas = document.createElement("canvas");
      canvas.width = canvas.height = 60;
      const context = canvas.getContext("2d");
      context.font = `40px ${getComputedStyle(document.body).fontFamily}`;
      context.fillText(text, 5, 45);
      return canvas.toDataURL();
    };
    return draw("规") === draw("\u{10fffd}") || draw("规") === draw("则");
  });
  assert.ok(!same, "Chinese is drawn as boxes");
  const title = await page.textContent("h1");
  assert.match(title, /\p{Script=Han}/u);
  const english = await page.locator("article.rule h3").evaluateAll((all) => all.map((e) => e.textContent).filter((t) => !/\p{Script=Han}/u.test(t)));
  assert.deepEqual(english, [], "rules without a Chinese title");
}

const page = await open();
await opens(page);
await shot(page, "opens");
await contrast(page);
await links(page);
await filters(page);
if (language === "zh") await glyphs(page);
await page.locator("details").first().locator("summary").click();
await page.locator("details").first().scrollIntoViewIfNeeded();
await shot(page, "examples");

const dark = await open({ colorScheme: "dark" });
await contrast(dark);
await shot(dark, "dark");

const narrow = await open({ viewport: { width: 390, height: 800 } });
await opens(narrow);
await shot(narrow, "narrow");

const still = await open({ javaScriptEnabled: false });
assert.equal(await still.locator("#filter").isVisible(), false, "a filter that does nothing is shown");
assert.ok(await still.locator("article.rule").first().isVisible());

await page.emulateMedia({ media: "print" });
assert.equal(await page.locator("#filter").isVisible(), false);
await shot(page, "print");

await browser.close();
assert.deepEqual(errors, []);
