; Each place is captured once, so that it does not matter which of two captures an editor would prefer.

; ---- names

(operand . (name) @variable)
(operand field: (word) @property)
(path (word) @property)
(record_at (path . (name) @variable))
(record_by (path . (name) @variable))
(identity (path . (name) @variable))
(keys (path . (name) @variable))
(every_of (path . (name) @variable))
(length (path . (name) @variable))
(self_line (path . (name) @variable))
(rank_line (path . (name) @variable))
(waive_cover (path . (name) @variable))
(map_entry (path . (name) @property))
(history_call (path . (name) @type))

(alias (word) @variable)
(like (word) @variable)
(expectation record: (word) @variable)
(message (word) @variable)
(define_param name: (word) @variable.parameter)

(field name: (word) @property)
(given_field name: (word) @property)
(table_key (word) @property)
(table_valid (word) @property)
(except_table field: (word) @property)
(map_path (word) @property)
(map_key (word) @property)
(quoted) @property

(rule_head name: (word) @function)
(revise_head name: (word) @function)
(waive_head rule: (word) @function)
(expectation rule: (word) @function)
(metric_head name: (word) @function)
(figure metric: (word) @function)
(define_item name: (word) @function)
(call function: (name) @function)
(map_call function: (name) @function)

(unless_clause name: (word) @label)
(expectation exception: (word) @label)

(policy_head name: (word) @module)
(source_head name: (word) @module)

(let_item name: (word) @constant)
(param_item name: (word) @constant)
(set_clause name: (word) @constant)
(enum_word name: (word) @constant)
(severity_clause (word) @constant)
(severity_line (word) @constant)
(consequence_clause (word) @constant)
(format_clause (word) @constant)
(cast_word (word) @constant)
(weekday) @constant.builtin
(expectation verdict: (word) @constant.builtin)

(record_head name: (word) @type)
(table_head name: (word) @type)
(rates_item name: (word) @type)
(enum_head name: (word) @type)
(source_head kind: (word) @type)
(record_trigger kind: (word) @type)
(several_trigger kind: (word) @type)
(each_trigger kind: (word) @type)
(finding_trigger "finding" @type)
(step_kind) @type
(history_kind) @type
(given_clause kind: (word) @type)
(default_head kind: (word) @type)
(except_table table: (word) @type)
(ref_type (word) @type)
(cast type: (word) @type.builtin)
((type) @type.builtin
  (#any-of? @type.builtin
    "bool" "int" "decimal" "percent" "text" "date" "timestamp" "duration" "bytes" "money"))
((type) @type
  (#not-any-of? @type
    "bool" "int" "decimal" "percent" "text" "date" "timestamp" "duration" "bytes" "money"))

(mark) @attribute

; ---- values

(bool) @boolean
(number) @number
(percent "%" @number)
(date) @number
(timestamp) @number
(month_day) @number
(unit) @type.unit
(business_days) @type.unit
(cast_unit) @type.unit
(string) @string
(template "\"" @string)
(template (text) @string)
(escape) @string.escape
(brace) @punctuation.special
(regex) @string.regexp
(dashes) @punctuation.delimiter

(comment) @comment
(doc_comment) @comment.documentation

; ---- words with a meaning

[
  "forbid" "require" "limit" "revise" "record" "table" "source" "test" "enum" "let" "define" "param" "waive" "charter"
  "metric" "default" "policy" "import" "rates"

  "on" "when" "unless" "need" "where" "to" "severity" "cite" "because" "consequence" "purpose" "legal_basis"
  "retention" "effective" "once" "each" "sequence" "then" "more" "times" "at" "by" "per" "across"
  "everyone" "as" "identity" "key" "valid" "from" "until" "for" "ref" "list" "set" "of" "within" "over" "all" "time"
  "before" "after" "around" "calendar" "end" "as_of" "every"
  "owner" "timezone" "starts" "business_days" "except"
  "approved_by" "reason"
  "rule" "cites" "is" "tested" "waivers" "most" "self" "approval" "has" "rank"
  "format" "files" "delimiter" "map" "constant"
  "given" "like" "cases" "malformed" "expect" "nothing" "else" "message"
] @keyword

(exempt_line) @keyword
(fiscal_clause "fiscal_year" @keyword)
(period ["day" "month" "quarter" "year" "fiscal_quarter" "fiscal_year"] @constant.builtin)

[
  "and" "or" "not" "in" "in_domain" "starts_with" "ends_with" "contains" "overlaps" "under" "matches" "ignoring" "case"
  "present" "absent" "exists" "no"
] @keyword.operator

["count" "sum" "min" "max" "avg" "distinct" "first" "last" "median"] @function.builtin

; ---- signs

["==" "!=" "<" "<=" ">" ">=" "??" "+" "-" "*" "/" "="] @operator
(optional) @operator
["{" "}" "(" ")" "[" "]"] @punctuation.bracket
["," "." ":" "|"] @punctuation.delimiter
