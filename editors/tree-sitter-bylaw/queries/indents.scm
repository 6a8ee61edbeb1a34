; Inside braces, parentheses and brackets a step further in. The names are Helix's and Neovim's.

[
  (rule_item) (revise_item) (source_item) (test_item) (policy_item) (waive_item) (charter_item) (metric_item)
  (fields) (enum_body) (given_fields) (later_values) (grid) (source_map) (cast_words) (sequence_trigger) (set) (paren)
  (call) (history_call) (median_call) (given_list)
] @indent @indent.begin

["}" ")" "]"] @outdent @indent.branch @indent.end
