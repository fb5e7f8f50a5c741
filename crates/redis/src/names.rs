//! The names of types, as TYPE answers them and SCAN takes them.

use kv::Type;

const NAMES: [(Type, &str); 2] = [(Type::String, "string"), (Type::Hash, "hash")];

/// The name of a type of Redis keys.
pub(crate) fn name_of(kind: Type) -> &'static str {
    NAMES.iter().find(|named| named.0 == kind).map_or("other", |named| named.1)
}

/// The type of that name, in any case of letters.
pub fn type_named(name: &[u8]) -> Option<Type> {
    NAMES.iter().find(|named| named.1.as_bytes().eq_ignore_ascii_case(name)).map(|named| named.0)
}
