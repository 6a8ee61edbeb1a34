// Opens a report in Chromium and uses it as a reader would: `node report.mjs PAGE CHECK`.
// CHROMIUM names the browser; SHOTS a folder for screenshots.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [file, check] = process.argv.slice(2);
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
  if (options.javaScriptEnabled !== false) await page.waitForSelector("html[data-ready]", { state: "attached", timeout: 60_000 });
  return page;
}

async function shot(page, name) {
  if (process.env.SHOTS) await page.screenshot({ path: join(process.env.SHOTS, `${check}-${name}.png`), fullPage: true });
}

const rows = (page) => page.locator("#list tbody tr:not(.more)");
const status = (page) => page.locator("#f-count").textContent();
const shown = async (page) => Number((await status(page)).match(/^([\d,]+) of/)[1].replaceAll(",", ""));

/** The page as it opens: charts drawn, no horizontal overflow, headings and tables in order. */
async function opens(page) {
  for (const chart of await page.locator("#charts .chart").all()) {
    assert.ok(await chart.locator("svg").count(), "a chart is not drawn");
    assert.match(await chart.getAttribute("aria-label"), /\w/, "a chart is not described");
    assert.ok(await chart.locator("svg text", { hasText: /[a-z]{4}|\d{4}/ }).count(), "a chart has no names at its axis");
  }
  assert.equal(await page.locator("h1").count(), 1);
  assert.equal(await page.evaluate(() => new Set([...document.querySelectorAll("[id]")].map((e) => e.id)).size),
    await page.locator("[id]").count(), "an id stands twice");
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
    const all = [...document.querySelectorAll("body *:not(script):not(style):not(svg *):not(option)")];
    return all
      .filter((e) => e.checkVisibility() && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
      .map((e) => {
        const [a, b] = [light(channels(getComputedStyle(e).color)), light(behind(e))];
        return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), `${e.className} ${e.textContent.slice(0, 40)}`];
      })
      .filter(([ratio]) => ratio < 4.5);
  });
  assert.deepEqual(poor, []);
}

const checks = {
  async company() {
    const page = await open();
    await opens(page);
    await contrast(page);
    await shot(page, "light");
    const all = await shown(page);
    assert.equal(all, 28);
    // A figure, a row of a table behind a chart, and a bar all lead to the findings.
    await page.locator(".tile.critical").click();
    assert.equal(await shown(page), 7);
    assert.equal(await page.evaluate(() => document.activeElement.id), "findings");
    await page.locator("#f-reset").click();
    await page.locator("#fig-groups summary").click();
    await page.locator("#fig-groups button", { hasText: "Logistics" }).click();
    assert.equal(await page.locator("#f-group").inputValue(), "Logistics");
    assert.equal(await shown(page), 2);
    await page.locator("#f-reset").click();
    await page.locator("#chart-months").evaluate((chart) => chart.scrollIntoView({ block: "center", behavior: "instant" }));
    const chart = await page.locator("#chart-months").boundingBox();
    const boxes = await Promise.all((await page.locator("#chart-months path[fill='#9b1c31']").all()).map((path) => path.boundingBox()));
    // The first one is the legend's.
    const box = boxes.find((box) => box.y > chart.y + 50);
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    const month = await page.locator("#f-from").inputValue();
    assert.match(month, /^2025-\d\d$/);
    assert.equal(await page.locator("#f-to").inputValue(), month);
    assert.ok((await page.locator("#list tbody td.t").first().textContent()).startsWith(month));
    // From a finding to its rule and its record.
    const toggle = rows(page).first().locator("button.open");
    await toggle.focus();
    await page.keyboard.press("Enter");
    assert.equal(await toggle.getAttribute("aria-expanded"), "true");
    const details = page.locator("#list tr.more").first();
    assert.match(await details.textContent(), /examples\/company\/log\.ndjson:\d+/);
    assert.match(await details.textContent(), /rules\.bylaw:\d+:\d+/);
    await details.locator("summary").click();
    assert.match(await details.locator("pre").textContent(), /^(forbid|require|limit) /);
    await shot(page, "details");
    await page.keyboard.press("Escape");
    await page.reload();
    assert.equal(await page.locator("#f-from").inputValue(), month, "the address keeps the filters");
    await page.locator("#f-reset").click();
    const times = () => page.locator("#list tbody tr:not(.more) td.t:nth-child(3)").allTextContents();
    await page.locator("th[data-sort=time] button").click();
    assert.deepEqual(await times(), (await times()).toSorted());
    await page.locator("th[data-sort=time] button").click();
    assert.equal(await page.locator("th[data-sort=time]").getAttribute("aria-sort"), "descending");
    assert.deepEqual(await times(), (await times()).toSorted().reverse());
    await page.locator("th[data-sort=time] button").click();
    await page.locator("#f-text").fill("dropbox");
    await page.waitForFunction(() => /^\d+ of/.test(document.getElementById("f-count").textContent) && document.getElementById("f-count").textContent.includes("filtered"));
    for (const text of await rows(page).allTextContents()) assert.match(text, /dropbox/);
    const dark = await open({ colorScheme: "dark" });
    await opens(dark);
    await contrast(dark);
    await shot(dark, "dark");
    const narrow = await open({ viewport: { width: 390, height: 800 } });
    await opens(narrow);
    await shot(narrow, "narrow");
    const bare = await open({ javaScriptEnabled: false });
    assert.ok(await bare.locator("#rules tbody tr").count() > 5, "the tables need no script");
    assert.ok(!(await bare.locator("#filters").isVisible()));
    await page.emulateMedia({ media: "print" });
    await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
    await page.setViewportSize({ width: 718, height: 1000 });
    const sheet = await page.evaluate(() => [...document.querySelectorAll(".chart svg")].every((svg) => svg.getBoundingClientRect().right <= 718));
    assert.ok(sheet, "a chart is wider than the sheet");
    assert.ok(!(await page.locator("#f-text").isVisible()));
    await page.pdf({ path: process.env.SHOTS ? join(process.env.SHOTS, "print.pdf") : undefined });
  },

  // Texts that would be markup are texts.
  async hostile() {
    const page = await open();
    await opens(page);
    assert.doesNotMatch(await page.content(), /CANARY/);
    await shot(page, "light");
  },

  async many() {
    const began = Date.now();
    const page = await open();
    console.log(`opened in ${Date.now() - began} ms`);
    await opens(page);
    assert.ok(await shown(page) >= 100_000);
    assert.equal(await rows(page).count(), 50);
    const slowest = await page.evaluate(async () => {
      const times = [];
      for (const month of ["2025-02", "2025-07", ""]) {
        const start = performance.now();
        const from = document.getElementById("f-from");
        from.value = month;
        from.dispatchEvent(new Event("change"));
        await new Promise(requestAnimationFrame);
        times.push(performance.now() - start);
      }
      return Math.max(...times);
    });
    console.log(`filtered in at most ${Math.round(slowest)} ms`);
    await page.locator("#next").click();
    assert.match(await page.locator("#page").textContent(), /^Page 2 of /);
  },

  async marketplace() {
    const page = await open();
    await opens(page);
    await contrast(page);
    await shot(page, "light");
    // What is required, a leader, and a figure's table.
    assert.ok(await page.locator("#required tbody tr").count() > 5);
    await page.locator("#leaders button").first().click();
    assert.match(await page.locator("#f-subject").inputValue(), /^Person \d+$/);
    assert.equal(await shown(page), await rows(page).count());
    await page.locator("#f-reset").click();
    for (const chart of await page.locator("#metrics .chart").all()) assert.ok(await chart.locator("svg").count(), "a figure is not drawn");
    await page.locator("#metrics summary").first().click();
    assert.ok(await page.locator("#metrics details[open] tbody tr").count() >= 2);
    await shot(page, "figures");
  },

  async register() {
    const page = await open();
    await opens(page);
    await contrast(page);
    assert.ok(await shown(page) > 0);
    await shot(page, "light");
  },
};

try {
  await checks[check]();
  assert.deepEqual(errors, [], "the console is clean");
} finally {
  await browser.close();
}
