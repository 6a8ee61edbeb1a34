//! Rule 39: policy files beside the records. The charter refuses the one and holds for the other.

use super::world::{Ref, World};

pub const FILES: [(&str, &str); 2] = [("planted/charter.bylaw", CHARTER), ("planted/kept.bylaw", KEPT)];

pub fn plant(w: &mut World) {
    for (verdict, kind, name, words) in [
        ("finding", "rule", "gift_in_cash", "planted/charter.bylaw: a condition that leaves out a person"),
        ("finding", "rule", "claim_without_receipt", "planted/charter.bylaw: an exception for ranks"),
        ("finding", "waiver", "visit_contradicted", "planted/charter.bylaw: a waiver for a named person"),
        ("compliant", "rule", "gift_to_oneself", "planted/kept.bylaw: a rule that compares two persons"),
        ("compliant", "waiver", "gift_from_bidder", "planted/kept.bylaw: a waiver for an occasion"),
    ] {
        w.expect("no_one_exempt", verdict, &Ref { kind, id: name.to_string() }, words);
    }
}

const CHARTER: &str = r#"// Planted: two rules and a waiver that exempt somebody. `bylaws check` has to refuse each of them.

policy planted "Rules that exempt somebody" {
  owner "Nobody"
}

/// Everyone but the chief executive.
forbid gift_in_cash "No gift in cash, but to the chief executive" {
  on       gift
  when     cash_like and recipient != "E0001"
  severity minor
  cite     "Planted"
}

/// Everyone but the ranks above.
forbid claim_without_receipt "No claim without a receipt, but of heads" {
  on       expense
  when     receipt absent
  unless   head: (actor.level ?? 4) <= 2
  severity minor
  cite     "Planted"
}

/// One person, by name.
waive visit_contradicted for actor "E0002" {
  from 2025-04-01 until 2025-05-01
  approved_by "E0001"
  reason "Planted"
}

test "gifts in cash" {
  default gift { received: 2025-05-05, recipient_side: employee, giver: "G", giver_side: other, value: 5 USD, purpose: business, occasion: "visit" }
  given gift as cash { id: "1", recipient: "E9", cash_like: true }
  given gift as kind { id: "2", recipient: "E9", cash_like: false }
  expect finding gift_in_cash on cash
  expect compliant gift_in_cash on kind
}

test "claims" {
  default expense { filed: 2025-05-06T09:00Z, actor: "E9", spent: 2025-05-05, merchant: "M", amount: 5 CNY, ground: other }
  given employee { id: "E9", unit: "U", level: 4, since: 2020-01-01, hired: 2020-01-01 }
  given expense as without { id: "1" }
  given expense as attached { id: "2", receipt: "f00d", merchant: "N" }
  expect finding claim_without_receipt on without
  expect compliant claim_without_receipt on attached
}
"#;

const KEPT: &str = r#"// Planted beside it: a rule that compares two persons, and a waiver for an occasion. The charter holds for both.

policy kept "Rules for everyone" {
  owner "Integrity"
}

/// Whoever it is: what one gives oneself is no gift.
forbid gift_to_oneself "Nobody is on record as giver and recipient of one gift" {
  on       gift
  when     recipient == giver
  severity minor
  cite     "Planted"
}

waive gift_from_bidder for occasion "Site inspection" {
  from 2025-06-01 until 2025-06-15
  approved_by "E0001"
  reason "Helmets and boots are handed back on the day"
}

test "one person, and two" {
  default gift { received: 2025-05-05, recipient_side: employee, giver: "G", giver_side: other, value: 5 USD, purpose: business, occasion: "visit", cash_like: false }
  given gift as same { id: "1", recipient: "G" }
  given gift as two { id: "2", recipient: "E9" }
  expect finding gift_to_oneself on same
  expect compliant gift_to_oneself on two
}
"#;
