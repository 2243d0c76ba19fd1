//! Random numbers that are the same in each run.

use std::convert::Infallible;

use rand_core::TryRng;
use wasmtime_wasi::WasiCtxBuilder;

/// Where a guest's random numbers come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Random {
    /// The operating system.
    #[default]
    Real,
    /// This seed: the same numbers in each instance, and in each version of this library. Whoever
    /// knows the seed can foretell them.
    Seeded(u64),
}

impl Random {
    pub(super) fn install(self, builder: &mut WasiCtxBuilder) {
        if let Self::Seeded(seed) = self {
            let mut seeds = SplitMix(seed);
            let [high, low] = [u128::from(seeds.next()), u128::from(seeds.next())];
            builder.secure_random(SplitMix(seeds.next()));
            builder.insecure_random(SplitMix(seeds.next()));
            builder.insecure_random_seed(high << 64 | low);
        }
    }
}

/// The generator SplitMix64 (Steele, Lea and Flood, 2014).
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }
}

impl TryRng for SplitMix {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.next() >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.next())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_that_its_authors_published() {
        let mut generator = SplitMix(1_234_567);
        let first: Vec<u64> = (0..3).map(|_| generator.next()).collect();
        let published =
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!(first, published);
    }
}
