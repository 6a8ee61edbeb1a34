//! L02: windows, dates and clocks.

lints! {}
