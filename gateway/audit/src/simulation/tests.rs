use super::{Deed, Fault, Sabotage, Told, fail_once, tell};

/// A share of the seeds that `examples/power_cuts.rs` goes through.
const SEEDS: u64 = 60;
/// What was found among the others: a disk that fails while torn tiles are placed again.
const TORN_AND_FAILING: [u64; 3] = [1_818, 4_426, 17_424];

#[test]
fn nothing_that_was_promised_is_lost_in_power_cuts() {
    let mut all = Told::default();
    for seed in (0..SEEDS).chain(TORN_AND_FAILING) {
        all.add(&tell(seed, Sabotage::None).unwrap_or_else(|broken| panic!("{broken}")));
    }
    assert!(all.cuts > SEEDS, "{all:?}");
    assert!(all.cuts_in_recovery > 0 && all.faults > 0, "{all:?}");
    assert!(all.torn_bytes > 0 && all.acknowledged > SEEDS, "{all:?}");
}

#[test]
fn a_seed_is_told_the_same_way_again_to_the_last_byte() {
    for seed in 0..8 {
        assert_eq!(tell(seed, Sabotage::None), tell(seed, Sabotage::None));
    }
}

#[test]
fn each_broken_rule_is_noticed() {
    for sabotage in Sabotage::ALL {
        let noticed = (0..SEEDS * 10).find(|seed| tell(*seed, sabotage).is_err());
        assert!(noticed.is_some(), "{sabotage:?}");
    }
}

/// A share of what `examples/power_cuts.rs --once` goes through; each fault of each deed at other places.
#[test]
fn one_fault_anywhere_costs_at_most_the_callers_of_one_batch() {
    let all = Deed::ALL.iter().flat_map(|deed| {
        let faults = Fault::of(*deed).iter();
        faults.map(|fault| (*deed, *fault))
    });
    for (number, (deed, fault)) in all.enumerate() {
        for after in (number as u64 * 3..200).step_by(41) {
            let told = fail_once(deed, fault, after).unwrap_or_else(|broken| panic!("{broken}"));
            assert_eq!(told.faults, 1, "{deed:?} number {} was never done", after + 1);
        }
    }
}
