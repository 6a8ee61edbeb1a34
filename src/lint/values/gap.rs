use super::thresholds;
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint};

pub const LINT: Lint = Lint { code: Code::ThresholdGap, level: Level::Warning, on: true, check };

fn check(context: &Context, found: &mut Found) {
    for group in thresholds::groups(context) {
        let mut all = group[0].set.clone();
        group[1..].iter().for_each(|t| all = all.or(&t.set));
        let missing = all.complement();
        // Between the two, and not beyond both.
        let [(low, high)] = missing.ranges() else { continue };
        if *low == i128::MIN || *high == i128::MAX {
            continue;
        }
        let mut sides: Vec<_> = group.iter().filter(|t| t.set.ranges().len() == 1).collect();
        sides.sort_by_key(|t| t.set.ranges().first().copied());
        let (Some(below), Some(above)) = (
            sides.iter().rev().find(|t| t.set.ranges()[0].1 < *low),
            sides.iter().find(|t| t.set.ranges()[0].0 > *high),
        ) else {
            continue;
        };
        let message = match low == high {
            true => format!("`{}` and `{}` leave out exactly the limit", below.rule.name, above.rule.name),
            false => format!("`{}` and `{}` leave a gap between their limits", below.rule.name, above.rule.name),
        };
        found.push(
            Diagnostic::warning(LINT.code, message, above.span, "begins here")
                .label(below.span, "ends here")
                .help("nothing is found between the two: let one of them include its limit, `<=` or `>=`, or make the limits meet"),
        );
    }
}
