### The words of `bylaws handbook` in English. A further language translates this file, and names itself below.
### A($name) is "a gift" or "an approval", PLURAL($name) "gifts": they are made of English names only.

language = en

## Values

quoted = “{ $text }”
date = { $year }-{ $month }-{ $day }
money = { $amount } { $currency }
value-true = true
value-false = false
nothing = nothing
certain-person = a certain person (not named here)
empty-text = an empty text
length-years =
    { $n ->
        [one] 1 year
       *[other] { $n } years
    }
length-months =
    { $n ->
        [one] 1 month
       *[other] { $n } months
    }
length-days =
    { $n ->
        [one] 1 day
       *[other] { $n } days
    }
length-business-days =
    { $n ->
        [one] 1 business day
       *[other] { $n } business days
    }
length-hours =
    { $n ->
        [one] 1 hour
       *[other] { $n } hours
    }
length-minutes =
    { $n ->
        [one] 1 minute
       *[other] { $n } minutes
    }
length-seconds =
    { $n ->
        [one] 1 second
       *[other] { $n } seconds
    }
period = period
period-day = day
period-month = month
period-quarter = quarter
period-year = calendar year
period-fiscal-quarter = fiscal quarter
period-fiscal-year = fiscal year
list-more = { $list }, { $item }
list-or = { $list } or { $item }
list-and = { $list } and { $item }
severity-info = for information
severity-minor = minor
severity-major = major
severity-critical = critical

## Names

plural = { PLURAL($kind) }
kind-finding = finding
field-date = date “{ $name }”
field-time = time “{ $name }”

## What records are called within a sentence

record-unnamed = the record
record-judged = the { $kind }
record-found = that { $kind }
record-found-too = that further { $kind }
record-step = the { $kind } of step { $n }
record-counted = each counted { $kind }
record-each = each of the { $kinds }
record-each-such = each of these { $kinds }
record-first = the first of the { $kinds }
record-last = the last of the { $kinds }
such-kinds = these { $kinds }
other-kinds = other { $kinds }

## Values of records

of = the { $field } of { $owner }
date-of = the date of { $record }
time-of = the time of { $record }
day-of = the day of { $time }
start-of-day = the start of { $date }
own-time = time
period-start = the first day of the { $period }
period-end = the last day of the { $period }
data-end = the end of the data
else = { $value } (where that is not stated: { $default })
minus = minus { $value }
plus = { $left } plus { $right }
less-by = { $left } minus { $right }
times = { $left } times { $right }
divided-by = { $left } divided by { $right }
later = { $time } plus { $length }
earlier = { $time } minus { $length }
group = ({ $text })
path = { $field } of the { $of }
path-every = of those above the { $who } (by “{ $field }”)
everyone-above = everyone above { $who } (by “{ $field }”)
whether = whether { $line }

## Figures

figure = figure { $n }
figure-is = { $label } is { $what }
figure-count = the number of { $kinds } { $window }{ $keys }
figure-sum = the sum of { $value } { $window }{ $keys }
figure-min = the least of { $value } { $window }{ $keys }
figure-max = the greatest of { $value } { $window }{ $keys }
figure-avg = the average of { $value } { $window }{ $keys }
figure-distinct = the number of different values of { $value } { $window }{ $keys }
figure-first = { $value } { $window }{ $keys }
figure-last = { $value } { $window }{ $keys }
figure-median-count = the median of the numbers of { $kinds } that each single { $per } has { $window }{ $keys }
figure-median-sum = the median of the sums of { $value } that each single { $per } has { $window }{ $keys }
counting = { $what }, counting only those for which { $condition }

## Windows and whose records

window-before = in the { $length } before { $base } (both ends included)
window-after = in the { $length } after { $base } (both ends included)
window-around = in the { $length } before or after { $base } (both ends included)
window-over = in the last { $length } up to and including { $base }
window-all-time = at any time up to and including { $base }
window-in = in the { $period } of { $base }, up to and including it
window-in-that = in that { $period }
keys-anyone = , no matter whose
keys-same = , with the same { $fields }
keys-equal = , whose { $field } is { $value }
per = , separately for each { $fields }
per-everyone = , all together

## Conditions

all = all of the following hold:
any = at least one of the following holds:
not-all = not all of the following hold (at least one of them does not):
none = none of the following holds:
where = { $line }, where:
not = it is not the case that { $line }
always = in every case
never = in no case
named = { $condition } ({ $name })
named-list = { $name } applies, that is, { $condition }
not-named = { $name } does not apply; it would apply if { $condition }
this = the following holds:
exists = there is { A($kind) } { $window }{ $keys }
exists-which = there is { A($kind) } { $window }{ $keys }, for which { $condition }
exists-other = there is another { $kind } { $window }{ $keys }
exists-other-which = there is another { $kind } { $window }{ $keys }, for which { $condition }
no = there is no { $kind } { $window }{ $keys }
no-which = there is no { $kind } { $window }{ $keys }, for which { $condition }
no-other = there is no other { $kind } { $window }{ $keys }
no-other-which = there is no other { $kind } { $window }{ $keys }, for which { $condition }
is = { $left } is { $right }
is-not = { $left } is not { $right }
is-not-stated = { $left } is stated and is not { $right }
is-not-both-stated = { $left } and { $right } are both stated and differ
is-none-of = { $left } is none of { $right }
is-none-of-stated = { $left } is stated and is none of { $right }
less = { $left } is less than { $right }
at-most = { $left } is at most { $right }
more = { $left } is more than { $right }
at-least = { $left } is at least { $right }
date-before = { $left } is before { $right }
date-until = { $left } is on or before { $right }
date-after = { $left } is after { $right }
date-from = { $left } is on or after { $right }
time-before = { $left } is before { $right }
time-until = { $left } is no later than { $right }
time-after = { $left } is later than { $right }
time-from = { $left } is no earlier than { $right }
ranks-below = { $left } ranks below { $right }
ranks-up-to = { $left } is { $right } or ranks below it
ranks-above = { $left } ranks above { $right }
ranks-from = { $left } is { $right } or ranks above it
ignoring-case = { $line } (capital and small letters alike)
among = { $item } is among { $list }
not-among = { $item } is not among { $list }
not-among-stated = { $item } is stated and is not among { $list }
overlaps = { $left } and { $right } have at least one element in common
not-overlaps = { $left } and { $right } have no element in common
one-among = at least one of { $items } is among { $list }
none-among = none of { $items } is among { $list }
contains = { $left } contains { $right }
not-contains = { $left } does not contain { $right }
starts-with = { $left } starts with { $right }
not-starts-with = { $left } does not start with { $right }
ends-with = { $left } ends with { $right }
not-ends-with = { $left } does not end with { $right }
matches = { $left } matches the pattern “{ $pattern }”
not-matches = { $left } does not match the pattern “{ $pattern }”
in-domain = { $host } is, or is a subdomain of, { $list }
not-in-domain = { $host } is not, and is not a subdomain of, { $list }
under = { $who } is below { $above }, directly or further down (by “{ $field }”)
not-under = { $who } is not below { $above }, neither directly nor further down (by “{ $field }”)
present = { $value } is stated
absent = { $value } is not stated
marked = { $record } is marked { $field }
not-marked = { $record } is not marked { $field }
marked-else-no = { $record } is marked { $field } (where nothing is stated, it counts as not marked)
marked-else-yes = { $record } is marked { $field } (where nothing is stated, it counts as marked)
not-marked-else-no = { $record } is not marked { $field } (where nothing is stated, it counts as not marked)
not-marked-else-yes = { $record } is not marked { $field } (where nothing is stated, it counts as marked)

## Sentences of a rule

sentence = { $text }.
each = each { $kind }
each-at-end = each { $kind } that is on record on the last day of a { $period } (once for every { $period })
each-at-end-undated = each { $kind } at the end of a { $period } (once for every { $period })
each-as-of = each { $kind } that is on record at the end of the data
each-if = { $what } if { $condition }
about = This rule is about { $condition }
about-sequence = This rule is about the following, one behind the other{ $keys }, the last no later than { $length } after the first:
sequence-judged = Each record of step { $n } is judged once, with the latest records before it that fit. No record stands for two steps.
step = Step { $n }: { A($kind) }{ $keys }
step-which = Step { $n }: { A($kind) }{ $keys }, for which { $condition }
step-times = Step { $n }: { $times } or more { $kinds }{ $keys } (the last of them is the { $kind } of step { $n })
step-times-which = Step { $n }: { $times } or more { $kinds }{ $keys } (the last of them is the { $kind } of step { $n }), for which { $condition }
step-none = then no { $kind }{ $keys }, before the next step
step-none-which = then, before the next step, no { $kind }{ $keys }, for which { $condition }
step-none-after = then no { $kind }{ $keys }, until { $length } after the first step (until then the case is open)
step-none-after-which = then, until { $length } after the first step (until then the case is open), no { $kind }{ $keys }, for which { $condition }
finding-if = It is a finding if { $condition }
finding-each-sequence = Each such sequence is a finding.
finding-always = Each of these is a finding.
required-if = The requirement applies if { $condition }
needed = { A($kind) } { $window }{ $keys }
needed-which = { A($kind) } { $window }{ $keys }, for which { $condition }
needed-other = another { $kind } { $window }{ $keys }
needed-other-which = another { $kind } { $window }{ $keys }, for which { $condition }
required = What is required is { $condition }
required-open = Where it is not there, that is a finding as soon as this time is over; until then the case is open.
required-else = Where it is not there, that is a finding.
limit-figure = What is looked at is { $condition }
limit-over = It is a finding when this comes to more than { $to }. The finding is at the { $kind } with which it does; there is another one only after the figure has fallen back to the limit or below.
limit-only-if = That is a finding only if { $condition }
unless = Exception { $name }: it is no finding if { $condition }
once = Several findings with the same { $fields } in one { $period } are one: the first.
once-everyone = Several findings in one { $period } are one: the first.
metric = The figure is { $condition }
metric-period = in each { $period }
metric-all-time = at any time
approver-who = The { $kind } counts only if:
approver-anyone = The rule does not say who may give the { $kind }.
waived-person = { $record } has one certain person as its { $field } (who is not named here)

## The handbook

title = Handbook of rules
intro = This handbook is made from the policy files themselves: each reading below is the rule that is applied to records, in words. The wording in the policy decides.
as-of = As of { $day }.
label = { $name }:
labelled = { $name }: { $value }
contents = Contents
skip = Skip to the rules
filter-words = Words to look for
filter-all = all
filter-count = { $shown } of { $all } rules
parameter = What it is
read-by = Read by:
how-to-read = How to read this handbook
note-allegation = A finding is an allegation that records support; a person decides what it means.
note-lists = Where a sentence leads to a list, “all of the following” and “at least one of the following” say how its points belong together; a list further in belongs to the point above it.
note-windows = “In the 30 days before X (both ends included)” reaches from exactly 30 days before X up to X. “In the last 30 days up to and including X” begins just after the moment 30 days before X. “At any time up to and including X” has no beginning. What comes later than X is not looked at, unless it says “after”.
note-same-day = Days begin in the time zone that the chapter names. Where one of two times is known by its date alone, both are compared by their dates.
note-looked-up = What is said of a person, party or thing that a record refers to is what was on record for it at the time of that record, not what came later.
note-not-stated = A comparison with a value that is not stated does not hold, unless the sentence says otherwise.
note-figures = The least, greatest, average, median, first or last of no records at all counts as not stated; their number and their sum are 0.
note-limits = Where a wording begins, a limit is looked at anew: the first record under it that is over the limit is a finding, even where the figure was over it before. What was recorded before that day counts in the figure.
note-unknown = Where a value that decides is missing or cannot be read, there is neither a finding nor an all-clear: the case is indeterminate.
charter = Charter
owner = Owner
time-zone = Time zone
fiscal-year = Fiscal year
fiscal-year-begins = begins on { $month }-{ $day }
business-days = Business days
business-days-but = { $days }, except the days in the table { $table }
business-days-but-worked = { $days }, except the days in the table { $table }; a day there that is marked { $field } is a business day
weekday-1 = Monday
weekday-2 = Tuesday
weekday-3 = Wednesday
weekday-4 = Thursday
weekday-5 = Friday
weekday-6 = Saturday
weekday-7 = Sunday
severity = Severity
source = Source
purpose = Purpose
legal-basis = Legal basis
consequence = Consequence
retention = Kept for
in-force = In force
this-wording = The wording above
in-force-always = at any time
in-force-from = since { $from }
in-force-until = until { $last }
in-force-from-until = since { $from }, until { $last }
in-force-not-yet = { $text } (not yet in force on { $day })
in-force-no-more = { $text } (no longer in force on { $day })
from = from { $from }
until = until { $last }
from-until = from { $from } until { $last }
earlier-wording = Earlier wording, { $when }
later-wording = Later wording, { $when }
changes = Changes
changed-value = { $day }: { $value } becomes { $to }; until then { $before }
changed-wording = { $day }: a new wording
name-in-policy = Name in the policy
who-may-approve = Who may approve
values-in-rule = Values that this rule reads
waivers = Waivers
waiver = From { $from } until { $last } (reason: { $reason }), what would be a finding is let pass where { $condition }
waiver-for-all = From { $from } until { $last } (reason: { $reason }), what would be a finding is let pass for everyone
examples =
    { $n ->
        [one] An example
       *[other] { $n } examples
    }
example-record = Record
example-unnamed = { $kind } { $n }
example-any = one of these
example-as-of = The data ends at { $time }.
example-set = { $param } is set to { $value }.
example-malformed = (not readable: { $text })
example-verdict = { $record }: { $verdict }
example-case = case { $n }
example-case-head = Case
example-of-case = { $case } – { $text }
example-for = { $text } (for { $person })
verdict-finding = this is a finding
verdict-compliant = this is compliant
verdict-excepted = this is excepted
verdict-excepted-by = this is excepted, by the exception { $exception }
verdict-waived = this is waived
verdict-repeated = this counts with an earlier finding
verdict-pending = this is still open
verdict-indeterminate = this cannot be decided
parameters = Values that can be set
value = Value
metrics = Figures
definitions = Definitions in the policy
glossary = Records, tables and their fields
is-table = Table
is-record = Record
field = Field
type = Kind of value
remark = Remark
note-time = It happens at its { $field }.
note-subject = It belongs to its { $field }.
note-key = A row is looked up by its { $field }.
note-valid = A row holds from its { $from } on.
note-valid-until = A row holds from its { $from } until before its { $until }; where that is not stated, it has no end.
note-rates = A rate is at most { $days } days old.
type-bool = yes or no
type-int = whole number
type-decimal = number
type-percent = percentage
type-text = text
type-date = date
type-timestamp = date and time
type-duration = length of time
type-bytes = size of data
type-money = amount of money
type-struct = group of fields
type-enum = one of { $words }
type-ref = refers to { A($table) }
type-list = list, each: { $type }
type-set = set, each: { $type }
type-optional = { $type }; may be absent
type-person = { $type }; names a person
type-sensitive = { $type }; never printed
charter-no-one-exempt = No rule, exception or waiver depends on who a person is, or on rank.
charter-every-rule-cites = Every rule names its source.
charter-every-rule-is-tested = Every rule has a tested example of a finding and one of compliance.
charter-waivers-at-most = No waiver is longer than { $length }.
charter-no-self-approval = Nobody approves what they do themselves.
charter-no-self-approval-by = Nobody approves what they do themselves; the approver is the { $fields }.
charter-severity-has = Every rule of the severity “{ $severity }” or above has the entry “{ $clause }”.
charter-rank-is = Rank is: { $fields }.
