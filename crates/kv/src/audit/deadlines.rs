//! Objects that have a deadline, and whether the expiry index leads to them.
//!
//! Knows nothing of where the rows come from.

use base::StoreTime;

/// Objects are held against the expiry index when they take so many bytes.
pub(super) const BYTES_MAX: usize = 64 << 20;

/// Bytes in the key of a row of the expiry index before what is also in a header row's key.
const EXPIRY_PREFIX_BYTES: usize = 9;

/// Objects in the order of their header rows.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    /// The keys of the header rows, one behind the other.
    keys: Vec<u8>,
    objects: Vec<Object>,
}

#[derive(Debug)]
struct Object {
    /// Where its key ends.
    end: usize,
    deadline: StoreTime,
    is_reached: bool,
}

impl Deadlines {
    /// Adds an object; header rows come in order.
    pub(super) fn add(&mut self, header: &[u8], deadline: StoreTime) {
        self.keys.extend_from_slice(header);
        self.objects.push(Object { end: self.keys.len(), deadline, is_reached: false });
    }

    pub(super) const fn bytes(&self) -> usize {
        self.keys.len() + self.objects.len() * size_of::<Object>()
    }

    /// The key of the header row of an object.
    fn key(&self, at: usize) -> &[u8] {
        let start = at.checked_sub(1).and_then(|before| self.objects.get(before));
        let start = start.map_or(0, |before| before.end);
        let end = self.objects.get(at).map_or(start, |object| object.end);
        self.keys.get(start..end).unwrap_or_default()
    }

    /// Takes note of a row of the expiry index, whose key says that something ends `at` then.
    pub(super) fn reach(&mut self, row: &[u8], at: StoreTime) {
        // Behind the tag of one and the time of the other, both are the space and the id.
        let wanted = row.get(EXPIRY_PREFIX_BYTES..).unwrap_or_default();
        let (mut low, mut high) = (0, self.objects.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.key(middle).get(1..).unwrap_or_default() < wanted {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if self.key(low).get(1..) == Some(wanted)
            && let Some(object) = self.objects.get_mut(low)
        {
            object.is_reached |= at <= object.deadline;
        }
    }

    /// The keys of the header rows of objects that no row led to.
    pub(super) fn unreached(&self) -> impl Iterator<Item = &[u8]> {
        let unreached = self.objects.iter().enumerate().filter(|(_, object)| !object.is_reached);
        unreached.map(|(at, _)| self.key(at))
    }

    pub(super) fn clear(&mut self) {
        self.keys.clear();
        self.objects.clear();
    }
}
