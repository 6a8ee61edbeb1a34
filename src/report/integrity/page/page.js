"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const SEVERITIES = ["critical", "major", "minor", "info"];
  const PAGE = 50;
  const UNKNOWN = "not known";
  const grouped = new Intl.NumberFormat("en");

  const state = { text: "", verdict: "", severity: "", rule: "", group: "", subject: "", from: "", to: "", new: "" };
  let report, rules, rows, shown = [], page = 0, opened = new Set();

  async function unpack() {
    const packed = Uint8Array.from(atob($("packed").textContent), (c) => c.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).json();
  }

  // ------------------------------------------------------------ filters

  const month = (row) => (row.time ? row.time.slice(0, 7) : "");
  const group = (row) => row.group ?? UNKNOWN;

  /** `but`: a filter that does not count, for the chart that sets it. */
  function fits(row, but = []) {
    const is = (name, value) => !state[name] || but.includes(name) || state[name] === value;
    if (!is("verdict", row.verdict) || !is("severity", row.severity) || !is("rule", row.rule)) return false;
    if (!is("group", group(row)) || !is("subject", row.subject ?? UNKNOWN)) return false;
    if (state.new && !row.new) return false;
    if (!but.includes("month")) {
      if (state.from && month(row) < state.from) return false;
      if (state.to && (month(row) || "9999") > state.to) return false;
    }
    return !state.text || words().every((word) => text(row).includes(word));
  }

  let asked = "", split = [];
  function words() {
    if (asked !== state.text) {
      asked = state.text;
      split = asked.toLowerCase().split(/\s+/).filter(Boolean);
    }
    return split;
  }

  function text(row) {
    row.words ??= [row.id, row.rule, rules.get(row.rule).title, row.message, row.subject, row.group, row.time,
      ...row.records.flatMap((r) => [r.kind, r.identity, r.place])].join(" ").toLowerCase();
    return row.words;
  }

  function set(changes, go) {
    Object.assign(state, changes);
    for (const [name, id] of Object.entries({ text: "f-text", verdict: "f-verdict", severity: "f-severity", rule: "f-rule",
      group: "f-group", subject: "f-subject", from: "f-from", to: "f-to" })) {
      if ($(id).value !== state[name]) $(id).value = state[name];
      $(id).classList.toggle("on", state[name] !== "");
    }
    $("f-new").checked = state.new !== "";
    const query = new URLSearchParams(Object.entries(state).filter(([, value]) => value !== ""));
    history.replaceState(null, "", query.size ? "#" + query : location.pathname + location.search);
    page = 0;
    opened.clear();
    draw();
    if (go) {
      $("findings").focus({ preventScroll: true });
      $("findings").scrollIntoView({ block: "start", behavior: calm() ? "auto" : "smooth" });
    }
  }

  const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
  const none = () => Object.fromEntries(Object.keys(state).map((name) => [name, ""]));
  const of = (query) => ({ ...none(), ...Object.fromEntries(new URLSearchParams(query)) });

  function choices(id, all, first, label = (value) => value) {
    const options = [...all].map((value) => new Option(label(value), value));
    $(id).replaceChildren(new Option(first, ""), ...options);
  }

  function setUp() {
    const have = (name) => new Set(rows.map(name));
    const verdicts = have((r) => r.verdict);
    choices("f-verdict", ["finding", "indeterminate", "pending", "excepted", "waived", "repeated"].filter((v) => verdicts.has(v)), "all");
    choices("f-severity", SEVERITIES.filter((s) => have((r) => r.severity).has(s)), "all");
    const found = have((r) => r.rule);
    choices("f-rule", report.rules.filter((r) => found.has(r.name)).map((r) => r.name), "all", (name) => rules.get(name).title);
    choices("f-group", [...have(group)].sort(natural), "all");
    choices("f-subject", [...have((r) => r.subject ?? UNKNOWN)].sort(natural), "all");
    const by = report.group_by ?? "";
    $("f-group-name").textContent = by.slice(0, 1).toUpperCase() + by.slice(1);
    $("f-group").parentElement.hidden = !by;
    for (const head of document.querySelectorAll("[data-sort]")) {
      const name = head.dataset.sort;
      const button = node("button", { type: "button" }, name === "group" ? by : head.textContent);
      button.addEventListener("click", () => sort(name));
      head.replaceChildren(name === "group" && !by ? "" : button);
    }
    $("f-new-label").hidden = !report.since;
    for (const name of ["verdict", "severity", "rule", "group", "subject", "from", "to"]) {
      $("f-" + name).addEventListener("change", (e) => set({ [name]: e.target.value }));
    }
    let wait;
    $("f-text").addEventListener("input", (e) => {
      clearTimeout(wait);
      wait = setTimeout(() => set({ text: e.target.value.trim() }), 150);
    });
    $("f-new").addEventListener("change", (e) => set({ new: e.target.checked ? "1" : "" }));
    $("f-reset").addEventListener("click", () => set(none()));
    $("prev").addEventListener("click", () => turn(-1));
    $("next").addEventListener("click", () => turn(1));
    document.addEventListener("click", (e) => {
      const button = e.target.closest("[data-filter]");
      if (button) set(of(button.dataset.filter), true);
    });
    $("filters").hidden = false;
  }

  const natural = new Intl.Collator("en", { numeric: true }).compare;

  // ------------------------------------------------------------ the list

  /** A column's name; upwards, downwards, or neither: findings first, the gravest first. */
  let sorted = { by: "", down: false };

  function sort(by) {
    if (sorted.by !== by) sorted = { by, down: false };
    else if (!sorted.down) sorted = { by, down: true };
    else sorted = { by: "", down: false };
    for (const head of document.querySelectorAll("[data-sort]")) {
      if (head.dataset.sort === sorted.by) head.setAttribute("aria-sort", sorted.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
    page = 0;
    arrange();
    list();
  }

  function arrange() {
    const key = {
      severity: (row) => String(SEVERITIES.indexOf(row.severity)),
      time: (row) => row.time ?? "",
      group: (row) => row.group ?? "",
      subject: (row) => row.subject ?? "",
      rule: (row) => rules.get(row.rule).title,
    }[sorted.by];
    if (!key) return;
    const keys = new Map(shown.map((row) => [row, key(row)]));
    const way = sorted.down ? -1 : 1;
    shown.sort((a, b) => way * natural(keys.get(a), keys.get(b)));
  }

  function turn(by) {
    page += by;
    list();
    $("findings").scrollIntoView({ block: "start" });
  }

  function node(name, attributes = {}, ...children) {
    const of = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) of.setAttribute(key, value);
    of.append(...children.filter((c) => c !== null && c !== undefined && c !== ""));
    return of;
  }

  function list(all = false) {
    const pages = Math.max(1, Math.ceil(shown.length / PAGE));
    page = Math.min(page, pages - 1);
    const part = all ? shown.slice(0, 500) : shown.slice(page * PAGE, (page + 1) * PAGE);
    $("list").tBodies[0].replaceChildren(...part.flatMap(line));
    $("page").textContent = `Page ${page + 1} of ${grouped.format(pages)}`;
    $("prev").disabled = page === 0;
    $("next").disabled = page >= pages - 1;
    const findings = shown.reduce((n, r) => n + (r.verdict === "finding"), 0);
    const narrowed = Object.values(state).some((v) => v !== "");
    $("filters").classList.toggle("active", narrowed);
    $("f-count").textContent = `${grouped.format(shown.length)} of ${grouped.format(rows.length)} verdicts shown, ` +
      `${grouped.format(findings)} of them findings` + (narrowed ? " (filtered)" : "");
  }

  function line(row) {
    const rule = rules.get(row.rule);
    const is = opened.has(row.id);
    const toggle = node("button", { type: "button", class: "open", "aria-expanded": is, "aria-label": `Details of ${rule.title}` }, is ? "−" : "+");
    const verdict = row.verdict === "finding" ? null : node("span", { class: "verdict" }, row.verdict + ": ");
    const own = node("tr", {},
      node("td", {}, toggle),
      node("td", {}, node("span", { class: "severity " + row.severity }, row.severity)),
      node("td", { class: "t" }, (row.time ?? UNKNOWN).replace("T", " ").slice(0, 16)),
      node("td", {}, row.group ?? ""),
      node("td", { class: "t" }, row.subject ?? ""),
      node("td", {}, rule.title),
      node("td", {}, row.new ? node("span", { class: "new" }, "new") : null, row.new ? " " : null, verdict, row.message));
    toggle.addEventListener("click", () => {
      if (opened.has(row.id)) {
        opened.delete(row.id);
        own.nextElementSibling?.remove();
      } else {
        opened.add(row.id);
        own.after(details(row, rule));
      }
      const now = opened.has(row.id);
      toggle.setAttribute("aria-expanded", now);
      toggle.textContent = now ? "−" : "+";
    });
    return is ? [own, details(row, rule)] : [own];
  }

  function details(row, rule) {
    const facts = node("dl");
    const fact = (name, ...what) => {
      if (what.some((w) => w)) facts.append(node("dt", {}, name), node("dd", {}, ...what));
    };
    fact("Finding", node("code", {}, row.id));
    fact("Time", row.time);
    fact("Exception", row.exception);
    fact("Waived because", row.waiver);
    if (row.gaps?.length) fact("Undecided because", node("ul", {}, ...row.gaps.map((g) => node("li", {}, g))));
    const records = row.records.map((r) =>
      node("li", {}, node("b", {}, r.kind), ` ${r.identity}`, r.time ? `, ${r.time}` : null, r.place ? node("span", {}, ", ", node("code", {}, r.place)) : null));
    if (row.more_records) records.push(node("li", {}, `and ${grouped.format(row.more_records)} more`));
    fact("Records", node("ul", {}, ...records));
    fact("Rule", node("code", {}, rule.name), `, ${rule.place}`);
    fact("Source", rule.cite);
    fact("Purpose", rule.purpose);
    fact("The handbook foresees", rule.consequence?.replaceAll("_", " "));
    const clauses = node("details", {}, node("summary", {}, "The rule's text"), node("pre", {}, rule.text));
    return node("tr", { class: "more" }, node("td", { colspan: 7 }, facts, clauses));
  }

  // ------------------------------------------------------------ charts

  const charts = new Map();
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();

  function chart(id, option, click) {
    const at = $("chart-" + id);
    if (!at) return;
    let own = charts.get(id);
    if (!own) {
      own = echarts.init(at, null, { renderer: "svg" });
      charts.set(id, own);
      if (click) own.on("click", click);
    }
    own.setOption({
      animation: false,
      textStyle: { fontFamily: "system-ui, sans-serif", color: color("ink") },
      aria: { enabled: true, decal: { show: option.series.length > 1 } },
      grid: { left: 8, right: 24, top: option.series.length > 1 ? 36 : 12, bottom: 8, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      legend: { show: option.series.length > 1, top: 0, left: 0, textStyle: { color: color("ink") }, itemWidth: 16 },
      tooltip: { trigger: "axis", axisPointer: { type: "shadow" }, confine: true, backgroundColor: color("sheet"), borderColor: color("line"), textStyle: { color: color("ink") } },
      ...option,
    }, { notMerge: true });
  }

  const values = () => ({ type: "value", minInterval: 1, splitLine: { lineStyle: { color: color("line") } }, axisLabel: { color: color("soft") } });
  /** Room for labels of so many pixels, at most two fifths of a chart. */
  const room = (id, width) => Math.min(width, Math.round(($("chart-" + id)?.clientWidth ?? 0) * 0.4));
  const names = (data, width) => ({ type: "category", data, axisTick: { show: false }, axisLine: { lineStyle: { color: color("line") } },
    axisLabel: { color: color("ink"), width, overflow: "truncate", interval: width ? 0 : "auto" } });
  const bar = (name, data, hue) => ({ type: "bar", name, data, stack: "all", barMaxWidth: 26, itemStyle: { color: hue }, cursor: "pointer" });

  function counted(of, but) {
    const counts = new Map();
    for (const row of rows) {
      if (row.verdict !== "finding" || !fits(row, [...but, "verdict"])) continue;
      const key = of(row);
      if (!counts.has(key)) counts.set(key, { critical: 0, major: 0, minor: 0, info: 0, all: 0 });
      const own = counts.get(key);
      own[row.severity] += 1;
      own.all += 1;
    }
    return counts;
  }

  function stacked(keys, counts) {
    const used = SEVERITIES.filter((s) => keys.some((k) => counts.get(k)?.[s]));
    return used.map((s) => bar(s, keys.map((k) => counts.get(k)?.[s] ?? 0), color(s)));
  }

  function months() {
    const counts = counted(month, ["month"]);
    counts.delete("");
    const all = [...counts.keys()].sort();
    const keys = [];
    // Months without a finding stand between, unless few of very many have one.
    const number = (of) => of.slice(0, 4) * 12 + Number(of.slice(5));
    if (all.length * 12 <= number(all.at(-1) ?? "0000-00") - number(all[0] ?? "0000-00")) keys.push(...all);
    else for (let at = all[0]; at && at <= all.at(-1); at = next(at)) keys.push(at);
    chart("months", { xAxis: names(keys), yAxis: values(), series: stacked(keys, counts) },
      (e) => set({ from: e.name, to: e.name, verdict: "finding" }, true));
  }

  function next(of) {
    const [year, m] = of.split("-").map(Number);
    const of4 = (n) => String(n).padStart(4, "0");
    return m === 12 ? `${of4(year + 1)}-01` : `${of4(year)}-${String(m + 1).padStart(2, "0")}`;
  }

  const MOST = 12;
  function ranked(id, counts, label, click) {
    const keys = [...counts.keys()].sort((a, b) => counts.get(b).all - counts.get(a).all || natural(a, b)).slice(0, MOST).reverse();
    chart(id, { yAxis: names(keys.map(label), room(id, id === "rules" ? 250 : 170)), xAxis: values(), series: stacked(keys, counts), }, (e) => click(order.get(id)[e.dataIndex]));
    order.set(id, keys);
  }
  const order = new Map();

  function draw() {
    shown = rows.filter((row) => fits(row));
    arrange();
    list();
    months();
    ranked("rules", counted((r) => r.rule, ["rule"]), (name) => rules.get(name).title, (rule) => set({ rule, verdict: "finding" }, true));
    ranked("groups", counted(group, ["group"]), (name) => name, (name) => set({ group: name, verdict: "finding" }, true));
    const verdicts = ["finding", "indeterminate", "pending", "excepted", "waived", "repeated"]
      .map((name) => [name, rows.reduce((n, r) => n + (r.verdict === name && fits(r, ["verdict"])), 0)]).filter((v) => v[1]).reverse();
    chart("verdicts", { yAxis: names(verdicts.map((v) => v[0]), room("verdicts", 110)), xAxis: values(),
      series: [bar("verdicts", verdicts.map((v) => v[1]), color("other"))] }, (e) => set({ verdict: e.name }, true));
  }

  function still() {
    const timed = report.rules.filter((r) => r.within && r.verdicts.compliant + r.verdicts.finding + r.verdicts.pending + r.verdicts.indeterminate > 0);
    if (timed.length) {
      $("chart-required").style.height = `${4 + timed.length * 2.6}rem`;
      const ends = [["met", "compliant", "good"], ["missing or late", "finding", "critical"], ["not over yet", "pending", "info"], ["undecided", "indeterminate", "other"]];
      const keys = [...timed].reverse();
      chart("required", { yAxis: names(keys.map((r) => r.title), room("required", 300)), xAxis: values(),
        series: ends.filter(([, v]) => keys.some((r) => r.verdicts[v])).map(([name, v, hue]) => bar(name, keys.map((r) => r.verdicts[v]), color(hue))) },
        (e) => { if (e.seriesName !== "met") set({ rule: keys[e.dataIndex].name, verdict: ends.find((x) => x[0] === e.seriesName)[1] }, true); });
    }
    report.metrics.forEach((metric, i) => figure(metric, i));
  }

  const HUES = ["info", "major", "good", "minor", "critical", "other"];
  function figure(metric, i) {
    const periods = [...new Set(metric.rows.map((r) => r.label))].sort();
    const short = new Map(metric.rows.map((r) => [r.label, r.short]));
    const currencies = new Set(metric.rows.map((r) => r.currency));
    const words = (key, value) => (key === "rule" && rules.get(value)?.title) || (/^[a-z_]+$/.test(value) ? value.replaceAll("_", " ") : value);
    const of = (row) => [...metric.per.map((key) => words(key, row.keys[key])), row.currency].filter((k) => k).join(" · ") || metric.title;
    const totals = new Map();
    for (const row of metric.rows) totals.set(of(row), (totals.get(of(row)) ?? 0) + Math.abs(row.number ?? 0));
    const grave = (key) => (SEVERITIES.includes(key) ? SEVERITIES.indexOf(key) : -1);
    const keys = [...totals.keys()].sort((a, b) => grave(a) - grave(b) || totals.get(b) - totals.get(a) || natural(a, b));
    if (!keys.length) return;
    const hue = (key, n) => color(grave(key) >= 0 ? key : HUES[n]);
    const at = new Map(metric.rows.map((row) => [of(row) + "\n" + row.label, row.number]));
    const value = { ...values(), minInterval: ["count", "distinct"].includes(metric.figure) ? 1 : undefined };
    // Many keys over few periods are a ranking; few keys are a course over time.
    if (keys.length > HUES.length) {
      const last = keys.slice(0, MOST).reverse();
      chart(`metric-${i}`, { yAxis: names(last, room(`metric-${i}`, 200)), xAxis: value,
        series: periods.slice(-HUES.length).map((p, n) => ({ ...bar(short.get(p), last.map((k) => at.get(k + "\n" + p) ?? null), color(HUES[n])), cursor: "default" })) });
    } else {
      // Amounts of two currencies never stand on each other.
      const adds = ["count", "sum"].includes(metric.figure) && currencies.size === 1;
      chart(`metric-${i}`, { xAxis: names(periods.map((p) => short.get(p))), yAxis: value,
        series: keys.map((k, n) => ({ ...bar(k, periods.map((p) => at.get(k + "\n" + p) ?? null), hue(k, n)), stack: adds ? "all" : undefined, cursor: "default" })) });
    }
  }

  function redraw() {
    draw();
    still();
  }

  let resized;
  addEventListener("resize", () => {
    charts.forEach((c) => c.resize());
    clearTimeout(resized);
    resized = setTimeout(() => report && redraw(), 200);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => report && redraw());
  addEventListener("beforeprint", () => {
    list(true);
    // Of a sheet of A4 or Letter: the whole width, or one of two columns.
    charts.forEach((c) => c.resize({ width: c.getDom().classList.contains("low") ? 690 : 300 }));
  });
  addEventListener("afterprint", () => {
    list();
    charts.forEach((c) => c.resize({ width: "auto" }));
  });

  unpack().then((data) => {
    report = data;
    rows = [...report.findings.filter((r) => r.verdict === "finding"), ...report.findings.filter((r) => r.verdict !== "finding")];
    rules = new Map(report.rules.map((r) => [r.name, r]));
    document.documentElement.classList.add("drawn");
    setUp();
    if (location.hash.includes("=")) Object.assign(state, of(location.hash.slice(1)));
    set({});
    still();
    document.documentElement.dataset.ready = "1";
  }).catch((error) => {
    $("f-count").textContent = "The data of this page cannot be read: " + error.message;
    $("filters").hidden = false;
    throw error;
  });
})();
