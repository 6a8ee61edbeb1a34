; Each item is a scope of its own; the names of items, kinds and parameters hold in the whole policy set.

[
  (rule_item) (revise_item) (metric_item) (define_item) (test_item) (history) (history_call) (need_clause)
] @local.scope

(alias (word) @local.definition)
(define_param name: (word) @local.definition)

(operand . (name) @local.reference)
(keys (path . (name) @local.reference))
(like (word) @local.reference)
(expectation record: (word) @local.reference)
