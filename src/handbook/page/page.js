"use strict";
// Filters the rules by words and severity. Without it the page has all that it says.
(function () {
  const form = document.getElementById("filter");
  const words = document.getElementById("words");
  const severity = document.getElementById("severity");
  const count = document.getElementById("count");
  const rules = Array.from(document.querySelectorAll("article.rule"));
  const texts = new Map(rules.map(function (rule) { return [rule, rule.textContent.toLowerCase()]; }));
  const entries = new Map();
  document.querySelectorAll("li[data-for]").forEach(function (entry) { entries.set(entry.dataset.for, entry); });

  function filter() {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rules.forEach(function (rule) {
      const text = texts.get(rule);
      const fits = wanted.every(function (word) { return text.includes(word); });
      const hide = !fits || (severity.value !== "" ? rule.dataset.severity !== severity.value : false);
      rule.hidden = hide;
      const entry = entries.get(rule.id);
      if (entry) { entry.hidden = hide; }
      shown += hide ? 0 : 1;
    });
    document.querySelectorAll("section.domain").forEach(function (domain) {
      const all = Array.from(domain.querySelectorAll("article.rule"));
      domain.hidden = all.every(function (rule) { return rule.hidden; });
    });
    document.querySelectorAll("nav .contents > li").forEach(function (chapter) {
      const all = Array.from(chapter.querySelectorAll("li[data-for]"));
      chapter.hidden = all.length !== 0 ? all.every(function (entry) { return entry.hidden; }) : false;
    });
    count.textContent = form.dataset.count.replace("%1", String(shown)).replace("%2", String(rules.length));
  }

  // A link leads to a rule that the filter hides, too.
  function reveal() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target ? target.closest("[hidden]") : false) {
      words.value = "";
      severity.value = "";
      filter();
      target.scrollIntoView();
    }
  }

  form.hidden = false;
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  function search() {
    filter();
    const first = rules.find(function (rule) { return !rule.hidden; });
    if (first) { first.scrollIntoView(); }
  }
  words.addEventListener("input", search);
  severity.addEventListener("change", search);
  window.addEventListener("hashchange", reveal);
  // On paper, what is folded is there as well, and opened again only by hand.
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details").forEach(function (details) { details.open = true; });
  });
  filter();
})();
