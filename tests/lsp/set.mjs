// Writes a policy set of many rules into a folder: records and tables, and files of a hundred rules each.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const VOCABULARY = `enum classification { public, internal, confidential, critical }

table employee key id valid from since until left {
  id: text @person, unit: text, site: text, grade: int, manager: ref employee?, since: date, left: date?,
}

/// A file that left the company's systems.
record export at time by actor identity id {
  id: text, time: timestamp, actor: ref employee, size: bytes,
  file: { name: text, class: classification },
  destination: { kind: enum { corporate, cloud, email, usb }, domain: text? },
}

/// A gift, given or received.
record gift at day by person identity id {
  id: text, day: date, person: ref employee, value: money, giver: { name: text, official: bool }, occasion: text?,
}

record payment at day by person identity id { id: text, day: date, person: ref employee, amount: money, purpose: text }

record approval at time by requester identity id {
  id: text, time: timestamp, requester: ref employee, approver: ref employee, subject: text,
}

param cap: money = 500 CNY
let clouds = { "cloud.example", "drive.example" }
define official(g: gift) = g.giver.official and g.value > cap
`;

// A small generator of numbers, so that the set is the same each time.
function numbers(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function rule(n, next) {
  const name = `r${String(n).padStart(4, "0")}`;
  const unit = `"unit ${next(40)}"`;
  const head = `/// Rule ${n} of the handbook.\n`;
  switch (n % 5) {
    case 0:
      return `${head}forbid ${name} "Large exports need an approval" {
  on       export as e where file.class >= confidential
  when     size > ${100 + next(900)} MB and actor.unit == ${unit} and destination.kind in { cloud, email, usb }
  unless   approved: exists approval as a within ${1 + next(30)} days before where a.subject == e.file.name and a.approver != actor
  severity major
  cite     "Handbook, section ${n}"
  because  "{actor} sent {file.name} to {destination.domain}"
}
`;
    case 1:
      return `${head}forbid ${name} "Gifts of officials" {
  on       gift
  when     official(gift) and person.site == "site ${next(9)}" and (occasion absent or occasion != "wedding")
  unless   small: value <= ${10 + next(200)} CNY
  cite     "Handbook, section ${n}"
  because  "{person} received {value} from {giver.name}"
}
`;
    case 2:
      return `${head}limit ${name} "Gifts of a year" {
  on       gift where person.unit == ${unit}
  sum      value per person, giver.name over ${30 + next(300)} days
  to       ${500 + next(5000)} CNY
  cite     "Handbook, section ${n}"
}
`;
    case 3:
      return `${head}require ${name} "Payments are approved" {
  on       payment
  when     amount > ${1000 + next(9000)} CNY and purpose contains "travel" ignoring case
  need     approval within ${1 + next(20)} days before by requester where approval.subject starts_with "payment"
  cite     "Handbook, section ${n}"
}
`;
    default:
      return `${head}forbid ${name} "Many exports to private clouds" {
  on       export
  when     (destination.domain ?? "") in_domain clouds and count(export over ${1 + next(14)} days) > ${2 + next(9)}
  severity critical
  cite     "Handbook, section ${n}"
  because  "{actor}: {size} to {destination.domain}"
}
`;
  }
}

/// The names of the files: the vocabulary, then the rules. `each` is how many rules a file holds.
export function write(folder, count, each = 100) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "records.bylaw"), VOCABULARY);
  const names = ["records.bylaw"];
  const next = numbers(1);
  for (let from = 0; from < count; from += each) {
    const rules = [];
    for (let n = from; n < Math.min(from + each, count); n += 1) rules.push(rule(n + 1, next));
    const name = `rules_${String(from / each + 1).padStart(3, "0")}.bylaw`;
    writeFileSync(join(folder, name), `import "records.bylaw"\n\n${rules.join("\n")}`);
    names.push(name);
  }
  return names;
}
