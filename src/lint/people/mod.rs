//! L04: what is read of people, and why.

lints! {
    purpose, basis, protected, channel, reporter, named, name_in_message, withheld, real, unit, private,
}
