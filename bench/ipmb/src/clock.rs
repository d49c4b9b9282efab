//! How long to run: the same ramp as in harness/ramp.mjs, so that all peers are warmed up alike.

const FIRST: u64 = 64;
const WARM_SECONDS: f64 = 0.04;

/// Calls `run(count) -> seconds` with growing counts until it is warm, then once for about
/// `milliseconds`. Returns count and seconds of that last call.
pub fn ramp(milliseconds: usize, mut run: impl FnMut(u64) -> f64) -> (u64, f64) {
    let mut count = FIRST;
    let mut seconds = run(count);
    while seconds < WARM_SECONDS {
        let factor = (WARM_SECONDS * 1.25 / seconds).clamp(2.0, 10.0);
        count = (count as f64 * factor) as u64;
        seconds = run(count);
    }
    let wanted = milliseconds as f64 / 1000.0;
    let last = ((count as f64 / seconds * wanted) as u64).max(16);
    (last, run(last))
}

/// The p-th quantile (0 to 1) of sorted samples, nearest rank.
pub fn percentile(sorted: &[f64], part: f64) -> f64 {
    let rank = (part * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}
