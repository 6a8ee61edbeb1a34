(rule_head name: (word) @name) @definition.function
(revise_head name: (word) @name) @definition.function
(metric_head name: (word) @name) @definition.function
(define_item name: (word) @name) @definition.function
(record_head name: (word) @name) @definition.class
(table_head name: (word) @name) @definition.class
(rates_item name: (word) @name) @definition.class
(enum_head name: (word) @name) @definition.class
(source_head name: (word) @name) @definition.module
(policy_head name: (word) @name) @definition.module
(let_item name: (word) @name) @definition.constant
(param_item name: (word) @name) @definition.constant
(test_head title: (string (text) @name)) @definition.method

(call function: (name) @name) @reference.call
(waive_head rule: (word) @name) @reference.call
(expectation rule: (word) @name) @reference.call
(figure metric: (word) @name) @reference.call
(record_trigger kind: (word) @name) @reference.class
(several_trigger kind: (word) @name) @reference.class
(each_trigger kind: (word) @name) @reference.class
(step_kind) @name @reference.class
(history_kind) @name @reference.class
(ref_type (word) @name) @reference.class
(given_clause kind: (word) @name) @reference.class
(default_head kind: (word) @name) @reference.class
