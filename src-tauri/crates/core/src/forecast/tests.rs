use proptest::prelude::*;
use rstest::rstest;

use super::*;

const GB: f64 = 1e9;
const NOW: UnixMillis = UnixMillis(1_780_000_000_000);
const SIZE: f64 = 500.0;

/// A bucket of one value, some hours ago.
fn bucket(hours_ago: u32, value: f64) -> Bucket {
    let start = NOW.minus(Duration::from_secs(u64::from(hours_ago) * 3600));
    Bucket { start, min: value, avg: value, max: value, count: 1 }
}

/// A history of so many days, an hour a bucket: `free` gives gigabytes for the days since its begin.
fn hourly(days: u32, free: impl Fn(f64) -> f64) -> Vec<Bucket> {
    let hours = days * 24;
    (0..hours).map(|hour| bucket(hours - 1 - hour, free(f64::from(hour) / 24.0) * GB)).collect()
}

fn size_of(free: &[Bucket]) -> Vec<Bucket> {
    free.iter().map(|it| Bucket { min: SIZE * GB, avg: SIZE * GB, max: SIZE * GB, ..*it }).collect()
}

fn of(free: &[Bucket]) -> Option<Forecast> {
    forecast(free, &size_of(free), NOW)
}

/// In days.
fn told(forecast: Option<Forecast>) -> Option<[f64; 3]> {
    forecast.map(|it| [it.earliest, it.full_in, it.latest].map(|seconds| seconds / DAY))
}

/// Noise from -1 to 1 that is the same in every run.
fn noise(seed: u64, place: f64) -> f64 {
    let mut bits = (place * 24.0).round() as u64 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for _ in 0..3 {
        bits = (bits ^ (bits >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    }
    (bits >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}

/// How full a saw-tooth is: it rises by 1 a day and falls back to 0 after `period` days.
fn tooth(day: f64, period: f64) -> f64 {
    day % period
}

fn close(forecast: Option<Forecast>, expected: f64, by: f64) {
    let told = told(forecast);
    let Some([earliest, full_in, latest]) = told else { panic!("no forecast; {expected} days were expected") };
    assert!((full_in - expected).abs() <= by, "{told:?} instead of {expected}");
    assert!(earliest <= full_in && full_in <= latest, "{told:?}");
    assert!(earliest > 0.4 * full_in && latest < 2.5 * full_in, "too vague: {told:?}");
}

#[rstest]
#[case::four_weeks(28, 30.0)]
#[case::ten_days(10, 30.0)]
#[case::a_week(7, 20.0)]
#[case::tomorrow(28, 1.0)]
fn steady_growth(#[case] days: u32, #[case] left: f64) {
    let end = f64::from(days);
    close(of(&hourly(days, |day| 2.0 * (end - day + left))), left, 0.1);
}

#[test]
fn growth_with_noise() {
    for seed in 0..20 {
        let free = hourly(28, |day| 60.0 - day + 1.5 * noise(seed, day));
        close(of(&free), 31.0, 5.0);
    }
}

#[test]
fn a_range_is_as_wide_as_the_noise() {
    let width = |noisy: f64| {
        let [earliest, _, latest] = told(of(&hourly(28, |day| 60.0 - day + noisy * noise(7, day.floor())))).unwrap();
        latest - earliest
    };
    assert!(width(0.1) < width(1.0) && width(1.0) < width(3.0));
}

/// A nightly backup fills 20 GB for six hours: the disk is full when that no longer fits.
#[test]
fn a_daily_saw_tooth_counts_by_its_fullest_hour() {
    let free = hourly(28, |day| 20.0 + 40.0 + 28.0 - day - if (day % 1.0) < 0.25 { 20.0 } else { 0.0 });
    close(of(&free), 40.0, 1.0);
}

#[test]
fn rotation_every_week_with_a_trend() {
    // 3 GB a day, 6 of the 21 given back each week.
    let free = hourly(28, |day| 120.0 - 3.0 * day + 6.0 * (day / 7.0).floor());
    close(of(&free), (120.0 - 84.0 + 18.0) / (15.0 / 7.0), 6.0);
}

#[rstest]
#[case::flat(hourly(28, |_| 50.0))]
#[case::flat_with_noise(hourly(28, |day| 50.0 + 5.0 * noise(1, day)))]
#[case::shrinking(hourly(28, |day| 10.0 + day))]
#[case::daily_rotation(hourly(28, |day| 30.0 - 20.0 * tooth(day, 1.0)))]
#[case::rotation_every_three_days(hourly(28, |day| 30.0 - 5.0 * tooth(day, 3.0)))]
#[case::weekly_rotation_before_it(hourly(28, |day| 30.0 - 3.0 * tooth(day, 7.0)))]
#[case::weekly_rotation_in_the_middle(hourly(25, |day| 30.0 - 3.0 * tooth(day, 7.0)))]
#[case::weekly_rotation_seen_once(hourly(13, |day| 30.0 - 2.0 * tooth(day, 7.0)))]
#[case::rotation_every_ten_days(hourly(28, |day| 30.0 - tooth(day, 10.0)))]
#[case::a_copy_last_week(hourly(28, |day| if day < 20.0 { 100.0 } else { 50.0 }))]
#[case::a_copy_over_two_days(hourly(28, |day| if day < 20.0 { 100.0 } else if day < 21.0 { 75.0 } else { 50.0 }))]
#[case::a_copy_yesterday(hourly(28, |day| if day < 26.9 { 100.0 } else { 50.0 }))]
#[case::a_copy_this_hour(hourly(28, |day| if day < 27.95 { 100.0 } else { 1.0 }))]
#[case::a_copy_in_a_short_history(hourly(7, |day| if day < 4.0 { 100.0 } else { 50.0 }))]
#[case::it_grew_and_has_stopped(hourly(28, |day| 50.0 - day.min(14.0)))]
#[case::it_grew_and_has_stopped_a_week_ago(hourly(28, |day| 50.0 - day.min(20.5)))]
#[case::too_short(hourly(4, |day| 20.0 - day))]
#[case::too_far_ahead(hourly(28, |day| 4_000.0 - day))]
#[case::always_full(hourly(28, |_| 0.0))]
#[case::nothing(vec![])]
fn no_forecast(#[case] free: Vec<Bucket>) {
    assert_eq!(told(of(&free)), None);
}

#[rstest]
fn rotation_without_a_trend_at_any_phase(#[values(1.0, 2.0, 3.0, 5.0, 7.0, 9.0)] period: f64) {
    for hours in 0..(period * 24.0) as u32 {
        let phase = f64::from(hours) / 24.0;
        let free = hourly(28, |day| 40.0 - 2.0 * tooth(day + phase, period) + 0.3 * noise(3, day));
        assert_eq!(told(of(&free)), None, "{phase}");
    }
}

/// The level wanders by a step a day, up as often as down: chance draws trends that mean nothing.
#[test]
fn a_wandering_level_is_seldom_taken_for_a_trend() {
    let forecasts = (0..200).filter(|seed| {
        let mut level = 100.0;
        let steps: Vec<f64> = (0..28)
            .map(|day| {
                level += 3.0 * noise(*seed, f64::from(day));
                level
            })
            .collect();
        of(&hourly(28, |day| steps[day as usize])).is_some()
    });
    let count = forecasts.count();
    assert!(count <= 20, "{count} of 200");
}

#[test]
fn a_clean_up_gives_time_and_the_growth_stays_known() {
    let free = hourly(28, |day| 40.0 - day + if day < 26.5 { 0.0 } else { 20.0 });
    close(of(&free), 12.0 + 20.0, 1.0);
    let at_once = hourly(28, |day| 30.0 - day + if day < 27.9 { 0.0 } else { 20.0 });
    close(of(&at_once), 2.0 + 20.0, 1.5);
}

#[test]
fn what_is_older_than_four_weeks_does_not_count() {
    // With a clean-up after which there is more than four weeks ago.
    close(of(&hourly(40, |day| 50.0 - day + if day < 38.5 { 0.0 } else { 40.0 })), 50.0, 1.5);
    close(of(&hourly(40, |day| if day < 11.0 { 5.0 } else { 60.0 - day })), 20.0, 0.5);
}

#[test]
fn a_copy_takes_time_and_the_growth_stays_known() {
    let free = hourly(28, |day| 90.0 - day - if day < 20.0 { 0.0 } else { 40.0 });
    close(of(&free), 90.0 - 28.0 - 40.0, 1.0);
}

#[test]
fn growth_in_weekly_steps_is_growth() {
    let free = hourly(28, |day| 100.0 - 14.0 * (day / 7.0).floor());
    assert!(told(of(&free)).is_none_or(|[_, full_in, _]| (15.0..45.0).contains(&full_in)));
}

#[test]
fn a_change_of_pace_is_seen() {
    let sudden = hourly(28, |day| 60.0 - 4.0 * (day - 18.0).max(0.0));
    close(of(&sudden), 5.0, 1.0);
    let growing = hourly(28, |day| 200.0 - day * day / 6.0);
    close(of(&growing), (200.0 - 784.0 / 6.0) / 7.5, 3.0);
}

#[test]
fn only_what_came_after_a_change_of_size_counts() {
    let resized = |days_ago: u32| {
        // Before it, three times as fast.
        let at = f64::from(28 - days_ago);
        let free = hourly(28, |day| 40.0 - day + 2.0 * (at - day).max(0.0));
        let mut size = size_of(&free);
        for it in size.iter_mut().take((28 - days_ago) as usize * 24) {
            (it.min, it.avg, it.max) = (400.0 * GB, 400.0 * GB, 400.0 * GB);
        }
        forecast(&free, &size, NOW)
    };
    assert_eq!(told(resized(3)), None);
    close(resized(10), 12.0, 0.1);
}

#[test]
fn a_laptop_that_sleeps_leaves_gaps() {
    // It is used for two hours of some days, and was away for a week.
    let used = |day: f64| (0.4..0.48).contains(&(day % 1.0)) && day as u32 % 3 != 1 && !(10.0..17.0).contains(&day);
    let mut free = hourly(28, |day| 40.0 - day);
    let mut place = 0.0;
    free.retain(|_| {
        place += 1.0 / 24.0;
        used(place)
    });
    assert!(free.len() < 40, "{}", free.len());
    close(of(&free), 12.0, 1.5);
}

#[test]
fn what_is_full_now_is_full_now() {
    let [earliest, full_in, latest] = told(of(&hourly(28, |day| (27.5 - day).max(0.0)))).unwrap();
    assert_eq!([earliest, full_in, latest], [0.0; 3]);
}

#[test]
fn time_passes() {
    let forecast = Forecast { earliest: 10.0, full_in: 20.0, latest: 40.0 };
    assert_eq!(forecast.after(Duration::from_secs(15)), Forecast { earliest: 0.0, full_in: 5.0, latest: 25.0 });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_history_gives_sound_numbers_or_none(
        values in proptest::collection::vec((0u32..800, prop_oneof![0.0..1e12, Just(0.0), any::<f64>()]), 0..200),
        sizes in proptest::collection::vec((0u32..800, prop_oneof![Just(1e12), any::<f64>()]), 0..20),
    ) {
        let buckets = |values: Vec<(u32, f64)>| values.into_iter().map(|(ago, value)| bucket(ago, value)).collect::<Vec<_>>();
        if let Some(Forecast { earliest, full_in, latest }) = forecast(&buckets(values), &buckets(sizes), NOW) {
            prop_assert!(earliest.is_finite() && full_in.is_finite() && latest.is_finite());
            prop_assert!(0.0 <= earliest && earliest <= full_in && full_in <= latest);
            prop_assert!(full_in <= FARTHEST * 28.0 * DAY);
        }
    }

    #[test]
    fn falling_histories_give_sound_numbers(
        days in 5u32..28, pace in 0.01f64..20.0, noisy in 0.0f64..20.0, left in 0.0f64..50.0, seed: u64,
    ) {
        let end = f64::from(days);
        let free = hourly(days, |day| (left + pace * (end - day) + noisy * noise(seed, day)).max(0.0));
        if let Some(Forecast { earliest, full_in, latest }) = of(&free) {
            prop_assert!(0.0 <= earliest && earliest <= full_in && full_in <= latest && latest.is_finite());
        }
    }
}
