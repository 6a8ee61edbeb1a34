### `bylaws handbook` 的中文用语。

language = zh

## 值

quoted = “{ $text }”
date = { $year }年{ $month }月{ $day }日
money =
    { $currency ->
        [CNY] 人民币{ $amount }元
        [USD] { $amount }美元
        [EUR] { $amount }欧元
        [GBP] { $amount }英镑
        [HKD] { $amount }港元
        [JPY] { $amount }日元
       *[other] { $amount } { $currency }
    }
value-true = 是
value-false = 否
nothing = 空集
certain-person = 某一特定的人（此处不列姓名）
empty-text = 空文本
length-years = { $n }年
length-months = { $n }个月
length-days = { $n }天
length-business-days = { $n }个工作日
length-hours = { $n }小时
length-minutes = { $n }分钟
length-seconds = { $n }秒
period = 期间
period-day = 日
period-month = 月份
period-quarter = 季度
period-year = 日历年度
period-fiscal-quarter = 财务季度
period-fiscal-year = 财务年度
list-more = { $list }、{ $item }
list-or = { $list }或{ $item }
list-and = { $list }和{ $item }
severity-info = 提示
severity-minor = 轻微
severity-major = 严重
severity-critical = 特别严重

## 名称

plural = { $kind }
kind-finding = 发现
field-date = “{ $name }”日期
field-time = “{ $name }”时间

## 句中对记录的称呼

record-unnamed = 该记录
record-judged = 本{ $kind }
record-found = 该{ $kind }
record-found-too = 该另一{ $kind }
record-step = 第{ $n }步的{ $kind }
record-counted = 所计的每一{ $kind }
record-each = 各{ $kinds }
record-each-such = 上述各{ $kinds }
record-first = 其中最早一条{ $kinds }
record-last = 其中最近一条{ $kinds }
such-kinds = 上述{ $kinds }
other-kinds = 其他{ $kinds }

## 记录中的值

of = { $owner }的{ $field }
date-of = { $record }的日期
time-of = { $record }的时间
day-of = { $time }所在之日
start-of-day = { $date }零时
own-time = 时间
period-start = 该{ $period }的首日
period-end = 该{ $period }的末日
data-end = 数据截止之时
else = { $value }（未填写的，以{ $default }计）
minus = 负{ $value }
plus = { $left }加{ $right }
less-by = { $left }减{ $right }
times = { $left }乘以{ $right }
divided-by = { $left }除以{ $right }
later = { $time }加{ $length }
earlier = { $time }减{ $length }
group = （{ $text }）
path = { $of }的{ $field }
path-every = { $who }的每一位上级（依“{ $field }”逐级向上）
everyone-above = { $who }的每一位上级（依“{ $field }”逐级向上）
whether = 是否{ $line }

## 数值

figure = 数值{ $n }
figure-is = { $label }是{ $what }
figure-count = { $window }{ $keys }的{ $kinds }的数量
figure-sum = { $window }{ $keys }的{ $value }之和
figure-min = { $window }{ $keys }的{ $value }中的最小值
figure-max = { $window }{ $keys }的{ $value }中的最大值
figure-avg = { $window }{ $keys }的{ $value }的平均值
figure-distinct = { $window }{ $keys }的{ $value }中不同取值的个数
figure-first = { $window }{ $keys }的{ $value }
figure-last = { $window }{ $keys }的{ $value }
figure-median-count = 将{ $window }{ $keys }的{ $kinds }按{ $per }分别计数，所得各数的中位数
figure-median-sum = 将{ $window }{ $keys }的{ $value }按{ $per }分别求和，所得各数的中位数
counting = { $what }，其中只计符合以下条件的：{ $condition }

## 时间范围，以及谁的记录

window-before = { $base }之前{ $length }内（含首尾）
window-after = { $base }之后{ $length }内（含首尾）
window-around = { $base }前后各{ $length }内（含首尾）
window-over = 截至并包括{ $base }的最近{ $length }内
window-all-time = 截至并包括{ $base }的任何时候
window-in = { $base }所在{ $period }内、截至并包括{ $base }
window-in-that = 该{ $period }内
keys-anyone = 、不论属于何人
keys-same = 、{ $fields }相同
keys-equal = 、{ $field }为{ $value }
per = 、按{ $fields }分别计算
per-everyone = 、全部合并计算

## 条件

all = 以下各项均成立：
any = 以下至少一项成立：
not-all = 以下各项并非全部成立（至少一项不成立）：
none = 以下各项均不成立：
where = { $line }，其中：
not = 并非“{ $line }”
always = 任何情况下均成立
never = 任何情况下均不成立
named = { $condition }（{ $name }）
named-list = 符合{ $name }，即{ $condition }
not-named = 不符合{ $name }；符合{ $name }是指{ $condition }
this = 以下成立：
exists = 存在{ $window }{ $keys }的{ $kind }
exists-which = 存在符合下列条件的{ $kind }：发生在{ $window }{ $keys }，并且{ $condition }
exists-other = 存在{ $window }{ $keys }的另一{ $kind }
exists-other-which = 存在符合下列条件的另一{ $kind }：发生在{ $window }{ $keys }，并且{ $condition }
no = 不存在{ $window }{ $keys }的{ $kind }
no-which = 不存在符合下列条件的{ $kind }：发生在{ $window }{ $keys }，并且{ $condition }
no-other = 不存在{ $window }{ $keys }的其他{ $kind }
no-other-which = 不存在符合下列条件的其他{ $kind }：发生在{ $window }{ $keys }，并且{ $condition }
is = { $left }为{ $right }
is-not = { $left }不是{ $right }
is-not-stated = { $left }已填写，且不是{ $right }
is-not-both-stated = { $left }与{ $right }均已填写，且两者不同
is-none-of = { $left }不是{ $right }中的任何一个
is-none-of-stated = { $left }已填写，且不是{ $right }中的任何一个
less = { $left }少于{ $right }
at-most = { $left }不超过{ $right }
more = { $left }超过{ $right }
at-least = { $left }不少于{ $right }
date-before = { $left }早于{ $right }
date-until = { $left }不晚于{ $right }
date-after = { $left }晚于{ $right }
date-from = { $left }不早于{ $right }
time-before = { $left }早于{ $right }
time-until = { $left }不晚于{ $right }
time-after = { $left }晚于{ $right }
time-from = { $left }不早于{ $right }
ranks-below = { $left }低于{ $right }
ranks-up-to = { $left }为{ $right }或更低
ranks-above = { $left }高于{ $right }
ranks-from = { $left }为{ $right }或更高
ignoring-case = { $line }（不区分大小写）
among = { $item }在{ $list }之列
not-among = { $item }不在{ $list }之列
not-among-stated = { $item }已填写，且不在{ $list }之列
overlaps = { $left }与{ $right }至少有一项相同
not-overlaps = { $left }与{ $right }没有任何一项相同
one-among = { $items }中至少有一项在{ $list }之列
none-among = { $items }中没有任何一项在{ $list }之列
contains = { $left }中含有{ $right }
not-contains = { $left }中不含{ $right }
starts-with = { $left }以{ $right }开头
not-starts-with = { $left }不以{ $right }开头
ends-with = { $left }以{ $right }结尾
not-ends-with = { $left }不以{ $right }结尾
matches = { $left }符合模式“{ $pattern }”
not-matches = { $left }不符合模式“{ $pattern }”
in-domain = { $host }是{ $list }或其下级域名
not-in-domain = { $host }既不是{ $list }，也不是其下级域名
under = { $who }是{ $above }的直接或间接下级（依“{ $field }”逐级向上）
not-under = { $who }不是{ $above }的直接或间接下级（依“{ $field }”逐级向上）
present = { $value }已填写
absent = { $value }未填写
marked = { $record }标有{ $field }
not-marked = { $record }未标有{ $field }
marked-else-no = { $record }标有{ $field }（未填写的，视为未标）
marked-else-yes = { $record }标有{ $field }（未填写的，视为已标）
not-marked-else-no = { $record }未标有{ $field }（未填写的，视为未标）
not-marked-else-yes = { $record }未标有{ $field }（未填写的，视为已标）

## 规则的句子

sentence = { $text }。
each = 每一{ $kind }
each-at-end = 每个{ $period }末日在册的每一{ $kind }（每个{ $period }各一次）
each-at-end-undated = 每个{ $period }结束时的每一{ $kind }（每个{ $period }各一次）
each-as-of = 数据截止时在册的每一{ $kind }
each-if = { $what }，前提是{ $condition }
about = 本规则适用于{ $condition }
about-sequence = 本规则适用于先后相继发生的以下各项{ $keys }，最后一项不晚于第一项之后{ $length }：
sequence-judged = 对第{ $n }步的每一条记录判断一次，以符合条件的、最近的先前记录为准。同一记录不用于两步。
step = 第{ $n }步：{ $kind }{ $keys }
step-which = 第{ $n }步：{ $kind }{ $keys }，并且{ $condition }
step-times = 第{ $n }步：{ $times }条或以上{ $kinds }{ $keys }（其中最后一条为第{ $n }步的{ $kind }）
step-times-which = 第{ $n }步：{ $times }条或以上{ $kinds }{ $keys }（其中最后一条为第{ $n }步的{ $kind }），并且{ $condition }
step-none = 在下一步之前，没有{ $kind }{ $keys }
step-none-which = 在下一步之前，没有符合下列条件的{ $kind }{ $keys }：{ $condition }
step-none-after = 此后至第1步之后{ $length }为止（届满之前待定），没有{ $kind }{ $keys }
step-none-after-which = 此后至第1步之后{ $length }为止（届满之前待定），没有符合下列条件的{ $kind }{ $keys }：{ $condition }
finding-if = 记为发现的情形：{ $condition }
finding-each-sequence = 每一组这样相继发生的记录均记为发现。
finding-always = 其中每一项均记为发现。
required-if = 适用本要求的情形：{ $condition }
needed = { $window }{ $keys }的{ $kind }
needed-which = 符合下列条件的{ $kind }：发生在{ $window }{ $keys }，并且{ $condition }
needed-other = { $window }{ $keys }的另一{ $kind }
needed-other-which = 符合下列条件的另一{ $kind }：发生在{ $window }{ $keys }，并且{ $condition }
required = 须有{ $condition }
required-open = 没有的，该期限届满时记为发现；期限届满前，该事项待定。
required-else = 没有的，记为发现。
limit-figure = 所计算的是{ $condition }
limit-over = 该数值超过{ $to }时，记为发现；发现记在使其超过的那一{ $kind }上。该数值回落至限额或限额以下之后再次超过的，才另记为发现。
limit-only-if = 仅在有下列情形时记为发现：{ $condition }
unless = 例外{ $name }，不记为发现的情形：{ $condition }
once = 同一{ $period }内{ $fields }相同的多项发现只计最早的一项。
once-everyone = 同一{ $period }内的多项发现只计最早的一项。
metric = 该数值是{ $condition }
metric-period = 每个{ $period }内
metric-all-time = 全部时间内
approver-who = { $kind }须符合以下条件方为有效：
approver-anyone = 本规则未规定何人可以作出{ $kind }。
waived-person = { $record }的{ $field }为某一特定的人（此处不列姓名）

## 手册

title = 规则手册
intro = 本手册由规则文件自动生成：以下每段释义都是对记录实际适用的规则的文字表述。释义与规则文件不一致的，以规则文件为准。
as-of = 截至{ $day }。
label = { $name }：
labelled = { $name }：{ $value }
contents = 目录
skip = 跳到规则
filter-words = 查找词语
filter-all = 全部
filter-count = 共{ $all }条规则，显示{ $shown }条
parameter = 含义
read-by = 适用于以下规则：
how-to-read = 如何阅读本手册
note-allegation = “发现”是有记录支持的情况提示；如何认定由人决定。
note-lists = 句末引出列表的，“以下各项均成立”“以下至少一项成立”说明各项之间的关系；更深一层的列表属于其上一项。
note-windows = “X 之前 30 天内（含首尾）”从 X 之前整 30 天起，到 X 为止。“截至并包括 X 的最近 30 天内”自 X 之前整 30 天的那一刻之后开始。“截至并包括 X 的任何时候”没有起点。除写明“之后”的以外，晚于 X 的记录不予考虑。
note-same-day = 每日自本章所列时区的零时开始。两个时间中有一个只有日期的，两者均按日期比较。
note-looked-up = 记录所指的人、相对方或物的情况，以该记录发生之时登记的情况为准，不以其后的情况为准。
note-not-stated = 与未填写的值比较的，除句中另有说明外，该比较不成立。
note-figures = 没有任何记录的，其最小值、最大值、平均值、中位数、最早或最近的值视为未填写；其数量和总和为0。
note-limits = 新文本开始适用时，限额重新判断：适用新文本的第一条超过限额的记录即记为发现，即使该数值此前已超过。此前的记录仍计入该数值。
note-unknown = 起决定作用的值缺失或无法读取的，既不记为发现，也不视为合规，而是无法判定。
charter = 总则
owner = 主管部门
time-zone = 时区
fiscal-year = 财务年度
fiscal-year-begins = 自{ $month }月{ $day }日起
business-days = 工作日
business-days-but = { $days }，{ $table }表中所列之日除外
business-days-but-worked = { $days }，{ $table }表中所列之日除外；但该表中标有{ $field }之日为工作日
weekday-1 = 星期一
weekday-2 = 星期二
weekday-3 = 星期三
weekday-4 = 星期四
weekday-5 = 星期五
weekday-6 = 星期六
weekday-7 = 星期日
severity = 严重程度
source = 依据
purpose = 目的
legal-basis = 法律依据
consequence = 后果
retention = 保存期限
in-force = 效力期间
this-wording = 以上文本
in-force-always = 始终有效
in-force-from = 自{ $from }起
in-force-until = 至{ $last }止
in-force-from-until = 自{ $from }起至{ $last }止
in-force-not-yet = { $text }（{ $day }时尚未生效）
in-force-no-more = { $text }（{ $day }时已失效）
from = 自{ $from }起
until = 至{ $last }止
from-until = 自{ $from }起至{ $last }止
earlier-wording = 此前文本，{ $when }
later-wording = 其后文本，{ $when }
changes = 变更
changed-value = { $day }：{ $value }改为{ $to }，此前为{ $before }
changed-wording = { $day }：采用新文本
name-in-policy = 规则文件中的名称
who-may-approve = 何人可以批准
values-in-rule = 本规则所用的参数
waivers = 豁免
waiver = { $from }起至{ $last }止（理由：{ $reason }），下列情形予以豁免：{ $condition }
waiver-for-all = { $from }起至{ $last }止（理由：{ $reason }），对所有人予以豁免
examples = { $n }个示例
example-record = 记录
example-unnamed = { $kind } { $n }
example-any = 其中之一
example-as-of = 数据截至{ $time }。
example-set = { $param }设为{ $value }。
example-malformed = （无法读取：{ $text }）
example-verdict = { $record }：{ $verdict }
example-case = 情形{ $n }
example-case-head = 情形
example-of-case = { $case }：{ $text }
example-for = { $text }（对{ $person }）
verdict-finding = 记为发现
verdict-compliant = 合规
verdict-excepted = 属于例外
verdict-excepted-by = 属于例外{ $exception }
verdict-waived = 已豁免
verdict-repeated = 与此前的发现合并计算
verdict-pending = 待定
verdict-indeterminate = 无法判定
parameters = 可设定的参数
value = 取值
metrics = 统计指标
definitions = 规则文件中的定义
glossary = 记录、表及其字段
is-table = 表
is-record = 记录
field = 字段
type = 值的类型
remark = 说明
note-time = 其发生时间为{ $field }。
note-subject = 其归属于{ $field }。
note-key = 按{ $field }查找。
note-valid = 各行自{ $from }起有效。
note-valid-until = 各行自{ $from }起有效，至{ $until }之前为止；后者未填写的，没有终点。
note-rates = 汇率最多可早于所需之日{ $days }天。
type-bool = 是或否
type-int = 整数
type-decimal = 数
type-percent = 百分比
type-text = 文本
type-date = 日期
type-timestamp = 日期和时间
type-duration = 时长
type-bytes = 数据量
type-money = 金额
type-struct = 一组字段
type-enum = { $words }之一
type-ref = 指向{ $table }
type-list = 列表，每项：{ $type }
type-set = 集合，每项：{ $type }
type-optional = { $type }；可不填
type-person = { $type }；指明个人
type-sensitive = { $type }；从不显示
charter-no-one-exempt = 任何规则、例外或豁免均不取决于当事人是谁或其职级。
charter-every-rule-cites = 每条规则均注明依据。
charter-every-rule-is-tested = 每条规则均有经测试的发现示例和合规示例。
charter-waivers-at-most = 任何豁免均不超过{ $length }。
charter-no-self-approval = 任何人不得批准自己的行为。
charter-no-self-approval-by = 任何人不得批准自己的行为；批准人为{ $fields }。
charter-severity-has = 严重程度为“{ $severity }”或以上的每条规则均载明“{ $clause }”。
charter-rank-is = 职级是指{ $fields }。
