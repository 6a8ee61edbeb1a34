//! Bytes as text.

/// RFC 4648, with padding.
pub(crate) fn text(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let n = three.iter().fold(0u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - three.len()));
        for i in 0..4 {
            text.push(if i <= three.len() { LETTERS[(n >> (18 - 6 * i)) as usize & 63] as char } else { '=' });
        }
    }
    text
}

/// What [`text`] is of; nothing where it is not written so.
pub(crate) fn bytes(base64: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(base64.len() / 4 * 3);
    for four in base64.trim_end_matches('=').as_bytes().chunks(4) {
        let mut n = 0;
        for i in 0..4 {
            n = n << 6
                | match four.get(i) {
                    Some(b @ b'A'..=b'Z') => u32::from(b - b'A'),
                    Some(b @ b'a'..=b'z') => u32::from(b - b'a') + 26,
                    Some(b @ b'0'..=b'9') => u32::from(b - b'0') + 52,
                    Some(b'+') => 62,
                    Some(b'/') => 63,
                    Some(_) => return None,
                    None => 0,
                };
        }
        bytes.extend(&n.to_be_bytes()[1..four.len()]);
    }
    (text(&bytes) == base64).then_some(bytes)
}

#[cfg(test)]
mod tests {
    #[test]
    fn base64_as_everyone_writes_it() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(super::text(bytes.as_bytes()), text);
            assert_eq!(super::bytes(text).unwrap(), bytes.as_bytes());
        }
        for text in ["Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9", "Zm9v=", "Zm 9", "=", "Zm9v\n"] {
            assert_eq!(super::bytes(text), None, "{text}");
        }
    }
}
