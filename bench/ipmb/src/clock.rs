//! How long to run: the same ramp as in harness/ramp.mjs, so that all peers are warmed up alike.

const FIRST: u64 = 64;
const RUN_SECONDS: f64 = 0.04;
const WARM_SECONDS: f64 = 0.3;
const LEAST_PART: f64 = 0.5;
const MOST_MEASURED: usize = 3;

/// Calls `run(count) -> seconds` with growing counts until it is warm, then for about
/// `milliseconds`. Returns count and seconds of the last call.
pub fn ramp(milliseconds: usize, mut run: impl FnMut(u64) -> f64) -> (u64, f64) {
    let mut count = FIRST;
    let mut seconds = run(count);
    let mut spent = seconds;
    while seconds < RUN_SECONDS || spent < WARM_SECONDS {
        if seconds < RUN_SECONDS {
            let factor = (RUN_SECONDS * 1.25 / seconds).clamp(2.0, 10.0);
            count = (count as f64 * factor) as u64;
        }
        seconds = run(count);
        spent += seconds;
    }
    let wanted = milliseconds as f64 / 1000.0;
    for _ in 0..MOST_MEASURED {
        count = ((count as f64 / seconds * wanted) as u64).max(16);
        seconds = run(count);
        if seconds >= wanted * LEAST_PART {
            break;
        }
    }
    (count, seconds)
}

/// The p-th quantile (0 to 1) of sorted samples, nearest rank.
pub fn percentile(sorted: &[f64], part: f64) -> f64 {
    let rank = (part * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}
