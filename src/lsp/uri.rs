//! Between the URIs by which editors name texts, and paths.

use crate::io::normalize;

/// The path of a `file:` URI, with `/` between its parts; of another URI (`untitled:…`) itself.
pub fn path_of(uri: &str) -> String {
    let Some(rest) = uri.get(..7).filter(|s| s.eq_ignore_ascii_case("file://")).map(|_| &uri[7..]) else {
        return uri.to_owned();
    };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let Some(path) = decoded(path) else { return uri.to_owned() };
    if !host.is_empty() && !host.eq_ignore_ascii_case("localhost") {
        return format!("//{host}{path}");
    }
    match path.as_bytes() {
        // A drive of Windows: editors differ in the letter's case.
        [b'/', drive, b':', ..] if drive.is_ascii_alphabetic() => {
            format!("{}:/{}", drive.to_ascii_lowercase() as char, normalize(&path[3..]).trim_start_matches('/'))
        }
        _ => normalize(&path),
    }
}

/// The URI of a path.
pub fn uri_of(path: &str) -> String {
    if let Some((scheme, _)) = path.split_once(':')
        && scheme.len() > 1
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
    {
        return path.to_owned();
    }
    let start = match path {
        path if path.starts_with("//") => "file:",
        path if path.starts_with('/') => "file://",
        _ => "file:///",
    };
    let mut uri = start.to_owned();
    for &byte in path.as_bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'~' => uri.push(byte as char),
            byte if byte.is_ascii_alphanumeric() => uri.push(byte as char),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

/// With `%20` and the like as what they stand for; none where that is no text.
fn decoded(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|b| (*b as char).to_digit(16));
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, ..) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for (uri, path) in [
            ("file:///home/ana/rules/gifts.bylaw", "/home/ana/rules/gifts.bylaw"),
            ("file:///home/ana/my%20rules/g%C3%BCter%23.bylaw", "/home/ana/my rules/güter#.bylaw"),
            ("file:///c%3A/rules/gifts.bylaw", "c:/rules/gifts.bylaw"),
            ("file://server/share/a.bylaw", "//server/share/a.bylaw"),
            ("untitled:Untitled-1", "untitled:Untitled-1"),
        ] {
            assert_eq!(path_of(uri), path);
            assert_eq!(uri_of(path), uri);
        }
        assert_eq!(path_of("file:///C:/rules/../a.bylaw"), "c:/a.bylaw");
        assert_eq!(path_of("FILE://localhost/a//b.bylaw"), "/a/b.bylaw");
        // Half a code, and a code of no text: left as they are.
        assert_eq!(path_of("file:///a%2"), "/a%2");
        assert_eq!(path_of("file:///%ff"), "file:///%ff");
    }
}
