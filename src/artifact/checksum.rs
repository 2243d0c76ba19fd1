//! XXH64, which notices damage: not malice, but it is ten times as fast as a digest that would.
//!
//! <https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md>, with the seed 0.

const PRIMES: [u64; 5] = [
    0x9E37_79B1_85EB_CA87,
    0xC2B2_AE3D_27D4_EB4F,
    0x1656_67B1_9E37_79F9,
    0x85EB_CA77_C2B2_AE63,
    0x27D4_EB2F_1656_67C5,
];
/// Bytes that the lanes take at a time.
const STRIPE: usize = 32;

/// A checksum of bytes that come piece by piece.
pub(super) struct Checksum {
    lanes: [u64; 4],
    /// What does not fill a stripe yet.
    rest: Vec<u8>,
    len: u64,
}

impl Checksum {
    pub(super) fn new() -> Self {
        let [one, two, ..] = PRIMES;
        let lanes = [one.wrapping_add(two), two, 0, one.wrapping_neg()];
        Self { lanes, rest: Vec::with_capacity(STRIPE), len: 0 }
    }

    pub(super) fn add(&mut self, mut bytes: &[u8]) {
        self.len += bytes.len() as u64;
        if !self.rest.is_empty() {
            let (head, tail) = bytes.split_at(bytes.len().min(STRIPE - self.rest.len()));
            self.rest.extend_from_slice(head);
            let Some(stripe) = self.rest.first_chunk() else { return };
            stir(&mut self.lanes, stripe);
            self.rest.clear();
            bytes = tail;
        }
        let (stripes, tail) = bytes.as_chunks();
        let mut lanes = self.lanes;
        for stripe in stripes {
            stir(&mut lanes, stripe);
        }
        self.lanes = lanes;
        self.rest.extend_from_slice(tail);
    }

    pub(super) fn value(&self) -> u64 {
        let [one, two, three, four, five] = PRIMES;
        let mut hash = if self.len < STRIPE as u64 {
            five
        } else {
            let turned = self.lanes.iter().zip([1, 7, 12, 18]);
            let all = turned.fold(0_u64, |sum, (lane, by)| sum.wrapping_add(lane.rotate_left(by)));
            self.lanes.iter().fold(all, |hash, lane| {
                (hash ^ round(0, *lane)).wrapping_mul(one).wrapping_add(four)
            })
        };
        hash = hash.wrapping_add(self.len);
        let (words, rest) = self.rest.as_chunks();
        for word in words {
            hash ^= round(0, u64::from_le_bytes(*word));
            hash = hash.rotate_left(27).wrapping_mul(one).wrapping_add(four);
        }
        let (halves, rest) = rest.as_chunks();
        for half in halves {
            hash ^= u64::from(u32::from_le_bytes(*half)).wrapping_mul(one);
            hash = hash.rotate_left(23).wrapping_mul(two).wrapping_add(three);
        }
        for byte in rest {
            hash ^= u64::from(*byte).wrapping_mul(five);
            hash = hash.rotate_left(11).wrapping_mul(one);
        }
        hash = (hash ^ hash >> 33).wrapping_mul(two);
        hash = (hash ^ hash >> 29).wrapping_mul(three);
        hash ^ hash >> 32
    }
}

fn stir(lanes: &mut [u64; 4], stripe: &[u8; STRIPE]) {
    let (words, _) = stripe.as_chunks();
    for (lane, word) in lanes.iter_mut().zip(words) {
        *lane = round(*lane, u64::from_le_bytes(*word));
    }
}

fn round(lane: u64, word: u64) -> u64 {
    let [one, two, ..] = PRIMES;
    lane.wrapping_add(word.wrapping_mul(two)).rotate_left(31).wrapping_mul(one)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pieces: &[&[u8]]) -> u64 {
        let mut sum = Checksum::new();
        pieces.iter().for_each(|piece| sum.add(piece));
        sum.value()
    }

    #[test]
    fn it_is_xxh64() {
        for (text, expected) in [
            ("", 0xEF46_DB37_51D8_E999),
            ("a", 0xD24E_C4F1_A98C_6E5B),
            ("abc", 0x44BC_2CF5_AD77_0999),
            ("Nobody inspects the spammish repetition", 0xFBCE_A83C_8A37_8BF1),
        ] {
            assert_eq!(of(&[text.as_bytes()]), expected, "{text}");
        }
    }

    #[test]
    fn pieces_add_up() {
        let bytes: Vec<u8> = (0..1000_u32).map(|n| (n * 7 % 251) as u8).collect();
        let whole = of(&[&bytes]);
        for size in [1, 5, 31, 32, 33, 64, 999] {
            assert_eq!(of(&bytes.chunks(size).collect::<Vec<_>>()), whole, "{size}");
        }
    }

    #[test]
    fn every_bit_counts() {
        let bytes = vec![7; 200];
        for bit in 0..bytes.len() * 8 {
            let mut other = bytes.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(of(&[&other]), of(&[&bytes]), "{bit}");
        }
    }
}
