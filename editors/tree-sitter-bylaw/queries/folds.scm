[
  (rule_item) (revise_item) (record_item) (table_item) (source_item) (test_item) (enum_item) (policy_item) (waive_item)
  (charter_item) (metric_item) (default_item) (param_item)
  (fields) (enum_body) (given_fields) (grid) (source_map) (cast_words) (sequence_trigger) (set)
] @fold
